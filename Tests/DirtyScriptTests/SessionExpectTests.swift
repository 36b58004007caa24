import DirtyMachine
import Testing

@testable import DirtyScript

/// Every kind of expectation, held and failed, with what it says it found.
@Suite struct SessionExpectTests {
    private static let scenario = """
        kernel 2.6.20
        file db 2 ext3 cached
        file t 1 tmpfs cached
        process A
        process B
        A mmap m db[0..1] rw shared
        A mmap x db rwx private
        A write m[0] 5
        A munmap m[1]
        A read x[1]
        A read m[0]

        """

    @Test(arguments: [
        ("ok", "ok"), ("value 5", "value 5"), ("faults minor=0", "faults minor=0 major=0"),
        ("faults major=0", "faults minor=0 major=0"),
        ("db[0] dirty !writeback cached", "db[0] cached dirty !writeback uptodate !locked mapped"),
        ("db cached uptodate", "db[1] cached !dirty !writeback uptodate !locked mapped"),
        ("disk db[0] 0", "disk db[0] 0"), ("disk db 0", "disk db[1] 0"),
        ("A m[0] present write dirty user accessed !exec !soft-dirty",
            "A m[0] !absent present write user accessed dirty !soft-dirty !exec"),
        ("A m[1] absent", "A m[1] absent !present !write !user !accessed !dirty !soft-dirty !exec"),
        ("A x[0] absent", "A x[0] absent !present !write !user !accessed !dirty !soft-dirty !exec"),
        ("A x[1] exec !write", "A x[1] !absent present !write user accessed !dirty !soft-dirty exec"),
        ("nr_dirty == 1", "nr_dirty == 1"), ("nr_dirty != 2", "nr_dirty == 1"),
        ("nr_dirty < 2", "nr_dirty == 1"), ("nr_dirty <= 1", "nr_dirty == 1"),
        ("nr_dirty > 0", "nr_dirty == 1"), ("nr_dirty >= 1", "nr_dirty == 1"),
        ("nr_mapped == 2", "nr_mapped == 2"), ("lost 0", "lost 0"),
        ("invariants", "all invariants hold"), ("invariant I3", "I3 holds"),
        ("invariant tracking", "tracking holds"),
    ])
    func `holds`(question: String, found: String) throws {
        let played = try Played(Self.scenario + "expect \(question)\n")
        #expect(played.expectations == [ExpectationResult(passed: true, found: found)])
        #expect(played.session.progress.failures == 0)
        #expect(played.session.progress.checks == 1)
    }

    @Test(arguments: [
        ("SIGBUS", "ok"), ("EINVAL", "ok"), ("value 4", "value 5"), ("value null", "value 5"),
        ("faults minor=1", "faults minor=0 major=0"), ("faults major=1", "faults minor=0 major=0"),
        ("faults minor=0 major=1", "faults minor=0 major=0"),
        ("db[0] !dirty", "db[0] cached dirty !writeback uptodate !locked mapped"),
        ("db dirty", "db[1] cached !dirty !writeback uptodate !locked mapped"),
        ("disk db[0] 5", "disk db[0] 0"), ("disk t[0] 0", "t has no disk"),
        ("A m[0] !write", "A m[0] !absent present write user accessed dirty !soft-dirty !exec"),
        ("A m[0] absent", "A m[0] !absent present write user accessed dirty !soft-dirty !exec"),
        ("A m present", "A m[1] absent !present !write !user !accessed !dirty !soft-dirty !exec"),
        ("!invariant I3", "I3 holds"), ("nr_dirty == 2", "nr_dirty == 1"), ("nr_dirty != 1", "nr_dirty == 1"),
        ("nr_dirty < 1", "nr_dirty == 1"), ("nr_dirty > 1", "nr_dirty == 1"),
        ("nr_dirty <= 0", "nr_dirty == 1"), ("nr_dirty >= 2", "nr_dirty == 1"),
        ("lost 1", "lost 0"),
    ])
    func `fails`(question: String, found: String) throws {
        let played = try Played(Self.scenario + "expect \(question)\nexpect ok\n")
        #expect(played.end == .finished)
        #expect(played.expectations == [
            ExpectationResult(passed: false, found: found), ExpectationResult(passed: true, found: "ok"),
        ])
        #expect(played.session.progress.failures == 1)
    }

    @Test func `lost stores are named`() throws {
        let played = try Played(Self.scenario + "crash\nexpect lost 1\nexpect lost 0\n")
        #expect(played.expectations == [
            ExpectationResult(passed: true, found: "lost 1: db[0] value 5"),
            ExpectationResult(passed: false, found: "lost 1: db[0] value 5"),
        ])
    }

    /// A store is no load: the value asked for is the last load's.
    @Test func `value is the last load's`() throws {
        let played = try Played(Self.scenario + "A write m[0] 9\nexpect value 5\nA pread db[0]\nexpect value 9\n")
        #expect(played.expectations.map(\.passed) == [true, true])
    }

    /// 2.6.20 after writing around the trap: writable, and clean.
    @Test func `a broken invariant is told`() throws {
        let played = try Played("""
            kernel 2.6.20
            rule mprotect-upgrade wrong
            file db 1 ext3 cached
            process A
            A mmap m db[0] rw shared
            A read m[0]
            A mprotect m r
            A mprotect m rw
            expect invariant tracking
            expect invariants
            """)
        #expect(played.expectations.map(\.passed) == [false, false])
        for expectation in played.expectations {
            #expect(expectation.found.hasPrefix("I3 tracking broken: "), "\(expectation.found)")
        }
    }

    // MARK: When it is told

    /// Checks are told with the move before them: also the last ones, and all that fail.
    @Test func `failures come with the move that made them`() throws {
        var session = try session(Self.scenario + """
            A fsync db
            expect disk db[0] 6
            focus db[0]
            expect ok
            expect disk db[0] 7
            """)
        var told: [[Int]] = []
        while case .moved = session.advance() {
            told.append(session.progress.newFailures.map(\.statement.location.line))
            if session.progress.newFailures.isEmpty { #expect(session.progress.failures == 0) }
        }
        #expect(session.isAtEnd)
        #expect(told.dropLast().allSatisfy { $0.isEmpty })
        #expect(told.last == [13, 16])
        #expect(session.progress.newFailures.map(\.found) == ["disk db[0] 5", "disk db[0] 5"])
        // No move is needed for them alone.
        let plain = try Played(Self.scenario + "A fsync db\n")
        #expect(session.position == plain.session.position)
        session.stepBack()
        #expect(session.progress.newFailures.isEmpty)
        #expect(session.progress.failures == 0)
        #expect(session.progress.checks == 0)
    }

    @Test func `a check behind a chapter belongs to what follows`() throws {
        var session = try session(Self.scenario + "chapter \"two\"\nexpect lost 3\nA fsync db\n")
        while session.progress.chapter.isEmpty, case .moved = session.advance() {}
        #expect(session.progress.newFailures.map(\.statement.location.line) == [13])
    }

    @Test func `a write that has not returned yet is nothing that an fsync has promised`() throws {
        let played = try Played(
            """
            file db 4 ext4 cached
            process A
            process B
            P: A pwrite db[1]
            step P until block_dirty_folio
            B fsync db
            expect invariants
            finish P
            B fsync db
            expect disk db[1] 1
            expect invariants
            """)
        #expect(played.problem == nil)
        let expectations = played.conclusions.compactMap(\.expectation)
        #expect(expectations.map(\.passed) == [true, true, true])
    }
}
