import DirtyScript
import DirtyView
import Foundation
import Glibc
import SeededRandom
import TerminalTestSupport
import Testing

/// The player on every terminal, at every size, under floods: it goes on, says what it means, and
/// writes no sequence that the terminal in memory does not know.
@Suite(.serialized) struct RobustnessTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let term: String
        let locale: String
        let noColor: String?
        var testDescription: String { "\(term) \(locale)" + (noColor.map { " NO_COLOR=\($0)" } ?? "") }

        var isInstalled: Bool {
            ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"].contains {
                FileManager.default.fileExists(atPath: "\($0)/\(term.prefix(1))/\(term)")
            }
        }
    }

    private static let settings = [
        "xterm-256color", "xterm", "tmux-256color", "screen", "linux", "vt220", "vt100", "ansi", "xterm-mono",
    ].flatMap { term in
        [("C.UTF-8", nil), ("C.UTF-8", "1"), ("C", nil)].map { Setting(term: term, locale: $0.0, noColor: $0.1) }
    }.filter(\.isInstalled)

    /// The player itself, without a terminal, on the demo.
    private func player(_ glyphs: GlyphSet, _ size: Size) throws -> Player {
        let bytes = try #require(FileManager.default.contents(atPath: Pty.demo))
        let scenario = try ScenarioParser.parse(Array(bytes), name: Pty.demo, rules: .machine).get()
        var player = Player(try Session(scenario))
        player.attach(size: size, glyphs: glyphs)
        while player.hasWork { player.work() }
        return player
    }

    /// The lines of a screen, without blanks at their ends.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return String(line)
        }
    }

    @Test(arguments: settings)
    func `every terminal shows what the player means`(setting: Setting) throws {
        let pty = try Pty.started(
            ["play", Pty.demo], term: setting.term, locale: setting.locale, noColor: setting.noColor)
        try pty.nextFrame()
        var player = try player(.automatic(isUTF8: setting.locale == "C.UTF-8", terminalName: setting.term), Size(80, 24))
        for keys in ["e", "ss", "\t", "?", "\u{1b}", ":nonsense\r", "G"] {
            pty.type(keys)
            for scalar in keys.unicodeScalars { player.press(Key(scalar)) }
            let wanted = lines(player.frame(size: Size(80, 24)).text)
            try pty.wait(for: "the screen after \(keys.debugDescription)") { lines($0.screen.text) == wanted }
        }
        #expect(pty.screen.unknown == [])
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
        if setting.noColor != nil {
            let written = String(decoding: pty.output, as: UTF8.self)
            #expect(!written.contains("38;5") && !written.contains("48;5"))
        }
    }

    @Test(arguments: [Size(20, 5), Size(1, 1), Size(39, 11), Size(79, 50), Size(200, 60), Size(400, 120)])
    func `every size has a screen`(size: Size) throws {
        let pty = try Pty.play(size: size)
        var player = try player(.letters, size)
        for key in ["s", "e", "z", "?", "\u{1b}", "\u{10}", "\u{1b}", "t"] {
            pty.type(key)
            for scalar in key.unicodeScalars { player.press(Key(scalar)) }
            let wanted = lines(player.frame(size: size).text)
            try pty.wait(for: "the screen after \(key.debugDescription)") { lines($0.screen.text) == wanted }
        }
        #expect(pty.screen.unknown == [])
    }

    @Test func `a storm of sizes ends with the last one`() throws {
        let pty = try Pty.play()
        for step in 0..<200 {
            pty.resize(Size(20 + step * 37 % 381, 5 + step * 11 % 116))
            if step % 20 == 0 { pty.type("s") }
        }
        pty.resize(Size(90, 30))
        try pty.wait(for: "the last size") { pty in
            pty.screen.size == Size(90, 30) && pty.screen.text.contains("step 10/113") && pty.screen.text.contains("[1] VMAs")
        }
        pty.type("s")
        try pty.wait(forText: "step 11/113")
        #expect(pty.screen.unknown == [])
    }

    /// Types bytes in pieces, and reads meanwhile: a terminal that nobody reads takes no more.
    private func flood(_ pty: Pty, _ bytes: [UInt8]) throws {
        for start in stride(from: 0, to: bytes.count, by: 512) {
            let frame = pty.frame
            pty.send(Array(bytes[start..<min(start + 512, bytes.count)]))
            try pty.wait(for: "a frame in the flood") { $0.frame > frame }
        }
    }

    @Test func `a flood of pasted text harms nothing`() throws {
        let pty = try Pty.play(size: Size(60, 20))
        let text = "A mmap m db rw shared\nA write m[0]\n"
        try flood(pty, Array((":" + String(repeating: "x", count: 20_000) + "\u{1b}").utf8))
        try flood(pty, Array(("/" + String(repeating: "y", count: 5000) + "\u{1b}" + "?" + String(repeating: "z", count: 5000)).utf8))
        for _ in 0..<2 { try pty.press("\u{1b}") }
        try flood(pty, Array(String(repeating: ":" + text, count: 40).utf8))
        pty.type("\u{03}")
        try pty.nextFrame()
        pty.type("g")
        try pty.wait(forText: "step 0/")
        #expect(pty.screen.unknown == [])
        // What the letters have opened is closed first.
        for _ in 0..<3 { try pty.press("\u{1b}") }
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    @Test func `ten thousand random keys harm nothing`() throws {
        var random = SplitMix(seed: 41)
        // Not q, which leaves, nor the keys of the terminal itself.
        let letters = Array("sSnNfFeE}{][g +-=123456789kjhlzat/><?.,x\r\t".utf8)
        let sequences = ["\u{1b}[A", "\u{1b}[B", "\u{1b}OC", "\u{1b}OD", "\u{1b}[5~", "\u{1b}[6~", "\u{1b}OP", "\u{1b}[Z", "\u{10}", "\u{7f}"]
        var bytes: [UInt8] = []
        for _ in 0..<10_000 {
            if random.chance(8) { bytes += sequences.randomElement(using: &random)!.utf8 } else { bytes.append(letters.randomElement(using: &random)!) }
        }
        let pty = try Pty.play(size: Size(100, 30))
        try flood(pty, bytes)
        #expect(pty.screen.unknown == [])
        #expect(pty.end == nil)
    }

    @Test func `bytes of all kinds harm nothing`() throws {
        var random = SplitMix(seed: 5)
        // Without Ctrl-C, Ctrl-Z, Ctrl-\, q and what stops output.
        let excluded: Set<UInt8> = [0x03, 0x1a, 0x1c, 0x11, 0x13, UInt8(ascii: "q"), UInt8(ascii: ":")]
        let bytes = (0..<6000).map { _ in UInt8(random.number(0...255)) }.filter { !excluded.contains($0) }
        let pty = try Pty.play()
        try flood(pty, bytes)
        #expect(pty.end == nil)
        #expect(pty.screen.unknown == [])
    }

    /// Where there is no screen there is text; where that cannot be written, the status says so.
    @Test(arguments: [(">/dev/null", 0), (">&-", 74), ("2>&-", 0), ("</dev/null", 0), ("<&- >&- 2>&-", 74)])
    func `closed and other descriptors do not matter`(redirection: String, status: Int) throws {
        let pty = try Pty.shell("play $demo --theme dark \(redirection)" + Pty.andReport)
        if redirection == "2>&-" {
            try pty.nextFrame()
            try pty.press("s")
            pty.type("q")
        }
        try pty.wait(forText: "<exit \(status)>")
        try pty.expectRestored()
        pty.type("\n")
        #expect(try pty.waitForEnd() == .exit(0))
    }
}
