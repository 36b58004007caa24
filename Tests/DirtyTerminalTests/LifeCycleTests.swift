import DirtyTerminal
import DirtyView
import Glibc
import TerminalTestSupport
import Testing

/// However the program ends, the terminal is given back.
@Suite(.serialized) struct LifeCycleTests {
    /// Waits for the line that the shell prints after the probe.
    private func expectEnd(_ pty: Pty, status: Int32) throws {
        try pty.wait(forText: "<exit \(status)>")
        try pty.expectRestored()
        #expect(pty.screen.unknown == [])
        pty.type("\n")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    private static let andReport = "; echo \"<exit $?>\"; read line"

    @Test(arguments: ["xterm-256color", "linux", "vt100", "xterm-mono"])
    func quits(_ term: String) throws {
        let setting = Setting(term: term)
        try #require(setting.isInstalled)
        let pty = try Pty.shell("probe" + Self.andReport, setting)
        try pty.nextFrame()
        #expect(pty.modes != pty.initialModes)
        #expect(!pty.modes.editsLines)
        pty.type("q")
        try expectEnd(pty, status: 0)
        #expect(pty.screen.text.contains("probe ended: finished"))
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGQUIT])
    func endsInGoodOrderOnSignals(_ number: Int32) throws {
        // The shell ignores what it only shares with the probe; the probe starts with defaults.
        let pty = try Pty.shell("trap : TERM HUP QUIT; probe" + Self.andReport)
        try pty.nextFrame()
        pty.signal(number)
        try expectEnd(pty, status: 128 + number)
    }

    @Test func staysAliveWhenASignalIsIgnored() throws {
        let pty = try Pty.shell("trap '' HUP; probe" + Self.andReport)
        try pty.nextFrame()
        pty.signal(SIGHUP)
        pty.type("x")
        try pty.nextFrame()
        try pty.expectProbe("key x")
        pty.type("q")
        try expectEnd(pty, status: 0)
    }

    @Test func takesOneInterruptAsAnEventAndTwoAsTheEnd() throws {
        let pty = try Pty.shell("trap : INT; probe" + Self.andReport)
        try pty.nextFrame()
        pty.type("\u{03}")
        try pty.nextFrame()
        try pty.expectProbe("interrupt")
        // A slow machine may take more than a second between two of them.
        for _ in 0..<100 where !pty.screen.text.contains("<exit") {
            let frame = pty.frame
            pty.type("\u{03}")
            try pty.wait(for: "frame or end") {
                $0.frame > frame || $0.screen.text.contains("<exit")
            }
        }
        try expectEnd(pty, status: 130)
    }

    @Test func stopsAndGoesOn() throws {
        let script = "set -m; probe; echo \"<stopped>\"; read line; fg >/dev/null" + Self.andReport
        let pty = try Pty.shell(script)
        try pty.nextFrame()
        pty.type("\u{1a}")
        try pty.wait(forText: "<stopped>")
        try pty.expectRestored()
        pty.resize(Size(70, 20))
        pty.type("\n")
        try pty.wait(forText: "70x20")
        pty.type("x")
        try pty.waitForProbe("key x")
        #expect(pty.screen.isAlternate)
        #expect(!pty.modes.editsLines)
        pty.type("q")
        try expectEnd(pty, status: 0)
    }

    @Test func repaintsAfterAStopThatItCouldNotSee() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.signal(SIGSTOP)
        pty.disturb("\u{1b}[HThe shell was here.")
        pty.signal(SIGCONT)
        try pty.nextFrame()
        try pty.expectProbe("resumed")
    }

    @Test func goesOnWhenNobodyCouldContinueIt() throws {
        // The leader of a session has no shell above it: a stop would be for ever.
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.type("\u{1a}")
        try pty.nextFrame()
        try pty.expectProbe("resumed")
    }

    @Test(arguments: CrashTest.allCases)
    func crashesAndGivesTheTerminalBack(_ kind: CrashTest) throws {
        for term in ["xterm-256color", "vt220"] {
            let pty = try Pty.shell(
                "probe --crash \(kind.rawValue)" + Self.andReport, Setting(term: term))
            try pty.nextFrame()
            try pty.wait(forText: "<exit ")
            try pty.expectRestored()
            let died: [Int32] =
                switch kind {
                case .trap: [SIGILL, SIGTRAP]
                case .segv: [SIGSEGV]
                case .abort: [SIGABRT]
                case .overflow: [SIGSEGV, SIGBUS]
                }
            #expect(died.contains { pty.screen.text.contains("<exit \(128 + $0)>") })
            pty.type("\n")
            #expect(try pty.waitForEnd() == .exit(0))
        }
    }

    @Test func endsAHangingProgramThatIsAskedTwice() throws {
        let pty = try Pty.shell("trap : TERM QUIT; probe" + Self.andReport)
        try pty.nextFrame()
        pty.type("h")
        try pty.wait(for: "bell") { $0.screen.bells == 1 }
        pty.signal(SIGTERM)
        pty.signal(SIGQUIT)
        try pty.wait(forText: "<exit ")
        try pty.expectRestored()
    }

    @Test(arguments: ["q", "h"]) func showsMessagesWhenTheScreenIsGone(_ end: String) throws {
        let pty = try Pty.shell("trap : TERM QUIT; probe" + Self.andReport)
        try pty.nextFrame()
        pty.type("e")
        try pty.nextFrame()
        try pty.expectProbe("key e")
        pty.type(end)
        if end == "h" {
            try pty.wait(for: "bell") { $0.screen.bells == 1 }
            pty.signal(SIGTERM)
            pty.signal(SIGQUIT)
        }
        try pty.wait(forText: "<exit ")
        #expect(pty.screen.text.contains("a message"))
    }

    @Test func endsUpWithTheLastSizeOfAStorm() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        for step in 0..<200 { pty.resize(Size(20 + step * 7 % 150, 3 + step * 5 % 60)) }
        pty.resize(Size(61, 17))
        let wanted = ProbeScreen(glyphs: .letters, message: "resize").grid(Size(61, 17))
        try pty.wait(for: "the last size") { $0.differences(from: wanted).isEmpty }
        #expect(pty.screen.unknown == [])
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    @Test func endsWhenTheTerminalGoesAway() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.hangUp()
        #expect(try pty.waitForEnd() == .exit(129))
    }

    @Test func endsWhenTheInputEndsAndHangupIsIgnored() throws {
        let pty = try Pty.shell("trap '' HUP; exec probe")
        try pty.nextFrame()
        pty.hangUp()
        #expect(try pty.waitForEnd() == .exit(129))
    }

    @Test(arguments: ["probe >/dev/null", "probe >&-", "probe </dev/null", "probe <&- >&-"])
    func usesTheControllingTerminalInsteadOfAFile(_ command: String) throws {
        let pty = try Pty.shell(command + Self.andReport)
        try pty.nextFrame()
        try pty.expectProbe("indexed letters")
        pty.type("q")
        try expectEnd(pty, status: 0)
    }

    @Test(arguments: ["</dev/null", ">/dev/null", ">&-"])
    func refusesAFileWhenNothingElseIsAllowed(_ redirection: String) throws {
        let pty = try Pty.shell("probe --no-controlling-terminal \(redirection)" + Self.andReport)
        try expectEnd(pty, status: 2)
        #expect(pty.frame == 0)
        #expect(pty.screen.text.contains("no terminal to draw on"))
    }
}
