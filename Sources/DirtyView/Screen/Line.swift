/// A line of cells as it is being put together, from left to right.
struct Line: Hashable, Sendable {
    private(set) var cells: [Cell] = []
    /// Something in it was changed by the latest step: it gets a mark in the margin.
    var isChanged = false

    init() {}

    init(_ text: String, _ style: Style = .plain) {
        add(text, style)
    }

    var width: Int { cells.count }

    /// Appends text. What is no printable character of width 1 becomes `?`.
    mutating func add(_ text: String, _ style: Style = .plain) {
        for scalar in text.unicodeScalars { cells.append(Cell(Grid.printable(scalar), style)) }
    }

    mutating func add(_ scalar: Unicode.Scalar, _ style: Style = .plain) {
        cells.append(Cell(Grid.printable(scalar), style))
    }

    mutating func add(_ other: Line) { cells += other.cells }

    /// Appends text in a column of fixed width: padded with plain blanks, or clipped with `~`.
    mutating func column(_ text: String, _ width: Int, _ style: Style = .plain, right: Bool = false) {
        let text = DirtyView.clipped(text, width)
        let blanks = max(0, width - text.unicodeScalars.count)
        if right { pad(width: self.width + blanks) }
        add(text, style)
        if !right { pad(width: self.width + blanks) }
    }

    /// Appends blanks up to a width.
    mutating func pad(width: Int) {
        while cells.count < width { cells.append(Cell()) }
    }

    /// Puts text at the right end of a line of that width, if there is room for it.
    mutating func flushRight(_ text: String, width: Int, _ style: Style = .plain) {
        let start = width - text.unicodeScalars.count
        guard start > self.width else { return }
        pad(width: start)
        add(text, style)
    }

    mutating func emphasize(_ emphasis: Emphasis) {
        for index in cells.indices { cells[index].style.emphasis.formUnion(emphasis) }
    }

    /// Cut to a width; a `~` at the end tells that something is missing.
    func clipped(to width: Int) -> Line {
        guard cells.count > width else { return self }
        var line = self
        line.cells.removeLast(cells.count - max(width, 0))
        if let last = line.cells.indices.last { line.cells[last].scalar = "~" }
        return line
    }

    var text: String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: cells.map(\.scalar))
        return String(scalars)
    }
}

/// Text cut to a number of scalars; a `~` at the end tells that something is missing.
func clipped(_ text: String, _ width: Int) -> String {
    guard text.unicodeScalars.count > width else { return text }
    guard width > 0 else { return "" }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(width - 1))) + "~"
}

extension Grid {
    /// Draws a line, clipped to a width. Returns the column after it.
    mutating func put(_ line: Line, at column: Int, _ row: Int, limit: Int) {
        for (offset, cell) in line.clipped(to: limit).cells.enumerated() {
            self[column + offset, row] = cell
        }
    }
}
