import DirtyScript
import DirtyTerminal
import DirtyView

/// The list of demos on a terminal, and the player on the one that was chosen.
struct LibraryApplication: TerminalApplication {
    private var list: DemoList
    private var player: Player?
    private let kernel: KernelOptions
    private let makePlayer: (Session) -> Player
    private var screen: ScreenTraits?
    private(set) var isFinished = false

    /// `kernel` is what the command line says about every scenario that is opened, the sandbox included.
    init(_ demos: [Demo], kernel: KernelOptions, makePlayer: @escaping (Session) -> Player) {
        self.kernel = kernel
        list = DemoList(
            demos.map {
                DemoList.Entry(group: $0.group, title: printable($0.title), path: $0.shownPath)
            })
        self.makePlayer = makePlayer
    }

    mutating func attach(to screen: ScreenTraits) { self.screen = screen }

    mutating func handle(_ event: Event) {
        if case .resize(let size) = event { screen?.size = size }
        if player != nil {
            // In place: a copy would be one of the whole history.
            player?.handle(event)
            if player?.isFinished == true { player = nil }
            return
        }
        guard case .key(let key) = event, let choice = list.press(key) else { return }
        switch choice {
        case .quit: isFinished = true
        case .sandbox: open { [kernel] in try ScenarioLoader.sandbox(kernel) }
        case .open(let entry):
            open { [kernel] in try ScenarioLoader.load(entry.path, kernel: kernel.kernel, rules: kernel.rules) }
        }
    }

    private mutating func open(_ load: () throws -> Session) {
        guard let session = try? load() else {
            list.message = "this scenario is in error; 'dirtyscope check' tells why"
            return
        }
        var player = makePlayer(session)
        if let screen { player.attach(size: screen.size, glyphs: screen.glyphs) }
        player.begin(at: session.title == "Sandbox" ? 1 : 0)
        self.player = player
    }

    func frame(size: Size) -> Grid {
        player?.frame(size: size) ?? list.frame(size: size, glyphs: screen?.glyphs ?? .letters)
    }

    var tick: Int? { player?.tick }
    var hasWork: Bool { player?.hasWork ?? false }
    mutating func work() { player?.work() }
    var theme: Theme { player?.theme ?? .fill }
    mutating func takeBell() -> Bool { player?.takeBell() ?? false }
}
