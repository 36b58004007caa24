import DirtyView
import TerminalTestSupport
import Testing

/// Every shipped scenario in the terminal, from its beginning to its end, by the keys that a person
/// would press.
@Suite(.serialized) struct PlayedDemoTests {
    @Test(arguments: Dirtyscope.demos)
    func `plays to its end, and leaves the terminal as it was`(demo: String) throws {
        let pty = try Pty.shell("cd '\(Dirtyscope.checkout)'; play \(demo)\(Pty.andReport)", size: Size(120, 40))
        try pty.nextFrame()
        #expect(pty.status.contains("step 0/"))
        // Commands, chapters and what is between two stops, in turn.
        var keys = 0
        while !pty.status.contains("END"), keys < 400 {
            try pty.press(["c", "]", "e", "c"][keys % 4])
            keys += 1
        }
        #expect(pty.status.contains("END"), "\(pty.status)")
        #expect(pty.status.contains("INV ok") || pty.status.contains("! I"))
        let checks = try #require(
            pty.status.split(separator: " ").last { $0.contains("/") }?.split(separator: "/"))
        #expect(pty.status.contains("expect"), "\(pty.status)")
        #expect(checks.count == 2 && checks[0] == checks[1], "\(pty.status)")
        try pty.press("g")
        #expect(pty.status.contains("step 0/"))
        pty.type("q")
        try pty.expectEnd(status: 0)
    }
}
