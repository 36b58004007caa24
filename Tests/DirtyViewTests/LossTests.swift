import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyView

/// Why a store is lost: the chain is about that store, and about nothing before it.
@Suite struct LossTests {
    private func causes(_ text: String) throws -> [Cause] {
        var session = try Fixture.session(text)
        _ = try session.run()
        let question = try #require(session.questionsAboutLosses.first)
        return session.why(question)
    }

    private func touches(_ causes: [Cause]) -> [String] { causes.flatMap { $0.touches.map(\.text) } }

    /// page_mkclean without a flush: the store goes by a TLB entry that the page table knows nothing of.
    @Test func throughAStaleTLBEntry() throws {
        let causes = try causes(
            """
            kernel 2.6.20
            rule mkclean-flush wrong
            file db 1 ext3 cached
            process A
            A mmap m db rw shared
            A write m[0]
            writeback db[0]
            A write m[0]
            A munmap m
            evict db[0]
            """)
        #expect(causes[0].touches.map(\.text) == ["db.folio[0].cached 1 -> 0"])
        #expect(causes[1].touches.map(\.text) == ["db.folio[0].value 1 -> 2"])
        #expect(causes[1].because.contains("CPU0's TLB entry let it through and was stale: the PTE had no W"))
        #expect(causes[2].touches.map(\.text).contains("A.m.pte[0].write 1 -> 0"))
        #expect(causes[2].stack.contains(.page_mkclean_one) && causes[2].command == "writeback db[0]")
        #expect(causes[2].because.contains("no flush had come"))
        #expect(causes[3].touches.map(\.text) == ["cpu0.tlb[A.m[0]].dirty 0 -> 1"])
        #expect(causes[3].command == "A write m[0]" && causes[3].position < causes[2].position)
    }

    /// B03: munmap hands the PTE's dirty bit to a page that is dirty already, and strip takes that mark.
    @Test func throughAMarkThatSomebodyElseTakes() throws {
        let causes = try causes(
            """
            kernel 2.6.19
            file db 1 ext3 cached
            process A
            A mmap m db[0] rw shared
            A write m[0]
            journal db
            A write m[0]
            S: strip db[0]
            step S until test_clear_page_dirty
            A munmap m
            finish S
            evict db[0]
            """)
        #expect(
            touches(Array(causes.prefix(4))) == [
                "db.folio[0].cached 1 -> 0", "db.folio[0].dirty 1 -> 0", "A.m.pte[0].dirty 1 -> 0", "db.folio[0].value 1 -> 2",
            ])
        #expect(causes[1].because == "it was the last to know of the store")
        #expect(causes[2].because == "db.folio[0].dirty still knew of the store")
        #expect(causes[2].stack.contains(.zap_pte_range))
    }

    /// Of two pages the one that lost its store is told, and that the call had promised it.
    @Test func thePageThatLostItAndThePromise() throws {
        let causes = try causes(
            """
            kernel 2.6.18
            file db 2 ext3 cached
            process A
            A mmap m db rw shared
            A write m[0]
            A write m[1]
            A fsync db
            crash
            """)
        #expect(!touches(causes).contains { $0.contains("folio[1]") || $0.contains("pte[1]") })
        #expect(causes.contains { $0.touches.map(\.text).contains("db.folio[0].value 0 -> 1") })
        #expect(causes.map(\.position) == causes.map(\.position).sorted(by: >))
    }

    /// Every store that is lost is a question of `why lost`.
    @Test func everyLossIsAsked() throws {
        var player = try Fixture.player(
            """
            kernel 2.6.20
            file db 2 ext3 cached
            process A
            A mmap m db rw shared
            A write m[0]
            A write m[1]
            crash
            """, "G", size: Size(120, 40))
        player.enter("why lost")
        #expect(player.frame(size: Size(120, 40)).text.contains("Why: store of 1 to db[0] lost   1/"))
        player.press(.right)
        #expect(player.frame(size: Size(120, 40)).text.contains("Why: store of 2 to db[1] lost   2/"))
    }

    // MARK: System calls

    private func why(_ path: String, _ value: String, _ text: String) throws -> [Cause] {
        var session = try Fixture.session(text)
        _ = try session.run()
        return session.why(path, value: value)
    }

    private static let mapped = "file db 2 ext4 cached\nprocess A\nA mmap m db rw shared\nA write m[1]\n"

    /// Chains go on through zap, mprotect, fork and mremap to what these functions found.
    @Test(arguments: [
        ("A munmap m", "A.m.pte[1].present", "0", ["munmap takes the PTEs", "installed"]),
        ("A mprotect m r", "A.m.pte[1].write", "0", ["mprotect has changed what the VMA allows", "the call changed the mapping"]),
        ("A fork C", "C.m.pte[1].present", "1", ["fork copies the PTE of A", "installed"]),
        ("A fork C", "C.vma", "rw-", ["fork copies the VMA of A"]),
        ("A mremap m 4", "A.m.pte[1].present", "0", ["mremap takes the PTE", "installed"]),
        ("A ftruncate db 1", "A.m.pte[1].present", "0", ["the file has got shorter", "the call sets the size of the file"]),
        ("A ftruncate db 1", "db.folio[1].cached", "0", ["the file has got shorter"]),
    ])
    func chainsGoThroughSystemCalls(call: String, path: String, value: String, reasons: [String]) throws {
        // Of shared memory there is no PTE that the child could not fault in, and fork copies none.
        let text = call == "A fork C" ? Self.mapped.replacing("shared", with: "private") + call : Self.mapped + call
        var session = try Fixture.session(text)
        _ = try session.run()
        let causes = path == "C.vma"
            ? session.why(try #require(session.questions(about: .area(process: "C", mapping: "m")).first))
            : session.why(path, value: value)
        try #require(causes.count >= reasons.count)
        for (cause, reason) in zip(causes, reasons) { #expect(cause.because.contains(reason), "\(cause.because)") }
    }

    /// A PTE that mremap has moved came from the old address, whatever the mapping is called on the way.
    @Test func aMovedEntryComesFromTheOldAddress() throws {
        var session = try Fixture.session(Self.mapped + "A mremap m 4")
        _ = try session.run()
        for item in [Item.path("A.m.pte[1].present"), .mapped(process: "A", mapping: "m", index: 1)] {
            let questions = session.questions(about: item)
            let question = try #require(questions.first { $0.label.hasSuffix("present") })
            let causes = session.why(question)
            #expect(causes[0].touches.map(\.new).contains("1") && causes[0].because == "mremap has taken the PTE from A.m.pte[1]")
            #expect(causes[1].touches.map(\.text).contains("A.m.pte[1].present 1 -> 0"))
            #expect(causes[2].because.contains("installed"))
        }
    }

    /// page_mkwrite marks the page dirty before its PTE may be written: then the fault is the reason.
    @Test func dirtyBeforeWritable() throws {
        let causes = try why("nr_dirty", "1", "kernel 6.18\n" + Self.mapped)
        #expect(causes[1].because == "a store faults, and the page is marked dirty before its PTE gets W")
        #expect(causes[2].note == "the store cannot go through: a fault")
    }

    /// At 80 columns no reason is cut.
    @Test func reasonsAreWrapped() throws {
        var player = try Fixture.player(Fixture.lost, "G")
        player.enter("why lost")
        let scene = player.scene
        for columns in [40, 80] {
            let listing = player.sheetListing(scene, columns: columns, height: 40)
            for row in 0..<listing.count where listing.row(row).text.hasPrefix("      ") {
                #expect(listing.row(row).width <= columns - 2)
            }
        }
    }
}
