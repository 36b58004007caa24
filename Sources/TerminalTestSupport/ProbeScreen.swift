import DirtyView

/// The screen of `terminal-probe`. Tests draw it, too, and compare.
public struct ProbeScreen: Sendable {
    public var glyphs: GlyphSet
    /// What happened last.
    public var message: String
    public var cursor: (column: Int, row: Int)?

    public init(glyphs: GlyphSet, message: String) {
        self.glyphs = glyphs
        self.message = message
    }

    /// Every role with every mark, every glyph, and text up to the last cell.
    public func grid(_ size: Size) -> Grid {
        var grid = Grid(size)
        grid.put("\(size.columns)x\(size.rows) \(message)", at: 0, 0, Style(.status))
        let marks: [Emphasis] = [[], .changed, .selected, .underline, .dim]
        for (index, role) in Role.allCases.enumerated() {
            let row = index + 1
            var column = grid.put("\(role)", at: 0, row, Style(.chrome), limit: 13)
            column = 14
            for mark in marks {
                column = grid.put("Dd", at: column, row, Style(role, mark)) + 1
            }
        }
        var column = 32
        for glyph in PageGlyph.allCases {
            grid[column, 1] = Cell(glyphs[glyph], Style(.dirty))
            column += 1
        }
        column = 32
        for mark in Mark.allCases {
            grid[column, 2] = Cell(glyphs[mark], Style(.chrome))
            column += 1
        }
        for column in 0..<size.columns {
            let digit = Unicode.Scalar(UInt8(0x30 + column % 10))
            grid[column, size.rows - 1] = Cell(digit, Style(.narration))
        }
        grid.cursor = cursor
        return grid
    }
}
