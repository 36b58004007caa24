import DirtyMachine

/// The report that people read: each command, its faults, its calls in the kernel, and what it
/// changed.
public struct TextReport: Sendable {
    /// Columns of a line.
    public var width = 80
    /// Draws trees with ASCII alone.
    public var isASCII: Bool
    /// Sets commands in bold and calls in faint letters, for a terminal that understands it.
    public var isStyled: Bool

    public init(isASCII: Bool = false, isStyled: Bool = false) {
        self.isASCII = isASCII
        self.isStyled = isStyled
    }

    /// What is run, and under which kernel.
    public func heading(_ session: Session) -> [String] {
        [bold(printable(session.title)) + "  (kernel \(session.profile.rawValue))"]
    }

    /// The lines for a statement that has just ended; empty for those that say nothing.
    public func lines(_ conclusion: Conclusion, in session: Session) -> [String] {
        let statement = conclusion.statement
        switch statement.command {
        case .chapter(let title):
            let rule = String(repeating: "=", count: max(0, width - printable(title).count - 4))
            return ["", bold("== " + printable(title) + " " + rule)]
        case .say(let text):
            return [""] + wrap(printable(text), width - 2).map { "  " + $0 }
        case .expect:
            guard let expectation = conclusion.expectation else { return [] }
            let text = printable(statement.text)
            return expectation.passed
                ? ["     ok  \(text)"]
                : [
                    "   " + bold("FAIL  \(text)"),
                    "         line \(statement.location.line): found \(expectation.found)",
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
        let number = pad("\(statement.location.line)", 4, right: true)
        let command = printable(statement.labelledText)
        let blanks = String(repeating: " ", count: max(0, 34 - command.count))
        var lines = ["", "\(number)  \(bold(command))\(blanks)  \(summary(conclusion))"]
        let changes = session.changes(of: conclusion)
        let tree = CallTreeText(
            width: width - 9, isASCII: isASCII, generation: machine.rules.generation)
        for (index, line) in tree.lines(machine.calls(in: changes)).enumerated() {
            lines.append((index == 0 ? "      in " : "         ") + faint(line))
        }
        lines += ChangeText(width: width - 7).lines(machine.alterations(changes)).map { "       " + $0 }
        if let label = runningLabel(statement), let task = session.progress.labels[label],
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

    /// The end of a run: what was checked, and what was lost.
    public func closing(_ session: Session) -> [String] {
        let progress = session.progress
        var lines = [""]
        let lost = session.machine.lostStores
        if !lost.isEmpty {
            let list = lost.map { "\(session.machine.name(of: $0.file))[\($0.index)] value \($0.value)" }
            lines += wrap(list.joined(separator: ", "), width - 9).enumerated().map {
                ($0.offset == 0 ? bold("LOST") + "     " : "         ") + $0.element
            }
        }
        if progress.checks > 0 {
            lines.append(
                progress.failures == 0
                    ? "\(count(progress.checks, "expectation")) held"
                    : bold("\(progress.failures) of \(count(progress.checks, "expectation")) FAILED"))
        }
        return lines.count > 1 ? lines : []
    }

    private func bold(_ text: String) -> String { isStyled ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    private func faint(_ text: String) -> String { isStyled ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
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
