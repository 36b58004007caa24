import Testing

@testable import DirtyMachine

/// What a real 6.18 kernel was seen to do, for shared file mappings and the calls on them.
@Suite struct Measured618Tests {
    private func bench(pages: Int, cached: Bool = true, _ fileSystem: FileSystem = .ext4) -> (
        Bench, Ref<File>, Ref<Process>
    ) {
        var bench = Bench(.v6_18)
        let file = bench.m.addFile("db", pages: pages, fileSystem, cached: cached)
        let process = bench.m.addProcess("A")
        return (bench, file, process)
    }

    /// Pages of a mapping that have a PTE.
    private func mapped(_ bench: Bench, _ process: Ref<Process>, _ at: Int, _ pages: Int) -> [Int] {
        (0..<pages).filter { bench.pte(process, at + $0) != "------" }
    }

    // MARK: Fault-around

    @Test func windowIsAlignedInTheAddressSpace() {
        var (bench, file, a) = bench(pages: 32)
        let at = bench.mmap(a, file, 0...31)
        #expect(at % 512 == 479)
        #expect(bench.load(a, at).faults == 1)
        #expect(mapped(bench, a, at, 32) == Array(0...15))
        #expect(bench.load(a, at + 16).faults == 1)
        #expect(mapped(bench, a, at, 32) == Array(0...16))
        #expect(bench.load(a, at + 31).faults == 1)
        #expect(mapped(bench, a, at, 32) == Array(0...31))
        #expect(bench.load(a, at + 20).faults == 0)
    }

    @Test func lastPageMapsFromItsOwnWindow() {
        var (bench, file, a) = bench(pages: 32)
        let at = bench.mmap(a, file, 0...31)
        bench.load(a, at + 31)
        #expect(mapped(bench, a, at, 32) == Array(17...31))
    }

    @Test func storeMapsOnePageAndNeighboursAreAsLoaded() {
        var (bench, file, a) = bench(pages: 8)
        let at = bench.mmap(a, file, 0...7)
        bench.store(a, at + 3)
        #expect(mapped(bench, a, at, 8) == [3])
        bench.load(a, at)
        #expect(mapped(bench, a, at, 8) == Array(0...7))
        #expect(bench.pte(a, at + 3) == "PWUAD-")
        for page in [0, 1, 2, 4, 5, 6, 7] { #expect(bench.pte(a, at + page) == "P-UA--") }
    }

    @Test func windowEndsWithTheFileAndSkipsWhatIsNotCached() {
        var (bench, file, a) = bench(pages: 6)
        bench.run(.evict(file, indices: 2...2))
        let at = bench.mmap(a, file, 0...9)
        #expect(bench.load(a, at + 1).minor == 1)
        #expect(mapped(bench, a, at, 10) == [0, 1, 3, 4, 5])
        let cold = bench.load(a, at + 2)
        #expect((cold.minor, cold.major) == (0, 1))
    }

    @Test func faultBeyondTheEndMapsTheNeighboursAndCountsNothing() {
        var (bench, file, a) = bench(pages: 4)
        let at = bench.mmap(a, file, 0...7)
        let task = bench.m.begin(.access(a, pages: at + 5...at + 5, store: false, value: nil))
        bench.step(task, until: .filemap_fault, 0)
        #expect(mapped(bench, a, at, 8) == [0, 1, 2, 3])
        bench.finish(task)
        let report = bench.report(task)
        #expect(report.outcome == .SIGBUS)
        #expect(report.faults == 0)
        #expect(!bench.m.isAlive(a))
    }

    @Test func windowSpansMergedMappings() {
        var (bench, file, a) = bench(pages: 8)
        let upper = bench.mmap(a, file, 4...7)
        let lower = bench.mmap(a, file, 0...3)
        #expect(lower + 4 == upper)
        #expect(bench.m.vmas(of: a).count == 1)
        bench.load(a, lower)
        #expect(mapped(bench, a, lower, 8) == Array(0...7))
    }

    // MARK: Tracking

    @Test func everyEntryIsTrackedByItself() {
        var (bench, file, a) = bench(pages: 1)
        let first = bench.mmap(a, file, 0...0)
        let second = bench.mmap(a, file, 0...0)
        #expect(bench.load(a, first).faults == 1)
        #expect(bench.store(a, first).faults == 1)
        #expect(bench.store(a, second).faults == 1)
        bench.run(.fsync(a, file))
        for at in [first, second] { #expect(bench.pte(a, at) == "P-UA--") }
        #expect(bench.store(a, second).faults == 1)
        #expect(bench.store(a, first).faults == 1)
    }

    @Test func protNoneKeepsDirtyAndIsCleanedAllTheSame() {
        var (bench, file, a) = bench(pages: 1)
        let at = bench.mmap(a, file, 0...0)
        bench.store(a, at)
        bench.mprotect(a, at...at, [])
        bench.mprotect(a, at...at, [.read, .write])
        #expect(bench.store(a, at).faults == 0)
        bench.mprotect(a, at...at, [])
        bench.run(.fsync(a, file))
        bench.mprotect(a, at...at, [.read, .write])
        #expect(bench.pte(a, at) == "P-UA--")
        #expect(bench.store(a, at).faults == 1)
    }

    @Test func coldPagesAreMajorFaultsAlsoForStores() {
        var (bench, file, a) = bench(pages: 2, cached: false)
        let at = bench.mmap(a, file, 0...1)
        let store = bench.store(a, at)
        #expect((store.minor, store.major) == (0, 1))
        let load = bench.load(a, at + 1)
        #expect((load.minor, load.major) == (0, 1))
        #expect(bench.page(file, 1) == "-")
    }

    // MARK: tmpfs

    @Test func tmpfsIsNotTracked() {
        var (bench, file, a) = bench(pages: 1, .tmpfs)
        let at = bench.mmap(a, file, 0...0)
        #expect(bench.load(a, at).faults == 1)
        #expect(bench.pte(a, at) == "PWUA--")
        bench.mprotect(a, at...at, .read)
        bench.mprotect(a, at...at, [.read, .write])
        #expect(bench.pte(a, at) == "PWUA--")
        #expect(bench.store(a, at).faults == 0)
        #expect((bench.pte(a, at), bench.page(file)) == ("PWUAD-", "-"))
        bench.run(.fsync(a, file))
        bench.run(.msync(a, pages: at...at, .sync))
        bench.run(.writeback(file, indices: 0...0, start: false))
        #expect((bench.pte(a, at), bench.page(file)) == ("PWUAD-", "-"))
    }

    @Test(arguments: ["munmap", "exit", "madvise"])
    func tmpfsPageBecomesDirtyLate(how: String) {
        var (bench, file, a) = bench(pages: 1, .tmpfs)
        let at = bench.mmap(a, file, 0...0)
        bench.load(a, at)
        bench.store(a, at)
        switch how {
        case "munmap": bench.run(.munmap(a, pages: at...at))
        case "exit": bench.run(.exit(a))
        default: bench.run(.madviseDontneed(a, pages: at...at))
        }
        #expect(bench.page(file) == "D")
        #expect(bench.nrDirty == 0)
    }

    @Test func tmpfsLoadOfADirtyPageSetsD() {
        var (bench, file, a) = bench(pages: 2, .tmpfs)
        bench.run(.pwrite(a, file, indices: 0...0, value: 7))
        #expect(bench.page(file) == "D")
        let shared = bench.mmap(a, file, 0...0)
        bench.load(a, shared)
        #expect(bench.pte(a, shared) == "PWUAD-")
        let personal = bench.mmap(a, file, 0...0, shared: false)
        bench.load(a, personal)
        #expect(bench.pte(a, personal) == "P-UA--")
    }

    @Test func tmpfsHolesAreFilledThroughMappingsOnly() {
        var (bench, file, a) = bench(pages: 3, cached: false, .tmpfs)
        let read = bench.run(.pread(a, file, indices: 0...0))
        #expect((read.value, bench.page(file, 0)) == (0, ""))
        let shared = bench.mmap(a, file, 0...2)
        let load = bench.load(a, shared)
        #expect((load.minor, load.major, bench.page(file, 0)) == (1, 0, "-"))
        let personal = bench.mmap(a, file, 0...2, shared: false)
        let store = bench.store(a, personal + 1)
        #expect((store.minor, store.major, bench.page(file, 1)) == (1, 0, "-"))
        #expect(bench.store(a, shared + 2).minor == 1)
        #expect(bench.page(file, 2) == "D")
    }

    // MARK: Calls

    @Test(arguments: [MsyncMode.async, .invalidate])
    func msyncOtherThanSyncDoesNothing(mode: MsyncMode) {
        var (bench, file, a) = bench(pages: 1)
        let at = bench.mmap(a, file, 0...0)
        bench.store(a, at)
        #expect(bench.run(.msync(a, pages: at...at, mode)).outcome == .ok)
        #expect((bench.pte(a, at), bench.page(file)) == ("PWUAD-", "DT"))
    }

    @Test func msyncWritesWhatOthersDirtiedButNotForPrivateMappings() {
        var (bench, file, a) = bench(pages: 2)
        let b = bench.m.addProcess("B")
        bench.run(.pwrite(b, file, indices: 0...1, value: 7))
        let personal = bench.mmap(a, file, 0...1, shared: false)
        bench.run(.msync(a, pages: personal...personal + 1, .sync))
        #expect(bench.nrDirty == 2)
        let readOnly = bench.mmap(a, file, 0...1, .read)
        bench.run(.msync(a, pages: readOnly...readOnly, .sync))
        #expect((bench.page(file, 0), bench.page(file, 1)) == ("-", "DT"))
        #expect(bench.m.state.diskValue(file, 0) == 7)
    }

    @Test func holesInARange() {
        var (bench, file, a) = bench(pages: 3)
        let at = bench.mmap(a, file, 0...2)
        bench.run(.access(a, pages: at...at + 2, store: true, value: 7))
        #expect(bench.run(.munmap(a, pages: at + 1...at + 1)).outcome == .ok)
        #expect(bench.run(.munmap(a, pages: at + 1...at + 1)).outcome == .ok, "nothing there")
        #expect(bench.run(.msync(a, pages: at...at + 2, .sync)).outcome == .ENOMEM)
        #expect((bench.page(file, 0), bench.page(file, 1), bench.page(file, 2)) == ("-", "DT", "-"))
        #expect(bench.mprotect(a, at...at + 2, .read).outcome == .ENOMEM)
        #expect(bench.m.vmas(of: a).map { bench.m[$0, .flags].contains(.write) } == [false, true])
        #expect(bench.run(.madviseDontneed(a, pages: at...at + 2)).outcome == .ENOMEM)
        #expect(mapped(bench, a, at, 3) == [])
    }

    @Test func unmappingWritesNothing() {
        for request in [
            { (a, at) in Request.munmap(a, pages: at...at) },
            { (a, at) in Request.madviseDontneed(a, pages: at...at) }, { (a, _) in Request.exit(a) },
        ] as [(Ref<Process>, Int) -> Request] {
            var (bench, file, a) = bench(pages: 1)
            let at = bench.mmap(a, file, 0...0)
            bench.store(a, at)
            bench.run(request(a, at))
            #expect((bench.page(file), bench.nrDirty) == ("DT", 1))
            #expect(bench.m.state.diskValue(file, 0) == 0)
        }
    }

    @Test func killedRangeCountsThePagesBefore() {
        var (bench, file, a) = bench(pages: 2)
        let at = bench.mmap(a, file, 0...3)
        let killed = bench.run(.access(a, pages: at...at + 3, store: true, value: 7))
        #expect((killed.outcome, killed.faults) == (.SIGBUS, 2))
        let b = bench.m.addProcess("B")
        let readOnly = bench.mmap(b, file, 0...0, .read)
        let refused = bench.store(b, readOnly)
        #expect((refused.outcome, refused.faults) == (.SIGSEGV, 0))
    }

    // MARK: Page tables

    @Test func unmappingAcrossPageTablesFlushesEach() {
        var (bench, file, a) = bench(pages: 2)
        _ = bench.mmap(a, .none, 0...508)
        let at = bench.mmap(a, .none, 0...3, shared: false)
        #expect((at + 2) & 511 == 0, "two pages in each table")
        bench.load(a, at + 1)
        bench.run(.munmap(a, pages: at...at + 3))
        let again = bench.mmap(a, file, 0...1)
        #expect(again == at + 2)
        _ = bench.mmap(a, file, 0...1)
        #expect(bench.load(a, at + 1).faults == 1, "no TLB entry is left of the zero page")
    }

    // MARK: Reclaim

    @Test func reclaimKeepsWhatIsDirty() {
        var (bench, file, a) = bench(pages: 2)
        let at = bench.mmap(a, file, 0...1)
        bench.load(a, at)
        bench.store(a, at)
        bench.run(.reclaim(file, indices: 0...1))
        #expect((bench.page(file, 0), bench.page(file, 1)) == ("DT", ""))
        #expect(mapped(bench, a, at, 2) == [])
        #expect(bench.m.state.diskValue(file, 0) == 0)
        let (warm, cold) = (bench.load(a, at), bench.load(a, at + 1))
        #expect((warm.minor, warm.major) == (1, 0))
        #expect((cold.minor, cold.major) == (0, 1))
    }

    @Test func faultAroundSkipsADirtyPageThatReclaimLeft() {
        var (bench, file, a) = bench(pages: 3)
        let at = bench.mmap(a, file, 0...2)
        bench.store(a, at)
        bench.run(.reclaim(file, indices: 0...0))
        bench.run(.pwrite(a, file, indices: 0...0, value: 7))
        bench.load(a, at + 2)
        #expect(mapped(bench, a, at, 3) == [1, 2], "not even write(2) clears PG_reclaim")
        #expect(bench.load(a, at).faults == 1)
        bench.run(.madviseDontneed(a, pages: at...at + 2))
        bench.run(.fsync(a, file))
        bench.load(a, at + 2)
        #expect(mapped(bench, a, at, 3) == [0, 1, 2], "writeback does")
        bench.store(a, at)
        bench.run(.reclaim(file, indices: 0...0))
        bench.store(a, at)
        bench.run(.madviseDontneed(a, pages: at...at + 2))
        bench.load(a, at + 2)
        #expect(mapped(bench, a, at, 3) == [0, 1, 2], "a store fault does")
    }

    @Test func reclaimOfTmpfs() {
        var (bench, file, a) = bench(pages: 2, .tmpfs)
        let at = bench.mmap(a, file, 0...1)
        bench.load(a, at)
        bench.store(a, at)
        bench.run(.reclaim(file, indices: 0...1))
        #expect((bench.page(file, 0), bench.page(file, 1)) == ("D", ""))
    }
}
