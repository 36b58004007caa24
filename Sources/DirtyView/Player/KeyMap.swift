/// The keys as they are bound in this player: the table's own, or the user's.
public struct KeyMap: Hashable, Sendable {
    /// All of them, in the order in which the help lists them.
    let bindings: [Binding]
    private let actions: [Key: Action]

    /// As the table says.
    public static let standard = KeyMap(KeyTable.bindings)

    /// What is wrong with a user's bindings.
    public enum Problem: Error, Hashable, Sendable {
        /// No command of the player has this name.
        case unknownCommand(String)
        /// Keys that belong to the terminal, for a command or as a key: Ctrl-C, Ctrl-L, Ctrl-Z.
        case belongsToTerminal(String)
        /// One key for two commands.
        case boundTwice(Key, String, String)
    }

    private init(_ bindings: [Binding]) {
        self.bindings = bindings
        actions = Dictionary(
            bindings.flatMap { binding in binding.keys.map { ($0, binding.action) } }, uniquingKeysWith: { $1 })
    }

    /// The table with other keys for some commands, by the commands' names. A key given here is
    /// taken away from the command that has it in the table; a command without keys can still be
    /// run from the palette and from the help.
    public init(rebound: [String: [Key]]) throws(Problem) {
        var owners: [Key: String] = [:]
        let fixed = Set(KeyTable.bindings.filter { $0.action == .terminal }.flatMap(\.keys))
        for (command, keys) in rebound.sorted(by: { $0.key < $1.key }) {
            guard let binding = KeyTable.bindings.first(where: { $0.command == command }) else {
                throw .unknownCommand(command)
            }
            if binding.action == .terminal { throw .belongsToTerminal(command) }
            for key in keys {
                if fixed.contains(key) { throw .belongsToTerminal(key.description) }
                if let other = owners[key], other != command { throw .boundTwice(key, other, command) }
                owners[key] = command
            }
        }
        self.init(
            KeyTable.bindings.map { binding in
                var binding = binding
                binding.keys = rebound[binding.command] ?? binding.keys.filter { owners[$0] == nil }
                return binding
            })
    }

    /// The names by which commands can be bound, in the order of the table.
    public static var commands: [String] {
        KeyTable.bindings.filter { $0.action != .terminal }.map(\.command)
    }

    /// Each command that can be bound, with the names of its keys, in the order of the table.
    public var listing: [(command: String, keys: [String])] {
        bindings.filter { $0.action != .terminal }.map { ($0.command, $0.keys.map(\.description)) }
    }

    /// All of them for a manual: the keys, the name and the sentence, in the order of the table.
    public var card: [(keys: String, name: String, help: String)] {
        bindings.map { ($0.keyText, $0.name, $0.help) }
    }

    func action(for key: Key) -> Action? { actions[key] }

    /// The first key of an action, as the user has it; how it is typed at the prompt where it has none.
    func name(of action: Action) -> String {
        guard let binding = bindings.first(where: { $0.action == action }) else { return "" }
        return binding.keys.first?.description ?? ":" + binding.command
    }

    /// The help's entries: the keys, then the words of the screen, of both those about the pane
    /// first. `filter` is matched against keys, names and
    /// sentences; every word of it has to be there.
    func entries(for pane: Pane, filter: String) -> [Binding] {
        let words = filter.lowercased().split(separator: " ")
        let all = [bindings, ScreenWords.entries].flatMap { part in
            part.filter { $0.panes.contains(pane) } + part.filter { !$0.panes.contains(pane) }
        }
        return all.filter { binding in
            let text = "\(binding.keyText) \(binding.name) \(binding.help)".lowercased()
            return words.allSatisfy { text.contains($0) }
        }
    }

    // MARK: Hints

    /// What everybody needs, in the order of need; the rest of the line is about the pane.
    private static let first: [Action] = [.step, .stepBack, .over, .run, .play, .choose, .nextPane]
    /// On a pane that fills the screen there is its own first, and the way back.
    private static let zoomed: [Action] = [.step, .stepBack, .run, .play]
    private static let final: [Action] = [.prompt, .help]

    /// The line of hints: as many as fit.
    func hints(for pane: Pane, isZoomed: Bool = false, width: Int) -> Line {
        let named: [(key: Key, binding: Binding)] = bindings.compactMap { binding in
            binding.hint.isEmpty ? nil : binding.keys.first.map { ($0, binding) }
        }
        func all(_ actions: [Action]) -> [(key: Key, binding: Binding)] {
            actions.compactMap { action in named.first { $0.binding.action == action } }
        }
        func length(_ hint: (key: Key, binding: Binding)) -> Int {
            hint.key.description.count + hint.binding.hint.count + 3
        }
        let own = named.filter { $0.binding.panes.contains(pane) }
        // Panes in which nothing is searched, selected or asked about have no such keys.
        let dead: Set<Action> = pane == .course ? [.find, .breakpoint, .why] : []
        let common = named.filter { $0.binding.panes.isEmpty && !dead.contains($0.binding.action) }
        var back: [(key: Key, binding: Binding)] = []
        if var binding = bindings.first(where: { $0.action == .back }), let key = binding.keys.first {
            binding.hint = "back"
            back = [(key, binding)]
        }
        let order = isZoomed ? back + own + all(Self.zoomed) + all(Self.first) : all(Self.first) + own
        let final = all(Self.final)
        var line = Line()
        var used = Set(final.map(\.binding.action))
        let tail = final.reduce(0) { $0 + length($1) }
        for hint in order + common where used.insert(hint.binding.action).inserted {
            if line.width + length(hint) + tail <= width { add(hint.key, hint.binding.hint, to: &line) }
        }
        for hint in final where line.width + length(hint) <= width {
            add(hint.key, hint.binding.hint, to: &line)
        }
        return line
    }

    private func add(_ key: Key, _ word: String, to line: inout Line) {
        if line.width > 0 { line.add("  ") }
        line.add(key.description, Style(.plain, .bold))
        line.add(" " + word, Style(.chrome))
    }
}

extension KeyMap.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownCommand(let name): "there is no command '\(name)'"
        case .belongsToTerminal(let name): "'\(name)' belongs to the terminal and cannot be bound"
        case .boundTwice(let key, let first, let second): "'\(key)' is bound to '\(first)' and to '\(second)'"
        }
    }
}
