import Testing

@testable import DirtyMachine

/// I2: what an fsync owes, and to whom.
@Suite struct DurabilityTests {
    /// A file that A writes by write(2), and that B syncs; B has it mapped, too.
    private struct Scene {
        var bench: Bench
        let file: Ref<File>
        let a: Ref<Process>
        let b: Ref<Process>
        let at: Int

        init(_ profile: Profile) {
            bench = Bench(profile)
            file = bench.m.addFile("db", pages: 2, profile.journalingFileSystem, cached: true)
            a = bench.m.addProcess("A", cpu: 0)
            b = bench.m.addProcess("B", cpu: 1)
            at = bench.mmap(b, file, 0...1)
        }

        var breaks: Bool { bench.m.violates(.durability) }

        /// A's write(2) has copied the value in, and the page is not dirty yet.
        mutating func beginWrite(_ value: UInt32, to pages: ClosedRange<Int> = 0...0) -> Ref<Task> {
            let write = bench.m.begin(.pwrite(a, file, indices: pages, value: value))
            bench.step(write, until: .set_page_dirty, 0)
            #expect(bench.m.contents(bench.folio(file, pages.lowerBound)) == value)
            return write
        }

        mutating func fsync() { bench.run(.fsync(b, file)) }

        /// So that an fsync overlooks the page.
        mutating func hide(_ index: Int) {
            bench.m.setCause(task: 0, function: .scenario)
            bench.m.setTag(file, index, .dirty, false)
        }
    }

    @Test("A write(2) that has not returned is not owed", arguments: Profile.allCases)
    func writeUnderWay(profile: Profile) {
        var scene = Scene(profile)
        let write = scene.beginWrite(7)
        // 6.18's gets through; 2.6's wants i_mutex, too.
        let fsync = scene.bench.m.begin(.fsync(scene.b, scene.file))
        while case .stepped = scene.bench.m.step(fsync) {}
        #expect(!scene.breaks)
        scene.bench.finish(write)
        _ = scene.bench.report(write)
        scene.bench.finish(fsync)
        #expect(!scene.breaks)
        scene.fsync()
        #expect(scene.bench.m.state.diskValue(scene.file, 0) == 7)
    }

    @Test("One that has returned is", arguments: Profile.allCases)
    func writeThatReturned(profile: Profile) {
        var scene = Scene(profile)
        scene.bench.run(.pwrite(scene.a, scene.file, indices: 0...0, value: 7))
        scene.hide(0)
        scene.fsync()
        #expect(scene.breaks)
    }

    @Test("A range is one call: its first page is not owed before the last is written")
    func rangeUnderWay() {
        var scene = Scene(.v6_18)
        let write = scene.bench.m.begin(
            .pwrite(scene.a, scene.file, indices: 0...1, value: 7))
        scene.bench.step(write, until: .set_page_dirty, 0)
        _ = scene.bench.m.step(write)
        scene.bench.step(write, until: .set_page_dirty, 0)
        scene.hide(0)
        scene.fsync()
        #expect(!scene.breaks)
        scene.bench.finish(write)
        scene.hide(0)
        scene.fsync()
        #expect(scene.breaks)
    }

    @Test("What was there before the call is owed meanwhile", arguments: [false, true])
    func writeOverAStore(wasSynced: Bool) {
        var scene = Scene(.v6_18)
        scene.bench.store(scene.b, scene.at, 3)
        if wasSynced { scene.fsync() }
        let write = scene.beginWrite(7)
        scene.hide(0)
        scene.fsync()
        #expect(scene.breaks == !wasSynced)
        scene.bench.finish(write)
    }

    @Test("A store counts when the CPU does it, a write(2) under way or not")
    func storeOverAWrite() {
        var scene = Scene(.v6_18)
        scene.bench.store(scene.b, scene.at, 3)
        scene.fsync()
        scene.bench.store(scene.b, scene.at, 4)
        let write = scene.beginWrite(7)
        scene.bench.store(scene.b, scene.at, 8)
        scene.hide(0)
        scene.fsync()
        #expect(scene.breaks)
        scene.bench.finish(write)
    }

    @Test("Power loss forgets calls under way, too")
    func crashWithinAWrite() {
        var scene = Scene(.v6_18)
        _ = scene.beginWrite(7)
        scene.bench.run(.crash)
        #expect(!scene.bench.m[scene.file, .unreturned].exists)
    }
}
