import Testing

@testable import DirtyMachine

/// remap_file_pages: nonlinear mappings of 2.6, and what 6.18 makes of the call.
@Suite struct RemapFilePagesTests {
    static let nonlinear = Profile.allCases.filter { $0 != .v6_18 }

    /// Page 0 of the mapping is page 2 of a file of four.
    private func remapped(
        _ profile: Profile, _ change: (inout Rules) -> Void = { _ in }
    ) -> (Bench, Ref<File>, Ref<Process>, Int) {
        var bench = Bench(profile, change)
        let file = bench.m.addFile("db", pages: 4, profile.journalingFileSystem, cached: true)
        let process = bench.m.addProcess("A")
        let at = bench.mmap(process, file, 0...3)
        let report = bench.run(.remap(process, pages: at...at, index: 2))
        #expect(report.outcome == .ok)
        return (bench, file, process, at)
    }

    /// Two stores, each followed by MS_SYNC; returns their faults and what is on disk.
    private func storeAndSync(
        _ bench: inout Bench, _ file: Ref<File>, _ a: Ref<Process>, _ at: Int
    ) -> (faults: [Int], disk: [UInt32]) {
        var faults: [Int] = []
        var disk: [UInt32] = []
        for value in UInt32(1)...2 {
            faults.append(bench.store(a, at, value).faults)
            bench.run(.msync(a, pages: at...at, .sync))
            disk.append(bench.m.state.diskValue(file, 2))
        }
        return (faults, disk)
    }

    @Test("O22, B9", arguments: Profile.allCases)
    func secondStore(profile: Profile) {
        var (bench, file, a, at) = remapped(profile)
        let (faults, disk) = storeAndSync(&bench, file, a, at)
        switch profile {
        case .v2_6_18:
            #expect(faults == [0, 0])
            #expect(disk == [1, 2], "msync walks the page table")
        case .v6_18:
            #expect(faults == [1, 1])
            #expect(disk == [1, 2])
        default:
            #expect(faults == [1, 0])
            #expect(disk == [1, 1], "page_mkclean() does not find the PTE")
            #expect(bench.m.violates(.tracking))
        }
    }

    @Test("S26 and S24 cure it", arguments: [Profile.asPosted, .v2_6_19, .v2_6_20])
    func cures(profile: Profile) {
        var (bench, file, a, at) = remapped(profile) { $0.nonlinearIsVisible = true }
        #expect(storeAndSync(&bench, file, a, at).disk == [1, 2], "a linear VMA of its own")
        #expect(bench.m.vmas(of: a).count == 2)
        (bench, file, a, at) = remapped(profile) { $0.msyncWalks = true }
        #expect(storeAndSync(&bench, file, a, at).disk == [1, 2], "the walk finds D")
    }

    @Test func modernPieces() {
        var (bench, file, a, at) = remapped(.v6_18)
        #expect(bench.m.vmas(of: a).map { bench.m[$0, .pgoff] } == [2, 1])
        #expect(bench.load(a, at).faults == 0, "the call fills the piece")
        #expect(bench.run(.remap(a, pages: at...at, index: 0)).outcome == .ok)
        #expect(bench.m.vmas(of: a).count == 1, "back in its place, it merges")
        bench.store(a, at, 7)
        #expect(bench.page(file) == "DT")
        #expect(bench.m.violations() == [])
    }

    @Test("An unmapped entry remembers its page", arguments: nonlinear)
    func fileEntries(profile: Profile) {
        var (bench, file, a, at) = remapped(profile)
        bench.run(.pwrite(a, file, indices: 2...2, value: 9))
        bench.run(.madviseDontneed(a, pages: at...at + 3))
        let entry = bench.m.pte(bench.m[a, .mm], at)
        #expect(entry.isFile && entry.fileOffset == 2)
        bench.mprotect(a, at...at + 3, .read)
        #expect(bench.m.pte(bench.m[a, .mm], at) == entry)
        let load = bench.load(a, at)
        #expect(load.value == 9)
        #expect(load.major == 1, "whatever it takes")
        #expect(bench.load(a, at + 1).major == 0, "the others are linear")
        bench.run(.munmap(a, pages: at...at + 3))
        #expect(bench.m.leaks == [])
    }

    @Test("A store to such an entry of a tracked mapping faults twice", arguments: nonlinear)
    func storeToFileEntry(profile: Profile) {
        var (bench, _, a, at) = remapped(profile)
        bench.run(.madviseDontneed(a, pages: at...at))
        let store = bench.store(a, at)
        #expect(store.major == 1)
        #expect(store.minor == (profile == .v2_6_18 ? 0 : 1))
    }

    @Test("Truncation finds nonlinear pages", arguments: nonlinear)
    func truncation(profile: Profile) {
        var (bench, file, a, at) = remapped(profile)
        bench.store(a, at, 1)
        bench.run(.ftruncate(a, file, pages: 1))
        #expect(bench.m.pte(bench.m[a, .mm], at).fileOffset == 2)
        #expect(bench.nrDirty == 0)
        #expect(bench.m.violations(of: .truncation) == [])
        bench.run(.ftruncate(a, file, pages: 4))
        #expect(bench.load(a, at).value == 0)
        bench.run(.ftruncate(a, file, pages: 1))
        #expect(bench.load(a, at).outcome == .SIGBUS)
        #expect(bench.m.leaks == [])
    }

    @Test("Reclaim finds nonlinear pages", arguments: nonlinear)
    func reclaim(profile: Profile) {
        var (bench, file, a, at) = remapped(profile)
        bench.store(a, at, 1)
        bench.run(.reclaim(file, indices: 0...3))
        #expect(bench.m.pte(bench.m[a, .mm], at).isFile)
        #expect(bench.m.state.diskValue(file, 2) == 1)
        #expect(bench.load(a, at).value == 1)
        #expect(bench.m.leaks == [])
    }

    @Test("fork copies nonlinear page tables", arguments: nonlinear)
    func fork(profile: Profile) {
        var (bench, _, a, at) = remapped(profile)
        bench.store(a, at, 5)
        let child = bench.fork(a)
        let load = bench.load(child, at)
        #expect(load.faults == 0)
        #expect(load.value == 5)
        #expect(bench.m.leaks == [])
    }

    @Test("What the call refuses", arguments: Profile.allCases)
    func refusals(profile: Profile) {
        var (bench, file, a, at) = remapped(profile)
        #expect(bench.run(.remap(a, pages: at - 1...at, index: 0)).outcome == .EINVAL)
        let isPrivate = bench.mmap(a, file, 0...0, shared: false)
        #expect(bench.run(.remap(a, pages: isPrivate...isPrivate, index: 1)).outcome == .EINVAL)
        if profile != .v6_18 {
            #expect(bench.run(.remap(a, pages: at...at + 1, index: 3)).outcome == .EINVAL, "beyond the end")
        }
        #expect(bench.m.leaks == [])
    }

    @Test("What remap_file_pages replaces is not forgotten", arguments: nonlinear)
    func replacement(profile: Profile) {
        var (bench, file, a, at) = remapped(profile)
        bench.store(a, at, 5)
        bench.run(.remap(a, pages: at...at, index: 0))
        #expect(bench.page(file, 2) == "DT", "D went to the page")
        #expect(bench.load(a, at).value == 0)
        #expect(bench.m.lostStores == [])
        #expect(bench.m.leaks == [])
    }
}
