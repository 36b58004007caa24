import DirtyScript

/// Text as large as a part of the screen lets it be.
struct BigText {
    /// How large letters are, the largest first. A letter is six pixels wide at most, its gap included.
    enum Scale: CaseIterable {
        /// Two columns and a row for each pixel: 12 x 8 cells a letter.
        case double
        /// A column and half a row: 6 x 4.
        case half
        /// Half a column and half a row: 3 x 4.
        case quarter
        /// The terminal's own letters.
        case plain

        /// Pixels in a column, halves of them in case of a wide pixel.
        fileprivate var columnsForTwoPixels: Int {
            switch self {
            case .double: 4
            case .half: 2
            case .quarter, .plain: 1
            }
        }

        /// Rows of a line of text, and what is left free below it where there is room.
        var rows: Int {
            switch self {
            case .double: 8
            case .half, .quarter: 4
            case .plain: 1
            }
        }

        /// Whether a glyph set has the characters that it is drawn with.
        func isDrawn(with glyphs: GlyphSet) -> Bool {
            switch self {
            case .double, .plain: true
            case .half: glyphs != .ascii
            case .quarter: glyphs == .letters || glyphs == .unicode
            }
        }
    }

    let scale: Scale
    let lines: [String]
    /// Free rows between two lines.
    let leading: Int

    /// The largest scale at which the text fits, else as many plain lines as it takes.
    init(_ text: String, columns: Int, rows: Int, glyphs: GlyphSet, atMost largest: Scale = .double) {
        for scale in Scale.allCases.drop(while: { $0 != largest }) where scale.isDrawn(with: glyphs) {
            guard let lines = Self.broken(text, scale, columns) else { continue }
            // Long lines of large letters are no easier to read than small ones.
            guard scale == .plain || lines.count * scale.rows <= rows else { continue }
            self.scale = scale
            self.lines = lines
            let gaps = max(1, lines.count - 1)
            leading = min(1, max(0, (rows - lines.count * scale.rows) / gaps))
            return
        }
        scale = .plain
        lines = wrap(text, max(1, columns))
        leading = 0
    }

    /// Rows that it takes.
    var height: Int { lines.isEmpty ? 0 : lines.count * scale.rows + (lines.count - 1) * leading }

    /// Draws it with its upper left corner at a cell, no lower than so many rows.
    func draw(on grid: inout Grid, at column: Int, _ row: Int, columns: Int, rows: Int, _ style: Style, _ glyphs: GlyphSet) {
        for (number, line) in lines.enumerated() {
            let top = number * (scale.rows + leading)
            guard top + scale.rows <= rows else { return }
            if scale == .plain {
                grid.put(Line(line, style), at: column, row + top, limit: columns)
            } else {
                draw(Self.pixels(of: line), on: &grid, column, row + top, columns, style, glyphs)
            }
        }
    }

    // MARK: Lines

    /// The text broken at blanks; nil if a word is too long for a line.
    private static func broken(_ text: String, _ scale: Scale, _ columns: Int) -> [String]? {
        if scale == .plain { return wrap(text, max(1, columns)) }
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var (line, length) = ("", 0)
            for word in paragraph.split(separator: " ") {
                let pixels = width(of: word)
                guard cells(pixels, scale) <= columns else { return nil }
                if !line.isEmpty, cells(length + 2 + BigFont.blank + pixels, scale) > columns {
                    lines.append(line)
                    (line, length) = ("", 0)
                }
                length += (line.isEmpty ? 0 : 2 + BigFont.blank) + pixels
                line += (line.isEmpty ? "" : " ") + word
            }
            lines.append(line)
        }
        return lines
    }

    /// Pixels of a text, with one between two letters.
    private static func width(of text: some StringProtocol) -> Int {
        max(0, text.reduce(0) { $0 + BigFont[$1].width + 1 } - 1)
    }

    private static func cells(_ pixels: Int, _ scale: Scale) -> Int {
        (pixels * scale.columnsForTwoPixels + 1) / 2
    }

    // MARK: Pixels

    /// The rows of a line of letters, a pixel a Boolean.
    private static func pixels(of line: String) -> [[Bool]] {
        var rows = Array(repeating: [Bool](), count: BigFont.height)
        for character in line {
            let glyph = BigFont[character]
            for row in rows.indices {
                rows[row] += (0..<glyph.width).map { glyph.rows[row] >> $0 & 1 == 1 } + [false]
            }
        }
        return rows
    }

    private func draw(
        _ pixels: [[Bool]], on grid: inout Grid, _ column: Int, _ row: Int, _ columns: Int, _ style: Style,
        _ glyphs: GlyphSet
    ) {
        let width = pixels[0].count
        func isSet(_ x: Int, _ y: Int) -> Bool { x < width && pixels[y][x] }
        let solid: Unicode.Scalar = glyphs == .ascii ? "#" : Self.quarters[15]
        for x in 0..<min(columns, Self.cells(width, scale)) {
            for y in 0..<scale.rows {
                let scalar: Unicode.Scalar
                switch scale {
                case .double: scalar = isSet(x / 2, y) ? solid : " "
                case .half:
                    let (upper, lower) = (isSet(x, 2 * y), isSet(x, 2 * y + 1))
                    scalar = Self.quarters[(upper ? 3 : 0) + (lower ? 12 : 0)]
                case .quarter:
                    var number = 0
                    for (bit, place) in [(0, 0), (1, 0), (0, 1), (1, 1)].enumerated()
                    where isSet(2 * x + place.0, 2 * y + place.1) {
                        number |= 1 << bit
                    }
                    scalar = Self.quarters[number]
                case .plain: return
                }
                if scalar != " " { grid[column + x, row + y] = Cell(scalar, style) }
            }
        }
    }

    /// Quarters of a cell, by bits: upper left, upper right, lower left, lower right.
    private static let quarters: [Unicode.Scalar] = [
        " ", "\u{2598}", "\u{259d}", "\u{2580}", "\u{2596}", "\u{258c}", "\u{259e}", "\u{259b}",
        "\u{2597}", "\u{259a}", "\u{2590}", "\u{259c}", "\u{2584}", "\u{2599}", "\u{259f}", "\u{2588}",
    ]
}
