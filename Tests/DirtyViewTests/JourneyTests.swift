import DirtyScript
import Testing

@testable import DirtyView

/// A long way is gone a stretch at a time: the screen shows where it is, and it can be stopped.
@Suite struct JourneyTests {
    /// Some 30,000 moves, and one chapter that begins near the end.
    private static let long =
        "title \"Long\"\nkernel 2.6.19\nfile db 4 ext3 cached\nprocess A\nA mmap m db rw shared\n"
        + String(repeating: "A write m[0]\nA fsync db\n", count: 800) + "chapter \"The end\"\nA read m[0]\n"

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
        #expect(player.session.isAtEnd)
        #expect(player.message == nil)
    }

    @Test(arguments: [nil, Key.escape])
    func aLongWayCanBeStopped(key: Key?) throws {
        var player = try Fixture.player(Self.long, "G")
        player.work()
        let position = player.session.position
        if let key { player.press(key) } else { player.interrupt() }
        #expect(player.statusRow.contains("PAUSED"))
        #expect(player.message?.text == "stopped at step \(position)")
        player = settled(player)
        #expect(player.session.position == position)
        player.type("s")
        #expect(player.session.position == position + 1)
    }

    /// A key that moves starts from where the way has come to.
    @Test func anotherMoveEndsIt() throws {
        var player = try Fixture.player(Self.long, "G")
        let position = player.session.position
        player.type("S")
        #expect(player.session.position == position - 1)
        #expect(settled(player).session.position == position - 1)
    }

    /// Looking around does not.
    @Test func lookingAroundDoesNotEndIt() throws {
        var player = try Fixture.player(Self.long, "G")
        player.type("z")
        player.press(.tab)
        player.resize(Size(100, 30))
        #expect(settled(player).session.isAtEnd)
    }

    @Test func hundredthsWaitUntilTheLengthIsKnown() throws {
        let total = settled(try Fixture.player(Self.long, "G")).session.position
        var player = try Fixture.player(Self.long, ":50%\n")
        #expect(player.session.position == 0)
        player = settled(player)
        #expect(player.session.position == total / 2)
        player = settled(try Fixture.player(Self.long, ":50%\n"))
        player.type(":10%\n")
        #expect(player.session.position == total / 10)
    }

    @Test func aStoppedSearchForTheEndGoesNowhere() throws {
        var player = try Fixture.player(Self.long, ":50%\n")
        player.interrupt()
        #expect(settled(player).session.position == 0)
    }

    @Test func aChapterFarAwayIsFound() throws {
        let player = settled(try Fixture.player(Self.long, "]"))
        #expect(player.session.progress.chapterNumber == 1)
        #expect(!player.session.isAtEnd)
    }

    @Test func aMessageTellsThatThereIsNoFurtherChapter() throws {
        let player = settled(try Fixture.player(Self.long, "]"))
        var last = player
        last.type("]")
        #expect(settled(last).message?.text == "no later chapter: this is the end")
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
