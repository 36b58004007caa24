import Testing

@testable import DirtyScript

/// What a prompt offers; `|` is the cursor.
@Suite struct CompletionTests {
    private func offered(_ line: String, after text: String = setUp) throws -> [String] {
        let statements = try ScenarioParser.parse(text, name: "t").get().statements
        let declarations = Declarations(name: "prompt", after: statements)
        let cursor = try #require(line.unicodeScalars.firstIndex(of: "|"))
        let offset = line.unicodeScalars.distance(from: line.startIndex, to: cursor)
        let plain = String(line.filter { $0 != "|" })
        return Completion.candidates(line: plain, cursor: offset, declarations: declarations)
            .candidates
    }

    @Test(arguments: [
        ("fi|", ["finish"]),
        ("w|rong", ["writeback"]),
        (
            "|",
            Vocabulary.kernelOperations + ["race", "step", "finish", "expect", "process", "thread"]
                + Vocabulary.presentation + ["A", "B"]
        ),
        ("A mp|", ["mprotect"]),
        ("A m|", ["mmap", "munmap", "mprotect", "madvise", "mremap", "msync"]),
        ("A poke B |", []),
        ("B poke A |", ["m"]),
        ("A pin m |", ["write", "read"]),
        ("W: A wr|", ["write"]),
        (
            "W:|",
            Vocabulary.kernelOperations + ["race", "step", "finish", "expect", "process", "thread"]
                + Vocabulary.presentation + ["A", "B"]
        ),
        ("A write |", ["m"]),
        ("B write |", []),
        ("A mmap n |", ["db", "anon["]),
        ("A mmap n a|", ["anon["]),
        ("A mmap n db r|", ["rw", "rx", "rwx"]),
        ("A mmap n db rw |", ["shared", "private"]),
        ("A mmap n db rw shared |", ["populate", "rdonly"]),
        ("A madvise m |", ["dontneed"]),
        ("A msync m |", ["sync", "async", "invalidate"]),
        ("writeback |", ["db"]),
        ("writeback db[0] s|", ["start"]),
        ("expect nr_|", ["nr_dirty", "nr_writeback", "nr_mapped", "nr_anon"]),
        ("expect nr_dirty !|", ["!="]),
        ("expect A m[0] !wr|", ["!write"]),
        ("expect db[0] dirty d|", []),
        ("expect value |", ["null"]),
        ("expect SIG|", ["SIGSEGV", "SIGBUS", "SIGKILL"]),
        ("process C cp|", ["cpu="]),
        ("focus |", ["A", "B", "db"]),
        ("say \"wr|", []),
        ("A write # m|", []),
        ("A bogus m|", []),
    ]) func `after an operation`(line: String, words: [String]) throws {
        #expect(try offered(line) == words)
    }

    @Test(arguments: [
        ("ke|", ["kernel"]),
        ("kernel |", ["2.6.18", "as-posted", "2.6.19", "2.6.20", "6.18"]),
        ("file f 4 |", ["ext3", "ext4", "xfs", "nfs", "tmpfs", "ramfs"]),
        (
            "file f 4 ext4 |",
            ["cached", "buffers=", "mkwrite", "data=ordered", "data=writeback", "data=journal",
                "folio="]
        ),
        ("file f 4 ext4 cached data=w|", ["data=writeback"]),
        ("step |", []),
    ]) func `during the set-up`(line: String, words: [String]) throws {
        #expect(try offered(line, after: "") == words)
    }

    @Test func `labels are offered where one is asked for`() throws {
        let text = setUp + "W: A write m[0]"
        #expect(try offered("step |", after: text) == ["W"])
        #expect(try offered("finish |", after: text) == ["W"])
        #expect(try offered("step W |", after: text) == ["until"])
    }

    @Test func `inside a race there are operations and its end`() {
        var now = Declarations(name: "prompt")
        _ = now.parseLine("process A", number: 1)
        _ = now.parseLine("race", number: 2)
        let offered = Completion.candidates(line: "", cursor: 0, declarations: now).candidates
        #expect(offered == Vocabulary.kernelOperations + ["end", "A"])
    }

    @Test func `the word under way is what gets replaced`() {
        let now = Declarations(name: "prompt")
        #expect(
            Completion.candidates(line: "  ké", cursor: 4, declarations: now).replaceRange == 2..<4)
        #expect(
            Completion.candidates(line: "kernel", cursor: 99, declarations: now).replaceRange
                == 0..<6)
        #expect(
            Completion.candidates(line: "kernel", cursor: -1, declarations: now).replaceRange
                == 0..<0)
    }
}
