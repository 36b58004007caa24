import ArgumentParser
import DirtyExplore
import DirtyScript
import DirtyView
import Glibc
import LiveModel

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a picture or a recording of the played scenario.",
        discussion: """
            --svg and --text are of one moment, --cast and --html of everything that follows. The bytes \
            depend on the scenario alone; only SOURCE_DATE_EPOCH, where it is set, dates a cast. \
            --promela is another thing: a race as a model for SPIN, whose verdict can be compared with \
            that of 'explore'.
            """)

    @Argument(help: "The scenario; '-' reads standard input.")
    var file: String

    @Option(help: ArgumentHelp("Write a still picture here; '-' is standard output.", valueName: "file"))
    var svg: String?

    @Option(help: ArgumentHelp("Write the screen as text here.", valueName: "file"))
    var text: String?

    @Option(help: ArgumentHelp("Write a recording for asciinema here.", valueName: "file"))
    var cast: String?

    @Option(help: ArgumentHelp("Write a page to walk through here.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("Write a race as a model for SPIN here.", valueName: "file"))
    var promela: String?

    @Option(help: "The cast's version: 2, which every player reads, or 3.")
    var castVersion = Asciicast.Version.v2

    @Option(help: "A screen of a recording for every: \(Show.Pace.allCases.map(\.rawValue).joined(separator: ", ")).")
    var every: Show.Pace?

    @Option(parsing: .unconditional, help: "How fast to play; 1 is two steps a second.")
    var speed = 1.0

    @OptionGroup var moment: MomentOptions

    @Option(help: "Columns and rows of the screen.")
    var size = ScreenSize(columns: 120, rows: 40)

    @Option(help: "How states look: \(Theme.all.map(\.name).joined(separator: ", ")).")
    var theme: ThemeChoice?

    @Option(help: "Which characters draw them.")
    var glyphs = GlyphSet.letters

    @OptionGroup var kernel: KernelOptions

    func validate() throws {
        if svg == nil, text == nil, cast == nil, html == nil, promela == nil {
            throw ValidationError("one of --svg, --text, --cast, --html and --promela is needed")
        }
        if every != nil, cast == nil, html == nil {
            throw ValidationError("--every is for --cast and --html: --svg and --text are of one moment, --at")
        }
        if !(speed > 0) { throw ValidationError("--speed takes a number above 0") }
    }

    func run() throws {
        if let recording = try RecordingLoader.history(file) { return try export(recording) }
        if let promela { try writeModel(to: promela) }
        guard svg != nil || text != nil || cast != nil || html != nil else { return }
        let session = try ScenarioLoader.load(file, kernel: kernel.kernel, rules: kernel.rules)
        let size = Size(size.columns, size.rows)
        var player = Player(session, glyphs: glyphs, theme: theme?.theme ?? .fill, speed: speed)
        player.attach(size: size, glyphs: glyphs)
        let title = "dirtyscope: " + printable(session.title)
        if svg != nil || text != nil {
            var still = player
            try moment.apply(to: &still, unlessGiven: .max)
            let grid = still.picture(size: size)
            let picture = SVG(
                theme: theme?.theme ?? .fill, title: title, description: "\(command) --at \(still.session.position)")
            if let svg { try write(picture.render(grid), to: svg) }
            if let text { try write(grid.text + "\n", to: text) }
        }
        guard cast != nil || html != nil else { return }
        try moment.apply(to: &player)
        let show = Show(player, size: size, pace: every ?? .step)
        if let cast { try writeCast(show, size, title, to: cast) }
        if let html {
            var page = WalkThrough(theme: theme?.theme ?? .fill)
            for shot in show { page.add(shot) }
            let whole = page.page(title: title, kernel: session.profile.rawValue, command: command)
            try write(whole, to: html)
        }
    }

    /// A screen of a recording of real processes.
    private func export(_ recording: LiveHistory) throws {
        if cast != nil || html != nil || promela != nil {
            throw ValidationError("of a recording of 'attach' there are --svg and --text")
        }
        let size = Size(size.columns, size.rows)
        let player = RecordingLoader.player(
            recording, at: moment.at ?? .max, glyphs: glyphs, theme: theme?.theme ?? .fill, size: size)
        let grid = player.frame(size: size)
        let picture = SVG(
            theme: theme?.theme ?? .fill, title: "dirtyscope: " + printable(recording.header.title),
            description: "dirtyscope play " + quotedForShell(file))
        if let svg { try write(picture.render(grid), to: svg) }
        if let text { try write(grid.text + "\n", to: text) }
    }

    /// The command that plays what is exported, as a person would type it.
    private var command: String {
        "dirtyscope play \(quotedForShell(file))\(kernel.asArguments)"
    }

    private func writeModel(to path: String) throws {
        let scenario = try ScenarioLoader.parse(file)
        var options = Explorer.Options()
        options.kernel = kernel.kernel
        options.rules = kernel.rules
        let model = try ScenarioLoader.checked { () throws(Diagnostics) in
            try PromelaModel.text(scenario, options: options)
        }
        try write(model, to: path)
    }

    private func writeCast(_ show: Show, _ size: Size, _ title: String, to path: String) throws {
        var recording = Asciicast(castVersion, size: size, theme: theme?.theme ?? .fill)
        let date = getenv("SOURCE_DATE_EPOCH").flatMap { Int(String(cString: $0)) }
        var lines = recording.header(title: title, timestamp: date)
        var end = 0
        for shot in show {
            lines += recording.events(shot)
            end = shot.milliseconds
        }
        try write(lines + recording.end(end), to: path)
    }

    private func write(_ text: String, to path: String) throws {
        if path == "-" { try Output.write(text) } else { try Output.write(text, to: path) }
    }
}

extension Asciicast.Version: ExpressibleByArgument {}
extension Show.Pace: ExpressibleByArgument {}

/// A word as a shell takes it.
func quotedForShell(_ word: String) -> String {
    let isPlain = !word.isEmpty && word.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_./=+,:@%".unicodeScalars.contains($0))
    }
    return isPlain ? word : "'" + printable(word).replacing("'", with: "'\\''") + "'"
}

/// `120x40`.
struct ScreenSize: ExpressibleByArgument {
    let columns: Int
    let rows: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    init?(argument: String) {
        let parts = argument.split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, (1...500).contains(parts[0]), (1...200).contains(parts[1]) else {
            return nil
        }
        self.init(columns: parts[0], rows: parts[1])
    }

    var defaultValueDescription: String { "\(columns)x\(rows)" }
}
