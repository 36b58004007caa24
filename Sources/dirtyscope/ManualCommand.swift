import ArgumentParser
import DirtyScript
import DirtyView

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print the manual page, or a card of the keys.",
        discussion: """
            Both are made from the tables that the program itself reads. 'dirtyscope manual page | man -l -' \
            shows the page; --generate-completion-script bash, zsh or fish prints completions for a shell.
            """)

    enum Part: String, ExpressibleByArgument, CaseIterable { case page, keys }

    @Argument(help: "page: the manual page, for man(1); keys: a card of the keys, to be printed.")
    var part: Part

    func run() throws {
        switch part {
        case .page: try Output.write(ManualPage.text)
        case .keys:
            let settings = ConfigurationFile.load()
            try Output.write(KeyCard(settings.keys).text)
        }
    }
}

/// The manual page, in the language of man(7).
enum ManualPage {
    static var text: String {
        let configuration = Dirtyscope.configuration
        var page = Roff()
        page.macro("TH", "DIRTYSCOPE", "1", "", "dirtyscope \(configuration.version)", "User Commands")
        page.section("NAME")
        page.line("dirtyscope \\- how Linux keeps track of dirty pages in shared file mappings")
        page.section("SYNOPSIS")
        page.lines(["dirtyscope [FILE]", "dirtyscope COMMAND [OPTIONS]"])
        page.section("DESCRIPTION")
        page.text(Roff.escaped(configuration.abstract + " " + configuration.discussion))
        page.text(Roff.escaped("Without a command it plays FILE, or opens the list of demos."))
        page.section("COMMANDS")
        for command in configuration.subcommands {
            page.macro("SS", command.configuration.commandName ?? "")
            page.help(Dirtyscope.helpMessage(for: command, columns: 10_000))
        }
        page.section("KEYS")
        for entry in KeyMap.standard.card {
            page.entry(entry.keys, "\(entry.name). \(entry.help)")
        }
        page.section("KEYS OF A TALK")
        for entry in KeyMap.talking.card {
            page.entry(entry.keys, "\(entry.name). \(entry.help)")
        }
        page.section("SIZES OF SCREENS")
        page.text(Roff.escaped("Panes stand where there is room for them; the table [panes] of the settings has a list for each size. " + PaneSets.explanation))
        page.section("FILES")
        page.entry("$XDG_CONFIG_HOME/dirtyscope/config.toml", "Settings; 'dirtyscope config' prints them all. By default below ~/.config.")
        page.entry("$XDG_STATE_HOME/dirtyscope/session-*.keys", "What was done in sessions that were cut off, for 'play --replay'. By default below ~/.local/state.")
        page.section("ENVIRONMENT")
        page.entry("DIRTYSCOPE_CONFIG", "The file of settings; empty or /dev/null for none.")
        page.entry("DIRTYSCOPE_DEMOS", "The folder of the shipped scenarios.")
        page.entry("NO_COLOR", "No colour, where it is set and not empty.")
        page.entry("ESCDELAY", "Milliseconds that a lone Esc waits for more; 25 by itself.")
        page.entry("SOURCE_DATE_EPOCH", "The date of exported casts, in seconds since 1970.")
        page.section("EXIT STATUS")
        let statuses = [
            ("0", "All went well, and every expectation held."), ("1", "An expectation failed, or a task could not go on."),
            ("64", "Wrong usage."), ("65", "A scenario is in error; of config, the file of settings is."), ("66", "A file cannot be read."),
            ("73", "A file cannot be written."),
        ]
        for (status, meaning) in statuses { page.entry(status, meaning) }
        return page.result
    }
}

/// The keys on a sheet of paper: two columns of 80 characters in all.
struct KeyCard {
    private let keys: KeyMap

    init(_ keys: KeyMap) { self.keys = keys }

    var text: String {
        let entries = keys.card.map { entry in (entry.keys.isEmpty ? "-" : entry.keys, entry.name) }
        let half = (entries.count + 1) / 2
        let columns = [entries[..<half], entries[half...]].map { part in
            part.map { keys, name in pad(keys, 18) + pad(name, 20) }
        }
        var lines = ["dirtyscope: the keys (small letters go forward, capitals go back)", ""]
        for row in 0..<half {
            var line = columns[0][row] + "  " + (row < columns[1].count ? columns[1][row] : "")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
