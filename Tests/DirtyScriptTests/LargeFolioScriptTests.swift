import DirtyMachine
import Testing

@testable import DirtyScript

/// `file … folio=N`: what it takes, what it refuses, and how the reports show it.
@Suite struct LargeFolioScriptTests {
    private static let journal = "a file with data=journal has single pages only"
    private static let old = "a folio of 8 pages has no meaning on 2.6.20"
    private static let limit =
        "a dirty limit of 4 pages is less than a folio of 8, which becomes dirty as one"

    @Test(arguments: [
        ("file f 8 tmpfs folio=8", "1:22", "a file on tmpfs has single pages only"),
        ("file f 8 ramfs folio=2", "1:22", "a file on ramfs has single pages only"),
        ("file f 8 nfs folio=2", "1:20", "a file on nfs has single pages only"),
        ("file f 8 ext4 folio=8 data=journal", "1:21", journal),
        ("file f 8 ext4 data=journal folio=8", "1:34", journal),
        ("kernel 2.6.20\nfile f 8 ext3 folio=8", "2:21", old),
        ("file f 8 ext3 folio=8\nkernel 2.6.20", "1:21", old),
        ("dirty background=1 limit=4\nfile f 8 ext4 folio=8", "2:21", limit),
        ("file f 8 ext4 folio=8\ndirty background=1 limit=4", "2:26", limit),
        ("file f 8 ext4 folio=6", "1:21", "a folio cannot have 6 pages"),
        ("file f 8 ext4 folio=1024", "1:21", "invalid number of pages of a folio '1024'"),
    ]) func `what cannot be is refused with its place`(text: String, place: String, complaint: String) {
        let complaints = ScenarioParser.parse(text, name: "t", rules: .machine).complaints
        #expect(complaints.hasPrefix("t:\(place): error: \(complaint)"), "\(complaints)")
        #expect(complaints.contains("; expected "))
    }

    @Test(arguments: [
        "file f 8 ext4 cached folio=8", "file f 8 xfs folio=512", "file f 8 ext3 folio=2",
        "kernel 6.18\nfile f 8 ext4 folio=8", "kernel 2.6.20\nfile f 8 tmpfs folio=1",
        "dirty background=4 limit=8\nfile f 8 ext4 folio=8",
    ]) func `what can be is taken, and printed as it was`(text: String) throws {
        let scenario = try ScenarioParser.parse(text, name: "t", rules: .machine).get()
        let printed = ScenarioPrinter.text(of: scenario)
        let again = try ScenarioParser.parse(printed, name: "t", rules: .machine).get()
        #expect(again.statements.map(\.command) == scenario.statements.map(\.command))
        #expect(printed.contains("folio=") == !text.contains("folio=1"))
    }

    private static let stored = """
        file db 10 ext4 cached folio=8
        file log 2 ext4 cached
        process A
        A mmap m db rw shared
        A write m[3]
        """

    @Test func `a store dirties and maps the folio`() throws {
        let played = try Played(
            Self.stored + """

                expect faults minor=1
                expect A m[0..7] present write dirty
                expect A m[8..9] absent
                expect db[0..7] dirty
                expect db[8..9] !dirty
                expect nr_dirty == 8
                expect invariants
                """)
        #expect(played.session.progress.failures == 0)
        #expect(played.session.progress.checks == 7)
    }

    /// A kernel that the command line asks for and that has none goes on with single pages.
    @Test func `another kernel has single pages`() throws {
        let session = try Played(Self.stored, kernel: .v2_6_20).session
        #expect(session.machine.state.counter(.nr_dirty) == 1)
        #expect(session.machine.largeFolios(of: try #require(session.machine.file(named: "db"))) == [])
    }

    @Test func `the JSON report lists the folios of such files alone`() throws {
        let report = try #require(try Played(Self.stored).reports.last)
        #expect(report.contains(#""folios":[{"first":0,"pages":8},{"first":8,"pages":2}]"#))
        #expect(report.split(separator: "folios").count == 2, "not for log")
        #expect(report.contains(#""dirty":[0,1,2,3,4,5,6,7]"#))
    }

    @Test func `the state as text names the folio of a page`() throws {
        let lines = StateText.lines(try Played(Self.stored).session.machine)
        #expect(lines.contains { $0.contains("db[7]") && $0.hasSuffix("dirty tag:dirty folio:0..7") })
        #expect(lines.contains { $0.contains("db[9]") && $0.hasSuffix("folio:8..9") })
        #expect(!lines.contains { $0.contains("log[0]") && $0.contains("folio") })
    }

    @Test func `who waits is told for which folio`() throws {
        let text = Self.stored + """

            process B
            B mmap m db rw shared
            W: writeback db[0]
            step W until page_mkclean
            L: B write m[1]
            finish L
            """
        let problem = try #require(try Played(text).problem)
        #expect(problem.message.contains("folio lock of db[0..7], held by W"), "\(problem.message)")
    }

    @Test func `stepping back takes a folio back as one`() throws {
        var played = try Played(Self.stored + "\nA ftruncate db 5\nA fsync db\nA ftruncate db 3\n")
        let (end, moves) = (played.session.machine.state, played.session.position)
        #expect(played.session.go(to: 0) == 0)
        #expect(played.session.machine.state.counter(.nr_dirty) == 0)
        #expect(played.session.go(to: moves) == moves)
        #expect(played.session.machine.state == end)
    }
}
