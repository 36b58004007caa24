import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyView

/// What the screen says of a kernel is true of that kernel.
@Suite struct ClaimTests {
    /// rmap_walk_file() of 6.18 takes i_mmap_rwsem for reading; 2.6 has a spinlock there.
    @Test(arguments: [("6.18", true), ("2.6.20", false)])
    func walksOfTheReverseMap(kernel: String, share: Bool) throws {
        let text = """
            kernel \(kernel)
            file db 2 ext3 cached
            process A
            A mmap m db rw shared
            A write m[0..1]
            W: writeback db[0]
            V: writeback db[1]
            step W until page_mkclean_one
            step V until page_mkclean
            step V 4
            """
        var session = try Fixture.session(text)
        _ = try session.run()
        let name = KernelWords(session.machine.rules.generation).immap + " of db"
        let lock = try #require(session.machine.locks.first { $0.name == name })
        #expect(lock.holders.count == (share ? 2 : 1))
        #expect(lock.isExclusive == !share)
        #expect(lock.waiters.isEmpty == share)
    }

    /// A write-protection fault of 6.18 leaves the TLBs of other CPUs alone, on x86.
    @Test(arguments: [("6.18", 0), ("2.6.20", 1)])
    func flushesOfAWriteProtectionFault(kernel: String, flushes: Int) throws {
        let text = "kernel \(kernel)\nfile db 1 ext3 cached\nprocess A cpu=0\nthread B of A cpu=1\nA mmap m db rw shared\nA read m[0]\nB read m[0]\nA write m[0]"
        var session = try Fixture.session(text)
        _ = try session.run()
        #expect(session.machine.state.counter(.tlb_flush) == flushes)
        #expect(session.machine.state.tlb(of: 1).isEmpty == (flushes == 1))
        let generation = session.machine.rules.generation
        let frame = StackFrame(function: .do_wp_page, position: 3)
        #expect(title(of: frame, generation: generation).text.contains("flush") == (flushes == 1))
        // The CPU that had the page read-only stores without a fault all the same.
        let process = try #require(session.machine.process(named: "B"))
        let vpn = try #require(session.machine.state.tlb(of: 0).first).vpn
        #expect(session.machine.outlook(ofStoreBy: process, at: vpn) == .findsDirty)
    }

    private static let stale = """
        kernel 6.18
        rule mkclean-flush wrong
        file db 1 ext4 cached
        process A
        A mmap m db rw shared
        A write m[0]
        A fsync db
        """

    @Test func aStaleTranslationIsNoCleanPage() throws {
        let player = try Fixture.player(Self.stale, "G")
        let scene = player.session.machine
        let file = try #require(scene.file(named: "db"))
        #expect(scene.word(for: scene.page(0, of: file)) == .staleTLB)
        #expect(player.frame(size: Size(120, 40)).text.contains("TLB-STALE"))
        let right = try Fixture.player(Self.stale.replacing("wrong", with: "right"), "G").session.machine
        #expect(right.word(for: right.page(0, of: try #require(right.file(named: "db")))) == .clean)
        let process = try #require(scene.process(named: "A"))
        let vpn = try #require(scene.state.tlb(of: 0).first).vpn
        #expect(scene.outlook(ofStoreBy: process, at: vpn) == .unseen)
    }

    @Test func locksAndPagesHaveTheNamesOfTheirTime() throws {
        let (old, new) = (KernelWords(.v2_6), KernelWords(.v6))
        #expect(old.onScreen("db.folio[0].locked") == "db.page[0].locked")
        #expect(new.onScreen("db.folio[0].locked") == "db.folio[0].locked")
        #expect(new.onScreen("db.i_mmap_lock") == "db.i_mmap_rwsem")
        #expect(new.onScreen("db.private_lock") == "db.i_private_lock")
        for words in [old, new] {
            for path in ["db.folio[0..3].buffer[1].dirty", "db.i_mmap_lock", "db.private_lock", "A.m.pte[0].write", "nr_dirty"] {
                #expect(words.inReports(words.onScreen(path)) == path)
            }
        }
        var player = try Fixture.player("kernel 2.6.20\nfile db 1 ext3 cached\nprocess A\nA mmap m db rw shared\nA write m[0]\nfsync: A fsync db", "")
        var seen: Set<String> = []
        while !player.session.isAtEnd {
            let text = player.frame(size: Size(200, 60)).text
            #expect(!text.contains("folio["))
            for word in ["db.page[0]", "A.ptl"] where text.contains(word) { seen.insert(word) }
            #expect(!text.contains("ptl") || !text.contains("write:"))
            player.type("s")
        }
        #expect(seen.count == 2)
    }

    @Test func aLongPathKeepsItsEnd() {
        #expect(endOfPath("worker.mapping.pte[1234].write", 20) == "~pte[1234].write")
        #expect(endOfPath("a.b", 20) == "a.b")
        #expect(endOfPath("averyveryverylongname", 8) == "~ongname")
    }
}

/// What becomes of a process that the kernel kills, and names that mean a pane.
@Suite struct EndTests {
    @Test(arguments: [
        ("A ftruncate db 0\nA write m[0]", "killed by SIGBUS: the file has no page there"),
        ("A mprotect m r\nA write m[0]", "killed by SIGSEGV: no VMA allows the access"),
        ("A exit", "has ended"),
    ])
    func aDeadProcessLeavesAMark(lines: String, ending: String) throws {
        let start = "kernel 6.18\nfile db 1 ext4 cached\nprocess A\nprocess B\nA mmap m db rw shared\n"
        let player = try Fixture.player(start + lines, "G")
        let process = try #require(player.session.machine.process(named: "A"))
        #expect(player.session.machine.ending(of: process) == ending)
        #expect(try player.session.machine.ending(of: #require(player.session.machine.process(named: "B"))) == nil)
        #expect(player.frame(size: Size(120, 40)).text.contains("A    " + ending))
    }

    @Test(arguments: Pane.allCases) func aPaneIsFoundByWhatTheScreenCallsIt(pane: Pane) {
        for name in ["\(pane)", pane.shortName, pane.title] { #expect(Pane.called(name) == pane) }
        #expect(Pane.called("no such pane") == nil)
    }

    /// Cleaning empties a PTE and writes it back: W went when it was emptied.
    @Test func theBitThatIsAskedAboutIsToldFirst() throws {
        var player = try Fixture.player("kernel 6.18\nfile db 1 ext4 cached\nprocess A\nA mmap m db rw shared\nA write m[0]\nA fsync db", "G")
        player.enter("why A m[0]")
        let text = player.frame(size: Size(120, 40)).text
        #expect(text.contains("Why: A m[0] pte write is 0"))
        #expect(text.contains("A.m.pte[0].write 1 -> 0"))
    }
}
