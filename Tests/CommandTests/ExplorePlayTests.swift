import DirtyView
import TerminalTestSupport
import Testing

/// `x` in the terminal: a search in the background, and its schedule as a course.
@Suite(.serialized) struct ExplorePlayTests {
    @Test func `x finds a schedule, Enter goes along it, X comes back`() throws {
        let race = Dirtyscope.checkout + "Demos/races/s16-nonatomic-update.demo"
        let pty = try Pty.play([race])
        pty.type("x")
        try pty.wait(forTexts: "Explored from step 0: violated", "12 steps  I1")
        pty.type("\r")
        try pty.wait(forTexts: "Schedule begins in")
        pty.type("]")
        pty.type("G")
        try pty.wait(forTexts: "Schedule 12/12", "! I1")
        pty.type("S")
        try pty.wait(forTexts: "<-")
        pty.type("X")
        try pty.wait(forTexts: "back at step 0, as it was", "PAUSED")
        pty.type("L")
        try pty.wait(forTexts: "a write can still be lost from here")
        #expect(pty.screen.unknown == [])
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
    }
}
