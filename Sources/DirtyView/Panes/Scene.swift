import DirtyMachine
import DirtyScript

/// All that the panes read: the session, the machine now and before the latest step, and what the
/// player has selected. Made once a frame.
struct Scene: Sendable {
    let session: Session
    let now: Machine
    /// The machine as it was before the changes that are shown.
    let was: Machine
    /// The changes that are shown: of the latest move, or of the run that led here.
    let alterations: [Alteration]
    /// The pages that those changes are about.
    let touched: Set<PagePlace>
    /// The VMAs and files of the list, and what it is filtered by.
    let areas: [Area]
    var areaFilter = ""
    let selection: Selection?
    /// Whether the selection follows what happens.
    let isFollowing: Bool
    let onlyChanged: Bool
    let glyphs: GlyphSet
    let health: Health
    let outline: Outline
    let candidates: [Candidate]
    let generation: Rules.Generation
    /// Where the cursors of the lists stand that have no selection of their own.
    let cursors: [Pane: Int]
    let focus: Pane
    /// Whether whoever looks can press keys; a picture names none.
    var takesKeys = true
    /// Whether somebody is asked what comes next, and must not see it.
    var hidesFuture = false
    /// Whether the time strips have a column for each change of the page, or for each step.
    var showsEvents = false

    /// The line numbers of what the user typed.
    var typedLines: Set<Int> { Set(session.typedStatements.map(\.location.line)) }

    /// The pages of the selected target that the changes are about, in order.
    var changedPages: [Int] {
        guard let target = selection?.target else { return [] }
        let count = now.pageCount(of: target)
        return Set(
            touched.compactMap { place -> Int? in
                switch (place, target) {
                case (.address(let mm, let vpn), .mapping(let owner, let name)):
                    guard let process = now.process(named: owner), now.space(of: process) == mm,
                        let mapping = now.mapping(named: name, of: process),
                        let (start, _) = now.extent(of: mapping)
                    else { return nil }
                    return vpn - start
                case (.file(let file, let index), .file(let name)):
                    return now.name(of: file) == name ? index : nil
                case (.file, .mapping):
                    guard let found = now.selection(of: place, near: target), found.target == target
                    else { return nil }
                    return found.page
                default: return nil
                }
            }
        ).filter { (0..<count).contains($0) }.sorted()
    }

    /// The task whose call path comes first: the one that moved last, else the one that is next.
    var actor: Ref<Task>? {
        if let slot = session.moves.last?.slot, slot != 0 {
            let task = now.task(inSlot: slot)
            if task.exists, !now.isDone(task) { return task }
        }
        if let running = session.progress.running { return running }
        if let label = session.currentStatement?.runningLabel, let task = session.progress.labels[label] {
            return task
        }
        return now.state.tasks.last { !now.isDone($0) }
    }

    func isLost(_ page: PageView) -> Bool {
        page.file.exists
            && health.lost.contains { $0.file == page.file && $0.index == page.fileIndex }
    }
}

/// What the checker says about the present state.
struct Health: Hashable, Sendable {
    var lost: [LostStore] = []
    var violations: [Violation] = []

    init() {}

    init(_ machine: Machine) {
        lost = machine.lostStores
        violations = machine.violations()
    }

    var isFine: Bool { lost.isEmpty && violations.isEmpty }
}

extension Statement {
    /// The label whose task this statement moves.
    var runningLabel: String? {
        switch command {
        case .step(let label, _), .finish(let label): label
        default: nil
        }
    }
}

extension Session {
    /// The statement that the next move belongs to: what rides along with it is skipped.
    var nextMover: Statement? {
        let ahead = statements[min(progress.cursor, statements.count)...]
        return ahead.first { !$0.ridesAlong } ?? ahead.first
    }
}

/// What a pane shows: lines that stay, and rows of which some are visible.
struct Listing {
    /// What the title says after the pane's name.
    var title = ""
    var header: [Line] = []
    var count = 0
    var footer: [Line] = []
    /// The selected row.
    var cursor: Int?
    /// A selection that is shown whether the pane has the keyboard or not.
    var showsCursorAlways = false
    /// Two columns at the left for `>` and `~`.
    var hasMargin = true
    /// Without a margin: whether the cursor is a selection, and not only what has to be in sight.
    var marksCursor = false
    /// What stands in a pane that has no rows.
    var empty = ""
    var row: (Int) -> Line = { _ in Line() }
    /// What a row is about: what `b` stops at, and whose history `{ }` and `w` ask.
    var subject: (Int) -> Breakpoint.Kind? = { _ in nil }

    /// Whether a row stands for what it is about, and carries the mark of its break point.
    var namesSubject: (Int) -> Bool = { _ in true }

    /// The first visible row where the cursor does not decide.
    var first: Int?

    /// Where in a list that is longer than its pane one is: `  12/65529`, or the rows in sight where
    /// nothing is selected.
    func position(rows: Int) -> String {
        let height = rows - header.count - footer.count
        guard hasMargin, height > 0, count > height else { return "" }
        if let cursor { return "  \(cursor + 1)/\(count)" }
        let top = top(height: height)
        return "  \(top + 1)-\(top + height)/\(count)"
    }

    /// The first visible row, so that the cursor is in sight.
    func top(height: Int) -> Int {
        if let first { return min(max(0, first), max(0, count - height)) }
        guard count > height, let cursor else { return 0 }
        return min(max(0, cursor - height / 2), count - height)
    }
}
