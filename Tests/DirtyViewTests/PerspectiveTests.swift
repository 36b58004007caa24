import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyView

/// Sets of panes, and the panes that are about pages, TLBs and locks.
@Suite struct PerspectiveTests {
    /// Whatever the size, no pane of a set lies over another or off the screen.
    @Test(arguments: Perspective.allCases)
    func panesDoNotOverlap(set: Perspective) {
        for columns in stride(from: 40, to: 230, by: 19) {
            for rows in stride(from: 12, to: 72, by: 4) {
                let layout = Layout(Size(columns, rows), focus: .pages, isZoomed: false, perspective: set)
                var used: Set<Int> = []
                for placement in layout.placements {
                    let body = placement.body
                    #expect(body.rows > 0 && body.columns > 0)
                    #expect(body.x + body.columns <= columns)
                    #expect(body.y + body.rows <= layout.main.y + layout.main.rows, "\(set) \(columns)x\(rows) \(placement.pane)")
                    let title = placement.hasTitle ? 1 : 0
                    for y in body.y - title..<body.y + body.rows {
                        for x in body.x..<body.x + body.columns { #expect(used.insert(y * 1000 + x).inserted) }
                    }
                }
            }
        }
    }

    @Test(arguments: [Size(40, 12), Size(60, 44), Size(80, 24), Size(120, 40), Size(140, 18)])
    func zeroGoesThroughTheSets(size: Size) throws {
        var player = try Fixture.player(Fixture.race, "c", size: size)
        let first = player.frame(size: size)
        var seen: Set<Grid> = [first]
        for _ in 0..<2 {
            player.type("0")
            #expect(seen.insert(player.frame(size: size)).inserted)
            #expect(player.layout.reachablePanes.contains(player.focus))
        }
        player.type("0")
        player.message = nil
        #expect(player.insight.perspective == .steps)
    }

    @Test func everyPaneCanBeShown() throws {
        for pane in Pane.allCases {
            var player = try Fixture.player(Fixture.race, "ccss")
            player.enter("pane \(pane)")
            #expect(player.focus == pane)
            let digit = pane.digit.map { "[\($0)] " } ?? ""
            #expect(player.frame(size: Size(80, 24)).text.contains("- \(digit)"))
        }
    }

    /// Two CPUs, a lock and somebody who waits for it.
    static let waiting = """
        title "Two on one page"
        kernel 6.18
        file db 2 ext4 cached
        process A cpu=0
        process B cpu=1
        A mmap m db rw shared
        B mmap m db rw shared
        A write m[0]
        W: writeback db[0]
        step W until folio_mkclean
        V: B write m[0]
        step V 3
        """

    @Test func locksHaveHoldersAndWaiters() throws {
        var player = try Fixture.player(Self.waiting, "G")
        let machine = player.session.machine
        let locks = machine.locks
        let page = try #require(locks.first { $0.path == "db.folio[0].locked" })
        #expect(page.holders.map { machine.taskName($0) } == ["W"])
        for lock in locks {
            for waiter in lock.waiters { #expect(machine.wouldWait(waiter) != nil) }
            for holder in lock.holders { #expect(machine.locksHeld(by: holder).contains { $0.hasPrefix(lock.name) }) }
        }
        // What the panes of the tasks say of their locks, the pane of the locks says, too.
        for task in machine.state.tasks where !machine.isDone(task) {
            for held in machine.locksHeld(by: task) {
                #expect(locks.contains { held.hasPrefix($0.name) && $0.holders.contains(task) })
            }
        }
        player.enter("pane locks")
        #expect(player.frame(size: Size(80, 24)).text.contains("folio lock of db[0]"))
    }

    @Test func whoWaitsIsShownWithTheLock() throws {
        var player = try Fixture.player(Self.waiting, "G")
        // B's fault goes on until it has to wait for the page that W has.
        for _ in 0..<40 where player.session.machine.locks.allSatisfy({ $0.waiters.isEmpty }) {
            player.type("t")
            let index = player.session.candidates.firstIndex { $0.name == "V" }
            guard let index else { break }
            player.type("\(index + 1)")
            player.press(.escape)
        }
        let waited = try #require(player.session.machine.locks.first { !$0.waiters.isEmpty })
        #expect(waited.waiters.map { player.session.machine.taskName($0) } == ["V"])
        player.enter("pane locks")
        #expect(player.frame(size: Size(80, 24)).text.contains("V WAITS"))
    }

    /// A TLB entry that still lets stores through when the PTE is protected already.
    @Test func staleEntriesAreMarked() throws {
        var player = try Fixture.player(Fixture.firstStore, "]]]e", size: Size(120, 40))
        #expect(!player.frame(size: Size(120, 40)).text.contains("stale  "))
        player.enter("break page_mkclean_one")
        player.type("c")
        var seen = false
        for _ in 0..<12 {
            let text = player.frame(size: Size(120, 40)).text
            let stale = player.session.machine.state.tlb(of: 0).compactMap { player.session.machine.staleness(of: $0) }
            #expect(text.contains("yes: ") == !stale.isEmpty)
            if !stale.isEmpty {
                seen = true
                #expect(text.contains("TLB  1 stale"))
            }
            player.type("s")
        }
        #expect(seen)
    }

    /// What the panes say of a store is what happens to it.
    @Test(arguments: [
        ("", StoreOutlook.faultsOnAbsence), ("A read m[0]", .faultsOnProtection), ("A write m[0]", .passes),
        ("A mprotect m r", .refused),
    ])
    func theOutlookOfAStore(line: String, outlook: StoreOutlook) throws {
        var session = try Fixture.session(
            "kernel 2.6.19\nfile db 1 ext3 cached\nprocess A\nA mmap m db rw shared\n" + line + "\nA write m[0]")
        let process = try #require(session.machine.process(named: "A"))
        while session.statements.last.map({ session.currentStatement != $0 }) ?? false { _ = session.advance() }
        let mapping = try #require(session.machine.mapping(named: "m", of: process))
        let vpn = try #require(session.machine.extent(of: mapping)).start
        #expect(session.machine.outlook(ofStoreBy: process, at: vpn) == outlook)
        _ = try session.run()
        let result = try #require(session.progress.last)
        switch outlook {
        case .unseen, .passes, .marksEntry, .findsDirty: #expect(result.outcome == .ok && result.minorFaults == 0)
        case .faultsOnProtection, .faultsOnAbsence: #expect(result.outcome == .ok && result.minorFaults == 1)
        case .refused: #expect(result.outcome == .SIGSEGV)
        }
    }

    // MARK: Time strips

    @Test func everyEventHasAColumn() throws {
        var player = try Fixture.player(Fixture.firstStore, "G", size: Size(200, 60))
        player.enter("pane history")
        player.press(.enter)
        let text = player.frame(size: Size(200, 60)).text
        let row = text.split(separator: "\n").first { $0.contains(" pte   ") }
        // No entry, read-only, writable and dirty, read-only again; never twice the same column.
        #expect(row.map { $0.contains("r") && $0.contains("D") } == true)
        #expect(text.contains("events, steps"))
    }

    @Test func theLifeOfAPage() throws {
        var session = try Fixture.session(Fixture.firstStore)
        _ = try session.run()
        let file = try #require(session.machine.file(named: "db"))
        let life = session.life(ofPage: 0, of: file, limit: 20)
        #expect(life.map(\.text).filter { !$0.hasPrefix("writable") } == [
            "mapped by A", "dirtied by A", "given 1 by A", "marked clean by A", "write-protected by A", "sent to the device by A", "value 1 on disk",
        ])
        #expect(life.map(\.position) == life.map(\.position).sorted())
    }

    /// Values of several digits are written whole, and the present ones stand at the end.
    @Test func valuesAreWrittenWhole() throws {
        var player = try Fixture.player(
            """
            kernel 6.18
            file db 2 ext4 cached
            process A
            A mmap m db rw shared
            focus A m[0]
            A write m[0] 42
            A fsync db
            A write m[0] 1234
            A write m[0] 9
            A write m[0] 88
            """, "G", size: Size(120, 40))
        player.enter("pane history")
        func row(_ name: String) -> String {
            player.frame(size: Size(120, 40)).text.split(separator: "\n").first { $0.hasPrefix(" \(name) ") }
                .map { String(String($0.prefix(71).reversed().drop { " |".contains($0) }).reversed()) } ?? ""
        }
        #expect(row("mem").contains("42---") && row("mem").hasSuffix(" 88"), "\(row("mem"))")
        #expect(row("disk").hasSuffix("- 42"), "\(row("disk"))")
        player.press(.enter)
        #expect(row("mem").hasSuffix("1234 9    88"), "\(row("mem"))")
        #expect(row("disk").hasSuffix("42   42   42"), "\(row("disk"))")
    }

    /// A bit of a large folio is an event of each of its pages.
    @Test func theLifeOfAPageOfALargeFolio() throws {
        var session = try Fixture.session(
            "file db 8 ext4 cached folio=8\nprocess A\nA mmap m db rw shared\nA write m[3]\nA fsync db\n")
        _ = try session.run()
        let file = try #require(session.machine.file(named: "db"))
        let life = session.life(ofPage: 5, of: file, limit: 20).map(\.text)
        #expect(life.contains("dirtied by A") && life.contains("marked clean by A") && life.contains("sent to the device by A"))
        // The same steps are those of "{" and "}", and have a cause.
        #expect(session.why("db.folio[5].dirty").first?.touches.map(\.text) == ["db.folio[0..7].dirty 1 -> 0"])
        while session.latestTouch(of: .page(file: "db", index: 5)) == nil { session.stepBack() }
        #expect(session.position > 10)
    }

    @Test func anEntryThatGoesIsNotWriteProtected() throws {
        var session = try Fixture.session(
            "kernel 2.6.19\nfile db 1 ext3 cached\nprocess A\nA mmap m db rw shared\nA write m[0]\nA munmap m\n")
        _ = try session.run()
        let file = try #require(session.machine.file(named: "db"))
        let life = session.life(ofPage: 0, of: file, limit: 20).map(\.text)
        #expect(life.contains("unmapped from A"))
        #expect(!life.contains("write-protected by A"))
    }

    @Test func aLifeLeadsToItsSteps() throws {
        var player = try Fixture.player(Fixture.firstStore, "G")
        player.enter("life db[0]")
        #expect(player.frame(size: Size(80, 24)).text.contains("The life of db[0]"))
        player.press(.home)
        player.press(.enter)
        #expect(player.session.latestAlterations.contains { $0.path == "A.m.pte[0].present" && $0.new == "1" })
        player.enter("life nr_dirty")
        #expect(player.lastRow.hasPrefix("! life of what?"))
    }

    @Test(arguments: [Size(80, 24), Size(120, 40)], [Perspective.page, .race])
    func theSets(_ size: Size, _ set: Perspective) throws {
        var player = try Fixture.player(Self.waiting, "G" + (set == .page ? "0" : "00"), size: size)
        player.message = nil
        Snapshot.check(player.frame(size: size), "panes-\(set)-\(size.columns)x\(size.rows)")
    }

    @Test func allOfThemOnALargeScreen() throws {
        let player = try Fixture.player(Self.waiting, "G", size: Size(200, 60))
        Snapshot.check(player.frame(size: Size(200, 60)), "panes-200x60")
    }
}

/// Small things that once misled.
@Suite struct SmallThingsTests {
    @Test func theEndPointsToWhoCanStillMove() throws {
        var player = try Fixture.player(PerspectiveTests.waiting, "G")
        #expect(player.bottom.contains("V, W can still move: t chooses, :finish V"))
        player.type("s")
        #expect(player.lastRow.contains("V, W can still move"))
    }

    @Test func theLogNamesWhatBegins() throws {
        let player = try Fixture.player(PerspectiveTests.waiting, "G", size: Size(120, 40))
        #expect(player.frame(size: Size(120, 40)).text.contains("V: B write m[0] begins"))
    }

    @Test func anOpenRaceIsNotForgotten() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A mmap m db rw shared")
        player.enter("race")
        player.enter("A write m[0]")
        #expect(player.statusRow.contains("RACE OPEN, 1"))
        #expect(player.lastRow.hasPrefix("race  1 line typed so far") || player.lastRow.contains("until 'end'"))
        player.type(":")
        #expect(player.bottom.contains("race:"))
        player.press(.escape)
        player.press(.escape)
        #expect(player.lastRow.contains("dropped"))
        #expect(!player.statusRow.contains("RACE"))
        player.enter("A write m[0]")
        #expect(player.lastRow.hasPrefix("A write m[0]: ok"))
    }

    @Test func endClosesAnOpenRace() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A mmap m db rw shared")
        for line in ["race", "A write m[0]", "writeback db[0]", "end"] { player.enter(line) }
        #expect(!player.statusRow.contains("RACE"))
        #expect(player.lastRow.contains("a race"))
    }

    @Test func typedLinesHaveNoInventedNumbers() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A mmap m db rw shared")
        player.enter("A mmap m db rw shared")
        #expect(player.lastRow.contains("a typed line") && !player.lastRow.contains("line 4"))
        player.enter("race")
        player.enter("say \"x\"")
        #expect(player.lastRow.contains("open since a typed line"))
    }

    @Test func aSlashInTheHelpIsNoSearchText() throws {
        let player = try Fixture.player(Fixture.firstStore, "?/chapter")
        #expect(player.frame(size: Size(80, 24)).text.contains("search: chapter"))
    }

    @Test func cleanAndWritableHasNotTheColourOfArmed() {
        #expect(PageWord.cleanWritable.style != PageWord.clean.style)
        for level in ColorLevel.allCases {
            #expect(Theme.fill.look(PageWord.cleanWritable.style, at: level) != Theme.fill.look(PageWord.clean.style, at: level))
        }
    }

    @Test func whatIsLostDoesNotAgree() throws {
        let player = try Fixture.player(Fixture.lost, "G", size: Size(200, 60))
        let text = player.frame(size: Size(200, 60)).text
        #expect(text.contains("neither memory nor disk has its value"))
        #expect(!text.contains("memory and disk agree"))
    }

    @Test func nothingIsCutInTheMiddle() throws {
        var player = try Fixture.player(PerspectiveTests.waiting, "G")
        #expect(!player.frame(size: Size(80, 24)).text.split(separator: "\n").contains { $0.hasPrefix("sel ") && $0.prefix(48).contains("~") })
        player = try Fixture.player(Fixture.race, "ct", size: Size(120, 40))
        #expect(player.frame(size: Size(120, 40)).text.contains("Who moves next?  1-9 Enter Esc "))
    }

    @Test func theHelpOfAComparisonIsWhole() throws {
        var player = try Fixture.comparison(Fixture.firstStore, [.v2_6_18, .v2_6_19], "?")
        var text = ""
        for _ in 0..<40 {
            text += player.frame(size: Size(80, 24)).text + "\n"
            player.press(.down)
        }
        #expect(!text.contains("~\n"))
        let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(words.contains("takes one atomic step; the others wait."))
    }

    @Test func aLongWayOfAComparisonCanBeStopped() throws {
        let stores = (0..<600).map { "A write m[\($0 % 4)]\nA fsync db" }.joined(separator: "\n")
        var player = try Fixture.comparison(
            "file db 4 ext3 cached\nprocess A\nA mmap m db rw shared\n" + stores, [.v2_6_18, .v2_6_19], "G")
        #expect(player.hasWork)
        let here = player.comparison.position
        player.work()
        #expect(player.comparison.position > here)
        player.interrupt()
        #expect(!player.hasWork && !player.comparison.isAtEnd)
        player.press(.character("G"))
        while player.hasWork { player.work() }
        #expect(player.comparison.isAtEnd)
    }
}
