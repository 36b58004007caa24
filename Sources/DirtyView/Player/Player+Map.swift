import DirtyMachine

// The map of a mapping or file: its cursor is the selected page, so that every pane goes along.

extension Player {
    /// The cells of the map on the present screen.
    private var mapGeometry: MapGeometry? {
        guard let selection else { return nil }
        let layout = layout
        let body = layout.placement(of: .map)?.body ?? layout.main
        return MapGeometry(
            count: session.machine.pageCount(of: selection.target), selected: selection.page,
            columns: body.columns, rows: body.rows - MapPane.footerRows, zoom: mapZoom)
    }

    /// Moves over the map by so many cells and rows; to its beginning or end where there is no
    /// going further.
    mutating func moveInMap(cells: Int = 0, rows: Int = 0) {
        guard let geometry = mapGeometry, var selection else { return }
        let cell = selection.page / geometry.run + cells + rows * geometry.columns
        let count = session.machine.pageCount(of: selection.target)
        selection.page = min(max(0, cell * geometry.run), max(0, count - 1))
        chosen = selection
    }

    mutating func moveInMap(toEnd: Bool) {
        guard var selection else { return }
        selection.page = toEnd ? max(0, session.machine.pageCount(of: selection.target) - 1) : 0
        chosen = selection
    }

    mutating func moveInMap(screens: Int) {
        guard let geometry = mapGeometry else { return }
        moveInMap(rows: screens * max(1, geometry.rows - 1))
    }

    /// Looks closer at the selected run, or at more around it.
    mutating func zoomMap(_ step: Int) {
        guard focus == .map, let geometry = mapGeometry else { return focus(on: .map) }
        let zoom = min(mapZoom, geometry.depth) + step
        if zoom < 0 { return say("this is all of it; \(keyName(.closer)) looks closer") }
        if zoom > geometry.depth { return say("a cell is a page already; Enter lists it, \(keyName(.wider)) shows more") }
        mapZoom = zoom
    }

    /// Looks closer, and at last at the page itself, among its neighbours.
    mutating func openInMap() {
        guard let geometry = mapGeometry, geometry.run == 1 else { return zoomMap(1) }
        isZoomed = false
        focus(on: .pages)
    }

    // MARK: Searching

    /// Pages in use that one search looks at.
    private static let searchedPages = 1 << 18

    /// Goes to the next page in a state that what is searched for names, such as `dirty`, or to that page
    /// itself if it is a number; while nothing is searched for, to the next that is in another state.
    mutating func findInMap(forward: Bool) {
        guard let selection else { return complain("nothing is mapped yet") }
        let count = session.machine.pageCount(of: selection.target)
        let here = selection.page
        if let page = Int(needle) {
            guard (0..<count).contains(page) else { return complain("there is no page \(page), only 0 to \(count - 1)") }
            return goInMap(to: page)
        }
        let wanted = needle.uppercased()
        let known = PageWord.allCases.map(\.rawValue) + ["LOST"]
        guard wanted.isEmpty || known.contains(where: { $0.contains(wanted) }) else {
            return complain("'\(needle)' is no state of a page; there are " + known.joined(separator: " ").lowercased())
        }
        let lost = lostPages(of: selection.target)
        let own = lost.contains(here) ? nil : session.machine.page(here, of: selection.target).map { session.machine.word(for: $0) }
        func isIt(_ page: Int, _ word: PageWord) -> Bool {
            let isLost = lost.contains(page)
            guard !wanted.isEmpty else { return isLost ? own != nil : word != own }
            return isLost && "LOST".contains(wanted) || word.rawValue.contains(wanted)
        }
        var found: Int?
        var looked = 0
        /// Looks through some pages; the first of them is wanted going forward, the last going back.
        func look(_ pages: Range<Int>) {
            guard found == nil, !pages.isEmpty else { return }
            session.machine.survey(selection.target, pages: pages) { run, word in
                looked += 1
                if isIt(run.lowerBound, word) { found = forward ? run.lowerBound : run.upperBound - 1 }
                return looked < Self.searchedPages && !(forward && found != nil)
            }
        }
        if forward {
            look(here + 1..<count)
            look(0..<here + 1)
        } else {
            for pages in [0..<here, here..<count] {
                // Nearby first: what is far away need not be looked at.
                var (end, width) = (pages.upperBound, 1 << 12)
                while end > pages.lowerBound, found == nil, looked < Self.searchedPages {
                    look(max(pages.lowerBound, end - width)..<end)
                    (end, width) = (max(pages.lowerBound, end - width), width * 4)
                }
            }
        }
        guard let found, found != here || !wanted.isEmpty else {
            return complain(
                looked >= Self.searchedPages ? "not among the \(looked) pages looked at"
                    : wanted.isEmpty ? "all pages are in the same state" : "no page is '\(needle)'")
        }
        goInMap(to: found)
        say((wanted.isEmpty ? "page \(found)" : "/\(needle)  page \(found)") + "  \(keyName(.findNext)) next  \(keyName(.findPrevious)) previous")
    }

    private mutating func goInMap(to page: Int) {
        guard var selection else { return }
        selection.page = page
        chosen = selection
        message = nil
    }

    /// The pages with a store that is lost.
    private func lostPages(of target: Target) -> Set<Int> {
        Set(health.lost.compactMap { store in
            let found = session.machine.selection(of: .file(store.file, store.index), near: target)
            return found?.target == target ? found?.page : nil
        })
    }
}
