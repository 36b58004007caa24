/// Where everything stands on a live screen of a size. A function of size and focus alone, so that
/// nothing moves while samples come.
struct LiveLayout {
    struct Placement {
        let pane: LivePane
        let body: Region
        let hasTitle: Bool
    }

    let size: Size
    private(set) var placements: [Placement] = []
    private(set) var separators: [Layout.Separator] = []
    private(set) var tabsRow: Int?
    private(set) var answerRow: Int?
    private(set) var timelineRow: Int?
    private(set) var hintsRow: Int?
    let messageRow: Int
    /// What the help fills.
    private(set) var main: Region

    init(_ size: Size, focus: LivePane, isZoomed: Bool) {
        self.size = size
        let (columns, rows) = (size.columns, size.rows)
        messageRow = max(0, rows - 1)
        main = Region(x: 0, y: 1, columns: columns, rows: max(0, rows - 2))
        guard columns >= 40, rows >= 12 else {
            if main.rows > 0 { placements = [Placement(pane: focus, body: main, hasTitle: false)] }
            return
        }
        hintsRow = rows - 2
        timelineRow = rows - 3
        answerRow = rows - 4
        guard columns >= 80, rows >= 24 else {
            tabsRow = 1
            main = Region(x: 0, y: 2, columns: columns, rows: rows - 6)
            placements = [Placement(pane: focus, body: main, hasTitle: false)]
            return
        }
        main = Region(x: 0, y: 1, columns: columns, rows: rows - 5)
        if isZoomed {
            placements = [Placement(pane: focus, body: inner(0, 1, columns, main.rows), hasTitle: true)]
        } else if columns >= 120, rows >= 32 {
            placeWide()
        } else {
            placeMedium()
        }
    }

    /// The body of a pane that, with its title, fills a rectangle.
    private func inner(_ x: Int, _ y: Int, _ columns: Int, _ rows: Int) -> Region {
        Region(x: x, y: y + 1, columns: columns, rows: max(0, rows - 1))
    }

    private mutating func stack(_ x: Int, _ columns: Int, _ panes: [(LivePane, Int)]) {
        var y = main.y
        for (pane, rows) in panes {
            placements.append(Placement(pane: pane, body: inner(x, y, columns, rows), hasTitle: true))
            y += rows
        }
    }

    private mutating func placeWide() {
        let left = 74 + max(0, size.columns - 120) / 3
        let right = size.columns - left - 1
        let areas = max(6, main.rows / 5)
        stack(0, left, [(.areas, areas), (.pages, main.rows - areas - 6), (.history, 6)])
        let tracking = max(7, main.rows / 5)
        stack(left + 1, right, [(.tracking, tracking), (.log, main.rows - tracking - 9), (.sources, 9)])
        separators = [Layout.Separator(x: left, rows: main.y..<main.y + main.rows)]
    }

    private mutating func placeMedium() {
        let columns = size.columns
        let (areas, tracking) = (4, 5)
        let middle = main.rows - areas - tracking
        let left = 49 + (columns - 80) / 2
        stack(0, columns, [(.areas, areas)])
        placements += [
            Placement(pane: .pages, body: inner(0, main.y + areas, left, middle), hasTitle: true),
            Placement(pane: .log, body: inner(left + 1, main.y + areas, columns - left - 1, middle), hasTitle: true),
            Placement(
                pane: .tracking, body: inner(0, main.y + areas + middle, columns, tracking), hasTitle: true),
        ]
        separators = [Layout.Separator(x: left, rows: main.y + areas..<main.y + areas + middle)]
    }

    func placement(of pane: LivePane) -> Placement? { placements.first { $0.pane == pane } }

    /// The panes that Tab goes through.
    var reachablePanes: [LivePane] {
        placements.count > 1 ? placements.map(\.pane).sorted { $0.rawValue < $1.rawValue } : LivePane.allCases
    }
}
