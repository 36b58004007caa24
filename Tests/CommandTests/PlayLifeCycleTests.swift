import Foundation
import Glibc
import TerminalTestSupport
import Testing

/// However the player ends, the terminal is given back; where it cannot begin, there is text.
@Suite(.serialized) struct PlayLifeCycleTests {
    @Test(arguments: ["xterm-256color", "linux", "vt100"])
    func `q leaves`(term: String) throws {
        let pty = try Pty.shell("echo before; play $demo" + Pty.andReport, term: term)
        try pty.nextFrame()
        try pty.press("s")
        pty.type("q")
        try pty.expectEnd(status: 0)
    }

    /// Reading a long scenario takes a while: somebody is told, keys are not echoed, and Ctrl-C leaves.
    @Test func `a long scenario is told of while it is read, and Ctrl-C leaves`() throws {
        try Scratch.with { scratch in
            let lines = String(repeating: "A write m[0]\nA write m[1]\n", count: 60_000)
            let path = scratch.path("long.demo")
            try ("file db 4 ext4 cached\nprocess A\nA mmap m db rw shared\n" + lines).write(toFile: path, atomically: true, encoding: .utf8)
            let pty = try Pty.shell("trap : INT; play '\(path)'" + Pty.andReport)
            try pty.wait(forText: "Ctrl-C leaves")
            #expect(!pty.screen.isAlternate && pty.screen.text.contains("dirtyscope: reading"))
            // Twice: the second is for a screen that has come up meanwhile.
            pty.type("xyz\u{3}\u{3}")
            try pty.wait(forText: "<exit 130>")
            #expect(!pty.screen.text.contains("xyz"))
            try pty.expectRestored()
            pty.type("\n")
            #expect(try pty.waitForEnd() == .exit(0))
        }
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGQUIT])
    func `signals end it in good order`(number: Int32) throws {
        // The shell ignores what it only shares with the player; the player starts with defaults.
        let pty = try Pty.shell("trap : TERM HUP QUIT; play $demo" + Pty.andReport)
        try pty.nextFrame()
        try pty.press(" ")
        pty.signal(number)
        try pty.expectEnd(status: 128 + number)
    }

    @Test func `the end of the terminal ends it`() throws {
        let pty = try Pty.play()
        pty.hangUp()
        #expect(try pty.waitForEnd() == .exit(128 + SIGHUP))
    }

    @Test func `Ctrl-Z stops it, and it comes back as it was`() throws {
        let pty = try Pty.shell(
            "set -m; play $demo; echo \"<stopped>\"; read line; fg >/dev/null" + Pty.andReport)
        try pty.nextFrame()
        try pty.press("s")
        let cells = pty.cells
        pty.type("\u{1a}")
        try pty.wait(forText: "<stopped>")
        try pty.expectRestored()
        pty.type("\n")
        try pty.wait(for: "the screen as it was") { $0.cells == cells }
        #expect(pty.screen.isAlternate && !pty.modes.editsLines)
        pty.type("s")
        try pty.wait(forText: "step 2/113")
        pty.type("q")
        try pty.expectEnd(status: 0)
    }

    @Test(arguments: ["trap", "segv", "abort", "overflow"])
    func `a crash gives the terminal back`(kind: String) throws {
        let pty = try Pty.shell("play --crash-test \(kind) $demo" + Pty.andReport)
        try pty.nextFrame()
        try pty.wait(forText: "<exit ")
        try pty.expectRestored()
        let died: [Int32] =
            switch kind {
            case "trap": [SIGILL, SIGTRAP]
            case "abort": [SIGABRT]
            default: [SIGSEGV, SIGBUS]
            }
        #expect(died.contains { pty.screen.text.contains("<exit \(128 + $0)>") })
        pty.type("\n")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    /// A signal from outside is no crash: nobody wants a back-trace, let alone its questions.
    @Test(arguments: [SIGSEGV, SIGBUS, SIGILL, SIGABRT, SIGTRAP, SIGFPE])
    func `a crash signal from outside leaves the shell alone`(number: Int32) throws {
        let pty = try Pty.shell(
            "trap : SEGV BUS ILL ABRT TRAP FPE; export SWIFT_BACKTRACE=enable=yes,interactive=yes,timeout=none;"
                + "play $demo" + Pty.andReport)
        try pty.nextFrame()
        pty.signal(number)
        try pty.wait(forText: "<exit \(128 + number)>")
        try pty.expectRestored()
        #expect(!pty.screen.text.contains("Crash"))
        pty.type("\n")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    // MARK: Sessions that are cut off

    /// The command after "to go on with it:" on the screen, whose lines the terminal has broken.
    private func wayBack(_ pty: Pty) throws -> String {
        let text = pty.screen.text.replacing("\n", with: "")
        let start = try #require(text.firstRange(of: "to go on with it:")).upperBound
        let end = try #require(text[start...].firstRange(of: ".keys")).upperBound
        return String(text[start..<end].drop { $0 == " " })
            // The harness puts the player in place of each 'play'.
            .replacing("--replay", with: "--repla''y").replacing("dirtyscope play", with: "play")
    }

    /// `3/113`
    private func place(_ pty: Pty) -> Substring? { pty.status.split(separator: " ").first { $0.hasSuffix("/113") } }

    @Test(arguments: ["crash", "hang up", "terminate"])
    func `a session that is cut off can be had back`(way: String) throws {
        try Scratch.with { scratch in
            let home = "export HOME='\(scratch.folder)'; "
            let crash = way == "crash" ? "--crash-test trap --crash-frame 4 " : ""
            let pty = try Pty.shell("trap : TERM HUP; \(home)play \(crash)$demo" + Pty.andReport)
            try pty.nextFrame()
            try pty.press("e")
            try pty.press("s")
            let before = place(pty)
            #expect(before != nil)
            switch way {
            case "crash": pty.type("s")
            case "terminate": pty.signal(SIGTERM)
            default: pty.signal(SIGHUP)
            }
            try pty.wait(forText: "<exit ")
            try pty.expectRestored()
            let command = try wayBack(pty)
            let again = try Pty.shell(home + command + Pty.andReport)
            try again.nextFrame()
            // The key that led to the crash is part of the session.
            if way == "crash" { try again.press("S") }
            #expect(place(again) == before)
            again.type("q")
            try again.expectEnd(status: 0)
            pty.type("\n")
            #expect(try pty.waitForEnd() == .exit(0))
        }
    }

    @Test func `who leaves leaves nothing behind`() throws {
        try Scratch.with { scratch in
            let pty = try Pty.shell("export HOME='\(scratch.folder)'; play $demo" + Pty.andReport)
            try pty.nextFrame()
            try pty.press("s")
            let folder = scratch.path(".local/state/dirtyscope")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).contains { $0.hasSuffix(".keys") })
            pty.type("q")
            try pty.expectEnd(status: 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["seen"])
        }
    }

    // MARK: No terminal

    @Test(arguments: [("dumb", "cannot move its cursor"), ("nosuch", "unknown terminal 'nosuch'")])
    func `a terminal that cannot show it steps in lines`(term: String, reason: String) throws {
        let pty = try Pty.started(["play", Pty.demo], term: term)
        pty.type("s\nquit\n")
        #expect(try pty.waitForEnd() == .exit(0))
        let written = String(decoding: pty.output, as: UTF8.self).replacing("\r\n", with: "\n")
        let lines = written.split(separator: "\n")
        let complaint = try #require(lines.first { $0.hasPrefix("dirtyscope: ") })
        #expect(complaint.contains(reason))
        let plain = try Dirtyscope.run(["play", "--plain", Pty.demo], input: "s\nquit\n")
        for line in plain.lines where !line.isEmpty { #expect(written.contains(line)) }
    }

    @Test func `a file instead of a terminal gets text`() throws {
        let run = try Dirtyscope.run(["run", Pty.demo])
        let play = try Dirtyscope.run(["play", Pty.demo])
        #expect(play.status == 0)
        #expect(play.output == run.output)
        #expect(play.errors.split(separator: "\n").count == 1)
        #expect(play.errors.hasPrefix("dirtyscope: no terminal to draw on"))
    }

    @Test func `text in place of the player tells of failures by its status`() throws {
        let failing = "file db 1 ext4\nprocess A\nexpect nr_dirty == 4\n"
        #expect(try Dirtyscope.run(["play", "-"], input: failing).status == 1)
        #expect(try Dirtyscope.run(["play", "-"], input: "process A\nA write\n").status == 65)
        #expect(try Dirtyscope.run(["play", "/nonexistent.demo"]).status == 66)
    }

    @Test func `a scenario can come from a pipe while keys come from the terminal`() throws {
        let pty = try Pty.shell("cat $demo | play -" + Pty.andReport)
        try pty.nextFrame()
        try pty.press("s")
        #expect(pty.status.contains("step 1/113"))
        pty.type("q")
        try pty.expectEnd(status: 0)
    }
}
