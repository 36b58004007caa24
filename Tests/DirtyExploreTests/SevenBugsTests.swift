import DirtyExplore
import DirtyMachine
import DirtyScript
import Testing

/// The small machine's seven ways to lose a store, on the machine of the product: each switch by
/// itself breaks what holds without it.
@Suite struct SevenBugsTests {
    /// Stores, a munmap and writeback at once; and a sync of all that is left.
    private static let unmapped = """
        kernel 6.18
        file db 1 ext4 cached
        process A
        thread A2 of A
        process B
        A mmap m db rw shared
        A read m[0]
        race
          A write m[0]
          A write m[0]
          A2 munmap m
          writeback db[0]
        end
        B fsync db
        expect lost 0
        """
    /// Where the order of 2006 did its harm, with the fault's other gap closed.
    private static let journalled = """
        kernel 2.6.19
        rule fault-waits-page-lock right
        rule mkclean-result-used right
        file db 1 ext3 cached
        process A
        A mmap m db rw shared
        A write m[0]
        race
          A write m[0]
          journal db
          writeback db[0]
        end
        A fsync db
        expect lost 0
        """
    /// A sync right behind the store.
    private static let synced = """
        kernel 6.18
        file db 1 ext4 cached
        process A
        A mmap m db rw shared
        race
          A write m[0]
          A fsync db
        end
        expect lost 0
        """

    @Test(arguments: [unmapped, journalled, synced])
    func `nothing is lost without a bug`(_ text: String) async throws {
        #expect(try await explore(text).verdict == .holds)
    }

    @Test(
        arguments: [
            (unmapped, ["mkclean-flush=wrong"]),
            (journalled, ["mkclean-result-used=wrong"]),
            (unmapped, ["mkclean-sync=wrong"]),
            (unmapped, ["zap-flush=before-ptl"]),
            (unmapped, ["zap-flush=after-ptl"]),
            (unmapped, ["mkwrite-returns-locked=wrong", "fault-waits-page-lock=wrong"]),
            (synced, ["fault-sets-dirty=wrong"]),
        ])
    func `each bug loses a store`(_ text: String, _ rules: [String]) async throws {
        let found = try await explore(text, rules: rules)
        #expect(found.verdict == .violated)
        let invariant = found.breach?.invariant
        #expect(invariant == .noLostWrite || invariant == .durability)
        #expect(try replay(found).failures > 0)
    }
}
