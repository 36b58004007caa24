import DirtyView
import TerminalTestSupport
import Testing

/// What a person sees who plays a scenario.
@Suite(.serialized) struct PlayTests {
    @Test func `opens at the beginning`() throws {
        let pty = try Pty.play()
        #expect(pty.status.contains("First store: why it faults"))
        #expect(pty.status.contains("step 0/113 ->  PAUSED  2.6.19  INV ok"))
        #expect(pty.screen.text.contains("s takes a step, S takes it back"))
        #expect(pty.screen.text.contains("next  say \"A will map a file, shared and writable."))
        #expect(pty.screen.isAlternate)
        #expect(!pty.screen.isCursorVisible || pty.screen.cursor != (0, 0))
        #expect(!pty.modes.editsLines && !pty.modes.echoes)
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    @Test func `--at opens later, with all that came before`() throws {
        let stepped = try Pty.play()
        for _ in 0..<20 { try stepped.press("s") }
        let opened = try Pty.play(["--at", "20", Pty.demo])
        #expect(opened.status.contains("step 20/113 ->"))
        #expect(opened.screen.lines[1...8] == stepped.screen.lines[1...8])
    }

    @Test func `a step back shows exactly what was there`() throws {
        let pty = try Pty.play()
        var forward: [[String]] = []
        for _ in 0..<30 {
            try pty.press("s")
            forward.append(pty.screen.lines)
        }
        let cells = pty.cells
        try pty.press("S")
        try pty.press("s")
        #expect(pty.cells == cells)
        for lines in forward.dropLast().reversed() {
            try pty.press("S")
            var shown = pty.screen.lines
            #expect(shown[0].contains(" <- "))
            shown[0].replace(" <- ", with: " -> ")
            #expect(shown == lines)
        }
        #expect(pty.screen.unknown == [])
    }

    @Test func `G plays to the end, g goes back to the beginning`() throws {
        let pty = try Pty.play()
        let first = pty.screen.lines
        try pty.press("G")
        #expect(pty.status.contains("step 113/113 ->  END"))
        #expect(pty.status.contains("expect 21/21"))
        #expect(pty.screen.text.contains("ended A fsync db"))
        try pty.press("s")
        #expect(pty.screen.bells == 1)
        #expect(pty.screen.text.contains("the script is at its end"))
        try pty.press("g")
        #expect(pty.status.contains("step 0/113 <-  PAUSED"))
        #expect(pty.screen.lines[1..<20] == first[1..<20])
    }

    @Test func `Space plays, and Ctrl-C stops it`() throws {
        // Slow enough that the end is minutes away.
        let pty = try Pty.play(["--speed", "1", Pty.demo])
        try pty.press(" ")
        #expect(pty.status.contains("PLAY"))
        try pty.wait(for: "a step") { $0.status.contains("step 1/113") }
        pty.type("\u{03}")
        try pty.wait(forTexts: "PAUSED", "stopped")
    }

    @Test func `Space plays to the end`() throws {
        let pty = try Pty.play(["--speed", "64", Pty.demo], size: Size(120, 40))
        pty.type(" ")
        try pty.wait(forTexts: "step 113/113", "END", "expect 21/21", "100%")
    }

    // MARK: Sizes

    /// What a screen of a size shows, and what it has no room for.
    static let layouts: [(size: Size, shown: [String], hidden: [String])] = [
        (
            Size(120, 40), ["[3] Call path", "[7] Who can move", "[8] TLB", "[9] Log", "History of "],
            ["ok I1"]
        ),
        (Size(40, 12), ["1V [2Pages] 3C", "? help"], ["[1] VMAs"]),
        (Size(20, 5), ["3/113 ->"], ["dirtyscope", "? help"]),
        (
            Size(200, 60),
            ["[1] VMAs", "[9] Log", "memory and disk agree", "chapter \"The mapping\"", "ok I1"], []
        ),
        (Size(50, 44), ["[2] Pages", "[6] Narration"], ["[7]"]),
        (Size(140, 16), ["[2] Pages", "[3] Call path"], ["[1] VMAs"]),
        (Size(1, 1), [], ["dirtyscope"]),
        (Size(80, 24), ["[1] VMAs", "[6] Narration", "? help"], ["[7]"]),
    ]

    @Test func `follows the size of the window, and shows what it would have opened with`() throws {
        let pty = try Pty.play(["--at", "3", Pty.demo])
        for layout in Self.layouts {
            let fresh = try Pty.play(["--at", "3", Pty.demo], size: layout.size)
            pty.resize(layout.size)
            try pty.wait(for: "\(layout.size)") { $0.cells == fresh.cells }
            for text in layout.shown { #expect(pty.screen.text.contains(text), "\(layout.size)") }
            for text in layout.hidden { #expect(!pty.screen.text.contains(text), "\(layout.size)") }
        }
        #expect(pty.screen.unknown == [])
    }

    @Test func `keys work at every size`() throws {
        let pty = try Pty.play()
        for (number, layout) in Self.layouts.filter({ $0.size.columns > 1 }).enumerated() {
            pty.resize(layout.size)
            pty.type("s")
            try pty.wait(for: "step \(number + 1)") { $0.status.contains("\(number + 1)/113 ->") }
        }
    }

    // MARK: Typing

    @Test func `a typed command is done at once, and can be taken back`() throws {
        let pty = try Pty.play()
        try pty.press("G")
        pty.type(":A write m[0]")
        try pty.wait(for: "the line") {
            $0.screen.lines.contains(":A write m[0]") && $0.screen.cursor == (13, 22)
        }
        #expect(pty.screen.isCursorVisible)
        pty.type("\r")
        try pty.wait(forTexts: "A write m[0]: ok, value 4", "END")
        pty.type("E")
        try pty.wait(forText: "step 113/")
    }

    @Test(arguments: [
        (":A wrote m[0]", "! unknown operation 'wrote'; did you mean 'write'?"),
        (":A write n[0]", "! "), (":set theme pink", "! set glyphs"), (":0x", "! "), (":\u{1b}", "ready"),
        (":\u{7f}", "ready"), ("!", "! ! does nothing here; ? lists the keys"),
    ])
    func `what cannot be done is explained`(typed: String, answer: String) throws {
        let pty = try Pty.play()
        pty.type(typed + (typed.hasPrefix(":") && typed.count > 2 ? "\r" : ""))
        try pty.wait(for: answer) { $0.screen.lines[21...].contains { $0.hasPrefix(answer) } }
        #expect(pty.status.contains("step 0/113"))
    }

    @Test func `the prompt goes to a step, sets the looks, and leaves`() throws {
        let pty = try Pty.play()
        pty.type(":41\r")
        try pty.wait(forText: "step 41/113 ->")
        pty.type(":-1\r")
        try pty.wait(forText: "step 40/113 <-")
        pty.type(":set glyphs ascii\r")
        try pty.wait(for: "letters alone") { pty in
            pty.screen.text.contains("glyphs ascii")
                && pty.screen.text.unicodeScalars.allSatisfy { $0.isASCII }
        }
        pty.type(":q\r")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    @Test func `help lists the keys and runs one`() throws {
        let pty = try Pty.play()
        try pty.press("?")
        #expect(pty.screen.text.contains("Take one atomic step."))
        pty.type("atomic\r")
        try pty.wait(forText: "step 1/113 ->")
    }

    // MARK: Without a file

    @Test func `without a file it lists the demos`() throws {
        let pty = try Pty.started(["play"], size: Size(120, 40))
        try pty.nextFrame()
        #expect(pty.screen.text.contains("First store: why it faults"))
        #expect(pty.screen.text.contains("basics"))
        #expect(pty.screen.text.contains("Enter open"))
        pty.type("/why it\r\r")
        try pty.wait(forText: "step 0/113")
        pty.type("q")
        try pty.wait(forText: "/why it")
        pty.send([0x1b])
        try pty.wait(forText: "Enter open")
        pty.type("G\r")
        try pty.wait(forText: "Sandbox")
        pty.type(":A mmap m db rw shared\r")
        try pty.wait(forText: "A mmap m db rw shared: ok")
        pty.type("q")
        try pty.wait(forText: "Enter open")
        pty.type("q")
        #expect(try pty.waitForEnd() == .exit(0))
        #expect(!pty.screen.isAlternate)
        #expect(pty.screen.unknown == [])
    }

    @Test func `a kernel and rules without a file hold for what the list opens`() throws {
        let pty = try Pty.started(["play", "--kernel", "2.6.18", "--rule", "zap-flush=before-ptl"], size: Size(120, 40))
        try pty.nextFrame()
        pty.type("G\r")
        try pty.wait(forTexts: "Sandbox", "kernel 2.6.18")
        pty.type("q")
        try pty.wait(forText: "Enter open")
        pty.type("/why it\r\r")
        try pty.wait(forTexts: "First store", "kernel 2.6.18")
        pty.type("qq")
        #expect(try pty.waitForEnd() == .exit(0))
    }

    @Test func `a rule that no kernel has is refused before the list opens`() throws {
        let play = try Dirtyscope.run(["play", "--rule", "no-such=1"])
        #expect(play.status == 64)
        #expect(play.errors.contains("unknown rule 'no-such'"))
    }
}

/// Asking questions in a real terminal.
@Suite(.serialized) struct UnderstandingTests {
    @Test func `a break point stops the play and says why`() throws {
        let pty = try Pty.play(["--speed", "64", Pty.demo])
        pty.type(":break nr_dirty > 0\r")
        try pty.wait(forText: "breakpoint 1 set: break nr_dirty > 0")
        try pty.press("ccccc")
        pty.type("g ")
        try pty.wait(forTexts: "BREAK 1", "stopped at 1 break nr_dirty > 0: nr_dirty == 1")
        pty.type("B")
        try pty.wait(forTexts: "Break points", "on   break nr_dirty > 0", "here")
        pty.send([0x1b])
        try pty.wait(for: "the panes") { !$0.screen.text.contains("Break points") }
    }

    @Test func `why leads back to the cause, and '' forth again`() throws {
        let pty = try Pty.play()
        try pty.press("G")
        pty.type(":why db[0]\r")
        try pty.wait(forTexts: "Why: db[0] page", "because")
        let end = pty.status
        pty.type("j\r")
        try pty.wait(for: "another step") { $0.status != end && $0.screen.text.contains("Why: db[0] page") }
        pty.send([0x1b])
        pty.type("''")
        try pty.wait(forText: "step 113/113")
    }

    @Test func `the other panes and the differences since a mark`() throws {
        let pty = try Pty.play()
        try pty.press("0")
        #expect(pty.screen.text.contains("Who maps") && pty.screen.text.contains("History of"))
        pty.type("ma")
        try pty.wait(forText: "mark a at step 0")
        try pty.press("G")
        pty.type("d")
        try pty.wait(forText: "Differences since mark a")
        #expect(pty.screen.unknown == [])
    }
}
