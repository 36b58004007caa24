import DirtyView

/// How to open the terminal and how to run on it.
public struct TerminalOptions: Sendable {
    /// Where keys come from and where the screen is. When one of them is not a terminal,
    /// /dev/tty takes its place if `controllingTerminal` allows it.
    public var input: Int32 = 0
    public var output: Int32 = 1
    public var controllingTerminal = true
    /// Whether to use colour. nil leaves it to `NO_COLOR` and to the terminal.
    public var color: Bool?
    /// Whether to ask the terminal for its mouse; then its own selection of text needs a key more.
    public var mouse = false
    /// Receives the number of each frame, as a line, when the frame is on the screen.
    /// A test can wait for it instead of waiting for time.
    public var testSyncDescriptor: Int32?
    /// Crashes after a frame, the first by itself, to test that the terminal is given back.
    public var crashTest: CrashTest?
    public var crashFrame = 1

    public init() {}
}

/// Why `run` came to its end.
public enum ExitReason: Hashable, Sendable {
    /// The application said that it is finished.
    case finished
    /// Ctrl-C twice within a second.
    case interrupted
    /// SIGTERM or SIGQUIT.
    case signal(Int32)
    /// The terminal has gone away.
    case hangup

    /// What a shell reports for a program that ended this way.
    public var exitCode: Int32 {
        switch self {
        case .finished: 0
        case .interrupted: 128 + 2
        case .signal(let number): 128 + number
        case .hangup: 128 + 1
        }
    }
}
