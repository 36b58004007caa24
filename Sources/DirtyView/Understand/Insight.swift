import DirtyMachine
import DirtyScript

/// What a player knows beside the session that helps to understand it: break points, bookmarks, and
/// the sheet that lies over the panes.
struct Insight: Sendable {
    var breakpoints = BreakpointList()
    /// The break points that the latest run has stopped at.
    var stoppedAt: [BreakpointHit] = []
    /// What a typed line has stopped at, until the screen is told.
    var pendingStops: [BreakpointHit] = []
    /// The item that `{` and `}` go along, until something else is looked at: what was selected may
    /// not exist at every step.
    var pursued: Item?
    /// Where the lists' cursors stood when a way along touches began.
    var cursorsBefore: [Pane: Int] = [:]
    /// What `u` goes back to, with the number of typed lines at that time.
    var former: [(breakpoints: BreakpointList, typed: Int)] = []
    /// Which panes share the screen.
    var perspective = Perspective.steps
    /// The time strips have a column for each change of the page instead of one for each step.
    var showsEvents = false
    var marks: [Character: Bookmark] = [:]
    /// The mark that was set last.
    var latestMark: Character?
    /// Where the latest key has begun that led over several steps forward.
    var runBegan: Int?
    /// The position before the latest jump, for `''`.
    var cameFrom: Int?
    /// What the sheet shows while one is open.
    var sheet: Sheet?
}

/// What lies over the lower panes: a list with a selected row, most of whose rows lead to a step.
enum Sheet: Sendable {
    case breakpoints
    case why(WhyAnswer)
    case difference(MomentComparison)
    case life(PageLife)
    case legend
    case findings(Exploring.Findings)
    case schedule
}

extension Player {
    /// Keys and entries of the help that are about understanding.
    mutating func understand(_ action: Action) {
        switch action {
        case .breakpoint: toggleBreakpoint()
        case .breakpoints: openSheet(.breakpoints)
        case .why: askWhy()
        case .difference: showDifferences()
        case .otherPanes: goToOtherPanes()
        case .mark: view = .pendingMark(isGoing: false)
        case .goToMark: view = .pendingMark(isGoing: true)
        default: break
        }
    }

    /// The next set of panes.
    private mutating func goToOtherPanes() {
        isZoomed = false
        guard layout.sizeClass != .huge else { return say("all panes are on the screen") }
        insight.perspective = insight.perspective.next
        let panes = layout.reachablePanes
        if !panes.contains(focus) { focus = panes.contains(.pages) ? .pages : panes.first ?? .pages }
        say("panes: \(insight.perspective.text)   0 goes on")
    }

    /// `pane NAME`: any pane, over the whole screen where it has no room of its own.
    mutating func paneCommand(_ name: String) {
        guard let pane = Pane.called(name) else {
            return complain("panes: " + Pane.allCases.map { String(describing: $0) }.joined(separator: " "))
        }
        focus(on: pane)
    }

    // MARK: The sheet

    mutating func openSheet(_ sheet: Sheet) {
        stop()
        insight.sheet = sheet
        view = .sheet(row: 0)
    }

    /// The selected row of the open sheet.
    var sheetRow: Int? {
        if case .sheet(let row) = view, insight.sheet != nil { return row }
        return nil
    }

    func sheetListing(_ scene: Scene, columns: Int, height: Int) -> Listing {
        switch insight.sheet {
        case .breakpoints?: BreakpointSheet(player: self, columns: columns).listing(row: sheetRow ?? 0)
        case .why(let answer)?:
            WhySheet(answer: answer, position: session.position, columns: columns, generation: scene.generation)
                .listing(row: sheetRow ?? 0)
        case .difference(let comparison)?:
            DifferenceSheet(comparison: comparison, position: session.position, columns: columns).listing(row: sheetRow ?? 0)
        case .life(let life)?: LifeSheet(life: life, position: session.position).listing(row: sheetRow ?? 0)
        case .legend?: legend(columns: columns)
        case .findings(let findings)?: FindingsSheet(findings: findings, columns: columns).listing(row: sheetRow ?? 0)
        case .schedule?:
            exploring.schedule.map { ScheduleSheet(schedule: $0, position: session.position, columns: columns).listing(row: sheetRow ?? 0) } ?? Listing()
        case nil: Listing()
        }
    }

    private func legend(columns: Int) -> Listing {
        var listing = Legend(glyphs: glyphs, columns: columns).listing
        listing.cursor = min(sheetRow ?? 0, listing.count - 1)
        return listing
    }

    /// How many rows of the sheet can be selected.
    private var sheetCount: Int {
        switch insight.sheet {
        case .breakpoints?: insight.breakpoints.all.count
        case .why(let answer)?: answer.causes.count
        case .difference(let comparison)?: comparison.rows.count
        case .life(let life)?: life.events.count
        case .legend?: legend(columns: layout.main.columns).count
        case .findings(let findings)?: findings.breaches.count
        case .schedule?: exploring.schedule?.captions.count ?? 0
        case nil: 0
        }
    }

    /// False for keys that mean here what they mean everywhere.
    mutating func pressInSheet(_ key: Key, _ row: Int) -> Bool {
        let count = sheetCount
        func select(_ row: Int) { view = .sheet(row: min(max(0, row), max(0, count - 1))) }
        switch key {
        case .up, .character("k"): select(row - 1)
        case .down, .character("j"): select(row + 1)
        case .pageUp: select(row - max(1, sheetRegion.rows - 2))
        case .pageDown: select(row + max(1, sheetRegion.rows - 2))
        case .home: select(0)
        case .end: select(count)
        case .escape, .character("q"): view = .main
        default: return pressInSheetOfItsKind(key, row)
        }
        return true
    }

    private mutating func pressInSheetOfItsKind(_ key: Key, _ row: Int) -> Bool {
        switch insight.sheet {
        case .breakpoints?: pressInBreakpoints(key, row)
        case .why(let answer)?: pressInWhy(answer, key, row)
        case .difference(let comparison)?: pressInDifferences(comparison, key, row)
        case .life(let life)?: pressInLife(life, key, row)
        case .findings(let findings)?: pressInFindings(findings, key, row)
        case .schedule?: pressInSchedule(key, row)
        case .legend?, nil: false
        }
    }
}

extension Player {
    /// What the open sheet covers: as much as its rows need.
    var sheetRegion: Region {
        let layout = layout
        let listing = sheetListing(scene, columns: layout.main.columns, height: layout.main.rows)
        return layout.sheet(rows: 1 + listing.header.count + listing.count + listing.footer.count)
    }
}

extension Layout {
    /// What a sheet covers that needs so many rows: the lower part of the panes, so that the upper ones stay
    /// in sight. It is never less than a third of them, so that another question does not move it much.
    func sheet(rows wanted: Int) -> Region {
        let rows = main.rows < 12 ? main.rows : min(max(10, main.rows / 3, wanted), main.rows * 2 / 3)
        return Region(x: 0, y: main.y + main.rows - rows, columns: main.columns, rows: rows)
    }
}

// MARK: What a row is about

extension Selection {
    /// The page as a thing whose history can be asked about.
    var item: Item {
        switch target {
        case .mapping(let process, let name): .mapped(process: process, mapping: name, index: page)
        case .file(let name): .page(file: name, index: page)
        }
    }
}

extension Player {
    /// What the selected row of the focused pane is about; else the selected page.
    var subject: Breakpoint.Kind? {
        let listing = focusedListing().listing
        if let cursor = listing.cursor, (0..<listing.count).contains(cursor), let subject = listing.subject(cursor) {
            return subject
        }
        // A call path is about functions: the page that another pane has selected is not meant.
        if focus == .calls { return nil }
        return selection.map { .item($0.item) }
    }

    /// The same where it is a thing that can change.
    var subjectItem: Item? {
        if case .item(let item) = subject { return item }
        return selection?.item
    }
}
