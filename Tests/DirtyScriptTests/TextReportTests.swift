import DirtyMachine
import Testing

@testable import DirtyScript

/// The report for people: who called whom, and what changed.
@Suite struct TextReportTests {
    private func report(_ text: String, isASCII: Bool = true) throws -> [String] {
        var session = try session(text)
        var lines: [String] = []
        let report = TextReport(isASCII: isASCII)
        _ = session.run(keepsHistory: false) { lines += report.lines($0, in: $1) }
        return lines
    }

    private let start = """
        kernel 2.6.19
        file db 4 ext3 cached
        process A
        process B
        A mmap m db rw shared

        """

    @Test func `calls are shown as a tree`() throws {
        let lines = try report(start + "A write m[0]\n")
        let command = try #require(lines.firstIndex { $0.contains("A write m[0]") })
        #expect(lines[(command + 1)...(command + 4)].map { $0 } == [
            "      in store > do_page_fault > __handle_mm_fault > handle_pte_fault",
            "         |   > do_no_page",
            "         |- filemap_nopage",
            "         `- set_page_dirty > __set_page_dirty_buffers",
        ])
    }

    /// Four pages are one line, not four.
    @Test func `repeated calls are counted`() throws {
        let lines = try report(start + "A write m\nA fsync db\n", isASCII: false)
        let command = try #require(lines.firstIndex { $0.contains("A fsync db") })
        let tree = lines[(command + 1)...].prefix { !$0.contains("~") }.map { String($0.dropFirst(9)) }
        #expect(tree == [
            "sys_fsync > do_fsync",
            "├─ write_cache_pages",
            "│  ├─ clear_page_dirty_for_io x4 > page_mkclean x4",
            "│  │    > page_mkclean_one x4",
            "│  └─ block_write_full_page x4",
            "└─ wait_on_page_writeback_range",
            "(device) > end_page_writeback x4",
        ])
    }

    @Test func `a step shows the functions that it began in as callers`() throws {
        let lines = try report(start + """
            A write m[0]
            W: writeback db[0]
            step W until page_mkclean_one
            step W until writepage

            """)
        let command = try #require(lines.firstIndex { $0.contains("step W until writepage") })
        let tree = lines[(command + 1)...].prefix { !$0.contains("~") }.map { String($0.dropFirst(9)) }
        #expect(tree == [
            "pdflush > write_cache_pages",
            "|- clear_page_dirty_for_io > page_mkclean > page_mkclean_one",
            "`- block_write_full_page",
        ])
    }

    @Test func `pages that change alike share a line`() throws {
        let lines = try report("""
            file db 16 ext4 cached
            process A
            A mmap m db rw shared
            A read m[0]

            """)
        let changes = lines.filter { $0.contains("~") }
        #expect(changes.contains(
            "       ~ A.m.pte[0..15]    present 0 -> 1, user 0 -> 1, accessed 0 -> 1,"))
        #expect(lines.contains { $0.hasSuffix("  frame - -> 1..16") })
        #expect(changes.contains { $0.hasPrefix("       ~ db.folio[0..15]") })
        #expect(changes.filter { $0.contains("pte[") }.count == 1)
    }

    /// No line is wider than a terminal, and none breaks a value in two.
    @Test(arguments: Shipped.names)
    func `lines fit 80 columns`(name: String) throws {
        var session = try Shipped.session(name)
        let report = TextReport()
        _ = session.run(keepsHistory: false) { conclusion, session in
            for line in report.lines(conclusion, in: session) {
                let isCommand = line.contains(conclusion.statement.text)
                #expect(line.count <= 80 || isCommand, "\(line)")
                if line.hasPrefix("       ~") { #expect(!line.hasSuffix(">"), "\(line)") }
            }
        }
    }

    @Test func `letters are plain unless asked for`() throws {
        var session = try session(start + "expect ok\nexpect lost 1\n")
        var (plain, styled) = ("", "")
        _ = session.run { conclusion, session in
            plain += TextReport().lines(conclusion, in: session).joined(separator: "\n")
            styled += TextReport(isStyled: true).lines(conclusion, in: session).joined(separator: "\n")
        }
        #expect(!plain.contains("\u{1b}"))
        #expect(styled.contains("\u{1b}[1mA mmap m db rw shared\u{1b}[0m"))
        #expect(styled.contains("\u{1b}[1mFAIL"))
        let letters = styled.replacing("\u{1b}[1m", with: "").replacing("\u{1b}[2m", with: "")
            .replacing("\u{1b}[0m", with: "")
        #expect(letters == plain)
    }

    // MARK: Races

    private let race = """
        file db 2 ext4 cached
        process A
        process B
        A mmap m db rw shared
        B mmap n db rw shared
        race
          A write m[0]
          B write n[1]
        end

        """

    @Test func `a line of a race reports all that it did`() throws {
        let lines = try report(race)
        let command = try #require(lines.firstIndex { $0.contains("A write m[0]") })
        let text = lines[command...].prefix { !$0.contains("B write n[1]") }.joined(separator: "\n")
        for word in ["store > exc_page_fault", "A.m.pte[0]", "db.folio[0]", "nr_dirty 0 -> 1", "value 0 -> 1"] {
            #expect(text.contains(word), "\(word) in\n\(text)")
        }
        #expect(!text.contains("B.n"))
    }

    /// Move by move in turns: each line has its own changes and calls.
    @Test func `lines of a race that interleave are told apart`() throws {
        var session = try session(race)
        while session.nextStatement?.location.line != 6 { _ = session.advance() }
        var texts: [String: String] = [:]
        var turn = 0
        while session.progress.race != nil || session.nextStatement != nil {
            var conclusions: [Conclusion] = []
            if session.advance(.actor(turn % 2), &conclusions) != .moved, turn > 1000 { break }
            turn += 1
            for conclusion in conclusions {
                texts[conclusion.statement.text] = TextReport(isASCII: true)
                    .lines(conclusion, in: session).joined(separator: "\n")
            }
        }
        let (a, b) = (try #require(texts["A write m[0]"]), try #require(texts["B write n[1]"]))
        #expect(a.contains("A.m.pte[0]") && a.contains("in store > exc_page_fault"))
        #expect(b.contains("B.n.pte[1]") && b.contains("in store > exc_page_fault"))
        #expect(!a.contains("B.n.") && !b.contains("A.m."))
        #expect(!a.contains("x2") && !b.contains("x2"))
    }
}
