/// The list of shipped scenarios to choose from: what `dirtyscope` alone opens.
public struct DemoList: Sendable {
    public struct Entry: Hashable, Sendable {
        /// The folder: basics, bugs …
        public let group: String
        public let title: String
        /// What a person would type to open it, shown beside the title.
        public let path: String

        public init(group: String, title: String, path: String) {
            self.group = group
            self.title = title
            self.path = path
        }
    }

    /// What the user has decided.
    public enum Choice: Hashable, Sendable {
        case open(Entry)
        case sandbox
        case quit
    }

    public let entries: [Entry]
    /// Index into the rows that the filter leaves; the sandbox comes after the last of them.
    private var row = 0
    private var filter = ""
    private var isFiltering = false
    public var message = ""
    /// What stands there until the first key.
    public var hint = ""

    public init(_ entries: [Entry]) { self.entries = entries }

    private var shown: [Entry] {
        let wanted = filter.lowercased()
        return entries.filter {
            wanted.isEmpty || ($0.title + " " + $0.path).lowercased().contains(wanted)
        }
    }

    /// Takes a key; returns a choice when one was made.
    public mutating func press(_ key: Key) -> Choice? {
        message = ""
        hint = ""
        if isFiltering, editFilter(key) { return nil }
        let last = shown.count
        switch key {
        case .up, .character("k"): row = max(0, row - 1)
        case .down, .character("j"): row = min(last, row + 1)
        case .pageUp, .control("U"): row = max(0, row - 10)
        case .pageDown, .control("D"): row = min(last, row + 10)
        case .home, .character("g"): row = 0
        case .end, .character("G"): row = last
        case .character("/"): isFiltering = true
        case .escape:
            filter = ""
            row = 0
        case .character("q"): return .quit
        case .enter, .character("l"), .right:
            return row < last ? .open(shown[row]) : .sandbox
        default: break
        }
        return nil
    }

    /// While a filter is typed, letters belong to it. False for keys that do not.
    private mutating func editFilter(_ key: Key) -> Bool {
        switch key {
        case .character(let scalar): filter.unicodeScalars.append(scalar)
        case .backspace where !filter.isEmpty: filter.unicodeScalars.removeLast()
        case .escape, .backspace:
            filter = ""
            isFiltering = false
        case .enter: isFiltering = false
        default: return false
        }
        row = 0
        return true
    }

    // MARK: Drawing

    public func frame(size: Size, glyphs: GlyphSet) -> Grid {
        var grid = Grid(size)
        guard size.rows > 0 else { return grid }
        grid.put(
            "dirtyscope   how Linux keeps track of dirty pages", at: 0, 0, Style(.status))
        var lines: [(row: Int?, group: String, entry: Entry?)] = []
        var group = ""
        for (index, entry) in shown.enumerated() {
            if entry.group != group { lines.append((nil, entry.group, nil)) }
            group = entry.group
            lines.append((index, group, entry))
        }
        lines.append((nil, "yours", nil))
        lines.append((shown.count, "", nil))
        let body = max(0, size.rows - 4)
        let selected = lines.firstIndex { $0.row == row } ?? 0
        let first = max(0, min(selected - body / 2, lines.count - body))
        for (offset, line) in lines.dropFirst(first).prefix(body).enumerated() {
            draw(line, on: &grid, at: 2 + offset, glyphs)
        }
        drawBottom(on: &grid)
        return grid
    }

    private func draw(
        _ line: (row: Int?, group: String, entry: Entry?), on grid: inout Grid, at y: Int,
        _ glyphs: GlyphSet
    ) {
        guard let row = line.row else {
            grid.put(line.group, at: 1, y, Style(.title))
            return
        }
        let isSelected = row == self.row
        let style = Style(.plain, isSelected ? .selected : [])
        if isSelected {
            grid[0, y] = Cell(glyphs[Mark.cursor], style)
            grid.cursor = (0, y)
        }
        let title = line.entry?.title ?? "A sandbox: one file, two processes, a prompt"
        let titleColumns = min(66, grid.size.columns - 4)
        grid.put(clipped(title, max(0, titleColumns)), at: 3, y, style)
        if grid.size.columns > 100, let path = line.entry?.path {
            grid.put(clipped(path, grid.size.columns - 71), at: 71, y, Style(.chrome))
        }
    }

    private func drawBottom(on grid: inout Grid) {
        let y = grid.size.rows - 1
        guard y > 1 else { return }
        if !message.isEmpty {
            grid.put(clipped(message, grid.size.columns), at: 0, y, Style(.error))
        } else if !hint.isEmpty {
            grid.put(clipped(hint, grid.size.columns), at: 0, y, Style(.narration))
        } else if isFiltering || !filter.isEmpty {
            let end = grid.put("/" + filter, at: 0, y, Style(.prompt))
            if isFiltering { grid.cursor = (end, y) }
        } else {
            grid.put("Enter open   j k move   / find   q quit", at: 0, y, Style(.chrome))
        }
    }
}
