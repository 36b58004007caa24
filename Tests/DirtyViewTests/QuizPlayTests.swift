import DirtyScript
import Testing

@testable import DirtyView

/// Predict mode in the player: questions bar the way forward, and nothing else.
@Suite struct QuizPlayTests {
    static let text = """
        title "Questions"
        kernel 2.6.19
        file db 2 ext3 cached
        process A
        say "A maps a file."
        A mmap m db rw shared
        predict faults
        A read m[0]
        chapter "A store"
        say "And now a store."
        predict faults
        predict next
        A write m[0]
        predict writes
        A fsync db
        expect disk db[0] 1
        """

    private func player(
        _ keys: String = "", size: Size = Size(80, 24), glyphs: GlyphSet = .ascii
    ) throws -> Player {
        var player = try Fixture.player(Self.text, size: size, glyphs: glyphs)
        player.beginQuiz()
        player.type(keys)
        return player
    }

    /// Presses the key of the right answer, or of a wrong one.
    private func answer(_ player: inout Player, right: Bool = true) throws {
        guard case .asked(let question)? = player.question else {
            Issue.record("nothing is asked")
            return
        }
        let choice = right ? question.correct : (question.correct + 1) % question.choices.count
        player.press(.character(Unicode.Scalar(UInt8(97 + choice))))
    }

    @Test(arguments: ["s", "e", "G", "]", "f", "n", " "]) func noWayForwardGoesPastAQuestion(key: String) throws {
        var player = try player()
        for _ in 0..<400 {
            player.type(key)
            player.passTime()
            if player.question != nil { break }
        }
        guard case .asked(let question)? = player.question else {
            Issue.record("nothing is asked")
            return
        }
        #expect(question.line == 7)
        let position = player.session.position
        player.type(key)
        player.passTime()
        #expect(player.session.position == position)
        #expect(player.bottom.contains("answer first"))
        player.type("S")
        #expect(player.session.position == position - 1)
        #expect(player.question == nil)
    }

    /// An answer that comes late, or is none of the choices, does nothing but say so.
    @Test func lettersAreAnswersAsLongAsItAsks() throws {
        var player = try player("s")
        player.type("b")
        #expect(player.insight.breakpoints.isEmpty)
        #expect(player.lastRow.hasPrefix("no question is open"))
        player.type("G")
        let position = player.session.position
        try answer(&player)
        for letter in "abcd" {
            player.type(String(letter))
            #expect(player.lastRow.hasPrefix("it is answered"), "\(letter)")
        }
        #expect(player.session.position == position && player.insight.breakpoints.isEmpty && player.insight.sheet == nil)
        #expect(player.quiz?.answers.count == 1)
        player.press(.escape)
        player.type("Qb")
        #expect(!player.insight.breakpoints.isEmpty)
    }

    @Test func whatIsAnsweredIsNotAskedAgain() throws {
        var player = try player("G")
        try answer(&player)
        #expect(player.quiz?.right == 1)
        player.type("gG")
        guard case .asked(let question)? = player.question else {
            Issue.record("nothing is asked")
            return
        }
        #expect(question.line == 11)
        #expect(player.frame(size: Size(80, 24)).text.contains("Question 2"))
    }

    @Test func atTheEndThereIsAScore() throws {
        var player = try player("G")
        try answer(&player)
        player.type("G")
        try answer(&player, right: false)
        player.type("G")
        player.press(.escape)
        #expect(player.frame(size: Size(80, 24)).text.contains("Left out"))
        player.type("G")
        try answer(&player)
        player.type("G")
        #expect(player.session.isAtEnd)
        #expect(player.question == .score)
        #expect(player.frame(size: Size(80, 24)).text.contains("2 of 4 right, 1 left out"))
        player.press(.escape)
        #expect(player.question == nil)
    }

    @Test func enterCarriesOutWhatWasAskedAbout() throws {
        var player = try player("G")
        try answer(&player)
        let position = player.session.position
        player.press(.enter)
        #expect(player.session.position > position)
        #expect(player.session.progress.lastCommand?.text == "A read m[0]")
    }

    @Test func oneMayLookAroundBeforeOneAnswers() throws {
        var player = try player("G")
        player.type("1")
        #expect(player.quiz?.answers.count == 1)
        player = try self.player("G")
        player.press(.tab)
        player.type("z:")
        #expect(player.view == .prompt)
        player.press(.escape)
        player.type("?")
        #expect(player.frame(size: Size(80, 24)).text.contains("search:"))
        player.press(.escape)
        guard case .asked? = player.question else {
            Issue.record("the question is gone")
            return
        }
    }

    @Test func oneKeyBeginsAndEndsIt() throws {
        var player = try Fixture.player(Self.text, "ss")
        player.type("Q")
        #expect(player.quiz != nil)
        player.type("G")
        try answer(&player)
        player.type("Q")
        #expect(player.bottom.contains("no more questions: 1 of 1 right"))
        player.type("G")
        #expect(player.session.isAtEnd && player.question == nil)
    }

    @Test func withoutMarksTheNextCommandIsAskedAbout() throws {
        var player = try Fixture.player(Fixture.firstStore, "e")
        player.type("Q")
        player.type("cc")
        guard case .asked? = player.question else {
            Issue.record("nothing is asked")
            return
        }
    }

    @Test func withoutTheQuizNothingIsAsked() throws {
        let player = try Fixture.player(Self.text, "G")
        #expect(player.session.isAtEnd && player.question == nil)
    }

    @Test func inATalkDigitsAnswerAndTheRemoteShowsTheAnswer() throws {
        var player = try player()
        player.present()
        for _ in 0..<3 { player.press(.pageDown) }
        guard case .asked? = player.question else {
            Issue.record("nothing is asked")
            return
        }
        // A remote's black-screen key is no answer.
        player.press(.character("b"))
        #expect(player.presenter?.isBlank == true)
        player.press(.pageDown)
        player.press(.pageDown)
        #expect(player.quiz?.skipped == 1)
        player.press(.pageDown)
        for _ in 0..<2000 where player.tick != nil { player.passTime() }
        #expect(player.session.progress.lastCommand?.text == "A read m[0]")
    }

    static let sizes = [Size(80, 24), Size(120, 40), Size(200, 60)]

    @Test(arguments: sizes + [Size(40, 12)]) func theQuestion(_ size: Size) throws {
        let player = try player("G", size: size)
        Snapshot.check(player.frame(size: size), "question-\(size.columns)x\(size.rows)")
    }

    /// What is asked for must not be on the screen: neither in the row of the course nor in its view.
    @Test func theCourseAheadIsHidden() throws {
        var asked = try player("G", size: Size(120, 40))
        let shown = asked.frame(size: Size(120, 40)).text.split(separator: "\n").first { $0.contains("course") }
        #expect(shown?.contains("99") == false)
        asked.isAsking = false
        let open = asked.frame(size: Size(120, 40)).text.split(separator: "\n").first { $0.contains("course") }
        #expect(open?.contains("99") == true)
    }

    @Test(arguments: sizes) func theAnswer(_ size: Size) throws {
        var player = try player("G", size: size)
        try answer(&player, right: false)
        Snapshot.check(player.frame(size: size), "answer-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: sizes) func theQuestionInATalk(_ size: Size) throws {
        var player = try player(size: size, glyphs: .letters)
        player.present()
        player.press(.end)
        Snapshot.check(player.frame(size: size), "talk-question-\(size.columns)x\(size.rows)")
    }

    @Test func everySize() throws {
        for answered in [false, true] {
            var player = try player("G")
            if answered { try answer(&player) }
            for columns in [1, 2, 7, 20, 39, 40, 60, 80, 120, 200] {
                for rows in [1, 2, 3, 5, 9, 12, 14, 24, 40, 60] {
                    player.resize(Size(columns, rows))
                    #expect(player.frame(size: Size(columns, rows)).size == Size(columns, rows))
                }
            }
        }
    }
}
