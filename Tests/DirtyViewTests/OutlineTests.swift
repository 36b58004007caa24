import DirtyScript
import DirtyView
import Testing

/// What lies ahead is found out while the user looks on, not before.
@Suite struct OutlineTests {
    /// Some 20,000 moves.
    private static let long =
        "title \"Long\"\nkernel 2.6.19\nfile db 4 ext3 cached\nprocess A\nA mmap m db rw shared\n"
        + (1...60).map { "chapter \"Part \($0)\"\n" + String(repeating: "A write m[0]\nA fsync db\n", count: 8) }.joined()

    @Test func aShortScenarioIsKnownAtOnce() throws {
        let player = try Fixture.player(Fixture.firstStore)
        #expect(!player.hasWork)
        #expect(player.statusRow.contains("step 0/") && !player.statusRow.contains("+"))
    }

    @Test func aLongOneShowsItsFirstFrameBeforeItIsKnown() throws {
        var player = try Fixture.player(Self.long)
        #expect(player.hasWork)
        #expect(player.statusRow.contains("+ ->"))
        var slices = 0
        while player.hasWork, slices < 10_000 {
            player.work()
            slices += 1
        }
        #expect(slices > 1)
        #expect(!player.statusRow.contains("+"))
        #expect(player.bottomFour.contains("chapter 0/60"))
        let known = player.statusRow
        player.type("G")
        while player.hasWork { player.work() }
        #expect(player.statusRow.contains("END"))
        let total = try #require(known.split(separator: "/").last?.prefix { $0.isNumber })
        #expect(player.session.position == Int(total))
    }

    /// Whoever goes on faster than the outline does not lose the chapters that he passes.
    @Test func chaptersBehindAreKnown() throws {
        var player = try Fixture.player(Self.long, "G")
        while player.hasWork { player.work() }
        #expect(player.session.position > 4096)
        #expect(!player.hasWork)
        #expect(player.bottomFour.contains("chapter 60/60"))
        player.type("[[")
        #expect(player.session.progress.chapter == "Part 59")
        #expect(player.bottomFour.contains("chapter 59/60"))
    }

    @Test func aPercentageIsOfTheWhole() throws {
        var player = try Fixture.player(Self.long)
        player.enter("50%")
        while player.hasWork { player.work() }
        let half = player.session.position
        player.type("G")
        while player.hasWork { player.work() }
        let whole = player.session.position
        #expect(half == whole / 2)
    }
}

extension Player {
    fileprivate var bottomFour: String {
        frame(size: Size(200, 60)).text.split(separator: "\n", omittingEmptySubsequences: false).suffix(4)
            .joined(separator: "\n")
    }
}
