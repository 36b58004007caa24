import Testing

@testable import DirtyImport

@Suite("Several processes in one trace")
struct ProcessTests {
    private func forked() -> Trace {
        var trace = Trace.mapped()
        trace.text += """
            SYSCALL[7,1](56) sys_clone ( 1200011, 0x0, 0x0, 0x4a27a10, 0x0 )   clone(fork): process 7 created child 8
             --> [pre-success] Success(0x8)\u{20}
            SYSCALL[7,1](61) sys_wait4 ( 8, 0x1fff00014c, 0, 0x0 ) --> [async] ...\u{20}
             --> [pre-success] Success(0x0)\u{20}

            """
        return trace
    }

    @Test("While the parent waits, loads and stores are the child's")
    func fork() throws {
        var trace = forked()
        trace.store(2)
        trace.text += """
            SYSCALL[8,1](231) exit_group( 0 ) --> [pre-success] Success(0x0)\u{20}
            SYSCALL[7,1](61) ... [async] --> Success(0x8)\u{20}

            """
        trace.store(0)
        #expect(
            try trace.operations(skipping: 2) == [
                "A fork B", "B write m1[2]", "B exit", "A write m1[0]",
            ])
    }

    @Test("A child's execve unmaps what it had")
    func execute() throws {
        var trace = forked()
        trace.text += "==8== Lackey, an example Valgrind tool\n"
        trace.store(2)
        #expect(try trace.operations(skipping: 2) == ["A fork B", "B munmap m1"])
    }

    @Test("A process without a part in the files is not shown")
    func strangers() throws {
        var trace = Trace()
        trace.text += "SYSCALL[7,1](58) sys_fork ( )   fork: process 7 created child 8\n"
        trace.process = 8
        trace.call("sys_openat ( 4294967196, 0x40(data.bin), 66, 384 )", 3)
        trace.call("sys_mmap ( 0x0, 16384, 3, 1, 3, 0 )", Trace.base)
        trace.store(0)
        #expect(try trace.operations() == ["A mmap m1 data_bin[0..3] rw shared", "A write m1[0]"])
    }

    @Test("Two processes at once give one warning")
    func mixture() throws {
        var trace = Trace.mapped()
        trace.text += "SYSCALL[7,1](58) sys_fork ( )   fork: process 7 created child 8\n"
        trace.store(0)
        trace.store(1)
        let warnings = try Trace.scenario(of: Array(trace.text.utf8)).summary.warnings
        #expect(warnings.map(\.line) == [7])
        #expect(
            warnings.first?.message.hasPrefix("two processes run at the same time from here on")
                == true)
    }

    @Test("Parts of a call between the records of another process are put together")
    func gluedLines() throws {
        var trace = forked()
        trace.text += """
            SYSCALL[8,1](11) I  0051a706,3
             L 0\(String(Trace.base, radix: 16)),8
            sys_munmap ( \(Trace.at(1)), 4096 )I  0051a70d,4
            [sync] --> Success(0x0) S 0\(String(Trace.base, radix: 16)),8
            \u{20}
            I  0051a714,2

            """
        #expect(
            try trace.operations(skipping: 2) == [
                "A fork B", "B read m1[0]", "B munmap m1[1]", "B write m1[0]",
            ])
    }

    @Test("A call that is cut off by another process's call gets its result later")
    func cutOff() throws {
        var trace = forked()
        trace.text += """
            SYSCALL[8,1](9) sys_mmap ( 0x0, 4096, 3, 1, 3, 0 )SYSCALL[7,1](61) ... [async] --> Success(0x8)\u{20}
             --> [pre-success] Success(0x5000000)\u{20}
            I  0401ab70,3

            """
        #expect(
            try trace.operations(skipping: 2) == ["A fork B", "B mmap m2 data_bin[0] rw shared"])
    }

    @Test("Threads are shown as their process")
    func threads() throws {
        var trace = Trace.mapped()
        trace.text += "SYSCALL[7,1](202) sys_futex ( 0x522a990, 265 ) --> [async] ... \n"
        trace.text += "SYSCALL[7,2](26) sys_msync ( \(Trace.at(0)), 4096, 0x1 ) --> [async] ... \n"
        trace.store(3)
        trace.text += "SYSCALL[7,2](26) ... [async] --> Success(0x0) \n"
        #expect(try trace.operations(skipping: 2) == ["A write m1[3]", "A msync m1[0] async"])
    }
}
