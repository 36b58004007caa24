import TerminalTestSupport
import Testing

/// `play --plain`: over pipes, and on a terminal that can do nothing.
@Suite(.serialized) struct PlainCommandTests {
    private static let demo = "Demos/basics/first-store.demo"

    @Test func `commands come from a pipe`() throws {
        let run = try Dirtyscope.run(["play", "--plain", Self.demo], input: "step 3\n\nwhere\nquit\nstep\n")
        #expect(run.status == 0 && run.errors == "")
        #expect(run.lines.first == "First store: why it faults, kernel 2.6.19")
        #expect(run.lines.filter { $0.hasPrefix("step ") } == ["step 0 of 113", "step 3 of 113", "step 4 of 113", "step 4 of 113"])
        #expect(!run.output.contains(0x1b))
    }

    @Test func `it begins where it is told to`() throws {
        let run = try Dirtyscope.run(["play", "--plain", "--at", "41", Self.demo])
        #expect(run.lines.contains("step 41 of 113"))
    }

    @Test func `a last line without an end counts, and a flood of bytes does no harm`() throws {
        let run = try Dirtyscope.run(["play", "--plain", Self.demo], input: "step\u{0}\u{1b}[A\n" + String(repeating: "x", count: 200_000) + "\nstep")
        #expect(run.status == 0)
        #expect(run.lines.contains("step 1 of 113"))
        #expect(!run.output.contains(0x1b))
    }

    @Test func `without a file it lists the demos and opens the sandbox`() throws {
        let run = try Dirtyscope.run(["play", "--plain"], input: "A mmap m db rw shared\nvmas\n")
        #expect(run.lines.contains("Sandbox, kernel 6.18"))
        #expect(run.lines.contains { $0.contains("first-store.demo") })
        #expect(run.lines.contains { $0.hasPrefix(">") && $0.contains("rw-s db+0") })
    }

    @Test func `a scenario from a pipe needs a terminal for its commands`() throws {
        let pty = try Pty.shell("cat $demo | play --plain -" + Pty.andReport, term: "dumb")
        try pty.wait(forText: "next: say")
        pty.type("step\n")
        try pty.wait(forText: "step 1 of 113")
        pty.type("quit\n")
        try pty.wait(forText: "<exit 0>")
        #expect(!pty.output.contains(0x1b))
    }
}
