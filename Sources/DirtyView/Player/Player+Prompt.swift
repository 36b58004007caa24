import DirtyScript

// The prompt. What is typed there is a line of the scenario language, with the same effect as in a
// file. The player has a few words of its own, and the scenario has precedence over them:
//
// 1. A line whose first word names a process, thread or label of the scenario belongs to the
//    scenario: with a process called `q`, `:q write m[0]` makes it write.
// 2. Else `41`, `+10`, `-10`, `20%`, `q`, `quit`, `undo`, `save`, `help` and `set` are the player's.
// 3. Else a name of a pane leads to it, a key or the name of what it does does that, and words of
//    debuggers and editors stand for the player's own.
// 4. All else goes to the scenario's parser, whose complaints are shown.

extension Player {
    mutating func pressInPrompt(_ key: Key) {
        switch key {
        case .enter:
            view = .main
            let line = command.text
            command.remember(line)
            submit(line)
        case .escape: view = .main
        case .backspace where command.scalars.isEmpty: view = .main
        case .tab: complete()
        default: if command.press(key) { message = nil }
        }
    }

    // MARK: Completion

    static let settings: [(name: String, values: [String])] = [
        ("glyphs", GlyphSet.allCases.map(\.rawValue)), ("theme", Theme.all.map(\.name)),
        ("speed", ["0.5", "1", "2", "4"]), ("keys", ["on", "off"]),
    ]

    private mutating func complete() {
        var (range, found) = Completion.candidates(
            line: command.text, cursor: command.cursor, declarations: session.declarations)
        let own = ownCandidates()
        found += own.filter { !found.contains($0) }
        guard let first = found.first else { return say("nothing to complete here") }
        if found.count == 1 {
            command.replace(range, with: first + " ")
            message = nil
        } else {
            let common = found.dropFirst().reduce(first) { common, word in
                String(zip(common, word).prefix { $0 == $1 }.map(\.0))
            }
            if common.unicodeScalars.count > range.count { command.replace(range, with: common) }
            range = range.lowerBound..<command.cursor
            say(found.joined(separator: "  "))
        }
    }

    /// The player's own words that fit at the cursor.
    private func ownCandidates() -> [String] {
        let before = String(String.UnicodeScalarView(command.scalars[..<command.cursor]))
        let words = before.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard let typed = words.last else { return [] }
        let known: [String]
        switch words.count {
        case 1: known = ["help", "quit", "save", "set", "undo"] + Self.understandingWords + Self.exploringWords
        case 2... where Self.understandingWords.contains(words[0]): known = understandingCandidates(words)
        case 2... where ["explore", "can-lose"].contains(words[0]): known = ["--max-states", "--max-memory"]
        case 2 where words[0] == "set": known = Self.settings.map(\.name)
        case 3 where words[0] == "set":
            known = Self.settings.first { $0.name == words[1] }?.values ?? []
        default: known = []
        }
        return known.filter { $0.hasPrefix(typed) && $0 != typed }
    }

    // MARK: Commands

    mutating func submit(_ line: String) {
        message = nil
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard let first = words.first else { return }
        let declarations = session.declarations
        let isScenarios = (declarations.processes + declarations.threads + declarations.labels)
            .contains { first == $0 || first == $0 + ":" }
        if !isScenarios, perform(words) || performNamed(words) { return }
        type(line)
    }

    /// A pane, or what a key does, by its name, and the words that others use for these. A word that
    /// is a whole line of the language is left to the language.
    private mutating func performNamed(_ words: [String]) -> Bool {
        if words.count == 1, !["crash", "end", "pause", "race"].contains(words[0]) {
            if let pane = Pane.named(words[0]) {
                focus(on: pane)
                return true
            }
            if let binding = binding(named: words[0]) {
                perform(binding.action)
                return true
            }
        }
        return Synonyms.line(for: words).map { perform($0) || performNamed($0) } ?? false
    }

    /// What a key does, by its name or the key's. A number is a step, not the key of a pane.
    func binding(named word: String) -> Binding? {
        if Int(word) != nil { return nil }
        let usable = keys.bindings.filter { $0.action != .terminal }
        return usable.first { $0.command == word } ?? usable.first { $0.keys.contains { $0.description == word } }
    }

    /// The player's own words. False if it is none of them.
    private mutating func perform(_ words: [String]) -> Bool {
        switch words[0] {
        case "q", "quit":
            isFinished = true
        case "undo":
            guard words.count == 1 else { return false }
            undoTyped()
        case "save", "save!":
            save(words)
        case "help":
            view = .help(filter: words.dropFirst().joined(separator: " "), row: 0)
        case "set":
            set(Array(words.dropFirst()))
        case let word where Self.understandingWords.contains(word):
            understand(words)
        case let word where Self.exploringWords.contains(word):
            explore(words)
        default:
            guard words.count == 1 else { return false }
            if words[0].hasSuffix("%"), let percent = Int(words[0].dropLast()), (0...100).contains(percent) {
                go(toPercent: percent)
            } else if let target = position(words[0]) {
                go(to: target)
            } else {
                return false
            }
        }
        return true
    }

    /// Hands the session out as a scenario, to be written by whoever runs the player.
    private mutating func save(_ words: [String]) {
        guard words.count > 1 else { return complain("save FILE writes the session as a scenario; save! writes over a file") }
        do throws(SavedSession.Problem) {
            var text = try SavedSession.text(of: session)
            // The end of a schedule proves something when it is run.
            if let schedule = exploring.schedule, session.position >= schedule.captions.last?.position ?? .max {
                for line in schedule.expectations { text += line + "\n" }
            }
            request = .save(text, path: words.dropFirst().joined(separator: " "), replaces: words[0] == "save!")
        } catch {
            complain(error.description)
        }
    }

    /// `41`, `+10`, `-10`
    private func position(_ word: String) -> Int? {
        // Nobody means more, and sums of less cannot overflow.
        guard let number = Int(word), abs(number) < 1 << 40 else { return nil }
        return word.hasPrefix("+") || word.hasPrefix("-") ? session.position + number : number
    }

    private mutating func set(_ words: [String]) {
        switch (words.first, words.count == 2 ? words[1] : nil) {
        case ("glyphs", let value?):
            guard let set = GlyphSet(rawValue: value) else { break }
            glyphs = set
            return say("glyphs \(value)")
        case ("theme", let value?):
            guard let named = Theme.named(value) else { break }
            theme = named
            return say("theme \(value)")
        case ("speed", let value?):
            guard let factor = Double(value), factor > 0 else { break }
            speed.set(factor)
            return say("speed \(speed.text)")
        case ("keys", "on"?), ("keys", "off"?):
            showsKeys = words[1] == "on"
            return say(showsKeys ? "the latest key stands at the bottom right" : "keys are not shown")
        default: break
        }
        let usage = Self.settings.map { "\($0.name) \($0.values.joined(separator: "|"))" }
        complain("set " + usage.joined(separator: ", or "))
    }

    /// Puts a line into the script and runs it to its end; S and E lead back into it. While
    /// another operation is under way the line waits for that to end.
    private mutating func type(_ line: String) {
        question = nil
        let departure = departure
        let untouched = session
        switch session.type(line) {
        case .failure(let diagnostics):
            guard let first = diagnostics.list.first else { return }
            complain(first.sentence)
        case .success(nil):
            say(session.openRaceLength == nil ? "" : "the race goes on until 'end'; Esc drops it")
        case .success(let statement?):
            if session.currentStatement != statement {
                say("it comes after what is under way: e leads there")
            } else {
                runTyped(statement, untouched)
            }
            lookAhead()
        }
        if session.position != departure.position || session.statements.count != departure.statements {
            arrive(from: departure, shownFrom: min(departure.position, max(0, session.position - 1)))
        }
        stop(at: insight.pendingStops)
        insight.pendingStops = []
    }

    /// Takes the line typed last out of the script again, as long as it lies ahead.
    mutating func undoTyped() {
        stop()
        question = nil
        if session.openRaceLength == nil, undoBreakpoints() { return }
        let departure = departure
        guard let statement = session.removeLastTyped() else {
            return complain(
                session.typedStatements.isEmpty
                    ? "nothing was typed" : "what was typed has run: E goes back before it, then u takes it out")
        }
        lookAhead()
        arrive(from: departure, shownFrom: shownFrom)
        say("taken out: \(statement.text)")
    }

    private mutating func runTyped(_ statement: Statement, _ untouched: Session) {
        stop()
        direction = .forward
        let end = session.progress.cursor + 1
        if case .race = statement.command {
            return say("a race: t chooses who moves, s follows the written order")
        }
        if statement.ridesAlong, end < session.statements.count {
            // With a move of the script, which nobody has asked for.
            return preview(statement)
        }
        var answer: String?
        var watch = BreakpointWatch(insight.breakpoints, session)
        while session.progress.cursor < end {
            var conclusions: [Conclusion] = []
            let result = session.advance(.script, &conclusions)
            answer = answer ?? conclusions.last { $0.statement == statement }.flatMap(Self.answer)
            if let problem = session.progress.passedOver {
                // A line that cannot be done is not kept.
                if session.position == untouched.position + 1 { session = untouched }
                return complain(problem.sentence)
            }
            report(session.progress.newFailures, nil)
            switch result {
            case .moved:
                let hits = watch.hits(after: session)
                guard hits.isEmpty else { return insight.pendingStops = hits }
                continue
            case .atEnd: break
            case .blocked(let blocked): return complain(blocked.message)
            case .refused(let problem): return complain(problem.sentence)
            }
            break
        }
        if message == nil, let answer { say(answer) }
    }

    /// A line that takes effect with the move after it is answered at once where it can be.
    private mutating func preview(_ statement: Statement) {
        switch statement.command {
        case .expect(let expectation):
            let result = session.check(expectation)
            if result.passed { say("ok: \(statement.text)") } else {
                complain("\(statement.text) FAILED, found \(result.found)")
            }
        case .focus(let process, let operand): select(process, operand)
        default: say("it takes effect with the next step")
        }
    }

    private static func answer(_ conclusion: Conclusion) -> String? {
        let text = conclusion.statement.text
        if let expectation = conclusion.expectation {
            return expectation.passed ? "ok: \(text)" : nil
        }
        guard let result = conclusion.result, conclusion.hasEnded else { return nil }
        let value = result.value.map { ", value \($0)" } ?? ""
        return "\(text): \(result.outcome.name)\(value)"
    }
}

extension Diagnostic {
    /// What is wrong, and the nearest word or else what could stand there: for one who sees the line.
    var sentence: String {
        message + (suggestion.map { "; did you mean '\($0)'?" } ?? expected.map { "; expected \($0)" } ?? "")
    }
}
