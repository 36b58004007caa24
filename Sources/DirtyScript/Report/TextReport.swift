import DirtyMachine

/// The report that people read: each command, its faults, its path through the kernel, and what
/// it changed.
public struct TextReport {
    /// Columns to wrap narration at.
    public var width = 80

    public init() {}

    /// What is run, and under which kernel.
    public func heading(_ session: Session) -> [String] {
        ["\(printable(session.title))  (kernel \(session.profile.rawValue))"]
    }

    /// The lines for a statement that has just ended; empty for those that say nothing.
    public func lines(_ conclusion: Conclusion, in session: Session) -> [String] {
        let statement = conclusion.statement
        switch statement.command {
        case .chapter(let title):
            return ["", "== " + printable(title) + " " + String(repeating: "=", count: max(0, width - title.count - 4))]
        case .say(let text):
            return [""] + wrap(printable(text), width - 2).map { "  " + $0 }
        case .expect:
            guard let expectation = conclusion.expectation else { return [] }
            let text = printable(statement.text)
            return expectation.passed
                ? ["     ok  \(text)"]
                : [
                    "   FAIL  \(text)", "         line \(statement.location.line): found \(expectation.found)",
                ]
        case .operation, .step, .finish:
            return operation(conclusion, session)
        default:
            return []
        }
    }

    private func operation(_ conclusion: Conclusion, _ session: Session) -> [String] {
        let machine = session.machine
        let statement = conclusion.statement
        let command = (statement.label.map { $0 + ": " } ?? "") + printable(statement.text)
        var lines = ["", pad("\(statement.location.line)", 4, right: true) + "  " + pad(command, 34) + "  " + summary(conclusion)]
        let changes = machine.log[min(conclusion.logStart, machine.log.count)...]
        let path = CallPath.functions(in: changes, machine.rules.generation)
        lines += wrap(path.joined(separator: " > "), width - 11).enumerated().map {
            ($0.offset == 0 ? "      in " : "         ") + $0.element
        }
        lines += changeLines(machine.alterations(changes))
        if case .some(let label) = runningLabel(statement), let task = session.progress.labels[label],
            let waiting = machine.wouldWait(task)
        {
            lines.append("      .. " + session.sentence(task, waiting))
        }
        return lines
    }

    private func runningLabel(_ statement: Statement) -> String? {
        switch statement.command {
        case .step(let label, _), .finish(let label): label
        default: statement.label
        }
    }

    private func summary(_ conclusion: Conclusion) -> String {
        guard let result = conclusion.result else { return "begun" }
        var parts: [String] = [conclusion.hasEnded ? result.outcome.name : "under way"]
        if conclusion.hasEnded, let value = result.value { parts.append("value \(value)") }
        if result.minorFaults > 0 { parts.append(count(result.minorFaults, "minor fault")) }
        if result.majorFaults > 0 { parts.append(count(result.majorFaults, "major fault")) }
        return parts.joined(separator: ", ")
    }

    private func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    /// Changes of one thing share a line: `db.folio[0]  dirty 0 -> 1, mapcount 0 -> 1`.
    private func changeLines(_ alterations: [Alteration]) -> [String] {
        var subjects: [String] = []
        var grouped: [String: [Alteration]] = [:]
        for alteration in alterations {
            let subject = alteration.subject
            if grouped[subject] == nil { subjects.append(subject) }
            grouped[subject, default: []].append(alteration)
        }
        let column = min(24, max(12, subjects.map(\.count).max() ?? 0))
        return subjects.flatMap { subject -> [String] in
            let texts = grouped[subject]!.map { "\($0.attribute) \($0.old) -> \($0.new)" }
            let head = subject.isEmpty ? "(counters)" : subject
            let body = wrap(texts.joined(separator: ", "), max(20, width - 11 - column))
            return body.enumerated().map {
                "       ~ " + pad($0.offset == 0 ? head : "", column) + "  " + $0.element
            }
        }
    }

    /// The end of a run: what was checked, and what was lost.
    public func closing(_ session: Session) -> [String] {
        let progress = session.progress
        var lines = [""]
        let lost = session.machine.lostStores
        if !lost.isEmpty {
            let list = lost.map { "\(session.machine.name(of: $0.file))[\($0.index)] value \($0.value)" }
            lines.append("LOST     " + list.joined(separator: ", "))
        }
        if progress.checks > 0 {
            lines.append(
                progress.failures == 0
                    ? "\(count(progress.checks, "expectation")) held"
                    : "\(progress.failures) of \(count(progress.checks, "expectation")) FAILED")
        }
        return lines.count > 1 ? lines : []
    }
}

/// The way that a task took through the kernel, read from the log.
public enum CallPath {
    /// The functions that changed something or were called, in order, each once in a row.
    public static func functions(
        in changes: some Sequence<Change>, _ generation: Rules.Generation
    ) -> [String] {
        var path: [KernelFunction] = []
        var latest = KernelFunction.none
        for change in changes where change.function != latest {
            latest = change.function
            guard latest != .scenario, latest != .none, !path.contains(latest) else { continue }
            path.append(latest)
        }
        return path.map { $0 == .device ? "(device)" : $0.name(generation) }
    }
}

/// Text padded with blanks to a width.
func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return right ? blanks + text : text + blanks
}

/// Text broken at blanks into lines of at most `width` characters.
public func wrap(_ text: String, _ width: Int) -> [String] {
    guard !text.isEmpty else { return [] }
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
        var line = ""
        for word in paragraph.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(line)
    }
    return lines
}
