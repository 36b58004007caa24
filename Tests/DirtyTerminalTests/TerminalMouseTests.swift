import DirtyTerminal
import DirtyView
import TerminalTestSupport
import Testing

/// The mouse is the terminal's own unless it is asked for, and again when the program ends.
@Suite(.serialized) struct TerminalMouseTests {
    @Test func reportsPressesAndTheWheel() throws {
        let pty = try Pty.probe(Setting(), ["--mouse"])
        try pty.nextFrame()
        #expect(pty.screen.isMouseOn)
        for (bytes, message) in [
            ("\u{1b}[<0;5;3M\u{1b}[<0;5;3m", "press 4 2"), ("\u{1b}[<64;5;3M", "wheelUp 4 2"), ("\u{1b}[<65;80;24M", "wheelDown 79 23"),
            ("\u{1b}[<0;1;1M", "press 0 0"),
        ] {
            pty.type(bytes)
            try pty.waitForProbe(message)
        }
        // A release, and buttons that nobody asked for, say nothing that would be a key.
        pty.type("\u{1b}[<0;1;1m\u{1b}[<2;9;9Mk")
        try pty.waitForProbe("key k")
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
        #expect(!pty.screen.isMouseOn)
        #expect(pty.screen.unknown == [])
    }

    @Test(arguments: CrashTest.allCases) func aCrashGivesItBack(_ kind: CrashTest) throws {
        let pty = try Pty.shell("probe --mouse --crash \(kind.rawValue); echo \"<exit $?>\"; read line")
        try pty.nextFrame()
        try pty.wait(forText: "<exit ")
        try pty.expectRestored()
        #expect(!pty.screen.isMouseOn)
    }

    @Test func aStopGivesItBack() throws {
        let pty = try Pty.shell("set -m; probe --mouse; echo \"<stopped>\"; read line; fg >/dev/null; echo \"<exit $?>\"; read line")
        try pty.nextFrame()
        pty.type("\u{1a}")
        try pty.wait(forText: "<stopped>")
        #expect(!pty.screen.isMouseOn)
        pty.type("\n")
        try pty.wait(for: "the mouse again") { $0.screen.isMouseOn }
        pty.type("q")
        try pty.wait(forText: "<exit 0>")
        #expect(!pty.screen.isMouseOn)
    }

    @Test func aTerminalWithoutAMouseIsNotAsked() throws {
        let pty = try Pty.probe(Setting(term: "vt100"), ["--mouse"])
        try pty.nextFrame()
        pty.type("k")
        try pty.waitForProbe("key k", Setting(term: "vt100"))
        #expect(!pty.screen.isMouseOn)
    }
}
