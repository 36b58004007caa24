import Testing

@testable import DirtyScript

/// Parsing a line at a time, and what lines know of the lines before them.
@Suite struct DeclarationTests {
    private func declarations(_ text: String) -> Declarations {
        var declarations = Declarations(name: "prompt")
        for (index, line) in text.split(separator: "\n").enumerated() {
            #expect(declarations.parseLine(String(line), number: index + 1).complaints == "")
        }
        return declarations
    }

    @Test func `lines declare as a file does`() {
        let now = declarations(setUp + "W: A fork C\nC mmap x anon[1] r private")
        #expect(now.files == ["db"])
        #expect(now.processes == ["A", "B", "C"])
        #expect(now.labels == ["W"])
        #expect(now.mappings(of: "A") == ["m"])
        #expect(now.mappings(of: "C") == ["m", "x"])
        #expect(now.mappings(of: "nobody").isEmpty)
        #expect(!now.setUpIsOpen)
    }

    @Test func `statements that ran declare the same names`() throws {
        let text = setUp + "race\n A fork C\nend\nW: C write m[3]"
        let statements = try ScenarioParser.parse(text, name: "t").get().statements
        let now = Declarations(name: "prompt", after: statements)
        #expect(now.processes == ["A", "B", "C"])
        #expect(now.labels == ["W"])
        #expect(!now.raceIsOpen)
    }

    @Test func `a line in error changes nothing`() {
        var now = declarations(setUp)
        #expect(now.parseLine("process C cpu=9", number: 9).complaints != "")
        #expect(now.parseLine("process D extra", number: 9).complaints != "")
        #expect(now.processes == ["A", "B"])
        #expect(now.parseLine("process C", number: 9).complaints == "")
    }

    @Test func `a race is given when it ends`() throws {
        var now = declarations(setUp)
        #expect(try now.parseLine("race", number: 5).get() == nil)
        #expect(now.raceIsOpen)
        #expect(try now.parseLine("A write m[0]", number: 6).get() == nil)
        let race = try #require(try now.parseLine("end", number: 7).get())
        #expect(!now.raceIsOpen)
        #expect(ScenarioPrinter.text(of: race) == "race\n  A write m[0]\nend")
    }

    @Test func `a line end at the prompt is refused`() {
        var now = declarations(setUp)
        #expect(
            now.parseLine("A exit\nB exit", number: 5).complaints.contains(
                "unexpected character U+000A"))
    }

    @Test(arguments: [
        "A mmap n db[2..9] rw shared\nA read n[7]",
        "A mremap m 8\nA read m[7]",
        "A mremap m 2\nA read m[3]",
        "B ftruncate db 8\nA mmap n db rw shared\nA read n[7]",
        "B pwrite db[7]\nA mmap n db rw shared\nA read n[7]",
        "race\nA mmap n db rw shared\nA read n[7]\nB ftruncate db 8\nend",
        "L: A mmap n db rw shared\nB ftruncate db 8\nfinish L\nA read n[7]",
        "A fork C\nC munmap m[0]\nC munmap m\nC read m[3]",
        "A exit\nA read m[3]",
        "A pread db[100]\nreclaim db[100]\nexpect db[100] !cached",
    ]) func `an index that the run may know is left to it`(text: String) {
        #expect(parseAll(setUp + text).complaints == "")
    }

    @Test(arguments: [
        "A fork C\nC read m[4]", "thread T of A\nT read m[4]", "expect A m[4] absent",
        "focus A m[4]",
    ])
    func `an index that no run can have is refused`(text: String) {
        #expect(parseAll(setUp + text).complaints.contains("'m' has no page 4; expected 0 to 3"))
    }
}

/// `rule`: the caller knows the rules.
@Suite struct RuleTests {
    private let rules = RuleChecker { name, value, kernel in
        guard ["zap-flush", "mkclean-flush"].contains(name) else {
            return .unknown(candidates: ["zap-flush", "mkclean-flush"])
        }
        guard ["right", "wrong"].contains(value) else {
            return .badValue(expected: "right or wrong", candidates: ["right", "wrong"])
        }
        return kernel == "2.6.18" && name == "mkclean-flush"
            ? .meaningless(why: "there is no mkclean") : .valid
    }

    @Test func `a rule that is there`() {
        #expect(parseAll("rule zap-flush wrong", rules: rules).complaints == "")
    }

    @Test(arguments: [
        (
            "rule zap-flsh wrong",
            """
            test.demo:1:6: error: unknown rule 'zap-flsh'
              rule zap-flsh wrong
                   ^~~~~~~~
              did you mean 'zap-flush'?
            """
        ),
        (
            "rule zap-flush wrnog",
            """
            test.demo:1:16: error: rule 'zap-flush' cannot be 'wrnog'; expected right or wrong
              rule zap-flush wrnog
                             ^~~~~
              did you mean 'wrong'?
            """
        ),
        (
            "kernel 2.6.18\nrule mkclean-flush wrong",
            """
            test.demo:2:6: error: rule 'mkclean-flush' has no meaning on 2.6.18: there is no mkclean
              rule mkclean-flush wrong
                   ^~~~~~~~~~~~~
            """
        ),
        (
            "rule mkclean-flush wrong\nkernel 2.6.18\nx",
            """
            test.demo:1:6: error: rule 'mkclean-flush' has no meaning on 2.6.18: there is no mkclean
              rule mkclean-flush wrong
                   ^~~~~~~~~~~~~
            test.demo:3:1: error: unknown command or process 'x'
              x
              ^
            """
        ),
    ]) func `a rule that is not`(text: String, complaints: String) {
        #expect(parseAll(text, rules: rules).complaints == complaints)
    }

    @Test func `names and values of rules are completed`() {
        let now = Declarations(name: "prompt", rules: rules)
        #expect(
            Completion.candidates(line: "rule za", cursor: 7, declarations: now).candidates == [
                "zap-flush"
            ])
        let values = Completion.candidates(line: "rule zap-flush ", cursor: 15, declarations: now)
        #expect(values.candidates == ["right", "wrong"])
    }
}
