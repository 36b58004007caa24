import Foundation
import Glibc
import Testing

/// A terminal that other people wrote, with a server of its own.
private struct Tmux: ~Copyable {
    static let path = ["/usr/bin/tmux", "/usr/local/bin/tmux", "/bin/tmux"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    private let socket = NSTemporaryDirectory() + "/dirtyscope-\(UUID().uuidString).tmux"

    /// Starts a shell command on a screen of 80 x 24.
    init(_ command: String) throws {
        try tell("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", command)
    }

    deinit {
        _ = try? tell("kill-server")
        try? FileManager.default.removeItem(atPath: socket)
    }

    @discardableResult func tell(_ arguments: String...) throws -> String {
        try Dirtyscope.run(["-u", "-S", socket] + arguments, program: Self.path!).text
    }

    /// Asks again and again for the screen, and returns the first that is as wanted.
    func screen(_ what: String, where isWanted: (String) -> Bool) throws -> String {
        var shown = ""
        for _ in 0..<1200 {
            shown = try tell("capture-pane", "-p")
            if isWanted(shown) { return shown }
            usleep(50_000)
        }
        Issue.record("tmux does not show \(what):\n\(shown)")
        return shown
    }
}

@Suite(.serialized, .enabled(if: Tmux.path != nil, "tmux is not installed")) struct TmuxTests {
    private func playing(_ options: String) throws -> Tmux {
        let demo = Dirtyscope.checkout + "Demos/basics/first-store.demo"
        let command = "'\(Dirtyscope.path)' play \(options) '\(demo)'; echo \"<exit $?>\"; cat"
        let tmux = try Tmux(command)
        _ = try tmux.screen("the first frame") { $0.contains("step 0/113") }
        return tmux
    }

    /// The last frame, whichever way it was reached.
    private func expectEnd(_ tmux: borrowing Tmux) throws {
        let last = try tmux.screen("the end") { $0.contains("END") && $0.contains("100%") }
        #expect(last.contains("step 113/113 ->  END"))
        #expect(last.contains("►  0 ..d000 p-ua- -U--- CLEAN"))
        #expect(last.contains("sel db[0] mem 2 disk 2 tags --- maps 1 pfn 001"))
        #expect(last.contains("[6] Narration  6/6  \"What it is good for\""))
        #expect(last.contains("ended A fsync db   ok"))
        #expect(last.contains("100%  chapter 6/6"))
        #expect(try tmux.tell("display-message", "-p", "#{alternate_on}") == "1\n")
        try tmux.tell("send-keys", "q")
        let after = try tmux.screen("the shell") { $0.contains("<exit") }
        #expect(after.hasPrefix("<exit 0>\n"))
        #expect(
            try tmux.tell("display-message", "-p", "#{alternate_on} #{cursor_flag}") == "0 1\n")
    }

    @Test func `plays a demo to its end`() throws {
        let tmux = try playing("--speed 64")
        try tmux.tell("send-keys", "Space")
        try expectEnd(tmux)
    }

    @Test func `jumps to the end of a demo`() throws {
        let tmux = try playing("")
        try tmux.tell("send-keys", "G")
        try expectEnd(tmux)
    }

    @Test func `gives a talk with the keys that a remote sends`() throws {
        let demo = Dirtyscope.checkout + "Demos/basics/first-store.demo"
        let tmux = try Tmux("'\(Dirtyscope.path)' play --present '\(demo)'; echo \"<exit $?>\"; cat")
        let title = try tmux.screen("the title") { $0.contains("1/13") }
        // Large letters.
        #expect(title.contains("█") || title.contains("▌"))
        try tmux.tell("send-keys", "PageDown")
        _ = try tmux.screen("the second beat") { $0.contains("1/6  The mapping") && $0.contains("2/13") }
        try tmux.tell("send-keys", "b")
        _ = try tmux.screen("a black screen") { $0.allSatisfy(\.isWhitespace) }
        try tmux.tell("send-keys", ".")
        _ = try tmux.screen("the second beat again") { $0.contains("2/13") }
        try tmux.tell("send-keys", "PageUp")
        _ = try tmux.screen("the title again") { $0.contains("1/13") }
        try tmux.tell("send-keys", "Escape")
        _ = try tmux.screen("the player") { $0.contains("step 0/113") && $0.contains("[2] Pages") }
        try tmux.tell("send-keys", "p")
        _ = try tmux.screen("the stage") { $0.contains("1/13") }
        try tmux.tell("send-keys", "q", "q")
        let after = try tmux.screen("the shell") { $0.contains("<exit") }
        #expect(after.hasPrefix("<exit 0>\n"))
    }

    @Test func `asks, and says what was right`() throws {
        let tmux = try playing("--quiz")
        try tmux.tell("send-keys", "G")
        _ = try tmux.screen("a question") { $0.contains("Question 1") && $0.contains("What is A's PTE of m[0] afterwards?") }
        try tmux.tell("send-keys", "a")
        _ = try tmux.screen("the answer") { $0.contains("<- right") && $0.contains("Its way: ") }
        try tmux.tell("send-keys", "q")
        let after = try tmux.screen("the score") { $0.contains("<exit") }
        #expect(after.contains("of 1 right"))
        #expect(after.contains("<exit 0>"))
    }

    @Test func `follows the size of the window`() throws {
        let tmux = try playing("")
        try tmux.tell("resize-window", "-x", "120", "-y", "40")
        _ = try tmux.screen("nine panes") { $0.contains("[9] Log of moves") }
        try tmux.tell("resize-window", "-x", "40", "-y", "12")
        _ = try tmux.screen("one pane") { $0.contains("1V [2Pages] 3C") && !$0.contains("[9] Log") }
    }
}
