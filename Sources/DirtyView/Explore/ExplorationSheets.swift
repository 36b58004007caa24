import DirtyExplore
import DirtyScript

/// What a search from the present state has found.
struct FindingsSheet {
    let findings: Exploring.Findings
    let columns: Int

    func listing(row: Int) -> Listing {
        let exploration = findings.exploration
        let breaches = findings.breaches
        var listing = Listing()
        listing.title =
            "Explored from step \(findings.inquiry.session.position): \(exploration.verdict.rawValue) on \(exploration.profile.rawValue)"
        listing.count = breaches.count
        let cursor = min(row, max(0, breaches.count - 1))
        listing.cursor = cursor
        listing.showsCursorAlways = true
        listing.empty = "no order of the steps breaks anything"
        // The rows name what is broken; what that means in full is told of the one under the cursor.
        if breaches.indices.contains(cursor) {
            listing.header = wrap(printable(breaches[cursor].text), columns).map {
                Line($0, Style(isNote(cursor) ? .plain : .error))
            }
        }
        listing.row = { index in
            var line = Line()
            let count = breaches[index].schedule.count
            line.column("\(count) step\(count == 1 ? "" : "s")", 10, Style(.plain, .dim))
            line.add(printable(ExplorationText.name(breaches[index])))
            if isNote(index) { line.add("  in passing; no verdict", Style(.plain, .dim)) }
            return line
        }
        let size = ExplorationText.counts(exploration.result)
        listing.footer = [what, size].map { Line($0, Style(.plain, .dim)) }
        return listing
    }

    /// Not what decided the verdict.
    private func isNote(_ index: Int) -> Bool { index > 0 || findings.exploration.breach == nil }

    /// What has moved.
    private var what: String {
        let session = findings.inquiry.session
        let subject =
            switch findings.exploration.beginning {
            case .raceAhead(0): "the race that begins here"
            case .raceAhead(let moves): "the race \(moves) step\(moves == 1 ? "" : "s") from here"
            case .race: "what is left of this race"
            case .tasks(1): "the operation under way (not what the script says next)"
            case .tasks(let count): "the \(count) operations under way (not what the script says next)"
            }
        let others = session.machine.rules.tlbEviction ? ", the device, TLB evictions" : ", and the device"
        return "in every order: \(subject)\(others)"
    }
}

/// The schedule that the session goes along.
struct ScheduleSheet {
    let schedule: Exploring.Schedule
    let position: Int
    let columns: Int

    func listing(row: Int) -> Listing {
        let captions = schedule.captions
        let done = schedule.index(at: position).map { $0 + 1 } ?? 0
        // Captions stand behind their moves; what the script does on the way to the race has none.
        let ahead = (captions.first?.position ?? 0) - 1 - position
        let reached = ahead > 0 ? "begins in \(ahead) step\(ahead == 1 ? "" : "s")" : "\(done)/\(captions.count)"
        var listing = Listing()
        listing.title = "Schedule \(reached)  \(printable(schedule.title))"
        listing.count = captions.count
        let cursor = min(row, max(0, captions.count - 1))
        listing.cursor = cursor
        listing.showsCursorAlways = true
        // The row may be too narrow for what the move means.
        if captions.indices.contains(cursor), captions[cursor].dooms {
            let text = printable(captions[cursor].text)
            if text.count > columns - 8 { listing.header = wrap(text, columns).map { Line($0, Style(.error)) } }
        }
        listing.row = { index in
            let caption = captions[index]
            let isDone = caption.position <= position
            var line = Line()
            line.column("\(index + 1)", 3, Style(.plain, .dim), right: true)
            line.add(caption.dooms ? " ! " : "   ", caption.dooms ? Style(.error) : Style(.plain))
            line.add(printable(caption.text), caption.dooms ? Style(.error) : isDone ? Style(.plain) : Style(.plain, .dim))
            return line
        }
        return listing
    }
}

extension BackgroundSearch.Status {
    /// One line: how far it has come, and what ends it.
    func line(_ key: String, columns: Int) -> Line {
        let end = key.isEmpty ? "" : "  \(key) ends"
        // The script is followed to its race first, which may be far.
        if states == 0 { return Line("exploring: on the way to where it begins" + end, Style(.narration)) }
        let head = "\(grouped(states)) states"
        let all = "exploring  \(head)  \(grouped(rate))/s  depth \(depth)  \(grouped(frontier)) to do  \(bytes >> 20) MiB" + end
        let few = "\(head)  depth \(depth)" + end
        return Line(all.count <= columns ? all : few.count <= columns ? few : head, Style(.narration))
    }
}
