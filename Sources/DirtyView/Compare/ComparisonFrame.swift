import DirtyMachine
import DirtyScript

extension ComparisonPlayer {
    /// The screen as it should look now: a function of the player's state and the size.
    public func frame(size: Size) -> Grid {
        var grid = Grid(size)
        guard size.columns > 0, size.rows > 0 else { return grid }
        ComparisonPainter(player: self, layout: ComparisonLayout(size, sides: comparison.sides.count)).paint(&grid)
        return grid
    }

    fileprivate func scene(_ side: Int) -> Scene {
        let session = comparison.sides[side]
        let machine = session.machine
        var changes = session.changes(since: shownFrom[side])
        if changes.count > 20_000 { changes = session.latestChanges }
        return Scene(
            session: session, now: machine, was: machine.before(changes),
            alterations: machine.alterations(changes),
            touched: Set(changes.lazy.flatMap { machine.places(of: $0) }), areas: machine.areas,
            selection: selection, isFollowing: true, onlyChanged: false, glyphs: glyphs,
            health: Health(machine), outline: Outline(session),
            candidates: session.candidates, generation: machine.rules.generation, cursors: [:],
            focus: .pages)
    }
}

/// Where everything stands on a screen of a size, for so many kernels side by side.
struct ComparisonLayout {
    let size: Size
    /// The columns of each side that is shown: not all of them fit on every screen.
    let columns: [Range<Int>]
    /// Columns that a side needs for its PTEs and the longest state word; what fits not beside the others
    /// is shown when it is asked for.
    private static let narrowestSide = 26
    /// Rows of the page table (the VMA's line and the header included), of the figures, of the call path, and of what
    /// changed. Each but the figures has a rule with its title above it.
    private(set) var pages = 0..<0
    private(set) var figures = 0..<0
    private(set) var calls = 0..<0
    private(set) var changes = 0..<0
    private(set) var narration = 0..<0
    private(set) var progressRow: Int?
    private(set) var hintsRow: Int?
    let messageRow: Int

    init(_ size: Size, sides: Int) {
        self.size = size
        let sides = min(sides, max(size.columns < 40 ? 1 : 2, (size.columns + 1) / (Self.narrowestSide + 1)))
        let width = max(1, (size.columns - (sides - 1)) / sides)
        columns = (0..<sides).map { side in
            let start = side * (width + 1)
            return start..<(side == sides - 1 ? max(start, size.columns) : start + width)
        }
        messageRow = size.rows - 1
        guard size.rows >= 8 else {
            pages = min(1, size.rows)..<max(min(1, size.rows), size.rows - 1)
            return
        }
        hintsRow = size.rows - 2
        progressRow = size.rows - 3
        let said = size.rows >= 18 ? min(5, size.rows / 8) : 1
        narration = size.rows - 3 - said..<size.rows - 3
        // Between the status line and the rule over the narration.
        let (top, bottom) = (1, narration.lowerBound - 1)
        let room = bottom - top
        if room < 9 {
            pages = top + 1..<max(top + 1, bottom)
            return
        }
        let table = max(4, room * 2 / 5)
        pages = top + 1..<top + 1 + table
        figures = pages.upperBound..<pages.upperBound + 1
        let rest = bottom - figures.upperBound - 1
        let path = rest >= 13 ? rest * 3 / 5 : rest
        calls = figures.upperBound + 1..<figures.upperBound + 1 + path
        if path < rest { changes = calls.upperBound + 1..<bottom }
    }
}

private struct ComparisonPainter {
    let player: ComparisonPlayer
    let layout: ComparisonLayout
    /// The sides that are shown, and what each of them has: marks are for what the eye can compare.
    let sides: Range<Int>
    let scenes: [Scene]
    private var comparison: LockStep { player.comparison }

    init(player: ComparisonPlayer, layout: ComparisonLayout) {
        self.player = player
        self.layout = layout
        let first = min(player.firstSide, player.comparison.sides.count - layout.columns.count)
        sides = first..<first + layout.columns.count
        scenes = sides.map { player.scene($0) }
    }

    func paint(_ grid: inout Grid) {
        let width = layout.size.columns
        if let help = player.help, layout.hintsRow != nil {
            paintHelp(&grid, help)
        } else {
            paintRules(&grid)
            paintPages(&grid)
            for side in layout.columns.indices { paintSide(&grid, side) }
            paintNarration(&grid)
        }
        grid.put(status, at: 0, 0, limit: width)
        if let row = layout.progressRow { grid.put(progress, at: 0, row, limit: width) }
        if let row = layout.hintsRow { grid.put(hints, at: 0, row, limit: width) }
        grid.put(bottom, at: 0, layout.messageRow, limit: width)
        if let prompt = player.prompt { grid.cursor = (min(width - 1, 1 + prompt.cursor), layout.messageRow) }
    }

    // MARK: Status

    private var status: Line {
        let width = layout.size.columns
        let (shown, all) = (scenes.count, comparison.sides.count)
        let numbers = shown > 1 ? "s \(sides.lowerBound + 1)-\(sides.upperBound)" : " \(sides.lowerBound + 1)"
        let head = shown < all ? "kernel\(numbers) of \(all), Tab" : width >= 60 ? "compare" : ""
        let title = printable(comparison.sides.first?.title ?? "")
        let arrow = player.direction == .forward ? "->" : "<-"
        let mode = player.isPlaying ? "PLAY \(player.speed.text)" : player.way != nil ? "RUN" : comparison.isAtEnd ? "END" : "PAUSED"
        var parts = [head, title, "step \(comparison.position) \(arrow)", mode, marks]
        // The title gives way to what cannot be read elsewhere.
        let others = parts.reduce(0) { $0 + ($1.isEmpty ? 0 : $1.unicodeScalars.count + 2) } - title.unicodeScalars.count - 2
        parts[1] = clipped(title, min(max(8, width / 3), max(0, width - others)))
        return Line(parts.filter { !$0.isEmpty }.joined(separator: "  "), Style(.status))
    }

    /// How much carries a `*` on this screen, or else what differs and is not on it.
    private var marks: String {
        var count = allFigures.count(where: differs)
        // The last side may have a column more than the others, and a field for it.
        if let selection = player.selection, let first = tables.first, let last = tables.last {
            count += first.areaDiffers(at: selection.page) ? 1 : 0
            count += visiblePages.count { first.rowDiffers($0) || last.rowDiffers($0) }
        }
        if count > 0 { return "\(count) marked *" }
        let all = comparison.differences
        let here = all.count { difference in Set(sides.compactMap { difference.values[$0] }).count > 1 }
        if here > 0 { return "\(here) \(here == 1 ? "value differs" : "values differ") elsewhere" }
        if scenes.count == comparison.sides.count || all.isEmpty { return "all the same" }
        return "only a kernel not shown differs"
    }

    /// The kernel's name, and what has become of it; the name gives way where both have no room.
    private func sideTitle(_ column: Int) -> String {
        let side = sides.lowerBound + column
        let lost = scenes[column].health.lost.count
        let room = layout.columns[column].count - 4
        var state = lost > 0 ? "  LOST \(lost)" : ""
        if comparison.obstacles[side] != nil {
            state += "  STUCK"
        } else if comparison.sides[side].isAtEnd {
            state += "  end"
        } else if !comparison.movers.contains(side) {
            let long = state + "  waits for the others"
            state = comparison.kernels[side].name.count + long.count <= room ? long : state + "  waits"
        }
        return clipped(comparison.kernels[side].name, max(6, room - state.count)) + state
    }

    // MARK: Sides

    private func paintRules(_ grid: inout Grid) {
        var rules = RuleLines(layout.size)
        let tops = [layout.pages, layout.calls, layout.changes, layout.narration]
            .filter { !$0.isEmpty }.map { $0.lowerBound - 1 }
        for row in tops { rules.horizontal(row, from: 0, columns: layout.size.columns) }
        let bottom = layout.narration.isEmpty ? layout.messageRow : layout.narration.lowerBound - 1
        for side in layout.columns.dropFirst() {
            for (row, next) in zip(tops, tops.dropFirst() + [bottom]) where row < next {
                rules.vertical(side.lowerBound - 1, row..<next)
            }
        }
        rules.draw(on: &grid, player.glyphs)
    }

    private func paintTitle(_ grid: inout Grid, _ text: String, _ columns: Range<Int>, _ row: Int, _ role: Role = .title) {
        grid.put(Line(" " + text + " ", Style(role)), at: columns.lowerBound + 1, row, limit: max(0, columns.count - 2))
    }

    private func paintPages(_ grid: inout Grid) {
        let rows = layout.pages
        for (side, columns) in layout.columns.enumerated() where rows.lowerBound > 1 {
            let isWrong = comparison.obstacles[sides.lowerBound + side] != nil || !scenes[side].health.lost.isEmpty
            paintTitle(&grid, sideTitle(side), columns, rows.lowerBound - 1, isWrong ? .violation : .focusedTitle)
        }
        guard let selection = player.selection, !tables.isEmpty else {
            for columns in layout.columns where !rows.isEmpty {
                grid.put(
                    Line("  nothing is mapped yet", Style(.absent)), at: columns.lowerBound,
                    rows.lowerBound, limit: columns.count)
            }
            return
        }
        let tables = tables
        for (side, columns) in layout.columns.enumerated() {
            let (x, width) = (columns.lowerBound, columns.count)
            grid.put(tables[side].area(of: selection.page)[side], at: x, rows.lowerBound, limit: width)
            grid.put(tables[side].header, at: x, rows.lowerBound + 1, limit: width)
        }
        let visible = visiblePages
        for index in visible {
            let row = rows.lowerBound + 2 + index - visible.lowerBound
            for (side, columns) in layout.columns.enumerated() {
                let line = tables[side].rows(index, isSelected: index == selection.page)[side]
                grid.put(line, at: columns.lowerBound, row, limit: columns.count)
            }
            if index == selection.page { grid.cursor = (0, row) }
        }
    }

    /// The selected mapping's pages, one table a side; empty where there is nothing to show.
    private var tables: [ComparisonPages] {
        guard let target = player.selection?.target, layout.pages.count > 2 else { return [] }
        let narrowest = layout.columns.map(\.count).min() ?? 0
        return layout.columns.map { ComparisonPages(scenes: scenes, target: target, columns: $0.count, narrowest: narrowest) }
    }

    /// The pages that there are rows for, around the selected one.
    private var visiblePages: Range<Int> {
        let height = max(0, layout.pages.count - 2)
        let count = player.pageCount
        let page = player.selection?.page ?? 0
        let top = count > height ? min(max(0, page - height / 2), count - height) : 0
        return top..<min(count, top + height)
    }

    private func paintSide(_ grid: inout Grid, _ side: Int) {
        let columns = layout.columns[side]
        if !layout.figures.isEmpty {
            grid.put(
                figures(side), at: columns.lowerBound, layout.figures.lowerBound, limit: columns.count)
        }
        func put(_ listing: Listing, _ rows: Range<Int>) {
            guard !rows.isEmpty else { return }
            paintTitle(&grid, listing.title, columns, rows.lowerBound - 1)
            if listing.count == 0 {
                grid.put(
                    Line("  " + listing.empty, Style(.absent)), at: columns.lowerBound,
                    rows.lowerBound, limit: columns.count)
            }
            let top = listing.top(height: rows.count)
            for row in top..<max(top, min(listing.count, top + rows.count)) {
                grid.put(
                    listing.row(row), at: columns.lowerBound, rows.lowerBound + row - top,
                    limit: columns.count)
            }
        }
        put(CallPane(scene: scenes[side], columns: columns.count).listing(height: layout.calls.count), layout.calls)
        put(ChangesPane(scene: scenes[side], columns: columns.count).listing(height: layout.changes.count), layout.changes)
    }

    private struct Figure {
        let name: String
        let values: [Int]
    }

    /// What the patch bought: faults, pages known to be dirty, pages written.
    private var allFigures: [Figure] {
        guard !layout.figures.isEmpty else { return [] }
        return [
            Figure(name: "faults", values: scenes.map { $0.now.state.counter(.pgfault) }),
            Figure(name: "dirty", values: scenes.map { $0.now.state.counter(.nr_dirty) }),
            Figure(name: "wrote", values: Array(comparison.written[sides])),
        ]
    }

    /// A kernel that cannot go on has no totals, and so none that differ.
    private func differs(_ figure: Figure) -> Bool {
        let able = scenes.indices.filter { comparison.obstacles[sides.lowerBound + $0] == nil }
        return Set(able.map { figure.values[$0] }).count > 1
    }

    private func figures(_ side: Int) -> Line {
        let isStuck = comparison.obstacles[sides.lowerBound + side] != nil
        let isNarrow = layout.columns[side].count < 26
        var line = Line()
        for figure in allFigures {
            let differs = !isStuck && differs(figure)
            if line.width > 0 { line.add(" ") }
            line.add(isNarrow ? String(figure.name.prefix(1)) : figure.name + " ", Style(.plain, .dim))
            line.add(
                (isStuck ? "?" : "\(figure.values[side])") + (differs ? "*" : ""),
                Style(.plain, differs ? [.bold, .underline] : []))
        }
        return line
    }

    // MARK: Below

    private func paintNarration(_ grid: inout Grid) {
        guard !layout.narration.isEmpty else { return }
        // Who moved last and is shown has the word; a kernel that has stopped is not meant by it.
        let able = sides.filter { comparison.obstacles[$0] == nil }
        let leader = comparison.moved.last { able.contains($0) } ?? able.first ?? sides.lowerBound
        let progress = comparison.sides[leader].progress
        let meant = comparison.sides.indices.filter {
            comparison.obstacles[$0] == nil && comparison.sides[$0].progress.caption == progress.caption
        }
        var title = progress.chapter.isEmpty ? "Narration" : "Narration  \"\(printable(progress.chapter))\""
        if able.isEmpty {
            title += "  where \(comparison.kernels[leader].name) has stopped"
        } else if meant.count < comparison.sides.count, !progress.caption.isEmpty {
            title += "  of " + meant.map { comparison.kernels[$0].name }.joined(separator: ", ")
        }
        paintTitle(&grid, title, 0..<layout.size.columns, layout.narration.lowerBound - 1)
        let lines = wrap(printable(progress.caption), layout.size.columns - 1)
        for (text, row) in zip(lines, layout.narration) {
            grid.put(Line(" " + text, Style(.narration)), at: 0, row, limit: layout.size.columns)
        }
    }

    /// How far the script has come, in commands: what the kernels have in common.
    private var progress: Line {
        let total = max(1, comparison.sides.first?.statements.count ?? 1)
        let room = max(1, layout.size.columns - 8)
        let here = min(room - 1, comparison.pace * (room - 1) / total)
        var line = Line(bar: room, here: here, player.glyphs)
        line.add(" \(min(100, comparison.pace * 100 / total))%")
        return line
    }

    private var hints: Line {
        if player.prompt != nil { return Line("Enter do it  Tab complete  Esc leave", Style(.chrome)) }
        var line = Line()
        for binding in ComparisonKeys.entries(player.keys, filter: "") where !binding.hint.isEmpty {
            guard let key = binding.keys.first?.description,
                line.width + key.count + binding.hint.count + 3 <= layout.size.columns
            else { continue }
            if line.width > 0 { line.add("  ") }
            line.add(key, Style(.plain, .bold))
            line.add(" " + binding.hint, Style(.chrome))
        }
        return line
    }

    private var bottom: Line {
        if let prompt = player.prompt {
            var line = Line(":" + prompt.text, Style(.prompt))
            if let message = player.message { line.add("   " + printable(message.text), Style(.plain, .dim)) }
            return line
        }
        if let help = player.help {
            let isEmpty = ComparisonKeys.entries(player.keys, filter: help.filter).isEmpty
            return Line(isEmpty ? "no key does that" : "type to search   Enter runs it   Esc closes", Style(.chrome))
        }
        if let message = player.message {
            return Line((message.isError ? "! " : "") + printable(message.text), Style(message.isError ? .error : .plain))
        }
        guard let statement = comparison.currentStatement else { return Line("end   S goes back, q leaves") }
        var line = Line("next  ", Style(.chrome))
        line.add((statement.label.map { $0 + ": " } ?? "") + printable(statement.text), Style(.narration))
        return line
    }

    private func paintHelp(_ grid: inout Grid, _ help: Help) {
        let entries = ComparisonKeys.entries(player.keys, filter: help.filter)
        let width = layout.size.columns
        grid.put(Line(" Help: comparison  \(entries.count) keys ", Style(.focusedTitle)), at: 0, 1, limit: width)
        grid.put(Line(" search: " + help.filter, Style(.prompt)), at: 0, 2, limit: width)
        let height = max(0, (layout.progressRow ?? layout.messageRow) - 3)
        let page = HelpPage(entries, row: help.row, pane: .pages, columns: width)
        for (offset, line) in page.visible(height: height, player.glyphs).enumerated() {
            grid.put(line, at: 0, 3 + offset, limit: width)
        }
        grid.cursor = (min(width - 1, 9 + help.filter.count), 2)
    }
}
