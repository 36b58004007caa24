import DirtyView
import Glibc

/// A program with a screen, as far as it depends on no terminal: events go in, grids come out.
public protocol TerminalApplication {
    /// Called once, before the first event: what the screen can show.
    mutating func attach(to screen: ScreenTraits)
    /// Ctrl-L, and the second Ctrl-C within a second, are not passed on: the loop handles them.
    mutating func handle(_ event: Event)
    /// The screen as it should look now.
    func frame(size: Size) -> Grid
    /// Milliseconds between the timeouts that it wants, or nil to sleep until something happens.
    /// Other events do not delay a timeout.
    var tick: Int? { get }
    var isFinished: Bool { get }
    /// Whether there is work that can wait for moments in which nothing happens.
    var hasWork: Bool { get }
    /// Does a little of that work, in a few milliseconds.
    mutating func work()
    var theme: Theme { get }
    /// Whether the bell should ring with the next frame. Asked once a frame.
    mutating func takeBell() -> Bool
}

/// What a screen can show.
public struct ScreenTraits: Hashable, Sendable {
    public var size: Size
    /// The characters that it shows without doubt.
    public var glyphs: GlyphSet
    public var colorLevel: ColorLevel
}

extension TerminalApplication {
    public mutating func attach(to screen: ScreenTraits) {}
    public var hasWork: Bool { false }
    public mutating func work() {}
    public var theme: Theme { .fill }
    public mutating func takeBell() -> Bool { false }
}

/// Runs an application on the terminal until it is finished or has to end.
public func run(
    _ application: inout some TerminalApplication, options: TerminalOptions = TerminalOptions()
) throws(TerminalError) -> ExitReason {
    var loop = EventLoop(terminal: try Terminal(options, theme: application.theme), options: options)
    return loop.run(&application)
}

private struct EventLoop: ~Copyable {
    var terminal: Terminal
    let options: TerminalOptions
    var frames = 0
    var interrupts = InterruptPair()
    var ticker = Ticker()

    init(terminal: consuming Terminal, options: TerminalOptions) {
        self.terminal = terminal
        self.options = options
    }

    mutating func run(_ application: inout some TerminalApplication) -> ExitReason {
        application.attach(to: terminal.traits)
        while !application.isFinished {
            show(&application)
            // The end of work in idle moments is worth a frame of its own.
            guard var event = nextEvent(&application) else { continue }
            if event == .timeout { ticker.restart() }
            // What is there already is handled before the next frame, so that a held key or a
            // window being dragged does not leave a queue of frames behind.
            repeat {
                if let reason = handle(event, &application) { return reason }
                if application.isFinished { break }
                event = terminal.nextEvent(timeoutMilliseconds: 0)
            } while event != .timeout
        }
        return .finished
    }

    /// While an application works, it is shown so often.
    private static let workFrame = Duration.milliseconds(100)

    /// Waits for an event, and lets the application work meanwhile; nil when that work has ended,
    /// or when it is time to show how far it has come.
    private mutating func nextEvent(_ application: inout some TerminalApplication) -> Event? {
        let hadWork = application.hasWork
        let start = ContinuousClock.now
        while true {
            let timeout = ticker.timeout(tick: application.tick, now: .now)
            guard application.hasWork, timeout != 0 else {
                if hadWork, !application.hasWork { return nil }
                return terminal.nextEvent(timeoutMilliseconds: timeout)
            }
            let event = terminal.nextEvent(timeoutMilliseconds: 0)
            if event != .timeout { return event }
            application.work()
            if ContinuousClock.now - start > Self.workFrame { return nil }
        }
    }

    private mutating func show(_ application: inout some TerminalApplication) {
        if application.takeBell() { terminal.beep() }
        terminal.draw(application.frame(size: terminal.size), theme: application.theme)
        frames += 1
        if let descriptor = options.testSyncDescriptor {
            let line = Array("\(frames)\n".utf8)
            _ = write(descriptor, line, line.count)
        }
        if frames >= options.crashFrame { options.crashTest?.perform() }
    }

    /// Returns why to end, if the event is a reason to.
    private mutating func handle(
        _ event: Event, _ application: inout some TerminalApplication
    ) -> ExitReason? {
        switch event {
        case .key(.control("L")):
            terminal.repaint()
            return nil
        case .interrupt:
            if interrupts.isSecond(at: .now) { return .interrupted }
        default: break
        }
        application.handle(event)
        switch event {
        case .terminate(let signal): return .signal(signal)
        case .hangup: return .hangup
        default: return nil
        }
    }
}
