import DirtyScript
import Testing

@testable import DirtyImport

@Suite("Traces that are not as they should be")
struct RobustnessTests {
    private static let advice =
        "record with valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes PROGRAM"

    private static func message(_ text: String, _ options: ImportOptions = ImportOptions())
        -> String?
    {
        do {
            _ = try Trace.scenario(of: Array(text.utf8), options)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        "What is no trace is called so",
        arguments: [
            ("", "trace: this does not look like a valgrind lackey trace; \(advice)"),
            ("hello\n", "trace:1: this does not look like a valgrind lackey trace; \(advice)"),
            (
                "# note\n\u{1b}%x\nSYSCALL[a\nq\n",
                "trace:2: this does not look like a valgrind lackey trace; \(advice)"
            ),
            (
                "hello\n L 12,4\n",
                "trace:1: this does not look like a valgrind lackey trace; \(advice)"
            ),
            (
                String(repeating: "no\n", count: 1_001),
                "trace:1: this does not look like a valgrind lackey trace; \(advice)"
            ),
            (
                String(repeating: "\u{0}", count: 65_537),
                "trace:1: this does not look like a valgrind lackey trace; \(advice)"
            ),
            ("I  0401ab70,3\n", "trace: this trace has no system calls; \(advice)"),
            (
                "SYSCALL[7,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x0) \n",
                "trace: this trace has no loads and stores; \(advice)"
            ),
            (
                "==7== Lackey, an example Valgrind tool\nhello\n"
                    + "SYSCALL[7,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x0) \n",
                "trace: this trace has no loads and stores; \(advice)"
            ),
        ])
    func foreign(text: String, expected: String) {
        #expect(Self.message(text) == expected)
    }

    @Test("Limits are named, with the line and with advice")
    func limits() {
        var trace = Trace.mapped()
        for page in 0..<4 {
            trace.store(page)
            trace.call("sys_fsync ( 3 )")
        }
        var options = ImportOptions(traceName: "run.trace")
        options.limits.operations = 8
        #expect(
            Self.message(trace.text, options)
                == "run.trace:12: the scenario would have more than 6 operations; choose fewer files, or record a shorter run"
        )

        options.limits = ImportLimits()
        options.limits.pagesPerFile = 3
        #expect(
            Self.message(trace.text, options)
                == "run.trace:5: a file of more than 3 pages is too large to simulate;"
                + " record with smaller files, or leave this one out")

        options.limits = ImportLimits()
        options.limits.mappings = 0
        #expect(
            Self.message(trace.text, options)
                == "run.trace:5: more than 0 mappings of files at one time; choose fewer files")

        options.limits = ImportLimits()
        options.limits.files = 0
        #expect(
            Self.message(trace.text, options)
                == "run.trace:3: more than 0 files in use; record a program that uses fewer")

        options.limits = ImportLimits()
        options.limits.processes = 0
        #expect(
            Self.message(trace.text, options)
                == "run.trace:1: more than 0 processes; record a program that starts fewer")

        options.limits = ImportLimits()
        options.files = ["*.rrd", "other"]
        #expect(
            Self.message(trace.text, options)
                == "run.trace: the program used no file that matches *.rrd, other;"
                + " without --file, all that were mapped shared and writable are taken")
    }

    @Test("A line without end is refused before it fills the memory")
    func endlessLine() throws {
        var importer = TraceImporter(options: ImportOptions())
        try importer.feed(Array(Trace.mapped().text.utf8).span)
        try importer.feed(Array("I  1,1\n".utf8).span)
        let chunk = [UInt8](repeating: 0x78, count: 40_000)
        try importer.feed(chunk.span)
        #expect(
            throws: ImportError(
                file: "trace", line: 7,
                message: "this line has more than 65,536 bytes, which no trace has")
        ) {
            try importer.feed(chunk.span)
        }
    }

    @Test("A program that maps nothing for writing gives advice")
    func nothingMapped() {
        #expect(
            Self.message(
                "I  0401ab70,3\nSYSCALL[7,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x0) \n")
                == "trace: the program mapped no file shared and writable, so there is nothing to show;"
                + " does it work on its data with read and write alone, or in a child process"
                + " (then add --trace-children=yes)?")
    }

    @Test(
        "Absurd numbers are left out, and the rest is imported",
        arguments: [
            " S ffffffffffffffff,8", " S ffffffffffffffff0,8", " S 04b27000,9223372036854775808",
            " S 04b27000,0", " S 04b27000,",
            " S ,8", " S", " S 04b27000,8x", " S 04b27000 8", "\u{1B}[2J S",
            "SYSCALL[7,1](9) sys_mmap ( 0x0, 18446744073709551615, 3, 1, 3, 0 ) --> [pre-success] Success(0x5000000) ",
            "SYSCALL[7,1](9) sys_mmap ( 0x0, 4096, 3, 1, 3, 18446744073709547520 ) --> [pre-success] Success(0x5000000) ",
            "SYSCALL[7,1](9) sys_mmap ( 0x0, 4096, 3, 1, 3, 1 ) --> [pre-success] Success(0xfffffffffffff000) ",
            "SYSCALL[7,1](9) sys_mmap ( 0x0, 99999999999999999999999, 3, 1, 3, 1 ) --> [pre-success] Success(0x1) ",
            "SYSCALL[7,1](11) sys_munmap ( 0xfffffffffffff000, 18446744073709551615 )[sync] --> Success(0x0) ",
            "SYSCALL[7,1](1) sys_pwrite64 ( 3, 0x1, 1, 18446744073709551615 ) --> [pre-success] Success(0x7fffffffffffffff) ",
            "SYSCALL[7,1](1) sys_write ( 18446744073709551615, 0x1, 1 ) --> [pre-success] Success(0x1) ",
            "SYSCALL[99999999999999999999,1](1) sys_write ( 1 ) --> [pre-success] Success(0x1) ",
            "SYSCALL[7,1](25) sys_mremap ( 0x1, 1, 18446744073709551615, 0x1 ) --> [pre-success] Success(0x0) ",
            "SYSCALL[7,1](72) sys_close_range ( 0, 18446744073709551615, 4 ) --> [pre-success] Success(0x0) ",
            "SYSCALL[7,1](56) sys_clone (   clone(fork): process 7 created child 7",
            "SYSCALL[", "SYSCALL[7,1](", "SYSCALL[7,1](9) sys_mmap ( ", "--> Success(0x0)", "=====",
            "==", "--", "==x== y z",
        ])
    func absurd(line: String) throws {
        var trace = Trace.mapped()
        trace.text += line + "\n"
        trace.store(1)
        #expect(try trace.operations(skipping: 2).last == "A write m1[1]")
    }

    @Test("The last line of a cut trace is left out with a warning")
    func truncated() throws {
        var trace = Trace.mapped()
        trace.store(0)
        trace.text += " S 04b28000,1"
        let (text, summary) = try Trace.scenario(of: Array(trace.text.utf8))
        #expect(!text.contains("m1[1]"))
        #expect(
            summary.warnings.map(\.description)
                == ["line 7: the trace ends in the middle of this line, which is left out"])
    }

    @Test(
        "Paths from hostile programs become legal names and harmless comments",
        arguments: [
            ("a/b/data.mdb-lock", "data_mdb-lock", "a/b/data.mdb-lock"),
            ("/x/9 lives", "f9_lives", "/x/9 lives"),
            ("\u{1B}[31mred", "f__31mred", "\\u{1b}[31mred"),
            ("we ird), 3, (x)", "we_ird___3___x_", "we ird), 3, (x)"),
            ("line\nbreak", "line_break", "line\\u{a}break"),
            ("writeback", "writeback_file", "writeback"),
            ("m1", "m1_file", "m1"),
            ("A", "A_file", "A"),
            ("\u{202E}cod", "f___cod", "\\u{202e}cod"),
            ("müller", "m__ller", "müller"),
            ("...", "unnamed", "..."),
            (
                "expect-a-name-that-has-more-than-32-bytes", "expect-a-name-that-has-more-than",
                "expect-a-name-that-has-more-than-32-bytes"
            ),
        ])
    func names(path: String, name: String, comment: String) throws {
        var trace = Trace.mapped(path: path)
        trace.store(0)
        let text = try trace.scenario()
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("file ") })
        #expect(line.hasPrefix("file \(name) 0 ext4 "))
        #expect(line.hasSuffix("# \(comment)"))
    }

    @Test("Accesses that must have ended in a signal are left out with a warning")
    func signals() throws {
        var trace = Trace.mapped()
        trace.store(0)
        trace.call("sys_mprotect ( \(Trace.at(1)), 4096, 1 )")
        trace.store(1)
        trace.load(1)
        trace.call("sys_mprotect ( \(Trace.at(1)), 4096, 3 )")
        trace.store(1)
        trace.call("sys_ftruncate ( 3, 8192 )")
        trace.store(3)
        #expect(
            try trace.operations(skipping: 2) == [
                "A write m1[0]", "A mprotect m1[1] r", "A read m1[1]", "A mprotect m1[1] rw",
                "A write m1[1]", "A ftruncate data_bin 2",
            ])
        let warnings = try Trace.scenario(of: Array(trace.text.utf8)).summary.warnings
        #expect(
            warnings.map(\.description) == [
                "line 8: loads and stores that the mapping does not permit are left out from here on",
                "line 13: loads and stores beyond the end of a file, as far as the trace shows its"
                    + " length, are left out from here on (1)",
            ])
    }

    @Test("What was done to a file before it was mapped may be left out, but not its length")
    func lostHistory() throws {
        var trace = Trace()
        trace.call("sys_openat ( 4294967196, 0x40(data.bin), 66, 384 )", 3)
        trace.call("sys_ftruncate ( 3, 16384 )")
        for number in 0..<4 {
            trace.call("sys_openat ( 4294967196, 0x40(other\(number)), 66, 384 )", 4)
            trace.call("sys_pwrite64 ( 4, 0x50, 10, 0 )", 10)
        }
        trace.call("sys_mmap ( 0x0, 16384, 3, 1, 3, 0 )", Trace.base)
        trace.store(3)
        var options = ImportOptions()
        options.limits.operations = 4
        let text = try trace.scenario(options)
        #expect(text.contains("\nfile data_bin 4 ext4 "))
        #expect(text.contains("\nA write m1[3]\n"))
    }

    @Test("Files of one name get different names")
    func sameNames() throws {
        var trace = Trace.mapped(path: "a/db")
        trace.call("sys_openat ( 4294967196, 0x40(b/db), 66, 384 )", 4)
        trace.call("sys_mmap ( 0x0, 4096, 3, 1, 4, 0 )", Trace.base + 0x10000)
        trace.store(0)
        #expect(
            try trace.operations().suffix(2) == ["A mmap m2 db_2[0] rw shared", "A write m1[0]"])
    }

    @Test("Ten thousand damaged traces give a scenario or an error", arguments: 0..<10)
    func fuzz(round: Int) throws {
        var generator = SeededGenerator(state: UInt64(round) &* 0x9E37_79B9 + 1)
        var seed = Trace.mapped()
        for page in 0..<4 { seed.store(page, offset: 4092) }
        seed.call("sys_munmap ( \(Trace.at(1)), 4096 )")
        seed.call("sys_pwrite64 ( 3, \(Trace.at(0)), 5000, 4000 )", 5000)
        seed.text +=
            "SYSCALL[7,1](56) sys_clone ( 1 )   clone(fork): process 7 created child 8\n --> [pre-success] Success(0x8) \n"
        seed.process = 8
        seed.call("sys_mremap ( \(Trace.at(2)), 8192, 16384, 0x1 )", Trace.base + 0x10000)
        seed.call("sys_rename ( 0x1(data.bin), 0x2(b) )")
        seed.call("sys_msync ( \(Trace.at(0)), 16384, 0x4 )")
        seed.load(0)
        let bytes = Array(seed.text.utf8)
        let alphabet = Array("0123456789abcdefx(),[]-> \nSLMI=#".utf8) + [0, 0x1B, 0xFF]
        var options = ImportOptions()
        options.limits.pagesPerFile = 4_096
        for number in 0..<1_000 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 0..<mutated.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: mutated[at] = alphabet.randomElement(using: &generator)!
                case 1: mutated.insert(alphabet.randomElement(using: &generator)!, at: at)
                case 2:
                    mutated.removeSubrange(
                        at..<min(mutated.count, at + Int.random(in: 1...40, using: &generator)))
                default:
                    let from = Int.random(in: 0..<mutated.count, using: &generator)
                    mutated.insert(
                        contentsOf: mutated[from..<min(mutated.count, from + 60)], at: at)
                }
                if mutated.isEmpty { mutated = bytes }
            }
            do {
                let (text, _) = try Trace.scenario(of: mutated, options)
                // Parsing takes longer than importing, so not every scenario is parsed.
                if number < 100 {
                    try NarratorTests.run(text, "round \(round), number \(number)", okOnly: false)
                }
                try #require(text.hasSuffix("expect lost 0\nexpect invariants\n"))
                try #require(
                    text.unicodeScalars.allSatisfy {
                        $0 == "\n" || $0.properties.generalCategory != .control
                    })
            } catch let error as ImportError {
                try #require(error.file == "trace")
            }
        }
    }
}
