import Testing

@testable import DirtyScript

/// Files as they come: line ends, marks, bytes that are no text, and lines without end.
@Suite struct TextTests {
    private let plain = "process A\nA exit\n"

    @Test(arguments: [
        "process A\r\nA exit\r\n", "process A\nA exit", "\u{feff}process A\nA exit\n",
    ])
    func `line ends and a byte order mark do not matter`(text: String) {
        #expect(parseAll(text) == parseAll(plain))
    }

    @Test func `an empty text is a scenario`() throws {
        for text in ["", "\n", "\u{feff}", "\r\n", "# nothing", "  \t"] {
            #expect(try parseAll(text).get().statements.isEmpty)
        }
    }

    @Test func `the title is the name where none is given`() throws {
        #expect(try parseAll("").get().title == "test.demo")
        #expect(try parseAll("title \"Lost\"").get().title == "Lost")
    }

    @Test func `bytes that are no UTF-8 are found where they stand`() {
        let bytes = Array("process A\n# é ".utf8) + [0xc3, 0x28, 0x0a] + Array("B exit".utf8)
        let result = ScenarioParser.parse(bytes, name: "test.demo")
        #expect(
            result.complaints == """
                test.demo:2:5: error: these bytes are not UTF-8
                  # é \u{fffd}(
                      ^
                test.demo:3:1: error: unknown process 'B'; expected A
                  B exit
                  ^
                """)
    }

    @Test func `bytes that are UTF-8 parse as their text`() {
        let text = "process A\nsay \"é 日\"\n"
        #expect(
            ScenarioParser.parse(Array(text.utf8), name: "t")
                == ScenarioParser.parse(text, name: "t"))
    }

    @Test func `a line too long is refused and shown in part`() {
        let complaints = parseAll("say \"" + String(repeating: "x", count: Limits.lineLength))
            .complaints
        #expect(
            complaints.hasPrefix(
                "test.demo:1:65537: error: this line is longer than 65536 characters\n  ...x"))
        #expect(complaints.utf8.count < 400)
    }

    @Test func `a long line is cut around the caret`() {
        let line =
            "say \"" + String(repeating: "long ", count: 40) + "\" x "
            + String(repeating: "more ", count: 40)
        expectComplaints(
            line,
            """
            test.demo:1:208: error: unexpected 'x'; expected the end of the line
              ...g long long long long long long long long long long long long " x more more more more more more ...
                                                                                 ^
            """)
    }

    @Test func `a text full of errors reports a hundred`() {
        guard case .failure(let diagnostics) = parseAll(String(repeating: "x\n", count: 1000))
        else {
            Issue.record("it parsed")
            return
        }
        #expect(diagnostics.list.count == Limits.diagnostics)
    }

    @Test func `a file name is made safe, too`() {
        let result = ScenarioParser.parse("x", name: "a\u{1b}[2Jb")
        #expect(result.complaints.hasPrefix("a?[2Jb:1:1: error: "))
    }

    @Test func `untrusted text is made safe, one scalar for one`() {
        let text = "a\tb\u{1b}[0m\u{7f}\u{85}\u{202e}\u{200d}\u{feff}\u{2028}\u{e000}\n日é"
        #expect(printable(text) == "a b?[0m??????? 日é")
    }

    @Test func `a safe text has no control left`() {
        for value in UInt32(0)..<0x3000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let safe = printable(scalar).value
            #expect(
                safe >= 0x20 && !(0x7f..<0xa0).contains(safe) && !(0x2028...0x202e).contains(safe))
        }
    }
}
