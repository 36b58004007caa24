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

    @Option(help: "How states look: \(Theme.all.map(\.name).joined(separator: ", ")).")
    var theme: ThemeChoice?

    @Option(help: "Which characters draw them; the terminal decides if none is given.")
    var glyphs: GlyphSet?

    @Option(help: "How fast to play; 1 is two steps a second.")
    var speed = 1.0

    @Option(help: "Begin after this many steps.")
    var at = 0

    @OptionGroup var kernel: KernelOptions

    @Option(help: .hidden) var testSyncFd: Int32?
    @Option(help: .hidden) var crashTest: CrashTest?

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
        try show(&application, controllingTerminal: file == "-") {
            var session = session
            try RunCommand.runText(&session)
        }
    }

    /// Without a file: the demos and a sandbox to choose from.
    private func runLibrary() throws {
        var application = LibraryApplication(DemoLibrary.demos(), makePlayer: makePlayer)
        try show(&application, controllingTerminal: false) { try DemosCommand().run() }
    }

    private func makePlayer(_ session: Session) -> Player {
        Player(session, glyphs: glyphs, theme: theme?.theme ?? .fill, speed: speed)
    }

    private func show(
        _ application: inout some TerminalApplication, controllingTerminal: Bool,
        otherwise: () throws -> Void
    ) throws {
        var options = TerminalOptions()
        options.testSyncDescriptor = testSyncFd
        options.crashTest = crashTest
        options.controllingTerminal = controllingTerminal
        do {
            let reason = try DirtyTerminal.run(&application, options: options)
            if reason != .finished { throw ExitCode(reason.exitCode) }
        } catch let error as TerminalError {
            Output.complain("dirtyscope: \(error.description); as text instead:")
            try otherwise()
        }
    }
}

/// A theme by name.
struct ThemeChoice: ExpressibleByArgument {
    let theme: Theme

    init?(argument: String) {
        guard let theme = Theme.named(argument) else { return nil }
        self.theme = theme
    }
}

extension GlyphSet: ExpressibleByArgument {}
extension CrashTest: ExpressibleByArgument {}
