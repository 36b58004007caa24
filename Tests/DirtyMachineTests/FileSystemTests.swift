import Testing

@testable import DirtyMachine

/// What file systems other than ext3 and ext4 do differently.
@Suite struct FileSystemTests {
    private func bench(
        _ profile: Profile, _ fileSystem: FileSystem, pages: Int = 1, cached: Bool = true,
        data: DataMode = .ordered, _ change: (inout Rules) -> Void = { _ in }
    ) -> (Bench, Ref<File>, Ref<Process>) {
        var bench = Bench(profile, change)
        let file = bench.m.addFile("f", pages: pages, fileSystem, cached: cached, data: data)
        let process = bench.m.addProcess("A")
        return (bench, file, process)
    }

    // MARK: xfs, NFS

    /// xfs_setattr_size(): before a new size is logged, what was written beyond the one on disk is.
    @Test(arguments: Profile.allCases, [FileSystem.xfs, .ext4])
    func growingAFileWritesWhatIsBeyondItsSizeOnDisk(profile: Profile, fileSystem: FileSystem) {
        var (bench, file, a) = bench(profile, fileSystem)
        let size = bench.m.size(of: file)
        bench.run(.pwrite(a, file, indices: 0...0, value: 4))
        bench.run(.ftruncate(a, file, pages: size + 1))
        #expect(bench.page(file) == "DT", "the size on disk was the size")
        bench.run(.pwrite(a, file, indices: size + 1...size + 1, value: 5))
        bench.run(.ftruncate(a, file, pages: size + 4))
        let writes = profile == .v6_18 && fileSystem == .xfs
        #expect(bench.page(file, size + 1) == (writes ? "-" : "DT"))
        #expect(bench.m.state.diskValue(file, size + 1) == (writes ? 5 : 0))
        #expect(bench.page(file) == "DT", "that one was within it")
        bench.run(.pwrite(a, file, indices: size + 2...size + 2, value: 6))
        bench.run(.ftruncate(a, file, pages: size + 5))
        #expect(bench.page(file, size + 2) == "DT")
        #expect(bench.m.violations() == [])
    }

    @Test("A store and an fsync go as on ext3", arguments: Profile.allCases, [FileSystem.xfs, .nfs])
    func cycle(profile: Profile, fileSystem: FileSystem) {
        var (bench, file, a) = bench(profile, fileSystem)
        let at = bench.mmap(a, file, 0...0)
        #expect(bench.load(a, at).faults == 1)
        let tracks = profile != .v2_6_18
        #expect(bench.store(a, at, 7).faults == (tracks ? 1 : 0))
        #expect(bench.page(file) == (tracks ? "DT" : "-"))
        #expect(bench.nrDirty == (tracks ? 1 : 0))
        bench.run(.msync(a, pages: at...at, .sync))
        #expect(bench.page(file) == "-")
        #expect(bench.m.state.diskValue(file, 0) == 7)
        #expect(bench.nrDirty == 0)
        #expect(bench.pte(a, at) == (tracks ? "P-UA--" : "PWUA--"))
        #expect(bench.m.violations() == [])
    }

    @Test func whereThereAreBuffers() {
        for profile in Profile.allCases {
            for (fileSystem, has) in [
                (FileSystem.ext3, true), (.xfs, profile != .v6_18), (.nfs, false), (.ramfs, false),
            ] {
                let (bench, file, _) = self.bench(profile, fileSystem)
                let folio = bench.folio(file)
                #expect(bench.m[folio, .buffers] == (has ? 1 : 0), "\(fileSystem), \(profile)")
            }
        }
    }

    /// B1 needs buffers that somebody else can clean.
    @Test func noBuffersNoDecemberBug() {
        var (bench, file, a) = bench(.v2_6_19, .nfs)
        let at = bench.mmap(a, file, 0...0)
        bench.store(a, at, 1)
        bench.run(.journal(file))
        bench.store(a, at, 2)
        bench.run(.fsync(a, file))
        #expect(bench.m.state.diskValue(file, 0) == 2)
    }

    @Test("NFS's page_mkwrite waits for the writeback of the page", arguments: [Profile.v6_18])
    func nfsWaits(profile: Profile) {
        var (bench, file, a) = bench(profile, .nfs)
        let at = bench.mmap(a, file, 0...0)
        bench.store(a, at, 1)
        bench.run(.writeback(file, indices: 0...0, start: true))
        #expect(bench.page(file) == "W")
        let store = bench.m.begin(.access(a, pages: at...at, store: true, value: 2))
        bench.step(store, until: .nfs_vm_page_mkwrite, 3)
        guard case .blocked(let waiting) = bench.m.step(store) else {
            Issue.record("it does not wait")
            return
        }
        #expect(waiting.reason == .writeback)
        bench.run(.complete(file, indices: 0...0))
        bench.finish(store)
        #expect(bench.m.state.diskValue(file, 0) == 1)
        #expect(bench.page(file) == "DT")
    }

    // MARK: ramfs

    /// Measured on 6.18.44: generic_file_vm_ops has page_mkwrite, so reads map write-protected.
    @Test func ramfsOf618() {
        var (bench, file, a) = bench(.v6_18, .ramfs, pages: 4)
        let at = bench.mmap(a, file, 0...3)
        #expect(bench.load(a, at).faults == 1)
        #expect(bench.pte(a, at) == "P-UA--")
        #expect(bench.load(a, at + 1).faults == 0, "fault-around")
        #expect(bench.store(a, at).faults == 1)
        #expect(bench.page(file) == "D", "PG_dirty, and no tag")
        bench.run(.msync(a, pages: at...at + 3, .sync))
        #expect(bench.store(a, at).faults == 0)
        #expect(bench.store(a, at + 1).faults == 1)
        bench.mprotect(a, at...at + 3, .read)
        bench.mprotect(a, at...at + 3, [.read, .write])
        #expect(bench.store(a, at).faults == 0)
        bench.run(.madviseDontneed(a, pages: at...at + 3))
        #expect(bench.load(a, at).faults == 1)
        #expect(bench.store(a, at).faults == 1)
        #expect(bench.nrDirty == 0)
        bench.run(.reclaim(file, indices: 0...3))
        #expect(bench.pte(a, at) == "PWUAD-", "unevictable")
    }

    /// Measured on 6.18.44: a hole is read, and counts as major.
    @Test func holesOfRamfs() {
        var (bench, file, a) = bench(.v6_18, .ramfs, pages: 4, cached: false)
        let at = bench.mmap(a, file, 0...3)
        #expect(bench.load(a, at).major == 1)
        #expect(bench.page(file) == "-")
        #expect(bench.store(a, at).minor == 1)
        #expect(bench.store(a, at + 2).major == 1)
        #expect(bench.page(file, 2) == "D")
        #expect(bench.run(.pread(a, file, indices: 3...3)).value == 0)
        #expect(bench.page(file, 3) == "-", "read(2) leaves the page in the cache")
    }

    @Test("Nobody tracks ramfs in 2.6", arguments: [Profile.v2_6_18, .v2_6_19, .v2_6_20])
    func ramfsOf26(profile: Profile) {
        var (bench, file, a) = bench(profile, .ramfs)
        let at = bench.mmap(a, file, 0...0)
        #expect(bench.load(a, at).faults == 1)
        #expect(bench.store(a, at).faults == 0)
        #expect(bench.page(file) == "-")
        bench.run(.munmap(a, pages: at...at))
        #expect(bench.page(file) == "DT")
        #expect(bench.nrDirty == 0)
    }

    // MARK: data=journal

    @Test("The commit writes the data", arguments: [Profile.v2_6_19, .v2_6_20])
    func journalledWrite(profile: Profile) {
        var (bench, file, a) = bench(profile, .ext3, data: .journal)
        let at = bench.mmap(a, file, 0...0)
        bench.store(a, at, 5)
        #expect(bench.m[bench.folio(file), .checked])
        bench.run(.writeback(file, indices: 0...0, start: false))
        #expect(bench.m.state.diskValue(file, 0) == 0, "it is in the transaction")
        #expect(bench.m[bench.folio(file), .isInTransaction])
        #expect(bench.nrDirty == 0)
        bench.run(.evict(file, indices: 0...0))
        bench.run(.strip(file, indices: 0...0))
        #expect(bench.m[bench.folio(file), .buffers] == 1, "the journal keeps the buffers")
        bench.run(.journal(file))
        #expect(bench.m.state.diskValue(file, 0) == 5, "in the log")
        #expect(bench.page(file) == "DT", "still to be written in its place")
        #expect(bench.nrDirty == 1)
        bench.run(.writeback(file, indices: 0...0, start: false))
        #expect(bench.page(file) == "-")
        #expect(bench.nrDirty == 0)
        #expect(bench.m.violations() == [])
    }

    @Test("fsync commits", arguments: Profile.allCases)
    func journalledFsync(profile: Profile) {
        var (bench, file, a) = bench(profile, profile.journalingFileSystem, data: .journal)
        let at = bench.mmap(a, file, 0...0)
        bench.store(a, at, 5)
        bench.run(.msync(a, pages: at...at, .sync))
        #expect(bench.m.state.diskValue(file, 0) == 5)
        bench.run(.pwrite(a, file, indices: 0...0, value: 6))
        bench.run(.fsync(a, file))
        bench.run(.crash)
        #expect(bench.m.state.diskValue(file, 0) == 6)
    }

    @Test("B15: cancelling before invalidation leaks nr_dirty", arguments: Profile.allCases, [true, false])
    func cancelOrder(profile: Profile, isRight: Bool) {
        var (bench, file, a) = bench(profile, profile.journalingFileSystem, data: .journal) {
            $0.cancelsAfterInvalidate = isRight
        }
        bench.run(.pwrite(a, file, indices: 0...0, value: 1))
        bench.run(.ftruncate(a, file, pages: 0))
        // Since 2.6.24 the removal of a dirty page from the cache puts the counter right.
        let leaks = !isRight && profile != .v6_18
        #expect(bench.nrDirty == (leaks ? 1 : 0))
        #expect(bench.m.violates(.dirtyCounter) == leaks)
    }

    @Test func profilesCancelInTheOrderOfTheirTime() {
        for profile in Profile.allCases {
            var (bench, file, a) = bench(profile, profile.journalingFileSystem, data: .journal)
            bench.run(.pwrite(a, file, indices: 0...0, value: 1))
            bench.run(.ftruncate(a, file, pages: 0))
            #expect(bench.nrDirty == (profile == .v2_6_20 ? 1 : 0), "\(profile)")
        }
    }
}
