import DirtyMachine
import DirtyScript

// Bookmarks, and the differences between two moments.

/// A moment that a letter stands for.
struct Bookmark: Hashable, Sendable {
    let position: Int
    /// The state at that moment, to tell whether the way there still leads to it.
    let state: State
}

/// What the differences are counted from.
enum Moment: Hashable, Sendable {
    case mark(Character)
    /// The beginning of the command under way, or of the one that ended last.
    case command
    /// Where the latest key began, which led over several steps.
    case run(Int)
    case step(Int)

    /// As the end of "Differences …".
    var text: String {
        switch self {
        case .mark(let letter): "since mark \(letter)"
        case .command: "by the command"
        case .run: "by the latest run"
        case .step(0): "since the beginning"
        case .step(let step): "since step \(step)"
        }
    }
}

/// The differences between a moment and the present.
struct MomentComparison: Sendable {
    var base: Moment
    /// The command that it is about, if it is about one.
    var command = ""
    /// Where the base is, and what differs.
    var position = 0
    var rows: [MomentDifference] = []
}

extension Player {
    // MARK: Bookmarks

    /// A letter was pressed behind `m` or `'`.
    mutating func pressPending(_ key: Key, isGoing: Bool) {
        view = .main
        switch key {
        case .character("'") where isGoing: goToLastPlace()
        case .character(let scalar) where scalar.properties.isAlphabetic || ("0"..."9").contains(scalar):
            if isGoing { goToMark(Character(scalar)) } else { setMark(Character(scalar)) }
        case .escape: message = nil
        default: complain("a mark is a letter or a digit")
        }
    }

    mutating func setMark(_ letter: Character) {
        insight.marks[letter] = Bookmark(position: session.position, state: session.machine.state)
        say("mark \(letter) at step \(session.position)   '\(letter) goes there, d shows what has changed since")
        insight.latestMark = letter
    }

    private mutating func goToMark(_ letter: Character) {
        guard let mark = insight.marks[letter] else {
            let known = insight.marks.keys.sorted().map(String.init).joined(separator: " ")
            return complain(known.isEmpty ? "there are no marks: m and a letter set one" : "no mark \(letter); there are \(known)")
        }
        let here = session.position
        jump(to: mark.position)
        insight.cameFrom = here
        if session.position != mark.position || session.machine.state != mark.state {
            complain("another way was gone since: mark \(letter) is not on this one")
        } else {
            say("mark \(letter)   '' goes back")
        }
    }

    private mutating func goToLastPlace() {
        guard let place = insight.cameFrom else { return complain("'' goes back from a jump, and there was none") }
        let here = session.position
        jump(to: place)
        insight.cameFrom = here
    }

    // MARK: Differences

    /// Since the mark set last. Without one, what the latest key has done that led over several
    /// steps; else what the command under way has done so far, or the last one that was carried out.
    mutating func showDifferences() {
        openDifferences(from: insight.latestMark.map { .mark($0) } ?? insight.runBegan.map { .run($0) } ?? .command)
    }

    /// `diff`, `diff a`, `diff 12`
    mutating func differenceCommand(_ rest: String) {
        if rest.isEmpty { return showDifferences() }
        if let step = Int(rest), step >= 0 { return openDifferences(from: .step(step)) }
        guard let letter = rest.first, rest.count == 1, insight.marks[letter] != nil else {
            return complain("diff, diff MARK or diff STEP")
        }
        openDifferences(from: .mark(letter))
    }

    private mutating func openDifferences(from base: Moment) {
        switch comparison(with: base) {
        case .success(let comparison): openSheet(.difference(comparison))
        case .failure(let complaint): complain(complaint.text)
        }
    }

    private func comparison(with base: Moment) -> Result<MomentComparison, Complaint> {
        var comparison = MomentComparison(base: base)
        switch base {
        case .command:
            (comparison.position, comparison.command) = session.latestCommand
        case .run(let step), .step(let step): comparison.position = step
        case .mark(let letter):
            guard let mark = insight.marks[letter] else { return .failure(Complaint("there is no mark \(letter)")) }
            comparison.position = mark.position
        }
        if comparison.position <= session.position {
            guard let rows = session.differences(from: comparison.position, to: session.position) else {
                return .failure(Complaint("step \(comparison.position) is too long ago to compare with"))
            }
            comparison.rows = rows
        } else if let rows = session.ahead(to: comparison.position)?
            .differences(from: session.position, to: comparison.position)
        {
            comparison.rows = rows
        } else {
            return .failure(Complaint("step \(comparison.position) lies ahead, and the way there is not known"))
        }
        return .success(comparison)
    }

    /// The session has moved: what an open sheet compares is compared anew.
    mutating func refreshSheet() {
        if sheetRow != nil, case .schedule? = insight.sheet {
            return view = .sheet(row: exploring.schedule?.index(at: session.position) ?? 0)
        }
        guard sheetRow != nil, case .difference(let old)? = insight.sheet, old.base != .command,
            case .success(let new) = comparison(with: old.base)
        else { return }
        insight.sheet = .difference(new)
    }

    mutating func pressInDifferences(_ comparison: MomentComparison, _ key: Key, _ row: Int) -> Bool {
        let bases = (insight.runBegan.map { [.run($0)] } ?? []) + [.command, .step(0)] + insight.marks.keys.sorted().map { Moment.mark($0) }
        switch key {
        case .left, .right, .character("h"), .character("l"):
            let back = key == .left || key == .character("h")
            let at = (bases.firstIndex(of: comparison.base) ?? 0) + (back ? bases.count - 1 : 1)
            openDifferences(from: bases[at % bases.count])
        case .enter:
            guard comparison.rows.indices.contains(row), let position = comparison.rows[row].position else { return true }
            insight.cameFrom = session.position
            // The list stays as it is: its steps are what one goes through.
            let sheet = insight.sheet
            jump(to: position)
            insight.sheet = sheet
        case .character("d"): view = .main
        default: return false
        }
        return true
    }
}

/// What differs between then and now, with the step that made each difference.
struct DifferenceSheet {
    let comparison: MomentComparison
    let position: Int
    let columns: Int

    func listing(row: Int) -> Listing {
        let rows = comparison.rows
        var listing = Listing()
        let (first, last) = (min(comparison.position, position), max(comparison.position, position))
        let what = comparison.command.isEmpty ? comparison.base.text : "by " + printable(comparison.command)
        listing.title = "Differences \(what)  steps \(first) to \(last)  \(rows.count)"
        listing.count = rows.count
        listing.cursor = min(row, max(0, rows.count - 1))
        listing.showsCursorAlways = true
        listing.empty = first == last ? "this is that moment: go on, and come back to it" : "nothing differs that others can see"
        let path = min(max(12, rows.map { $0.path.unicodeScalars.count }.max() ?? 0), max(16, columns - 40))
        listing.row = { index in
            let row = rows[index]
            var line = Line()
            line.column(row.path, path)
            line.add("  ")
            line.column(row.old, 8, Style(.plain, .dim), right: true)
            line.add(" -> ", Style(.plain, .dim))
            line.column(row.new, 8, Style(.plain, .changed))
            if let step = row.position { line.add("  step \(step) by \(row.mover)", Style(.plain, .dim)) }
            return line
        }
        return listing
    }
}
