import DirtyTerminal
import DirtyView

/// The player on a terminal.
struct PlayerApplication: TerminalApplication {
    var player: Player

    mutating func attach(to screen: ScreenTraits) {
        player.attach(size: screen.size, glyphs: screen.glyphs)
    }

    mutating func handle(_ event: Event) {
        switch event {
        case .key(let key): player.press(key)
        case .resize(let size): player.resize(size)
        case .interrupt: player.interrupt()
        case .timeout: player.passTime()
        case .terminate, .hangup, .resumed: break
        }
    }

    func frame(size: Size) -> Grid { player.frame(size: size) }

    var tick: Int? { player.tick }
    var isFinished: Bool { player.isFinished }
    var hasWork: Bool { player.hasWork }
    mutating func work() { player.work() }
    var theme: Theme { player.theme }
    mutating func takeBell() -> Bool { player.takeBell() }
}
