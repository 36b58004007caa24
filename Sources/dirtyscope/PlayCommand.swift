import ArgumentParser
import DirtyScript
import DirtyTerminal
import DirtyView

struct PlayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "play", abstract: "Step a scenario forward and backward in the terminal.",
        discussion: """
            s steps, S steps back, Space plays, ? lists all keys, q leaves. ':' takes commands of the \
            scenario language. Without a terminal it does what 'run' does.
            """)

    @Argument(help: "The scenario; none opens the list of demos, with a sandbox.")
    var file: String?

    @Option(help: "How fast to play; 1 is two steps a second.")
    var speed = 1.0

    @OptionGroup var moment: MomentOptions

    @Flag(help: "Without a screen: lines in, lines out, for screen readers, simple terminals and pipes.")
    var plain = false

    @OptionGroup var kernel: KernelOptions

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if !(speed > 0) { throw ValidationError("--speed takes a number above 0") }
    }

    func run() throws {
        guard let file else { return try runLibrary() }
        let session = try ScenarioLoader.load(file, kernel: kernel.kernel, rules: kernel.rules)
        var player = makePlayer(session)
        try moment.apply(to: &player)
        if plain { return try PlainLoop(player).run(controllingTerminal: file == "-") }
        var application = PlayerApplication(player: player)
        try screen.show(&application, controllingTerminal: file == "-") {
            var session = session
            // Of a terminal that cannot be drawn on nothing is known.
            try RunCommand.runText(&session, isStyled: false)
        }
    }

    /// Without a file: the demos and a sandbox to choose from.
    private func runLibrary() throws {
        // A rule that no kernel has is told at once, not when a scenario is opened with it.
        let sandbox = try ScenarioLoader.sandbox(kernel)
        if plain {
            try DemosCommand().run()
            try Output.write("\n'dirtyscope play --plain FILE' plays one of them; this is the sandbox.\n")
            var player = makePlayer(sandbox)
            player.begin(at: 1)
            return try PlainLoop(player).run(controllingTerminal: false)
        }
        var application = LibraryApplication(DemoLibrary.demos(), kernel: kernel, makePlayer: makePlayer)
        try screen.show(&application, controllingTerminal: false) { try DemosCommand().run() }
    }

    private func makePlayer(_ session: Session) -> Player {
        Player(session, glyphs: screen.glyphs, theme: screen.theme?.theme ?? .fill, speed: speed)
    }
}
