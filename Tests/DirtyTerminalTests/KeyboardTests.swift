import DirtyTerminal
import DirtyView
import TerminalTestSupport
import Testing

/// Bytes from the terminal become keys.
@Suite(.serialized) struct KeyboardTests {
    static let keys: [(bytes: String, name: String)] = [
        ("a", "a"), ("G", "G"), (" ", "Space"), ("é", "é"), ("\u{4e2d}", "?"),
        ("\r", "Enter"), ("\n", "Enter"), ("\t", "Tab"), ("\u{7f}", "Backspace"),
        ("\u{08}", "Backspace"), ("\u{04}", "Ctrl-D"), ("\u{15}", "Ctrl-U"), ("\0", "Ctrl-@"),
        ("\u{1b}", "Esc"), ("\u{1b}OA", "Up"), ("\u{1b}OB", "Down"), ("\u{1b}OC", "Right"),
        ("\u{1b}OD", "Left"), ("\u{1b}OH", "Home"), ("\u{1b}OF", "End"), ("\u{1b}[5~", "PgUp"),
        ("\u{1b}[6~", "PgDn"), ("\u{1b}[3~", "Del"), ("\u{1b}[Z", "Shift-Tab"),
        ("\u{1b}OP", "F1"), ("\u{1b}[15~", "F5"), ("\u{1b}[24~", "F12"),
        ("\u{1b}[2~", "Ins"), ("\u{1b}[1;5C", "Ctrl-Right"), ("\u{1b}[1;2A", "Shift-Up"),
        ("\u{1b}[1;6D", "Ctrl-Shift-Left"), ("\u{1b}[5;3~", "Alt-PgUp"), ("\u{1b}[3;5~", "Ctrl-Del"),
    ]

    @Test func namesKeys() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        for key in Self.keys {
            pty.type(key.bytes)
            try pty.nextFrame()
            try pty.expectProbe("key \(key.name)")
        }
    }

    @Test func waitsForTheRestOfACharacter() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        let bytes = Array("é".utf8)
        pty.send([bytes[0]])
        pty.send([bytes[1]])
        try pty.nextFrame()
        try pty.expectProbe("key é")
    }

    @Test func survivesBytesThatAreNoCharacter() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.send([0xff, 0xfe, 0xc3])
        pty.type("k")
        try pty.waitForProbe("key k")
    }

    @Test func handlesABurstOfKeysInFewFrames() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.type(String(repeating: "x", count: 500) + "z")
        try pty.waitForProbe("key z")
        #expect(pty.frame < 500)
    }

    @Test func ticksWhileKeysAreTyped() throws {
        let pty = try Pty.probe(Setting(), ["--tick", "1"])
        for _ in 0..<3 {
            let frame = pty.frame
            try pty.wait(for: "ticks") { $0.frame > frame + 3 && $0.screen.text.contains("timeout") }
            pty.type("x")
        }
    }

    @Test func givesEveryScalarAKey() {
        #expect(Key("\u{03}") == .control("C"))
        #expect(Key("\u{1c}") == .control("\\"))
        #expect(Key("\u{85}") == .other)
        for value in UInt32(0x20)...0x7e {
            let scalar = Unicode.Scalar(value)!
            #expect(Key(scalar) == .character(scalar))
        }
    }
}
