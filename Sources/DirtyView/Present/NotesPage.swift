import DirtyScript

/// The speaker's own screen: what is said now and next, the notes, and the time.
public struct NotesPage: Sendable {
    /// The talk that it follows; nil while there is none.
    public var state: TalkState?
    /// What to say while there is none.
    public var waiting = "waiting for a talk:  dirtyscope play FILE --present"
    /// Seconds since the talk began, and since the present beat was reached.
    public var elapsed = 0
    public var sinceBeat = 0
    /// How long the talk may be, in seconds; nil where nobody has said.
    public var allowed: Int?

    public init() {}

    public func frame(size: Size, glyphs: GlyphSet) -> Grid {
        var grid = Grid(size)
        guard size.columns > 0, size.rows > 0 else { return grid }
        guard let state else {
            grid.put(Line("dirtyscope notes", Style(.status)), at: 0, 0, limit: size.columns)
            for (row, line) in wrap(waiting, max(1, size.columns - 2)).enumerated() {
                grid.put(Line(line, Style(.narration)), at: 1, size.rows / 2 + row, limit: size.columns - 1)
            }
            put(Line("q leaves", Style(.chrome)), at: size.rows - 1, on: &grid)
            return grid
        }
        paintStatus(state, &grid)
        let clock = BigText(
            NotesPage.time(elapsed), columns: size.columns / 3, rows: size.rows >= 12 ? 8 : 1, glyphs: glyphs,
            atMost: size.rows >= 40 ? .half : .quarter)
        // Below it stand two more times.
        let clockColumns = min(size.columns / 3, clock.scale == .half ? 32 : 22)
        clock.draw(
            on: &grid, at: size.columns - clockColumns, 1, columns: clockColumns, rows: 8,
            Style(isLate ? .violation : .narration, .bold), glyphs)
        paintTimes(&grid, row: 1 + clock.height, columns: clockColumns)
        paintTexts(state, &grid, besideClock: size.columns - clockColumns - 2, clock.height + 2)
        put(Line("q leaves  r sets the time to zero", Style(.chrome)), at: size.rows - 1, on: &grid)
        return grid
    }

    private var isLate: Bool { allowed.map { elapsed > $0 } ?? false }

    private func put(_ line: Line, at row: Int, on grid: inout Grid) {
        if row > 0 { grid.put(line, at: 0, row, limit: grid.size.columns) }
    }

    private func paintStatus(_ state: TalkState, _ grid: inout Grid) {
        var line = Line("beat \(state.beat)/\(state.beats)", Style(.status))
        line.add("  step \(state.step)/\(state.steps)", Style(.status))
        line.add("  " + printable(state.mode), Style(state.mode == "stopped" ? .status : .focusedTitle))
        line.add("  " + printable(state.title), Style(.status))
        grid.put(line, at: 0, 0, limit: grid.size.columns)
    }

    /// Below the clock: what is left, and how long the beat has been there.
    private func paintTimes(_ grid: inout Grid, row: Int, columns: Int) {
        guard row < grid.size.rows - 3, grid.size.columns >= 40 else { return }
        var line = Line("beat " + NotesPage.time(sinceBeat), Style(.plain, .dim))
        if let allowed {
            let left = allowed - elapsed
            let text = left < 0 ? "  over " + NotesPage.time(-left) : "  left " + NotesPage.time(left)
            line.add(text, Style(left < 0 ? .violation : .plain))
        }
        grid.put(line, at: max(0, grid.size.columns - max(columns, line.width)), row, limit: grid.size.columns)
    }

    /// What is said now, the notes, and what comes next, one below the other. `narrow` columns for
    /// the first `narrowRows` rows, where the clock stands.
    private func paintTexts(_ state: TalkState, _ grid: inout Grid, besideClock narrow: Int, _ narrowRows: Int) {
        let columns = grid.size.columns
        let last = grid.size.rows - 2
        var row = 1
        func put(_ text: String, _ style: Style, indent: Int = 1, limit: Int) {
            var words = text.split(separator: " ").joined(separator: " ")[...]
            while !words.isEmpty, row <= limit {
                let width = max(1, (row <= narrowRows ? narrow : columns) - indent - 1)
                guard let line = wrap(String(words), width).first else { return }
                grid.put(Line(line, style), at: indent, row, limit: width)
                row += 1
                words = words.dropFirst(line.count).drop { $0 == " " }
            }
        }
        func head(_ text: String, limit: Int) {
            guard row <= limit else { return }
            grid.put(Line(text, Style(.title)), at: 0, row, limit: row <= narrowRows ? narrow : columns)
            row += 1
        }
        // What comes next has a place of its own at the bottom.
        let nextRows = last >= 8 ? min(4, last / 4 + 1) : 1
        let first = last - nextRows
        let chapter = state.chapterNumber > 0 ? "  \(state.chapterNumber)/\(state.chapters) \(printable(state.chapter))" : ""
        head("NOW" + chapter, limit: first)
        put(printable(state.caption.isEmpty ? state.title : state.caption), Style(.narration), limit: first)
        if !state.notes.isEmpty {
            row += row < first ? 1 : 0
            head("NOTES", limit: first)
            for note in state.notes { put("- " + printable(note), Style(.plain, .bold), limit: first) }
        }
        row = first + 1
        head("NEXT", limit: last)
        put(printable(state.next ?? "(this is the end)"), Style(.plain), limit: last)
        for note in state.nextNotes { put("- " + printable(note), Style(.plain, .dim), limit: last) }
    }

    /// `4:05`, `1:04:05`
    static func time(_ seconds: Int) -> String {
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }
}
