import DirtyMachine
import Testing

@testable import DirtyScript

/// Questions: the machine knows the answer, and the wrong ones are wrong.
@Suite struct QuizTests {
    /// A session that stands before its first question, and that question.
    private func asked(
        _ lines: String, kernel: Profile = .v2_6_19, fileSystem: String = "ext3", seed: UInt64 = 0
    ) throws -> Question {
        let text = """
            file db 2 \(fileSystem) cached
            process A
            A mmap m db rw shared
            \(lines)
            """
        var session = try session(text, kernel: kernel)
        let quiz = Quiz(session.statements, seed: seed)
        while true {
            if let question = quiz.question(before: session) { return question }
            try #require(session.advance() == .moved)
        }
    }

    private func answer(
        _ lines: String, kernel: Profile = .v2_6_19, fileSystem: String = "ext3"
    ) throws -> String {
        let question = try asked(lines, kernel: kernel, fileSystem: fileSystem)
        return question.choices[question.correct]
    }

    @Test func `faults depend on what was there before, and on the kernel`() throws {
        #expect(try answer("predict faults\nA write m[0]") == "1")
        #expect(try answer("A read m[0]\npredict faults\nA write m[0]") == "1")
        #expect(try answer("A read m[0]\npredict faults\nA write m[0]", kernel: .v2_6_18) == "0")
        #expect(try answer("A write m[0]\npredict faults\nA write m[0..1]") == "1")
    }

    @Test func `what fsync writes is what the kernel knows of`() throws {
        #expect(try answer("A write m[1]\npredict writes\nA fsync db") == "db[1]")
        #expect(try answer("A write m[0..1]\npredict writes\nA fsync db") == "db[0], db[1]")
        #expect(try answer("predict writes\nA fsync db") == "nothing")
        #expect(try answer("A read m[0]\nA write m[0]\npredict writes\nA fsync db", kernel: .v2_6_18) == "nothing")
    }

    @Test func `a store survives a power failure once it is on disk`() throws {
        #expect(try answer("A write m[0] 7\npredict survives db[0]\nA fsync db") == "yes: value 7 is on the disk")
        #expect(try answer("A write m[0] 7\npredict survives db[0]\nA msync m async") == "no: value 0 is on the disk")
        #expect(try answer("A write m[0] 7\npredict survives db[0]\ncrash") == "no: value 0 is on the disk")
    }

    @Test func `state, bits, values and counters are those right after the command`() throws {
        #expect(try answer("predict A m[0]\nA read m[0]") == "read-only, clean")
        #expect(try answer("predict A m[0]\nA write m[0]") == "writable, dirty")
        #expect(try answer("predict A m[0]\nA munmap m") == "gone, with its mapping")
        #expect(try answer("predict db[0]\nA write m[0]") == "dirty")
        #expect(try answer("predict nr_dirty\nA write m[0..1]") == "2")
        #expect(try answer("A write m[0] 9\npredict value\nA read m[0]") == "9")
        #expect(try answer("A write m[0] 9\npredict disk db[0]\nA msync m sync") == "9")
        #expect(try answer("A munmap m\npredict outcome\nA fsync db") == "ok")
        #expect(try answer("A mprotect m r\npredict outcome\nA write m[0]") == "SIGSEGV")
    }

    @Test func `what changes first is in the first step that changes anything`() throws {
        let question = try asked("A read m[0]\npredict next\nA write m[0]")
        let first = try #require(question.choices.first { $0 == question.choices[question.correct] })
        #expect(first.hasPrefix("A.m.pte[0] "))
        // What changes with it is not offered as something that comes later.
        var session = try session("file db 2 ext3 cached\nprocess A\nA mmap m db rw shared\nA read m[0]\nA write m[0]", kernel: .v2_6_19)
        while session.progress.cursor < session.statements.count - 1 { try #require(session.advance() == .moved) }
        var together: [String] = []
        while !together.contains(first), session.advance() == .moved { together = session.latestAlterations.map(\.shown) }
        #expect(together.contains(first))
        #expect(question.choices.filter(together.contains) == [first])
    }

    @Test func `wrong answers are what other kernels would do`() throws {
        let question = try asked("A read m[0]\npredict A m[0]\nA write m[0]", kernel: .v2_6_18)
        #expect(question.choices.count == Question.mostChoices)
        let other = try asked("A read m[0]\nA write m[0]\nA fsync db\npredict disk db[0]\nA msync m sync", kernel: .v2_6_18)
        #expect(other.choices[other.correct] == "1")
        #expect(other.choices.contains("0"))
    }

    @Test(arguments: 0..<20) func `choices differ, and one of them is right`(seed: Int) throws {
        let kinds = ["next", "faults", "outcome", "value", "writes", "disk db[0]", "survives db[0]", "db[0]", "A m[0]", "nr_dirty"]
        for kind in kinds {
            let operation = ["read m[0]", "write m[0]", "fsync db"][seed % 3]
            let question = try asked(
                "A write m[1]\npredict \(kind)\nA \(operation)", kernel: Profile.allCases[seed % 5], seed: UInt64(seed))
            #expect((2...Question.mostChoices).contains(question.choices.count))
            #expect(Set(question.choices).count == question.choices.count)
            #expect(question.choices.indices.contains(question.correct))
        }
    }

    @Test func `the seed alone decides the order`() throws {
        let lines = "A write m[0]\npredict writes\nA fsync db"
        let orders = try (0..<12).map { try asked(lines, seed: $0).choices }
        #expect(try orders == (0..<12).map { try asked(lines, seed: $0).choices })
        #expect(Set(orders).count > 1)
        #expect(Set(orders.map { $0.sorted() }).count == 1)
    }

    @Test func `one's own question is asked in one's own words`() throws {
        #expect(try asked("predict faults \"How many?\"\nA read m[0]").text == "How many?")
    }

    @Test func `several questions stand before one command, each is asked once`() throws {
        let session = try session(
            "file db 1 ext3 cached\nprocess A\nA mmap m db rw shared\npredict faults\npredict A m[0]\nA write m[0]")
        var (now, quiz) = (session, Quiz(session.statements))
        while quiz.question(before: now) == nil { try #require(now.advance() == .moved) }
        let first = try #require(quiz.question(before: now))
        quiz.answer(first, first.correct)
        let second = try #require(quiz.question(before: now))
        #expect((first.prediction, second.prediction) == (.faults, .pte(process: "A", Operand(name: "m", range: 0...0))))
        quiz.answer(second, nil)
        #expect(quiz.question(before: now) == nil)
        #expect((quiz.right, quiz.skipped) == (1, 1))
    }

    @Test func `asking changes nothing`() throws {
        var asked = try session("file db 1 ext3 cached\nprocess A\nA mmap m db rw shared\npredict survives db[0]\nA write m[0]\nexpect faults minor=1")
        var plain = asked
        let quiz = Quiz(asked.statements)
        while case .moved = asked.advance() { _ = quiz.question(before: asked) }
        while case .moved = plain.advance() {}
        #expect(asked.machine.state == plain.machine.state)
        #expect(asked.progress == plain.progress)
    }

    /// A script without marks gets questions of its own.
    @Test func `unmarked commands are asked about`() throws {
        var session = try session("file db 2 ext3 cached\nprocess A\nA mmap m db rw shared\nA write m[0]\nA fsync db\ncrash")
        var quiz = Quiz(session.statements)
        #expect(quiz.asksEverywhere)
        repeat {
            while let question = quiz.question(before: session) { quiz.answer(question, question.correct) }
        } while session.advance() == .moved
        #expect(quiz.answers.map(\.question.command) == ["A write m[0]", "A fsync db", "crash"])
        #expect(quiz.right == 3)
    }

    @Test func `the report names every answer`() throws {
        let session = try session("title \"T\"\nfile db 1 ext3 cached\nprocess A\nA mmap m db rw shared\npredict faults\nA read m[0]")
        var (now, quiz) = (session, Quiz(session.statements, seed: 4))
        while quiz.question(before: now) == nil { try #require(now.advance() == .moved) }
        let question = try #require(quiz.question(before: now))
        quiz.answer(question, question.choices.firstIndex(of: "0"))
        let report = QuizReport(quiz, session: session)
        #expect(report.lines == [
            "T  (kernel 6.18, seed 4): 0 of 1 right", "  WRONG  line 5  How many page faults?  A read m[0]", "         0; it is: 1",
        ])
        #expect(report.json.hasPrefix(#"{"title":"T","kernel":"6.18","seed":4,"asked":1,"right":0,"skipped":0,"answers":[{"line":5,"command":"A read m[0]","#))
        #expect(report.json.hasSuffix(#""correct":1,"chosen":0,"right":false}]}"#))
    }
}

/// Variations: other scenarios of the same kind.
@Suite struct VariationTests {
    private static let original = """
        title "Original"
        kernel 2.6.19
        rule tlb-eviction on
        file db 2 ext3 cached
        process A
        chapter "One"
        say "It faults."
        A mmap m db rw shared
        predict faults
        A read m[0]
        expect faults minor=1
        predict faults
        A write m[0]
        predict writes
        A fsync db
        predict survives db[0]
        crash
        """

    private func vary(_ seed: UInt64) throws -> Scenario { Variation.of(try parseAll(Self.original).get(), seed: seed) }

    /// All questions of a scenario, answered.
    private func answers(_ scenario: Scenario) throws -> [String] {
        var session = try Session(scenario)
        var quiz = Quiz(session.statements)
        repeat {
            while let question = quiz.question(before: session) { quiz.answer(question, nil) }
        } while session.advance() == .moved
        return quiz.answers.map { $0.question.choices[$0.question.correct] }
    }

    @Test(arguments: 0..<16) func `a variation runs to its end, and asks`(seed: Int) throws {
        let scenario = try vary(UInt64(seed))
        #expect(scenario.title == "Original, variant \(seed)")
        var session = try Session(scenario)
        #expect(session.run { _, _ in } == .finished)
        #expect(session.isAtEnd)
        #expect(session.progress.checks == 0)
        #expect(try !answers(scenario).isEmpty)
    }

    @Test func `the same seed is the same scenario, others have other answers`() throws {
        let all = try (0..<24).map { try vary($0) }
        #expect(try all == (0..<24).map { try vary($0) })
        #expect(Set(try all.map { try Session($0).profile }).count == Profile.allCases.count)
        #expect(try Set(all.map(answers)).count > 8)
    }

    @Test func `what varies is kernel, file system, sharing, order and loads`() throws {
        let texts = try (0..<40).map { ScenarioPrinter.text(of: try vary($0)) }
        for word in ["kernel 2.6.18", "kernel 6.18", "ext4", "xfs", "private", "shared"] {
            #expect(texts.contains { $0.contains(word) }, "\(word)")
        }
        #expect(texts.contains { !$0.contains("A read") })
        #expect(texts.contains { $0.contains("A fsync db\npredict faults\nA write m[0]") || $0.contains("A write m[0]\npredict faults\nA read m[0]") })
    }

    @Test(arguments: 0..<16) func `practice needs no scenario`(seed: Int) throws {
        let scenario = Variation.practice(seed: UInt64(seed))
        var session = try Session(scenario)
        #expect(session.run { _, _ in } == .finished)
        #expect(try answers(scenario).count >= 5)
        #expect(Variation.practice(seed: UInt64(seed)) == scenario)
    }

    /// Every shipped scenario has variations, or stays what it is where it has none.
    @Test(arguments: Shipped.names.filter { !$0.hasPrefix("recorded") }) func `shipped scenarios vary`(name: String) throws {
        let original = try Shipped.session(name)
        let scenario = Scenario(name: name, title: original.title, statements: original.statements)
        var session = try Session(Variation.of(scenario, seed: 3))
        #expect(session.run { _, _ in } == .finished)
    }
}
