import DirtyMachine
import DirtyScript

// Break points: set, listed, taken out, and what a run says that has stopped at one.

extension Player {
    /// Sets a break point on what is selected, or takes it out.
    mutating func toggleBreakpoint() {
        guard let kind = subject else {
            let what = focus == .calls ? "no function is selected" : "nothing is selected"
            return complain(what + "; :break and :watch take words")
        }
        if let known = insight.breakpoints.breakpoint(kind) {
            change { $0.remove(known.number) }
            say("breakpoint \(known.number) is gone: \(known.text)   u brings it back")
        } else {
            setBreakpoint(kind, kind.command(session.machine.rules.generation))
        }
    }

    mutating func setBreakpoint(_ kind: Breakpoint.Kind, _ text: String) {
        if let known = insight.breakpoints.breakpoint(kind), known.isEnabled {
            return say("breakpoint \(known.number) is that already: \(known.text)")
        }
        change { $0.add(kind, text) }
        guard let new = insight.breakpoints.breakpoint(kind) else { return }
        say("breakpoint \(new.number) set: \(printable(new.text))   c runs to it, B lists, u takes it back")
    }

    /// Changes the list and keeps what it was.
    private mutating func change(_ change: (inout BreakpointList) -> Void) {
        insight.former.append((insight.breakpoints, session.typedStatements.count))
        change(&insight.breakpoints)
    }

    /// Takes the latest change of the break points back, unless a line was typed after it.
    mutating func undoBreakpoints() -> Bool {
        guard let last = insight.former.last, last.typed >= session.typedStatements.count else { return false }
        insight.former.removeLast()
        insight.breakpoints = last.breakpoints
        let count = last.breakpoints.all.count
        say(count == 0 ? "no break points, as before" : "\(count) break point\(count == 1 ? "" : "s"), as before")
        return true
    }

    /// A run has come to a stop at these.
    mutating func stop(at hits: [BreakpointHit]) {
        guard !hits.isEmpty else { return }
        insight.stoppedAt = hits
        if message == nil { say("stopped at " + printable(hits.map(\.text).joined(separator: "; "))) }
    }

    // MARK: Typed

    /// `break WHAT`, `watch WHAT`, `delete N`; `words` begin with the command.
    mutating func breakpointCommand(_ words: [String]) {
        let rest = words.dropFirst().joined(separator: " ")
        switch words[0] {
        case "break":
            switch session.breakpoint(rest) {
            case .success(let kind): setBreakpoint(kind, "break \(rest)")
            case .failure(let complaint): complain(complaint.text)
            }
        case "watch":
            switch session.item(rest) {
            case .success(let item): setBreakpoint(.item(item), "watch \(rest)")
            case .failure(let complaint): complain(complaint.text)
            }
        case "delete" where rest == "all":
            change { $0.removeAll() }
            say("no break points any more   u brings them back")
        default:
            guard let number = Int(rest), insight.breakpoints.all.contains(where: { $0.number == number }) else {
                return complain(
                    insight.breakpoints.isEmpty
                        ? "there are no break points" : "delete N or delete all; B lists the numbers")
            }
            change { $0.remove(number) }
            say("breakpoint \(number) is gone   u brings it back")
        }
    }

    // MARK: The list

    mutating func pressInBreakpoints(_ key: Key, _ row: Int) -> Bool {
        let all = insight.breakpoints.all
        guard all.indices.contains(row) else { return false }
        switch key {
        case .enter, .character(" "):
            change { $0.toggle(all[row].number) }
        case .delete, .backspace, .character("x"):
            change { $0.remove(all[row].number) }
            view = .sheet(row: max(0, min(row, all.count - 2)))
        default: return false
        }
        return true
    }
}

extension Breakpoint.Kind {
    /// The command that sets it.
    func command(_ generation: Rules.Generation) -> String {
        switch self {
        case .item(let item): "watch \(item.text)"
        case .function(let function): "break \(function.name(generation))"
        case .broken(let invariant): invariant.map { "break invariant \($0.id)" } ?? "break invariants"
        case .line(let line): "break line \(line)"
        case .condition(.lost(let count)): "break lost \(count)"
        case .condition: "break"
        }
    }
}

/// The list of break points.
struct BreakpointSheet {
    let player: Player
    let columns: Int

    func listing(row: Int) -> Listing {
        let all = player.insight.breakpoints.all
        let hits = Set(player.insight.stoppedAt.map(\.breakpoint.number))
        var listing = Listing()
        listing.title = "Break points"
        listing.count = all.count
        listing.cursor = min(row, max(0, all.count - 1))
        listing.showsCursorAlways = true
        listing.empty = "none: b sets one on what is selected, :break and :watch take words"
        listing.row = { index in
            let breakpoint = all[index]
            var line = Line()
            line.column("\(breakpoint.number)", 4, right: true)
            line.add(breakpoint.isEnabled ? "  on   " : "  off  ", Style(.plain, breakpoint.isEnabled ? .bold : .dim))
            line.add(printable(breakpoint.text), Style(.plain, breakpoint.isEnabled ? [] : .dim))
            if hits.contains(breakpoint.number) { line.add("   here", Style(.plain, .bold)) }
            return line
        }
        if !all.isEmpty {
            listing.footer = [Line(" c e n f Space stop there, C E N F too", Style(.plain, .dim))]
        }
        return listing
    }
}
