import ArgumentParser
import DirtyScript
import DirtyTerminal
import DirtyView
import Glibc

struct PlayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "play", abstract: "Step a scenario forward and backward in the terminal.",
        discussion: """
            s steps, S steps back, Space plays, ? lists all keys, q leaves. ':' takes commands of the \
            scenario language. Without a terminal it does what 'run' does. A recording of 'attach' is \
            played, too.
            """)

    @Argument(help: "The scenario, or a recording; none opens the list of demos, with a sandbox.")
    var file: String?

    @Option(help: "How fast to play; 1 is two steps a second.")
    var speed: Double?

    @OptionGroup var moment: MomentOptions

    @Flag(help: "Without a screen: lines in, lines out, for screen readers, simple terminals and pipes.")
    var plain = false

    @Option(help: ArgumentHelp("First do again what a session did that was cut off.", valueName: "log"))
    var replay: String?

    @Flag(help: "Give a talk: large words, a press of a remote for each beat; 'dirtyscope notes' follows it.")
    var present = false

    @OptionGroup var lesson: QuizOptions

    @OptionGroup var kernel: KernelOptions

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if present, file == nil { throw ValidationError("--present needs a scenario") }
        try lesson.check(hasFile: file != nil)
        if let speed, !(speed > 0) { throw ValidationError("--speed takes a number above 0") }
    }

    func run() throws {
        let settings = ConfigurationFile.load()
        let isPlain = plain || settings.plain ?? false
        guard file != nil || lesson.quiz else { return try runLibrary(settings, isPlain) }
        let file = file ?? "-"
        if !lesson.quiz, !present, let recording = try RecordingLoader.history(file) {
            return try RecordingLoader.play(recording, at: moment.at, isPlain: isPlain, settings, screen)
        }
        let session = try lesson.session(self.file, kernel)
        if lesson.quiz, isPlain { return try lesson.runOnPaper(session) }
        var player = makePlayer(session, settings)
        try moment.apply(to: &player)
        if lesson.quiz { player.beginQuiz(seed: lesson.seed ?? 0) }
        if present { player.present() }
        let earlier = try replay.map(Self.log) ?? ""
        player.replay(earlier)
        if isPlain { return try PlainLoop(player).run(controllingTerminal: file == "-") }
        if greets(settings) { player.greet() }
        if let trouble = settings.trouble { player.answer(trouble, isError: true) }
        let arguments = kernel.asArguments + moment.asArguments + (present ? " --present" : "") + lesson.asArguments
        var application = TalkApplication(
            PlayerApplication(
                player: player,
                log: file == "-" ? nil : SessionLog(of: file, arguments: arguments, earlier: earlier)), file: file)
        var isOnPaper = false
        defer { application.end() }
        try screen.show(&application, settings, controllingTerminal: self.file == "-") {
            isOnPaper = true
            if lesson.quiz { return try lesson.runOnPaper(session) }
            // Whoever sits at a terminal without a cursor still wants to step.
            if isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 {
                return try PlainLoop(player).run(controllingTerminal: file == "-")
            }
            var session = session
            // Of a terminal that cannot be drawn on nothing is known.
            try RunCommand.runText(&session, isStyled: false)
        }
        if !isOnPaper { try lesson.tell(application.player.quiz, session) }
    }

    /// Without a file: the demos and a sandbox to choose from.
    private func runLibrary(_ settings: Configuration, _ isPlain: Bool) throws {
        // A rule that no kernel has is told at once, not when a scenario is opened with it.
        let sandbox = try ScenarioLoader.sandbox(kernel)
        if isPlain {
            try DemosCommand().run()
            try Output.write("\n'dirtyscope play --plain FILE' plays one of them; this is the sandbox.\n")
            var player = makePlayer(sandbox, settings)
            player.begin(at: 1)
            return try PlainLoop(player).run(controllingTerminal: false)
        }
        var application = LibraryApplication(
            DemoLibrary.demos(), kernel: kernel, theme: settings.theme(screen.theme?.theme)
        ) { makePlayer($0, settings) }
        if greets(settings) { application.greet("First time here? Enter opens a demo; there, ? lists the keys and s takes a step.") }
        if let trouble = settings.trouble { application.greet(trouble) }
        try screen.show(&application, settings, controllingTerminal: false) { try DemosCommand().run() }
    }

    private func greets(_ settings: Configuration) -> Bool {
        settings.hint ?? true && isatty(STDOUT_FILENO) == 1 && StateFolder.isFirstRun()
    }

    private static func log(_ path: String) throws -> String {
        do {
            return String(decoding: try ScenarioLoader.read(path), as: UTF8.self)
        } catch {
            Output.complain("dirtyscope: cannot read '\(printable(path))': \(error)")
            throw ExitCode.noInput
        }
    }

    private func makePlayer(_ session: Session, _ settings: Configuration) -> Player {
        var player = Player(
            session, glyphs: screen.glyphs ?? settings.glyphs, theme: settings.theme(screen.theme?.theme),
            speed: speed ?? settings.speed ?? 1)
        player.keys = settings.keys
        player.talkKeys = settings.talkKeys
        player.showsKeys = settings.keyLine ?? false
        player.panes = settings.panes
        // One is left to the screen.
        player.useSearchWorkers(sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1)
        return player
    }
}
