import DirtyMachine

// What only a run can find wrong with a line, told as the parser tells its own complaints.

/// Why an operation cannot begin, or a task cannot go on. The parser has checked names; this is
/// what only a run can tell.
struct CannotBegin: Error {
    let message: String
    /// The word of the line that is to blame.
    var word: String?
    var expected: String?
    /// What could have been meant.
    var candidates: [String] = []
}

extension Session {
    func refused(_ problem: CannotBegin, _ statement: Statement) -> Advance {
        .refused(
            statement.diagnostic(
                in: name, problem.message, at: problem.word, expected: problem.expected,
                candidates: problem.candidates))
    }

    /// Refuses a choice of the user's, which no line of the script is to blame for.
    func refused(_ message: String) -> Advance {
        let place = nextStatement?.location ?? SourceLocation(line: lastLine, column: 1)
        return .refused(
            Diagnostic(
                file: name, location: place, message: message, expected: nil, suggestion: nil,
                source: ""))
    }

    func hasEnded(_ label: String) -> CannotBegin {
        let others = progress.labels.keys.sorted()
        return CannotBegin(
            message: "'\(label)' has ended already", word: label,
            expected: others.isEmpty
                ? "a task under way, and there is none" : "a task under way: " + alternatives(others),
            candidates: others)
    }

    /// A `step … until` that its function never came to.
    func missed(_ function: String, _ label: String) -> CannotBegin {
        let slot = progress.labels[label].map { machine.slot(of: $0) } ?? 0
        let start = min(max(0, progress.commandLogStart - window.logStart), machine.log.count)
        let generation = machine.rules.generation
        var visited: [String] = []
        for change in machine.log[start...] where Int(change.task) == slot {
            let name = change.function.name(generation)
            if change.function != .scenario, !visited.contains(name) { visited.append(name) }
        }
        return CannotBegin(
            message: "'\(label)' ends without coming to \(function)", word: function,
            expected: visited.isEmpty
                ? nil : "a function on its way: " + alternatives(Array(visited.suffix(6))),
            candidates: visited)
    }

    /// A task that cannot go on, as a complaint about the line that wants it to.
    public func diagnostic(_ blocked: BlockedMove) -> Diagnostic {
        let line = blocked.line
        let script = progress.race == nil ? nextStatement : statement(atLine: line) ?? nextStatement
        let label = progress.labels.first { $0.value == blocked.holder }?.key
        let expected = label.map { "'step \($0)' or 'finish \($0)' before it" }
        guard let statement = script else {
            return Diagnostic(
                file: name, location: SourceLocation(line: line, column: 1), message: blocked.message,
                expected: expected, suggestion: nil, source: "")
        }
        let word: String? =
            switch statement.command {
            case .step(let label, _), .finish(let label): label
            default: nil
            }
        return statement.diagnostic(in: name, blocked.message, at: word, expected: expected)
    }
}
