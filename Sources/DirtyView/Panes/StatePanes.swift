import DirtyMachine
import DirtyScript

/// What the latest step changed, one attribute a row.
struct ChangesPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        var listing = Listing()
        let changes = scene.alterations
        listing.title = changes.count > height ? "What changed  \(changes.count)" : "What changed"
        listing.count = changes.count
        if scene.focus == .changes { listing.cursor = scene.cursors[.changes] ?? 0 }
        let isCaption = scene.session.moves.last.map { $0.frame == nil && $0.slot == 0 && $0.choice == .script } ?? false
        listing.empty =
            scene.session.position == 0
            ? "nothing yet" : isCaption ? "nothing: a caption" : "nothing that others can see"
        let things = things(changes)
        let rows = changes.count > height ? things.map { ($0[0].subject.isEmpty ? $0[0].path : $0[0].subject, line($0)) } : things.flatMap(rows)
        listing.count = rows.count
        listing.row = { rows[$0].line }
        listing.subject = { .item(.path(rows[$0].path)) }
        return listing
    }

    /// Attributes that are on or off: `+dirty` says it all.
    static let flags: Set<String> = [
        "present", "write", "user", "accessed", "dirty", "exec", "uptodate", "referenced", "writeback",
        "locked", "cached", "valid", "sampled", "alive", "tag.dirty", "tag.writeback", "tag.towrite",
    ]

    private typealias Row = (path: String, line: Line)

    private var words: KernelWords { KernelWords(scene.generation) }

    /// The changes of each thing, in the order of the first.
    private func things(_ changes: [Alteration]) -> [[Alteration]] {
        var order: [String] = []
        var bySubject: [String: [Alteration]] = [:]
        for change in changes {
            let subject = change.subject.isEmpty ? change.attribute : change.subject
            if bySubject[subject] == nil { order.append(subject) }
            bySubject[subject, default: []].append(change)
        }
        return order.map { bySubject[$0] ?? [] }
    }

    /// The bits of a thing share a row; what has values has one for each.
    private func rows(_ changes: [Alteration]) -> [Row] {
        let bits = changes.filter { Self.flags.contains($0.attribute) }
        guard bits.count > 1 else { return changes.map { ($0.path, row($0)) } }
        let rest = changes.filter { !Self.flags.contains($0.attribute) }
        return [(bits[0].subject, line(bits))] + rest.map { ($0.path, row($0)) }
    }

    private func line(_ changes: [Alteration]) -> Line {
        let shown = changes.map(words.onScreen)
        var tail = Line()
        for flag in shown where Self.flags.contains(flag.attribute) {
            tail.add(" " + (flag.new == "0" ? "-" : "+"), Style(.plain, .dim))
            tail.add(flag.attribute, Style(.plain, .changed))
        }
        var left = shown.filter { !Self.flags.contains($0.attribute) }
        while let first = left.first {
            let alike = left.filter { $0.old == first.old && $0.new == first.new }
            left.removeAll { $0.old == first.old && $0.new == first.new }
            let names = first.subject.isEmpty ? [] : alike.map(\.attribute)
            tail.add("  " + (names + [first.old]).joined(separator: " "), Style(.plain, .dim))
            tail.add(" -> ", Style(.plain, .dim))
            tail.add(first.new, Style(.plain, .changed))
        }
        let subject = shown[0].subject.isEmpty ? shown[0].attribute : shown[0].subject
        var line = Line(" ")
        line.isChanged = true
        line.add(endOfPath(subject, columns - 4 - tail.width))
        line.add(tail)
        return line
    }

    private func row(_ change: Alteration) -> Line {
        let shown = words.onScreen(change)
        let old = max(3, min(shown.old.count, 14))
        var line = Line()
        line.isChanged = true
        line.add(" ")
        // The values stand in one column, as near to the paths as the longest of them allows.
        let longest = scene.alterations.map { words.onScreen($0).path.unicodeScalars.count }.max() ?? 0
        let width = min(max(longest, 16), max(12, columns - 19))
        line.column(endOfPath(shown.path, width), width)
        line.add("  ")
        line.column(shown.old, old, Style(.plain, .dim), right: true)
        line.add(" -> ", Style(.plain, .dim))
        line.add(shown.new, Style(.plain, .changed))
        return line
    }
}

/// A path in so many columns: it is cut at its beginning, for the end says what it is.
func endOfPath(_ path: String, _ columns: Int) -> String {
    guard path.unicodeScalars.count > columns, columns > 1 else { return path }
    let parts = path.split(separator: ".")
    for first in parts.indices.dropFirst() {
        let end = parts[first...].joined(separator: ".")
        if end.unicodeScalars.count < columns { return "~" + end }
    }
    return "~" + String(String.UnicodeScalarView(path.unicodeScalars.suffix(columns - 1)))
}

/// The counters, as bars of one cell a page.
struct CounterPane {
    let scene: Scene
    let columns: Int

    /// Rows for each counter, what is lost, and the course.
    private static let allRows = 7

    func listing(height: Int) -> Listing {
        let now = scene.now.state
        let was = scene.was.state
        var lines: [Line] = []
        let bars: [Counter] =
            height >= Self.allRows ? [.nr_dirty, .nr_writeback, .nr_mapped, .nr_anon] : [.nr_dirty, .nr_writeback]
        var counters: [Counter] = bars
        for counter in bars { lines.append(bar(counter, now.counter(counter), was.counter(counter))) }
        func pair(_ first: (String, Counter), _ second: (String, Counter)) -> Line {
            var line = Line()
            for (name, counter) in [first, second] {
                let (new, old) = (now.counter(counter), was.counter(counter))
                if new != old { line.isChanged = true }
                line.add(name + " ", Style(.plain, .dim))
                line.add("\(new)", Style(.plain, new != old ? .changed : []))
                line.add("  ")
            }
            return line
        }
        if height == Self.allRows - 1 {
            lines.append(pair(("mapped", .nr_mapped), ("anon", .nr_anon)))
            counters.append(.nr_mapped)
        }
        lines.append(pair(("faults", .pgfault), ("TLB flush", .tlb_flush)))
        counters.append(.pgfault)
        lines.append(lost)
        // Over time: in a row, or in what rows are left.
        let course = CoursePane(scene: scene, columns: columns - 2)
        let room = height - lines.count
        if room >= 3 {
            let bars = course.listing(height: room)
            lines += (0..<bars.count).map(bars.row)
        } else if room > 0, height >= Self.allRows - 1 {
            lines.append(course.row)
        }
        var listing = Listing()
        listing.title = "Dirty accounting"
        listing.count = lines.count
        if scene.focus == .counters { listing.cursor = scene.cursors[.counters] ?? 0 }
        listing.row = { lines[$0] }
        listing.subject = { counters.indices.contains($0) ? .item(.path(counters[$0].name)) : .condition(.lost(1)) }
        return listing
    }

    private func bar(_ counter: Counter, _ value: Int, _ old: Int) -> Line {
        var line = Line()
        line.isChanged = value != old
        let role: Role = counter == .nr_dirty ? .dirty : counter == .nr_writeback ? .writeback : .plain
        line.column(counter.name, 12)
        line.column("\(value)", 4, Style(.plain, value != old ? .changed : []), right: true)
        let room = min(16, columns - 2 - line.width - 3)
        guard room >= 4 else { return line }
        line.add(" [")
        for cell in 0..<room {
            let isLast = cell == room - 1 && value > room
            line.add(cell < value ? (isLast ? "+" : "#") : ".", Style(cell < value ? role : .absent))
        }
        line.add("]")
        return line
    }

    private var lost: Line {
        var line = Line()
        let lost = scene.health.lost
        line.add("lost ", Style(.plain, .dim))
        line.add("\(lost.count)", Style(lost.isEmpty ? .plain : .violation))
        if let first = lost.first {
            line.add("  \(scene.now.name(of: first.file))[\(first.index)] value \(first.value)")
        }
        return line
    }
}

/// What holds in every state of a right kernel, checked now.
struct InvariantPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let broken = Dictionary(grouping: scene.health.violations, by: \.invariant)
        let all = Invariant.allCases.filter { !$0.isMetric }
        let order = all.filter { broken[$0] != nil } + all.filter { broken[$0] == nil }
        var listing = Listing()
        listing.title =
            broken.isEmpty ? "Invariants  all \(all.count) hold" : "Invariants  \(broken.count) of \(all.count) broken"
        listing.count = order.count
        if scene.focus == .invariants { listing.cursor = scene.cursors[.invariants] ?? 0 }
        listing.subject = { .broken(order[$0]) }
        listing.row = { index in
            let invariant = order[index]
            let violation = broken[invariant]?.first
            var line = Line()
            line.add(violation == nil ? "ok " : "!  ", Style(violation == nil ? .plain : .violation))
            line.column(invariant.id, 5, Style(.plain, .dim))
            // Where the sentence has no room, its name says it whole.
            let sentence = invariant.statement
            line.add(
                violation.map { "\($0.subject): \($0.text)" }
                    ?? (sentence.unicodeScalars.count <= columns - 10 ? sentence : invariant.name))
            return line
        }
        return listing
    }
}
