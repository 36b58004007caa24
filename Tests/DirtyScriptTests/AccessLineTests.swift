import Testing

@testable import DirtyScript

/// Loads and stores are read on a short way; it leads where the long one does.
@Suite struct AccessLineTests {
    private static let head = """
        file db 40 ext4 cached
        process A
        process Long-name_2
        thread T of A
        A mmap m db rw shared
        Long-name_2 mmap m2 db[4..11] rw shared

        """

    /// Line by line, with the parser alone.
    private func slowly(_ text: String) -> (statements: [Statement], complaints: [Diagnostic]) {
        var declarations = Declarations(name: "test")
        var (statements, complaints): ([Statement], [Diagnostic]) = ([], [])
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            switch declarations.parseLine(String(line), number: index + 1) {
            case .success(let statement): if let statement { statements.append(statement) }
            case .failure(let diagnostics): complaints += diagnostics.list
            }
        }
        return (statements, complaints)
    }

    @Test func `lines in order are what the parser makes of them`() throws {
        let lines = [
            "A write m[3]", "  A  read\tm[0]   ", "A write m[3..5]   # 26 stores, 11 loads", "A read m[0..39]#",
            "Long-name_2 write m2[7]", "T read m[39]", "A write m[007]", "A read m", "A write m[1] 77",
            "W: A write m[1]", "finish W", "A write m[2] # \u{e9}", "A ftruncate db 20", "A read m[30]",
            "A munmap m", "A write m[3]",
        ]
        let text = Self.head + lines.joined(separator: "\n") + "\n"
        let slow = slowly(text)
        try #require(slow.complaints.isEmpty)
        let scenario = try ScenarioParser.parse(text, name: "test").get()
        #expect(scenario.statements == slow.statements)
        let dos = try ScenarioParser.parse(
            Array(text.utf8).flatMap { $0 == 10 ? [13, 10] : [$0] }, name: "test").get()
        #expect(dos.statements == slow.statements)
    }

    @Test(arguments: [
        "A write m[40]", "A read m[5..3]", "A write m[]", "A write m[3", "A write m[x]", "A writem[3]",
        "A write m[3] x", "B write m[3]", "A write q[3]", "A read m2[3]", "A write m[99999999999]", "A write m[1..]",
        "A write m[3]]", "A read m[3] 7", "A write m[268435456]",
    ])
    func `lines in error are complained about as ever`(line: String) throws {
        let text = Self.head + "A read m[0]\n" + line + "\n"
        guard case .failure(let found) = ScenarioParser.parse(text, name: "test") else {
            Issue.record("'\(line)' parsed")
            return
        }
        #expect(found.list == slowly(text).complaints)
    }

    @Test func `before the first operation and inside a race nothing is skipped`() throws {
        let text = """
            file db 4 ext4 cached
            process A
            process B
            A mmap m db rw shared
            B mmap m db rw shared
            race
            A write m[0]
            B write m[1]
            end
            A read m[3]
            """
        let scenario = try ScenarioParser.parse(text, name: "test").get()
        #expect(scenario.statements == slowly(text).statements)
        guard case .race(let lines) = scenario.statements[5].command else {
            Issue.record("no race")
            return
        }
        #expect(lines.count == 2)
    }

    @Test func `bytes that are no text are told with their place`() throws {
        let bytes = Array((Self.head + "A read m[0] # ").utf8) + [0xff, 0x0a] + Array("A read m[1]\n".utf8)
        guard case .failure(let found) = ScenarioParser.parse(bytes, name: "test") else {
            Issue.record("it parsed")
            return
        }
        #expect(found.list.map(\.location.column) == [15])
        #expect(found.list.map(\.location.line) == [7])
    }
}
