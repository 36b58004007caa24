import DirtyMachine
import DirtyScript

/// What a search has found, for people.
public enum ExplorationText {
    public static func lines(_ exploration: Exploration) -> [String] {
        var lines: [String] = []
        if let breach = exploration.breach {
            lines += schedule(breach)
            lines.append("")
        }
        for note in exploration.notes {
            lines.append(
                "note: \(name(note)): \(note.text) (after \(steps(note.schedule.count)); "
                    + "'--invariant \(note.invariant?.name ?? "")' shows them)")
        }
        for statement in exploration.failedBefore {
            lines.append(
                "note: line \(statement.location.line): '\(statement.text)' fails before the race begins; "
                    + "the verdict is not about it")
        }
        lines.append(verdict(exploration))
        lines.append(size(exploration.result))
        return lines
    }

    /// The verdict in a sentence.
    public static func verdict(_ exploration: Exploration) -> String {
        switch exploration.verdict {
        case .holds: "holds: no interleaving breaks it on \(exploration.profile.rawValue)"
        case .violated:
            "violated on \(exploration.profile.rawValue) after "
                + "\(steps(exploration.breach!.schedule.count)): \(name(exploration.breach!)): "
                + exploration.breach!.text
        case .deadlock:
            "deadlock on \(exploration.profile.rawValue) after "
                + "\(steps(exploration.breach!.schedule.count)): \(exploration.breach!.text)"
        case .limit:
            switch exploration.limit! {
            case .states: "limit: as many states as were allowed; no verdict"
            case .memory: "limit: as much memory as was allowed; no verdict"
            case .time: "limit: the time is up; no verdict"
            case .interrupted: "limit: interrupted; no verdict"
            }
        }
    }

    /// What a schedule leads to: `I2 durability: db.folio[0]: …`
    public static func finding(_ breach: Breach) -> String { "\(name(breach)): \(breach.text)" }

    /// What is broken: an invariant, or its like.
    public static func name(_ breach: Breach) -> String {
        breach.invariant.map { "\($0.id) \($0.name)" } ?? (breach.isDeadlock ? "deadlock" : "expectation")
    }

    private static func steps(_ count: Int) -> String { count == 1 ? "1 step" : "\(count) steps" }

    /// How many states there were, the same whoever searched.
    public static func counts(_ result: SearchResult) -> String {
        "\(grouped(result.states)) state\(result.states == 1 ? "" : "s"), \(grouped(result.transitions)) "
            + "transition\(result.transitions == 1 ? "" : "s"), depth \(result.depth)"
    }

    /// How many states there were, what they cost, and, where that is worth a word, how likely it is
    /// that two of them were taken for one.
    public static func size(_ result: SearchResult) -> String {
        let each = result.states > 0 ? result.bytes / result.states : 0
        let odds = 1 / result.chanceOfOmission
        return counts(result) + ", \(grouped((result.bytes + 1023) >> 10)) KiB (\(each) bytes a state)"
            + (odds > 1e9 ? "" : "; a state was overlooked with a chance below 1 in \(grouped(Int(odds)))")
    }

    /// `1,234,567`
    public static func grouped(_ number: Int) -> String {
        var digits = Array(String(number))
        var at = digits.count - 3
        while at > 0 {
            digits.insert(",", at: at)
            at -= 3
        }
        return String(digits)
    }

    // MARK: The schedule

    /// A line for each move, and lines for what it changed.
    static func schedule(_ breach: Breach) -> [String] {
        var lines: [String] = []
        var heading = ""
        for (number, move) in breach.schedule.enumerated() {
            if number > 0, move.race != breach.schedule[number - 1].race {
                lines += ["", "race \(move.race + 1)"]
                heading = ""
            }
            let who = who(move)
            if who != heading {
                lines.append("")
                lines.append(who)
                heading = who
            }
            let label = move.title.label.isEmpty ? "" : move.title.label + " "
            let text = move.title.text == move.function ? "" : "  " + label + move.title.text
            let count = String(number + 1)
            lines.append(
                String(repeating: " ", count: max(0, 4 - count.count)) + count + "  " + move.function
                    + text)
            for line in changes(move) { lines.append("        " + line) }
            if breach.doom == number { lines.append("      ! " + breach.doomText) }
        }
        if let behind = breach.behind, !behind.isEmpty {
            lines += ["", "behind the race"]
            lines += behind.map { "      line \($0.location.line): \($0.text)" }
        }
        return lines
    }

    private static func who(_ move: ScheduledMove) -> String {
        let cpu = move.cpu.map { "CPU\($0)  " } ?? ""
        if move.raceLine == nil { return "\(cpu)\(move.task), \(move.page)" }
        return "\(cpu)line \(move.line): \(move.command)"
    }

    private static func changes(_ move: ScheduledMove) -> [String] {
        var subjects: [(name: String, texts: [String])] = []
        for alteration in move.alterations where alteration.subject != "" || !isHistory(alteration) {
            let text = "\(alteration.attribute) \(alteration.old) -> \(alteration.new)"
            if let known = subjects.firstIndex(where: { $0.name == alteration.subject }) {
                subjects[known].texts.append(text)
            } else {
                subjects.append((alteration.subject, [text]))
            }
        }
        return subjects.flatMap { subject in
            TextWrap.lines(
                (subject.name.isEmpty ? "" : subject.name + ": ") + subject.texts.joined(separator: ", "),
                90)
        }
    }

    /// Counts of what has happened say nothing about why.
    private static func isHistory(_ alteration: Alteration) -> Bool {
        ["pgfault", "pgmajfault", "tlb_flush"].contains(alteration.attribute)
    }
}
