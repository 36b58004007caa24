import DirtyMachine
import DirtyScript

// From keys to actions. What lies on top takes a key first; the table has the rest.

extension Player {
    /// A key was pressed.
    public mutating func press(_ key: Key) {
        echo(key)
        if view == .main, pressInQuestion(key) { return }
        if presenter != nil { return pressInTalk(key) }
        switch view {
        case .prompt: pressInPrompt(key)
        case .search: pressInSearch(key)
        case .filter: pressInFilter(key)
        case .help(let filter, let row): pressInHelp(key, Help(filter: filter, row: row))
        case .palette(let filter, let row):
            let player = self
            press(key, in: Help(filter: filter, row: row), closing: [], player.paletteEntries) { .palette(filter: $0.filter, row: $0.row) }
        case .chooser(let row): if !pressInChooser(key, row) { pressOnMain(key) }
        case .sheet(let row): if !pressInSheet(key, row) { pressOnMain(key) }
        case .pendingMark(let isGoing): pressPending(key, isGoing: isGoing)
        case .main: pressOnMain(key)
        }
        settleFocus()
    }

    /// What is typed shows itself; of all else those who look on see the key and what it does.
    private mutating func echo(_ key: Key) {
        switch view {
        case .prompt, .search, .filter, .help, .palette: break
        default:
            let name = keys.action(for: key).flatMap(keys.binding)?.name ?? ""
            pressed = .following(pressed, key, name)
        }
    }

    private mutating func pressOnMain(_ key: Key) {
        guard let action = keys.action(for: key), action != .terminal else {
            return complain("\(key.phrase) does nothing here; \(keyName(.help)) lists the keys")
        }
        perform(action)
    }

    mutating func perform(_ action: Action) {
        switch action {
        case .step: step()
        case .stepBack: stepBack()
        case .over: stepOver()
        case .overBack: overBack()
        case .finish: finishFunction()
        case .finishBack: finishBack()
        case .event: nextEvent()
        case .eventBack: previousEvent()
        case .run: run()
        case .runBack: runBack()
        case .touch: nextTouch()
        case .touchBack: previousTouch()
        case .violation: travel(to: .violation)
        case .violationBack: previousViolation()
        case .chapter: nextChapter()
        case .chapterBack: previousChapter()
        case .first: first()
        case .last: last()
        case .play: togglePlay()
        case .faster: setSpeed { $0.double() }
        case .slower: setSpeed { $0.halve() }
        case .normalSpeed: setSpeed { $0.set(1) }
        case .quiz: askOrNot()
        default: if !performInTalk(action) { look(action) }
        }
    }

    private mutating func setSpeed(_ change: (inout Speed) -> Void) {
        change(&speed)
        say("speed \(speed.text)")
    }

    /// Actions that change what is seen, not where the session stands.
    private mutating func look(_ action: Action) {
        message = nil
        insight.pursued = nil
        if focus == .map, lookAtMap(action) { return }
        switch action {
        case .nextPane: focusNeighbour(1)
        case .previousPane: focusNeighbour(-1)
        case .pane(let pane): focus(on: pane)
        case .up: moveCursor { cursor, _ in cursor - 1 }
        case .down: moveCursor { cursor, _ in cursor + 1 }
        case .pageUp: moveCursor { cursor, height in cursor - max(1, height - 1) }
        case .pageDown: moveCursor { cursor, height in cursor + max(1, height - 1) }
        case .top: moveCursor { _, _ in 0 }
        case .bottom: moveCursor { _, _ in Int.max }
        case .left: selectArea(-1)
        case .right: selectArea(1)
        case .open: open()
        case .back: goBackALevel()
        case .zoom: isZoomed.toggle()
        case .closer: zoomMap(1)
        case .wider: zoomMap(-1)
        case .onlyChanged:
            onlyChanged.toggle()
            say(onlyChanged ? "only the pages that the latest step changed; a shows all" : "all pages")
        case .choose: choose()
        case .undoTyped: undoTyped()
        case .find:
            search.clear()
            view = .search
        case .filter:
            focus(on: .vmas)
            view = .filter
        case .findNext: find(forward: true)
        case .findPrevious: find(forward: false)
        case .prompt:
            stop()
            command.clear()
            view = .prompt
        case .help: view = .help(filter: "", row: 0)
        case .palette: view = .palette(filter: "", row: 0)
        case .submit(let line): submit(line)
        case .explore: explore()
        case .canLose: askForLostWrites()
        case .leaveSchedule: leaveSchedule()
        case .quit: quit()
        default: understand(action)
        }
    }

    /// Moving means something else on a map. False for what means here what it means everywhere.
    private mutating func lookAtMap(_ action: Action) -> Bool {
        switch action {
        case .up: moveInMap(rows: -1)
        case .down: moveInMap(rows: 1)
        case .left: moveInMap(cells: -1)
        case .right: moveInMap(cells: 1)
        case .pageUp: moveInMap(screens: -1)
        case .pageDown: moveInMap(screens: 1)
        case .top: moveInMap(toEnd: false)
        case .bottom: moveInMap(toEnd: true)
        case .open: openInMap()
        default: return false
        }
        return true
    }

    private mutating func quit() {
        if view != .main {
            view = .main
        } else if isZoomed {
            isZoomed = false
        } else {
            isFinished = true
        }
    }

    private mutating func goBackALevel() {
        if view != .main {
            view = .main
        } else if isZoomed {
            isZoomed = false
        } else if isUnderWay {
            interrupt()
        } else if isSearching {
            endSearch()
        } else if session.openRaceLength != nil {
            undoTyped()
            say("the race that was being typed is dropped")
        } else if onlyChanged {
            onlyChanged = false
        } else if chosen != nil {
            chosen = nil
            say("the selection follows what happens")
        } else {
            say("q leaves")
        }
    }

    // MARK: Panes

    mutating func focus(on pane: Pane) {
        guard layout.reachablePanes.contains(pane) else {
            // A pane that has no room on this screen still has the whole of it.
            focus = pane
            isZoomed = true
            return
        }
        focus = pane
    }

    private mutating func focusNeighbour(_ step: Int) {
        let wasZoomed = isZoomed
        isZoomed = false
        let panes = layout.reachablePanes
        isZoomed = wasZoomed
        guard !panes.isEmpty else { return }
        let at = panes.firstIndex(of: focus).map { $0 + step } ?? 0
        focus = panes[(at + panes.count) % panes.count]
    }

    /// The focused pane's listing and the number of its rows on the screen.
    func focusedListing() -> (listing: Listing, height: Int) {
        let layout = layout
        let body = layout.placement(of: focus)?.body ?? layout.main
        let listing = listing(focus, scene, columns: body.columns, height: body.rows)
        return (listing, max(1, body.rows - listing.header.count - listing.footer.count))
    }

    mutating func moveCursor(_ target: (_ cursor: Int, _ height: Int) -> Int) {
        let (listing, height) = focusedListing()
        guard listing.count > 0 else { return }
        setCursor(target(listing.cursor ?? 0, height), count: listing.count)
    }

    private mutating func setCursor(_ row: Int, count: Int) {
        let row = min(max(0, row), count - 1)
        switch focus {
        case .vmas:
            let areas = areas
            if areas.indices.contains(row) { chosen = session.machine.selection(of: areas[row]) }
        case .pages:
            guard var selection else { return }
            let pages = onlyChanged ? scene.changedPages : nil
            selection.page = pages.map { $0[min(row, $0.count - 1)] } ?? row
            chosen = selection
        default:
            cursors[focus] = row
        }
    }

    private mutating func selectArea(_ step: Int) {
        let areas = areas
        guard !areas.isEmpty else { return }
        let at = selection.flatMap { session.machine.index(of: $0, in: areas) }.map { $0 + step } ?? 0
        chosen = session.machine.selection(of: areas[min(max(0, at), areas.count - 1)])
    }

    private mutating func open() {
        let row = focusedListing().listing.cursor ?? 0
        switch focus {
        case .vmas: focus = .pages
        case .history:
            insight.showsEvents.toggle()
            say(insight.showsEvents ? "a column for each change of the page" : "a column for each step")
        case .log: if !session.moves.isEmpty { go(to: row + 1) }
        case .script: goToStatement(row)
        case .tasks:
            if session.candidates.indices.contains(row) { step(session.candidates[row].choice) }
        default: isZoomed.toggle()
        }
    }

    /// To where a statement of the script is next.
    private mutating func goToStatement(_ index: Int) {
        if session.progress.cursor > index {
            retreat(to: index)
        } else if session.progress.cursor < index {
            travel(to: .statement(index))
        }
    }

    // MARK: Who runs next

    private mutating func choose() {
        stop()
        guard !session.candidates.isEmpty else {
            return say("nobody is under way; s starts the next command")
        }
        view = .chooser(row: 0)
    }

    /// False for keys that mean here what they mean everywhere.
    private mutating func pressInChooser(_ key: Key, _ row: Int) -> Bool {
        let candidates = session.candidates
        switch key {
        case .character(let scalar) where ("1"..."9").contains(scalar):
            pick(Int(scalar.value) - 49, candidates)
        case .enter: pick(row, candidates)
        case .up, .character("k"): view = .chooser(row: max(0, row - 1))
        case .down, .character("j"): view = .chooser(row: min(max(0, candidates.count - 1), row + 1))
        case .escape, .character("q"), .character("t"): view = .main
        // Who chooses is not told how.
        case _ where keys.action(for: key) == .explore:
            message = nil
            askForLostWrites()
        default: return false
        }
        return true
    }

    private mutating func pick(_ index: Int, _ candidates: [Candidate]) {
        guard candidates.indices.contains(index) else {
            return complain("there is no number \(index + 1) in the list")
        }
        view = .chooser(row: index)
        step(candidates[index].choice)
        if session.candidates.isEmpty { view = .main }
    }

    // MARK: Help and palette

    private mutating func pressInHelp(_ key: Key, _ help: Help) {
        let (keys, focus) = (keys, focus)
        press(key, in: help, closing: [.function(1), .character("?"), .character("q")], { keys.entries(for: focus, filter: $0) }) {
            .help(filter: $0.filter, row: $0.row)
        }
    }

    private mutating func press(
        _ key: Key, in list: Help, closing: Set<Key>, _ entries: (String) -> [Binding], _ view: (Help) -> View
    ) {
        var list = list
        // Most entries take two lines.
        let outcome = list.press(key, closing: closing, height: max(1, (layout.main.rows - 2) / 2), entries: entries)
        self.view = outcome == .open ? view(list) : .main
        if case .run(let action) = outcome { perform(action) }
    }

    // MARK: Search

    private mutating func pressInSearch(_ key: Key) {
        switch key {
        case .enter:
            view = .main
            if !search.text.isEmpty {
                needle = search.text
                search.remember(needle)
            }
            find(forward: true)
        case .escape: view = .main
        case .backspace where search.scalars.isEmpty: view = .main
        default: _ = search.press(key)
        }
    }

    // MARK: Filter

    /// The VMAs and files that the list shows.
    var areas: [Area] { session.machine.areas(matching: areaFilter.text) }

    private mutating func pressInFilter(_ key: Key) {
        switch key {
        case .enter: view = .main
        case .escape:
            areaFilter.clear()
            view = .main
        case .backspace where areaFilter.scalars.isEmpty: view = .main
        default: _ = areaFilter.press(key)
        }
        // What is selected stays on the list, or its first row is.
        if let first = areas.first, selection.flatMap({ session.machine.index(of: $0, in: areas) }) == nil {
            chosen = session.machine.selection(of: first)
        }
    }

    /// Rows that one search reads; a mapping can have millions.
    private static let searchLimit = 5000

    private mutating func find(forward: Bool) {
        if focus == .map { return findInMap(forward: forward) }
        guard !needle.isEmpty else { return say("/ searches in the pane") }
        let (listing, _) = focusedListing()
        let wanted = needle.lowercased()
        let start = listing.cursor ?? (forward ? -1 : 0)
        for distance in 1...max(1, min(listing.count, Self.searchLimit)) {
            guard listing.count > 0 else { break }
            let offset = forward ? distance : -distance
            let row = ((start + offset) % listing.count + listing.count) % listing.count
            if listing.row(row).text.lowercased().contains(wanted) {
                setCursor(row, count: listing.count)
                return say("/\(needle)  > next  < previous")
            }
        }
        complain("'\(needle)' is not in this pane")
    }
}
