import Testing

@testable import DirtyMachine

/// balance_dirty_pages: nobody dirties far more than the limit allows.
@Suite struct DirtyThresholdTests {
    private func bench(
        _ profile: Profile, mkwrite: Bool = false, _ change: (inout Rules) -> Void = { _ in }
    ) -> (Bench, Ref<File>, Ref<Process>, Int) {
        var bench = Bench(profile, change)
        bench.m.setDirtyThresholds(background: 2, limit: 4, ratelimit: 4)
        let file = bench.m.addFile(
            "db", pages: 40, profile.journalingFileSystem, cached: true, mkwrite: mkwrite)
        let process = bench.m.addProcess("A")
        let at = bench.mmap(process, file, 0...39)
        return (bench, file, process, at)
    }

    /// Runs an operation; the most pages that were dirty or under writeback, and whether I18 held.
    private func run(_ bench: inout Bench, _ request: Request) -> (most: Int, holds: Bool) {
        let task = bench.m.begin(request)
        var (most, holds) = (0, true)
        while !bench.m.isDone(task) {
            if case .blocked = bench.m.step(task) {
                guard let bio = bench.m.pendingBios.first else {
                    Issue.record("stuck")
                    break
                }
                bench.m.stepDevice(bio)
            }
            let state = bench.m.state
            most = max(most, state.counter(.nr_dirty) + state.counter(.nr_writeback))
            holds = holds && !bench.m.violates(.throttle)
        }
        bench.m.collect(task)
        bench.drainDevice()
        return (most, holds)
    }

    @Test("I18: stores through a mapping", arguments: Profile.allCases.filter { $0 != .v2_6_18 })
    func stores(profile: Profile) {
        var (bench, file, a, at) = bench(profile)
        let (most, holds) = run(&bench, .access(a, pages: at...at + 39, store: true, value: nil))
        if profile == .asPosted {
            #expect(most == 40, "nobody looks")
            #expect(!holds)
        } else {
            #expect(most <= 8)
            #expect(holds)
            let written = bench.m.writtenPages(file)
            #expect(written.count >= 30)
        }
        #expect(bench.m.leaks == [])
    }

    @Test("S25 on file systems with page_mkwrite", arguments: [Profile.v2_6_19, .v2_6_20])
    func pageMkwrite(profile: Profile) {
        for right in [false, true] {
            var (bench, _, a, at) = bench(profile, mkwrite: true) {
                if right { $0.faultBalances = .always }
            }
            let holds = run(&bench, .access(a, pages: at...at + 39, store: true, value: nil)).holds
            #expect(holds == right, "page_mkwrite has dirtied the page already")
        }
    }

    @Test("write(2) is throttled everywhere", arguments: Profile.allCases)
    func writes(profile: Profile) {
        var (bench, file, a, _) = bench(profile)
        let (most, holds) = run(&bench, .pwrite(a, file, indices: 0...39, value: nil))
        #expect(most <= 8)
        #expect(holds)
    }

    @Test("msync of 2.6.18 balances for what its walk finds")
    func msync() {
        var (bench, _, a, at) = bench(.v2_6_18)
        let stores = run(&bench, .access(a, pages: at...at + 39, store: true, value: nil))
        #expect(stores.most == 0)
        _ = run(&bench, .msync(a, pages: at...at + 39, .async))
        #expect(bench.nrDirty + bench.m.state.counter(.nr_writeback) <= 4)
    }

    @Test("6.18 lets go of the address space while it waits", arguments: [Profile.v2_6_20, .v6_18])
    func locks(profile: Profile) {
        var (bench, _, a, at) = bench(profile)
        let store = bench.m.begin(.access(a, pages: at...at + 39, store: true, value: nil))
        bench.step(store, until: .balance_dirty_pages, 2)
        #expect(bench.m[bench.m[a, .mm], .mmapLock].isFree == (profile == .v6_18))
        bench.finish(store)
    }

    @Test("Over the background threshold the flusher is woken", arguments: [Profile.v2_6_20, .v6_18])
    func background(profile: Profile) {
        var (bench, file, a, at) = bench(profile)
        bench.run(.access(a, pages: at...at + 1, store: true, value: nil))
        #expect(!bench.m.flusherIsWoken)
        bench.run(.access(a, pages: at + 2...at + 3, store: true, value: nil))
        #expect(bench.m.flusherIsWoken)
        #expect(bench.m.writtenPages(file) == [], "nobody is over the limit")
    }

    @Test func withoutThresholdsNothingHappens() {
        for profile in Profile.allCases {
            var bench = Bench(profile)
            let file = bench.m.addFile("db", pages: 100, profile.journalingFileSystem, cached: true)
            let a = bench.m.addProcess("A")
            bench.run(.pwrite(a, file, indices: 0...99, value: nil))
            #expect(bench.nrDirty == 100)
        }
    }

    @Test func ratelimitOfTheKernel() {
        for (frames, cpus, pages) in [(4096, 2, 64), (64, 2, 16), (1 << 20, 1, 1024)] {
            var bench = Bench(.v2_6_20, cpus: cpus, frames: frames)
            bench.m.setDirtyThresholds(background: 1, limit: 2)
            #expect(bench.m[State.system, .ratelimitPages] == pages)
        }
    }
}
