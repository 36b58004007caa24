import Foundation
import Testing

/// The JSON report, byte for byte where the contract gives an example, and by shape elsewhere.
@Suite struct ReportTests {
    /// The contract's example: two of four pages cached, one of them stored to.
    @Test func `keeps the contract's keys and their order`() throws {
        let run = try Dirtyscope.run(["run", "--format", "json", "-"], input: """
            file db 4 ext4
            process A
            A mmap m db[0..3] rw shared
            A read m[1]
            A munmap m[2]
            A write m[0]           # the fourth report
            expect faults minor=0 major=1
            expect nr_dirty == 2

            """)
        #expect(run.status == 1)
        try #require(run.lines.count == 6)
        #expect(run.lines[3] == """
            {"line":6,"command":"A write m[0]","kind":"operation","outcome":"ok","value":1,\
            "faults":{"minor":0,"major":1},\
            "files":{"db":{"pages":4,"cached":[0,1],"dirty":[0],"writeback":[],"disk":[0,0,0,0]}},\
            "processes":{"A":{"alive":true,"vmas":[\
            {"mapping":"m","first":0,"pages":2,"prot":"rw-","shared":true,"page_prot":"r--","start":"0x7ffff7ffb000"},\
            {"mapping":"m","first":3,"pages":1,"prot":"rw-","shared":true,"page_prot":"r--","start":"0x7ffff7ffe000"}],\
            "ptes":{"m":["PWUAD-","P-UA--",null,"------"]}}},\
            "counters":{"nr_dirty":1,"nr_writeback":0,"nr_mapped":2,"nr_anon":0,"pgfault":2,"pgmajfault":2,"tlb_flush":0},\
            "lost":[],"tasks":{}}
            """)
        #expect(run.lines[4] == """
            {"line":7,"command":"expect faults minor=0 major=1","kind":"expect","passed":true,\
            "found":"faults minor=0 major=1"}
            """)
        #expect(run.lines[5] == """
            {"line":8,"command":"expect nr_dirty == 2","kind":"expect","passed":false,"found":"nr_dirty == 1"}
            """)
    }

    /// One object for each operation, step, finish and expect, and none for the rest.
    @Test func `reports tasks while they are under way`() throws {
        let objects = try report("""
            title "not reported"
            file db 1 ext3 cached
            kernel 2.6.20
            process A
            process B
            A mmap m db[0] rw shared
            chapter "not reported"
            A write m[0] 5
            W: writeback db[0]
            say "not reported"
            step W until page_mkclean
            V: B ftruncate db 0
            step W
            finish W
            finish V
            """)
        #expect(objects.map { $0["kind"] as? String } == [
            "operation", "operation", "operation", "step", "operation", "step", "finish", "finish",
        ])
        #expect(objects.map { $0["line"] as? Int } == [6, 8, 9, 11, 12, 13, 14, 15])
        #expect(objects[2]["command"] as? String == "W: writeback db[0]")
        #expect(objects[4]["command"] as? String == "V: B ftruncate db 0")
        #expect(objects[2]["outcome"] is NSNull)
        #expect(objects[3]["outcome"] is NSNull)
        #expect(objects[6]["outcome"] as? String == "ok")
        let tasks = try #require(objects[3]["tasks"] as? [String: [String: Any]])
        #expect(tasks["W"]?["stack"] as? [String] == [
            "pdflush", "write_cache_pages", "clear_page_dirty_for_io", "page_mkclean",
        ])
        #expect(tasks["W"]?["waits"] is NSNull)
        #expect((objects[5]["tasks"] as? [String: Any])?.keys.sorted() == ["V", "W"])
        #expect((objects[6]["tasks"] as? [String: Any])?.keys.sorted() == ["V"])
        #expect((objects[7]["tasks"] as? [String: Any])?.isEmpty == true)
    }

    @Test func `names lost stores`() throws {
        let objects = try report("""
            file db 2 ext4 cached
            process A
            A mmap m db[0..1] rw shared
            A write m[1] 70
            crash
            """)
        let lost = try #require(objects.last?["lost"] as? [[String: Any]])
        #expect(lost.count == 1)
        #expect(lost.first?["file"] as? String == "db")
        #expect(lost.first?["page"] as? Int == 1)
        #expect(lost.first?["value"] as? Int == 70)
    }

    @Test func `files without a disk have a list of nulls`() throws {
        let objects = try report("""
            file t 2 tmpfs cached
            process A
            A pwrite t[0]
            """)
        let files = try #require(objects.last?["files"] as? [String: [String: Any]])
        #expect((files["t"]?["disk"] as? [Any])?.allSatisfy { $0 is NSNull } == true)
        #expect((files["t"]?["disk"] as? [Any])?.count == 2)
        #expect(files["t"]?["dirty"] as? [Int] == [0])
    }

    @Test func `under another kernel the same file reports that kernel's behaviour`() throws {
        let bug = "Demos/bugs/b01-december-2006.demo"
        #expect(try Dirtyscope.run(["run", bug]).text.contains("LOST     db[0] value 2"))
        let fixed = try Dirtyscope.run(["run", "--kernel", "2.6.20", bug])
        #expect(fixed.status == 1)
        #expect(!fixed.text.contains("LOST"))
        #expect(fixed.text.hasPrefix("December 2006: 2.6.19 loses a store  (kernel 2.6.20)\n"))
        let mended = try Dirtyscope.run(["run", "--rule", "mkclean-result-used=right", bug])
        #expect(mended.status == 1)
        #expect(!mended.text.contains("LOST"))
    }

    @Test func `stops after the moves asked for, and shows the state`() throws {
        let scenario = """
            file db 1 ext4 cached
            process A
            say "one"
            A mmap m db[0] rw shared
            A write m[0]

            """
        let atStart = try Dirtyscope.run(["run", "--at", "0", "-"], input: scenario)
        #expect(atStart.status == 0)
        #expect(!atStart.text.contains("one"))
        #expect(atStart.text.contains("\nprocess A  CPU0\nfile db  1 pages  ext4\n"))
        let afterOne = try Dirtyscope.run(["run", "-", "--at", "1"], input: scenario)
        #expect(afterOne.text.contains("\n  one\n"))
        #expect(!afterOne.text.contains("A mmap m"))
        let atEnd = try Dirtyscope.run(["run", "-", "--at", "100000"], input: scenario)
        #expect(atEnd.status == 0)
        #expect(atEnd.text.contains("PWUAD-  frame 1  value 1  DIRTY"))
    }

    /// What is in a scenario cannot drive the reader's terminal.
    @Test func `control characters never come out raw`() throws {
        try Scratch.with { scratch in
            let path = scratch.file("a\u{1b}[2Jb.demo", """
                title "t\u{1b}[31m\u{9b}1m\u{7}\u{202e}x"
                file db 1 ext4 cached
                process A
                say "s\u{1b}]0;x\u{7}"
                chapter "c\u{8}"
                A mmap m db[0] rw shared   # \u{1b}[5m
                expect ok
                """)
            for arguments in [["run", path], ["run", "--format", "json", path], ["check", path], ["run", path + "x"]] {
                let run = try Dirtyscope.run(arguments)
                for byte in run.output + Array(run.errors.utf8) {
                    #expect(byte >= 0x20 && byte != 0x7f || byte == 0x0a)
                }
                let scalars = (run.text + run.errors).unicodeScalars
                #expect(!scalars.contains { $0.value == 0x9b || $0.value == 0x202e })
            }
            let bad = scratch.file("bad\u{1b}.demo", "A \u{1b}[2J\n")
            let run = try Dirtyscope.run(["run", bad])
            #expect(run.status == 65)
            #expect(!run.errors.unicodeScalars.contains("\u{1b}"))
        }
    }

    @Test(arguments: [["run", "Demos/recorded/gdbm.demo"], ["run", "--format", "json", "Demos/recorded/gdbm.demo"], ["demos"]])
    func `a reader that has gone away ends the program quietly`(arguments: [String]) throws {
        let killed = try Dirtyscope.run(arguments, sink: .closedPipe)
        #expect(killed.status == 128 + SIGPIPE)
        #expect(killed.errors.isEmpty)
        let told = try Dirtyscope.run(arguments, sink: .closedPipe, ignoresPipeSignal: true)
        #expect(told.status == 128 + SIGPIPE)
        #expect(told.errors.isEmpty)
    }

    private func report(_ scenario: String) throws -> [[String: Any]] {
        let run = try Dirtyscope.run(["run", "--format", "json", "-"], input: scenario)
        #expect(run.status == 0, "\(run.errors)")
        return try run.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }
}
