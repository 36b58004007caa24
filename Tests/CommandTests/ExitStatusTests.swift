import Testing

/// What a shell sees: exit statuses, and complaints that name their place.
@Suite struct ExitStatusTests {
    private let good = """
        file db 1 ext4 cached
        process A
        A mmap m db[0] rw shared
        A write m[0]
        expect faults minor=1

        """

    @Test func `0 when every expectation held, 1 when one failed`() throws {
        #expect(try Dirtyscope.run(["run", "-"], input: good).status == 0)
        let failed = try Dirtyscope.run(
            ["run", "-"], input: good + "expect nr_dirty == 4\nexpect nr_dirty == 1\n")
        #expect(failed.status == 1)
        #expect(failed.text.contains("FAIL  expect nr_dirty == 4\n         line 6: found nr_dirty == 1\n"))
        #expect(failed.text.hasSuffix("     ok  expect nr_dirty == 1\n\n1 of 3 expectations FAILED\n"))
        #expect(failed.errors.isEmpty)
    }

    @Test func `an outcome other than ok is no failure`() throws {
        let run = try Dirtyscope.run(
            ["run", "-"], input: good + "A mprotect m r\nA write m[0]\nexpect SIGSEGV\n")
        #expect(run.status == 0)
    }

    @Test func `65 when a scenario does not parse, with file, line, column and caret`() throws {
        try Scratch.with { scratch in
            let path = scratch.file("bad.demo", "file db 1 ext5\nprocess A\nA frobnicate m\n")
            let run = try Dirtyscope.run(["run", path])
            #expect(run.status == 65)
            #expect(run.output.isEmpty)
            #expect(run.errors.contains("\(path):1:11: error: unknown file system 'ext5'"))
            #expect(run.errors.contains("\n  file db 1 ext5\n            ^~~~\n  did you mean 'ext"))
            #expect(run.errors.contains("\(path):3:3: error: unknown operation 'frobnicate'"))
        }
    }

    @Test func `65 for bytes that are not UTF-8 text`() throws {
        try Scratch.with { scratch in
            let path = scratch.file("binary.demo", [0xff, 0xfe, 0x00, 0x80])
            let run = try Dirtyscope.run(["run", path])
            #expect(run.status == 65)
            #expect(run.errors.contains("binary.demo:1:1: error: "))
        }
    }

    @Test(arguments: ["/nonexistent/db.demo", "/"])
    func `66 for what cannot be read`(path: String) throws {
        let run = try Dirtyscope.run(["run", path])
        #expect(run.status == 66)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("dirtyscope: cannot read '\(path)': "))
    }

    @Test(arguments: [
        ["run"], ["run", "--format", "xml", "-"], ["run", "--at", "-3", "-"], ["run", "--at", "x", "-"],
        ["run", "--kernel", "3.0", "-"], ["run", "--rule", "mkclean-flush", "-"],
        ["run", "--rule", "=wrong", "-"], ["run", "--rule", "mkclean-flsh=wrong", "-"],
        ["run", "--rule", "mkclean-flush=perhaps", "-"],
        ["run", "--kernel", "2.6.18", "--rule", "mkclean-flush=wrong", "-"],
        ["run", "--nonsense", "-"], ["run", "-", "-"], ["check"], ["demos", "x"],
    ])
    func `64 for wrong usage`(arguments: [String]) throws {
        let run = try Dirtyscope.run(arguments, input: good)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(!run.errors.isEmpty)
    }

    @Test(arguments: [
        ["run", "--at", "-1", "-"], ["play", "--at", "-1", "-"], ["verify", "--random", "-1"],
        ["verify", "--random", "1", "--count", "-1"], ["export", "--svg", "-", "--speed", "-1", "-"],
    ])
    func `a negative number is a value, and not a missing one`(arguments: [String]) throws {
        let run = try Dirtyscope.run(arguments, input: good)
        #expect(run.status == 64)
        #expect(!run.errors.contains("Missing"), "\(run.errors)")
        let option = try #require(arguments.last { $0.hasPrefix("--") })
        #expect(run.errors.contains(option))
    }

    @Test(arguments: [
        ["run", "--kernel", "\u{1b}[31m3.0\u{7}", "-"], ["run", "--rule", "\u{1b}]0;x\u{7}", "-"],
        ["\u{1b}[2J", "x"], ["compare", "-", "--kernels", "\u{9b}2J"],
    ])
    func `complaints about arguments are safe to show`(arguments: [String]) throws {
        let run = try Dirtyscope.run(arguments, input: good)
        #expect(run.status != 0)
        #expect(!run.errors.isEmpty)
        let isSafe = run.errors.unicodeScalars.allSatisfy {
            $0 == "\n" || $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value)
        }
        #expect(isSafe, "\(run.errors.debugDescription)")
    }

    @Test func `help is no complaint`() throws {
        let run = try Dirtyscope.run(["--help"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(run.text.contains("SUBCOMMANDS:"))
    }

    @Test func `check goes on after a bad file, and tells of each`() throws {
        try Scratch.with { scratch in
            let fine = scratch.file("fine.demo", good)
            let bad = scratch.file("bad.demo", "A write m[0]\n")
            let run = try Dirtyscope.run(["check", bad, fine, "-"], input: good)
            #expect(run.status == 65)
            #expect(run.lines == [
                "\(fine): ok, 5 statements, kernel 6.18", "-: ok, 5 statements, kernel 6.18",
            ])
            #expect(run.errors.hasPrefix("\(bad):1:1: error: "))
            let missing = try Dirtyscope.run(["check", fine, scratch.path("none.demo"), bad])
            #expect(missing.status == 66)
        }
    }

    @Test func `1 when a task cannot go on; the lock and its holder are named`() throws {
        let run = try Dirtyscope.run(["run", "-"], input: """
            file db 1 ext4 cached
            process A
            process B
            A mmap m db[0] rw shared
            A write m[0]
            W: writeback db[0]
            step W until folio_mkclean
            V: B ftruncate db 0
            finish V

            """)
        #expect(run.status == 1)
        #expect(run.errors == """
            stdin:9:8: error: V waits for the folio lock of db[0], held by W (line 6); \
            expected 'step W' or 'finish W' before it
              finish V
                     ^

            """)
    }
}
