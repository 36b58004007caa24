import DirtyScript
import DirtyTerminal
import DirtyView

/// The list of demos on a terminal, and the player on the one that was chosen.
struct LibraryApplication: Shown {
    private var list: DemoList
    private var playing: TalkApplication?
    private let kernel: KernelOptions
    private let listTheme: Theme
    private let makePlayer: (Session) -> Player
    private var screen: ScreenTraits?
    private(set) var isFinished = false

    /// What the list says until a key is pressed.
    mutating func greet(_ text: String) { list.hint = text }

    /// `kernel` is what the command line says about every scenario that is opened, the sandbox included.
    init(_ demos: [Demo], kernel: KernelOptions, theme: Theme, makePlayer: @escaping (Session) -> Player) {
        self.kernel = kernel
        listTheme = theme
        list = DemoList(
            demos.map {
                DemoList.Entry(group: $0.group, title: printable($0.title), path: $0.shownPath)
            })
        self.makePlayer = makePlayer
    }

    mutating func attach(to screen: ScreenTraits) { self.screen = screen }

    mutating func handle(_ event: Event) {
        if case .resize(let size) = event { screen?.size = size }
        if playing != nil {
            // In place: a copy would be one of the whole history.
            playing?.handle(event)
            if playing?.isFinished == true { close() }
            return
        }
        guard case .key(let key) = event, let choice = list.press(key) else { return }
        switch choice {
        case .quit: isFinished = true
        case .sandbox: open(nil) { [kernel] in try ScenarioLoader.sandbox(kernel) }
        case .open(let entry):
            open(entry.path) { [kernel] in try ScenarioLoader.load(entry.path, kernel: kernel.kernel, rules: kernel.rules, hasScreen: true) }
        }
    }

    private mutating func close() {
        playing?.leave(.finished)
        playing = nil
    }

    mutating func leave(_ reason: ExitReason) { playing?.leave(reason) }

    /// `path` is nil for the sandbox, which no command opens.
    private mutating func open(_ path: String?, _ load: () throws -> Session) {
        guard let session = try? load() else {
            list.message = "this scenario is in error; 'dirtyscope check' tells why"
            return
        }
        var player = makePlayer(session)
        player.begin(at: session.title == "Sandbox" ? 1 : 0)
        let log = path.flatMap { SessionLog(of: $0, arguments: kernel.asArguments) }
        var application = TalkApplication(PlayerApplication(player: player, log: log), file: path ?? "-")
        if let screen { application.attach(to: screen) }
        playing = application
    }

    func frame(size: Size) -> Grid {
        playing?.frame(size: size) ?? list.frame(size: size, glyphs: screen?.glyphs ?? .letters)
    }

    var tick: Int? { playing?.tick }
    var hasWork: Bool { playing?.hasWork ?? false }
    mutating func work() { playing?.work() }
    var theme: Theme { playing?.theme ?? listTheme }
    mutating func takeBell() -> Bool { playing?.takeBell() ?? false }
}
