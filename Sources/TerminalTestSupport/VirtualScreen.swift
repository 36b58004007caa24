import DirtyView

/// A character cell as a terminal shows it.
public struct ShownCell: Hashable, Sendable {
    public var scalar: Unicode.Scalar = " "
    public var look = Look()

    public init(scalar: Unicode.Scalar = " ", look: Look = Look()) {
        self.scalar = scalar
        self.look = look
    }
}

/// The cells of a terminal and the cursor on them: what its control sequences act upon.
struct VirtualScreen {
    private(set) var size: Size
    private(set) var cells: [ShownCell]
    private(set) var column = 0
    private(set) var row = 0
    /// The last column was written, and the next character goes to the next line.
    private var wrapPending = false
    private var top = 0
    private var bottom: Int
    var pen = Look()
    var wraps = true
    var inserts = false
    private let quirks: VirtualTerminal.Quirks

    init(_ size: Size, quirks: VirtualTerminal.Quirks) {
        self.size = size
        self.quirks = quirks
        cells = Array(repeating: ShownCell(), count: size.columns * size.rows)
        bottom = size.rows - 1
    }

    subscript(column: Int, row: Int) -> ShownCell {
        get { cells[row * size.columns + column] }
        set { cells[row * size.columns + column] = newValue }
    }

    /// Keeps the upper left part, as most emulators do.
    mutating func resize(_ size: Size) {
        var resized = VirtualScreen(size, quirks: quirks)
        for row in 0..<min(size.rows, self.size.rows) {
            for column in 0..<min(size.columns, self.size.columns) {
                resized[column, row] = self[column, row]
            }
        }
        (resized.pen, resized.wraps, resized.inserts) = (pen, wraps, inserts)
        resized.move(column: column, row: row)
        self = resized
    }

    // MARK: The cursor

    /// Goes to a cell, or to the nearest one inside.
    mutating func move(column: Int, row: Int) {
        self.column = min(max(column, 0), size.columns - 1)
        self.row = min(max(row, 0), size.rows - 1)
        wrapPending = false
    }

    mutating func tab(_ count: Int) {
        let stop = count > 0 ? (column / 8 + count) * 8 : ((column + 7) / 8 + count) * 8
        move(column: stop, row: row)
    }

    mutating func lineFeed() {
        if row == bottom { scroll(up: 1) } else { move(column: column, row: row + 1) }
        wrapPending = false
    }

    mutating func reverseLineFeed() {
        if row == top { scroll(up: -1) } else { move(column: column, row: row - 1) }
        wrapPending = false
    }

    mutating func setScrollRegion(top: Int, bottom: Int) {
        guard top >= 0, top < bottom, bottom < size.rows else { return }
        (self.top, self.bottom) = (top, bottom)
        move(column: 0, row: 0)
    }

    // MARK: Writing

    mutating func put(_ scalar: Unicode.Scalar) {
        if wrapPending { wrap() }
        if inserts { insertCells(1) }
        self[column, row] = ShownCell(scalar: scalar, look: pen)
        if column < size.columns - 1 {
            column += 1
        } else if wraps {
            wrapPending = true
            if quirks.wrapsAtOnce { wrap() }
        }
    }

    private mutating func wrap() {
        column = 0
        lineFeed()
    }

    private var blank: ShownCell {
        ShownCell(look: Look(background: quirks.erasesWithBackground ? pen.background : nil))
    }

    /// Erases cells in reading order, from one to before another.
    mutating func erase(from start: Int, to end: Int) {
        for index in max(start, 0)..<min(max(end, start, 0), cells.count) { cells[index] = blank }
        wrapPending = false
    }

    var position: Int { row * size.columns + column }
    var lineStart: Int { row * size.columns }

    mutating func insertCells(_ count: Int) {
        for at in stride(from: size.columns - 1, through: column, by: -1) {
            self[at, row] = at - count >= column ? self[at - count, row] : blank
        }
    }

    mutating func deleteCells(_ count: Int) {
        for at in column..<size.columns {
            self[at, row] = at + count < size.columns ? self[at + count, row] : blank
        }
    }

    mutating func insertLines(_ count: Int) {
        guard (top...bottom).contains(row) else { return }
        scroll(from: row, up: -count)
    }

    mutating func deleteLines(_ count: Int) {
        guard (top...bottom).contains(row) else { return }
        scroll(from: row, up: count)
    }

    mutating func scroll(up count: Int) {
        scroll(from: top, up: count)
    }

    private mutating func scroll(from first: Int, up count: Int) {
        let old = self
        for row in first...bottom {
            for column in 0..<size.columns {
                let source = row + count
                self[column, row] =
                    (first...bottom).contains(source) ? old[column, source] : blank
            }
        }
    }
}
