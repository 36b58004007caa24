import Testing

@testable import DirtyMachine

/// 6.18 on files whose folios have several pages: rows O24 and O25 of the observable consequences,
/// and what a folio shares and what each of its pages has for itself.
@Suite struct LargeFolioTests {
    /// A file with folios of `folio` pages, clean in the cache, and a process that maps it.
    private struct Scene {
        var bench: Bench
        let file: Ref<File>
        let process: Ref<Process>
        let start: Int
        let pages: Int

        init(
            pages: Int = 16, folio: Int = 8, _ fileSystem: FileSystem = .ext4, cached: Bool = true,
            buffers: Int = 1, frames: Int = 4096, mapped: ClosedRange<Int>? = nil,
            _ change: (inout Rules) -> Void = { _ in }
        ) {
            bench = Bench(.v6_18, frames: frames, change)
            file = bench.m.addFile(
                "db", pages: pages, fileSystem, cached: cached, buffers: buffers, folio: folio)
            process = bench.m.addProcess("A")
            start = bench.mmap(process, file, mapped ?? 0...pages - 1)
            self.pages = pages
        }

        func ptes(_ range: Range<Int>) -> Set<String> { Set(range.map { bench.pte(process, start + $0) }) }
        func state(_ range: Range<Int>) -> Set<String> { Set(range.map { bench.page(file, $0) }) }
        /// Sizes of the cached folios, in order.
        var folios: [Int] {
            var sizes: [Int] = []
            var index = 0
            while index <= 64 {
                let page = bench.folio(file, index)
                guard page.exists else {
                    index += 1
                    continue
                }
                sizes.append(bench.m.folioIndices(page).count)
                index = bench.m.folioIndices(page).upperBound
            }
            return sizes
        }
        var written: [Int] { bench.m.writtenPages(file) }
        mutating func store(_ page: Int) -> Report { bench.store(process, start + page) }
        mutating func load(_ page: Int) -> Report { bench.load(process, start + page) }
        mutating func fsync() { bench.run(.fsync(process, file)) }
        mutating func truncate(_ pages: Int) { bench.run(.ftruncate(process, file, pages: pages)) }
        func counter(_ counter: Counter) -> Int { bench.m.state.counter(counter) }
    }

    // MARK: O24, O25

    @Test func o24OneStoreDirtiesAndMapsTheWholeFolio() {
        var scene = Scene(pages: 64, folio: 64)
        #expect(scene.store(3).faults == 1)
        #expect(scene.ptes(0..<64) == ["PWUAD-"])
        #expect(scene.bench.nrDirty == 64)
        #expect(scene.state(0..<64) == ["DT"])
        #expect(scene.counter(.nr_mapped) == 64)
        for page in [0, 10, 63] { #expect(scene.store(page).faults == 0) }
    }

    @Test func o25WritebackProtectsAllAndEachFaultsAgain() {
        var scene = Scene(pages: 64, folio: 64)
        _ = scene.store(3)
        let (flushes, start) = (scene.counter(.tlb_flush), scene.start)
        scene.bench.run(.msync(scene.process, pages: start...start + 63, .sync))
        #expect(scene.ptes(0..<64) == ["P-UA--"])
        #expect(scene.counter(.tlb_flush) - flushes == 64, "each PTE is flushed for itself")
        #expect(scene.bench.nrDirty == 0)
        #expect(scene.store(10).faults == 1)
        #expect(scene.bench.nrDirty == 64)
        #expect(scene.ptes(10..<11) == ["PWUAD-"])
        #expect(scene.ptes(11..<64) == ["P-UA--"])
        #expect(scene.store(11).faults == 1)
        #expect(scene.bench.nrDirty == 64, "it was dirty already")
    }

    @Test func aRangeWritesWholeFolios() {
        var scene = Scene()
        for page in [1, 9] { _ = scene.store(page) }
        scene.bench.run(.msync(scene.process, pages: scene.start + 2...scene.start + 2, .sync))
        #expect(scene.state(0..<8) == ["-"])
        #expect(scene.written == [1])
        #expect(scene.state(8..<16) == ["DT"])
        #expect(scene.ptes(0..<8) == ["P-UA--"])
        #expect(scene.ptes(8..<16) == ["PWUAD-"])
    }

    // MARK: How large

    @Test func theLargestAlignedBlockThatFits() {
        #expect(Scene(pages: 10, folio: 8).folios == [8, 2])
        #expect(Scene(pages: 7, folio: 16).folios == [4, 2, 1])
        #expect(Scene(pages: 16, folio: 1).folios == Array(repeating: 1, count: 16))
    }

    @Test func aColdPageIsReadWithItsFolio() {
        var scene = Scene(pages: 16, folio: 8, cached: false)
        let report = scene.load(3)
        #expect(report.major == 1)
        #expect(scene.folios == [8])
        #expect(scene.ptes(0..<8) == ["P-UA--"])
        #expect(scene.load(7).faults == 0)
        scene.bench.run(.pread(scene.process, scene.file, indices: 9...9))
        #expect(scene.folios == [8, 8])
        #expect(scene.bench.m.leaks == [])
    }

    @Test func whatIsCachedAlreadyMakesThemSmaller() {
        var scene = Scene(pages: 8, folio: 8, cached: false)
        scene.bench.run(.pwrite(scene.process, scene.file, indices: 5...5, value: 1))
        #expect(scene.folios == [1], "write(2) of a page caches a page")
        _ = scene.load(0)
        _ = scene.load(4)
        _ = scene.load(6)
        #expect(scene.folios == [4, 1, 1, 2])
    }

    @Test func framesMustBeFree() {
        let scene = Scene(pages: 8, folio: 8, frames: 12)
        #expect(scene.folios == [8])
        var full = Scene(pages: 8, folio: 8, cached: false, frames: 7)
        _ = full.load(0)
        #expect(full.folios == [4])
        _ = full.load(4)
        #expect(full.folios == [4, 2])
        #expect(full.bench.m.leaks == [])
    }

    @Test func freedFramesAreHalvedAndKeepTheirNumbers() {
        var m = Machine(frames: 8)
        let file = m.addFile("db", pages: 8, .ext4, cached: true, folio: 8)
        _ = m.addProcess("A")
        #expect(!m.allocateFolio().exists)
        var bench = Bench(.v6_18)
        bench.m = m
        #expect(bench.run(.evict(file, indices: 0...7)).outcome == .ok)
        #expect(bench.m[State.system, .framesInUse] == 0)
        bench.m.setCause(task: 0, function: .scenario)
        let frames = (0..<8).map { _ in bench.m.allocateFolio() }.map { bench.m.pfn($0) }
        #expect(frames.sorted() == Array(1...8))
        #expect(!bench.m.allocateFolio().exists)
    }

    // MARK: Mapping

    @Test func aFolioThatTheMappingCutsIsMappedPageByPage() {
        var scene = Scene(pages: 8, folio: 8, mapped: 2...7)
        #expect(scene.store(1).faults == 1)
        #expect(scene.ptes(1..<2) == ["PWUAD-"])
        #expect(scene.bench.pte(scene.process, scene.start) == "------")
        #expect(scene.bench.nrDirty == 8, "dirty is the whole folio all the same")
        #expect(scene.store(2).faults == 1)
    }

    @Test func aPresentPTEKeepsTheOthersOut() {
        var scene = Scene(pages: 8, folio: 8)
        _ = scene.store(0)
        scene.bench.run(
            .madviseDontneed(scene.process, pages: scene.start + 4...scene.start + 6))
        #expect(scene.store(5).faults == 1)
        #expect(scene.bench.pte(scene.process, scene.start + 4) == "------")
        #expect(scene.bench.pte(scene.process, scene.start + 5) == "PWUAD-")
        #expect(scene.bench.m.leaks == [])
    }

    @Test func aFolioAcrossTwoPageTablesIsMappedPageByPage() {
        // The mapping ends where a page table does; another one below it pushes it across.
        var scene = Scene(pages: 1024, folio: 8)
        let crossing = (0..<1024).first { (scene.start + $0) & 511 == 0 && $0 & 7 != 0 }
        if let crossing {
            #expect(scene.store(crossing).faults == 1)
            #expect(scene.bench.pte(scene.process, scene.start + crossing - 1) == "------")
        } else {
            // Aligned alike: shift by one page.
            let start = scene.bench.mmap(scene.process, scene.file, 1...1023)
            let page = (0..<1023).first { (start + $0) & 511 == 0 && ($0 + 1) & 7 != 0 }!
            scene.bench.store(scene.process, start + page)
            #expect(scene.bench.pte(scene.process, start + page) == "PWUAD-")
            #expect(scene.bench.pte(scene.process, start + page - 1) == "------")
        }
    }

    @Test func faultAroundGoesBeyondItsWindow() {
        var scene = Scene(pages: 128, folio: 64)
        #expect(scene.load(3).faults == 1)
        #expect(scene.ptes(0..<64) == ["P-UA--"])
        #expect(scene.ptes(64..<128) == ["------"])
    }

    /// Measured: a folio with which the file ends is mapped as far as the window goes.
    @Test func faultAroundAtTheEndOfTheFile() {
        var scene = Scene(pages: 64, folio: 64)
        let address = scene.start
        _ = scene.load(3)
        let window = (0..<64).filter { (address + $0) & ~15 == (address + 3) & ~15 }
        #expect(scene.ptes(window.first!..<window.last! + 1) == ["P-UA--"])
        #expect((0..<64).count { scene.bench.pte(scene.process, address + $0) != "------" } == window.count)
    }

    /// Measured: folios of 32, 16, 2 and 1 pages are left of one of 64 that is cut behind page 50.
    @Test func theFrontOfASplitFolioStaysLarge() {
        var scene = Scene(pages: 64, folio: 64)
        scene.truncate(51)
        #expect(scene.folios == [32, 16, 2, 1])
        scene.truncate(32)
        #expect(scene.folios == [32])
        #expect(scene.bench.m.leaks == [])
    }

    // MARK: What is shared, and what is not

    @Test func writeDirtiesTheFolioAndWritesThePage() {
        var scene = Scene()
        scene.bench.run(.pwrite(scene.process, scene.file, indices: 5...5, value: 9))
        #expect(scene.bench.nrDirty == 8)
        #expect(scene.state(0..<8) == ["DT"])
        let task = scene.bench.m.begin(.writeback(scene.file, indices: 0...15, start: true))
        scene.bench.finish(task)
        #expect(scene.bench.m.pendingBios.count == 1, "one page had a dirty buffer")
        #expect(scene.counter(.nr_writeback) == 8)
        scene.bench.drainDevice()
        _ = scene.bench.report(task)
        scene.bench.run(.complete(scene.file, indices: 0...15))
        #expect(scene.written == [5])
        #expect(scene.counter(.nr_writeback) == 0)
    }

    @Test func theLastWriteEndsTheWriteback() {
        var scene = Scene(pages: 8, folio: 4)
        _ = scene.store(0)
        let task = scene.bench.m.begin(.writeback(scene.file, indices: 0...7, start: true))
        scene.bench.finish(task)
        _ = scene.bench.report(task)
        #expect(scene.bench.m.pendingBios.count == 4)
        scene.bench.run(.complete(scene.file, indices: 0...2))
        #expect(scene.state(0..<4) == ["W"])
        #expect(scene.counter(.nr_writeback) == 4)
        scene.bench.run(.complete(scene.file, indices: 3...3))
        #expect(scene.state(0..<4) == ["-"])
        #expect(scene.counter(.nr_writeback) == 0)
        #expect(scene.bench.m.leaks == [])
    }

    @Test func xfsWritesTheFolioWhole() {
        var scene = Scene(.xfs)
        _ = scene.store(2)
        #expect(scene.bench.nrDirty == 8)
        let task = scene.bench.m.begin(.writeback(scene.file, indices: 0...15, start: true))
        scene.bench.finish(task)
        #expect(scene.bench.m.pendingBios.count == 8)
        _ = scene.bench.report(task)
        scene.bench.run(.complete(scene.file, indices: 0...15))
        #expect(scene.state(0..<8) == ["-"])
    }

    @Test func twoAddressSpacesAreCleanedThroughOneWalk() {
        var scene = Scene(pages: 8, folio: 8)
        let other = scene.bench.m.addProcess("B")
        let start = scene.bench.mmap(other, scene.file, 3...7)
        _ = scene.store(0)
        scene.bench.store(other, start)
        scene.fsync()
        #expect(scene.ptes(0..<8) == ["P-UA--"])
        #expect(scene.bench.pte(other, start) == "P-UA--")
        #expect(scene.bench.m.leaks == [])
    }

    @Test func reclaimTakesAllOfItOrNothing() {
        var scene = Scene(pages: 8, folio: 8)
        _ = scene.load(0)
        scene.bench.run(.reclaim(scene.file, indices: 3...3))
        #expect(scene.folios == [])
        #expect(scene.ptes(0..<8) == ["------"])
        #expect(scene.counter(.nr_mapped) == 0)
        _ = scene.store(0)
        scene.bench.run(.reclaim(scene.file, indices: 3...3))
        #expect(scene.state(0..<8) == ["DT"])
        #expect(scene.ptes(0..<8) == ["------"])
        #expect(scene.bench.m.leaks == [])
    }

    @Test func aPartOfAFolioIsNotEvicted() {
        var scene = Scene(pages: 8, folio: 8)
        #expect(scene.bench.run(.evict(scene.file, indices: 0...3)).outcome == .EBUSY)
        #expect(scene.folios == [8])
        #expect(scene.bench.run(.evict(scene.file, indices: 0...7)).outcome == .ok)
        #expect(scene.folios == [])
        #expect(scene.bench.m.leaks == [])
    }

    @Test func aPinHoldsTheFolio() {
        var scene = Scene(pages: 8, folio: 8)
        let mapping = scene.bench.m.mapping(named: "m", of: scene.process)!
        scene.bench.run(.pin(scene.process, mapping, pages: 5...5, write: true))
        scene.fsync()
        scene.bench.run(.munmap(scene.process, pages: scene.start...scene.start + 7))
        #expect(scene.bench.run(.evict(scene.file, indices: 0...7)).outcome == .EBUSY)
        scene.bench.run(.pinwrite(scene.process, mapping, pages: 5...5, value: 77))
        #expect(scene.bench.m.contents(scene.bench.folio(scene.file, 5)) == 77)
        scene.bench.run(.unpin(scene.process, mapping, pages: 5...5))
        #expect(scene.bench.nrDirty == 8)
        scene.fsync()
        #expect(scene.written == [5])
        #expect(scene.bench.m.leaks == [])
    }

    @Test func throttlingCountsPages() {
        var scene = Scene(pages: 32, folio: 8)
        scene.bench.m.setDirtyThresholds(background: 8, limit: 16, ratelimit: 1)
        for page in [0, 8, 16, 24] { _ = scene.store(page) }
        #expect(scene.bench.nrDirty <= 16)
        #expect(scene.bench.m.violations(of: .throttle) == [])
    }

    // MARK: Truncation

    @Test func truncationSplitsACleanFolio() {
        var scene = Scene(pages: 8, folio: 8)
        _ = scene.store(1)
        scene.fsync()
        scene.truncate(3)
        #expect(scene.folios == [2, 1], "halved until page 3 stood alone")
        #expect(scene.ptes(0..<8) == ["------"], "the front was unmapped as well")
        #expect(scene.load(1).faults == 1)
        #expect(scene.bench.m.contents(scene.bench.folio(scene.file, 1)) == 1)
        #expect(scene.bench.m.leaks == [])
        #expect(scene.bench.m.violations() == [])
    }

    @Test func truncationLeavesADirtyFolioWhole() {
        var scene = Scene(pages: 8, folio: 8)
        for page in [1, 6] { _ = scene.store(page) }
        scene.truncate(3)
        #expect(scene.folios == [8])
        #expect(scene.bench.nrDirty == 8)
        #expect(scene.ptes(0..<8) == ["------"])
        // It reaches beyond the end of the file, so its pages are mapped one by one.
        #expect(scene.store(0).faults == 1)
        #expect(scene.ptes(1..<8) == ["------"])
        scene.fsync()
        #expect(scene.written == [0, 1], "nothing is written beyond the end")
        scene.truncate(8)
        #expect(scene.bench.m.contents(scene.bench.folio(scene.file, 6)) == 0)
        #expect(scene.bench.m.leaks == [])
        #expect(scene.bench.m.violations() == [])
    }

    @Test func truncationDropsACleanFolioThatIsHeld() {
        var scene = Scene(pages: 8, folio: 8)
        let mapping = scene.bench.m.mapping(named: "m", of: scene.process)!
        _ = scene.store(1)
        scene.bench.run(.pin(scene.process, mapping, pages: 2...2, write: false))
        scene.fsync()
        scene.truncate(3)
        #expect(scene.folios == [])
        #expect(scene.load(1).value == 1, "read again")
        scene.bench.run(.unpin(scene.process, mapping, pages: 2...2))
        #expect(scene.bench.m.leaks == [])
    }

    @Test func powerLossForgetsLargeFolios() {
        var scene = Scene(pages: 16, folio: 8)
        _ = scene.store(0)
        scene.bench.run(.crash)
        #expect(scene.folios == [])
        #expect(scene.bench.m[State.system, .framesInUse] == 0)
        #expect(scene.bench.m.leaks == [])
    }

    // MARK: Who has none

    @Test func othersHavePagesOfOrderZero() {
        for profile in Profile.allCases where profile != .v6_18 {
            var m = Machine(rules: profile.rules)
            let file = m.addFile("db", pages: 8, .ext3, cached: true, folio: 8)
            #expect(m.folioSize(of: file) == 1)
            #expect(m.largeFolios(of: file) == [])
        }
        var m = Machine()
        for (number, fileSystem) in [FileSystem.tmpfs, .ramfs, .nfs].enumerated() {
            let file = m.addFile("f\(number)", pages: 8, fileSystem, cached: true, folio: 8)
            #expect(m.folioSize(of: file) == 1)
        }
        let journalled = m.addFile("j", pages: 8, .ext4, cached: true, data: .journal, folio: 8)
        #expect(m.folioSize(of: journalled) == 1)
    }

    @Test func changesOfTheHeadNameTheFolio() {
        var scene = Scene(pages: 8, folio: 8)
        let start = scene.bench.m.log.count
        _ = scene.store(3)
        let paths = scene.bench.m.alterations(scene.bench.m.log[start...]).map(\.path)
        #expect(paths.contains("db.folio[0..7].dirty"))
        #expect(paths.contains("db.folio[0].mapcount"))
        #expect(paths.contains("db.folio[7].mapcount"))
        #expect(paths.contains("db.folio[3].value"))
        #expect(paths.contains("db.folio[7].tag.dirty"))
    }
}
