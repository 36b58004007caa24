import Testing

@testable import DirtyMachine

/// The switches of page_mkclean(), of faults and of the rest: what each wrong value breaks.
@Suite struct SwitchBehaviourTests {
    static let tracking: [Profile] = [.asPosted, .v2_6_19, .v2_6_20, .v6_18]
    static let tracking26: [Profile] = [.asPosted, .v2_6_19, .v2_6_20]

    // MARK: S03

    @Test(arguments: [Profile.v2_6_18, .asPosted, .v2_6_19, .v2_6_20], ["right", "wrong"])
    func pokeOfAReadOnlyMapping(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["wp-test": value])
        scene.bench.load(scene.u, scene.at)
        scene.bench.mprotect(scene.u, scene.page, .read)
        scene.forcedWriteFault(scene.u)
        let mapped = scene.bench.m.pte(scene.bench.m[scene.u, .mm], scene.at)
        #expect(mapped.description == "P-UAD-")
        // Wrong: what the debugger writes now goes to the file.
        #expect((mapped.folio == scene.bench.folio(scene.file)) == (value == "wrong"))
        #expect(scene.bench.m.isAnon(mapped.folio) == (value == "right"))
    }

    @Test(arguments: tracking26, ["right", "wrong"])
    func anonymousPageInASharedMapping(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["wp-anon-first": value])
        scene.bench.load(scene.u, scene.at)
        scene.bench.mprotect(scene.u, scene.page, .read)
        scene.forcedWriteFault(scene.u)
        let child = scene.bench.fork(scene.u)
        scene.bench.mprotect(child, scene.page, [.read, .write])
        scene.bench.store(child, scene.at, SwitchScene.valueX)
        let parent = scene.bench.m.pte(scene.bench.m[scene.u, .mm], scene.at).folio
        let mine = scene.bench.m.pte(scene.bench.m[child, .mm], scene.at).folio
        // Wrong: the child stores to the page that it shares with its parent.
        #expect((parent == mine) == (value == "wrong"))
        #expect(scene.bench.load(scene.u, scene.at).value == (value == "right" ? 0 : SwitchScene.valueX))
        #expect(scene.bench.m.isDirty(mine) == (value == "wrong"))
    }

    /// Without page_mkwrite its mprotect gives W back, and the order does not matter.
    @Test("S03b on 2.6.18", arguments: ["right", "wrong"])
    func anonymousPageForPageMkwrite(value: String) {
        var scene = SwitchScene(.v2_6_18, ["wp-anon-first": value]) {
            $0.m.addFile("db", pages: 1, .ext3, cached: true, mkwrite: true)
        }
        scene.bench.load(scene.u, scene.at)
        scene.bench.mprotect(scene.u, scene.page, .read)
        scene.forcedWriteFault(scene.u)
        let child = scene.bench.fork(scene.u)
        scene.bench.mprotect(child, scene.page, [.read, .write])
        let store = scene.bench.store(child, scene.at, SwitchScene.valueX)
        #expect(store.outcome == (value == "right" ? .ok : .SIGBUS))
    }

    // MARK: S12

    @Test(arguments: tracking, ["right", "wrong"])
    func flagsReadBeforePTL(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkclean-protect-arg": value])
        _ = scene.store(SwitchScene.valueA)
        scene.bench.mprotect(scene.u, scene.page, .read)
        // F has looked at the flags of the VMA; V makes it writable, and the dirty PTE with it.
        let flusher = scene.bench.m.begin(.fsync(scene.v, scene.file))
        scene.bench.step(flusher, until: .page_mkclean_one, 0)
        let unprotect = scene.bench.m.begin(.mprotect(scene.u, pages: scene.page, [.read, .write]))
        _ = scene.runUntilBlocked(unprotect)
        #expect(scene.bench.pte(scene.u, scene.at) == "PWUAD-")
        scene.bench.finish(flusher)
        scene.bench.finish(unprotect)
        #expect(scene.bench.pte(scene.u, scene.at) == (value == "right" ? "P-UA--" : "PWUA--"))
        #expect(scene.breaks(.tracking) == (value == "wrong"))
        #expect(scene.store().faults == (value == "right" ? 1 : 0))
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.breaks(.durability) == (value == "wrong"))
    }

    // MARK: S13, S14

    /// Nobody cleans a mapped page of tmpfs; this shows what would become of one.
    @Test(arguments: tracking26, ["right", "wrong"])
    func mkcleanOfUnaccountedMappings(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkclean-gate": value]) {
            $0.m.addFile("shm", pages: 1, .tmpfs, cached: true)
        }
        _ = scene.store(SwitchScene.valueA)
        let page = scene.bench.folio(scene.file)
        scene.bench.m.setCause(task: 0, function: .scenario)
        let task = scene.bench.m.beginTask(.writeback, process: .none, label: 0, line: 0)
        scene.bench.m[task, .wbcFile] = scene.file
        scene.bench.m[task, .wbcPage] = page
        scene.bench.m.push(.clear_page_dirty_for_io, on: task)
        scene.bench.m.settle(task)
        scene.bench.finish(task)
        _ = scene.bench.report(task)
        #expect(!scene.bench.m[page, .dirty])
        #expect(scene.bench.pte(scene.u, scene.at) == (value == "right" ? "PWUAD-" : "PWUA--"))
    }

    /// What keeps the switch harmless: reclaim has unmapped and locked the page, and whoever wants
    /// it from tmpfs waits.
    @Test(arguments: tracking26, ["right", "wrong"])
    func nobodyGetsAPageOfTmpfsFromReclaim(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkclean-gate": value]) {
            $0.m.addFile("shm", pages: 1, .tmpfs, cached: true)
        }
        _ = scene.store(SwitchScene.valueA)
        let reclaim = scene.bench.m.begin(.reclaim(scene.file, indices: 0...0))
        scene.bench.step(reclaim, until: .pageout, 0)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        #expect(scene.runUntilBlocked(store) == .pageLock)
        let read = scene.bench.m.begin(.pread(scene.v, scene.file, indices: 0...0))
        #expect(scene.runUntilBlocked(read) == .pageLock)
        scene.bench.finish(reclaim)
        scene.bench.finish(store)
        scene.bench.finish(read)
        #expect(scene.bench.pte(scene.u, scene.at) == "PWUAD-")
        #expect(scene.bench.page(scene.file) == "DT")
        #expect(scene.memory == SwitchScene.valueX)
        #expect(scene.bench.m.violations() == [])
    }

    /// A fault that had the page before reclaim locked it keeps it from being written.
    @Test(arguments: tracking26)
    func reclaimGivesUpAPageThatAFaultHas(profile: Profile) {
        var scene = SwitchScene(profile, ["mkclean-gate": "wrong"]) {
            $0.m.addFile("shm", pages: 1, .tmpfs, cached: true)
        }
        scene.bench.run(.pwrite(scene.v, scene.file, indices: 0...0, value: SwitchScene.valueA))
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        scene.bench.step(store, until: .do_no_page, 2)
        let reclaim = scene.bench.m.begin(.reclaim(scene.file, indices: 0...0))
        scene.bench.finish(reclaim)
        scene.bench.finish(store)
        #expect(scene.bench.pte(scene.u, scene.at) == "PWUAD-")
        #expect(scene.bench.page(scene.file) == "DT")
    }

    @Test(arguments: tracking, ["right", "wrong"])
    func mkcleanOfAnAnonymousPage(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkclean-anon": value], maps: false) {
            $0.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true)
        }
        let at = scene.bench.mmap(scene.u, .none, 0...0, shared: false)
        scene.bench.store(scene.u, at, SwitchScene.valueA)
        scene.bench.m.setCause(task: 0, function: .scenario)
        let task = scene.bench.m.beginTask(.writeback, process: .none, label: 0, line: 0)
        scene.bench.m[task, .rmapPage] = scene.bench.m.pte(scene.bench.m[scene.u, .mm], at).folio
        scene.bench.m.push(.page_mkclean, on: task)
        #expect(scene.breaks(.mkcleanOfFilePages))
        scene.bench.finish(task)
        #expect(scene.bench.report(task).outcome == (value == "right" ? .ok : .OOPS))
    }

    // MARK: S15

    @Test(arguments: tracking, ["right", "wrong"])
    func staleDirtyBit(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkclean-keeps-d": value])
        _ = scene.store(SwitchScene.valueA)
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(!scene.breaks(.cost))
        scene.protectAndBack()
        // Wrong: mprotect takes the stale D for a reason to give W back.
        #expect(scene.breaks(.tracking) == (value == "wrong"))
        scene.bench.run(.munmap(scene.u, pages: scene.page))
        #expect(scene.bench.page(scene.file) == (value == "right" ? "-" : "DT"))
        scene.bench.run(.writeback(scene.file, indices: 0...0, start: false))
        #expect(scene.breaks(.cost) == (value == "wrong"))
    }

    // MARK: S16

    @Test("S16: 2.6.18", arguments: ["right", "wrong"])
    func dirtyBitLostByMprotect(value: String) {
        var scene = SwitchScene(.v2_6_18, ["pte-update-nonatomic": value])
        _ = scene.store(SwitchScene.valueA)
        scene.bench.run(.msync(scene.u, pages: scene.page, .sync))
        #expect(scene.bench.pte(scene.u, scene.at) == "PWUA--")
        scene.storeWithinMprotect(value)
        scene.dropPage()
        #expect(scene.breaks(.noLostWrite) == (value == "wrong"))
    }

    @Test("S16: where nothing is tracked", arguments: tracking, ["right", "wrong"])
    func dirtyBitOfTmpfsLost(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["pte-update-nonatomic": value]) {
            $0.m.addFile("shm", pages: 1, .tmpfs, cached: true)
        }
        scene.bench.load(scene.u, scene.at)
        scene.storeWithinMprotect(value)
        scene.dropPage()
        #expect(scene.breaks(.noLostWrite) == (value == "wrong"))
    }

    // MARK: S17

    @Test(arguments: [
        (Profile.asPosted, "outside"), (.asPosted, "locked"), (.asPosted, "under"),
        (.v2_6_19, "outside"), (.v2_6_19, "locked"), (.v2_6_19, "under"), (.v2_6_20, "outside"),
        (.v2_6_20, "locked"), (.v2_6_20, "under"), (.v6_18, "outside"), (.v6_18, "locked"),
        (.v6_18, "under"),
    ], [true, false])
    func setterAgainstTruncation(setting: (Profile, String), loads: Bool) {
        let (profile, value) = setting
        var scene = SwitchScene(profile, ["dirty-under-ptl": value])
        // page_mkwrite would dirty the page earlier.
        scene.bench.m.setCause(task: 0, function: .scenario)
        scene.bench.m[scene.file, .hasPageMkwrite] = false
        if loads { scene.bench.load(scene.u, scene.at) }
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        scene.bench.step(store, until: .set_page_dirty_buffers, 2)
        let truncate = scene.bench.m.begin(.ftruncate(scene.v, scene.file, pages: 0))
        let wait = scene.runUntilBlocked(truncate)
        #expect(wait == ["outside": nil, "locked": .pageLock, "under": .ptl][value]!)
        scene.bench.finish(store)
        scene.bench.finish(truncate)
        #expect(scene.breaks(.dirtyCounter) == (value == "outside"))
        #expect(scene.breaks(.countersNotNegative) == (value == "outside"))
    }

    /// The other direction: PG_dirty is set after truncation has tested it.
    @Test(arguments: [
        (Profile.asPosted, true), (.v2_6_19, true), (.v2_6_20, true), (.v6_18, false),
    ])
    func setterAfterTheTest(profile: Profile, leaks: Bool) {
        var scene = SwitchScene(profile)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        // U has made the PTE writable, and is about to dirty the page.
        scene.bench.step(store, until: .set_page_dirty, 0)
        let truncate = scene.bench.m.begin(.ftruncate(scene.v, scene.file, pages: 0))
        if leaks {
            // T has tested PG_dirty; the page is still in the cache.
            let last = profile == .v2_6_20 ? 0 : 1
            scene.bench.step(truncate, until: .truncate_complete_page, last)
            _ = scene.bench.finishFault(store)
        } else {
            #expect(scene.runUntilBlocked(truncate) == .pageLock)
        }
        scene.bench.finish(store)
        scene.bench.finish(truncate)
        #expect((scene.bench.nrDirty == 1) == leaks)
        #expect(scene.breaks(.dirtyCounter) == leaks)
    }

    // MARK: S22

    @Test(arguments: Profile.allCases, ["right", "wrong"])
    func writebackAfterPageMkwrite(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkwrite-returns-locked": value]) {
            $0.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true, mkwrite: true)
        }
        scene.bench.load(scene.u, scene.at)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        scene.bench.step(store, until: .do_wp_page, 4)
        #expect(scene.bench.page(scene.file) == "DT", "page_mkwrite has dirtied it")
        let flusher = scene.bench.m.begin(.writeback(scene.file, indices: 0...0, start: false))
        #expect(scene.runUntilBlocked(flusher) == (value == "right" ? .pageLock : nil))
        scene.bench.finish(store)
        scene.bench.finish(flusher)
        // 2.6.18 does not even dirty the page in the fault.
        #expect(scene.breaks(.mkwrite) == (value == "wrong" && profile != .v2_6_18))
        scene.bench.drainDevice()
        #expect(!scene.bench.m.isLocked(scene.bench.folio(scene.file)))
    }

    @Test("S22: an absent page", arguments: Profile.allCases, ["right", "wrong"])
    func absentPageWithPageMkwrite(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkwrite-returns-locked": value]) {
            $0.m.addFile("db", pages: 1, profile.journalingFileSystem, mkwrite: true)
        }
        #expect(scene.store().outcome == .ok)
        #expect(!scene.bench.m.isLocked(scene.bench.folio(scene.file)))
        scene.bench.run(.msync(scene.u, pages: scene.page, .sync))
        #expect(scene.disk == SwitchScene.valueX)
        #expect(scene.bench.m.leaks == [])
    }

    // MARK: S21

    @Test("B6 on 6.18, with S21 and S22 wrong", arguments: [true, false])
    func faultInTheGapOn6_18(waits: Bool) {
        var settings = ["mkwrite-returns-locked": "wrong"]
        if !waits { settings["fault-waits-page-lock"] = "wrong" }
        var scene = SwitchScene(.v6_18, settings)
        scene.bench.load(scene.u, scene.at)
        // U has run page_mkwrite; F stands between mkclean and the test of PG_dirty.
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        scene.bench.step(store, until: .do_wp_page, 4)
        let fsync = scene.bench.m.begin(.fsync(scene.v, scene.file))
        scene.bench.step(fsync, until: .clear_page_dirty_for_io, 0)
        while scene.bench.m.state.stack(of: store).count > 1 {
            if case .blocked = scene.bench.m.step(store) { break }
        }
        #expect((scene.bench.m.waiting(store)?.reason == .pageLock) == waits)
        _ = scene.bench.writeUpToTheWait(fsync)
        scene.bench.finish(store)
        scene.bench.finish(fsync)
        #expect(scene.breaks(.tracking) == !waits)
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.breaks(.durability) == !waits)
    }

    @Test func aWaitThatNothingCouldMiss() {
        var rules = Profile.v6_18.rules
        #expect(rules.set("fault-waits-page-lock", "wrong", in: .v6_18) == .accepted)
        #expect(rules.conflict?.rule == "fault-waits-page-lock")
        #expect(rules.set("mkwrite-returns-locked", "wrong", in: .v6_18) == .accepted)
        #expect(rules.conflict == nil)
    }

    // MARK: S23

    @Test(arguments: tracking, ["right", "none", "wrong"])
    func upgrade(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mprotect-upgrade": value])
        scene.bench.load(scene.u, scene.at)
        scene.protectAndBack()
        #expect(scene.breaks(.tracking) == (value == "wrong"))
        _ = scene.store()
        scene.protectAndBack()
        #expect(scene.store().faults == (value == "none" ? 1 : 0))
        #expect(scene.breaks(.cost) == (value == "none"))
    }

    // MARK: S24

    @Test(arguments: ["right", "wrong"])
    func msyncWithoutWalk(value: String) {
        var scene = SwitchScene(.v2_6_18, ["msync-walk": value])
        _ = scene.store()
        scene.bench.run(.msync(scene.u, pages: scene.page, .sync))
        #expect(scene.disk == (value == "right" ? SwitchScene.valueX : 0))
        #expect(scene.breaks(.durability) == (value == "wrong"))
    }

    @Test("S24: where every mapping is linear, the walk finds nothing", arguments: tracking26)
    func msyncWithAWalkForNothing(profile: Profile) {
        for value in ["right", "wrong"] {
            var scene = SwitchScene(profile, ["msync-walk": value])
            _ = scene.store()
            scene.bench.run(.msync(scene.u, pages: scene.page, .sync))
            #expect(scene.disk == SwitchScene.valueX)
            #expect(scene.bench.m.violations() == [])
        }
    }

    // MARK: S30

    @Test(arguments: ["on", "off"])
    func taggedButNotDirty(value: String) {
        var scene = SwitchScene(.v2_6_20, ["wb-requires-pg-dirty": value])
        _ = scene.store(SwitchScene.valueA)
        scene.bench.run(.journal(scene.file))
        _ = scene.store()
        scene.bench.run(.strip(scene.file, indices: 0...0))
        #expect(scene.bench.page(scene.file) == "T")
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.disk == (value == "off" ? SwitchScene.valueX : SwitchScene.valueA))
        #expect(scene.breaks(.durability) == (value == "on"))
    }

    // MARK: tlb-eviction

    @Test func evictionForgetsAnEntry() {
        var scene = SwitchScene(.v2_6_20, ["tlb-eviction": "on"])
        _ = scene.store(SwitchScene.valueA)
        let entries = scene.bench.m.evictableTLBEntries
        #expect(entries.count == 1)
        scene.bench.m.evictTLBEntry(cpu: entries[0].cpu, entries[0].entry)
        #expect(scene.bench.m.evictableTLBEntries.isEmpty)
        #expect(scene.store().faults == 0, "the walk finds the PTE writable")
        #expect(SwitchScene(.v2_6_20).bench.m.evictableTLBEntries.isEmpty)
    }
}

extension SwitchScene {
    /// V is in the middle of an mprotect when U stores through a TLB entry that is writable but
    /// not dirty: the hardware sets D in the PTE.
    fileprivate mutating func storeWithinMprotect(_ value: String) {
        bench.load(u, at)
        let protect = bench.m.begin(.mprotect(v, pages: page, .read))
        bench.step(protect, until: .change_pte_range, value == "right" ? 1 : 3)
        #expect(bench.store(u, at, SwitchScene.valueX).faults == 0)
        bench.finish(protect)
    }
}

extension Bench {
    /// F submits the page, the device reads memory, and F goes on until it must wait.
    fileprivate mutating func writeUpToTheWait(_ flusher: Ref<Task>) -> Bool {
        while m.pendingBios.isEmpty {
            if m.step(flusher) != .stepped { return false }
        }
        m.stepDevice(m.pendingBios[0])
        while case .stepped = m.step(flusher) {}
        return true
    }

    /// Steps a store until its fault has returned.
    fileprivate mutating func finishFault(_ store: Ref<Task>) -> Bool {
        while m.state.stack(of: store).count > 1 {
            if m.step(store) != .stepped { return false }
        }
        return true
    }
}
