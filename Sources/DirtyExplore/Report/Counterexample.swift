import DirtyMachine
import DirtyScript

/// A schedule as an ordinary scenario: the lines of its races become labelled tasks that are
/// stepped as the schedule says, with chapters and captions, and an `expect` that fails at the end.
public struct Counterexample {
    private let breach: Breach
    private let explorer: Explorer
    private var lines: [String] = []
    /// The labels of the present race's lines.
    private var labels: [Int: String] = [:]
    private var used: Set<String>

    public static func text(_ breach: Breach, of exploration: Exploration) -> String {
        var writer = Counterexample(breach, exploration.explorer)
        writer.write()
        return writer.lines.joined(separator: "\n") + "\n"
    }

    private init(_ breach: Breach, _ explorer: Explorer) {
        self.breach = breach
        self.explorer = explorer
        used = explorer.system.session.mentionedNames
    }

    private mutating func write() {
        let statements = explorer.system.session.statements
        lines.append("# A shortest schedule that breaks this scenario, found by 'explore'.")
        for comment in TextWrap.lines(breach.text, 96) { lines.append("# " + comment) }
        writeSetUp(statements)
        var (at, race) = (0, 0)
        while at < statements.count {
            var statement = statements[at]
            at += 1
            if case .file(let file) = statement.command {
                statement.command = .file(file.meaningful(on: explorer.profile.rawValue))
            }
            if case .race(let raceLines) = statement.command, !raceLines.isEmpty {
                let moves = breach.schedule.filter { $0.race == race }
                writeRace(raceLines, moves, number: race)
                if race == lastRace { break }
                race += 1
            } else if !statement.isMachineSetUp {
                lines += ScenarioPrinter.lines(of: statement)
            }
        }
        writeEnd(Array(statements[at...]))
    }

    private var lastRace: Int { breach.schedule.last?.race ?? 0 }

    /// The kernel as it was explored, whatever the scenario says.
    private mutating func writeSetUp(_ statements: [Statement]) {
        let title = explorer.scenario.title + ": " + (breach.invariant?.name ?? (breach.isDeadlock ? "deadlock" : "broken"))
        lines.append("title \(quoted(title))")
        lines.append("kernel \(explorer.profile.rawValue)")
        var rules: [(String, String)] = []
        for case .rule(let name, let value) in statements.map(\.command)
        where explorer.options.kernel == nil || explorer.accepts(name, value) {
            rules.append((name, value))
        }
        for rule in explorer.options.rules {
            rules.removeAll { $0.0 == rule.name }
            rules.append((rule.name, rule.value))
        }
        for (name, value) in rules { lines.append("rule \(name) \(value)") }
        for statement in statements {
            switch statement.command {
            case .cpus, .frames: lines += ScenarioPrinter.lines(of: statement)
            default: continue
            }
        }
    }

    // MARK: The race

    private mutating func writeRace(
        _ raceLines: [Statement], _ moves: [ScheduledMove], number: Int
    ) {
        labels = [:]
        lines.append("")
        let name = lastRace == 0 ? "The race" : "Race \(number + 1)"
        lines.append("chapter \(quoted("\(name): \(moves.count) steps"))")
        var index = 0
        while index < moves.count {
            let move = moves[index]
            var end = index + 1
            while end < moves.count, continues(moves[end], move), !isDoom(moves[end]),
                !isDoom(moves[end - 1]), end - index < 99
            { end += 1 }
            write(moves[index..<end], raceLines, number)
            index = end
        }
    }

    private func continues(_ move: ScheduledMove, _ first: ScheduledMove) -> Bool {
        first.raceLine != nil && move.raceLine == first.raceLine && !move.begins
    }

    private func isDoom(_ move: ScheduledMove) -> Bool {
        breach.doom.map { breach.schedule[$0] == move } ?? false
    }

    private mutating func write(
        _ moves: ArraySlice<ScheduledMove>, _ raceLines: [Statement], _ race: Int
    ) {
        let first = moves.first!
        if isDoom(first) {
            lines.append("chapter \"The step that dooms it\"")
            lines.append("say \(quoted(Counterexample.caption(first) + ": " + breach.doomText + "."))")
        } else {
            let more = moves.count > 1 ? ", and on to " + Counterexample.words(moves.last!) : ""
            lines.append("say \(quoted(Counterexample.caption(first) + more + "."))")
        }
        if let line = first.raceLine {
            let label = label(of: line, raceLines)
            if first.begins { lines.append("\(label): \(operation(raceLines[line], line, race))") }
            lines.append(moves.count == 1 ? "step \(label)" : "step \(label) \(moves.count)")
        } else if let entry = first.entry {
            lines.append("step tlb \(entry.process) \(entry.page)")
        } else {
            lines.append("step device" + (first.page.hasSuffix("]") ? " \(first.page)" : ""))
        }
    }

    /// A store without a value gets the one that the race gave it, for serial numbers go by the
    /// order of the lines there.
    private func operation(_ statement: Statement, _ line: Int, _ race: Int) -> String {
        guard race == 0, case .operation(let operation) = statement.command else { return statement.text }
        let serial = UInt32(truncatingIfNeeded: explorer.system.first.serials[line])
        let given: Operation? =
            switch operation {
            case .write(let p, let pages, nil): .write(P: p, pages, value: serial)
            case .pwrite(let p, let pages, nil): .pwrite(P: p, pages, value: serial)
            case .poke(let p, let q, let pages, nil): .poke(P: p, Q: q, pages, value: serial)
            case .pinwrite(let p, let pages, nil): .pinwrite(P: p, pages, value: serial)
            default: nil
            }
        guard let given else { return statement.text }
        var copy = statement
        copy.command = .operation(given)
        return ScenarioPrinter.text(of: copy)
    }

    /// `A-1` where the first line is of A, `writeback-2` where the second is of the kernel.
    private mutating func label(of line: Int, _ raceLines: [Statement]) -> String {
        if let label = labels[line] { return label }
        var actor = String(raceLines[line].text.prefix { $0 != " " })
        if case .operation(let operation) = raceLines[line].command { actor = operation.actor ?? actor }
        var number = line + 1
        let stem = String(actor.prefix(20))
        while used.contains("\(stem)-\(number)") { number += 1 }
        let label = "\(stem)-\(number)"
        used.insert(label)
        labels[line] = label
        return label
    }

    // MARK: The end

    private mutating func writeEnd(_ rest: [Statement]) {
        lines.append("")
        lines.append("chapter \"What came of it\"")
        lines.append("say \(quoted(breach.text + "."))")
        let begun = breach.schedule.filter { $0.race == lastRace && $0.begins }.compactMap(\.raceLine)
        let ended = breach.schedule.filter { $0.race == lastRace && $0.ends }.compactMap(\.raceLine)
        if breach.isDeadlock, !breach.isBehindRace {
            lines += breach.expectations
            // The first of them that cannot go on says what it waits for.
            for line in begun where !ended.contains(line) { lines.append("finish \(labels[line]!)") }
            return
        }
        if breach.isBehindRace {
            for line in ended { lines.append("finish \(labels[line]!)") }
            // It shows before another race begins.
            lines += rest.prefix { if case .race = $0.command { false } else { true } }.flatMap(ScenarioPrinter.lines)
        }
        if let invariant = breach.invariant { lines.append("expect invariant \(invariant.name)") }
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: " ") + "\""
    }

    /// Who does what: `CPU0, A: W3 takes the page table lock`.
    static func caption(_ move: ScheduledMove) -> String {
        let cpu = move.cpu.map { "CPU\($0), " } ?? ""
        let page = move.raceLine == nil ? " (\(move.page))" : ""
        return "\(cpu)\(move.who): \(words(move))\(page)"
    }

    static func words(_ move: ScheduledMove) -> String {
        let label = move.title.label.isEmpty ? "" : move.title.label + " "
        let text = move.title.text == move.function ? "" : ", " + label + move.title.text
        return move.function + text
    }
}

extension Statement {
    /// What the counterexample says itself.
    fileprivate var isMachineSetUp: Bool {
        switch command {
        case .title, .kernel, .rule, .cpus, .frames: true
        default: false
        }
    }
}

extension Explorer {
    /// Whether a rule of the scenario means something on the kernel that was chosen instead.
    func accepts(_ name: String, _ value: String) -> Bool {
        var rules = profile.rules
        return rules.set(name, value, in: profile) == .accepted
    }
}

/// Text in lines.
enum TextWrap {
    static func lines(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + word.count + 1 > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
