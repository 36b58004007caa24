import DirtyMachine
import DirtyScript

/// Where the cells of a map are: a function of the size of the pane, how far it is zoomed in, and
/// the selected page, which is always in sight.
struct MapGeometry: Hashable {
    /// Cells of a row, and rows.
    let columns: Int
    let rows: Int
    /// Pages that a cell stands for, and all that are on the screen.
    let run: Int
    let pages: Range<Int>
    /// How often it can be zoomed in before a cell is one page.
    let depth: Int

    /// Each zoom shows a quarter of what was to be seen.
    private static let step = 4
    static let labelWidth = 9

    init(count: Int, selected: Int, columns: Int, rows: Int, zoom: Int) {
        self.columns = max(1, columns - Self.labelWidth - 1)
        self.rows = max(1, rows)
        let cells = self.columns * self.rows
        var whole = 1
        while whole * cells < count { whole *= 2 }
        var depth = 0
        var finest = whole
        while finest > 1 {
            finest = max(1, finest / Self.step)
            depth += 1
        }
        self.depth = depth
        run = (0..<min(zoom, depth)).reduce(whole) { run, _ in max(1, run / Self.step) }
        let row = run * self.columns
        let window = row * self.rows
        // Whole rows, with the selected page in the middle one where there is room around it.
        let wanted = (selected / row - self.rows / 2) * row
        let last = max(0, (count - window + row - 1) / row * row)
        let start = min(max(0, wanted), last)
        pages = start..<min(count, start + window)
    }
}

/// All pages of the selected mapping or file on one screen: each cell a run of pages, which looks
/// like the worst of them.
struct MapPane {
    let scene: Scene
    let columns: Int
    let zoom: Int

    /// Rows below the map.
    static let footerRows = 2

    func listing(height: Int) -> Listing {
        guard let selection = scene.selection else { return Listing(title: "Map", empty: "nothing is mapped yet") }
        let count = scene.now.pageCount(of: selection.target)
        let geometry = MapGeometry(
            count: count, selected: selection.page, columns: columns, rows: height - Self.footerRows, zoom: zoom)
        let words = scene.now.worstWords(of: selection.target, pages: geometry.pages, run: geometry.run)
        let lost = lostRuns(selection.target, geometry)
        var listing = Listing()
        listing.hasMargin = false
        listing.title = title(selection.target, count, geometry)
        listing.count = (words.count + geometry.columns - 1) / geometry.columns
        listing.empty = "no pages"
        listing.row = { row($0, words, lost, selection.page, geometry) }
        if height > Self.footerRows {
            listing.footer = [detail(words, lost, selection.page, geometry), tally(selection.target, count)]
        }
        return listing
    }

    private func title(_ target: Target, _ count: Int, _ geometry: MapGeometry) -> String {
        let name =
            switch target {
            case .mapping(let process, let mapping): "\(process).\(mapping)"
            case .file(let file): "file \(file)"
            }
        let cell = geometry.run == 1 ? "a cell is a page" : "a cell is \(geometry.run) pages"
        return "Map of \(name)  \(count) pages, \(cell)  zoom \(min(zoom, geometry.depth))/\(geometry.depth)"
    }

    private func row(
        _ row: Int, _ words: [PageWord], _ lost: Set<Int>, _ selected: Int, _ geometry: MapGeometry
    ) -> Line {
        let first = row * geometry.columns
        var line = Line()
        line.column("\(geometry.pages.lowerBound + first * geometry.run)", MapGeometry.labelWidth - 1, Style(.plain, .dim), right: true)
        line.add(" ")
        let here = (selected - geometry.pages.lowerBound) / geometry.run
        for cell in first..<min(words.count, first + geometry.columns) {
            let isLost = lost.contains(cell)
            var style = Style(isLost ? .violation : words[cell].role)
            if cell == here { style.emphasis.formUnion([.selected, .bold]) }
            line.add(scene.glyphs[isLost ? .broken : words[cell].glyph], style)
        }
        return line
    }

    /// The cells in which a store is lost.
    private func lostRuns(_ target: Target, _ geometry: MapGeometry) -> Set<Int> {
        var runs: Set<Int> = []
        for store in scene.health.lost {
            guard let found = scene.now.selection(of: .file(store.file, store.index), near: target),
                found.target == target, geometry.pages.contains(found.page)
            else { continue }
            runs.insert((found.page - geometry.pages.lowerBound) / geometry.run)
        }
        return runs
    }

    /// The run that the selected page lies in.
    private func detail(
        _ words: [PageWord], _ lost: Set<Int>, _ selected: Int, _ geometry: MapGeometry
    ) -> Line {
        let cell = (selected - geometry.pages.lowerBound) / geometry.run
        guard words.indices.contains(cell) else { return Line() }
        let first = geometry.pages.lowerBound + cell * geometry.run
        let last = min(geometry.pages.upperBound, first + geometry.run) - 1
        var line = Line("sel ", Style(.plain, .dim))
        line.add(first == last ? "page \(first)  " : "pages \(first)-\(last)  worst ")
        let isLost = lost.contains(cell)
        line.add(isLost ? "!LOST" : words[cell].rawValue, Style(isLost ? .violation : words[cell].role))
        line.add(
            geometry.run == 1 ? "  Enter lists it, ( shows more" : "  Enter or ) looks closer, ( shows more",
            Style(.plain, .dim))
        return line
    }

    /// Pages in use that are counted for a frame.
    private static let mostCounted = 1 << 16

    /// How many pages of the whole mapping or file are in which state, the worst first: however much of
    /// it is on the screen.
    private func tally(_ target: Target, _ count: Int) -> Line {
        var line = Line("pages ", Style(.plain, .dim))
        let lost = Set(scene.health.lost.compactMap { store -> Int? in
            let found = scene.now.selection(of: .file(store.file, store.index), near: target)
            return found?.target == target ? found?.page : nil
        }).count
        if lost > 0 { line.add("!LOST \(lost)  ", Style(.violation)) }
        var (pages, looked, end) = ([PageWord: Int](), 0, count)
        scene.now.survey(target, pages: 0..<count) { run, word in
            pages[word, default: 0] += run.count
            looked += 1
            end = run.upperBound
            return looked < Self.mostCounted
        }
        if end < count { line.add("of the first \(end): ", Style(.plain, .dim)) }
        for word in PageWord.allCases.sorted(by: { $0.severity > $1.severity }) {
            guard let number = pages[word] else { continue }
            line.add(scene.glyphs[word.glyph], Style(word.role))
            line.add(" \(word.rawValue) \(number)  ")
        }
        return line
    }
}

extension Machine {
    /// The worst word of each run of pages of a target.
    func worstWords(of target: Target, pages: Range<Int>, run length: Int) -> [PageWord] {
        guard !pages.isEmpty else { return [] }
        switch target {
        case .file(let name):
            return file(named: name).map { worstWords(of: $0, pages: pages, run: length) } ?? []
        case .mapping(let owner, let name):
            guard let process = process(named: owner), let mapping = mapping(named: name, of: process)
            else { return [] }
            return worstWords(of: mapping, in: process, pages: pages, run: length)
        }
    }

    /// Goes through pages of a target in order: those in use one by one, and the stretches between them.
    func survey(_ target: Target, pages: Range<Int>, _ visit: (Range<Int>, PageWord) -> Bool) {
        switch target {
        case .file(let name):
            if let file = file(named: name) { survey(file, pages: pages, visit) }
        case .mapping(let owner, let name):
            guard let process = process(named: owner), let mapping = mapping(named: name, of: process) else { return }
            survey(mapping, in: process, pages: pages, visit)
        }
    }
}
