import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyImport

@Suite("The story that an import tells")
struct NarratorTests {
    private static func captions(_ trace: Trace) throws -> [String] {
        try trace.scenario().split(separator: "\n").filter { $0.hasPrefix("say ") }
            .map { String($0.dropFirst(5).dropLast()) }
    }

    /// Runs a scenario to its end, without a failed check. Only calls that succeeded are imported, so
    /// all must be ok, unless the trace is a damaged one.
    static func run(_ text: String, _ note: Comment, okOnly: Bool = true) throws {
        var session = try Session(ScenarioParser.parse(Array(text.utf8), name: "t.demo").get())
        var conclusions: [Conclusion] = []
        while !session.isAtEnd {
            try #require(session.advance(.script, &conclusions) == .moved, note)
        }
        try #require(session.progress.checks > 0, note)
        try #require(session.progress.failures == 0, "\(note)\n\(text)")
        try #require(
            !okOnly || conclusions.allSatisfy { $0.result.map { $0.outcome == .ok } ?? true },
            "\(note)\n\(text)")
    }

    @Test("A first store, a sync and the store after it are chapters, looked at and checked")
    func chapters() throws {
        var trace = Trace.mapped()
        trace.store(1)
        trace.store(1)
        trace.call("sys_msync ( \(Trace.at(0)), 16384, 0x4 )")
        trace.store(1)
        trace.call("sys_munmap ( \(Trace.at(0)), 16384 )")
        let text = try trace.scenario()
        let chapters = text.split(separator: "\n").filter { $0.hasPrefix("chapter ") }
        #expect(
            chapters == [
                "chapter \"start\"", "chapter \"mapping\"", "chapter \"first store\"",
                "chapter \"sync\"", "chapter \"store again\"", "chapter \"unmap\"",
                "chapter \"end\"",
            ])
        for line in [
            "focus A m1[1]", "expect A m1[0] absent", "expect A m1[1] present write dirty",
            "expect disk data_bin[1] 1", "expect A m1[1] present !write !dirty",
            "expect faults minor=1 major=0", "expect data_bin[1] cached dirty",
            "expect nr_dirty == 0", "expect nr_dirty == 1", "expect lost 0", "expect invariants",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
        try Self.run(text, "chapters")
    }

    @Test("The checks fail under a kernel that does not track stores")
    func checksCanFail() throws {
        var trace = Trace.mapped()
        trace.store(1)
        trace.call("sys_fsync ( 3 )")
        let text = try trace.scenario().replacing("\nkernel 6.18\n", with: "\nkernel 2.6.18\n")
        var session = try Session(ScenarioParser.parse(Array(text.utf8), name: "t.demo").get())
        var conclusions: [Conclusion] = []
        while !session.isAtEnd { try #require(session.advance(.script, &conclusions) == .moved) }
        #expect(session.progress.failures > 0)
    }

    @Test("What truncation cuts off is not said to be left for a sync")
    func truncation() throws {
        var trace = Trace.mapped()
        trace.store(2)
        trace.call("sys_ftruncate ( 3, 4096 )")
        trace.text += "SYSCALL[7,1](231) exit_group( 0 ) --> [pre-success] Success(0x0) \n"
        let captions = try Self.captions(trace)
        #expect(
            captions.suffix(3) == [
                "A cuts data_bin to 1 page: 1 dirty page beyond go unwritten, as they should.",
                "A exits.",
                "Every page is clean: what was stored is on disk, or was truncated away."
                    + " No store has been lost by the kernel.",
            ])
    }

    @Test("At the end, a file whose name is gone does not count")
    func nameless() throws {
        var trace = Trace.mapped()
        trace.store(2)
        trace.call("sys_unlink ( 0x40(data.bin) )")
        trace.text += "SYSCALL[7,1](231) exit_group( 0 ) --> [pre-success] Success(0x0) \n"
        let text = try trace.scenario()
        #expect(text.contains("\nsay \"A exits.\"\n"))
        #expect(text.contains("Every page of files that still have a name is clean: "))
        #expect(text.contains("\nexpect nr_dirty == 1\n"))
        try Self.run(text, "nameless")
    }

    @Test("An fsync of what write(2) wrote says so")
    func writtenPages() throws {
        var trace = Trace.mapped()
        trace.call("sys_pwrite64 ( 3, 0x50, 8192, 0 )", 8192)
        trace.call("sys_fsync ( 3 )")
        trace.call("sys_fsync ( 3 )")
        trace.load(0)
        #expect(
            try Self.captions(trace).dropFirst(3).prefix(2) == [
                "A calls fsync of data_bin: it writes 2 dirty pages, written with write(2).",
                "A calls fsync of data_bin: nothing is dirty there, nothing to write.",
            ])
    }

    @Test("A sync of a part says what stays dirty")
    func partialSync() throws {
        var trace = Trace.mapped()
        for page in 0..<3 { trace.store(page) }
        trace.call("sys_msync ( \(Trace.at(0)), 8192, 0x4 )")
        let text = try trace.scenario()
        #expect(text.contains("msync(MS_SYNC): 2 dirty pages."))
        #expect(text.contains(" 1 page elsewhere in the file stays dirty."))
        #expect(text.contains("\nexpect nr_dirty == 1\n"))
    }

    @Test("MS_ASYNC writes nothing, and an fsync after munmap still writes the page")
    func asyncAndLate() throws {
        var trace = Trace.mapped()
        trace.store(0)
        trace.call("sys_msync ( \(Trace.at(0)), 16384, 0x1 )")
        trace.call("sys_munmap ( \(Trace.at(0)), 16384 )")
        trace.call("sys_fsync ( 3 )")
        let captions = try Self.captions(trace)
        #expect(captions.contains { $0.hasPrefix("A calls msync(MS_ASYNC), which writes nothing") })
        #expect(captions.contains { $0.hasPrefix("A unmaps 1 dirty page of data_bin. ") })
        #expect(captions.contains { $0.hasPrefix("A calls fsync of data_bin: 1 dirty page. ") })
    }

    @Test("Stores to private memory are no stores to the file, and msync of it writes nothing")
    func privateMappings() throws {
        var trace = Trace.mapped()
        trace.call("sys_mmap ( 0x0, 8192, 3, 2, 3, 0 )", Trace.base + 0x10000)
        trace.store(16)
        trace.call("sys_msync ( \(Trace.at(16)), 8192, 0x4 )")
        trace.text += "SYSCALL[7,1](231) exit_group( 0 ) --> [pre-success] Success(0x0) \n"
        let captions = try Self.captions(trace)
        #expect(captions.count == 4)
        #expect(captions[2] == "A exits.")
    }

    @Test("A long trace gets few captions")
    func longTrace() throws {
        var trace = Trace.mapped()
        for _ in 0..<500 {
            trace.store(0)
            trace.call("sys_msync ( \(Trace.at(0)), 4096, 0x4 )")
        }
        #expect(try Self.captions(trace).count < 20)
    }

    @Test("Random runs: every check of what import writes holds", arguments: 0..<8)
    func property(round: Int) throws {
        var generator = SeededGenerator(state: UInt64(round) &* 0x9E37_79B9_7F4A_7C15 + 11)
        for number in 0..<40 {
            let trace = Self.random(&generator)
            var options = ImportOptions()
            options.kernel = Profile.allCases[number % Profile.allCases.count].rawValue
            options.cached = number % 3 == 0
            options.all = number % 5 == 0
            let text = try trace.scenario(options)
            try Self.run(text, "round \(round), number \(number), kernel \(options.kernel)")
        }
    }

    /// A run of two files, several mappings and processes that call one after the other.
    private static func random(_ generator: inout SeededGenerator) -> Trace {
        func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        var trace = Trace.mapped(pages: 8)
        trace.call("sys_openat ( 4294967196, 0x40(other.db), 66, 384 )", 4)
        trace.call("sys_ftruncate ( 4, 20000 )")
        trace.call("sys_openat ( 4294967196, 0x40(data.bin), 0 )", 5)
        trace.call("sys_mmap ( 0x0, 20000, 3, 1, 4, 0 )", Trace.base + 8 * 4096)
        trace.store(pick(0...7))
        var children = 0
        for _ in 0..<pick(5...60) {
            let page = pick(0...23)
            let length = pick(1...6) * 4096
            let file = pick(3...4)
            switch pick(0...22) {
            case 0...6: trace.store(page, offset: pick(0...4095))
            case 7: trace.load(page, offset: pick(0...4095))
            case 8: trace.modify(page)
            case 9: trace.call("sys_msync ( \(Trace.at(page)), \(length), 0x4 )")
            case 10: trace.call("sys_msync ( \(Trace.at(page)), \(length), 0x\(pick(1...2)) )")
            case 11: trace.call("sys_fsync ( \(file) )")
            case 12: trace.call("sys_munmap ( \(Trace.at(page)), \(length) )")
            case 13: trace.call("sys_ftruncate ( \(file), \(pick(0...12) * 2048) )")
            case 14:
                let offset = pick(0...40_000)
                trace.call("sys_pwrite64 ( \(file), 0x50, 5000, \(offset) )", 5000)
            case 15: trace.call("sys_pread64 ( \(file), 0x50, 100, 0 )", 100)
            case 16:
                let (kind, descriptor, access) = [(1, 3, 3), (1, 4, 3), (2, 3, 3), (1, 5, 1), (1, 3, 1)][
                    pick(0...4)]
                trace.call(
                    "sys_mmap ( 0x0, \(length), \(access), \(kind), \(descriptor), \(pick(0...2) * 4096) )",
                    Trace.base + page * 4096)
            case 17:
                trace.call("sys_mprotect ( \(Trace.at(page)), \(length), \([0, 1, 3][pick(0...2)]) )")
            case 18: trace.call("sys_madvise ( \(Trace.at(page)), \(length), 4 )")
            case 19:
                let (first, old) = [(page, 4096), (0, 8 * 4096)][pick(0...1)]
                trace.call(
                    "sys_mremap ( \(Trace.at(first)), \(old), \(length), 0x1 )",
                    Trace.base + pick(0...30) * 4096)
            case 20: trace.call(pick(0...1) == 0 ? "sys_sync ( )" : "sys_sync_file_range ( 3, 4096, 8192, 7 )")
            case 21 where children < 5:
                children += 1
                trace.text +=
                    "SYSCALL[\(trace.process),1](58) sys_fork ( )   fork: process \(trace.process) created child \(20 + children)\n"
                if pick(0...1) == 0 { trace.process = 20 + children }
            default:
                guard trace.process != 7 else { break }
                trace.text +=
                    "SYSCALL[\(trace.process),1](231) exit_group( 0 ) --> [pre-success] Success(0x0) \n"
                trace.process = 7
            }
        }
        return trace
    }
}

@Suite("Traces of programs that go over to others")
struct ExecuteTests {
    private static let start =
        "==7== Lackey, an example Valgrind tool\n==7== Command: sh x\nI  0401ab70,3\n"

    private static func message(_ text: String) -> String {
        do {
            return try Trace.scenario(of: Array(text.utf8)).text
        } catch {
            return error.description
        }
    }

    @Test(
        "A trace that ends in execve says which program to record",
        arguments: [
            "SYSCALL[7,1](59) sys_execve ( 0x4035c38(/usr/bin/true), 0x1298a8, 0x4035af8 )",
            "SYSCALL[7,1](59) sys_execve ( 0x4035c38(/usr/bin/true), 0x1298a8, 0x4035af8 )\n",
            "SYSCALL[7,1](58) sys_fork ( )   fork: process 7 created child 8\n"
                + "SYSCALL[8,1](59) sys_execve ( 0x40(/usr/bin/true), 0x12, 0x40 )"
                + "SYSCALL[7,1](61) ... [async] --> Success(0x8) \n",
        ])
    func wrapper(end: String) {
        #expect(
            Self.message(Self.start + end)
                == "trace: the program mapped no file shared and writable;"
                + " it went over to another program by execve (/usr/bin/true), which the trace does"
                + " not follow: name that program behind valgrind's options,"
                + " or add --trace-children=yes")
    }

    @Test("An execve that failed, or that the trace follows, is not blamed")
    func innocent() {
        let failed =
            "SYSCALL[7,1](59) sys_execve ( 0x40(/bin/x), 0x12, 0x40 ) --> [pre-fail] Failure(0x2) \n"
        let followed =
            "SYSCALL[7,1](59) sys_execve ( 0x40(/bin/x), 0x12, 0x40 )\n==7== Lackey, an example Valgrind tool\n"
        for end in [failed, followed] {
            #expect(!Self.message(Self.start + end).contains("execve"))
        }
    }

    @Test("Files that were mapped otherwise are named")
    func mappedOtherwise() {
        let text =
            Self.start
            + "SYSCALL[7,1](2) sys_open ( 0x40(a.idx), 0 ) --> [pre-success] Success(0x3) \n"
            + "SYSCALL[7,1](9) sys_mmap ( 0x0, 4096, 1, 1, 3, 0 ) --> [pre-success] Success(0x5000000) \n"
        #expect(
            Self.message(text)
                == "trace: the program mapped no file shared and writable; others it did map (a.idx):"
                + " take some with --file PATTERN, or all with --all")
    }

    @Test("An import that lacks a child's program warns")
    func warning() throws {
        var trace = Trace.mapped()
        trace.store(0)
        trace.text += "SYSCALL[7,1](59) sys_execve ( 0x40(/bin/x), 0x12, 0x40 )"
        let warnings = try Trace.scenario(of: Array(trace.text.utf8)).summary.warnings
        #expect(
            warnings.map(\.message) == [
                "a process goes over to /bin/x by execve, which the trace does not follow;"
                    + " to record it too, add --trace-children=yes"
            ])
    }
}
