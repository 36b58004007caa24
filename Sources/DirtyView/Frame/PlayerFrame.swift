import DirtyMachine
import DirtyScript

extension Player {
    /// The screen as it should look now: a function of the player's state and the size.
    public func frame(size: Size) -> Grid {
        var grid = Grid(size)
        guard size.columns > 0, size.rows > 0 else { return grid }
        if let presenter {
            TalkFrame(player: self, talk: presenter, scene: scene).paint(&grid)
            return grid
        }
        var painter = FramePainter(player: self, layout: layout(size), scene: scene)
        painter.paint(&grid)
        return grid
    }
}

/// Draws one frame.
struct FramePainter {
    let player: Player
    let layout: Layout
    let scene: Scene
    private var size: Size { layout.size }
    private var cursor: (column: Int, row: Int)?

    init(player: Player, layout: Layout, scene: Scene) {
        self.player = player
        self.layout = layout
        self.scene = scene
    }

    mutating func paint(_ grid: inout Grid) {
        if let menu, layout.main.rows > 0 {
            paintMenu(&grid, menu)
        } else {
            paintRules(&grid)
            paintPanes(&grid)
            paintSheet(&grid)
            if let view = player.question, let quiz = player.quiz {
                QuestionPanel(view: view, quiz: quiz, session: scene.session, columns: layout.main.columns)
                    .paint(&grid, over: layout.main, scene.glyphs)
            }
        }
        StatusLine(player: player, scene: scene).paint(&grid, row: 0)
        if let row = layout.tabsRow { paintTabs(&grid, row) }
        if let row = layout.nowRow { grid.put(now, at: 0, row, limit: size.columns) }
        if let row = layout.timelineRow { Timeline(player: player, scene: scene).paint(&grid, row: row) }
        if let row = layout.hintsRow { grid.put(hints, at: 0, row, limit: size.columns) }
        paintBottom(&grid)
        grid.cursor = cursor
    }

    // MARK: Panes

    /// The panes alone, of a layout that has nothing else.
    mutating func paintPicture(_ grid: inout Grid) {
        paintRules(&grid)
        paintPanes(&grid)
    }

    private func paintRules(_ grid: inout Grid) {
        guard layout.placements.contains(where: \.hasTitle) else { return }
        var rules = RuleLines(size)
        for placement in layout.placements where placement.hasTitle {
            rules.horizontal(placement.body.y - 1, from: placement.body.x, columns: placement.body.columns)
        }
        for separator in layout.separators { rules.vertical(separator.x, separator.rows) }
        rules.draw(on: &grid, scene.glyphs)
    }

    /// The pane that lends its place to the list of who could move, where that has none.
    private var lender: Pane? {
        guard player.chooserRow != nil, layout.placement(of: .tasks) == nil else { return nil }
        return layout.placement(of: .narration) != nil ? .narration : layout.placements.first?.pane
    }

    private mutating func paintPanes(_ grid: inout Grid) {
        for placement in layout.placements {
            let pane = placement.pane == lender ? Pane.tasks : placement.pane
            let body = placement.body
            var listing = player.listing(pane, scene, columns: body.columns, height: body.rows)
            if isHidden(pane) { listing = Listing(title: listing.title, empty: "hidden by the script") }
            let hasKeyboard =
                player.sheetRow != nil ? false : player.chooserRow != nil ? pane == .tasks : pane == player.focus
            if placement.hasTitle { paintTitle(&grid, pane, listing, body, hasKeyboard) }
            paint(&grid, listing, body, hasKeyboard)
        }
    }

    /// The list that lies over the lower panes while one is open.
    private mutating func paintSheet(_ grid: inout Grid) {
        guard player.sheetRow != nil else { return }
        let region = layout.sheet
        for row in region.y..<region.y + region.rows {
            for column in 0..<size.columns { grid[column, row] = Cell() }
        }
        let body = Region(x: 0, y: region.y + 1, columns: region.columns, rows: max(0, region.rows - 1))
        let listing = player.sheetListing(scene, columns: body.columns, height: body.rows)
        var rule = Line(String(scene.glyphs[.horizontal]), Style(.chrome))
        rule.add(" " + printable(listing.title) + " ", Style(.focusedTitle))
        while rule.width < region.columns { rule.add(scene.glyphs[.horizontal], Style(.chrome)) }
        grid.put(rule, at: 0, region.y, limit: region.columns)
        cursor = nil
        paint(&grid, listing, body, true)
    }

    private func isHidden(_ pane: Pane) -> Bool {
        scene.session.progress.hiddenPanes.contains { Pane.named($0) == pane }
    }

    private func paintTitle(
        _ grid: inout Grid, _ pane: Pane, _ listing: Listing, _ body: Region, _ hasKeyboard: Bool
    ) {
        let style = Style(hasKeyboard ? .focusedTitle : .title)
        let number = pane.digit.map { "[\($0)] " } ?? ""
        let title = " " + number + printable(listing.title) + " "
        grid.put(Line(title, style), at: body.x + 1, body.y - 1, limit: max(0, body.columns - 2))
    }

    private mutating func paint(_ grid: inout Grid, _ listing: Listing, _ body: Region, _ hasKeyboard: Bool) {
        let header = listing.header.prefix(max(0, body.rows - 1))
        let footer = listing.footer.prefix(max(0, body.rows - header.count - 1))
        for (offset, line) in header.enumerated() {
            grid.put(line, at: body.x, body.y + offset, limit: body.columns)
        }
        for (offset, line) in footer.enumerated() {
            grid.put(line, at: body.x, body.y + body.rows - footer.count + offset, limit: body.columns)
        }
        let height = body.rows - header.count - footer.count
        let first = body.y + header.count
        if listing.count == 0, height > 0 {
            grid.put(
                Line("  " + listing.empty, Style(.absent)), at: body.x, first, limit: body.columns)
            if hasKeyboard { cursor = (body.x, first) }
            return
        }
        let top = listing.top(height: height)
        for row in top..<max(top, min(listing.count, top + height)) {
            let isSelected = row == listing.cursor && (hasKeyboard || listing.showsCursorAlways)
            var line = listing.row(row)
            let hasBreakpoint = listing.namesSubject(row)
                && listing.subject(row).map { player.insight.breakpoints.breakpoint($0) != nil } ?? false
            let star = hasBreakpoint ? scene.glyphs[.breakpoint] : " "
            if isSelected, listing.hasMargin { line.emphasize(.selected) }
            if listing.hasMargin {
                var margin = Line()
                margin.add(isSelected ? scene.glyphs[.cursor] : star, Style(.plain, isSelected ? .selected : hasBreakpoint ? .bold : []))
                margin.add(line.isChanged ? scene.glyphs[.changed] : isSelected ? star : " ", Style(.plain, .bold))
                margin.add(line)
                line = margin
            }
            grid.put(line, at: body.x, first + row - top, limit: body.columns)
            // Panes without a margin have a blank there.
            let isMarked = isSelected && listing.marksCursor
            if !listing.hasMargin, isMarked || hasBreakpoint, grid[body.x, first + row - top].scalar == " " {
                grid[body.x, first + row - top] = Cell(isMarked ? scene.glyphs[.cursor] : star, Style(.plain, .bold))
            }
            if hasKeyboard, row == listing.cursor { cursor = (body.x, first + row - top) }
        }
        if hasKeyboard, cursor == nil { cursor = (body.x, first) }
    }

    // MARK: Help

    /// A list to choose from that fills the screen.
    private struct Menu {
        let title: String
        let filter: String
        let row: Int
        let entries: [Binding]
    }

    private var menu: Menu? {
        switch player.view {
        case .help(let filter, let row):
            Menu(
                title: " Help  * about pane \(player.focus.fullName) ", filter: filter, row: row,
                entries: player.keys.entries(for: player.focus, filter: filter))
        case .palette(let filter, let row):
            Menu(title: " Palette ", filter: filter, row: row, entries: player.paletteEntries(filter))
        default: nil
        }
    }

    private mutating func paintMenu(_ grid: inout Grid, _ menu: Menu) {
        let main = layout.main
        var top = main.y
        // On the smallest screens the entries need every row.
        if main.rows >= 5 {
            grid.put(Line(menu.title, Style(.focusedTitle)), at: 0, top, limit: size.columns)
            top += 1
        }
        var prompt = Line(" search: ", Style(.plain, .dim))
        prompt.add(menu.filter, Style(.prompt))
        grid.put(prompt, at: 0, top, limit: size.columns)
        cursor = (min(prompt.width, size.columns - 1), top)
        top += 1
        let page = HelpPage(menu.entries, row: menu.row, pane: player.focus, columns: size.columns)
        let height = max(0, main.y + main.rows - top)
        for (offset, line) in page.visible(height: height, scene.glyphs).enumerated() {
            grid.put(line, at: 0, top + offset, limit: size.columns)
        }
    }

    // MARK: Bottom

    private func paintTabs(_ grid: inout Grid, _ row: Int) {
        var line = Line()
        for pane in layout.reachablePanes {
            if line.width > 0 { line.add(" ") }
            let digit = pane.digit.map { "\($0)" } ?? ""
            if pane == player.focus {
                line.add("[\(digit)\(pane.shortName)]", Style(.focusedTitle))
            } else {
                let isShort = size.columns < 64 && !digit.isEmpty
                line.add(digit + (isShort ? String(pane.shortName.prefix(1)) : pane.shortName), Style(.chrome))
            }
        }
        grid.put(line, at: 0, row, limit: size.columns)
    }

    /// What the latest move was.
    var now: Line {
        let session = scene.session
        guard let move = session.moves.last else {
            return sentence("", session.progress.caption.isEmpty ? "ready: s steps, Space plays" : session.progress.caption)
        }
        let statement = session.statement(atLine: move.line)?.text
        guard move.frame != nil else {
            if case .eviction = move.choice { return sentence("done  ", moveText(move, in: scene)) }
            if move.slot == 0 {
                if case .say = session.statement(atLine: move.line)?.command {
                    return sentence("said  ", session.progress.caption)
                }
                return sentence("done  ", statement ?? "set-up and checks")
            }
            return sentence("done  ", (session.statement(atLine: move.line)?.labelledText ?? "an operation") + " begins")
        }
        // Where both have no room, the step is the news.
        let command = size.columns < 60 ? "" : statement.map { $0 + ": " } ?? ""
        return sentence("done  ", command + moveText(move, in: scene))
    }

    /// What the next step will be.
    var next: Line {
        let session = scene.session
        if let length = session.openRaceLength {
            let lines = length == 1 ? "1 line" : "\(length) lines"
            return sentence("race  ", "\(lines) typed so far; more with :, :end closes it, Esc drops it")
        }
        if let task = session.progress.running ?? session.currentStatement?.runningLabel.flatMap({ session.progress.labels[$0] }),
            let frame = scene.now.state.stack(of: task).last, !scene.now.isDone(task)
        {
            return sentence("next  ", words(of: frame, scene.generation))
        }
        if session.progress.isDraining { return sentence("next  ", "the device goes on with its I/O") }
        if session.progress.race != nil {
            return sentence("next  ", "the race goes on: t chooses who moves, s follows the written order")
        }
        guard let statement = session.nextMover else {
            return sentence("end   ", session.openLabels.isEmpty ? "type : and a command, or S to go back" : session.endText)
        }
        if case .race(let lines) = statement.command {
            return sentence("next  ", "a race of \(lines.count) lines: t chooses who moves, s follows the written order")
        }
        return sentence("next  ", (statement.label.map { $0 + ": " } ?? "") + statement.text)
    }

    private func sentence(_ head: String, _ text: String) -> Line {
        var line = Line(head, Style(.chrome))
        line.add(printable(text), Style(.narration))
        return line
    }

    private var hints: Line {
        switch player.view {
        case .main: return player.keys.hints(for: player.focus, width: size.columns)
        case .sheet: return sheetHints
        case .pendingMark(let isGoing):
            let marks = player.insight.marks.keys.sorted().map(String.init).joined(separator: " ")
            let known = marks.isEmpty ? "none yet" : marks
            return Line(isGoing ? "' a letter goes to its mark: \(known)   '' back   Esc" : "m a letter marks this step   Esc", Style(.chrome))
        case .chooser: return Line("1-9 Enter one step of that one  s as written  S back  \(exploreKey) lost yet?  Esc close", Style(.chrome))
        case .prompt: return Line("Enter do it  Tab complete  Up Down history  Esc leave", Style(.chrome))
        case .search: return Line("Enter find  Esc leave", Style(.chrome))
        case .filter: return Line("Enter keeps the filter  Esc lists all", Style(.chrome))
        case .help, .palette:
            let keys = size.columns < 60
                ? "type to search  Enter run  Esc close" : "type to search   Up Down select   Enter runs it   Esc closes"
            return Line(keys, Style(.chrome))
        }
    }

    /// The key of `explore`, as the user has it.
    private var exploreKey: String {
        player.keys.bindings.first { $0.action == .explore }?.keys.first?.description ?? ""
    }

    private var sheetHints: Line {
        switch player.insight.sheet {
        case .why?: Line("Up Down select  Enter go there  Left Right another bit  '' back  Esc close", Style(.chrome))
        case .life?: Line("Up Down select  Enter go there  '' back  Esc close", Style(.chrome))
        case .difference?: Line("Up Down select  Enter go there  Left Right another moment  Esc close", Style(.chrome))
        case .legend?: Line("Up Down PgUp PgDn scroll  Esc close", Style(.chrome))
        case .findings(let findings)? where findings.breaches.isEmpty: Line("Esc close", Style(.chrome))
        case .findings?: Line("Up Down select  Enter goes along the schedule  Esc close", Style(.chrome))
        case .schedule?: Line("s on  S back  Enter go to that step  X back to where you were  Esc close", Style(.chrome))
        case .breakpoints?, nil: Line("Up Down select  Enter on or off  x takes it out  Esc close", Style(.chrome))
        }
    }

    private mutating func paintBottom(_ grid: inout Grid) {
        let isTyping = player.view == .prompt || player.view == .search || player.view == .filter
        let shares = layout.messageRow == layout.promptRow
        let isHelp = menu != nil
        if isTyping {
            let editor =
                player.view == .prompt ? player.command : player.view == .filter ? player.areaFilter : player.search
            // A race that is being typed is easily forgotten.
            let isRace = player.view == .prompt && scene.session.openRaceLength != nil && size.columns >= 30
            let sign = isRace ? "race:" : player.view == .prompt ? ":" : player.view == .filter ? "\\" : "/"
            let before = max(0, editor.cursor - max(1, size.columns - 1 - sign.count))
            var line = Line(sign, Style(.prompt))
            line.add(String(String.UnicodeScalarView(editor.scalars[before...])), Style(.prompt))
            clear(&grid, layout.promptRow)
            grid.put(line, at: 0, layout.promptRow, limit: size.columns)
            cursor = (min(sign.count + editor.cursor - before, size.columns - 1), layout.promptRow)
            if shares { return }
        }
        guard layout.size.rows > 1 || player.message != nil else { return }
        if shares { clear(&grid, layout.messageRow) }
        if isHelp {
            if shares { grid.put(Line("Esc closes the list", Style(.chrome)), at: 0, layout.messageRow, limit: size.columns) }
            return
        }
        let message = player.message.map { message in
            wrap((message.isError ? "! " : "") + printable(message.text), size.columns)
                .map { Line($0, Style(message.isError ? .error : .plain)) }
        }
        // A long message takes the row above it, too.
        let isLong = (message?.count ?? 0) > 1 && !isTyping && !shares
        if !isTyping, !shares, !isLong { grid.put(now, at: 0, layout.promptRow, limit: size.columns) }
        if let message, isLong {
            grid.put(message[0], at: 0, layout.promptRow, limit: size.columns)
            var rest = message[1]
            for line in message.dropFirst(2) { rest.add(Line(" ")); rest.add(line) }
            grid.put(rest, at: 0, layout.messageRow, limit: size.columns)
        } else if let message {
            var line = message.first ?? Line()
            for more in message.dropFirst() { line.add(Line(" ")); line.add(more) }
            grid.put(line, at: 0, layout.messageRow, limit: size.columns)
        } else if player.isSearching {
            grid.put(player.exploring.status.line(exploreKey, columns: size.columns), at: 0, layout.messageRow, limit: size.columns)
        } else if !shares || layout.nowRow != nil {
            grid.put(next, at: 0, layout.messageRow, limit: size.columns)
        } else {
            grid.put(now, at: 0, layout.messageRow, limit: size.columns)
        }
    }

    private func clear(_ grid: inout Grid, _ row: Int) {
        for column in 0..<size.columns { grid[column, row] = Cell() }
    }
}

/// Program, document, position, direction, mode, health: from left to right, and from the most to
/// the least needed where there is no room for all.
struct StatusLine {
    let player: Player
    let scene: Scene

    private var mode: String {
        if player.isPlaying { return "PLAY" }
        if player.isUnderWay { return "RUN" }
        if player.isSearching { return "SEARCH" }
        if let hit = player.insight.stoppedAt.first { return "BREAK \(hit.breakpoint.number)" }
        return player.session.isAtEnd && player.session.nextChoice == .script ? "END" : "PAUSED"
    }

    func paint(_ grid: inout Grid, row: Int) {
        let width = grid.size.columns
        let session = scene.session
        let progress = session.progress
        var parts: [(text: String, style: Style, priority: Int)] = []
        func part(_ text: String, _ priority: Int, _ role: Role = .status) {
            parts.append((text, Style(role), priority))
        }
        part("dirtyscope", 9)
        part("", 3)
        let total = "\(player.outline.total)" + (player.outline.isComplete ? "" : "+")
        let arrow = player.direction == .forward ? "->" : "<-"
        part((width >= 60 ? "step " : "") + "\(session.position)/\(total) \(arrow)", 1)
        part(mode, 2)
        if let length = session.openRaceLength { part(width >= 80 ? "RACE OPEN, \(length)" : "RACE", 1, .error) }
        if player.isPlaying || player.speed.factor != 1 { part(player.speed.text, 7) }
        part((width >= 100 ? "kernel " : "") + session.profile.rawValue, 4)
        part(scene.actor.map { "CPU\(scene.now.cpu(of: $0))" } ?? "CPU-", 10)
        // On the narrowest screens the word that matters most comes first, and alone if need be.
        let isLost = !scene.health.lost.isEmpty
        if isLost, width < 30 { part("LOST \(scene.health.lost.count)", 0, .violation) }
        if let violation = scene.health.violations.first {
            let name = width >= 120 ? " \(violation.invariant.name)" : ""
            part("! \(violation.invariant.id)\(name)", isLost && width < 30 ? 5 : 0, .violation)
        } else {
            part("INV ok", 2)
        }
        if isLost, width >= 30 { part("LOST \(scene.health.lost.count)", 0, .violation) }
        if progress.failures > 0 {
            part("expect \(progress.checks - progress.failures)/\(progress.checks)", 0, .violation)
        } else if progress.checks > 0 {
            part("expect \(progress.checks)/\(progress.checks)", 6)
        }
        func length() -> Int {
            parts.reduce(0) { $0 + $1.text.unicodeScalars.count + 2 } - 2
        }
        // The title has a place of its own width, so that nothing jumps when a number grows; the
        // least needed parts leave first.
        let title = printable(session.title)
        let share = width >= 60 ? width / 3 : width >= 30 ? 8 : 0
        let wanted = min(share, title.unicodeScalars.count)
        while length() + wanted > width, let worst = parts.indices.max(by: { parts[$0].priority < parts[$1].priority }),
            parts[worst].priority > 1
        {
            parts.remove(at: worst)
        }
        if let at = parts.firstIndex(where: { $0.priority == 3 }) {
            let left = max(0, width - length())
            parts[at].text = clipped(title, width >= 60 ? min(wanted, left) : left)
        }
        var line = Line()
        for part in parts where !part.text.isEmpty {
            if line.width > 0 { line.add("  ") }
            line.add(part.text, part.style)
        }
        grid.put(line, at: 0, row, limit: width)
    }
}

/// How far the session has come: `|==*===>---*-----|  32%  ch 3/6`.
struct Timeline {
    let player: Player
    let scene: Scene

    func paint(_ grid: inout Grid, row: Int) {
        let width = grid.size.columns
        let outline = player.outline
        let position = scene.session.position
        let total = max(outline.total, position, 1)
        let chapters = outline.chapters.count
        var tail = " \(position * 100 / total)%"
        if chapters > 0, width >= 60 {
            tail += "  chapter \(scene.session.progress.chapterNumber)/\(chapters)"
        }
        // A fixed width for the numbers, so that the line does not breathe.
        let tailWidth = (chapters > 0 && width >= 60) ? 20 : 6
        let room = max(1, width - tailWidth - 2)
        func place(_ position: Int) -> Int { min(room - 1, position * (room - 1) / total) }
        var line = Line("|", Style(.chrome))
        let here = place(position)
        let marks = Set(outline.chapters.map { place($0.position) })
        let bookmarks = Dictionary(
            player.insight.marks.sorted { $0.key < $1.key }.map { (place($0.value.position), $0.key) }) { first, _ in first }
        for column in 0..<room {
            if column == here {
                line.add(scene.glyphs[.timelineNow], Style(.plain, .bold))
            } else if let letter = bookmarks[column]?.unicodeScalars.first {
                line.add(letter, Style(.plain, .bold))
            } else if marks.contains(column) {
                line.add(scene.glyphs[.timelineMarker], Style(.plain, .bold))
            } else if column < here {
                line.add("=", Style(.plain))
            } else {
                line.add(scene.glyphs[.horizontal], Style(.chrome))
            }
        }
        line.add("|", Style(.chrome))
        line.add(tail)
        grid.put(line, at: 0, row, limit: width)
    }
}
