/// Which panes share the screen. Where there is no room for all, `0` goes from one set to the next.
enum Perspective: String, CaseIterable, Sendable {
    /// What a step does: VMAs, pages, call path, changes, accounting, narration.
    case steps
    /// What has become of a page: its pages, time strips, reverse map, TLBs, disk.
    case page
    /// Who gets in whose way: call paths, tasks, locks, log, script, invariants.
    case race

    var next: Perspective {
        let all = Self.allCases
        return all[(all.firstIndex(of: self)! + 1) % all.count]
    }

    /// Its panes in the order of reading, for screens that show one at a time.
    var panes: [Pane] {
        switch self {
        case .steps: Pane.allCases.filter { $0.digit != nil }
        case .page: [.pages, .history, .rmap, .file, .tlb]
        case .race: [.calls, .tasks, .locks, .log, .script, .invariants]
        }
    }

    var text: String {
        switch self {
        case .steps: "what a step does"
        case .page: "what becomes of the page"
        case .race: "who gets in whose way"
        }
    }
}

extension Layout {
    /// The rows of panes of a set; nil where the class has one layout for all.
    static func bands(_ perspective: Perspective, _ sizeClass: SizeClass, _ size: Size) -> [[Stack]]? {
        guard perspective != .steps else { return nil }
        let width = size.columns
        switch sizeClass {
        case .medium:
            let spare = size.rows - 24
            let right = 31 + (width - 80) / 2
            let left = width - right - 1
            return perspective == .page
                ? [
                    [(left, [(.pages, 4 + spare / 2)]), (right, [(.rmap, 4 + spare / 2)])],
                    [(width, [(.history, 7)])],
                    [(left, [(.file, 5 + spare - spare / 2)]), (right, [(.tlb, 5 + spare - spare / 2)])],
                ]
                : [
                    [(left, [(.calls, 8 + spare / 2)]), (right, [(.tasks, 8 + spare / 2)])],
                    [(left, [(.locks, 4)]), (right, [(.script, 4)])],
                    [(left, [(.log, 4 + spare - spare / 2)]), (right, [(.invariants, 4 + spare - spare / 2)])],
                ]
        case .large:
            let spare = size.rows - 40
            let right = 47 + (width - 120) * 2 / 5
            let left = width - right - 1
            let more = spare / 2
            return perspective == .page
                ? [
                    [(left, [(.pages, 8 + more), (.history, 10)]), (right, [(.rmap, 8 + more), (.tlb, 10)])],
                    [(left, [(.file, 6)]), (right, [(.changes, 6)])],
                    [(left, [(.narration, 7 + spare - more)]), (right, [(.log, 7 + spare - more)])],
                ]
                : [
                    [(left, [(.calls, 12 + more)]), (right, [(.tasks, 5), (.locks, 6 + more)])],
                    [(left, [(.log, 8)]), (right, [(.script, 8)])],
                    [
                        (left, [(.pages, 5), (.narration, 6 + spare - more)]),
                        (right, [(.invariants, 5), (.tlb, 6 + spare - more)]),
                    ],
                ]
        case .wide:
            let body = size.rows - 6
            let third = (width - 2) / 3
            let panes: [Pane] = perspective == .page ? [.history, .rmap, .file] : [.calls, .tasks, .log]
            return [zip(panes, [third, third, width - 2 - 2 * third]).map { ($1, [($0, body)]) }]
        case .tall:
            let spare = size.rows - 40
            return perspective == .page
                ? [
                    [(width, [(.pages, 8)])], [(width, [(.history, 10)])], [(width, [(.rmap, 4)])],
                    [(width, [(.file, 5)])], [(width, [(.tlb, 3 + spare)])],
                ]
                : [
                    [(width, [(.calls, 10)])], [(width, [(.tasks, 5)])], [(width, [(.locks, 4)])],
                    [(width, [(.log, 6)])], [(width, [(.script, 5 + spare)])],
                ]
        case .huge, .small, .tiny: return nil
        }
    }
}
