import DirtyScript
import DirtyTerminal
import DirtyView

/// Something that is played on a terminal: a session, or several beside each other.
protocol Playable {
    mutating func attach(size: Size, glyphs: GlyphSet)
    mutating func resize(_ size: Size)
    mutating func press(_ key: Key)
    mutating func interrupt()
    mutating func point(_ mouse: Mouse)
    mutating func passTime()
    func frame(size: Size) -> Grid
    var tick: Int? { get }
    var isFinished: Bool { get }
    var theme: Theme { get }
    /// Work to be done in slices while no key is pressed.
    var hasWork: Bool { get }
    mutating func work()
    /// Its ticks are only there to look how far a search has come.
    var isOnlyLooking: Bool { get }
    /// How far a long way is gone, for the log.
    var deedOnTheWay: Deed? { get }
    /// Looks; true when a search has come to its end.
    mutating func noticeSearch() -> Bool
    mutating func takeBell() -> Bool
    mutating func takeRequest() -> Player.Request?
    mutating func answer(_ text: String, isError: Bool)
}

extension Playable {
    var hasWork: Bool { false }
    mutating func work() {}
    var isOnlyLooking: Bool { false }
    var deedOnTheWay: Deed? { nil }
    mutating func noticeSearch() -> Bool { false }
    mutating func takeRequest() -> Player.Request? { nil }
    mutating func answer(_ text: String, isError: Bool) {}
    mutating func point(_ mouse: Mouse) {}

    /// Handles an event. It is written down first: what crashes the program is part of the session.
    mutating func handle(_ event: Event, writingTo log: SessionLog?) {
        if event != .timeout || !isOnlyLooking { log?.record(event, at: deedOnTheWay) }
        handle(event)
        if noticeSearch() { log?.recordSearchEnd(at: deedOnTheWay) }
    }

    /// What the terminal has to say, as the player's own verbs.
    private mutating func handle(_ event: Event) {
        switch event {
        case .key(let key): press(key)
        case .mouse(let mouse): point(mouse)
        case .resize(let size): resize(size)
        case .interrupt: interrupt()
        case .timeout: passTime()
        case .terminate, .hangup, .resumed: break
        }
        if let request = takeRequest() { fulfil(request) }
    }

    /// Does what the player cannot do itself.
    mutating func fulfil(_ request: Player.Request) {
        switch request {
        case .save(let text, let path, let replaces):
            do {
                try SessionFile.write(text, to: path, replaces: replaces)
                answer("saved; dirtyscope play \(quotedForShell(path)) leads here", isError: false)
            } catch {
                answer("\(printable(path)): \(error)" + (replaces ? "" : "; save! writes over a file"), isError: true)
            }
        }
    }
}

extension Player: Playable {}
extension ComparisonPlayer: Playable {}

/// A player on a terminal.
struct PlayerApplication<Played: Playable>: Shown {
    var player: Played
    /// Nil where a session is not written down.
    var log: SessionLog?

    mutating func attach(to screen: ScreenTraits) {
        player.attach(size: screen.size, glyphs: screen.glyphs)
        log?.begin(screen.size)
    }

    mutating func handle(_ event: Event) {
        player.handle(event, writingTo: log)
    }

    mutating func leave(_ reason: ExitReason) { log?.leave(reason) }
    func frame(size: Size) -> Grid { player.frame(size: size) }
    var tick: Int? { player.tick }
    var isFinished: Bool { player.isFinished }
    var hasWork: Bool { player.hasWork }
    mutating func work() { player.work() }
    var theme: Theme { player.theme }
    mutating func takeBell() -> Bool { player.takeBell() }
}
