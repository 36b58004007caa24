import Testing

@testable import DirtyScript

@Suite struct SparseReportTests {
    @Test func `a terabyte with one touched page is one entry`() throws {
        let text = """
            file big 268435456 ext4
            process A
            A mmap m big rw shared
            A write m[5]
            A msync m[5] sync
            """
        var session = try Session(try ScenarioParser.parse(text, name: "big", rules: .machine).get())
        var last = ""
        _ = session.run { conclusion, session in
            last = JSONReport.line(conclusion, in: session) ?? last
        }
        #expect(last.contains(#""disk":{"pages":268435456,"entries":{"5":1}}"#))
        #expect(last.contains(#""ptes":{"m":{"pages":268435456,"entries":{"5":"P-UA--"}}}"#))
    }
}
