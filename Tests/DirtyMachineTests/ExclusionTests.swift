import Testing

@testable import DirtyMachine

/// Who keeps whom out: interleavings that a lock, or a second look, must make harmless.
@Suite struct ExclusionTests {
    private func scene(_ profile: Profile, pages: Int = 1) -> (Bench, Ref<File>, Ref<Process>, Int) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: pages, profile.journalingFileSystem, cached: true)
        let a = bench.m.addProcess("A", cpu: 0)
        let at = bench.mmap(a, file, 0...pages - 1)
        return (bench, file, a, at)
    }

    /// Steps a task as far as it gets, and says what stopped it.
    private func push(_ task: Ref<Task>, _ bench: inout Bench) -> WaitReason? {
        while true {
            switch bench.m.step(task) {
            case .stepped: continue
            case .finished: return nil
            case .blocked(let waiting): return waiting.reason
            }
        }
    }

    @Test(arguments: [Profile.v2_6_20, .v6_18])
    func reverseMapStaysWhileItIsWalked(profile: Profile) {
        var (bench, file, a, at) = scene(profile, pages: 4)
        bench.store(a, at + 3)
        let flusher = bench.m.begin(.writeback(file, indices: 3...3, start: false))
        bench.step(flusher, until: .page_mkclean_one, 2)
        let others = [bench.m.addThread("T1", of: a), bench.m.addThread("T2", of: a)]
        let requests: [Request] = [
            .mprotect(a, pages: at + 3...at + 3, .read), .munmap(others[0], pages: at...at),
            .mmap(
                others[1], name: "n", file: file, pages: 0...3, [.read, .write], shared: true,
                readOnlyDescriptor: false),
        ]
        for request in requests {
            var trial = bench
            let task = trial.m.begin(request)
            #expect(push(task, &trial) == .immapLock, "\(request)")
            trial.finish(flusher)
            trial.finish(task)
            #expect(trial.m.violations() == [])
        }
    }

    /// vma_modify_flags() and the vma_merge() of 2.6 come before vm_flags change, and wait there.
    @Test(arguments: Profile.allCases)
    func mprotectMergesBeforeItChangesFlags(profile: Profile) {
        var (bench, file, a, at) = scene(profile, pages: 3)
        for page in 0...2 { bench.store(a, at + page, 7) }
        bench.mprotect(a, at + 1...at + 1, .read)
        #expect(bench.m.vmas(of: a).count == 3)
        let before = bench.m.vmas(of: a).map { bench.m[$0, .flags] }
        // Somebody walks the reverse map.
        let owner = bench.m.beginTask(.writeback, process: .none, label: 0, line: 0)
        _ = bench.m.lockImmap(file, owner)
        let task = bench.m.begin(.mprotect(a, pages: at + 1...at + 1, [.read, .write]))
        #expect(push(task, &bench) == .immapLock)
        #expect(bench.m.vmas(of: a).map { bench.m[$0, .flags] } == before)
        bench.m.unlockImmap(file, owner)
        bench.step(task, until: .mprotect_fixup, 0)
        #expect(bench.m.vmas(of: a).count == 1, "one VMA before P1")
        #expect(bench.pte(a, at + 1) == "P-UAD-")
        // From here on nobody has to let it have the reverse map.
        _ = bench.m.lockImmap(file, owner)
        #expect(push(task, &bench) == nil)
        bench.m.unlockImmap(file, owner)
        #expect(bench.m.vmas(of: a).map { [bench.m[$0, .start], bench.m[$0, .end]] } == [[at, at + 3]])
    }

    /// The rest of the merged VMA keeps its PTEs, and its TLB entries.
    @Test(arguments: Profile.allCases)
    func mprotectChangesItsRangeOnly(profile: Profile) {
        var (bench, _, a, at) = scene(profile, pages: 3)
        bench.mprotect(a, at...at, .read)
        for page in 1...2 { bench.store(a, at + page, 7) }
        bench.mprotect(a, at + 1...at + 1, .read)
        #expect(bench.m.vmas(of: a).count == 2)
        #expect(bench.pte(a, at + 1) == "P-UAD-")
        #expect(bench.pte(a, at + 2) == "PWUAD-")
        #expect(bench.store(a, at + 2, 8).faults == 0)
        #expect(bench.store(a, at + 1, 8).outcome == .SIGSEGV)
    }

    @Test(arguments: Profile.allCases)
    func mprotectOfAWholeMappingNeedsNoReverseMap(profile: Profile) {
        var (bench, file, a, at) = scene(profile)
        let owner = bench.m.beginTask(.writeback, process: .none, label: 0, line: 0)
        _ = bench.m.lockImmap(file, owner)
        let task = bench.m.begin(.mprotect(a, pages: at...at, .read))
        #expect(push(task, &bench) == nil)
    }

    /// The entry is away for a moment; that does not make the page table empty.
    @Test(arguments: [Profile.v2_6_20, .v6_18])
    func zapWaitsForAnEntryThatIsBeingCleaned(profile: Profile) {
        var (bench, file, a, at) = scene(profile)
        bench.store(a, at, 7)
        let flusher = bench.m.begin(.writeback(file, indices: 0...0, start: false))
        bench.step(flusher, until: .page_mkclean_one, 2)
        #expect(bench.pte(a, at) == "------")
        let unmap = bench.m.begin(.munmap(a, pages: at...at))
        #expect(push(unmap, &bench) == .ptl)
        bench.finish(flusher)
        bench.finish(unmap)
        #expect(bench.pte(a, at) == "------")
        #expect(bench.m.mapcount(bench.folio(file)) == 0)
    }

    /// An older value must not overtake a newer one on the way to the disk.
    @Test(arguments: [Profile.v2_6_19, .v2_6_20])
    func writebackWaitsForTheJournal(profile: Profile) {
        var (bench, file, a, at) = scene(profile)
        bench.store(a, at, 7)
        let journal = bench.m.begin(.journal(file))
        bench.step(journal, until: .journal_commit_transaction, 2)
        bench.run(.pwrite(a, file, indices: 0...0, value: 8))
        let fsync = bench.m.begin(.fsync(a, file))
        #expect(push(fsync, &bench) == .bufferLock)
        #expect(bench.m.waiting(fsync)?.holder == journal)
        bench.finish(journal)
        bench.finish(fsync)
        #expect(bench.m.state.diskValue(file, 0) == 8)
    }

    /// Faults that had their page before the truncation began leave nothing mapped behind it.
    @Test(arguments: Profile.allCases, [false, true])
    func truncationAgainstAFault(profile: Profile, isShared: Bool) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true)
        let (a, b) = (bench.m.addProcess("A"), bench.m.addProcess("B"))
        let at = bench.mmap(a, file, 0...0, shared: isShared)
        let fault = bench.m.begin(.access(a, pages: at...at, store: true, value: 7))
        let isModern = profile == .v6_18
        bench.step(fault, until: isModern ? .finish_fault : .do_no_page, isModern ? 0 : 2)
        let truncation = bench.m.begin(.ftruncate(b, file, pages: 0))
        _ = push(truncation, &bench)
        _ = push(fault, &bench)
        bench.finish(truncation)
        bench.finish(fault)
        #expect(bench.m.result(of: fault).outcome == .SIGBUS || bench.pte(a, at) == "------")
        #expect(!bench.m.violates(.truncation))
        #expect(!bench.m.violates(.mapcount))
        #expect(!bench.folio(file).exists)
    }

    /// A page that write(2) is making for the first time is not read before it has its data.
    @Test(arguments: [Profile.v2_6_20, .v6_18])
    func readerWaitsForTheFirstWrite(profile: Profile) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: 1, profile.journalingFileSystem)
        let (a, b) = (bench.m.addProcess("A"), bench.m.addProcess("B"))
        let write = bench.m.begin(.pwrite(a, file, indices: 0...0, value: 7))
        bench.step(write, until: .sys_write, 3)
        let read = bench.m.begin(.pread(b, file, indices: 0...0))
        #expect(push(read, &bench) == .pageLock)
        bench.finish(write)
        bench.finish(read)
        #expect(bench.m.result(of: read).value == 7)
    }

    /// Memory that a task had in its hands when power failed comes back.
    @Test(arguments: Profile.allCases)
    func crashInTheMiddle(profile: Profile) {
        for steps in 0..<60 {
            var bench = Bench(profile, frames: 8)
            let file = bench.m.addFile("db", pages: 2, profile.journalingFileSystem)
            let a = bench.m.addProcess("A")
            let at = bench.mmap(a, file, 0...1, shared: false)
            let anon = bench.mmap(a, .none, 0...1, shared: false)
            bench.store(a, anon)
            let b = bench.m.addThread("B", of: a)
            let tasks = [
                bench.m.begin(.access(a, pages: at...at + 1, store: true, value: 7)),
                bench.m.begin(.madviseDontneed(b, pages: anon...anon)),
            ]
            for _ in 0..<steps { for task in tasks { _ = bench.m.step(task) } }
            bench.run(.crash)
            for task in tasks { _ = bench.report(task) }
            #expect(bench.m.leaks == [], "after \(steps) steps")
            #expect(bench.m[State.system, .framesInUse] == 0)
        }
    }
}
