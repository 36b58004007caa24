import DirtyTerminal
import DirtyView
import TerminalTestSupport
import Testing

/// What arrives on terminals of many types is what the grid said.
@Suite(.serialized) struct ScreenTests {
    static let terminals = [
        "xterm-256color", "xterm", "tmux-256color", "screen", "linux", "vt220", "vt100", "ansi",
        "xterm-mono",
    ]
    static let settings = terminals.flatMap { term in
        [("C.UTF-8", nil), ("C.UTF-8", "1"), ("C", nil)].map {
            Setting(term: term, locale: $0.0, noColor: $0.1)
        }
    }.filter(\.isInstalled)

    @Test(arguments: settings)
    func showsEveryRoleAndGlyph(_ setting: Setting) throws {
        let pty = try Pty.probe(setting)
        try pty.nextFrame()
        try pty.expectProbe("\(setting.colorLevel) \(setting.glyphs)", setting)
        for key in ["x", "yy", "z"] {
            pty.type(key)
            try pty.waitForProbe("key \(key.last!)", setting)
        }
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
        #expect(pty.screen.unknown == [])
    }

    @Test(arguments: [("dumb", "cannot move its cursor"), ("nosuch", "unknown terminal 'nosuch'")])
    func refusesTerminalsThatCannotShowIt(term: String, message: String) throws {
        let pty = try Pty.probe(Setting(term: term))
        #expect(try pty.waitForEnd() == .exit(2))
        #expect(pty.screen.text.replacing("\n", with: "").contains(message))
        #expect(!pty.output.contains(0x1b))
    }

    @Test(arguments: Theme.all.map(\.name))
    func showsEveryTheme(_ name: String) throws {
        let theme = try #require(Theme.named(name))
        for setting in [Setting(), Setting(term: "xterm")] {
            let pty = try Pty.probe(setting, ["--theme", name])
            try pty.nextFrame()
            try pty.expectProbe("\(setting.colorLevel) letters", setting, theme: theme)
        }
    }

    @Test func changesTheThemeOnTheFly() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        for theme in Theme.all.dropFirst() {
            pty.type("t")
            try pty.nextFrame()
            try pty.expectProbe("key t", theme: theme)
        }
    }

    @Test(arguments: [("", [], true), ("1", [], false), ("1", ["--color"], true), ("", ["--no-color"], false)])
    func obeysWishesAboutColor(noColor: String, arguments: [String], isColored: Bool) throws {
        let pty = try Pty.probe(Setting(noColor: noColor), arguments)
        try pty.nextFrame()
        let expected = Setting(noColor: isColored ? "" : "1")
        try pty.expectProbe("\(expected.colorLevel) letters", expected)
    }

    @Test(arguments: [(1, 1), (2, 1), (1, 2), (7, 3), (20, 5), (81, 25), (220, 70)])
    func fitsEverySize(columns: Int, rows: Int) throws {
        let pty = try Pty.probe(size: Size(columns, rows))
        try pty.nextFrame()
        try pty.expectProbe("indexed letters")
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    @Test func writesOnlyWhatChanged() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.type("x")
        try pty.nextFrame()
        let before = pty.output.count
        pty.type("y")
        try pty.nextFrame()
        #expect(pty.output.count - before < 64)
        let same = pty.output.count
        pty.type("y")
        try pty.nextFrame()
        #expect(pty.output.count == same)
    }

    @Test func repaintsOnRequest() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.disturb("\u{1b}[5;5Hwall: the system goes down")
        pty.type("\u{0c}")
        try pty.nextFrame()
        try pty.expectProbe("indexed letters")
    }

    @Test func placesTheCursorWhereTheGridSays() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        #expect(!pty.screen.isCursorVisible)
        pty.type("c")
        try pty.nextFrame()
        #expect(pty.screen.isCursorVisible)
        #expect(pty.screen.cursor == (3, 2))
    }

    @Test func ringsTheBellOnce() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        pty.type("b")
        try pty.nextFrame()
        pty.type("x")
        try pty.nextFrame()
        #expect(pty.screen.bells == 1)
    }

    @Test func leavesMouseAndPasteModesAlone() throws {
        let pty = try Pty.probe()
        try pty.nextFrame()
        let written = String(decoding: pty.output, as: UTF8.self)
        for mode in ["1000", "1002", "1006", "2004"] { #expect(!written.contains("?\(mode)")) }
    }
}
