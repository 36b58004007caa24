import DirtyTerminal
import DirtyView

/// A player whose talk can be followed from another terminal while it is given.
struct TalkApplication: Shown {
    private var application: PlayerApplication<Player>
    private let file: String
    private var stage: StageFile?

    init(_ application: PlayerApplication<Player>, file: String) {
        self.application = application
        self.file = file
        publish()
    }

    var player: Player { application.player }

    /// While there is no talk there is no file.
    private mutating func publish() {
        guard let state = application.player.talkState else { return stage = nil }
        stage = stage ?? StageFile(file: file)
        stage?.publish(state)
    }

    /// Nobody follows any more, and nothing is left behind.
    mutating func end() { stage = nil }

    mutating func leave(_ reason: ExitReason) {
        end()
        application.leave(reason)
    }

    mutating func attach(to screen: ScreenTraits) { application.attach(to: screen) }

    mutating func handle(_ event: Event) {
        application.handle(event)
        publish()
    }

    mutating func work() {
        application.work()
        publish()
    }

    func frame(size: Size) -> Grid { application.frame(size: size) }
    var tick: Int? { application.tick }
    var isFinished: Bool { application.isFinished }
    var hasWork: Bool { application.hasWork }
    var theme: Theme { application.theme }
    mutating func takeBell() -> Bool { application.takeBell() }
}
