import Testing

@testable import DirtyImport

@Suite("What the operations of a trace become")
struct OperationTests {
    @Test("A run from open to exit, as a whole")
    func wholeScenario() throws {
        var trace = Trace.mapped()
        trace.store(0)
        trace.load(0)
        trace.store(0)
        trace.store(1)
        trace.call("sys_msync ( \(Trace.at(0)), 16384, 0x4 )")
        trace.text += "SYSCALL[7,1](231) exit_group( 0 ) --> [pre-success] Success(0x0) \n"
        #expect(
            try trace.scenario() == """
                # A run of a real, unmodified program, recorded and imported.
                # Program: prog run
                # Trace: valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes
                # 1 load and 3 stores on the mappings of these files, folded into 1 line:
                # of the accesses to a page between two other operations, the first load and the first store count.
                # Reads and writes of files are shown as whole pages.
                title "prog run"
                kernel 6.18

                file data_bin 0 ext4            # data.bin
                process A                       # prog run

                chapter "start"
                say "This is a recorded run of a real program, prog. Its stores and system calls are what happened; what the kernel does about them is simulated here, step by step."
                A ftruncate data_bin 4

                chapter "mapping"
                say "A maps 4 pages of data_bin, shared and writable: memory and file are one, the file's pages in the page cache. The page table has none of them yet."
                A mmap m1 data_bin[0..3] rw shared
                focus A m1
                expect A m1[0] absent

                chapter "first store"
                focus A m1[0]
                say "The first store through a mapping, to page 0 of data_bin. The PTE does not allow it, so it faults: the kernel marks the page dirty, then lets it through. 1 more store takes no fault."
                A write m1[0..1]                # 3 stores, 1 load
                expect A m1[0] present write dirty
                expect data_bin[0] dirty
                pause

                chapter "sync"
                say "A calls msync(MS_SYNC): 2 dirty pages. For each the kernel takes write permission from the PTEs, so that it sees the next store, and writes the page to disk."
                A msync m1 sync
                expect data_bin[1] cached !dirty !writeback
                expect disk data_bin[1] 2
                expect A m1[1] present !write !dirty
                expect nr_dirty == 0
                pause
                say "A exits."
                A exit

                chapter "end"
                say "Every page is clean: what was stored is on disk, or was truncated away. No store has been lost by the kernel."
                expect nr_dirty == 0
                expect lost 0
                expect invariants

                """)
    }

    @Test(
        "The four kinds of records: a load reads, a store and a modification write, an instruction does nothing"
    )
    func kinds() throws {
        var trace = Trace.mapped()
        trace.load(0)
        trace.store(1)
        trace.modify(2)
        trace.text += "I  04b27000,4\n"
        #expect(try trace.operations(skipping: 2) == ["A read m1[0]", "A write m1[1..2]"])
    }

    @Test("An access that straddles two pages touches both")
    func straddling() throws {
        var trace = Trace.mapped()
        trace.store(1, offset: 4092)
        trace.load(0, offset: 4095, size: 2)
        let operations = try trace.operations(skipping: 2)
        #expect(operations == ["A write m1[1..2]", "A read m1[0]"])
    }

    @Test("A load before a store is shown, a load after it is only counted")
    func folding() throws {
        var trace = Trace.mapped()
        for _ in 0..<1_284 { trace.load(2) }
        for _ in 0..<300 { trace.store(2) }
        for _ in 0..<5 { trace.load(2) }
        let text = try trace.scenario()
        #expect(
            text.contains(
                "\nA read m1[2]                    # 1,284 loads\n"))
        #expect(text.contains("\nA write m1[2]                   # 300 stores, 5 loads\n"))
    }

    @Test("What happens to a file that is not taken does not interrupt the folding")
    func foreignFiles() throws {
        var trace = Trace.mapped()
        trace.store(0)
        trace.call("sys_openat ( 4294967196, 0x40(other), 2 )", 4)
        trace.call("sys_pwrite64 ( 4, 0x50, 10, 0 )", 10)
        trace.store(0)
        trace.call("sys_fsync ( 3 )")
        trace.store(0)
        #expect(
            try trace.operations(skipping: 2) == [
                "A write m1[0]", "A fsync data_bin", "A write m1[0]",
            ])
    }

    @Test("A partial munmap leaves the indices as they were")
    func partialUnmap() throws {
        var trace = Trace.mapped()
        trace.call("sys_munmap ( \(Trace.at(1)), 8000 )")
        trace.store(3)
        trace.store(1)
        trace.call("sys_msync ( \(Trace.at(0)), 16384, 0x1 )")
        trace.call("sys_mprotect ( \(Trace.at(3)), 4096, 0 )")
        trace.call("sys_madvise ( \(Trace.at(0)), 16384, 4 )")
        trace.call("sys_munmap ( \(Trace.at(0)), 16384 )")
        #expect(
            try trace.operations(skipping: 2) == [
                "A munmap m1[1..2]", "A write m1[3]", "A msync m1[0] async", "A msync m1[3] async",
                "A mprotect m1[3] none", "A madvise m1[0] dontneed", "A madvise m1[3] dontneed",
                "A munmap m1[0]", "A munmap m1[3]",
            ])
    }

    @Test("MAP_FIXED over a mapping takes its place")
    func fixed() throws {
        var trace = Trace.mapped()
        trace.call("sys_mmap ( \(Trace.at(1)), 4096, 1, 17, 3, 12288 )", Trace.base + 4096)
        trace.load(1)
        trace.call("sys_mmap ( \(Trace.at(0)), 4096, 3, 50, 4294967295, 0 )", Trace.base)
        trace.store(0)
        #expect(
            try trace.operations(skipping: 2) == [
                "A munmap m1[1]", "A mmap m2 data_bin[3] r shared", "A read m2[0]",
                "A munmap m1[0]",
            ])
    }

    @Test("mremap of a whole mapping is one, also when it moves, and its name stays")
    func wholeRemapping() throws {
        var trace = Trace.mapped()
        trace.store(3)
        trace.call("sys_mremap ( \(Trace.at(0)), 16384, 24576, 0x1 )", Trace.base + 0x10000)
        trace.store(19)
        trace.load(2)
        trace.load(20)
        trace.call("sys_mremap ( \(Trace.at(16)), 24576, 4096, 0x1 )", Trace.base + 0x10000)
        trace.load(17)
        trace.call("sys_munmap ( \(Trace.at(16)), 4096 )")
        #expect(
            try trace.operations(skipping: 1) == [
                "A mmap m1 data_bin[0..3] rw shared", "A write m1[3]", "A mremap m1 6",
                "A write m1[3]", "A mremap m1 1", "A munmap m1",
            ])
    }

    @Test("mremap of a part is a munmap and an mmap of the same part of the file")
    func remapping() throws {
        var trace = Trace.mapped()
        trace.call("sys_mremap ( \(Trace.at(2)), 8192, 16384, 0x1 )", Trace.base + 0x10000)
        trace.store(17)
        #expect(
            try trace.operations(skipping: 2) == [
                "A munmap m1[2..3]", "A mmap m2 data_bin[2..5] rw shared", "A write m2[1]",
            ])
    }

    @Test("Reads and writes by position, by offset and at the end go to the right pages")
    func transfers() throws {
        var trace = Trace.mapped()
        trace.call("sys_pread64 ( 3, 0x50, 100, 8190 )", 100)
        trace.call("sys_lseek ( 3, 4096, 0 )", 4096)
        trace.call("sys_write ( 3, 0x50, 10 )", 10)
        trace.call("sys_dup ( 3 )", 5)
        trace.call("sys_close ( 3 )")
        trace.call("sys_lseek ( 5, 8192, 1 )", 12288)
        trace.call("sys_read ( 5, 0x50, 10 )", 10)
        trace.call("sys_openat ( 4294967196, 0x40(data.bin), 1025 )", 6)
        trace.call("sys_write ( 6, 0x50, 10 )", 10)
        trace.fails("sys_pwrite64 ( 6, 0x50, 10, 0 )")
        trace.load(0)
        #expect(
            try trace.operations(skipping: 2) == [
                "A pread data_bin[1]", "A pread data_bin[2]", "A pwrite data_bin[1]",
                "A pread data_bin[3]",
                "A pwrite data_bin[4]", "A read m1[0]",
            ])
    }

    @Test("The kernel stores into a mapping for a read, and loads from it for a write")
    func buffers() throws {
        var trace = Trace.mapped()
        trace.call("sys_read ( 0, \(Trace.at(1)), 5000 )", 5000)
        trace.call("sys_write ( 1, \(Trace.at(3)), 5000 )", 10)
        trace.load(0)
        #expect(
            try trace.operations(skipping: 2) == [
                "A write m1[1..2]", "A read m1[3]", "A read m1[0]",
            ])
    }

    @Test(
        "How long the file was at the start",
        arguments: [
            ("sys_openat ( 4294967196, 0x40(data), 2 )", "", 4),
            ("sys_openat ( 4294967196, 0x40(data), 514 )", "", 0),
            ("sys_openat ( 4294967196, 0x40(data), 194 )", "", 0),
            ("sys_openat ( 4294967196, 0x40(data), 2 )", "sys_lseek ( 3, 0, 2 ) = 40960", 10),
            ("sys_openat ( 4294967196, 0x40(data), 2 )", "sys_pread64 ( 3, 0x1, 152, 0 ) = 0", 0),
            ("sys_openat ( 4294967196, 0x40(data), 2 )", "sys_read ( 3, 0x1, 8192 ) = 5000", 2),
            (
                "sys_openat ( 4294967196, 0x40(data), 2 )",
                "sys_pwrite64 ( 3, 0x1, 16384, 0 ) = 16384", 0
            ),
        ])
    func initialSize(open: String, call: String, pages: Int) throws {
        var trace = Trace()
        trace.call(open, 3)
        let parts = call.split(separator: "=")
        if parts.count == 2 {
            trace.call(parts[0].dropLast().description, Int(parts[1].dropFirst())!)
        }
        trace.call("sys_mmap ( 0x0, 16384, 3, 1, 3, 0 )", Trace.base)
        trace.store(0)
        #expect(try trace.scenario().contains("\nfile data \(pages) ext4"))
    }

    @Test("O_DSYNC, sync_file_range, sync and MAP_POPULATE in the words of the language")
    func otherSyncs() throws {
        var trace = Trace.mapped()
        trace.call("sys_openat ( 4294967196, 0x40(data.bin), 4097 )", 4)
        trace.call("sys_pwrite64 ( 4, 0x50, 10, 0 )", 10)
        trace.call("sys_sync_file_range ( 3, 4096, 8192, 0x7 )")
        trace.call("sys_sync ( )")
        trace.call("sys_mmap ( 0x0, 4096, 1, 32769, 3, 0 )", Trace.base + 0x10000)
        trace.load(0)
        #expect(
            try trace.operations(skipping: 2) == [
                "A pwrite data_bin[0]", "A fsync data_bin", "writeback data_bin[1..2]",
                "A fsync data_bin",
                "A mmap m2 data_bin[0] r shared populate", "A read m1[0]",
            ])
    }
}
