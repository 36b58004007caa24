import DirtyScript
import Testing

@testable import DirtyView

/// Searches from the present state, as the user sees them.
@Suite struct ExploreViewTests {
    private static let late = """
        title "A TLB that is late"
        kernel 6.18
        rule tlb-dirty late
        file buf 1 tmpfs cached
        process A cpu=0
        thread A2 of A cpu=1
        A mmap m buf rw shared
        A read m[0]
        chapter "The race"
        race
          reclaim buf[0]
          A write m[0]
          A2 munmap m
        end
        """

    private func explored(_ keys: String, _ size: Size = Size(80, 24), text: String = late) throws -> Player {
        var player = try Fixture.player(text, keys, size: size)
        player.awaitSearch()
        return player
    }

    private func text(_ player: Player) -> String { player.frame(size: player.size).text }

    @Test(arguments: [Size(40, 12), Size(80, 24), Size(120, 40)])
    func aViolation(size: Size) throws {
        let player = try explored("x", size)
        Snapshot.check(player.frame(size: size), "explored-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: [Size(40, 12), Size(80, 24), Size(120, 40)])
    func aSchedule(size: Size) throws {
        var player = try explored("x", size)
        player.press(.enter)
        player.type("]ssss")
        Snapshot.check(player.frame(size: size), "schedule-\(size.columns)x\(size.rows)")
    }

    @Test func nothingBreaksIt() throws {
        let player = try explored("x", text: Self.late.replacing("late\nfile", with: "immediate\nfile"))
        #expect(text(player).contains("Explored from step 0: holds"))
        #expect(text(player).contains("no order of the steps breaks anything"))
        Snapshot.check(player.frame(size: Size(80, 24)), "explored-holds-80x24")
    }

    @Test(arguments: [Size(40, 12), Size(80, 24)])
    func progress(size: Size) throws {
        var player = try Fixture.player(Self.late, "x", size: size)
        #expect(player.tick == 100)
        player.exploring.status = BackgroundSearch.Status(
            states: 1_234_567, rate: 345_678, depth: 62, frontier: 12_345, bytes: 70 << 20)
        Snapshot.check(player.frame(size: size), "exploring-\(size.columns)x\(size.rows)")
        player.awaitSearch()
        #expect(player.tick == nil)
    }

    @Test func aScheduleIsGoneAlongAndLeft() throws {
        var player = try explored("sss")
        let here = player.session.machine.state
        player.type("x")
        player.awaitSearch()
        player.press(.enter)
        // Its first move is the tenth.
        #expect(text(player).contains("Schedule begins in 6 steps"))
        player.type("G")
        #expect(text(player).contains("Schedule 12/12"))
        #expect(text(player).contains("LOST 1"))
        // Behind the schedule the script may go on.
        while player.exploring.schedule?.index(at: player.session.position) == 11 { player.type("S") }
        #expect(text(player).contains("Schedule 11/12"))
        #expect(player.health.lost.isEmpty)
        player.type("s")
        #expect(!player.health.lost.isEmpty)
        player.type("X")
        #expect(player.session.position == 3)
        #expect(player.session.machine.state == here)
        #expect(player.lastRow.contains("back at step 3, as it was"))
        player.type("X")
        #expect(player.lastRow.contains("! "))
    }

    @Test func whatIsKnownIsNotSearchedAgain() throws {
        var player = try explored("x")
        player.press(.escape)
        player.type("x")
        #expect(!player.isSearching)
        #expect(text(player).contains("Explored from step 0: violated"))
    }

    @Test func aLimitIsNoVerdict() throws {
        var player = try Fixture.player(Self.late.replacing("late\nfile", with: "immediate\nfile"))
        player.enter("explore --max-states 10")
        player.awaitSearch()
        #expect(player.message?.text.contains("limit") == true)
        #expect(player.message?.text.contains("holds") == false)
        player.enter("can-lose")
        player.awaitSearch()
        #expect(player.message?.text.contains("not known: the search ended at") == true)
        player.enter("explore --max-states many")
        #expect(player.message?.isError == true)
    }

    @Test func theSchedulerIsToldWhetherAndNotHow() throws {
        var player = try explored("]tx")
        #expect(player.chooserRow != nil)
        #expect(player.message?.text == "a write can still be lost from here")
        let asked = player.session.position
        // Known by now.
        player.type("x")
        #expect(!player.isSearching)
        // A2 unmaps first: the third of them, to its end.
        while player.session.candidates.first(where: { $0.choice == .actor(2) })?.hasEnded == false { player.type("3") }
        player.type("x")
        player.awaitSearch()
        #expect(player.message?.text.hasPrefix("no write can be lost from here") == true)
        // And back: what was asked before is still known.
        while player.session.position > asked { player.type("S") }
        player.type("L")
        #expect(!player.isSearching)
        #expect(player.message?.text == "a write can still be lost from here")
    }

    @Test func whereNothingCanBeExploredItSaysWhatIsMissing() throws {
        let player = try explored("x", text: Fixture.firstStore)
        #expect(player.message?.isError == true)
        #expect(player.message?.text.contains("no race lies ahead") == true)
    }

    @Test func reboundKeysAskTheSame() throws {
        var player = try Fixture.player(Self.late, "]t")
        player.keys = try KeyMap(rebound: ["explore": [.character("y")]])
        #expect(text(player).contains("y lost yet?"))
        player.type("y")
        player.awaitSearch()
        #expect(player.message?.text == "a write can still be lost from here")
    }

    @Test func aReplayedLogWaitsForTheSearch() throws {
        var player = try Fixture.player(Self.late)
        player.replay("key x\nsearch-end\nkey Enter\nkey ]\nkey s\n")
        #expect(player.exploring.left.count == 1)
        #expect(text(player).contains("Schedule 2/12"))
    }

    @Test func linesInLinesOut() throws {
        var plain = PlainPlayer(try Fixture.player(Self.late))
        _ = plain.opening()
        let found = plain.answer("explore")
        #expect(found.contains("Explored from step 0: violated on 6.18"))
        #expect(found.contains("buf.folio[0]: the store of 1 is nowhere any more"))
        #expect(plain.answer("").contains { $0.contains("a schedule of 12 steps") })
        _ = plain.answer("last")
        #expect(plain.answer("where").contains { $0.contains("lost") })
        #expect(plain.answer("leave-schedule").contains { $0.contains("back at step 0") })
        // A list lies on top; a command is a command all the same.
        #expect(plain.answer("explore").contains("Explored from step 0: violated on 6.18"))
        #expect(plain.answer("can-lose").contains("note: a write can still be lost from here"))
    }
}
