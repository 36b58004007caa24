/// The keys as they are bound in this player: the table's own, or the user's.
public struct KeyMap: Hashable, Sendable {
    /// All of them, in the order in which the help lists them.
    let bindings: [Binding]
    private let actions: [Key: Action]

    /// Commands that have lost their last key to another one.
    public let bereft: [Loss]

    /// As the table says.
    public static let standard = KeyMap(KeyTable.bindings)
    /// The keys of a talk, as their table says.
    public static let talking = KeyMap(KeyTable.presenting)

    /// Whose keys they are: the player's or a talk's.
    public enum Table: Sendable {
        case player, talk

        var bindings: [Binding] {
            switch self {
            case .player: KeyTable.bindings
            case .talk: KeyTable.presenting
            }
        }

        /// Keys that nobody can bind: the terminal's own, and in a talk the digits, which are
        /// numbers of beats.
        var fixed: Set<Key> {
            let terminals = KeyTable.bindings.filter { $0.action == .terminal }.flatMap(\.keys)
            let digits = self == .talk ? "0123456789".unicodeScalars.map(Key.character) : []
            return Set(terminals + digits)
        }
    }

    /// A command whose last key is another command's now.
    public struct Loss: Hashable, Sendable {
        public let command: String
        /// The key that it had, and the command that has it now.
        public let key: Key
        public let owner: String
    }

    /// What is wrong with a user's bindings.
    public enum Problem: Error, Hashable, Sendable {
        /// No command of the player has this name.
        case unknownCommand(String)
        /// Keys that belong to the terminal, for a command or as a key: Ctrl-C, Ctrl-L, Ctrl-Z.
        case belongsToTerminal(String)
        /// A digit, which in a talk belongs to the number of a beat.
        case belongsToBeats(String)
        /// One key for two commands.
        case boundTwice(Key, String, String)
    }

    private init(_ bindings: [Binding], bereft: [Loss] = []) {
        self.bindings = bindings
        self.bereft = bereft
        actions = Dictionary(
            bindings.flatMap { binding in binding.keys.map { ($0, binding.action) } }, uniquingKeysWith: { $1 })
    }

    /// The table with other keys for some commands, by the commands' names. A key given here is
    /// taken away from the command that has it in the table; a command without keys can still be
    /// run from the palette and from the help.
    public init(rebound: [String: [Key]], of table: Table = .player) throws(Problem) {
        var owners: [Key: String] = [:]
        let fixed = table.fixed
        for (command, keys) in rebound.sorted(by: { $0.key < $1.key }) {
            guard let binding = table.bindings.first(where: { $0.command == command }) else {
                throw .unknownCommand(command)
            }
            if binding.action == .terminal { throw .belongsToTerminal(command) }
            for key in keys {
                if fixed.contains(key) {
                    throw key.isDigit ? .belongsToBeats(key.description) : .belongsToTerminal(key.description)
                }
                if let other = owners[key], other != command { throw .boundTwice(key, other, command) }
                owners[key] = command
            }
        }
        var bereft: [Loss] = []
        let bindings = table.bindings.map { binding in
            var binding = binding
            let keys = rebound[binding.command] ?? binding.keys.filter { owners[$0] == nil }
            if keys.isEmpty, rebound[binding.command] == nil, let key = binding.keys.first, let owner = owners[key] {
                bereft.append(Loss(command: binding.command, key: key, owner: owner))
            }
            binding.keys = keys
            return binding
        }
        self.init(bindings, bereft: bereft)
    }

    /// The names by which commands of a table can be bound, in its order.
    public static func commands(of table: Table = .player) -> [String] {
        table.bindings.filter { $0.action != .terminal }.map(\.command)
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

    func binding(of action: Action) -> Binding? { bindings.first { $0.action == action } }

    /// The key of an action, for a sentence that tells somebody to press it; where it has none, its
    /// name, by which the prompt knows it.
    func name(of action: Action) -> String {
        guard let binding = binding(of: action) else { return "" }
        return binding.keys.first?.description ?? ":\(binding.command)"
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
        case .belongsToBeats(let name): "'\(name)' belongs to the number of a beat and cannot be bound in a talk"
        case .boundTwice(let key, let first, let second): "'\(key)' is bound to '\(first)' and to '\(second)'"
        }
    }
}

extension Key {
    fileprivate var isDigit: Bool {
        if case .character(let scalar) = self { return ("0"..."9").contains(scalar) }
        return false
    }
}
