import DirtyMachine
import DirtyScript
import DirtyView
import Testing

/// Break points: a run stops there in both directions, and says why.
@Suite struct BreakpointTests {
    /// Every position at which `c` stops, going forward from the beginning.
    private func stops(_ player: inout Player) -> [Int] {
        var stops: [Int] = []
        while !player.session.isAtEnd {
            player.type("c")
            if player.statusRow.contains("BREAK") { stops.append(player.session.position) }
        }
        return stops
    }

    @Test(arguments: [
        ("break nr_dirty > 0", 1), ("break db[0] dirty", 1), ("break db[0] !dirty", 1), ("break A m[0] write", 1),
        ("break disk db[0] 1", 1), ("break do_wp_page", 1), ("break page_mkclean", 1), ("watch nr_dirty", 2),
        ("watch nr_writeback", 2), ("break line 11", 1), ("watch A m", 1), ("break set_page_dirty", 1),
    ])
    func aRunStopsThereInBothDirections(command: String, count: Int) throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.enter(command)
        #expect(player.lastRow.hasPrefix("breakpoint 1 set: \(command)"))
        let forward = stops(&player)
        #expect(forward.count == count, "\(forward)")
        var backward: [Int] = []
        while player.session.position > 0 {
            player.type("C")
            if player.statusRow.contains("BREAK") { backward.append(player.session.position) }
        }
        #expect(backward == forward.reversed())
    }

    /// A condition counts where it becomes true, whatever else is watched.
    @Test func whatItStopsAtIsTold() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.enter("break nr_dirty > 0")
        player.type("ccccc")
        #expect(player.session.machine.state.counter(.nr_dirty) == 1)
        #expect(player.lastRow == "stopped at 1 break nr_dirty > 0: nr_dirty == 1")
        #expect(player.statusRow.contains("BREAK 1"))
        let here = player.session.position
        player.type("S")
        #expect(player.session.machine.state.counter(.nr_dirty) == 0)
        player.type("s")
        #expect(player.session.position == here)
        #expect(player.lastRow.hasPrefix("stopped at 1 break nr_dirty > 0"))
    }

    @Test(arguments: ["e", "n", "f"])
    func otherRunsStopThereToo(key: String) throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.enter("break set_page_dirty")
        for _ in 0..<200 where !player.statusRow.contains("BREAK 1") && !player.session.isAtEnd { player.type(key) }
        #expect(player.lastRow == "stopped at 1 break set_page_dirty: A is about to run it")
        let function = player.session.progress.running.flatMap { player.session.machine.state.stack(of: $0).last?.function }
        #expect(function == .set_page_dirty)
    }

    @Test func playingStopsThere() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.enter("watch db[0]")
        player.enter("+1")
        player.type(" ")
        for _ in 0..<300 where player.tick != nil { player.passTime() }
        #expect(player.statusRow.contains("BREAK 1"))
        #expect(player.lastRow.contains("db.folio[0]"))
    }

    @Test func jumpsDoNotStop() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.enter("watch nr_dirty")
        player.type("G")
        #expect(player.session.isAtEnd)
        player.type("g")
        #expect(player.session.position == 0)
    }

    @Test func aTypedLineStopsAtABreakPoint() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A mmap m db rw shared")
        player.enter("break nr_dirty > 0")
        player.enter("A write m[0]")
        #expect(player.statusRow.contains("BREAK 1"))
        #expect(player.session.progress.running != nil)
        player.type("e")
        #expect(player.session.isAtEnd)
    }

    @Test func aBrokenInvariantStops() throws {
        var player = try Fixture.player(Fixture.lost)
        player.enter("break invariant I1")
        player.type("c")
        #expect(player.lastRow.contains("I1 no-lost-write broken: db.folio[0]"))
        #expect(!player.session.machine.violations(of: .noLostWrite).isEmpty)
        player.type("S")
        #expect(player.session.machine.violations(of: .noLostWrite).isEmpty)
    }

    // MARK: Keys

    @Test func bTakesWhatIsSelected() throws {
        var player = try Fixture.player(Fixture.firstStore, "cccc", size: Size(200, 60))
        player.type("b")
        #expect(player.lastRow.hasPrefix("breakpoint 1 set: watch A m[0]"))
        player.type("b")
        #expect(player.lastRow.hasPrefix("breakpoint 1 is gone"))
        player.type("u")
        #expect(player.lastRow.hasPrefix("1 break point, as before"))
        player.type("1b")
        #expect(player.lastRow.hasPrefix("breakpoint 2 set: watch A m "))
        player.type("5b")
        #expect(player.lastRow.hasPrefix("breakpoint 3 set: watch nr_dirty"))
        player.type("B")
        let text = player.frame(size: Size(200, 60)).text
        for line in ["1  on   watch A m[0]", "2  on   watch A m", "3  on   watch nr_dirty"] { #expect(text.contains(line)) }
        // Enter turns one off, x takes it out, Esc closes.
        player.press(.enter)
        #expect(player.frame(size: Size(200, 60)).text.contains("1  off  watch A m[0]"))
        player.type("x")
        #expect(!player.frame(size: Size(200, 60)).text.contains("watch A m[0]"))
        player.press(.escape)
        #expect(!player.frame(size: Size(200, 60)).text.contains("Break points"))
    }

    @Test func aDisabledOneDoesNotStop() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.enter("watch nr_dirty")
        player.type("B\n")
        player.press(.escape)
        #expect(stops(&player) == [])
    }

    @Test func whatIsWatchedHasAStar() throws {
        var player = try Fixture.player(Fixture.firstStore, "cccc")
        player.enter("watch A m[1]")
        let rows = player.frame(size: Size(80, 24)).text.split(separator: "\n")
        #expect(rows.contains { $0.hasPrefix("*  1 ") })
    }

    // MARK: Words

    @Test(arguments: [
        ("break", "break where? A function"), ("break page_mkclen", "did you mean 'page_mkclean'?"),
        ("break nr_dirty >", "missing"), ("break invariant I99", "unknown invariant 'I99'"),
        ("break line 999", "line 999 of the script has no command"), ("watch", "watch what?"),
        ("watch nonsense", "unknown thing to watch 'nonsense'"), ("watch db[9]", "db has no page 9"),
        ("watch A n[0]", "unknown mapping of A 'n'"), ("watch Z m[0]", "unknown process 'Z'"),
        ("delete 7", "there are no break points"),
    ])
    func whatCannotBeUnderstoodIsExplained(command: String, answer: String) throws {
        var player = try Fixture.player(Fixture.firstStore, "G")
        player.enter(command)
        #expect(player.lastRow.hasPrefix("! ") && player.lastRow.contains(answer), "\(player.lastRow)")
    }

    @Test func wordsAreCompleted() throws {
        var player = try Fixture.player(Fixture.firstStore, ":break page_mkclean_")
        player.press(.tab)
        #expect(player.bottom.contains(":break page_mkclean_one"))
        player = try Fixture.player(Fixture.firstStore, ":watch nr_w")
        player.press(.tab)
        #expect(player.bottom.contains(":watch nr_writeback"))
    }

    @Test(arguments: [Size(80, 24), Size(120, 40), Size(200, 60)])
    func theList(_ size: Size) throws {
        var player = try Fixture.player(Fixture.firstStore, size: size)
        for command in ["break nr_dirty > 0", "break page_mkclean", "watch db[0]", "break invariant I2"] { player.enter(command) }
        player.type("ccccB")
        player.press(.down)
        Snapshot.check(player.frame(size: size), "breakpoints-\(size.columns)x\(size.rows)")
    }
}

/// The step before and after that touched what is selected, whatever it is.
@Suite struct TouchTests {
    @Test(arguments: [("1", "A m"), ("5", "nr_dirty"), ("8", "cpu0.tlb[A.m[0]]")])
    func alongWhatIsSelected(pane: String, item: String) throws {
        // Behind the first store.
        var player = try Fixture.player(Fixture.firstStore, "]]]e", size: Size(200, 60))
        #expect(player.session.machine.state.counter(.nr_dirty) == 1)
        player.type(pane)
        player.press(.home)
        player.type("{")
        let last = player.session.position
        #expect(player.bottom.contains(item))
        player.type("{")
        #expect(player.session.position < last)
        player.type("}")
        #expect(player.session.position == last)
        // On to the very last touch, and no further.
        for _ in 0..<20 where !player.lastRow.hasPrefix("!") { player.type("}") }
        #expect(player.lastRow == "! no later step touches \(item)")
    }

    @Test func aTasksOwnSteps() throws {
        var player = try Fixture.player(Fixture.race, "ct333322", size: Size(200, 60))
        player.press(.escape)
        player.type("7")
        let total = player.session.position
        player.type("{")
        #expect(player.session.position < total)
        #expect(player.session.moves.last.map { player.session.mover(of: $0) } == "A")
    }

    /// Whoever chooses the steps comes to break points, too.
    @Test func aChosenStepTellsWhatItHits() throws {
        var player = try Fixture.player(Fixture.race, "c")
        player.enter("watch db[0]")
        player.enter("break nr_dirty == 0")
        for _ in 0..<200 where !player.statusRow.contains("BREAK") && !player.session.candidates.isEmpty { player.type("t1") }
        #expect(player.statusRow.contains("BREAK 1"))
        #expect(player.lastRow.hasPrefix("stopped at 1 watch db[0]: "))
    }
}
