import DirtyView
import TerminalTestSupport
import Testing

/// The player on a pseudo terminal.
extension Pty {
    /// What the tests mostly play: 114 steps, 6 chapters, 21 expectations, no pauses.
    static let demo = Dirtyscope.checkout + "Demos/basics/first-store.demo"

    static let andReport = "; echo \"<exit $?>\"; read line"

    private static func environment(_ term: String, locale: String = "C.UTF-8", noColor: String? = nil) -> [String: String] {
        // The back-trace would only take time; the crash itself is the same without.
        var variables = [
            "TERM": term, "LC_ALL": locale, "PATH": "/usr/bin:/bin",
            "SWIFT_BACKTRACE": "enable=no", "DIRTYSCOPE_DEMOS": Dirtyscope.checkout + "Demos",
        ]
        variables["NO_COLOR"] = noColor
        return variables
    }

    /// Starts `dirtyscope play` alone, and waits for its first frame.
    static func play(
        _ arguments: [String] = [demo], term: String = "xterm-256color", size: Size = Size(80, 24)
    ) throws -> Pty {
        let pty = try started(["play"] + arguments, term: term, size: size)
        try pty.nextFrame()
        return pty
    }

    /// Starts `dirtyscope` alone: it is the leader of its session.
    static func started(
        _ arguments: [String], term: String = "xterm-256color", locale: String = "C.UTF-8",
        noColor: String? = nil, size: Size = Size(80, 24)
    ) throws -> Pty {
        try Pty(
            [Dirtyscope.path] + arguments + ["--test-sync-fd", "\(syncDescriptor)"],
            environment: environment(term, locale: locale, noColor: noColor), size: size,
            quirks: .init(terminal: term, isUTF8: locale == "C.UTF-8"))
    }

    /// Starts a shell script in which `play` stands for the player and `$demo` for the demo. The
    /// shell survives the player, so that the state in which the terminal was left can be looked
    /// at: the kernel itself resets it when the leader of the session ends.
    static func shell(
        _ script: String, term: String = "xterm-256color", size: Size = Size(80, 24)
    ) throws -> Pty {
        let play = "'\(Dirtyscope.path)' play --test-sync-fd \(syncDescriptor)"
        let whole = "ulimit -c 0; demo='\(demo)'; \(script.replacing("play", with: play))"
        return try Pty(["/bin/sh", "-c", whole], environment: environment(term), size: size)
    }

    /// Waits for a screen with all of the texts.
    func wait(forTexts texts: String...) throws {
        try wait(for: "\(texts)") { pty in texts.allSatisfy { pty.screen.text.contains($0) } }
    }

    /// Types and waits for the frame that shows what came of it. For use after a frame that was
    /// waited for; a screen can be as wanted before its frame is reported.
    func press(_ text: String) throws {
        type(text)
        try nextFrame()
    }

    var cells: [ShownCell] {
        (0..<screen.size.rows).flatMap { row in
            (0..<screen.size.columns).map { self.screen[$0, row] }
        }
    }

    /// The status line: where the session stands.
    var status: String { screen.lines[0] }

    /// Waits for the line that the shell prints after the player.
    func expectEnd(status: Int32) throws {
        try wait(forText: "<exit \(status)>")
        try expectRestored()
        #expect(screen.unknown == [])
        type("\n")
        #expect(try waitForEnd() == .exit(0))
    }
}
