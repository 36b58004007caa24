import Testing

@testable import DirtyMachine

/// The bugs of 2006 and after, each played step by step on the kernel that had it and on one
/// that survives.
@Suite struct KnownBugsTests {
    /// A page that one thread has stored A to, mapped writable, dirty. X is what gets lost.
    private struct Scene {
        static let valueA: UInt32 = 0xA
        static let valueX: UInt32 = 0xE
        var bench: Bench
        let file: Ref<File>
        let u: Ref<Process>
        let v: Ref<Process>
        let at: Int

        init(_ profile: Profile, storing: Bool = true, _ change: (inout Rules) -> Void = { _ in }) {
            bench = Bench(profile, cpus: 2, change)
            file = bench.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true)
            u = bench.m.addProcess("U", cpu: 0)
            v = bench.m.addThread("V", of: u, cpu: 1)
            at = bench.mmap(u, file, 0...0)
            if storing { bench.store(u, at, Scene.valueA) }
        }

        var disk: UInt32 { bench.m.state.diskValue(file, 0) }
        var isLost: Bool { bench.m.violates(.noLostWrite) }

        /// F submits the page, the device reads memory, and F goes on until it must wait for the
        /// disk.
        mutating func writeUpToTheWait(_ flusher: Ref<Task>) {
            while bench.m.pendingBios.isEmpty { _ = bench.m.step(flusher) }
            bench.m.stepDevice(bench.m.pendingBios[0])
            while case .stepped = bench.m.step(flusher) {}
        }

        /// Everybody lets go of the page, and reclaim takes it if it is clean.
        mutating func dropPage() {
            if bench.m.isAlive(u) { bench.run(.madviseDontneed(u, pages: at...at)) }
            bench.run(.reclaim(file, indices: 0...0))
        }
    }

    // MARK: B1

    @Test(arguments: [
        (Profile.v2_6_18, false), (.asPosted, true), (.v2_6_19, true), (.v2_6_20, false),
        (.v6_18, false),
    ])
    func journalThenStoreThenFsync(profile: Profile, loses: Bool) {
        var scene = Scene(profile)
        scene.bench.run(.journal(scene.file))
        #expect(scene.disk == (profile == .v2_6_18 ? 0 : Scene.valueA))
        scene.bench.store(scene.u, scene.at, Scene.valueX)
        scene.bench.run(.fsync(scene.u, scene.file))
        if profile != .v2_6_18 {
            #expect(scene.disk == (loses ? Scene.valueA : Scene.valueX))
        }
        scene.dropPage()
        #expect(scene.isLost == loses)
        scene.bench.drainDevice()
        #expect(scene.bench.load(scene.u, scene.at).value == (loses ? Scene.valueA : Scene.valueX))
    }

    @Test("B1 with one rule changed")
    func redirtyingSaves2_6_19() {
        var scene = Scene(.v2_6_19) { $0.mkcleanResultUsed = true }
        scene.bench.run(.journal(scene.file))
        scene.bench.store(scene.u, scene.at, Scene.valueX)
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.disk == Scene.valueX)
    }

    // MARK: B2

    @Test(arguments: [
        (Profile.v2_6_18, false), (.asPosted, true), (.v2_6_19, true), (.v2_6_20, false),
    ])
    func stripOfAMappedPage(profile: Profile, loses: Bool) {
        var scene = Scene(profile)
        if profile == .v2_6_18 { scene.bench.run(.msync(scene.u, pages: scene.at...scene.at, .async)) }
        scene.bench.run(.journal(scene.file))
        #expect(scene.disk == Scene.valueA)
        scene.bench.store(scene.u, scene.at, Scene.valueX)
        scene.bench.run(.strip(scene.file, indices: 0...0))
        #expect(scene.bench.m.buffers(scene.bench.folio(scene.file)).count == 0)
        #expect(scene.bench.pte(scene.u, scene.at) == (loses ? "P-UA--" : "PWUAD-"))
        #expect(!scene.bench.m.violates(.tracking))
        scene.dropPage()
        #expect(scene.isLost == loses)
    }

    // MARK: B3

    @Test(arguments: [
        (Profile.v2_6_18, false), (.asPosted, true), (.v2_6_19, true), (.v2_6_20, false),
    ])
    func zapInTheGapOfPrivateLock(profile: Profile, loses: Bool) {
        var scene = Scene(profile)
        if profile == .v2_6_18 { scene.bench.run(.msync(scene.u, pages: scene.at...scene.at, .async)) }
        scene.bench.run(.journal(scene.file))
        scene.bench.store(scene.u, scene.at, Scene.valueX)
        // R detaches the buffers …
        let reclaim = scene.bench.m.begin(.strip(scene.file, indices: 0...0))
        scene.bench.step(reclaim, until: .try_to_free_buffers, 0)
        _ = scene.bench.m.step(reclaim)
        // … V zaps the PTE and says that the page is dirty, if private_lock lets it …
        let zap = scene.bench.m.begin(.madviseDontneed(scene.v, pages: scene.at...scene.at))
        var steps = 0
        while case .stepped = scene.bench.m.step(zap) { steps += 1 }
        #expect(scene.bench.m.isDone(zap) == loses, "only the gap lets it through")
        if !loses { #expect(scene.bench.m.waiting(zap)?.reason == .privateLock) }
        // … and R clears what V said.
        scene.bench.finish(reclaim)
        scene.bench.finish(zap)
        #expect(scene.bench.page(scene.file) == (loses ? "-" : "DT"))
        #expect(scene.isLost == loses)
    }

    // MARK: B4

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20, .v6_18], [true, false])
    func storeThroughAStaleEntry(profile: Profile, flushes: Bool) {
        var scene = Scene(profile) { $0.mkcleanFlushes = flushes }
        let flusher = scene.bench.m.begin(.writeback(scene.file, indices: 0...0, start: false))
        scene.writeUpToTheWait(flusher)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.at...scene.at, store: true, value: Scene.valueX))
        scene.bench.finish(store)
        #expect(scene.bench.report(store).faults == (flushes ? 1 : 0))
        scene.bench.finish(flusher)
        scene.dropPage()
        scene.bench.run(.writeback(scene.file, indices: 0...0, start: false))
        scene.bench.run(.reclaim(scene.file, indices: 0...0))
        #expect(scene.isLost == !flushes)
        #expect(scene.disk == (flushes ? Scene.valueX : Scene.valueA))
    }

    // MARK: B6

    @Test(arguments: [(Profile.v2_6_20, false, true), (.v2_6_20, true, false), (.v2_6_19, false, false)])
    func faultBetweenMkcleanAndTestClear(profile: Profile, waits: Bool, breaks: Bool) {
        var scene = Scene(profile, storing: false) { $0.faultWaitsPageLock = waits }
        scene.bench.load(scene.u, scene.at)
        scene.bench.run(.pwrite(scene.v, scene.file, indices: 0...0, value: Scene.valueA))
        let fsync = scene.bench.m.begin(.fsync(scene.v, scene.file))
        scene.bench.step(fsync, until: .clear_page_dirty_for_io, 0)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.at...scene.at, store: true, value: Scene.valueX))
        // The fault runs as far as it gets, but for the store itself.
        scene.bench.step(store, until: .do_wp_page, 6)
        while scene.bench.m.state.stack(of: store).count > 1 {
            if case .blocked = scene.bench.m.step(store) { break }
        }
        #expect((scene.bench.m.waiting(store)?.reason == .pageLock) == waits)
        // F clears PG_dirty and writes A.
        scene.writeUpToTheWait(fsync)
        scene.bench.finish(store)
        scene.bench.finish(fsync)
        #expect(scene.bench.m.violates(.tracking) == breaks)
        #expect(scene.bench.page(scene.file) == (breaks ? "-" : "DT"))
        // What U has been promised is not on disk.
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.disk == (breaks ? Scene.valueA : Scene.valueX))
        #expect(scene.bench.m.violates(.durability) == breaks)
    }

    @Test("B6 on 6.18: the fault has the page lock")
    func faultWaitsForTheFlusherOn6_18() {
        var scene = Scene(.v6_18, storing: false)
        scene.bench.load(scene.u, scene.at)
        scene.bench.run(.pwrite(scene.v, scene.file, indices: 0...0, value: Scene.valueA))
        let fsync = scene.bench.m.begin(.fsync(scene.v, scene.file))
        scene.bench.step(fsync, until: .clear_page_dirty_for_io, 0)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.at...scene.at, store: true, value: Scene.valueX))
        while case .stepped = scene.bench.m.step(store) {}
        #expect(scene.bench.m.waiting(store)?.reason == .pageLock)
        #expect(scene.bench.pte(scene.u, scene.at) == "P-UA--")
        scene.bench.finish(fsync)
        scene.bench.finish(store)
        #expect(scene.bench.m.violations() == [])
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.disk == Scene.valueX)
    }

    // MARK: B7

    enum Ending: Equatable { case lost, kept, waits }

    @Test(arguments: [
        (Profile.v2_6_18, Rules.ZapFlush.afterPTL, Ending.lost), (.v2_6_18, .beforePTL, .lost),
        (.v2_6_18, .beforeRmap, .lost), (.v2_6_20, .afterPTL, .lost), (.v2_6_20, .beforePTL, .lost),
        (.v2_6_20, .beforeRmap, .waits), (.asPosted, .afterPTL, .lost),
        (.v2_6_19, .afterPTL, .lost), (.v6_18, .afterPTL, .lost),
        (.v6_18, .beforePTL, .lost), (.v6_18, .beforeRmap, .waits),
    ])
    func storeBetweenZapAndFlush(profile: Profile, order: Rules.ZapFlush, ending: Ending) {
        var scene = Scene(profile) { $0.zapFlush = order }
        // V zaps the PTE and takes the page out of the reverse map; the flush is still to come.
        let zap = scene.bench.m.begin(.madviseDontneed(scene.v, pages: scene.at...scene.at))
        let beforeFlush = order == .afterPTL ? 7 : 4
        scene.bench.step(zap, until: .zap_pte_range, beforeFlush)
        // F writes the page, if it gets at it.
        let flusher = scene.bench.m.begin(.writeback(scene.file, indices: 0...0, start: false))
        var blocked: WaitReason?
        while scene.bench.m.pendingBios.isEmpty, blocked == nil {
            if case .blocked(let waiting) = scene.bench.m.step(flusher) { blocked = waiting.reason }
        }
        #expect((blocked == .ptl) == (ending == .waits))
        if let bio = scene.bench.m.pendingBios.first { scene.bench.m.stepDevice(bio) }
        // U still stores through its TLB.
        #expect(scene.bench.store(scene.u, scene.at, Scene.valueX).faults == 0)
        scene.bench.finish(zap)
        scene.bench.finish(flusher)
        #expect(scene.isLost == (ending == .lost))
        #expect(scene.disk == (ending == .lost ? Scene.valueA : Scene.valueX))
        let promised: Set<Invariant> = [.noLostWrite, .durability]
        #expect(scene.bench.m.violations().allSatisfy { promised.contains($0.invariant) })
    }

    // MARK: B5

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20])
    func setterAgainstTruncation(profile: Profile) {
        var scene = Scene(profile, storing: false)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.at...scene.at, store: true, value: Scene.valueX))
        // U has set PG_dirty, T takes the page away, and U finds no mapping to account to.
        scene.bench.step(store, until: .set_page_dirty_buffers, 2)
        scene.bench.run(.ftruncate(scene.v, scene.file, pages: 0))
        #expect(scene.bench.m.violates(.countersNotNegative))
        #expect(scene.bench.m.violates(.dirtyCounter))
        #expect(scene.bench.nrDirty == -1)
    }

    // MARK: S11, B12

    @Test(arguments: [(Rules.MkcleanFilter.shared, false), (.all, false), (.sharedWritableNow, true)])
    func writebackWhileReadOnly(filter: Rules.MkcleanFilter, breaks: Bool) {
        var scene = Scene(.v2_6_20) { $0.mkcleanFilter = filter }
        let page = scene.at...scene.at
        scene.bench.mprotect(scene.u, page, .read)
        scene.bench.run(.fsync(scene.u, scene.file))
        scene.bench.mprotect(scene.u, page, [.read, .write])
        #expect(scene.bench.m.violates(.tracking) == breaks)
        #expect(scene.bench.store(scene.u, scene.at, Scene.valueX).faults == (breaks ? 0 : 1))
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.disk == (breaks ? Scene.valueA : Scene.valueX))
    }

    // MARK: B18

    @Test(arguments: [
        (Profile.asPosted, true), (.v2_6_19, true), (.v2_6_20, true), (.v6_18, false),
    ])
    func fsyncOvertakesAFault(profile: Profile, breaks: Bool) {
        var scene = Scene(profile, storing: false)
        // U has made the PTE writable, and the page is not dirty yet.
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.at...scene.at, store: true, value: Scene.valueA))
        if breaks {
            scene.bench.step(store, until: .do_no_page, 6)
            _ = scene.bench.m.step(store)
        } else {
            scene.bench.step(store, until: .finish_fault, 2)
            _ = scene.bench.m.step(store)
        }
        #expect(scene.bench.pte(scene.u, scene.at) == "PWUAD-")
        // V stores through it and syncs.
        #expect(scene.bench.store(scene.v, scene.at, Scene.valueX).faults == 0)
        let fsync = scene.bench.m.begin(.fsync(scene.v, scene.file))
        var isBlocked = false
        while !scene.bench.m.isDone(fsync) {
            guard case .blocked(let waiting) = scene.bench.m.step(fsync) else { continue }
            guard waiting.reason == .writeback, let bio = scene.bench.m.pendingBios.first else {
                isBlocked = true
                break
            }
            scene.bench.m.stepDevice(bio)
        }
        #expect(isBlocked == !breaks, "6.18 finds the tag that page_mkwrite has set, and waits")
        #expect(scene.bench.m.violates(.durability) == breaks)
        scene.bench.finish(store)
        scene.bench.finish(fsync)
        #expect(scene.bench.m.violates(.durability) == breaks)
    }

    @Test("2.6.18: two processes msync one page")
    func msyncOvertakesAnMsync() {
        var scene = Scene(.v2_6_18)
        let other = scene.bench.m.addProcess("W", cpu: 1)
        let there = scene.bench.mmap(other, scene.file, 0...0)
        scene.bench.store(other, there, Scene.valueX)
        // U has set PG_dirty, and not yet the tag.
        let first = scene.bench.m.begin(.msync(scene.u, pages: scene.at...scene.at, .sync))
        scene.bench.step(first, until: .set_page_dirty_buffers, 2)
        #expect(scene.bench.run(.msync(other, pages: there...there, .sync)).outcome == .ok)
        #expect(scene.disk == 0)
        #expect(scene.bench.m.violates(.durability))
        scene.bench.finish(first)
        #expect(scene.disk == Scene.valueX)
    }

    @Test("S23: W for a clean page")
    func upgradeOfACleanPage() {
        var scene = Scene(.v6_18, storing: false) { $0.mprotectUpgrade = .any }
        scene.bench.load(scene.u, scene.at)
        scene.bench.mprotect(scene.u, scene.at...scene.at, .read)
        scene.bench.mprotect(scene.u, scene.at...scene.at, [.read, .write])
        #expect(scene.bench.m.violates(.tracking))
    }

    // MARK: B17

    /// On x86 a store has set D in the PTE before it reaches memory. Where a TLB keeps D to itself,
    /// an unmap throws it away.
    @Test(arguments: [true, false], Profile.allCases)
    func dirtyInTheTLBAlone(writesThrough: Bool, profile: Profile) {
        var bench = Bench(profile) { $0.tlbWritesDirtyThrough = writesThrough }
        let file = bench.m.addFile("t", pages: 1, .tmpfs, cached: true)
        let u = bench.m.addProcess("U")
        let at = bench.mmap(u, file, 0...0)
        bench.load(u, at)
        bench.store(u, at, Scene.valueX)
        #expect(bench.pte(u, at) == (writesThrough ? "PWUAD-" : "PWUA--"))
        bench.run(.munmap(u, pages: at...at))
        bench.run(.reclaim(file, indices: 0...0))
        #expect(bench.m.violates(.noLostWrite) == !writesThrough)
    }

    @Test("B17: an entry that is dropped in time tells the PTE")
    func evictionWritesDirtyBack() {
        var bench = Bench(.v6_18) { $0.tlbWritesDirtyThrough = false }
        let file = bench.m.addFile("t", pages: 1, .tmpfs, cached: true)
        let u = bench.m.addProcess("U")
        let at = bench.mmap(u, file, 0...0)
        bench.load(u, at)
        bench.store(u, at, Scene.valueX)
        bench.m.flushTLBPage(bench.m.space(of: u), at)
        #expect(bench.pte(u, at) == "PWUAD-")
    }
}
