import Testing

@testable import DirtyMachine

@Suite struct AlterationTests {
    /// Records are reused, and the free list runs through them.
    @Test func reusedPageDoesNotSeemToHaveBeenDirty() {
        var bench = Bench(.v2_6_20)
        let file = bench.m.addFile("db", pages: 2, .ext3, cached: true)
        let a = bench.m.addProcess("A")
        bench.run(.evict(file, indices: 0...1))
        let before = bench.m.log.count
        bench.run(.pread(a, file, indices: 0...0))
        let paths = bench.m.alterations(bench.m.log[before...]).map(\.path)
        #expect(paths.contains("db.folio[0].uptodate"))
        #expect(!paths.contains("db.folio[0].dirty"))
        #expect(!paths.contains("db.folio[0].mapcount"))
    }

    @Test func changedAndChangedBackIsNoAlteration() {
        var bench = Bench(.v6_18)
        let file = bench.m.addFile("db", pages: 1, .ext4, cached: true)
        let a = bench.m.addProcess("A")
        let at = bench.mmap(a, file, 0...0)
        let before = bench.m.log.count
        bench.store(a, at)
        let alterations = bench.m.alterations(bench.m.log[before...])
        let paths = alterations.map(\.path)
        #expect(paths.contains("A.m.pte[0].write"))
        #expect(paths.contains("db.folio[0].tag.dirty"))
        #expect(alterations.contains { $0.path == "nr_dirty" && $0.old == "0" && $0.new == "1" })
        #expect(!paths.contains("db.folio[0].locked"))
        #expect(!paths.contains("A.ptl"))
    }
}
