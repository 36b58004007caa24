import ArgumentParser
import DirtyTerminal
import DirtyView

struct NotesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notes", abstract: "Follow a talk on the speaker's own terminal.",
        discussion: """
            Shows what the audience sees now and next, the speaker notes of the scenario ('note' lines), \
            and the time. Begin it before or after 'play FILE --present', in any folder; it waits for \
            the talk, and for the next one. q leaves.
            """)

    @Argument(help: "The scenario whose talk to follow; without one, the talk that began last.")
    var file: String?

    @Option(help: "How long the talk may be: shows what is left.")
    var minutes: Int?

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if let minutes, !(1...100_000).contains(minutes) { throw ValidationError("--minutes takes a number from 1 up") }
    }

    func run() throws {
        let settings = ConfigurationFile.load()
        guard let folder = StageFolder() else { throw ExitCode.unavailable }
        var application = NotesApplication(folder: folder, file: file.map(StageFile.name), minutes: minutes)
        application.theme = settings.theme(screen.theme?.theme)
        application.chosenGlyphs = screen.glyphs ?? settings.glyphs
        application.look()
        try screen.show(&application, settings, controllingTerminal: false) {
            Output.complain("dirtyscope: 'notes' needs a terminal")
            throw ExitCode.unavailable
        }
    }
}

/// Looks for the talk now and then, and shows where it stands.
struct NotesApplication: Shown {
    private let folder: StageFolder
    private let file: String?
    private var page = NotesPage()
    /// When the clock was set to zero, when the present beat was reached, and which talk it is.
    private var zero = StageFile.now
    private var beatBegan = StageFile.now
    private var began: Int?
    var theme = Theme.fill
    var chosenGlyphs: GlyphSet?
    private var glyphs = GlyphSet.letters
    private(set) var isFinished = false

    init(folder: StageFolder, file: String?, minutes: Int?) {
        self.folder = folder
        self.file = file
        page.allowed = minutes.map { $0 * 60 }
    }

    /// Often enough to follow a press, and cheap.
    var tick: Int? { 200 }

    mutating func attach(to screen: ScreenTraits) { glyphs = chosenGlyphs ?? screen.glyphs }

    mutating func look() {
        let talk = folder.talks().last { file == nil || $0.file == file }
        let now = StageFile.now
        if let talk {
            if talk.began != began { (zero, beatBegan, began) = (talk.began, now, talk.began) }
            if talk.state.beat != page.state?.beat { beatBegan = now }
        } else if page.state != nil {
            page.waiting = "the talk has ended; waiting for the next one"
        }
        page.state = talk?.state
        (page.elapsed, page.sinceBeat) = (now - zero, now - beatBegan)
    }

    mutating func handle(_ event: Event) {
        switch event {
        case .key(.character("q")), .key(.escape): isFinished = true
        case .key(.character("r")):
            zero = StageFile.now
            look()
        case .interrupt: isFinished = true
        default: look()
        }
    }

    mutating func leave(_ reason: ExitReason) {}

    func frame(size: Size) -> Grid { page.frame(size: size, glyphs: glyphs) }
}
