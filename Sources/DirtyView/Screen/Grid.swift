import DirtyScript

/// What a cell means. The theme, not the view, decides how a role looks, so nothing is said
/// by colour alone: every role also has attributes, and its text carries the information.
public enum Role: UInt8, Hashable, Sendable, CaseIterable {
    case plain
    /// Present, clean and write-protected: the trap is armed.
    case clean
    case dirty
    case writeback
    /// Under writeback and dirtied again.
    case redirtied
    /// An invariant is broken, or a write is lost.
    case violation
    /// Not present, not cached.
    case absent
    /// Rules, borders, hints.
    case chrome
    case title
    /// The title of the pane that has the keyboard.
    case focusedTitle
    case status
    case narration
    case prompt
    case error
}

/// Marks on top of a role.
public struct Emphasis: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// This value was changed by the latest step.
    public static let changed = Emphasis(rawValue: 1)
    /// The row or cell under the cursor.
    public static let selected = Emphasis(rawValue: 2)
    public static let bold = Emphasis(rawValue: 4)
    public static let underline = Emphasis(rawValue: 8)
    public static let dim = Emphasis(rawValue: 16)
}

/// How a cell looks, in terms that every back end understands.
public struct Style: Hashable, Sendable {
    public var role: Role
    public var emphasis: Emphasis

    public init(_ role: Role = .plain, _ emphasis: Emphasis = []) {
        self.role = role
        self.emphasis = emphasis
    }
    public static let plain = Style()
}

/// One character cell: a scalar of width 1, never a control character.
public struct Cell: Hashable, Sendable {
    public var scalar: Unicode.Scalar
    public var style: Style

    public init(_ scalar: Unicode.Scalar = " ", _ style: Style = .plain) {
        self.scalar = scalar
        self.style = style
    }
}

/// Columns and rows of a screen or of a part of it, in cells.
public struct Size: Hashable, Sendable {
    public var columns: Int
    public var rows: Int

    public init(_ columns: Int, _ rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

/// A rectangle of cells: what a view draws on and a back end shows. Writing outside is ignored.
public struct Grid: Hashable, Sendable {
    public let size: Size
    public private(set) var cells: [Cell]
    /// Where the hardware cursor stands (column, row), or nil to hide it. Screen readers follow it.
    public var cursor: (column: Int, row: Int)? {
        get { cursorCell.map { ($0 % max(size.columns, 1), $0 / max(size.columns, 1)) } }
        set {
            cursorCell = newValue.flatMap {
                (0..<size.columns).contains($0.column) && (0..<size.rows).contains($0.row)
                    ? $0.row * size.columns + $0.column : nil
            }
        }
    }
    private var cursorCell: Int?

    public init(_ size: Size) {
        self.size = Size(max(size.columns, 0), max(size.rows, 0))
        cells = Array(repeating: Cell(), count: self.size.columns * self.size.rows)
    }

    public subscript(column: Int, row: Int) -> Cell {
        get {
            contains(column, row) ? cells[row * size.columns + column] : Cell()
        }
        set {
            if contains(column, row) { cells[row * size.columns + column] = newValue }
        }
    }

    private func contains(_ column: Int, _ row: Int) -> Bool {
        column >= 0 && row >= 0 && column < size.columns && row < size.rows
    }

    /// Writes text from a cell to the right, clipped at `limit` columns and at the edge.
    /// Scalars that are not printable, or not of width 1, become `?`. Returns the column after it.
    @discardableResult
    public mutating func put(
        _ text: String, at column: Int, _ row: Int, _ style: Style = .plain, limit: Int = .max
    ) -> Int {
        var at = column
        let end = limit >= size.columns - column ? size.columns : column + max(limit, 0)
        for scalar in text.unicodeScalars {
            if at >= end { break }
            self[at, row] = Cell(Grid.printable(scalar), style)
            at += 1
        }
        return at
    }

    /// The scalar itself if it occupies exactly one cell everywhere, else `?`.
    public static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        isNarrow(scalar) ? scalar : "?"
    }

    /// The characters, one line a row, trailing blanks removed.
    public var text: String {
        (0..<size.rows).map { row in
            var line = String.UnicodeScalarView()
            line.append(contentsOf: (0..<size.columns).map { self[$0, row].scalar })
            while line.last == " " { line.removeLast() }
            return String(line)
        }.joined(separator: "\n")
    }
}
