import ArgumentParser
import DirtyScript

struct PlayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "play", abstract: "Step a scenario forward and backward in the terminal.")

    @Argument(help: "The scenario; none opens a sandbox.")
    var file: String?

    @OptionGroup var kernel: KernelOptions

    func run() throws {
        var session =
            try file.map { try ScenarioLoader.load($0, kernel: kernel.kernel, rules: kernel.rules) }
            ?? ScenarioLoader.sandbox()
        try RunCommand.runText(&session)
    }
}
