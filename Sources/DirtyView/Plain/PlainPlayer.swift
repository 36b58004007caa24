import DirtyScript

/// The player without a screen: lines in, lines out. A line is the name of a command or its key, the
/// name of a pane, a step number, or a line of the scenario language; the answer says what is new.
public struct PlainPlayer: Sendable {
    public var player: Player
    private var memory = Spoken.Memory()
    /// What an empty line does again.
    private var latest: Binding?

    /// How often a command can be asked for at once.
    private static let repetitions = 1...10_000

    public init(_ player: Player) {
        self.player = player
        while self.player.hasWork { self.player.work() }
    }

    public var isFinished: Bool { player.isFinished }

    /// What is said before the first line is read.
    public mutating func opening() -> [String] {
        let session = player.session
        return [
            "\(printable(session.title)), kernel \(session.profile.rawValue)",
            "Enter takes a step, 'step-back' takes it back, 'help' lists the commands, 'quit' leaves.",
        ] + Spoken(player).lines(&memory)
    }

    /// Does what a line says, and tells what came of it.
    public mutating func answer(_ line: String) -> [String] {
        // Whoever is used to the screen types the prompt's colon, too.
        let line = line.hasPrefix(":") ? String(line.dropFirst()) : line
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        let before = player.session.position
        player.message = nil
        // A command is a command, whatever list lies on top.
        if player.sheetRow != nil, let word = words.first, word.count > 1, Key(named: word) == nil,
            isCommand(word), !(words.count == 2 && word == "step")
        { player.view = .main }
        guard player.view == .main else { return answerInView(words) }
        switch words.first {
        case nil: perform(latest ?? player.keys.bindings.first { $0.action == .step })
        case "help": return help(words.dropFirst().joined(separator: " "))
        case "panes":
            return Pane.allCases.map { "\($0): \($0.fullName)" }
        case "where" where words.count == 1:
            memory = Spoken.Memory()
            return Spoken(player).lines(&memory)
        case let word?:
            if words.count == 1, let pane = Pane.named(word) { return Spoken(player).pane(pane) }
            if let binding = player.binding(named: word), words.count == 1 {
                perform(binding)
            } else if words.count == 2, let binding = player.binding(named: word), let count = Int(words[1]),
                Self.repetitions.contains(count)
            {
                for _ in 0..<count where player.message?.isError != true { perform(binding) }
            } else {
                player.submit(line)
            }
        }
        return report(since: before)
    }

    private func isCommand(_ word: String) -> Bool {
        ["help", "panes", "where"].contains(word) || Player.exploringWords.contains(word)
            || word != "back" && word != "quit" && player.binding(named: word) != nil
    }

    private mutating func perform(_ binding: Binding?) {
        guard let binding else { return }
        switch binding.action {
        case .help: return player.say("help WORD searches the commands, help alone lists them")
        case .prompt, .find: return player.say("every line is a command; a pane's name prints it")
        default: break
        }
        latest = binding.action.repeats ? binding : nil
        player.perform(binding.action)
        player.settleFocus()
        finishWhatIsUnderWay()
    }

    private mutating func finishWhatIsUnderWay() {
        while player.hasWork { player.work() }
        player.awaitSearch()
    }

    /// What the player says now, after somebody has answered it.
    public func message() -> [String] {
        player.message.map { [($0.isError ? "error: " : "note: ") + printable($0.text)] } ?? []
    }

    /// What is new since a position; a playing session plays on to where it stops by itself.
    private mutating func report(since position: Int) -> [String] {
        finishWhatIsUnderWay()
        var lines: [String] = []
        while player.isPlaying {
            player.passTime()
            finishWhatIsUnderWay()
            lines += Spoken(player).lines(&memory)
        }
        if player.session.position != position, lines.isEmpty { lines = Spoken(player).lines(&memory) }
        if player.view != .main { lines += screen }
        return lines + message()
    }

    // MARK: Views that lie on top

    /// In a view that takes keys, a line is a key by its name, or the characters to be typed.
    private mutating func answerInView(_ words: [String]) -> [String] {
        let before = player.session.position
        if player.sheetRow != nil, words.count == 2, words[0] == "step", let step = Int(words[1]), step >= 0 {
            player.jump(to: step)
        } else if words.isEmpty {
            player.press(.enter)
            // What a schedule's steps are is said with each of them.
            if case .schedule? = player.insight.sheet { player.view = .main }
        } else if words == ["back"] || words == ["quit"] {
            player.press(.escape)
        } else if words.count == 1, let key = Key(named: words[0]) {
            player.press(key)
        } else {
            for scalar in words.joined(separator: " ").unicodeScalars { player.press(Key(scalar)) }
            player.press(.enter)
        }
        return report(since: before)
    }

    /// The view's own lines, without what stands around it on every screen.
    private var screen: [String] {
        if player.chooserRow != nil { return Spoken(player).pane(.tasks) + ["a number picks one, 'back' leaves"] }
        if player.sheetRow != nil { return Spoken(player).sheet + wrap(sheetCommands, 80) }
        return player.frame(size: Size(100, 50)).text.split(separator: "\n").dropFirst().map(String.init)
    }

    /// The lines that an open list takes, beside those that it has in common with every other place.
    private var sheetCommands: String {
        let others: String
        switch player.insight.sheet {
        case .why?: others = "; 'right' and 'left' ask about another bit"
        case .difference?: others = "; 'right' and 'left' choose another moment"
        case .findings(let findings)?:
            return findings.breaches.isEmpty
                ? "'back' leaves" : "'down' and 'up' select, an empty line goes along the schedule, 'back' leaves"
        case .schedule?: return "'down' and 'up' select, an empty line goes to a step, 'back' leaves"
        case .breakpoints?: return "'down' and 'up' select, an empty line turns it on or off, 'x' takes it out, 'back' leaves"
        case .legend?: return "'back' leaves"
        case .life?, nil: others = ""
        }
        return "'step N' goes to a step; 'down' and 'up' select, an empty line goes there" + others + "; 'back' leaves"
    }

    private func help(_ filter: String) -> [String] {
        let entries = player.keys.entries(for: player.focus, filter: filter).filter { $0.action != .terminal }
        let lines = entries.map { entry in
            entry.action == .none
                ? "\(entry.sign) (\(entry.name)): \(entry.help)"
                : "\(entry.command)\(entry.keys.isEmpty ? "" : ", key " + entry.keyText): \(entry.help)"
        }
        guard filter.isEmpty else { return lines.isEmpty ? ["no command and no word of the screen"] : lines }
        return [
            "COMMAND N does it N times; an empty line does the latest again; N, +N, -N and N% go to a step;"
                + " 'panes' lists the panes, and a pane's name prints it; 'where' says where it stands;"
                + " 'help WORD' searches; all else is a line of the scenario language."
        ] + lines
    }
}

extension Action {
    /// Worth doing again with an empty line.
    fileprivate var repeats: Bool {
        switch self {
        case .step, .stepBack, .over, .overBack, .finish, .finishBack, .event, .eventBack, .run, .runBack, .touch,
            .touchBack, .chapter, .chapterBack, .up, .down, .left, .right, .findNext, .findPrevious:
            true
        default: false
        }
    }
}
