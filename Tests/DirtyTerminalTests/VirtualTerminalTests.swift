import DirtyView
import TerminalTestSupport
import Testing

/// The terminal in memory is a tool of other tests; a mistake in it would hide theirs.
struct VirtualTerminalTests {
    private func screen(_ text: String, _ columns: Int = 8, _ rows: Int = 3) -> VirtualTerminal {
        var terminal = VirtualTerminal(Size(columns, rows))
        terminal.feed(text.utf8)
        return terminal
    }

    @Test(arguments: [
        ("plain", "abc\r\ndef", "abc\ndef\n"),
        ("wraps late", "12345678\r9", "92345678\n\n"),
        ("wraps", "123456789", "12345678\n9\n"),
        ("scrolls", "1\r\n2\r\n3\r\n4", "2\n3\n4"),
        ("position", "\u{1b}[2;3Hx\u{1b}[1;1Hy", "y\n  x\n"),
        ("relative", "\u{1b}[2B\u{1b}[3Cx\u{1b}[2A\u{1b}[2Dy", "  y\n\n   x"),
        ("column, row", "\u{1b}[5Gx\u{1b}[3dy", "    x\n\n     y"),
        ("erase line", "abcdef\u{1b}[3D\u{1b}[K", "abc\n\n"),
        ("erase start", "abcdef\u{1b}[3D\u{1b}[1K", "    ef\n\n"),
        ("erase below", "a\r\nb\r\nc\u{1b}[2;1H\u{1b}[J", "a\n\n"),
        ("erase some", "abcdef\r\u{1b}[2X", "  cdef\n\n"),
        ("insert", "abc\r\u{1b}[2@", "  abc\n\n"),
        ("delete", "abc\r\u{1b}[2P", "c\n\n"),
        ("insert lines", "a\r\nb\u{1b}[1;1H\u{1b}[L", "\na\nb"),
        ("delete lines", "a\r\nb\u{1b}[1;1H\u{1b}[M", "b\n\n"),
        ("region", "1\r\n2\r\n3\u{1b}[2;3r\u{1b}[3;1H\n", "1\n3\n"),
        ("reverse index", "a\r\u{1b}M", "\na\n"),
        ("repeat", "x\u{1b}[3b", "xxxx\n\n"),
        ("tab", "a\tb", "a      b\n\n"),
        ("save, restore", "ab\u{1b}7cd\u{1b}8x", "abxd\n\n"),
        ("line drawing", "\u{1b}(0qx\u{1b}(Bq", "─│q\n\n"),
        ("shift", "\u{1b})0\u{0e}q\u{0f}q", "─q\n\n"),
        ("UTF-8", "é■", "é■\n\n"),
        ("alternate", "a\u{1b}[?1049hb\u{1b}[?1049lc", "ac\n\n"),
    ])
    func obeys(name: String, text: String, shown: String) {
        let terminal = screen(text)
        #expect(terminal.text == shown, "\(name)")
        #expect(terminal.unknown == [], "\(name)")
    }

    @Test func paints() {
        let terminal = screen("\u{1b}[1;4;38;5;202;45ma\u{1b}[22;24;39;49mb\u{1b}[7;92mc\u{1b}[md")
        #expect(terminal[0, 0].look == Look([.bold, .underline], foreground: 202, background: 5))
        #expect(terminal[1, 0].look == Look())
        #expect(terminal[2, 0].look == Look(.reverse, foreground: 10))
        #expect(terminal[3, 0].look == Look())
    }

    @Test func tellsWhatTerminalsDoDifferently() {
        var ansi = VirtualTerminal(Size(4, 2), quirks: .init(terminal: "ansi"))
        ansi.feed("1234".utf8)
        #expect(ansi.cursor == (0, 1))
        ansi.feed("\u{1b}[44m\u{1b}[K".utf8)
        #expect(ansi[0, 1].look.background == nil)
        var xterm = VirtualTerminal(Size(4, 2))
        xterm.feed("\u{1b}[44m\u{1b}[K".utf8)
        #expect(xterm[0, 0].look.background == 4)
    }

    @Test(arguments: [
        ("\u{1b}[5q", "ESC [ 5q"), ("\u{1b}[3m", "ESC [ 3m"), ("\u{1b}[?77h", "ESC [ ?77h"),
        ("\u{1b}#8", "ESC #8"), ("\u{1b}]8;;x\u{07}", "ESC ]8;;x\\x7"), ("\u{05}", "control 5"),
    ])
    func namesWhatItDoesNotKnow(text: String, name: String) {
        #expect(screen(text + "a").unknown == [name])
    }
}
