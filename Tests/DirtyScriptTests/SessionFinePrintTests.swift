import DirtyMachine
import Testing

@testable import DirtyScript

/// The language's fine print, line by line.
@Suite struct SessionFinePrintTests {
    // MARK: Serial numbers and values

    @Test func `a given value uses no serial number; a range uses one a page; a failed store uses one`()
        throws
    {
        let played = try Played("""
            file db 4 ext4 cached
            process A
            process B
            A mmap m db[0..3] rw shared
            B mmap r db[0..3] r shared
            A write m[0]
            A write m[0] 100
            A write m[1..3]
            B write r[0..1]
            A write m[0]
            A pwrite db[1]
            A pwrite db[1] 7
            A write m[0]
            """)
        #expect(played.outcomes == [
            "ok", "ok", "ok", "ok", "ok", "SIGSEGV", "ok", "ok", "ok", "ok",
        ])
        #expect(played.results.map(\.value) == [nil, nil, 1, 100, 4, nil, 7, 8, 7, 9])
    }

    @Test func `the value of a range is its last page's`() throws {
        let played = try Played("""
            file db 3 ext4 cached
            process A
            A mmap m db[0..2] rw shared
            A write m[0..2]
            A read m[0..1]
            A pread db[2]
            A ftruncate db 2
            A pread db[2]
            A pread db[9]
            A read m[1..2]
            """)
        #expect(played.results.map(\.value) == [nil, 3, 2, 3, nil, nil, nil, nil])
        #expect(played.outcomes == ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "SIGBUS"])
    }

    @Test func `pwrite may lengthen the file`() throws {
        let played = try Played("file db 1 ext4\nprocess A\nA pwrite db[3] 8\nA fsync db\n")
        let files = try played.report(line: 4)["files"] as? [String: [String: Any]]
        #expect(files?["db"]?["pages"] as? Int == 4)
        #expect(files?["db"]?["disk"] as? [Int] == [0, 0, 0, 8])
    }

    // MARK: Dead processes and faults

    @Test func `operations of the dead end with ESRCH and do nothing`() throws {
        let played = try Played("""
            file db 1 ext4 cached
            process A
            process B
            A mmap m db[0] rw shared
            A exit
            A write m[0]
            A mmap n db[0] rw shared
            A msync m sync
            A fork C
            A exit
            B mmap r db[0] r shared
            B write r[0]
            B read r[0]
            """)
        #expect(played.outcomes == [
            "ok", "ok", "ESRCH", "ESRCH", "ESRCH", "ESRCH", "ESRCH", "ok", "SIGSEGV", "ESRCH",
        ])
        for (name, line) in [("A", 6), ("B", 12)] {
            let process = try played.process(name, line: line)
            #expect(process["alive"] as? Bool == false)
            #expect((process["vmas"] as? [Any])?.isEmpty == true)
            #expect((process["ptes"] as? [String: Any])?.isEmpty == true)
        }
    }

    @Test(arguments: Profile.allCases)
    func `fork, exit and the kernel's own actors report no faults`(kernel: Profile) throws {
        let played = try Played("""
            file db 2 ext3 cached
            process A
            A mmap m db[0..1] rw shared
            A mmap p db[0..1] rw private
            A write m[0..1]
            A write p[0]
            A fork C
            writeback db
            A write m[0]
            writeback db[0] start
            complete db[0]
            A write m[1]
            journal db
            strip db
            reclaim db
            C exit
            A munmap m
            writeback db
            evict db
            crash
            """, kernel: kernel)
        #expect(played.end == .finished)
        for conclusion in played.conclusions {
            guard case .operation(let operation) = conclusion.statement.command else { continue }
            switch operation {
            case .read, .write, .mmap: continue
            default: break
            }
            let faults = [conclusion.result?.minorFaults, conclusion.result?.majorFaults]
            #expect(faults == [0, 0], "\(conclusion.statement.text)")
        }
    }

    @Test func `a fault that ends in a signal is not counted`() throws {
        let played = try Played("""
            file db 4 ext4 cached
            process A
            process B
            A mmap m db[0..3] rw shared
            B mmap m db[0..3] r shared
            A ftruncate db 2
            A write m[0..3]
            B write m[0]
            """)
        #expect(played.results.suffix(2).map(\.outcome.name) == ["SIGBUS", "SIGSEGV"])
        #expect(played.results.suffix(2).map(\.minorFaults) == [2, 0])
    }

    // MARK: Addresses, names and VMAs

    @Test func `addresses go top down, first fit, and neighbours that can merge do`() throws {
        let played = try Played("""
            file db 8 ext4 cached
            process A
            A mmap a db[4..7] rw shared
            A mmap b db[2..3] rw shared
            A mmap c db[0..1] r shared
            A munmap b
            A mmap d db[7] rw shared
            A mmap e anon[3] rw private
            """)
        #expect(try played.pieces("A", line: 3) == ["a 0 4 0x7ffff7ffb000"])
        #expect(try played.pieces("A", line: 4) == ["b 0 2 0x7ffff7ff9000", "a 0 4 0x7ffff7ffb000"])
        let machine = played.session.machine
        let process = try #require(machine.process(named: "A"))
        #expect(try played.pieces("A", line: 7) == [
            "c 0 2 0x7ffff7ff7000", "d 0 1 0x7ffff7ffa000", "a 0 4 0x7ffff7ffb000",
        ])
        #expect(try played.pieces("A", line: 8).first == "e 0 3 0x7ffff7ff4000")
        #expect(machine.vmas(of: process).count == 4)
        let merged = try Played("""
            file db 8 ext4 cached
            process A
            A mmap a db[4..7] rw shared
            A mmap b db[2..3] rw shared
            """).session.machine
        #expect(merged.vmas(of: try #require(merged.process(named: "A"))).count == 1)
    }

    /// The hole goes to another mapping; accesses to the old name go by address.
    @Test func `names keep their meaning over munmap`() throws {
        let played = try Played("""
            file db 8 ext4 cached
            file log 8 ext4 cached
            process A
            A mmap m db[0..3] rw shared
            A munmap m[1..2]
            A mmap n log[6..7] rw shared
            A write m[1] 70
            A pread log[6]
            A write m[3] 30
            A pread db[3]
            """)
        #expect(played.outcomes.allSatisfy { $0 == "ok" })
        #expect(played.results.map(\.value) == [nil, nil, nil, 70, 70, 30, 30])
        #expect(try played.entries("A", line: 5) == ["m": ["------", nil, nil, "------"]])
        #expect(try played.entries("A", line: 9) == [
            "m": ["------", nil, nil, "PWUAD-"], "n": ["PWUAD-", "------"],
        ])
        #expect(try played.pieces("A", line: 9) == [
            "m 0 1 0x7ffff7ffb000", "n 0 2 0x7ffff7ffc000", "m 3 1 0x7ffff7ffe000",
        ])
    }

    @Test func `vmas has a piece for each mapping in each VMA`() throws {
        let played = try Played("""
            file db 8 ext4 cached
            process A
            A mmap a db[4..7] rw shared
            A mmap b db[0..3] rw shared
            A mprotect b[1..2] r
            """)
        #expect(try played.pieces("A", line: 4) == ["b 0 4 0x7ffff7ff7000", "a 0 4 0x7ffff7ffb000"])
        #expect(try played.pieces("A", line: 5) == [
            "b 0 1 0x7ffff7ff7000", "b 1 2 0x7ffff7ff8000", "b 3 1 0x7ffff7ffa000",
            "a 0 4 0x7ffff7ffb000",
        ])
    }

    @Test func `fork hands on the names`() throws {
        let played = try Played("""
            file db 2 ext4 cached
            process A
            A mmap m db[0..1] rw shared
            A mmap p db[0..1] rw private
            A write p[0] 4
            A fork C
            A munmap m[0]
            C mmap n db[0] r shared
            C read p[0]
            """)
        #expect(played.results.last?.value == 4)
        let entries = try played.entries("C", line: 9)
        #expect(entries.keys.sorted() == ["m", "n", "p"])
        #expect(entries["m"] == ["------", "------"])
    }

    // MARK: Protection

    @Test func `PROT_NONE takes P, W and U, and keeps A and D`() throws {
        let played = try Played("""
            file db 2 ext4 cached
            process A
            A mmap m db[0..1] rw shared
            A write m[0]
            A mprotect m none
            A read m[0]
            """)
        #expect(try played.entries("A", line: 5) == ["m": ["---AD-", "------"]])
        #expect(played.outcomes.last == "SIGSEGV")
    }

    @Test(arguments: ["w", "x", "wx"])
    func `what can be written or executed can be read`(protection: String) throws {
        let played = try Played("""
            file db 1 ext4 cached
            process A
            A mmap m db[0] \(protection) shared
            A read m[0]
            """)
        #expect(played.outcomes == ["ok", "ok"])
    }

    // MARK: File systems

    @Test func `files without a disk begin as holes`() throws {
        let played = try Played("""
            file h 2 tmpfs
            file c 2 tmpfs cached
            process A
            A pwrite h[1]
            """)
        let files = try played.report(line: 4)["files"] as? [String: [String: Any]]
        #expect(files?["h"]?["cached"] as? [Int] == [1])
        #expect(files?["h"]?["dirty"] as? [Int] == [1])
        #expect(files?["c"]?["cached"] as? [Int] == [0, 1])
        #expect(files?["c"]?["dirty"] as? [Int] == [])
    }

    /// Windows are aligned in the address space: page 1 of these four stands at entry 508.
    @Test(arguments: [(1, [1]), (2, [1, 2]), (4, [1, 2, 3]), (16, [0, 1, 2, 3])])
    func `fault-around maps as many pages as the rule says`(pages: Int, mapped: [Int]) throws {
        let played = try Played("""
            rule fault-around \(pages)
            file db 4 ext4 cached
            process A
            A mmap m db[0..3] r shared
            A read m[1]
            """)
        let entries = try #require(try played.entries("A", line: 5)["m"])
        #expect(entries.indices.filter { entries[$0] != "------" } == mapped)
    }

    @Test(arguments: Profile.allCases)
    func `reclaim writes a dirty page on 2.6 and keeps it on 6.18`(kernel: Profile) throws {
        let played = try Played("""
            file db 1 ext3 cached
            process A
            A mmap m db[0] rw shared
            A write m[0] 6
            reclaim db[0]
            """, kernel: kernel)
        let files = try played.report(line: 5)["files"] as? [String: [String: Any]]
        let isModern = kernel == .v6_18
        #expect(files?["db"]?["disk"] as? [Int] == [isModern ? 0 : 6])
        #expect(files?["db"]?["dirty"] as? [Int] == (isModern ? [0] : []))
        #expect(try played.entries("A", line: 5) == ["m": ["------"]])
    }
}
