import ArgumentParser
import DirtyView

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the settings as they are, and where each was made.",
        discussion: """
            Settings are read from $XDG_CONFIG_HOME/dirtyscope/config.toml, or from the file that \
            DIRTYSCOPE_CONFIG names. What is printed is such a file, with everything in it. Of a file \
            with mistakes the mistakes are printed instead, and the exit status is 65; other commands \
            warn, and go on without the settings in question.
            """)

    func run() throws {
        let (settings, warnings) = try ScenarioLoader.checked(ConfigurationFile.check)
        if !warnings.list.isEmpty { Output.complain(warnings.description) }
        let path = ConfigurationFile.path ?? "no file: there is no home folder"
        var lines = ["# \(path)"]
        for (name, help) in Configuration.settings {
            lines += ["", "# \(help)", line(name, value(name, settings), name, settings)]
        }
        for (table, help) in Configuration.tables {
            lines += ["", "# \(help)", "[\(table)]"]
            switch table {
            case "keys", "talk":
                for (command, keys) in (table == "keys" ? settings.keys : settings.talkKeys).listing {
                    lines.append(line(command, list(keys), "\(table).\(command)", settings))
                }
            case "panes":
                for size in PaneSets.sizes {
                    lines.append(line(size.rawValue, list(settings.panes.names(size)), "panes.\(size)", settings))
                }
            default:
                let theme = settings.theme(nil)
                for role in Role.allCases {
                    let words = theme.look(Style(role), at: .indexed).words
                    lines.append(line("\(role)", quote(words), "colors.\(role)", settings))
                }
            }
        }
        try Output.write(lines.map { $0 + "\n" }.joined())
    }

    /// A setting; one that nobody has made is a comment, or the value that holds by itself.
    private func line(_ name: String, _ value: String?, _ path: String, _ settings: Configuration) -> String {
        guard let value else { return "# \(name) is left to the terminal" }
        let text = "\(name) = \(value)"
        guard let place = settings.lines[path] else { return text }
        return text + String(repeating: " ", count: max(1, 40 - text.count)) + "# set in line \(place)"
    }

    private func value(_ name: String, _ settings: Configuration) -> String? {
        switch name {
        case "theme": quote(settings.theme(nil).name)
        case "glyphs": settings.glyphs.map { quote($0.rawValue) }
        case "color": settings.color.map { "\($0)" }
        case "speed": "\(settings.speed ?? 1)"
        case "plain": "\(settings.plain ?? false)"
        case "mouse": "\(settings.mouse ?? false)"
        case "key-line": "\(settings.keyLine ?? false)"
        default: "\(settings.hint ?? true)"
        }
    }

    private func list(_ words: [String]) -> String { "[" + words.map(quote).joined(separator: ", ") + "]" }

    private func quote(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
