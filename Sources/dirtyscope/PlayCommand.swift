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

    @Option(help: "Begin after this many steps.")
    var at = 0

    @OptionGroup var kernel: KernelOptions

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if at < 0 { throw ValidationError("--at takes a number of steps from 0 up") }
        if !(speed > 0) { throw ValidationError("--speed takes a number above 0") }
    }

    func run() throws {
        guard let file else { return try runLibrary() }
        let session = try ScenarioLoader.load(file, kernel: kernel.kernel, rules: kernel.rules)
        var player = makePlayer(session)
        if at > 0 { player.begin(at: at) }
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
        _ = try ScenarioLoader.sandbox(kernel)
        var application = LibraryApplication(DemoLibrary.demos(), kernel: kernel, makePlayer: makePlayer)
        try screen.show(&application, controllingTerminal: false) { try DemosCommand().run() }
    }

    private func makePlayer(_ session: Session) -> Player {
        Player(session, glyphs: screen.glyphs, theme: screen.theme?.theme ?? .fill, speed: speed)
    }
}
