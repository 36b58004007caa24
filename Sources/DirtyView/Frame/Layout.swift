/// The panes, in the order of their digits.
public enum Pane: Int, CaseIterable, Sendable {
    case vmas = 1, pages, calls, changes, counters, narration, tasks, tlb, log
    /// These have no digit and appear where there is room for them.
    case rmap, file, history, script, invariants, locks
    /// These have keys of their own, and the whole screen.
    case map, course

    /// The digit that leads to it.
    var digit: Int? { rawValue <= 9 ? rawValue : nil }

    /// The pane that `show NAME` and `hide NAME` of a scenario mean.
    static func named(_ name: String) -> Pane? {
        allCases.first { String(describing: $0) == name.lowercased() }
    }

    /// The pane that `:pane NAME` means: by its name, or by what its tab or its title says.
    static func called(_ name: String) -> Pane? {
        let name = name.lowercased()
        return named(name) ?? allCases.first { $0.shortName.lowercased() == name || $0.title.lowercased() == name }
    }

    /// Its title, without what it says of the moment.
    var title: String {
        switch self {
        case .vmas: "VMAs and files"
        case .pages: "Pages"
        case .calls: "Call path"
        case .changes: "What changed"
        case .counters: "Dirty accounting"
        case .narration: "Narration"
        case .tasks: "Who can move"
        case .tlb: "TLB"
        case .log: "Log of moves"
        case .rmap: "Who maps it"
        case .file: "Memory against disk"
        case .history: "History of the page"
        case .script: "Script"
        case .invariants: "Invariants"
        case .map: "Map"
        case .course: "Dirty pages over time"
        case .locks: "Locks"
        }
    }

    /// Its name on a tab.
    var shortName: String {
        switch self {
        case .vmas: "Vma"
        case .pages: "Pages"
        case .calls: "Call"
        case .changes: "Chg"
        case .counters: "Dirty"
        case .narration: "Say"
        case .tasks: "Run"
        case .tlb: "TLB"
        case .log: "Log"
        case .rmap: "Rmap"
        case .file: "File"
        case .history: "Hist"
        case .script: "Script"
        case .invariants: "Inv"
        case .map: "Map"
        case .course: "Time"
        case .locks: "Lock"
        }
    }
}

/// How much a screen can show at once.
public enum SizeClass: String, CaseIterable, Sendable {
    /// Status, a line or a few, prompt.
    case tiny
    /// One pane at a time, with tabs.
    case small
    /// Six panes.
    case medium
    /// Nine panes.
    case large
    /// All panes.
    case huge
    /// The panes of `medium`, one below the other.
    case tall
    /// Pages, call path and narration side by side.
    case wide

    /// From which columns and rows on, in words.
    var bounds: String {
        switch self {
        case .tiny: "less than 40x12"
        case .small: "from 40x12 on"
        case .medium: "from 80x24 on"
        case .large: "from 120x40 on"
        case .huge: "from 200x60 on"
        case .tall: "from 40x40 on, less than 80 columns"
        case .wide: "from 120x14 on, less than 24 rows"
        }
    }

    public init(_ size: Size) {
        switch (size.columns, size.rows) {
        case (200..., 60...): self = .huge
        case (120..., 40...): self = .large
        case (80..., 24...): self = .medium
        case (120..., 14...): self = .wide
        case (40..<80, 40...): self = .tall
        case (40..., 12...): self = .small
        default: self = .tiny
        }
    }
}

/// A rectangle of cells.
struct Region: Hashable, Sendable {
    var x: Int
    var y: Int
    var columns: Int
    var rows: Int
}

/// Where everything stands on a screen of a size. A function of the size alone, so that nothing
/// moves when the contents change.
struct Layout: Sendable {
    struct Placement: Sendable {
        let pane: Pane
        /// The body; the title stands on the rule above it.
        let body: Region
        let hasTitle: Bool
    }

    struct Separator: Sendable {
        let x: Int
        let rows: Range<Int>
    }

    let size: Size
    let sizeClass: SizeClass
    let perspective: Perspective
    private(set) var placements: [Placement] = []
    private(set) var separators: [Separator] = []
    var tabsRow: Int?
    var nowRow: Int?
    var timelineRow: Int?
    var hintsRow: Int?
    var promptRow: Int
    /// The same as the prompt's where there is no room for both.
    var messageRow: Int
    /// What a zoomed pane or the help fills.
    private(set) var main: Region

    /// A stack of panes with the heights of their bodies.
    typealias Stack = (columns: Int, panes: [(Pane, Int)])

    init(
        _ size: Size, focus: Pane, isZoomed: Bool, panes: PaneSets = PaneSets(), perspective: Perspective = .steps
    ) {
        self.size = size
        self.perspective = perspective
        sizeClass = SizeClass(size)
        let rows = max(size.rows, 1)
        messageRow = rows - 1
        promptRow = messageRow
        main = Region(x: 0, y: 1, columns: size.columns, rows: max(rows - 2, 0))
        switch sizeClass {
        case .tiny:
            if main.rows > 0 { placements = [Placement(pane: focus, body: main, hasTitle: false)] }
            return
        case .small:
            tabsRow = 1
            nowRow = rows - 4
            timelineRow = rows - 3
            hintsRow = rows - 2
            main = Region(x: 0, y: 2, columns: size.columns, rows: rows - 6)
            placements = [Placement(pane: focus, body: main, hasTitle: false)]
            return
        default:
            break
        }
        promptRow = rows - 2
        hintsRow = rows - 3
        timelineRow = rows - 4
        main = Region(x: 0, y: 1, columns: size.columns, rows: rows - 5)
        if isZoomed {
            place([[(size.columns, [(focus, main.rows - 1)])]])
        } else {
            place(Self.bands(perspective, sizeClass, size) ?? bands(sizeClass, size))
            if perspective == .steps, let wanted = panes[sizeClass] { put(wanted) }
        }
    }

    /// Panes in a part of the screen, for a view of which they are only a part.
    init(_ size: Size, in main: Region, _ bands: [[Stack]]) {
        self.size = size
        perspective = .steps
        sizeClass = SizeClass(size)
        (promptRow, messageRow) = (size.rows - 1, size.rows - 1)
        self.main = main
        place(bands)
    }

    /// The rows of panes from top to bottom; each is a list of stacks from left to right.
    private func bands(_ sizeClass: SizeClass, _ size: Size) -> [[Stack]] {
        let width = size.columns
        let spare: Int
        switch sizeClass {
        case .huge:
            spare = size.rows - 60
            let (left, right) = (74 + (width - 200) / 3, 50 + (width - 200) / 3)
            let middle = width - left - right - 2
            let half = width * 9 / 20
            let more = spare / 2
            return [
                [
                    (left, [(.vmas, 7 + more), (.locks, 3), (.rmap, 6), (.invariants, 16)]),
                    (middle, [(.pages, 14 + more), (.history, 11), (.file, 8)]),
                    (right, [(.calls, 16 + more), (.tasks, 7), (.script, 10)]),
                ],
                [(left, [(.changes, 7)]), (middle, [(.counters, 7)]), (right, [(.tlb, 7)])],
                [
                    (half, [(.narration, 10 + spare - more)]),
                    (width - half - 1, [(.log, 10 + spare - more)]),
                ],
            ]
        case .large:
            spare = size.rows - 40
            let right = 47 + (width - 120) * 2 / 5
            let left = width - right - 1
            let changes = left * 5 / 9
            let more = spare * 2 / 3
            return [
                [
                    (left, [(.vmas, 4), (.pages, 8 + more), (.history, 5)]),
                    (right, [(.calls, 12 + more), (.tasks, 6)]),
                ],
                [(changes, [(.changes, 6)]), (left - changes - 1, [(.counters, 6)]), (right, [(.tlb, 6)])],
                [(left, [(.narration, 7 + spare - more)]), (right, [(.log, 7 + spare - more)])],
            ]
        case .medium:
            spare = size.rows - 24
            let right = 31 + (width - 80) / 2
            let left = width - right - 1
            let (pages, said) = (min(spare, 8), min(max(spare - 8, 0), 3))
            let changed = spare - pages - said
            return [
                [(width, [(.vmas, 2)])],
                [(left, [(.pages, 7 + pages)]), (right, [(.calls, 7 + pages)])],
                [(left, [(.changes, 3 + changed)]), (right, [(.counters, 3 + changed)])],
                [(width, [(.narration, 3 + said)])],
            ]
        case .wide:
            let body = size.rows - 6
            let said = min(4, body / 3)
            let pages = 50
            let calls = (width - pages - 2) / 2
            return [
                [
                    (pages, [(.pages, body)]),
                    (calls, [(.calls, body)]),
                    (width - pages - calls - 2, [(.changes, body - said - 1), (.narration, said)]),
                ]
            ]
        case .tall:
            spare = size.rows - 40
            return [
                [(width, [(.vmas, 3)])], [(width, [(.pages, 9 + spare / 2)])],
                [(width, [(.calls, 8 + spare - spare / 2)])], [(width, [(.changes, 4)])],
                [(width, [(.counters, 3)])], [(width, [(.narration, 2)])],
            ]
        case .tiny, .small:
            return []
        }
    }

    private mutating func place(_ bands: [[Stack]]) {
        var top = main.y
        for band in bands {
            let height = band.map { $0.panes.reduce(0) { $0 + $1.1 + 1 } }.max() ?? 0
            var x = 0
            for (number, stack) in band.enumerated() {
                var y = top
                for (pane, rows) in stack.panes {
                    placements.append(
                        Placement(
                            pane: pane, body: Region(x: x, y: y + 1, columns: stack.columns, rows: rows),
                            hasTitle: true))
                    y += rows + 1
                }
                x += stack.columns
                if number < band.count - 1 {
                    separators.append(Separator(x: x, rows: top..<top + height))
                    x += 1
                }
            }
            top += height
        }
    }

    /// Puts the user's panes into the places.
    private mutating func put(_ panes: [Pane]) {
        placements = zip(placements, panes).map {
            Placement(pane: $1, body: $0.body, hasTitle: $0.hasTitle)
        }
    }

    /// The panes on the screen, in the order of their digits.
    var visiblePanes: [Pane] {
        placements.map(\.pane).sorted { $0.rawValue < $1.rawValue }
    }

    /// The panes that Tab goes through and a digit may ask for.
    var reachablePanes: [Pane] {
        switch sizeClass {
        case .tiny, .small: perspective.panes
        default: visiblePanes
        }
    }

    func placement(of pane: Pane) -> Placement? { placements.first { $0.pane == pane } }
}
