import ArgumentParser
import DirtyMachine
import DirtyScript

struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "List the switches of the kernels, with what each is in every profile.",
        discussion: """
            A switch is overridden by a line 'rule NAME VALUE' of a scenario, or by \
            '--rule NAME=VALUE'. '-' means that it has no meaning in that kernel; \
            'dirtyscope rules NAME' says why.
            """)

    @Argument(help: "Only this switch, by name or number (S20), with its values and reasons.")
    var name: String?

    @Option(help: "text for people, json for programs.")
    var format = RunCommand.Format.text

    func run() throws {
        var chosen: Switch?
        if let name {
            chosen = Switch.named(name)
            guard chosen != nil else {
                let near = Suggestion.nearest(to: name, among: Switch.all.map(\.name))
                Output.complain(
                    "dirtyscope: unknown rule '\(printable(name))'"
                        + (near.map { "; did you mean '\($0)'?" } ?? ""))
                throw ExitCode(64)
            }
        }
        switch (format, chosen) {
        case (.json, let knob?): try Output.write(RulesReport.json([knob]) + "\n")
        case (.json, nil): try Output.write(RulesReport.json() + "\n")
        case (.text, let knob?):
            try Output.write(RulesReport.details(of: knob).joined(separator: "\n") + "\n")
        case (.text, nil): try Output.write(RulesReport.table().joined(separator: "\n") + "\n")
        }
    }
}
