import DirtyMachine
import DirtyScript
import DirtyView
import Testing

/// Moving in time by keys.
@Suite struct TimeTests {
    @Test func stepAndBack() throws {
        var player = try Fixture.player(Fixture.firstStore)
        #expect(player.session.position == 0)
        player.type("sss")
        #expect(player.session.position == 3)
        player.type("S,")
        player.press(.backspace)
        #expect(player.session.position == 0)
        player.type(".")
        #expect(player.session.position == 1)
    }

    @Test func theEndsAreToldAndCostNothing() throws {
        var player = try Fixture.player(Fixture.firstStore, "S")
        #expect(player.lastRow == "! this is the beginning")
        let rings = player.takeBell()
        #expect(rings)
        player.type("G")
        let end = player.session.position
        player.type("s")
        #expect(player.session.position == end)
        #expect(player.lastRow.hasPrefix("! the script is at its end"))
        #expect(player.statusRow.contains("END"))
    }

    @Test func commandsAreBoundaries() throws {
        var player = try Fixture.player(Fixture.firstStore)
        var stops: [Int] = [0]
        while !player.session.isAtEnd {
            player.type("e")
            stops.append(player.session.position)
        }
        #expect(stops.count > 6)
        for stop in stops.dropLast().reversed() {
            player.type("E")
            #expect(player.session.position == stop)
        }
    }

    @Test func runStopsAtChaptersAndPauses() throws {
        var player = try Fixture.player(Fixture.firstStore, "c")
        #expect(player.session.progress.chapter == "The mapping")
        player.type("c")
        #expect(player.session.progress.chapter == "A load")
        player.type("c")
        #expect(player.session.progress.pause != nil)
        let pause = player.session.position
        player.type("c")
        #expect(player.session.progress.chapter == "The first store")
        player.type("C")
        #expect(player.session.position == pause)
    }

    @Test func runStopsAtAFailedExpectation() throws {
        let player = try Fixture.player(Fixture.lost, "c")
        #expect(player.session.progress.failures == 1)
        #expect(player.lastRow.contains("expect lost 0 FAILED"))
        #expect(player.statusRow.contains("LOST 1"))
        #expect(player.statusRow.contains("I1"))
    }

    @Test func chaptersForwardAndBack() throws {
        var player = try Fixture.player(Fixture.firstStore, "]]]")
        #expect(player.session.progress.chapter == "The first store")
        let third = player.session.position
        player.type("ss[")
        #expect(player.session.position == third)
        player.type("[")
        #expect(player.session.progress.chapter == "A load")
    }

    /// Over a call and back over it lead to the same two places; the stack is as deep.
    @Test func overAndFinish() throws {
        var player = try Fixture.player(Fixture.firstStore, "cccc")
        player.type("sss")
        let depth = { (player: Player) in
            player.session.progress.running.map { player.session.machine.state.stack(of: $0).count } ?? 0
        }
        let start = depth(player)
        let before = player.session.position
        player.type("n")
        #expect(depth(player) <= start)
        #expect(player.session.position > before)
        player.type("f")
        #expect(depth(player) < start)
        player.type("F")
        #expect(player.session.position >= 0)
    }

    @Test func goToAStep() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.enter("10")
        #expect(player.session.position == 10)
        player.enter("+5")
        #expect(player.session.position == 15)
        player.enter("-10")
        #expect(player.session.position == 5)
        player.type("G")
        let total = player.session.position
        player.enter("50%")
        #expect(player.session.position == total / 2)
        player.enter("99999999")
        #expect(player.session.position == total)
        player.enter("-99999999")
        #expect(player.session.position == 0)
    }

    /// Any walk through a session by keys: what stands at a position is always the same.
    @Test(arguments: 0..<8)
    func backwardIsExact(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let text = [Fixture.firstStore, Fixture.lost][Int(seed % 2)]
        var player = try Fixture.player(text)
        var seen: [Int: (State, Progress)] = [:]
        let keys = Array("sSnNfFeEcC[]gG{}..,,ssss")
        for _ in 0..<300 {
            player.type(String(keys.randomElement(using: &generator)!))
            let here = (player.session.machine.state, player.session.progress)
            if let before = seen[player.session.position] {
                #expect(before.0 == here.0)
                #expect(before.1 == here.1)
            }
            seen[player.session.position] = here
        }
        #expect(seen.count > 20)
    }

    @Test func playingStopsAtAPauseAndAtTheEnd() throws {
        var player = try Fixture.player(Fixture.firstStore)
        #expect(player.tick == nil)
        player.type(" ")
        #expect(player.tick != nil)
        var ticks = 0
        while player.tick != nil, ticks < 1000 {
            player.passTime()
            ticks += 1
        }
        #expect(player.session.progress.pause != nil)
        #expect(player.lastRow.contains("a pause; Space goes on"))
        player.type(" ")
        while player.tick != nil, ticks < 1000 {
            player.passTime()
            ticks += 1
        }
        #expect(player.session.isAtEnd)
        player.passTime()
        #expect(player.session.isAtEnd)
    }

    @Test func speedAndInterrupt() throws {
        var player = try Fixture.player(Fixture.firstStore, " ")
        let normal = player.tick!
        player.type("+")
        #expect(player.tick == normal / 2)
        player.type("--")
        #expect(player.tick == normal * 2)
        player.type("=")
        #expect(player.tick == normal)
        player.interrupt()
        #expect(player.tick == nil)
        #expect(!player.isFinished)
    }

    @Test func aTimedPauseWaits() throws {
        var player = try Fixture.player(
            "file db 1 ext4 cached\nprocess A\nA mmap m db rw shared\npause 1.5s\nA read m[0]", " ")
        while player.session.progress.pause == nil { player.passTime() }
        #expect(player.tick == 1500)
        let here = player.session.position
        player.passTime()
        #expect(player.session.position == here + 1)
        #expect(player.tick != 1500)
    }

    @Test func fromViolationToViolation() throws {
        var player = try Fixture.player(Fixture.lost)
        player.type("v")
        let first = player.session.position
        #expect(!player.session.machine.violations().isEmpty)
        #expect(player.lastRow.contains("is broken"))
        player.type("S")
        #expect(player.session.machine.violations().isEmpty)
        // From the end back to the same step, and no farther.
        player.type("GV")
        #expect(player.session.position >= first)
        for _ in 0..<20 where player.session.position > first { player.type("V") }
        #expect(player.session.position == first)
        player.type("V")
        #expect(player.session.position == first)
        #expect(player.lastRow.contains("no earlier step breaks an invariant"))
    }

    @Test func whereNothingBreaksOneStays() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.type("ssv")
        #expect(player.session.position == 2)
        #expect(player.lastRow.contains("no later step breaks an invariant"))
        #expect(player.statusRow.contains("->"))
    }

    @Test func touchesOfThePage() throws {
        var player = try Fixture.player(Fixture.firstStore, "cccc")
        player.press(.character("2"))
        player.press(.home)
        let start = player.session.position
        player.type("}")
        let first = player.session.position
        #expect(first > start)
        player.type("}")
        #expect(player.session.position > first)
        player.type("{")
        #expect(player.session.position == first)
    }

    @Test func theUserSchedulesARace() throws {
        var player = try Fixture.player(Fixture.race, "c")
        player.type("t")
        #expect(player.frame(size: Size(200, 60)).text.contains("Who moves next?"))
        let start = player.session.position
        player.type("2212")
        #expect(player.session.position == start + 4)
        #expect(player.session.moves.suffix(4).map(\.choice) == [.actor(1), .actor(1), .actor(0), .actor(1)])
        player.type("S")
        #expect(player.session.position == start + 3)
        // Forward again repeats what the user chose.
        player.type("s")
        #expect(player.session.moves.last?.choice == .actor(1))
        player.type("9")
        #expect(player.lastRow == "! there is no number 9 in the list")
        player.press(.escape)
        player.type("G")
        #expect(player.session.isAtEnd)
    }

    @Test func whoeverHasToWaitSaysSo() throws {
        var player = try Fixture.player(
            """
            file db 1 ext4 cached
            process A cpu=0
            A mmap m db rw shared
            A pwrite db[0]
            say "Who is first?"
            race
              A write m[0]
              writeback db[0]
            end
            """, "")
        while player.session.progress.caption.isEmpty { player.type("s") }
        // The flusher locks the page, which A's fault wants, too.
        player.type("t")
        while !player.session.machine.isLocked(player.session.machine.cachedPage(
            player.session.machine.file(named: "db")!, 0)!) { player.type("2") }
        var here = -1
        while player.session.position != here {
            here = player.session.position
            player.type("1")
        }
        #expect(player.lastRow == "! A waits for the folio lock of db[0], held by writeback (line 8)")
        #expect(player.frame(size: Size(120, 40)).text.contains("WAITS"))
        // The flusher can go on, and G finishes the race.
        player.type("2")
        #expect(player.session.position == here + 1)
        player.type("G")
        #expect(player.session.isAtEnd)
    }
}
