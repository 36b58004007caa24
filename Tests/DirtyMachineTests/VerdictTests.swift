import Testing

@testable import DirtyMachine

/// The table of verdicts: which kernel keeps which invariant in which of the known bugs. One test
/// is one cell, played on the kernel as it was; the mechanisms are in KnownBugsTests and in
/// SwitchBehaviourTests.
private struct Cell: CustomTestStringConvertible {
    let bug: Bug
    let invariant: Invariant
    let profile: Profile
    let holds: Bool

    var testDescription: String {
        "\(bug.rawValue), \(profile.rawValue): \(invariant.id) \(holds ? "holds" : "is broken")"
    }

    /// Cells of one row: the kernels that break it, then those that do not. What a kernel cannot do
    /// has no cell.
    static func row(
        _ bug: Bug, _ invariant: Invariant, broken: [Profile], held: [Profile]
    ) -> [Cell] {
        broken.map { Cell(bug: bug, invariant: invariant, profile: $0, holds: false) }
            + held.map { Cell(bug: bug, invariant: invariant, profile: $0, holds: true) }
    }
}

private enum Bug: String {
    case b1 = "B1 journal, store, fsync"
    case b2 = "B2 journal, store, strip of a mapped page"
    case b3 = "B3 zap in the gap of private_lock"
    case b4 = "B4 page_mkclean without a flush"
    case b4Flushed = "B4 page_mkclean with its flush"
    case b5Down = "B5 truncation after D3"
    case b5Up = "B5 truncation before D3"
    case b6 = "B6 fault between mkclean and test-clear"
    case b7 = "B7 store between zap and flush"
    case b9 = "B9 nonlinear mapping"
    case b15 = "B15 truncation with data=journal"
    case b18 = "B18 fsync overtakes a fault"
    case s06ReadOnly = "S06 read-only mapping with page_mkwrite"
    case s06Private = "S06 private mapping with page_mkwrite"
    case s11Wrong = "S11 only VMAs that are writable now"
    case s12 = "S12 mprotect while page_mkclean walks"
    case s12Wrong = "S12 flags read before ptl"
}

private let table: [Cell] =
    Cell.row(
        .b1, .noLostWrite, broken: [.asPosted, .v2_6_19], held: [.v2_6_18, .v2_6_20, .v6_18])
    + Cell.row(.b2, .noLostWrite, broken: [.asPosted, .v2_6_19], held: [.v2_6_18, .v2_6_20])
    + Cell.row(.b3, .noLostWrite, broken: [.asPosted, .v2_6_19], held: [.v2_6_18, .v2_6_20])
    + Cell.row(
        .b4, .noLostWrite, broken: [.asPosted, .v2_6_19, .v2_6_20, .v6_18], held: [])
    + Cell.row(
        .b4Flushed, .noLostWrite, broken: [], held: [.asPosted, .v2_6_19, .v2_6_20, .v6_18])
    + Cell.row(.b5Down, .dirtyCounter, broken: [.asPosted, .v2_6_19, .v2_6_20], held: [.v6_18])
    + Cell.row(.b5Up, .dirtyCounter, broken: [.asPosted, .v2_6_19, .v2_6_20], held: [.v6_18])
    + Cell.row(.b6, .tracking, broken: [.v2_6_20], held: [.asPosted, .v2_6_19, .v6_18])
    + Cell.row(.b6, .durability, broken: [.v2_6_20], held: [.v6_18])
    + Cell.row(
        .b7, .noLostWrite, broken: [.v2_6_18, .asPosted, .v2_6_19, .v2_6_20], held: [.v6_18])
    + Cell.row(
        .b9, .durability, broken: [.asPosted, .v2_6_19, .v2_6_20], held: [.v2_6_18, .v6_18])
    + Cell.row(
        .b15, .dirtyCounter, broken: [.v2_6_20], held: [.v2_6_18, .asPosted, .v2_6_19, .v6_18])
    + Cell.row(.b18, .durability, broken: [.asPosted, .v2_6_19, .v2_6_20], held: [.v6_18])
    + Cell.row(
        .s06ReadOnly, .permission, broken: [.asPosted],
        held: [.v2_6_18, .v2_6_19, .v2_6_20, .v6_18])
    + Cell.row(
        .s06Private, .cowPrivacy, broken: [.asPosted],
        held: [.v2_6_18, .v2_6_19, .v2_6_20, .v6_18])
    + Cell.row(.s11Wrong, .tracking, broken: [.v2_6_19, .v2_6_20, .v6_18], held: [])
    + Cell.row(.s12, .tracking, broken: [.asPosted], held: [.v2_6_19, .v2_6_20, .v6_18])
    + Cell.row(.s12Wrong, .tracking, broken: [.v2_6_19, .v2_6_20, .v6_18], held: [])

@Suite struct VerdictTests {
    @Test("Verdict", arguments: table)
    fileprivate func verdict(cell: Cell) {
        var play = Play(cell.profile, cell.bug)
        play.run(cell.bug)
        #expect(play.seen.contains(cell.invariant) == !cell.holds, "seen: \(play.seen.map(\.id).sorted())")
    }

    @Test("fsync covers stores to mappings", arguments: Profile.allCases)
    func fsyncCoversMappings(profile: Profile) {
        var scene = SwitchScene(profile)
        _ = scene.store()
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect((scene.disk == SwitchScene.valueX) == (profile != .v2_6_18))
    }

    @Test("2.6.19 loses the store of B6's race without a journal: I2, and then I1")
    func faultBeforeWritepage() {
        var scene = SwitchScene(.v2_6_19)
        scene.bench.load(scene.u, scene.at)
        scene.bench.run(.pwrite(scene.v, scene.file, indices: 0...0, value: SwitchScene.valueA))
        // F has cleared PG_dirty and the PTEs; U's fault dirties buffers, page and tag again.
        let fsync = scene.bench.m.begin(.fsync(scene.v, scene.file))
        scene.bench.step(fsync, until: .writepage, 0)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        repeat { _ = scene.bench.m.step(store) } while scene.bench.m.state.stack(of: store).count > 1
        #expect(scene.bench.page(scene.file) == "DT")
        // F takes the buffers, the device reads memory, and only then U stores.
        scene.writeUpToTheWait(fsync)
        scene.bench.finish(store)
        scene.bench.finish(fsync)
        #expect(scene.disk == SwitchScene.valueA)
        #expect(scene.bench.page(scene.file) == "DT")
        // The next fsync finds PG_dirty, ignores the PTE's D, and has no buffer to write.
        scene.bench.run(.fsync(scene.u, scene.file))
        #expect(scene.disk == SwitchScene.valueA)
        #expect(scene.breaks(.durability))
        scene.dropPage()
        #expect(scene.breaks(.noLostWrite))
    }

    @Test("B7 with the order of 3.15 loses only a page that nobody else maps", arguments: [true, false])
    func halfAnAnswer(isShared: Bool) {
        var scene = SwitchScene(.v2_6_20, ["zap-flush": "before-ptl"])
        _ = scene.store(SwitchScene.valueA)
        if isShared {
            let other = scene.bench.m.addProcess("W")
            scene.bench.load(other, scene.bench.mmap(other, scene.file, 0...0))
        }
        let zap = scene.bench.m.begin(.madviseDontneed(scene.v, pages: scene.page))
        scene.bench.step(zap, until: .zap_pte_range, 4)
        let flusher = scene.bench.m.begin(.writeback(scene.file, indices: 0...0, start: false))
        scene.writeUpToTheWait(flusher)
        #expect((scene.bench.m.waiting(flusher)?.reason == .ptl) == isShared)
        _ = scene.store()
        scene.bench.finish(zap)
        scene.bench.finish(flusher)
        scene.bench.drainDevice()
        #expect((scene.disk == SwitchScene.valueX) == isShared)
    }
}

/// A bug played on a kernel, and the invariants that were broken at its end.
private struct Play {
    let profile: Profile
    var scene: SwitchScene
    var seen: Set<Invariant> = []

    init(_ profile: Profile, _ bug: Bug) {
        self.profile = profile
        let settings: [String: String] =
            switch bug {
            case .b4: ["mkclean-flush": "wrong"]
            case .s11Wrong: ["mkclean-filter": "wrong"]
            case .s12Wrong: ["mkclean-protect-arg": "wrong"]
            default: [:]
            }
        scene = SwitchScene(profile, settings, maps: bug != .s06Private && bug != .b9) {
            let journalling = profile.journalingFileSystem
            return switch bug {
            case .s06ReadOnly, .s06Private:
                $0.m.addFile("db", pages: 1, journalling, cached: true, mkwrite: true)
            case .b9: $0.m.addFile("db", pages: 4, journalling, cached: true)
            case .b15: $0.m.addFile("db", pages: 1, journalling, cached: true, data: .journal)
            default: $0.m.addFile("db", pages: 1, journalling, cached: true)
            }
        }
    }

    mutating func run(_ bug: Bug) {
        switch bug {
        case .b1: journalThenStore { $0.bench.run(.fsync($0.u, $0.file)) }
        case .b2: journalThenStore { $0.bench.run(.strip($0.file, indices: 0...0)) }
        case .b3: journalThenStore { $0.zapWithinStrip() }
        case .b4, .b4Flushed: staleEntry()
        case .b5Down: truncation(at: .set_page_dirty_buffers, 2)
        case .b5Up: truncation(at: .set_page_dirty, 0)
        case .b6: faultInTheGap()
        case .b7: zapBeforeFlush()
        case .b9: nonlinear()
        case .b15:
            scene.bench.run(.pwrite(scene.u, scene.file, indices: 0...0, value: 1))
            scene.bench.run(.ftruncate(scene.u, scene.file, pages: 0))
        case .b18: fsyncOvertakes()
        case .s06ReadOnly:
            _ = scene.store(SwitchScene.valueA)
            scene.bench.mprotect(scene.u, scene.page, .read)
        case .s06Private:
            let at = scene.bench.mmap(scene.u, scene.file, 0...0, shared: false)
            scene.bench.store(scene.u, at, SwitchScene.valueA)
            _ = scene.bench.fork(scene.u)
            scene.bench.mprotect(scene.u, at...at, .read)
            scene.bench.mprotect(scene.u, at...at, [.read, .write])
        case .s11Wrong:
            _ = scene.store(SwitchScene.valueA)
            scene.bench.mprotect(scene.u, scene.page, .read)
            scene.bench.run(.fsync(scene.u, scene.file))
            scene.bench.mprotect(scene.u, scene.page, [.read, .write])
        case .s12, .s12Wrong: protectWithinMkclean()
        }
        seen.formUnion(scene.bench.m.violations().map(\.invariant))
    }

    // MARK: Lost stores

    private mutating func journalThenStore(_ then: (inout SwitchScene) -> Void) {
        _ = scene.store(SwitchScene.valueA)
        // Only msync tells 2.6.18's journal of a store.
        if profile == .v2_6_18 { scene.bench.run(.msync(scene.u, pages: scene.page, .async)) }
        scene.bench.run(.journal(scene.file))
        _ = scene.store()
        then(&scene)
        scene.dropPage()
    }

    private mutating func staleEntry() {
        _ = scene.store(SwitchScene.valueA)
        let flusher = scene.bench.m.begin(.writeback(scene.file, indices: 0...0, start: false))
        scene.writeUpToTheWait(flusher)
        _ = scene.store()
        scene.bench.finish(flusher)
        scene.dropPage()
        scene.bench.run(.writeback(scene.file, indices: 0...0, start: false))
        scene.bench.run(.reclaim(scene.file, indices: 0...0))
    }

    /// V zaps, F writes if it gets at the page, U stores through its TLB.
    private mutating func zapBeforeFlush() {
        _ = scene.store(SwitchScene.valueA)
        let zap = scene.bench.m.begin(.madviseDontneed(scene.v, pages: scene.page))
        scene.bench.step(zap, until: .zap_pte_range, profile == .v6_18 ? 4 : 7)
        let flusher = scene.bench.m.begin(.writeback(scene.file, indices: 0...0, start: false))
        scene.writeUpToTheWait(flusher)
        _ = scene.store()
        scene.bench.finish(zap)
        scene.bench.finish(flusher)
    }

    // MARK: Counters

    /// T truncates while U stands in the middle of a store; as far as U's locks let it.
    private mutating func truncation(at function: KernelFunction, _ position: Int) {
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        scene.bench.step(store, until: function, position)
        let truncate = scene.bench.m.begin(.ftruncate(scene.v, scene.file, pages: 0))
        if function == .set_page_dirty, profile != .v6_18 {
            // T has tested PG_dirty, and the page is still in the cache.
            let last = profile == .v2_6_20 ? 0 : 1
            scene.bench.step(truncate, until: .truncate_complete_page, last)
            while scene.bench.m.state.stack(of: store).count > 1,
                case .stepped = scene.bench.m.step(store)
            {}
        } else {
            _ = scene.runUntilBlocked(truncate)
        }
        scene.bench.finish(store)
        scene.bench.finish(truncate)
    }

    // MARK: Tracking and durability

    private mutating func faultInTheGap() {
        scene.bench.load(scene.u, scene.at)
        scene.bench.run(.pwrite(scene.v, scene.file, indices: 0...0, value: SwitchScene.valueA))
        let fsync = scene.bench.m.begin(.fsync(scene.v, scene.file))
        scene.bench.step(fsync, until: .clear_page_dirty_for_io, 0)
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueX))
        while scene.bench.m.state.stack(of: store).count > 1 || scene.bench.pte(scene.u, scene.at) == "P-UA--" {
            guard case .stepped = scene.bench.m.step(store) else { break }
        }
        scene.writeUpToTheWait(fsync)
        scene.bench.finish(store)
        scene.bench.finish(fsync)
        seen.formUnion(scene.bench.m.violations().map(\.invariant))
        scene.bench.run(.fsync(scene.u, scene.file))
    }

    private mutating func nonlinear() {
        let at = scene.bench.mmap(scene.u, scene.file, 0...3)
        scene.bench.run(.remap(scene.u, pages: at...at, index: 2))
        for value in [SwitchScene.valueA, SwitchScene.valueX] {
            scene.bench.store(scene.u, at, value)
            scene.bench.run(.msync(scene.u, pages: at...at, .sync))
        }
    }

    private mutating func fsyncOvertakes() {
        let store = scene.bench.m.begin(
            .access(scene.u, pages: scene.page, store: true, value: SwitchScene.valueA))
        if profile == .v6_18 {
            scene.bench.step(store, until: .finish_fault, 2)
        } else {
            scene.bench.step(store, until: .do_no_page, 6)
        }
        _ = scene.bench.m.step(store)
        scene.bench.store(scene.v, scene.at, SwitchScene.valueX)
        let fsync = scene.bench.m.begin(.fsync(scene.v, scene.file))
        _ = scene.runUntilBlocked(fsync)
        scene.bench.finish(store)
        scene.bench.finish(fsync)
    }

    private mutating func protectWithinMkclean() {
        _ = scene.store(SwitchScene.valueA)
        scene.bench.mprotect(scene.u, scene.page, .read)
        let flusher = scene.bench.m.begin(.fsync(scene.v, scene.file))
        scene.bench.step(flusher, until: .page_mkclean_one, 0)
        let unprotect = scene.bench.m.begin(.mprotect(scene.u, pages: scene.page, [.read, .write]))
        _ = scene.runUntilBlocked(unprotect)
        scene.bench.finish(flusher)
        scene.bench.finish(unprotect)
    }
}

extension SwitchScene {
    /// R has detached the buffers; V zaps if private_lock lets it; R goes on.
    fileprivate mutating func zapWithinStrip() {
        let reclaim = bench.m.begin(.strip(file, indices: 0...0))
        bench.step(reclaim, until: .try_to_free_buffers, 0)
        _ = bench.m.step(reclaim)
        let zap = bench.m.begin(.madviseDontneed(v, pages: page))
        _ = runUntilBlocked(zap)
        bench.finish(reclaim)
        bench.finish(zap)
    }

    /// F submits the page, the device reads memory, and F goes on until it must wait.
    fileprivate mutating func writeUpToTheWait(_ flusher: Ref<Task>) {
        while bench.m.pendingBios.isEmpty {
            guard case .stepped = bench.m.step(flusher) else { return }
        }
        bench.m.stepDevice(bench.m.pendingBios[0])
        while case .stepped = bench.m.step(flusher) {}
    }
}
