/// Grids as the bytes that bring a terminal from one to the next: cursor positions, attributes,
/// text and the end of a line erased. Nothing that only some terminals know. The bytes depend on
/// the grids alone, so that a recording is the same on every machine.
struct GridWriter {
    private let theme: Theme
    private let level: ColorLevel
    private var shown: Grid?
    private var look = Look()

    init(theme: Theme, level: ColorLevel = .indexed) {
        self.theme = theme
        self.level = level
    }

    /// Forgets what the terminal shows: the next grid is written whole.
    mutating func forget() { shown = nil }

    mutating func bytes(for grid: Grid) -> String {
        var text = ""
        if shown?.size != grid.size {
            text = "\u{1b}[?25l\u{1b}[0m\u{1b}[2J"
            look = Look()
            shown = Grid(grid.size)
        }
        let before = shown!
        for row in 0..<grid.size.rows { write(row, of: grid, before: before, to: &text) }
        set(Look(), &text)
        shown = grid
        return text
    }

    /// From the first cell of a row that differs to the last.
    private mutating func write(_ row: Int, of grid: Grid, before: Grid, to text: inout String) {
        let differing = (0..<grid.size.columns).filter { grid[$0, row] != before[$0, row] }
        guard let first = differing.first, var last = differing.last else { return }
        var end = grid.size.columns
        while end > first, grid[end - 1, row] == Cell() { end -= 1 }
        let isErased = last >= end
        last = min(last, end - 1)
        text += "\u{1b}[\(row + 1);\(first + 1)H"
        for column in first..<max(first, last + 1) {
            let cell = grid[column, row]
            set(theme.look(cell.style, at: level), &text)
            text.unicodeScalars.append(cell.scalar)
        }
        if isErased {
            set(Look(), &text)
            text += "\u{1b}[K"
        }
    }

    private mutating func set(_ new: Look, _ text: inout String) {
        guard new != look else { return }
        look = new
        var codes = ["0"]
        let attributes: [(Attributes, String)] = [(.bold, "1"), (.dim, "2"), (.underline, "4"), (.reverse, "7")]
        codes += attributes.filter { new.attributes.contains($0.0) }.map(\.1)
        if let color = new.foreground { codes.append("38;5;\(color)") }
        if let color = new.background { codes.append("48;5;\(color)") }
        text += "\u{1b}[\(codes.joined(separator: ";"))m"
    }
}
