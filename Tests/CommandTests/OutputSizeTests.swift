import DirtyView
import TerminalTestSupport
import Testing

/// What a key costs on a slow line: only what has changed is written.
@Suite struct OutputSizeTests {
    private func written(_ pty: Pty, _ key: String) throws -> Int {
        let before = pty.output.count
        try pty.press(key)
        return pty.output.count - before
    }

    @Test func `one letter more at the prompt is a handful of bytes, on the largest screen too`() throws {
        let pty = try Pty.play(size: Size(200, 60))
        try pty.press(":")
        for letter in ["e", "x", "p"] {
            let count = try written(pty, letter)
            #expect(count < 64, "\(letter)")
        }
    }

    @Test func `a step writes less than 4 KiB, a key that leads nowhere next to nothing`() throws {
        let pty = try Pty.play(size: Size(200, 60))
        // The first steps fill the panes.
        for _ in 0..<12 { try pty.press("s") }
        for _ in 0..<12 {
            let count = try written(pty, "s")
            #expect(count < 4096)
        }
        try pty.press("g")
        try pty.press("g")
        let count = try written(pty, "g")
        #expect(count < 512)
    }
}
