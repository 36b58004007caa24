import DirtyMachine
import Testing

@testable import DirtyScript

/// Threads, pokes, pins, mremap and populate as a scenario says them.
@Suite struct SessionRemoteTests {
    private let start = """
        file db 8 ext4 cached
        process A
        process B
        A mmap m db[0..3] rw shared

        """

    @Test func `a thread may come at any time and shares everything but the CPU`() throws {
        let played = try Played(
            start + """
                A write m[0] 7
                thread A2 of A cpu=1
                thread A3 of A2
                A2 read m[0]
                expect value 7
                expect faults minor=0 major=0
                A3 munmap m
                expect A m absent
                A2 exit
                A3 read m[0]
                expect ESRCH
                """)
        #expect(played.end == .finished)
        #expect(played.expectations.allSatisfy { $0.passed })
        let report = try played.report(line: 8)
        let processes = try #require(report["processes"] as? [String: Any])
        #expect(processes.keys.contains("A2"))
    }

    @Test func `threads of a killed process end at their next step`() throws {
        let played = try Played(
            start + """
                thread A2 of A
                W: A2 write m[0..3]
                step W
                A mprotect m r
                A write m[0]
                expect SIGSEGV
                finish W
                expect SIGKILL
                expect invariants
                """)
        #expect(played.end == .finished)
        #expect(played.expectations.map(\.passed) == [true, true, true])
    }

    @Test func `poke and peek`() throws {
        let played = try Played(
            start + """
                B poke A m[0..1]
                expect ok
                expect faults minor=2 major=0
                expect A m[1] present write dirty
                A read m[0..1]
                expect value 2
                B peek A m[0]
                expect value 1
                A write m[2]
                A read m[2]
                expect value 3
                A mprotect m[3] r
                B poke A m[3] 9
                expect EIO
                A exit
                B poke A m[0]
                expect ESRCH
                B peek A m[0]
                expect ESRCH
                expect value null
                """)
        #expect(played.end == .finished)
        #expect(played.expectations.allSatisfy { $0.passed }, "\(played.expectations.map(\.found))")
    }

    @Test func `pins`() throws {
        let played = try Played(
            start + """
                A pin m[0..1] write
                expect faults minor=2 major=0
                A fsync db
                A pinwrite m[0..1] 9
                expect db[0] !dirty
                expect disk db[0] 0
                expect lost 0
                A unpin m[0..1]
                expect db[0..1] dirty
                A pinwrite m[0]
                expect EINVAL
                A fsync db
                expect disk db[1] 9
                """)
        #expect(played.end == .finished)
        #expect(played.expectations.allSatisfy { $0.passed }, "\(played.expectations.map(\.found))")
    }

    @Test func `after mremap indices count from the new first page`() throws {
        let played = try Played(
            start + """
                A write m[2] 7
                A mremap m 6
                expect ok
                A read m[2]
                expect value 7
                expect faults minor=0 major=0
                A read m[5]
                expect ok
                A mremap m 0
                expect EINVAL
                A mremap m 1
                """)
        #expect(played.end == .finished)
        #expect(played.expectations.allSatisfy { $0.passed }, "\(played.expectations.map(\.found))")
        #expect(try played.entries("A", line: 6)["m"]?.count == 6)
        #expect(try played.entries("A", line: 15)["m"]?.count == 1)
    }

    @Test func `populate counts its faults for the mmap`() throws {
        let played = try Played(
            start + """
                A mmap n db rw private populate
                expect faults minor=8 major=0
                A write n[7]
                expect faults minor=0 major=0
                """)
        #expect(played.expectations.allSatisfy { $0.passed })
    }

    /// Serial numbers of racing pokes and pinwrites are those of the lines.
    @Test func `serial numbers in a race`() throws {
        let text =
            start + """
                A pin m[0] write
                race
                B poke A m[1..2]
                A pinwrite m[0]
                end
                """
        var forward = try session(text)
        _ = forward.run { _, _ in }
        let values = (0...2).map { forward.machine.contents(forward.machine.page($0, of: forward.machine.file(named: "db")!).folio) }
        #expect(values == [3, 1, 2])
    }
}
