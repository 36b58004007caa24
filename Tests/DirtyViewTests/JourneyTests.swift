import DirtyScript
import Testing

@testable import DirtyView

/// A long way is gone a stretch at a time: the screen shows where it is, and it can be stopped.
@Suite struct JourneyTests {
    /// Some 15,000 moves, and one chapter that begins near the end.
    private static let long =
        "title \"Long\"\nkernel 2.6.19\nfile db 4 ext3 cached\nprocess A\nA mmap m db rw shared\n"
        + String(repeating: "A write m[0]\nA fsync db\n", count: 400) + "chapter \"The end\"\nA read m[1]\n"

    private func settled(_ player: Player) -> Player {
        var player = player
        while player.hasWork { player.work() }
        return player
    }

    @Test func theEndOfALongScenarioIsReachedInStretches() throws {
        var player = try Fixture.player(Self.long, "G")
        #expect(player.statusRow.contains("RUN"))
        var positions = [player.session.position]
        while player.statusRow.contains("RUN"), positions.count < 10_000 {
            player.work()
            positions.append(player.session.position)
        }
        #expect(positions.count > 2)
        #expect(positions == positions.sorted())
        #expect(player.statusRow.contains("END"))
        let isAtEnd = player.session.isAtEnd
        #expect(isAtEnd)
        let message = player.message
        #expect(message == nil)
    }

    @Test(arguments: [nil, Key.escape])
    func aLongWayCanBeStopped(key: Key?) throws {
        var player = try Fixture.player(Self.long, "G")
        player.work()
        let position = player.session.position
        if let key { player.press(key) } else { player.interrupt() }
        #expect(player.statusRow.contains("PAUSED"))
        let message = player.message?.text
        #expect(message == "stopped at step \(position)")
        player = settled(player)
        let rest = player.session.position
        #expect(rest == position)
        player.type("s")
        let next = player.session.position
        #expect(next == position + 1)
    }

    /// What was done on the way is done again at the same step, however much was known of the way then.
    @Test(arguments: [Deed.interrupt, .key(.escape), .key(.character("S")), .size(Size(120, 40)), .key(.character("C"))], [true, false])
    func aLogRepeatsWhatStoppedIt(deed: Deed, knowsTheWay: Bool) throws {
        let fresh = try Fixture.player(Self.long)
        var player = knowsTheWay ? settled(fresh) : fresh
        var log = "key G\n"
        player.type("G")
        if player.deedOnTheWay != nil { player.work() }
        // Who knows the way is there at once.
        if let place = player.deedOnTheWay { log += place.text + "\n" }
        #expect((player.deedOnTheWay == nil) == knowsTheWay)
        log += deed.text + "\n"
        switch deed {
        case .key(let key): player.press(key)
        case .size(let size): player.resize(size)
        default: player.interrupt()
        }
        var again = fresh
        again.replay(log)
        #expect(again.session.position == settled(player).session.position)
    }

    /// A key that moves starts from where the way has come to.
    @Test func anotherMoveEndsIt() throws {
        var player = try Fixture.player(Self.long, "G")
        let position = player.session.position
        player.type("S")
        let moved = player.session.position
        #expect(moved == position - 1)
        let rest = settled(player).session.position
        #expect(rest == position - 1)
    }

    /// Looking around does not.
    @Test func lookingAroundDoesNotEndIt() throws {
        var player = try Fixture.player(Self.long, "G")
        player.type("z")
        player.press(.tab)
        player.resize(Size(100, 30))
        let isAtEnd = settled(player).session.isAtEnd
        #expect(isAtEnd)
    }

    @Test func hundredthsWaitUntilTheLengthIsKnown() throws {
        let total = settled(try Fixture.player(Self.long, "G")).session.position
        var player = try Fixture.player(Self.long, ":50%\n")
        let start = player.session.position
        #expect(start == 0)
        player = settled(player)
        let half = player.session.position
        #expect(half == total / 2)
        player = settled(try Fixture.player(Self.long, ":50%\n"))
        player.type(":10%\n")
        let tenth = player.session.position
        #expect(tenth == total / 10)
    }

    @Test func aStoppedSearchForTheEndGoesNowhere() throws {
        var player = try Fixture.player(Self.long, ":50%\n")
        player.interrupt()
        let rest = settled(player).session.position
        #expect(rest == 0)
    }

    @Test func aChapterFarAwayIsFound() throws {
        let player = settled(try Fixture.player(Self.long, "]"))
        let (chapter, isAtEnd) = (player.session.progress.chapterNumber, player.session.isAtEnd)
        #expect(chapter == 1)
        #expect(!isAtEnd)
    }

    @Test func aMessageTellsThatThereIsNoFurtherChapter() throws {
        let player = settled(try Fixture.player(Self.long, "]"))
        var last = player
        last.type("]")
        let message = settled(last).message?.text
        #expect(message == "no later chapter: this is the end")
    }

    /// The words behind the title stand where they stood, however the numbers grow.
    @Test func theTitleKeepsItsPlace() throws {
        var player = try Fixture.player(Self.long, size: Size(120, 40))
        func column(_ word: String) -> Int? {
            player.statusRow.firstRange(of: word).map { player.statusRow.distance(from: player.statusRow.startIndex, to: $0.lowerBound) }
        }
        let place = try #require(column("step"))
        for key in ["s", "e", "e", "G", "t", "g"] {
            player.type(key)
            player = settled(player)
            #expect(column("step") == place, "\(key)")
        }
    }
}
