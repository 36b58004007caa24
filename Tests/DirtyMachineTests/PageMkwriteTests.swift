import Testing

@testable import DirtyMachine

/// page_mkwrite, the page lock, and what may come between (B10), and the order of a late reverse map.
@Suite struct PageMkwriteTests {
    private func store(
        _ profile: Profile, _ fileSystem: FileSystem, loads: Bool
    ) -> (Bench, Ref<File>, Ref<Process>, Int, Ref<Task>) {
        var bench = Bench(profile)
        let file = bench.m.addFile("f", pages: 1, fileSystem, cached: true, mkwrite: true)
        let process = bench.m.addProcess("A")
        let at = bench.mmap(process, file, 0...0)
        if loads { bench.load(process, at) }
        let task = bench.m.begin(.access(process, pages: at...at, store: true, value: 7))
        return (bench, file, process, at, task)
    }

    @Test(
        "6.18 dirties the page before its PTE becomes writable",
        arguments: [FileSystem.ext4, .xfs, .nfs, .ramfs], [true, false])
    func dirtyFirst(fileSystem: FileSystem, loads: Bool) {
        var (bench, file, process, at, task) = store(.v6_18, fileSystem, loads: loads)
        while !bench.m.isDone(task) {
            if case .blocked = bench.m.step(task) {
                Issue.record("blocked")
                break
            }
            let isWritable = bench.m.pte(bench.m[process, .mm], at).write
            #expect(!isWritable || bench.m[bench.folio(file), .dirty])
            #expect(bench.m.violations() == [])
        }
        #expect(bench.m.pte(bench.m[process, .mm], at).write)
    }

    @Test("B10: a writeback after page_mkwrite", arguments: [Profile.v2_6_18, .v2_6_19, .v2_6_20, .v6_18])
    func writebackInBetween(profile: Profile) {
        var (bench, file, process, at, task) = store(profile, profile.journalingFileSystem, loads: true)
        bench.step(task, until: .do_wp_page, 4)
        #expect(bench.page(file) == "DT", "page_mkwrite has dirtied the page")
        let flusher = bench.m.begin(.writeback(file, indices: 0...0, start: false))
        var waiting: Waiting?
        while !bench.m.isDone(flusher), waiting == nil {
            guard case .blocked(let reason) = bench.m.step(flusher) else { continue }
            if reason.reason == .writeback { bench.drainDevice() } else { waiting = reason }
        }
        #expect((waiting?.reason == .pageLock) == (profile == .v6_18))
        if profile != .v6_18 {
            #expect(bench.page(file) == "-", "what page_mkwrite prepared is used up")
        }
        bench.finish(task)
        if waiting != nil { bench.finish(flusher) }
        bench.drainDevice()
        let entry = bench.m.pte(bench.m[process, .mm], at)
        if profile == .v6_18 {
            #expect(!bench.m.violates(.tracking))
        } else {
            #expect(entry.write && entry.dirty, "writable again without page_mkwrite")
        }
    }

    @Test("A truncation between page_mkwrite and the PTE", arguments: [Profile.v2_6_20, .v6_18])
    func truncationInBetween(profile: Profile) {
        var (bench, file, process, _, task) = store(profile, profile.journalingFileSystem, loads: true)
        bench.step(task, until: .do_wp_page, 4)
        let truncation = bench.m.begin(.ftruncate(process, file, pages: 0))
        for _ in 0..<200 {
            guard !bench.m.isDone(truncation), bench.m.step(truncation) == .stepped else { break }
        }
        #expect(bench.m.isDone(truncation) == (profile == .v2_6_20), "6.18 has the page locked")
        bench.finish(task)
        bench.finish(truncation)
        bench.drainDevice()
        #expect(bench.nrDirty == 0)
        #expect(bench.report(task).outcome == .SIGBUS)
        bench.m.collect(truncation)
        #expect(bench.m.leaks == [])
    }

    @Test("6.18 takes a dirty page out of the reverse map after the flush")
    func lateReverseMap() {
        var (bench, file, process, at, task) = store(.v6_18, .ext4, loads: false)
        bench.finish(task)
        let munmap = bench.m.begin(.munmap(process, pages: at...at))
        bench.step(munmap, until: .zap_pte_range, 4)
        let flushes = bench.m.state.counter(.tlb_flush)
        #expect(bench.m.pte(bench.m[process, .mm], at).isNone)
        #expect(bench.m[bench.folio(file), .mapcount] == 1)
        bench.step(munmap, until: .zap_pte_range, 5)
        #expect(bench.m.state.counter(.tlb_flush) == flushes + 1)
        #expect(bench.m[bench.folio(file), .mapcount] == 1)
        _ = bench.m.step(munmap)
        #expect(bench.m[bench.folio(file), .mapcount] == 0)
        bench.finish(munmap)
    }
}
