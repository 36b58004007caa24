/// Rules as they cross: which arms a cell has decides its glyph.
struct RuleLines {
    private struct Arms: OptionSet {
        let rawValue: UInt8
        static let up = Arms(rawValue: 1)
        static let down = Arms(rawValue: 2)
        static let left = Arms(rawValue: 4)
        static let right = Arms(rawValue: 8)
    }

    private let size: Size
    private var arms: [Arms]

    init(_ size: Size) {
        self.size = size
        arms = Array(repeating: [], count: max(0, size.columns * size.rows))
    }

    /// The rules over these panes, and the separators between them.
    init(_ size: Size, over bodies: [Region], _ separators: [Layout.Separator]) {
        self.init(size)
        for body in bodies { horizontal(body.y - 1, from: body.x, columns: body.columns) }
        for separator in separators { vertical(separator.x, separator.rows) }
    }

    private mutating func add(_ arm: Arms, _ x: Int, _ y: Int) {
        guard x >= 0, y >= 0, x < size.columns, y < size.rows else { return }
        arms[y * size.columns + x].formUnion(arm)
    }

    /// A rule over a pane, and into the separators beside it.
    mutating func horizontal(_ y: Int, from x: Int, columns: Int) {
        for column in x..<x + max(columns, 0) { add([.left, .right], column, y) }
        add(.right, x - 1, y)
        add(.left, x + columns, y)
    }

    /// A separator from the rule at its top to the rule below it, if there is one. The rules are
    /// drawn first.
    mutating func vertical(_ x: Int, _ rows: Range<Int>) {
        guard !rows.isEmpty else { return }
        add(.down, x, rows.lowerBound)
        for row in rows.dropFirst() { add([.up, .down], x, row) }
        let below = rows.upperBound * size.columns + x
        if arms.indices.contains(below), !arms[below].isEmpty { add(.up, x, rows.upperBound) }
    }

    func draw(on grid: inout Grid, _ glyphs: GlyphSet) {
        for y in 0..<size.rows {
            for x in 0..<size.columns {
                let arms = arms[y * size.columns + x]
                guard let mark = Self.mark(arms) else { continue }
                grid[x, y] = Cell(glyphs[mark], Style(.chrome))
            }
        }
    }

    private static func mark(_ arms: Arms) -> Mark? {
        switch arms {
        case []: nil
        case [.left, .right], [.left], [.right]: .horizontal
        case [.up, .down], [.up], [.down]: .vertical
        case [.left, .right, .down]: .teeDown
        case [.left, .right, .up]: .teeUp
        case [.up, .down, .left]: .teeLeft
        case [.up, .down, .right]: .teeRight
        default: .cross
        }
    }
}
