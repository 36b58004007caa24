import Testing

@testable import DirtyMachine

/// What a real 6.18 kernel was seen to do with private memory, fork and the merging of VMAs.
@Suite struct MeasuredPrivateMemoryTests {
    private func bench(pages: Int = 4, cached: Bool = true) -> (Bench, Ref<File>, Ref<Process>) {
        var bench = Bench(.v6_18)
        let file = bench.m.addFile("db", pages: pages, .ext4, cached: cached)
        let process = bench.m.addProcess("A")
        return (bench, file, process)
    }

    // MARK: fork

    @Test func sharedAndMerelyReadMappingsStartEmptyInTheChild() {
        var (bench, file, a) = bench()
        let shared = bench.mmap(a, file, 0...0)
        bench.store(a, shared)
        let read = bench.mmap(a, file, 1...1, shared: false)
        bench.load(a, read)
        let zero = bench.mmap(a, .none, 0...0, shared: false)
        bench.load(a, zero)
        let child = bench.fork(a)
        for at in [shared, read, zero] { #expect(bench.pte(child, at) == "------") }
        #expect(bench.pte(a, shared) == "PWUAD-")
        #expect(bench.load(child, shared).value == 1)
    }

    @Test func whereItCopiesItCopiesAll() {
        var (bench, file, a) = bench()
        let at = bench.mmap(a, file, 0...2, shared: false)
        bench.load(a, at)
        bench.store(a, at + 1)
        #expect(bench.pte(a, at + 1) == "PWUAD-")
        let child = bench.fork(a)
        #expect(bench.pte(a, at + 1) == "P-UAD-")
        #expect(bench.pte(child, at + 1) == "P-U-D-")
        #expect(bench.pte(child, at) == "P-U---")
        #expect(bench.m.mapcount(bench.folio(file, 0)) == 2)
    }

    @Test func firstStoreCopiesAndTheLastOwnerReuses() {
        var (bench, _, a) = bench()
        let at = bench.mmap(a, .none, 0...0, shared: false)
        bench.store(a, at, 7)
        let child = bench.fork(a)
        #expect(bench.store(child, at, 8).faults == 1)
        #expect(bench.m.state.counter(.nr_anon) == 2)
        #expect(bench.load(a, at).value == 7)
        #expect(bench.store(a, at, 9).faults == 1)
        #expect(bench.m.state.counter(.nr_anon) == 2, "reused, not copied")
        #expect(bench.load(child, at).value == 8)
    }

    @Test func mprotectGivesWriteBackToPagesThatNoForkShares() {
        var (bench, _, a) = bench()
        let at = bench.mmap(a, .none, 0...1, shared: false)
        bench.store(a, at)
        bench.load(a, at + 1)
        bench.mprotect(a, at...at + 1, .read)
        bench.mprotect(a, at...at + 1, [.read, .write])
        #expect(bench.store(a, at).faults == 0)
        #expect(bench.store(a, at + 1).faults == 1, "the zero page")
        let child = bench.fork(a)
        bench.run(.exit(child))
        bench.mprotect(a, at...at + 1, .read)
        bench.mprotect(a, at...at + 1, [.read, .write])
        #expect(bench.store(a, at).faults == 1, "shared by a fork, also when the child is gone")
        #expect(bench.m.state.counter(.nr_anon) == 2)
    }

    // MARK: Private pages

    @Test func privateStoreToAColdPage() {
        var (bench, file, a) = bench(cached: false)
        let at = bench.mmap(a, file, 0...1, shared: false)
        let cold = bench.store(a, at)
        #expect((cold.minor, cold.major) == (0, 1))
        #expect(bench.page(file) == "-")
        bench.load(a, at + 1)
        #expect(bench.store(a, at + 1).faults == 1)
    }

    @Test func zeroPage() {
        var (bench, _, a) = bench()
        let at = bench.mmap(a, .none, 0...1, shared: false)
        let load = bench.load(a, at)
        #expect((load.faults, load.value) == (1, 0))
        #expect(bench.pte(a, at) == "P-UA--")
        #expect(bench.pte(a, at + 1) == "------", "no fault-around")
        #expect(bench.store(a, at).faults == 1)
        #expect(bench.pte(a, at) == "PWUAD-")
    }

    @Test func truncationTakesPrivateCopiesAway() {
        var (bench, file, a) = bench(pages: 2)
        let at = bench.mmap(a, file, 0...1, shared: false)
        bench.run(.access(a, pages: at...at + 1, store: true, value: 7))
        bench.run(.ftruncate(a, file, pages: 1))
        #expect(bench.pte(a, at) == "PWUAD-")
        #expect(bench.pte(a, at + 1) == "------")
        #expect(bench.m.state.counter(.nr_anon) == 1)
        #expect(bench.load(a, at + 1).outcome == .SIGBUS)
    }

    @Test func sharedAnonymousMemoryIsTmpfs() {
        var (bench, _, a) = bench()
        let at = bench.mmap(a, .none, 0...0)
        #expect(bench.load(a, at).faults == 1)
        #expect(bench.pte(a, at) == "PWUA--")
        let child = bench.fork(a)
        bench.store(a, at, 7)
        #expect(bench.load(child, at).value == 7)
    }

    // MARK: Merging

    @Test func neighboursMerge() {
        var (bench, file, a) = bench(pages: 8)
        _ = bench.mmap(a, file, 4...7)
        _ = bench.mmap(a, file, 0...3)
        #expect(bench.m.vmas(of: a).count == 1, "same file, fitting offsets")
        _ = bench.mmap(a, file, 0...3)
        #expect(bench.m.vmas(of: a).count == 2, "offsets that do not fit")
    }

    /// Each descriptor is an open file of its own, and vm_file tells them apart, also for private
    /// mappings, whose flags do not.
    @Test func mappingsThroughOtherDescriptorsDoNotMerge() {
        var (bench, file, a) = bench()
        let high = bench.mmap(a, file, 2...3, .read, shared: false, readOnlyDescriptor: true)
        let low = bench.mmap(a, file, 1...1, .read, shared: false)
        #expect(high == low + 1)
        #expect(bench.m.vmas(of: a).count == 2)
        let lowest = bench.mmap(a, file, 0...0, .read, shared: false)
        #expect(lowest == low - 1)
        #expect(bench.m.vmas(of: a).count == 2, "those two are of the same open file")
    }

    @Test func everWritableDoesNotMergeWithNever() {
        var (bench, file, a) = bench()
        let at = bench.mmap(a, file, 0...3, .read, shared: false)
        bench.mprotect(a, at...at + 1, [.read, .write])
        bench.mprotect(a, at...at + 1, .read)
        #expect(bench.m.vmas(of: a).count == 2, "VM_ACCOUNT stays")
    }

    @Test func untouchedAnonymousMemoryGivesItsChargeBack() {
        var (bench, _, a) = bench()
        let at = bench.mmap(a, .none, 0...3, .read, shared: false)
        bench.mprotect(a, at...at + 1, [.read, .write])
        bench.mprotect(a, at...at + 1, .read)
        #expect(bench.m.vmas(of: a).count == 1, "VM_ACCOUNT goes")
        bench.mprotect(a, at...at + 1, [.read, .write])
        bench.store(a, at)
        bench.mprotect(a, at...at + 1, .read)
        #expect(bench.m.vmas(of: a).count == 2, "an anon_vma keeps it")
    }

    @Test func oneSidedAnonVMAMergesExceptInAForkedChild() {
        for inChild in [false, true] {
            var (bench, _, a) = bench()
            let upper = bench.mmap(a, .none, 0...0, shared: false)
            bench.store(a, upper)
            let child = bench.fork(a)
            _ = bench.mmap(inChild ? child : a, .none, 0...0, shared: false)
            #expect(bench.m.vmas(of: inChild ? child : a).count == (inChild ? 2 : 1))
        }
    }

    @Test func eachVMAOfAForkedChildHasItsOwnAnonVMA() {
        var (bench, _, a) = bench()
        let at = bench.mmap(a, .none, 0...3, shared: false)
        bench.store(a, at)
        bench.mprotect(a, at + 2...at + 3, .read)
        let child = bench.fork(a)
        for process in [a, child] { bench.mprotect(process, at...at + 3, [.read, .write]) }
        #expect(bench.m.vmas(of: a).count == 1)
        #expect(bench.m.vmas(of: child).count == 2)
    }

    @Test func whenBothFitButNotWithEachOtherTheLowerWins() {
        var (bench, _, a) = bench()
        let at = bench.mmap(a, .none, 0...2, shared: false)
        bench.run(.munmap(a, pages: at + 1...at + 1))
        bench.store(a, at)
        bench.store(a, at + 2)
        let vmas = bench.m.vmas(of: a)
        #expect(bench.m[vmas[0], .anonVMA] != bench.m[vmas[1], .anonVMA])
        #expect(bench.mmap(a, .none, 0...0, shared: false) == at + 1)
        #expect(bench.m.vmas(of: a).map { bench.m[$0, .start] } == [at, at + 2])
    }
}
