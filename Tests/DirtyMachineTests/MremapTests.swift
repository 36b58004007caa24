import Testing

@testable import DirtyMachine

/// mremap (model 2.19, section 9 rule 16, B8) and MAP_POPULATE (rule 15).
@Suite struct MremapTests {
    private func bench(_ profile: Profile, pages: Int = 8) -> (Bench, Ref<File>, Ref<Process>) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: pages, profile.journalingFileSystem, cached: true)
        let process = bench.m.addProcess("A")
        return (bench, file, process)
    }

    private func mapping(_ bench: Bench, _ process: Ref<Process>, _ number: Int = 0) -> Ref<Mapping> {
        bench.m.state.mappings(of: process)[number]
    }

    private func extent(_ bench: Bench, _ mapping: Ref<Mapping>) -> [Int] {
        [bench.m[mapping, .start], bench.m[mapping, .pages]]
    }

    @Test(arguments: Profile.allCases)
    func growingMovesWithAllBits(profile: Profile) {
        var (bench, file, a) = bench(profile)
        let at = bench.mmap(a, file, 0...3)
        bench.store(a, at, 7)
        bench.load(a, at + 1)
        let before = (0...3).map { bench.pte(a, at + $0) }
        let m = mapping(bench, a)
        #expect(bench.run(.mremap(a, m, pages: 6)).outcome == .ok)
        let new = bench.m[m, .start]
        #expect(new == at - 6)
        #expect((0...3).map { bench.pte(a, new + $0) } == before)
        #expect((0...3).allSatisfy { bench.pte(a, at + $0) == "------" })
        #expect(bench.m.vmas(of: a).count == 1)
        let store = bench.store(a, new, 8)
        #expect((store.outcome, store.faults) == (.ok, 0))
        #expect(bench.load(a, new + 5).outcome == .ok)
        #expect(bench.m.violations() == [])
        #expect(bench.m.leaks == [])
    }

    @Test(arguments: Profile.allCases)
    func growingInPlaceWhereTheGapAboveIsFree(profile: Profile) {
        var (bench, file, a) = bench(profile)
        let top = bench.mmap(a, .none, 0...3)
        let at = bench.mmap(a, file, 0...1)
        bench.store(a, at, 7)
        bench.run(.munmap(a, pages: top...top + 3))
        let m = mapping(bench, a, 1)
        #expect(bench.run(.mremap(a, m, pages: 6)).outcome == .ok)
        #expect(extent(bench, m) == [at, 6])
        #expect(bench.pte(a, at) == "PWUAD-")
        #expect(bench.load(a, at + 5).outcome == .ok)
    }

    @Test(arguments: Profile.allCases)
    func shrinkingKeepsDirtyPagesInTheCache(profile: Profile) {
        var (bench, file, a) = bench(profile)
        let at = bench.mmap(a, file, 0...3)
        bench.store(a, at + 3, 7)
        bench.mprotect(a, at + 1...at + 1, .read)
        let m = mapping(bench, a)
        // Across VMAs.
        #expect(bench.run(.mremap(a, m, pages: 1)).outcome == .ok)
        #expect(extent(bench, m) == [at, 1])
        #expect(bench.m.vmas(of: a).count == 1)
        #expect(bench.page(file, 3) == "DT")
        #expect(bench.m.leaks == [])
    }

    @Test(arguments: Profile.allCases)
    func sizesAndHoles(profile: Profile) {
        var (bench, file, a) = bench(profile)
        let at = bench.mmap(a, file, 0...3)
        bench.mprotect(a, at + 1...at + 1, .read)
        let m = mapping(bench, a)
        func resize(_ pages: Int) -> Outcome { bench.run(.mremap(a, m, pages: pages)).outcome }
        #expect(resize(0) == .EINVAL)
        #expect(resize(4) == .ok)
        #expect(resize(6) == .EFAULT)
        bench.run(.munmap(a, pages: at...at))
        // 6.18 looks for a VMA at the beginning before anything else.
        #expect(resize(4) == (profile == .v6_18 ? .EFAULT : .ok))
        #expect(extent(bench, m) == [at, 4])
        #expect(resize(2) == (profile == .v6_18 ? .EFAULT : .ok))
        let failed = bench.m.begin(
            .mmap(a, name: "x", file: file, pages: 0...0, .write, shared: true, readOnlyDescriptor: true))
        bench.finish(failed)
        #expect(bench.report(failed).outcome == .EACCES)
        let x = bench.m.state.mappings(of: a).last!
        #expect(bench.run(.mremap(a, x, pages: 2)).outcome == .EINVAL)
    }

    @Test(arguments: Profile.allCases)
    func sharedAnonymousMemoryDoesNotGrow(profile: Profile) {
        var (bench, _, a) = bench(profile)
        let at = bench.mmap(a, .none, 0...1)
        bench.store(a, at + 1, 7)
        let m = mapping(bench, a)
        #expect(bench.run(.mremap(a, m, pages: 3)).outcome == .ok)
        let new = bench.m[m, .start]
        #expect(bench.load(a, new + 1).value == 7)
        #expect(bench.load(a, new + 2).outcome == .SIGBUS)
    }

    @Test(arguments: Profile.allCases)
    func privateMemoryMovesAndMergesAgain(profile: Profile) {
        var (bench, _, a) = bench(profile)
        let at = bench.mmap(a, .none, 0...1, shared: false)
        let m = mapping(bench, a)
        // Nothing was stored yet, so the offsets are those of the new address.
        #expect(bench.run(.mremap(a, m, pages: 3)).outcome == .ok)
        let new = bench.m[m, .start]
        #expect(new + 3 == at)
        bench.store(a, new, 1)
        bench.store(a, new + 2, 3)
        _ = bench.mmap(a, .none, 0...0, shared: false)
        #expect(bench.run(.mremap(a, m, pages: 6)).outcome == .ok)
        let moved = bench.m[m, .start]
        #expect(bench.load(a, moved).value == 1)
        #expect(bench.load(a, moved + 2).value == 3)
        #expect(bench.m.leaks == [])
    }

    /// Two mappings of one VMA: one half goes, the other stays.
    @Test(arguments: Profile.allCases)
    func partOfAVMA(profile: Profile) {
        var (bench, file, a) = bench(profile)
        let high = bench.mmap(a, file, 4...7)
        let low = bench.mmap(a, file, 0...3)
        #expect(bench.m.vmas(of: a).count == 1)
        for page in 0...3 { bench.store(a, low + page, 1) }
        bench.store(a, high, 2)
        let m = mapping(bench, a, 1)
        #expect(bench.run(.mremap(a, m, pages: 6)).outcome == .ok)
        #expect(bench.m.vmas(of: a).map { bench.m[$0, .start] } == [low - 6, high])
        #expect(bench.store(a, low - 6 + 3, 5).faults == 0)
        #expect(bench.load(a, high).value == 2)
    }

    /// Where a mapping moves to addresses that another name knew, they are its own.
    @Test func theNameThatMovedOwnsTheAddresses() {
        var (bench, file, a) = bench(.v6_18)
        let old = bench.mmap(a, file, 0...3)
        let b = bench.mmap(a, file, 6...6)
        bench.run(.munmap(a, pages: old...old + 2))
        // The hole in the first mapping is where the second one grows to.
        let m = mapping(bench, a, 1)
        #expect(bench.run(.mremap(a, m, pages: 2)).outcome == .ok)
        #expect(bench.m[m, .start] == b)
        #expect(bench.m.mapping(at: b + 1, in: bench.m[a, .mm]) == m)
        #expect(bench.m.state.mappings(of: a).last == m)
    }

    @Test func pinsKeepTheirPageNumbers() {
        var (bench, file, a) = bench(.v6_18)
        _ = bench.mmap(a, file, 0...1)
        let m = mapping(bench, a)
        bench.run(.pin(a, m, pages: 1...1, write: true))
        bench.run(.mremap(a, m, pages: 4))
        #expect(bench.run(.pinwrite(a, m, pages: 1...1, value: 9)).outcome == .ok)
        #expect(bench.load(a, bench.m[m, .start] + 1).value == 9)
        #expect(bench.run(.unpin(a, m, pages: 1...1)).outcome == .ok)
        #expect(bench.m.leaks == [])
    }

    // MARK: B8

    @Test(arguments: [
        (Profile.v2_6_18, false, false), (.v2_6_20, true, false), (.v2_6_20, false, true),
        (.v2_6_19, false, true), (.v6_18, true, false), (.v6_18, false, true),
    ])
    func storeThroughTheOldAddress(profile: Profile, flushesInTime: Bool, loses: Bool) {
        var bench = Bench(profile) { $0.mremapFlushesUnderPTL = flushesInTime }
        let file = bench.m.addFile("db", pages: 2, profile.journalingFileSystem, cached: true)
        let u = bench.m.addProcess("U", cpu: 0)
        let v = bench.m.addThread("V", of: u, cpu: 1)
        let at = bench.mmap(u, file, 0...0)
        bench.store(u, at, 0xA)
        let m = mapping(bench, u)
        let move = bench.m.begin(.mremap(v, m, pages: 2))
        bench.step(move, until: .move_ptes, 7)
        _ = bench.m.step(move)
        // ptl is free: the PTE is cleaned at its new address.
        bench.run(.writeback(file, indices: 0...0, start: false))
        let store = bench.m.begin(.access(u, pages: at...at, store: true, value: 0xE))
        _ = bench.m.step(store)
        bench.finish(move)
        bench.finish(store)
        let outcome = bench.report(store).outcome
        #expect(outcome == (flushesInTime ? .SIGSEGV : .ok))
        _ = bench.report(move)
        if bench.m.isAlive(u) {
            let new = bench.m[m, .start]
            bench.run(.madviseDontneed(u, pages: new...new))
        }
        #expect(bench.m.violates(.noLostWrite) == loses)
        bench.run(.reclaim(file, indices: 0...0))
        #expect(bench.m.violates(.noLostWrite) == loses)
    }

    /// A flush under ptl keeps the flusher out until no CPU knows the old address.
    @Test(arguments: [Profile.v2_6_20, .v6_18])
    func mkcleanWaitsForTheMove(profile: Profile) {
        var (bench, file, a) = bench(profile)
        let at = bench.mmap(a, file, 0...0)
        bench.store(a, at, 7)
        let move = bench.m.begin(.mremap(a, mapping(bench, a), pages: 2))
        bench.step(move, until: .move_ptes, 5)
        let flusher = bench.m.begin(.writeback(file, indices: 0...0, start: false))
        while case .stepped = bench.m.step(flusher) {}
        #expect([.ptl, .immapLock].contains(bench.m.waiting(flusher)?.reason))
        #expect(bench.m.violations(of: .mapcount) == [])
        bench.step(move, until: .move_ptes, 7)
        _ = bench.m.step(move)
        bench.finish(flusher)
        bench.finish(move)
        #expect(bench.m.state.diskValue(file, 0) == 7)
    }

    // MARK: Rule 15

    private func entries(_ bench: Bench, _ process: Ref<Process>, _ at: Int, _ pages: Int) -> [String] {
        (0..<pages).map { bench.pte(process, at + $0) }
    }

    private func populate(
        _ bench: inout Bench, _ process: Ref<Process>, _ file: Ref<File>, _ pages: ClosedRange<Int>,
        _ access: Access, shared: Bool
    ) -> (Report, Int) {
        let task = bench.m.begin(
            .mmap(
                process, name: "p", file: file, pages: pages, access, shared: shared,
                readOnlyDescriptor: false, populate: true))
        bench.finish(task)
        let at = bench.m[bench.m[task, .mapping], .start]
        return (bench.report(task), at)
    }

    @Test func populateOf6_18() {
        var (bench, file, a) = bench(.v6_18)
        let (shared, at) = populate(&bench, a, file, 0...7, [.read, .write], shared: true)
        #expect((shared.outcome, shared.minor, shared.major) == (.ok, 1, 0))
        #expect(entries(bench, a, at, 8) == Array(repeating: "P-UA--", count: 8))
        #expect(bench.nrDirty == 0)
        let (copied, copy) = populate(&bench, a, file, 0...3, [.read, .write], shared: false)
        #expect(copied.minor == 4)
        #expect(entries(bench, a, copy, 4) == Array(repeating: "PWUAD-", count: 4))
        let (none, nothing) = populate(&bench, a, file, 0...3, [], shared: true)
        #expect((none.outcome, none.faults) == (.ok, 0))
        #expect(entries(bench, a, nothing, 4) == Array(repeating: "------", count: 4))
        let (beyond, end) = populate(&bench, a, file, 6...9, .read, shared: true)
        #expect((beyond.outcome, beyond.minor) == (.ok, 1))
        #expect(entries(bench, a, end, 4) == ["P-UA--", "P-UA--", "------", "------"])
        let (anonymous, memory) = populate(&bench, a, .none, 0...1, [.read, .write], shared: false)
        #expect(anonymous.minor == 2)
        #expect(entries(bench, a, memory, 2) == ["PWUAD-", "PWUAD-"])
        #expect(bench.m.leaks == [])
    }

    @Test func populateCountsColdPagesAsMinor() {
        var bench = Bench(.v6_18)
        let file = bench.m.addFile("db", pages: 3, .ext4)
        let a = bench.m.addProcess("A")
        let (report, at) = populate(&bench, a, file, 0...2, .read, shared: true)
        #expect((report.minor, report.major) == (3, 0))
        #expect(entries(bench, a, at, 3) == ["P-UA--", "P-UA--", "P-UA--"])
    }

    /// 2.6 fills shared mappings of files only, without faults, and none beyond the file's end.
    @Test(arguments: Profile.allCases.filter { $0 != .v6_18 })
    func populateOf2_6(profile: Profile) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: 4, .ext3)
        let shm = bench.m.addFile("shm", pages: 2, .tmpfs)
        let a = bench.m.addProcess("A")
        let entry = profile == .v2_6_18 ? "PWUA--" : "P-UA--"
        let (shared, at) = populate(&bench, a, file, 0...3, [.read, .write], shared: true)
        #expect((shared.outcome, shared.faults) == (.ok, 0))
        #expect(entries(bench, a, at, 4) == Array(repeating: entry, count: 4))
        #expect(bench.m.state.counter(.pgfault) == 0)
        let (_, memory) = populate(&bench, a, shm, 0...1, [.read, .write], shared: true)
        #expect(entries(bench, a, memory, 2) == ["PWUA--", "PWUA--"])
        let (_, copy) = populate(&bench, a, file, 0...3, [.read, .write], shared: false)
        #expect(entries(bench, a, copy, 4) == Array(repeating: "------", count: 4))
        let (_, end) = populate(&bench, a, file, 2...5, [.read, .write], shared: true)
        #expect(entries(bench, a, end, 4) == Array(repeating: "------", count: 4))
        #expect(bench.m.leaks == [])
    }
}
