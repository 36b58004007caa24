import DirtyScript
import DirtyView
import Glibc
import TOMLKit

/// Finds and reads the file of settings.
struct ConfigurationFile {
    let path: String
    private let lines: [String]
    private var configuration = Configuration()
    private var problems: [Diagnostic] = []

    /// `DIRTYSCOPE_CONFIG`, which reads nothing where it is empty or /dev/null, else
    /// `dirtyscope/config.toml` in the folder for settings.
    static var path: String? {
        if let named = environment("DIRTYSCOPE_CONFIG") { return named.isEmpty ? nil : named }
        return XDG.folder("XDG_CONFIG_HOME", under: ".config").map { $0 + "/config.toml" }
    }

    /// The settings with warnings, or everything that is wrong with them. No file is no setting.
    static func check() throws(Diagnostics) -> (Configuration, warnings: Diagnostics) {
        let (configuration, problems) = read()
        guard problems.list.allSatisfy(\.isWarning) else { throw problems }
        return (configuration, problems)
    }

    /// The settings as far as they are right; of the rest a complaint is printed, and nobody is kept
    /// from his work.
    static func load() -> Configuration {
        var (configuration, problems) = read()
        guard let first = problems.list.first else { return configuration }
        Output.complain(problems.description)
        configuration.trouble = "settings, line \(first.location.line): \(first.message)"
            + (problems.list.count > 1 ? "; \(problems.list.count - 1) more" : "") + "; see dirtyscope config"
        return configuration
    }

    private static func read() -> (Configuration, Diagnostics) {
        guard let path, let text = contents(of: path) else { return (Configuration(), Diagnostics([])) }
        return parse(text, path: path)
    }

    private static func parse(_ text: String, path: String) -> (Configuration, Diagnostics) {
        var file = ConfigurationFile(text, path: path)
        do {
            file.read(try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            file.complain(error.description, at: error.source.begin.line, error.source.begin.column)
        } catch {
            file.complain("this is no TOML: \(error)", at: 1, 1)
        }
        let problems = file.problems.sorted { ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column) }
        return (file.configuration, Diagnostics(problems))
    }

    private init(_ text: String, path: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.last == "\r" ? line.dropLast() : line)
        }
    }

    /// Nil where there is no such file; a file that cannot be read is as good as none.
    private static func contents(of path: String) -> String? {
        (try? ScenarioLoader.read(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Places

    /// Where a key of a table stands, and its value: a line and two columns.
    private struct Place {
        var line = 1
        var key = 1
        var value = 1
    }

    /// The library tells no places of values, so they are looked for: a line that begins with the
    /// key, below the table's head.
    private func place(_ key: String, in table: String?) -> Place {
        var current: String?
        for (index, line) in lines.enumerated() {
            let text = line.drop { $0 == " " || $0 == "\t" }
            let indent = line.count - text.count
            if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
                current = String(text[text.index(after: text.startIndex)..<end])
                if table == nil, current == key { return Place(line: index + 1, key: indent + 1, value: indent + 1) }
                continue
            }
            guard let equals = text.firstIndex(of: "=") else { continue }
            let name = text[..<equals].filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" }
            let matches = current == table && name == key || current == nil && table.map { name == "\($0).\(key)" } ?? false
            guard matches || current == nil && name == table else { continue }
            let value = text[text.index(after: equals)...]
            let blanks = value.prefix { $0 == " " || $0 == "\t" }.count
            let column = line.count - value.count + blanks
            return Place(line: index + 1, key: indent + 1, value: column + 1)
        }
        return Place()
    }

    private mutating func complain(
        _ message: String, at line: Int, _ column: Int, word: String = "", among: [String] = [], isWarning: Bool = false
    ) {
        var problem = Diagnostic(
            file: path, location: SourceLocation(line: line, column: column), message: message,
            source: lines.indices.contains(line - 1) ? lines[line - 1] : "", word: word, among: among)
        problem.isWarning = isWarning
        problems.append(problem)
    }

    private mutating func complain(about key: String, in table: String? = nil, _ message: String, word: String = "", among: [String] = []) {
        let place = place(key, in: table)
        complain(message, at: place.line, place.key, word: word.isEmpty ? key : word, among: among)
    }

    private mutating func complain(aboutValueOf key: String, in table: String? = nil, _ message: String, word: String = "", among: [String] = []) {
        let place = place(key, in: table)
        complain(message, at: place.line, place.value, word: word, among: among)
    }

    // MARK: Settings

    private mutating func read(_ table: TOMLTable) {
        let names = Configuration.settings.map(\.name)
        let tables = Configuration.tables.map(\.name)
        for key in table.keys.sorted() {
            guard let value = table[key] else { continue }
            configuration.lines[key] = place(key, in: nil).line
            if names.contains(key) {
                read(key, value)
            } else if tables.contains(key) {
                guard let inner = value.table else {
                    complain(aboutValueOf: key, "'\(key)' is a table: [\(key)]")
                    continue
                }
                read(table: key, inner)
            } else {
                complain(about: key, "there is no setting '\(printable(key))'", among: names + tables)
            }
        }
    }

    private mutating func read(_ key: String, _ value: any TOMLValueConvertible) {
        switch key {
        case "theme":
            let all = Theme.all.map(\.name)
            configuration.theme = value.string.flatMap(Theme.named)
            if configuration.theme == nil { complain(key, value, "one of " + all.joined(separator: ", "), among: all) }
        case "glyphs":
            let all = GlyphSet.allCases.map(\.rawValue)
            configuration.glyphs = value.string.flatMap(GlyphSet.init)
            if configuration.glyphs == nil { complain(key, value, "one of " + all.joined(separator: ", "), among: all) }
        case "speed":
            configuration.speed = value.double ?? value.int.map(Double.init)
            if !((configuration.speed ?? 0) > 0) {
                configuration.speed = nil
                complain(key, value, "a number above 0")
            }
        default:
            guard let bool = value.bool else { return complain(key, value, "true or false") }
            switch key {
            case "color": configuration.color = bool
            case "plain": configuration.plain = bool
            case "mouse": configuration.mouse = bool
            case "key-line": configuration.keyLine = bool
            default: configuration.hint = bool
            }
        }
    }

    private mutating func complain(_ key: String, _ value: any TOMLValueConvertible, _ wanted: String, among: [String] = []) {
        complain(aboutValueOf: key, "'\(key)' is \(wanted)", word: value.string ?? "", among: among)
    }

    private mutating func read(table: String, _ values: TOMLTable) {
        var bindings: [String: [Key]] = [:]
        for key in values.keys.sorted() {
            guard let value = values[key] else { continue }
            let line = place(key, in: table).line
            switch table {
            case "keys", "talk": bindings[key] = keys(key, value, in: table)
            case "panes": readPanes(key, value)
            default: readColor(key, value)
            }
            configuration.lines["\(table).\(key)"] = line
        }
        switch table {
        case "keys": configuration.keys = keyMap(bindings, of: .player, in: table)
        case "talk": configuration.talkKeys = keyMap(bindings, of: .talk, in: table)
        default: break
        }
    }

    /// The bindings without those that are wrong, of which each is complained about.
    private mutating func keyMap(_ bindings: [String: [Key]], of owner: KeyMap.Table, in table: String) -> KeyMap {
        var bindings = bindings
        while true {
            do throws(KeyMap.Problem) {
                let map = try KeyMap(rebound: bindings, of: owner)
                for loss in map.bereft {
                    let place = place(loss.owner, in: table)
                    complain(
                        "'\(loss.key)' was the only key of '\(loss.command)', which has none now; '\(loss.command) = []' says that this is meant",
                        at: place.line, place.value, isWarning: true)
                }
                return map
            } catch {
                switch error {
                case .unknownCommand(let name):
                    complain(about: name, in: table, error.description, among: KeyMap.commands(of: owner))
                    bindings[name] = nil
                case .belongsToTerminal(let name), .belongsToBeats(let name):
                    let command = bindings.first { $0.value.contains { $0.description == name } }?.key ?? name
                    complain(about: command, in: table, error.description)
                    bindings[command] = nil
                case .boundTwice(_, _, let second):
                    complain(aboutValueOf: second, in: table, error.description)
                    bindings[second] = nil
                }
            }
        }
    }

    /// A string, or a list of strings.
    private func strings(_ value: any TOMLValueConvertible) -> [String]? {
        if let one = value.string { return [one] }
        guard let array = value.array else { return nil }
        let strings = array.compactMap { $0.tomlValue.string }
        return strings.count == array.count ? strings : nil
    }

    /// Nil where not one of them is a key: the command keeps those that it has.
    private mutating func keys(_ command: String, _ value: any TOMLValueConvertible, in table: String) -> [Key]? {
        guard let names = strings(value) else {
            complain(aboutValueOf: command, in: table, "a command has a key, or a list of keys")
            return nil
        }
        let keys = names.compactMap { name -> Key? in
            if let key = Key(named: name) { return key }
            complain(
                aboutValueOf: command, in: table,
                "no key is called '\(printable(name))'; keys are characters, Space, Enter, Tab, Esc, Up, PgUp, Home, Del, F1, Ctrl-A and the like")
            return nil
        }
        return keys.isEmpty && !names.isEmpty ? nil : keys
    }

    private mutating func readPanes(_ size: String, _ value: any TOMLValueConvertible) {
        guard let names = strings(value) else {
            return complain(aboutValueOf: size, in: "panes", "a screen has a list of panes")
        }
        do throws(PaneSets.Problem) {
            try configuration.panes.set(names, for: size)
        } catch {
            if case .unknownSize = error {
                complain(about: size, in: "panes", error.description)
            } else {
                complain(aboutValueOf: size, in: "panes", error.description)
            }
        }
    }

    private mutating func readColor(_ name: String, _ value: any TOMLValueConvertible) {
        guard let role = Role.named(name) else {
            let all = Role.allCases.map { "\($0)" }
            return complain(about: name, in: "colors", "there is no role '\(printable(name))'", among: all)
        }
        guard let look = value.string.flatMap({ Look(words: $0) }) else {
            return complain(
                aboutValueOf: name, in: "colors",
                "a look is attributes (bold, dim, underline, reverse, plain), a colour from 0 to 255, and 'on' another")
        }
        configuration.colors[role] = look
    }
}

/// The folders that the XDG base directory specification names.
enum XDG {
    /// The program's folder in the one that a variable names, or else in one of the home folder.
    /// Nil where there is no home. A relative path does not count.
    static func folder(_ variable: String, under home: String) -> String? {
        if let named = environment(variable), named.hasPrefix("/") { return named + "/dirtyscope" }
        guard let own = environment("HOME"), own.hasPrefix("/") else { return nil }
        return own + "/" + home + "/dirtyscope"
    }
}

/// An environment variable; nil where it is not set.
func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
