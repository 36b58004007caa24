import DirtyMachine

// The prompt: lines that the user adds to the script, and takes out again.

/// What a session knows about typed lines. Going back does not change it: a line stays in the
/// script until somebody takes it out.
struct Typing: Sendable {
    /// Line numbers of everything typed, oldest first.
    var lines: [Int] = []
    /// Those that have not had their turn since they were typed.
    var waiting: Set<Int> = []
    /// What the parser knows after the last statement, once somebody has typed a line.
    var declarations: Declarations?
}

extension Session {
    /// What the parser knows after the last statement: the names that a typed line can use.
    public var declarations: Declarations {
        typing.declarations ?? Declarations(name: name, rules: .machine, after: statements)
    }

    /// The lines that the user has typed, in the order in which the script runs them.
    public var typedStatements: [Statement] { typing.lines.isEmpty ? [] : statements.filter(isTyped) }

    /// The typed lines that lie ahead: those that wait for their turn, and those that were taken
    /// back. In the order in which the script runs them.
    public var typedAhead: [Statement] { statements[firstAhead...].filter(isTyped) }

    func isTyped(_ statement: Statement) -> Bool { typing.lines.contains(statement.location.line) }

    /// The command at the cursor has begun.
    private var isBusy: Bool {
        progress.running != nil || progress.race != nil || progress.isDraining || progress.stepsTaken > 0
    }

    /// The first statement that has not begun.
    private var firstAhead: Int { min(progress.cursor + (isBusy ? 1 : 0), statements.count) }

    /// Parses a line typed by the user and puts it next in the script: behind the command under
    /// way, and behind lines typed before that still wait for their turn. A line that ran and was
    /// taken back waits no more: what is typed in front of it runs before it.
    ///
    /// The moves that had been taken back are forgotten: from here on there is another future.
    public mutating func type(_ line: String) -> Result<Statement?, Diagnostics> {
        let number = lastLine + 1
        var declarations = declarations
        switch declarations.parseLine(line, number: number) {
        case .failure(let diagnostics):
            return .failure(told(diagnostics))
        case .success(let statement):
            if let statement, let problem = reasonAgainst(statement) {
                return .failure(told(Diagnostics([problem])))
            }
            typing.declarations = declarations
            guard let statement else { return .success(nil) }
            var index = firstAhead
            while index < statements.count, typing.waiting.contains(statements[index].location.line) {
                index += 1
            }
            statements.insert(statement, at: index)
            typing.lines.append(statement.location.line)
            typing.waiting.insert(statement.location.line)
            history.truncate(to: position)
            return .success(statement)
        }
    }

    /// Takes a typed line out of the script again, by its line number. Only a line that lies ahead
    /// can go: from one that has run, step back first. Returns it; nil when there is no such line.
    ///
    /// As after typing, moves that had been taken back are forgotten.
    @discardableResult
    public mutating func removeTyped(line: Int) -> Statement? {
        guard typing.lines.contains(line),
            let index = statements[firstAhead...].firstIndex(where: { $0.location.line == line })
        else { return nil }
        let statement = statements.remove(at: index)
        typing.lines.removeAll { $0 == line }
        typing.waiting.remove(line)
        typing.declarations = Declarations(name: name, rules: .machine, after: statements)
        history.truncate(to: position)
        return statement
    }

    /// Takes out the line that was typed last of those that lie ahead, or the race that is being
    /// typed. Returns it; nil when there is none.
    @discardableResult
    public mutating func removeLastTyped() -> Statement? {
        if let race = typing.declarations?.race {
            typing.declarations = Declarations(name: name, rules: .machine, after: statements)
            return Statement(command: .race(race.statements), location: race.location, text: race.text)
        }
        let ahead = Set(typedAhead.map(\.location.line))
        return typing.lines.last(where: ahead.contains).flatMap { removeTyped(line: $0) }
    }

    /// After a move: lines that have had their turn wait no more, and once one of them has, or
    /// somebody has chosen who moves, the script's own lines may not fit any more.
    mutating func noteTurns(since cursor: Int, _ choice: Choice) {
        if choice != .script { progress.hasLeftScript = true }
        guard !typing.lines.isEmpty else { return }
        let begun = statements[min(cursor, firstAhead)..<firstAhead].filter(isTyped)
        if !begun.isEmpty { progress.hasLeftScript = true }
        typing.waiting.subtract(begun.map(\.location.line))
    }

    /// How a line is told of: by its number in the file, or as typed, for then it has none there.
    public func place(ofLine line: Int) -> String {
        line > lastScriptLine ? "a typed line" : "line \(line)"
    }

    /// The last line of the file itself that has a statement.
    private var lastScriptLine: Int {
        guard let first = typing.lines.min() ?? (typing.declarations?.race).map(\.location.line) else { return Int.max }
        return first - 1
    }

    /// Complaints about typed lines, which speak of other lines by number.
    private func told(_ diagnostics: Diagnostics) -> Diagnostics {
        let last = min(lastScriptLine, lastLine)
        return Diagnostics(
            diagnostics.list.map { diagnostic in
                var diagnostic = diagnostic
                diagnostic.message = Self.withoutTypedNumbers(diagnostic.message, last)
                return diagnostic
            })
    }

    /// `since line 40` → `since a typed line`, where the file has no line of that number.
    private static func withoutTypedNumbers(_ text: String, _ last: Int) -> String {
        var result = ""
        var rest = text[...]
        while let found = rest.firstRange(of: "line ") {
            let digits = rest[found.upperBound...].prefix { $0.isNumber }
            let isTyped = Int(digits).map { $0 > last } ?? false
            result += rest[..<found.lowerBound] + (isTyped ? "a typed line" : "line " + digits)
            rest = rest[digits.endIndex...]
        }
        return result + rest
    }

    /// The lines of a race that is being typed and has no `end` yet; nil when there is none.
    public var openRaceLength: Int? { typing.declarations?.race?.statements.count }

    /// Labelled tasks that have begun and can still move, by label.
    public var openLabels: [String] {
        progress.labels.filter { !machine.isDone($0.value) }.map(\.key).sorted()
    }

    /// Why a line that parsed cannot come now.
    private func reasonAgainst(_ statement: Statement) -> Diagnostic? {
        if let problem = SemanticCheck.problem(in: statement, name: name) { return problem }
        switch statement.command {
        case .kernel, .rule, .cpus, .frames:
            return statement.diagnostic(
                in: name, "the machine is built already; this belongs at the top of a scenario")
        default: break
        }
        // The script's own line of that name could not begin any more.
        guard let label = statement.label,
            let later = statements[firstAhead...].first(where: { $0.label == label })
        else { return nil }
        return statement.diagnostic(
            in: name, "\(place(ofLine: later.location.line)) of the script is going to be '\(label)'", at: label,
            expected: "another label")
    }
}
