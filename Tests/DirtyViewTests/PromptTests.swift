import DirtyScript
import Testing

@testable import DirtyView

/// The prompt, the help and the search.
@Suite struct PromptTests {
    @Test func aTypedCommandRunsToItsEndAndCanBeTakenBack() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A mmap m db rw shared")
        let mapped = player.session.position
        player.enter("A write m[1] 7")
        #expect(player.lastRow == "A write m[1] 7: ok, value 7")
        #expect(player.session.isAtEnd)
        #expect(player.session.machine.state.counter(.nr_dirty) == 1)
        player.type("E")
        #expect(player.session.position == mapped)
        #expect(player.session.machine.state.counter(.nr_dirty) == 0)
        player.type("G")
        #expect(player.session.machine.state.counter(.nr_dirty) == 1)
    }

    @Test func complaintsAreShownAndNothingIsLost() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A wirte m[0]")
        #expect(player.lastRow.hasPrefix("! unknown operation 'wirte'; did you mean 'write'?"))
        #expect(player.session.statements.count == 2)
        player.enter("kernel 2.6.18")
        #expect(player.lastRow.hasPrefix("! "))
        #expect(player.session.isAtEnd)
    }

    /// A line that cannot be done does not stand in the way of the next one.
    @Test func aRefusedLineGoesAway() throws {
        var player = try Fixture.player(Fixture.race, "css")
        player.type("G")
        player.enter("W: A write m[0]")
        let count = player.session.statements.count
        player.enter("W: writeback db[0]")
        #expect(player.lastRow == "! 'W' has not ended yet; finish it first")
        #expect(player.session.statements.count == count)
        player.enter("finish W")
        player.enter("A read m[0]")
        #expect(player.lastRow.hasPrefix("A read m[0]: ok"))
    }

    @Test func expectationsAnswer() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("expect nr_dirty == 0")
        #expect(player.lastRow == "ok: expect nr_dirty == 0")
        player.enter("expect nr_dirty == 3")
        #expect(player.lastRow.contains("FAILED, found nr_dirty == 0"))
        // In the middle of a script nothing else moves.
        var other = try Fixture.player(Fixture.firstStore, "c")
        let here = other.session.position
        other.enter("expect nr_dirty == 0")
        #expect(other.lastRow == "ok: expect nr_dirty == 0")
        #expect(other.session.position == here)
    }

    @Test func theScenariosNamesComeFirst() throws {
        var player = try Fixture.player("file db 1 ext4 cached\nprocess q\nprocess set")
        player.enter("q mmap m db rw shared")
        #expect(!player.isFinished)
        #expect(player.lastRow == "q mmap m db rw shared: ok")
        player.enter("set read m[0]")
        #expect(player.lastRow.hasPrefix("! "))
        player.enter("quit")
        #expect(player.isFinished)
    }

    @Test func thePlayersOwnWords() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("set theme light")
        #expect(player.theme == .light)
        player.enter("set glyphs unicode")
        player.enter("set theme pink")
        #expect(player.lastRow.hasPrefix("! set glyphs"))
        #expect(player.theme == .light)
        player.enter("set speed 4")
        player.type(" ")
        player.enter("help search")
        #expect(player.frame(size: Size(80, 24)).text.contains("search: search"))
        player.press(.escape)
        player.press(.escape)
        player.enter("q")
        #expect(player.isFinished)
    }

    @Test func wordsOfDebuggersAndEditors() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A mmap m db rw shared")
        player.enter("b nr_dirty>3")
        player.enter("break if nr_dirty > 3")
        player.enter("b page_mkclean")
        #expect(player.insight.breakpoints.all.map(\.kind.isCondition) == [true, false])
        player.enter("info breakpoints")
        #expect(player.sheetRow == 0)
        player.press(.escape)
        player.enter("locks")
        #expect(player.focus == .locks)
        player.enter("bt")
        #expect(player.focus == .calls)
        let before = player.session.position
        player.enter("goto 0")
        #expect(player.session.position == 0 && before > 0)
        player.enter("q!")
        #expect(player.isFinished)
    }

    @Test func theListOfVMAsCanBeFiltered() throws {
        var player = try Fixture.player(
            """
            file db 4 ext4 cached
            file wal 4 ext4 cached
            process A
            A mmap m db[0..1] rw shared
            A mmap w wal r shared
            """)
        player.press(.character("G"))
        let all = player.areas.count
        player.type("\\WAL rw")
        #expect(player.areas.isEmpty)
        #expect(player.frame(size: Size(120, 40)).text.contains("none of them matches"))
        player.press(.backspace)
        player.press(.backspace)
        player.press(.backspace)
        #expect(player.areas.count == 2, "the mapping of the file, and the file")
        player.press(.enter)
        #expect(player.frame(size: Size(120, 40)).text.contains("VMAs and files  \\WAL  2"))
        player.type("\\")
        player.press(.escape)
        #expect(player.areas.count == all)
    }

    @Test func historyAndEditing() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("expect lost 0")
        player.enter("expect nr_dirty == 0")
        player.type(":half")
        player.press(.up)
        #expect(player.bottom.contains(":expect nr_dirty == 0"))
        player.press(.up)
        #expect(player.bottom.contains(":expect lost 0"))
        player.press(.up)
        #expect(player.bottom.contains(":expect lost 0"))
        player.press(.down)
        player.press(.down)
        #expect(player.bottom.contains(":half"))
        player.press(.home)
        player.type("x")
        player.press(.end)
        player.press(.left)
        player.press(.delete)
        #expect(player.bottom.contains(":xhal"))
        player.press(.control("U"))
        player.press(.control("W"))
        player.interrupt()
        player.type("s")
        #expect(player.session.statements.count == 4)
    }

    @Test func completion() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.type(":A mm\t")
        #expect(player.bottom.contains(":A mmap"))
        player.interrupt()
        player.type(":A m\t")
        #expect(player.lastRow.contains("mmap") && player.lastRow.contains("munmap"))
        player.interrupt()
        player.type(":set th\tda\t")
        #expect(player.bottom.contains(":set theme dark"))
        player.press(.enter)
        #expect(player.theme == .dark)
        player.type(":zzz\t")
        #expect(player.lastRow == "nothing to complete here")
    }

    @Test func aTypedRaceWaitsForTheUser() throws {
        var player = try Fixture.player(Fixture.race, "G")
        let here = player.session.position
        for line in ["race", "A write m[1]", "writeback db[0]", "end"] { player.enter(line) }
        #expect(player.session.position == here)
        #expect(player.lastRow.contains("t chooses who moves"))
        player.type("t2")
        #expect(player.session.position == here + 1)
    }

    @Test func stepsOfALabelledTask() throws {
        var player = try Fixture.player(Fixture.race, "G")
        player.enter("W: A write m[1]")
        player.enter("step W 3")
        #expect(player.session.progress.labels.count == 1)
        player.type("t1")
        #expect(player.session.moves.last?.choice == .task(slot: player.session.machine.slot(of: player.session.progress.labels["W"]!)))
        player.press(.escape)
        player.enter("finish W")
        #expect(player.session.progress.labels.isEmpty)
        #expect(player.lastRow.hasPrefix("finish W: ok"))
    }

    @Test func searchInAPane() throws {
        var player = try Fixture.player(Fixture.race, "G9")
        player.type("/tag it\n")
        let found = player.frame(size: Size(200, 60))
        #expect(player.lastRow.hasPrefix("/tag it"))
        #expect(found.cursor != nil)
        player.type("/no such text\n")
        #expect(player.lastRow == "! 'no such text' is not in this pane")
        player.type(">")
        #expect(player.lastRow.hasPrefix("! "))
    }

    @Test func searchInATerabyteIsBounded() throws {
        var player = try Fixture.player(Fixture.huge, "G2")
        player.type("/nowhere\n")
        #expect(player.lastRow.hasPrefix("! "))
    }

    // MARK: Help

    @Test func theHelpFindsAndRuns() throws {
        var player = try Fixture.player(Fixture.firstStore, "?")
        #expect(player.frame(size: Size(80, 24)).text.contains("Help"))
        player.type("next command")
        player.press(.enter)
        #expect(player.session.position == 1)
        player.type("?zoom\n")
        #expect(!player.frame(size: Size(80, 24)).text.contains("[3]"))
        player.press(.function(1))
        player.press(.escape)
        player.type("zqq")
        #expect(player.isFinished)
    }

    @Test func everyKeyIsListedOnce() throws {
        let player = try Fixture.player(Fixture.firstStore, "?")
        let text = player.frame(size: Size(120, 140)).text
        for name in ["step", "step back", "run", "zoom", "find", "command", "quit", "choose who runs"] {
            #expect(text.contains(name))
        }
    }
}

/// Lines typed in the middle of things, and taken out again.
@Suite struct TypedLineTests {
    /// In the middle of the store, with a line that waits for its end.
    private func waiting() throws -> Player {
        var player = try Fixture.player(Fixture.firstStore, "ccccsss")
        player.enter("A read m[1]")
        #expect(player.session.typedAhead.map(\.text) == ["A read m[1]"])
        return player
    }

    @Test(arguments: ["u", ":undo\n"])
    func undoTakesOutWhatHasNotRun(keys: String) throws {
        var player = try waiting()
        let here = player.session.position
        player.type(keys)
        #expect(player.lastRow == "taken out: A read m[1]")
        #expect(player.session.typedAhead.isEmpty)
        #expect(player.session.position == here)
        player.type(keys)
        #expect(player.lastRow == "! nothing was typed")
    }

    @Test func whatHasRunIsSteppedBackOverFirst() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A mmap m db rw shared")
        player.type("u")
        #expect(player.lastRow.hasPrefix("! what was typed has run"))
        player.type("Eu")
        #expect(player.lastRow == "taken out: A mmap m db rw shared")
        #expect(player.session.isAtEnd && player.session.position == 0)
    }

    @Test func theScriptShowsWhatWasTyped() throws {
        let player = try waiting()
        let text = player.frame(size: Size(200, 60)).text
        #expect(text.contains("   :   A read m[1]"))
        #expect(text.contains("  16 > A write m[0]"))
    }
}

/// Expectations that fail.
@Suite struct FailureTests {
    private static let text = """
        file db 2 ext4 cached
        process A
        A mmap m db rw shared
        A write m[0]
        expect db[0] !dirty
        expect nr_dirty == 7
        A read m[1]
        expect value 5
        """

    @Test(arguments: ["c", "C"])
    func runStopsAtTheStepAndNamesAll(key: String) throws {
        var player = try Fixture.player(Self.text, key == "c" ? "c" : "GC")
        let progress = player.session.progress
        #expect(progress.lastCommand?.text == "A write m[0]")
        #expect(progress.failures == 2)
        let screen = player.frame(size: Size(200, 60)).text
        // In the narration, and in the log's row of that step; going there also as a message.
        for sentence in ["line 5: expect db[0] !dirty FAILED, found db[0]", "line 6: expect nr_dirty == 7 FAILED, found nr_dirty == 1"] {
            #expect(screen.components(of: sentence) >= 1, "\(sentence)")
        }
        #expect(screen.contains("! line 5: expect db[0] !dirty FAILED"))
        player.type("S")
        #expect(player.session.progress.failures == 0)
        player.type("s")
        #expect(player.session.progress.failures == 2)
        #expect(player.bottom.contains("line 5") && player.bottom.contains("line 6"))
    }

    @Test func theLastExpectIsNoStepOfItsOwn() throws {
        let player = try Fixture.player(Self.text, "G")
        #expect(player.session.isAtEnd)
        #expect(player.session.moves.last?.frame != nil)
        let screen = player.frame(size: Size(200, 60)).text
        #expect(screen.contains("line 8: expect value 5 FAILED, found value 0"))
        #expect(!screen.contains("caption"))
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        var (count, rest) = (0, self[...])
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}

extension Breakpoint.Kind {
    fileprivate var isCondition: Bool { if case .condition = self { true } else { false } }
}
