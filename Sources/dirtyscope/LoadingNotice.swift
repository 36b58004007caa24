import DirtyScript
import Glibc

/// Lines on standard error while a long scenario is read, on a terminal: what goes on, and that Ctrl-C
/// leaves. What is typed meanwhile is not echoed; it is there when the screen is.
struct LoadingNotice {
    private let isShown: Bool

    /// Bytes from which on reading takes so long that somebody wonders.
    private static let worthIt = 1 << 18

    /// Nothing is shown for a short text, or where no one sees it; nor where the screen is drawn on already.
    init(_ name: String, bytes: Int, hasScreen: Bool) {
        isShown = !hasScreen && bytes >= Self.worthIt && isatty(STDERR_FILENO) == 1
        guard isShown else { return }
        Echo.turnOff()
        Output.complain("dirtyscope: reading \(printable(name)), \(bytes / 1024) KiB; Ctrl-C leaves")
    }

    /// What goes on now.
    func tell(_ what: String) {
        if isShown { Output.complain("dirtyscope: \(what)") }
    }

    /// Gives the echo back.
    func end() {
        if isShown { Echo.restore() }
    }
}

/// The echo of the terminal that keys come from, and how it comes back whatever ends the program.
private enum Echo {
    nonisolated(unsafe) private static var saved = termios()
    nonisolated(unsafe) private static var interrupt = sigaction()
    nonisolated(unsafe) private static var isOff = false

    static func turnOff() {
        guard !isOff, tcgetattr(STDIN_FILENO, &saved) == 0 else { return }
        isOff = true
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            // Only calls that a signal handler may make.
            tcsetattr(STDIN_FILENO, TCSANOW, &Echo.saved)
            _ = Glibc.write(STDERR_FILENO, "\n", 1)
            _exit(128 + number)
        }
        sigaction(SIGINT, &action, &interrupt)
        var silent = saved
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &silent)
    }

    static func restore() {
        guard isOff else { return }
        isOff = false
        tcsetattr(STDIN_FILENO, TCSANOW, &saved)
        sigaction(SIGINT, &interrupt, nil)
    }
}
