import DirtyView
import Glibc

/// A program on a pseudo terminal of its own, with a terminal in memory at the other end.
///
/// Nothing here waits for time: a test waits for a frame number, for a state of the screen or for
/// the end of the program. The deadline only turns a hang into a failure that shows everything.
public final class Pty {
    /// Thrown when something waited for did not come; tells all that is known.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// How a program ended.
    public enum End: Hashable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    /// The child sees the frame pipe as this descriptor.
    public static let syncDescriptor: Int32 = 3

    public private(set) var screen: VirtualTerminal
    /// Everything that the program wrote to the terminal.
    public private(set) var output: [UInt8] = []
    /// The number of the last frame that was reported.
    public private(set) var frame = 0
    public private(set) var end: End?
    /// The modes of the terminal before the program could touch them.
    public let initialModes: Modes
    private var master: Int32
    private var sync: Int32
    private var syncText: [UInt8] = []
    private let child: pid_t
    /// The program's process.
    public var process: pid_t { child }
    private let deadlineSeconds: Int

    /// Starts a program by its path. Its whole environment is given.
    public init(
        _ arguments: [String], environment: [String: String], size: Size = Size(80, 24),
        quirks: VirtualTerminal.Quirks = .init(), deadlineSeconds: Int = 60
    ) throws {
        screen = VirtualTerminal(size, quirks: quirks)
        self.deadlineSeconds = deadlineSeconds
        let spawned = try Self.spawn(arguments, environment, size)
        (master, sync, child) = (spawned.master, spawned.sync, spawned.child)
        initialModes = spawned.modes
    }

    deinit {
        if end == nil {
            kill(-child, SIGKILL)
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        hangUp()
        if sync >= 0 { close(sync) }
    }

    // MARK: What the user does

    public func type(_ text: String) {
        send(Array(text.utf8))
    }

    public func send(_ bytes: [UInt8]) {
        _ = write(master, bytes, bytes.count)
    }

    /// Changes the size of the window; the program gets SIGWINCH.
    public func resize(_ size: Size) {
        screen.resize(size)
        var window = winsize(size)
        _ = ioctl(master, UInt(TIOCSWINSZ), &window)
    }

    /// Sends a signal to the program, and to those that it started in its process group.
    public func signal(_ number: Int32) {
        kill(-child, number)
    }

    /// Spoils the screen behind the program's back, as a message of another program would.
    public func disturb(_ text: String) {
        screen.feed(text.utf8)
    }

    /// Closes the user's end: the program gets SIGHUP and the end of its input.
    public func hangUp() {
        if master >= 0 { close(master) }
        master = -1
    }

    // MARK: What the user sees

    /// The modes of the terminal now.
    public var modes: Modes { Modes(of: master) }

    /// Reads until the screen, or anything else, is as wanted.
    public func wait(for what: String, until isReached: (Pty) -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(deadlineSeconds)
        while !isReached(self) {
            if end != nil { throw failure("the program ended before \(what)") }
            if ContinuousClock.now > deadline { throw failure("no \(what) within the deadline") }
            read()
        }
    }

    /// Waits for the frame after the last one, and so for what was sent to be on the screen.
    public func nextFrame() throws {
        let next = frame + 1
        try wait(for: "frame \(next)") { $0.frame >= next }
    }

    public func wait(forText text: String) throws {
        try wait(for: "the text '\(text)'") { $0.screen.text.contains(text) }
    }

    public func waitForEnd() throws -> End {
        if end == nil { try wait(for: "end of the program") { $0.end != nil } }
        return end!
    }

    /// Nothing that the program did to the terminal is left.
    public func expectRestored() throws {
        if screen.isAlternate { throw failure("still on the alternate screen") }
        if !screen.isCursorVisible { throw failure("the cursor is still hidden") }
        if screen.isKeypadOn { throw failure("the keypad is still on") }
        if modes != initialModes { throw failure("modes \(modes) instead of \(initialModes)") }
    }

    /// An error that shows the screen, the bytes and whatever was not understood.
    public func failure(_ reason: String) -> Failure {
        let tail = output.suffix(600).map { byte in
            (0x20...0x7e).contains(byte)
                ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
        }
        return Failure(
            description: """
                \(reason); frame \(frame), end \(end.map { "\($0)" } ?? "none"), \
                unknown sequences \(screen.unknown)
                \(screen.text)
                last bytes: \(tail.joined())
                """)
    }

    // MARK: Reading

    private func read() {
        var watched = [
            pollfd(fd: master, events: Int16(POLLIN), revents: 0),
            pollfd(fd: sync, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&watched, 2, 1000) > 0 else { return }
        // The frame's bytes were written before its number: reading the number first, and the
        // terminal then, never leaves a frame announced and not yet seen.
        let frames = watched[1].revents != 0 ? readSync() : nil
        drainTerminal()
        if let frames { frame = frames }
        if sync < 0 { reap() }
    }

    private func readSync() -> Int? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(sync, &bytes, bytes.count)
        guard count > 0 else {
            close(sync)
            sync = -1
            return nil
        }
        syncText += bytes[..<count]
        guard let end = syncText.lastIndex(of: 0x0a) else { return nil }
        let lines = syncText[..<end].split(separator: 0x0a)
        syncText.removeSubrange(...end)
        return lines.last.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    private func drainTerminal() {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while master >= 0 {
            let count = Glibc.read(master, &bytes, bytes.count)
            guard count > 0 else { return }
            output += bytes[..<count]
            screen.feed(bytes[..<count])
        }
    }

    /// The frame pipe is closed, so no process of the program is left.
    private func reap() {
        var status: Int32 = 0
        guard waitpid(child, &status, 0) == child else { return }
        drainTerminal()
        end = status & 0x7f == 0 ? .exit(status >> 8 & 0xff) : .signal(status & 0x7f)
    }
}

/// The modes of a terminal that matter to the next program on it.
public struct Modes: Hashable, Sendable {
    public var input, output, control, local: UInt32

    init(of terminal: Int32) {
        var modes = termios()
        tcgetattr(terminal, &modes)
        (input, output) = (modes.c_iflag, modes.c_oflag)
        (control, local) = (modes.c_cflag, modes.c_lflag)
    }

    public var echoes: Bool { local & UInt32(ECHO) != 0 }
    public var editsLines: Bool { local & UInt32(ICANON) != 0 }
}
