import TerminalTestSupport
import Testing

/// The file of settings.
@Suite(.serialized) struct ConfigTests {
    /// Prints the settings of a file.
    private func config(_ settings: String) throws -> Finished {
        try Scratch.with { scratch in
            let file = scratch.file("config.toml", settings)
            return try Dirtyscope.run(["DIRTYSCOPE_CONFIG=\(file)", Dirtyscope.path, "config"], program: "/usr/bin/env")
        }
    }

    @Test func `what it prints is a file of settings that says the same`() throws {
        let first = try config("theme = \"dark\"\nspeed = 2\n[keys]\nstep = [\"x\", \"Ctrl-N\"]\nzoom = []\n[colors]\ndirty = \"0 on 226\"\n")
        #expect(first.status == 0)
        #expect(first.errors.contains("config.toml:4:8: warning: 'x' was the only key of 'explore'"), "\(first.errors)")
        #expect(first.lines.contains { $0.hasPrefix("theme = \"dark\"") && $0.hasSuffix("# set in line 1") })
        #expect(first.lines.contains { $0.hasPrefix("step = [\"x\", \"Ctrl-N\"]") && $0.hasSuffix("# set in line 4") })
        #expect(first.lines.contains { $0.hasPrefix("zoom = []") })
        let second = try config(first.text)
        func settings(_ run: Finished) -> [String] {
            run.lines.map { String($0.split(separator: "#", omittingEmptySubsequences: false)[0]) }.map { $0.filter { $0 != " " } }
        }
        #expect(second.status == 0 && settings(second) == settings(first))
    }

    @Test(arguments: [
        ("theme = \"darc\"", "config.toml:1:9: error: 'theme' is one of", "did you mean 'dark'"),
        ("\n  kolor = true", "config.toml:2:3: error: there is no setting 'kolor'", "did you mean 'color'"),
        ("speed = -1", "config.toml:1:9: error: 'speed' is a number above 0", "^"),
        ("plain = 1", "config.toml:1:9: error: 'plain' is true or false", "^"),
        ("a = ", "config.toml:1:5: error: ", "a ="),
        ("[keys]\nstepp = \"x\"", "config.toml:2:1: error: there is no command 'stepp'", "did you mean 'step'"),
        ("[keys]\nstep = \"Hyper\"", "config.toml:2:8: error: no key is called 'Hyper'", "^"),
        ("[keys]\nstep = \"x\"\nzoom = \"x\"", "config.toml:3:8: error: 'x' is bound to 'step' and to 'zoom'", "^"),
        ("[keys]\nstep = \"Ctrl-C\"", "config.toml:2:1: error: 'Ctrl-C' belongs to the terminal", "^"),
        ("[talk]\nblank = \"7\"", "config.toml:2:1: error: '7' belongs to the number of a beat", "^"),
        ("[talk]\nblink = \"x\"", "config.toml:2:1: error: there is no command 'blink'", "did you mean 'blank'"),
        ("keys = 3", "config.toml:1:8: error: 'keys' is a table", "^"),
        ("keys.stepp = \"x\"", "config.toml:1:1: error: there is no command 'stepp'", "^"),
        ("[colors]\ndirty = \"300\"", "config.toml:2:9: error: a look is", "^"),
        ("[colors]\ndirt = \"3\"", "config.toml:2:1: error: there is no role 'dirt'", "did you mean 'dirty'"),
        ("[panes]\nmedium = [\"pages\"]", "config.toml:2:10: error: a medium screen has places for 6 panes", "^"),
        ("theme = \"\u{1b}[31m\"", "config.toml:1:", "error: "),
    ])
    func `an error names file, line and column`(settings: String, place: String, more: String) throws {
        let run = try config(settings)
        #expect(run.status == 65 && run.output == [])
        #expect(run.errors.contains(place) && run.errors.contains(more), "\(run.errors)")
        #expect(!run.errors.contains("\u{1b}"))
    }

    @Test func `the player obeys it`() throws {
        try Scratch.with { scratch in
            let file = scratch.file("config.toml", "[keys]\nstep = \"x\"\n[panes]\nmedium = [\"script\", \"pages\", \"calls\", \"changes\", \"counters\", \"narration\"]\n")
            let pty = try Pty.shell("export DIRTYSCOPE_CONFIG='\(file)'; play $demo" + Pty.andReport)
            try pty.nextFrame()
            #expect(pty.screen.text.contains("x step") && pty.screen.text.contains("Script"))
            try pty.press("x")
            #expect(pty.status.contains("step 1/113"))
            pty.type("q")
            try pty.expectEnd(status: 0)
        }
    }

    @Test func `a file that is wrong is told, and keeps nobody from his work`() throws {
        try Scratch.with { scratch in
            let file = scratch.file("config.toml", "theme = 3\n[keys]\nstep = \"x\"\nzoom = \"Ctrl-C\"\n")
            let pty = try Pty.shell("export DIRTYSCOPE_CONFIG='\(file)'; play $demo" + Pty.andReport)
            try pty.nextFrame()
            #expect(pty.screen.text.contains("line 1: 'theme' is one of"))
            try pty.press("x")
            #expect(pty.status.contains("step 1/113"), "what is right holds")
            pty.type("q")
            try pty.expectEnd(status: 0)
        }
    }

    @Test func `a first run says how to begin, a second one does not`() throws {
        try Scratch.with { scratch in
            let script = "export HOME='\(scratch.folder)'; play $demo" + Pty.andReport
            for isFirst in [true, false] {
                let pty = try Pty.shell(script)
                try pty.nextFrame()
                #expect(pty.screen.text.contains("First time here?") == isFirst)
                pty.type("q")
                try pty.expectEnd(status: 0)
            }
        }
    }
}
