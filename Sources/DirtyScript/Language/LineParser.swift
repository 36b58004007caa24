/// Parses one line against what the lines before it declared. Every complaint at a word carries
/// the words that could stand there, which is also how completion knows them.
struct LineParser {
    let line: SourceLine
    let tokens: [Token]
    var position = 0
    var declarations: Declarations
    /// Complaints about earlier lines that this one settles.
    var late: [Diagnostic] = []
    /// Complaints about what is understood and not simulated yet.
    var unsupported: [Diagnostic] = []
    /// Whether the operation being parsed may run only after later lines.
    var runsLater = false

    init(line: SourceLine, tokens: [Token], declarations: Declarations) {
        self.line = line
        self.tokens = tokens
        self.declarations = declarations
    }

    /// The whole line; nil inside a race.
    mutating func statement() throws(Diagnostic) -> Statement? {
        let label = try self.label()
        let location = commandLocation
        let text = line.text(location.column - 1..<location.column - 1 + location.length)
        let first = position < tokens.count ? tokens[position] : nil
        if let first { try checkContext(of: first, label: label?.text) }
        switch first?.text {
        case "race"?:
            try openRace(at: location, text: text)
            return nil
        case "end"?:
            let race = try closeRace()
            return Statement(
                command: .race(race.statements), location: race.location, text: race.text)
        default:
            break
        }
        runsLater = label != nil || declarations.race != nil
        let command = try self.command()
        try expectEnd()
        let statement = Statement(
            label: label?.text, command: command, location: location, text: text)
        guard declarations.race != nil else { return statement }
        declarations.race?.statements.append(statement)
        return nil
    }

    /// Only operations take a label, and only operations stand in a race.
    private func checkContext(of first: Token, label: String?) throws(Diagnostic) {
        guard Vocabulary.commands.contains(first.text), !startsOperation(first) else { return }
        if let label {
            throw error(
                "the label '\(label)' is for an operation, and '\(first.text)' is none", at: first)
        }
        if let race = declarations.race, first.text != "end" {
            let reason =
                first.text == "race" ? "races do not nest" : "only operations may stand in a race"
            throw error(
                "\(reason) (open since line \(race.location.line))", at: first,
                expected: "an operation or 'end'")
        }
    }

    // MARK: Labels and races

    private mutating func label() throws(Diagnostic) -> Token? {
        guard tokens.count > 1, tokens[0].kind == .word, tokens[1].kind == .colon else {
            return nil
        }
        let token = tokens[0]
        try checkName(token, what: "label")
        if let race = declarations.race {
            throw error(
                "a line of a race takes no label (open since line \(race.location.line))", at: token
            )
        }
        // Declared even if the rest of the line is in error, so that its steps are not errors too.
        try declare(token, as: .label)
        position = 2
        return token
    }

    private mutating func openRace(at location: SourceLocation, text: String) throws(Diagnostic) {
        position += 1
        closeSetUp()
        declarations.race = Declarations.OpenRace(source: line, location: location, text: text)
        try expectEnd()
    }

    private mutating func closeRace() throws(Diagnostic) -> Declarations.OpenRace {
        let token = tokens[position]
        position += 1
        guard let race = declarations.race else { throw error("'end' without a race", at: token) }
        declarations.race = nil
        try expectEnd()
        return race
    }

    /// Operations begin here: what waited for the end of the set-up is settled.
    mutating func closeSetUp() {
        guard declarations.setUpIsOpen else { return }
        declarations.setUpEnd = line.number
        late += declarations.settle(setUpIsOver: true)
    }

    // MARK: Commands

    private func startsOperation(_ token: Token) -> Bool {
        guard token.kind == .word else { return false }
        return Vocabulary.kernelOperations.contains(token.text)
            || declarations.space(of: token.text) != nil
    }

    private mutating func command() throws(Diagnostic) -> Command {
        // The words to choose from are many: they are listed where somebody has to choose.
        let candidates = position < tokens.count ? [] : commandCandidates
        let first = try take("command", expected: "a command or a process", candidates: candidates)
        guard first.kind == .word else {
            throw unexpected(first, expected: "a command or a process")
        }
        if startsOperation(first) {
            closeSetUp()
            return .operation(try operation(first))
        }
        note(.command, first)
        switch first.text {
        case let word where Vocabulary.setUp.contains(word) || Vocabulary.tasks.contains(word):
            return try setUp(first)
        case let word where Vocabulary.presentation.contains(word):
            return try presentation(first)
        case "step": return try step()
        case "finish": return .finish(label: try declaredLabel())
        case "expect": return .expect(try expectation())
        default: throw unknownCommand(first)
        }
    }

    /// The words that could begin this line.
    private var commandCandidates: [String] {
        var words = Vocabulary.kernelOperations
        if declarations.race == nil {
            words +=
                ["race", "step", "finish", "expect"] + Vocabulary.tasks + Vocabulary.presentation
            if declarations.setUpIsOpen { words += Vocabulary.setUp }
        } else {
            words.append("end")
        }
        return supported(.command, words) + tasks
    }

    private func unknownCommand(_ first: Token) -> Diagnostic {
        if let thing = declarations.names[first.text]?.thing {
            return error(
                "\(quoted(first.text)) is \(thing.kind)", at: first,
                expected: "a command or a process")
        }
        // With an operation behind it, the word was meant as a process.
        if position < tokens.count, Vocabulary.taskOperations.contains(tokens[position].text) {
            return unknown("process", first, among: tasks)
        }
        if Vocabulary.taskOperations.contains(first.text) {
            return error(
                "\(quoted(first.text)) is an operation of a process", at: first,
                expected: "the name of a process before it")
        }
        return error(
            "unknown command or process \(quoted(first.text))", at: first,
            candidates: first.text.isEmpty ? commandCandidates : Vocabulary.commands + tasks)
    }

    // MARK: Schedule

    private mutating func step() throws(Diagnostic) -> Command {
        if let hardware = try hardwareStep() { return hardware }
        let label = try declaredLabel()
        guard let token = takeIfAny() else { return .step(label: label, .count(1)) }
        guard token.text == "until" else {
            let count = try number(
                token, "number of steps", 1...Limits.steps, candidates: ["until"])
            return .step(label: label, .count(count))
        }
        let function = try take("kernel function")
        let isIdentifier = function.text.utf8.allSatisfy {
            isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_")
        }
        guard function.kind == .word, isIdentifier, !function.text.isEmpty,
            !isDigit(function.text.utf8.first!),
            function.text.utf8.count <= Limits.functionNameLength
        else { throw unexpected(function, expected: "the name of a kernel function") }
        return .step(label: label, .until(function: function.text))
    }

    /// `step device`, `step device db[0]`, `step tlb A m[0]`; nil where a label stands.
    private mutating func hardwareStep() throws(Diagnostic) -> Command? {
        guard position < tokens.count, tokens[position].kind == .word else { return nil }
        let word = String(tokens[position].text)
        guard word == "device" || word == "tlb", declarations.names[word] == nil else { return nil }
        position += 1
        guard word == "tlb" else {
            let page = position < tokens.count ? try filePage() : nil
            return .step(label: word, .device(page: page))
        }
        let process = try task()
        return .step(label: word, .entry(P: process, page: try mapping(of: process)))
    }

    private mutating func declaredLabel() throws(Diagnostic) -> String {
        let token = try take(
            "label", expected: nameList(declarations.labels, "label"),
            candidates: declarations.labels)
        guard declarations.names[token.text]?.thing == .label else {
            throw unknown("label", token, among: declarations.labels)
        }
        return token.text
    }
}
