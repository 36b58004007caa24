import Testing

@testable import DirtyMachine

/// What one process does to page 0 of a file that it maps shared and writable.
private enum Act {
    case load, store, pwrite, childStore
    case msyncSync, msyncAsync, fsync, flusher
    case readOnly, readWrite, munmap, dontneed, fork, truncate, reclaim
}

/// What must be seen after it.
private struct Expected: Equatable {
    /// Faults of each act.
    var faults: [Int]
    var pte: String
    /// `D` PG_dirty, `T` tag.DIRTY, `-` clean, empty when not cached.
    var page: String
    var nrDirty: Int
    var disk: UInt32

    init(_ faults: [Int], _ pte: String, _ page: String, _ nrDirty: Int, disk: UInt32) {
        (self.faults, self.pte, self.page) = (faults, pte, page)
        (self.nrDirty, self.disk) = (nrDirty, disk)
    }
}

/// A row of the table of observable consequences. Stores write 1, 2, … in their order. A profile
/// without a column of its own is as 2.6.19.
private struct Row: CustomTestStringConvertible {
    let id: String
    let acts: [Act]
    var tmpfs = false
    let columns: [Profile: Expected]

    var testDescription: String { id }

    /// As a rule only 2.6.18, which does not track, stands out.
    init(_ id: String, _ acts: [Act], untracked: Expected, tracked: Expected) {
        (self.id, self.acts) = (id, acts)
        columns = [
            .v2_6_18: untracked, .v2_6_19: tracked, .v2_6_20: tracked, .v6_18: tracked,
        ]
    }

    init(_ id: String, _ acts: [Act], tmpfs: Bool = false, _ columns: [Profile: Expected]) {
        (self.id, self.acts, self.tmpfs, self.columns) = (id, acts, tmpfs, columns)
    }
}

private let table: [Row] = [
    Row("O1", [.load],
        untracked: Expected([1], "PWUA--", "-", 0, disk: 0),
        tracked: Expected([1], "P-UA--", "-", 0, disk: 0)),
    Row("O2", [.load, .store],
        untracked: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
        tracked: Expected([1, 1], "PWUAD-", "DT", 1, disk: 0)),
    Row("O3", [.store],
        untracked: Expected([1], "PWUAD-", "-", 0, disk: 0),
        tracked: Expected([1], "PWUAD-", "DT", 1, disk: 0)),
    Row("O4", [.store, .store],
        untracked: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
        tracked: Expected([1, 0], "PWUAD-", "DT", 1, disk: 0)),
    Row("O5", [.store, .msyncAsync],
        untracked: Expected([1, 0], "PWUA--", "DT", 1, disk: 0),
        tracked: Expected([1, 0], "PWUAD-", "DT", 1, disk: 0)),
    Row("O6", [.store, .msyncSync],
        untracked: Expected([1, 0], "PWUA--", "-", 0, disk: 1),
        tracked: Expected([1, 0], "P-UA--", "-", 0, disk: 1)),
    Row("O6b", [.store, .fsync],
        untracked: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
        tracked: Expected([1, 0], "P-UA--", "-", 0, disk: 1)),
    Row("O7", [.store, .msyncSync, .store],
        untracked: Expected([1, 0, 0], "PWUAD-", "-", 0, disk: 1),
        tracked: Expected([1, 0, 1], "PWUAD-", "DT", 1, disk: 1)),
    Row("O8", [.store, .flusher],
        untracked: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
        tracked: Expected([1, 0], "P-UA--", "-", 0, disk: 1)),
    Row("O9", [.store, .munmap],
        untracked: Expected([1, 0], "------", "DT", 1, disk: 0),
        tracked: Expected([1, 0], "------", "DT", 1, disk: 0)),
    Row("O10 before the store", [.load, .pwrite],
        untracked: Expected([1, 0], "PWUA--", "DT", 1, disk: 0),
        tracked: Expected([1, 0], "P-UA--", "DT", 1, disk: 0)),
    Row("O10", [.load, .pwrite, .store],
        untracked: Expected([1, 0, 0], "PWUAD-", "DT", 1, disk: 0),
        tracked: Expected([1, 0, 1], "PWUAD-", "DT", 1, disk: 0)),
    Row("O11", [.store, .readOnly, .readWrite, .store],
        untracked: Expected([1, 0, 0, 0], "PWUAD-", "-", 0, disk: 0),
        tracked: Expected([1, 0, 0, 0], "PWUAD-", "DT", 1, disk: 0)),
    Row("O12", [.store, .readOnly, .msyncSync, .readWrite, .store],
        untracked: Expected([1, 0, 0, 0, 0], "PWUAD-", "-", 0, disk: 1),
        tracked: Expected([1, 0, 0, 0, 1], "PWUAD-", "DT", 1, disk: 1)),
    Row("O13", [.store, .fork, .childStore],
        untracked: Expected([1, 0, 1], "PWUAD-", "-", 0, disk: 0),
        tracked: Expected([1, 0, 1], "PWUAD-", "DT", 1, disk: 0)),
    Row("O14", [.store, .dontneed, .load, .store],
        untracked: Expected([1, 0, 1, 0], "PWUAD-", "DT", 1, disk: 0),
        tracked: Expected([1, 0, 1, 1], "PWUAD-", "DT", 1, disk: 0)),
    Row("O17", [.store, .truncate],
        untracked: Expected([1, 0], "------", "", 0, disk: 0),
        tracked: Expected([1, 0], "------", "", 0, disk: 0)),
    Row("O18", [.store, .reclaim], [
        .v2_6_18: Expected([1, 0], "------", "-", 0, disk: 1),
        .v2_6_19: Expected([1, 0], "------", "-", 0, disk: 1),
        .v2_6_20: Expected([1, 0], "------", "-", 0, disk: 1),
        .v6_18: Expected([1, 0], "------", "DT", 1, disk: 0),
    ]),
    Row("O20", [.load, .store], tmpfs: true, [
        .v2_6_18: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
        .v2_6_19: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
        .v2_6_20: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
        .v6_18: Expected([1, 0], "PWUAD-", "-", 0, disk: 0),
    ]),
    Row("O21", [.store, .msyncSync, .store], tmpfs: true, [
        .v2_6_18: Expected([1, 0, 0], "PWUAD-", "DT", 0, disk: 0),
        .v2_6_19: Expected([1, 0, 0], "PWUAD-", "DT", 0, disk: 0),
        .v2_6_20: Expected([1, 0, 0], "PWUAD-", "DT", 0, disk: 0),
        .v6_18: Expected([1, 0, 0], "PWUAD-", "D", 0, disk: 0),
    ]),
]

/// The model's table of observable consequences, row by row and profile by profile.
@Suite struct ObservableConsequencesTests {
    @Test(arguments: table, Profile.allCases)
    fileprivate func row(_ row: Row, profile: Profile) {
        var bench = Bench(profile)
        let fileSystem = row.tmpfs ? FileSystem.tmpfs : profile.journalingFileSystem
        let file = bench.m.addFile("db", pages: 1, fileSystem, cached: true)
        var process = bench.m.addProcess("A")
        let at = bench.mmap(process, file, 0...0)
        var faults: [Int] = []
        for act in row.acts {
            if act == .fork {
                // From here on the child is watched.
                process = bench.fork(process)
                faults.append(0)
            } else {
                faults.append(bench.run(request(act, process, file, at)).faults)
            }
        }
        let seen = Expected(
            faults, bench.pte(process, at), bench.page(file), bench.nrDirty,
            disk: bench.m.state.diskValue(file, 0))
        #expect(seen == row.columns[profile] ?? row.columns[.v2_6_19], "\(row.id) on \(profile.rawValue)")
    }

    private func request(
        _ act: Act, _ process: Ref<Process>, _ file: Ref<File>, _ at: Int
    ) -> Request {
        switch act {
        case .load: .access(process, pages: at...at, store: false, value: nil)
        case .store, .childStore: .access(process, pages: at...at, store: true, value: nil)
        case .pwrite: .pwrite(process, file, indices: 0...0, value: nil)
        case .msyncSync: .msync(process, pages: at...at, .sync)
        case .msyncAsync: .msync(process, pages: at...at, .async)
        case .fsync: .fsync(process, file)
        case .flusher: .writeback(file, indices: 0...0, start: false)
        case .readOnly: .mprotect(process, pages: at...at, .read)
        case .readWrite: .mprotect(process, pages: at...at, [.read, .write])
        case .munmap: .munmap(process, pages: at...at)
        case .dontneed: .madviseDontneed(process, pages: at...at)
        case .fork: .fork(process, child: "C", cpu: nil)
        case .truncate: .ftruncate(process, file, pages: 0)
        case .reclaim: .reclaim(file, indices: 0...0)
        }
    }

    @Test("O19: read(2) in another process sees the store at once", arguments: Profile.allCases)
    func readSeesStore(profile: Profile) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true)
        let (a, b) = (bench.m.addProcess("A"), bench.m.addProcess("B"))
        bench.store(a, bench.mmap(a, file, 0...0), 7)
        let read = bench.run(.pread(b, file, indices: 0...0))
        #expect(read.value == 7)
        #expect(read.faults == 0)
    }

    @Test("O23: a private store leaves the file page alone", arguments: Profile.allCases)
    func privateStore(profile: Profile) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true)
        let process = bench.m.addProcess("A")
        let at = bench.mmap(process, file, 0...0, shared: false)
        #expect(bench.store(process, at, 7).faults == 1)
        #expect(bench.pte(process, at) == "PWUAD-")
        #expect(bench.page(file) == "-")
        #expect(bench.nrDirty == 0)
        #expect(bench.m.state.counter(.nr_anon) == 1)
        #expect(bench.m.state.counter(.nr_mapped) == 0)
        #expect(bench.m.contents(bench.folio(file)) == 0)
    }

    @Test("Flags of one page on its way to the disk", arguments: Profile.allCases)
    func flagsDuringWriteback(profile: Profile) {
        var bench = Bench(profile)
        let file = bench.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true)
        let process = bench.m.addProcess("A")
        bench.run(.pwrite(process, file, indices: 0...0, value: 7))
        let flusher = bench.m.begin(.writeback(file, indices: 0...0, start: false))
        bench.step(flusher, until: .writepage, 0)
        #expect(bench.page(file) == "T", "after clear_page_dirty_for_io")
        #expect(bench.nrDirty == 0)
        bench.step(flusher, until: .writepage, 3)
        #expect(bench.page(file) == "W", "after set_page_writeback")
        #expect(bench.m.hasTag(.writeback, file, 0))
        #expect(bench.m.state.counter(.nr_writeback) == 1)
        bench.finish(flusher)
        #expect(bench.page(file) == "-", "after the completion interrupt")
        #expect(!bench.m.hasTag(.writeback, file, 0))
        #expect(bench.m.state.counter(.nr_writeback) == 0)
        #expect(bench.m.state.diskValue(file, 0) == 7)
    }
}
