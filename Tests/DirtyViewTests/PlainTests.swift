import DirtyScript
import Testing

@testable import DirtyView

/// The player without a screen.
@Suite struct PlainTests {
    private func player(_ text: String = Fixture.firstStore) throws -> PlainPlayer {
        PlainPlayer(try Fixture.player(text))
    }

    /// The answers to some lines, one after the other.
    private func answers(_ lines: String..., text: String = Fixture.firstStore) throws -> [[String]] {
        var player = try player(text)
        _ = player.opening()
        return lines.map { player.answer($0) }
    }

    @Test func sayingWhereItStands() throws {
        var player = try player()
        let opening = player.opening()
        #expect(opening.contains("First store, kernel 2.6.19"))
        #expect(opening.contains { $0.hasPrefix("step 0 of ") })
        #expect(opening.last?.hasPrefix("next: ") == true)
    }

    @Test func anEmptyLineStepsOrDoesTheLatestAgain() throws {
        let answers = try answers("", "", "step-back", "")
        let places = answers.map { $0.first { $0.hasPrefix("step ") }?.split(separator: " ")[1] }
        #expect(places == ["1", "2", "1", "0"])
    }

    @Test func commandsGoByNameByKeyAndByNumber() throws {
        let all = try answers("step", "s", "step 3", "S", "+2", "1", "first")
        #expect(all.map { $0.first?.split(separator: " ")[1] } == ["1", "2", "5", "4", "6", "1", "0"])
    }

    @Test func whatChangedIsSaidInWords() throws {
        let run = try answers("next-command", "next-command", "next-command", "next-command", "next-command").joined()
        #expect(run.contains { $0.hasPrefix("changed: A.m.pte[0] present no -> yes") }, "\(run)")
        #expect(run.contains("says: The load faults: there is no PTE yet."))
        #expect(run.contains("pause"))
        #expect(run.contains { $0.hasPrefix("page A m[0]: CLEAN. Mapped, clean and write-protected") })
    }

    @Test func nothingIsSaidTwice() throws {
        var player = try player()
        _ = player.opening()
        var captions: [String] = []
        while !player.player.session.isAtEnd { captions += player.answer("").filter { $0.hasPrefix("says: ") } }
        #expect(captions.count == 3 && Set(captions).count == 3)
    }

    @Test func panesArePrintedOnDemand() throws {
        let pages = try answers("step 12", "pages").last!
        #expect(pages.first == "Pages of A.m")
        #expect(pages.contains { $0.hasPrefix(">") })
        let names = try answers("panes").last!
        #expect(names.count == Pane.allCases.count)
        for pane in Pane.allCases {
            let lines = try answers("step 20", "\(pane)").last!
            #expect(lines.count > 1, "\(pane)")
            #expect(lines.allSatisfy { !$0.hasSuffix(" ") }, "\(pane)")
        }
    }

    @Test func linesOfTheLanguageWork() throws {
        let answers = try answers(
            "A mmap m db rw shared", "A write m[0]", "expect db[0] dirty", "expect db[0] !dirty", "A frobnicate",
            text: Fixture.sandbox)
        #expect(answers[1].contains("note: A write m[0]: ok, value 1"))
        #expect(answers[2].last == "note: ok: expect db[0] dirty")
        #expect(answers[3].last?.hasPrefix("error: ") == true && answers[3].last?.contains("!dirty FAILED") == true)
        #expect(answers[4].last?.hasPrefix("error: ") == true)
    }

    @Test func somebodyElseMayMoveNext() throws {
        var player = try player(Fixture.race)
        _ = player.opening()
        while player.player.session.candidates.count < 3 { _ = player.answer("") }
        let list = player.answer("choose-who-runs")
        #expect(list.contains { $0.contains("B munmap m") })
        let answer = player.answer("2")
        #expect(answer.contains { $0.contains("B munmap m") })
        #expect(player.player.session.moves.last?.choice == .actor(1))
        _ = player.answer("back")
        #expect(player.player.view == .main)
    }

    @Test func playingGoesOnToThePause() throws {
        let answer = try answers("play-or-pause").last!
        #expect(answer.contains("pause") && answer.last == "note: a pause; Space goes on")
        #expect(answer.filter { $0.hasPrefix("step ") }.count > 5)
    }

    @Test func quitLeavesAndHelpListsTheKeysAsTheyAre() throws {
        var player = PlainPlayer(try Fixture.player(Fixture.firstStore))
        #expect(player.answer("help step over, backward") == ["back-over, key N: Step over, backward."])
        #expect(player.answer("help").count > KeyTable.bindings.count - 4)
        #expect(player.answer("quit").isEmpty && player.isFinished)
    }

    /// No line has a control character or a sign that draws, whatever the scenario holds.
    @Test func linesAreText() throws {
        let text = Fixture.firstStore.replacing("The load faults", with: "The \u{202e} load faults")
        var player = try player(text)
        var lines = player.opening()
        while !player.player.session.isAtEnd { lines += player.answer("") }
        for pane in Pane.allCases { lines += player.answer("\(pane)") }
        let scalars = lines.flatMap(\.unicodeScalars)
        #expect(!scalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) || $0.value == 0x202e })
        #expect(!scalars.contains { (0x2500...0x28ff).contains($0.value) })
    }

    /// The answer to "why" has no columns, no line is too long, and it names what can be typed there.
    @Test func whyIsToldInSentences() throws {
        var player = try player(Fixture.lost)
        _ = player.answer("last")
        let answer = player.answer("why lost")
        #expect(answer.allSatisfy { $0.unicodeScalars.count <= 80 })
        #expect(answer.first?.hasPrefix("Why: store of 2 to db[0] lost") == true)
        #expect(answer.contains { $0.hasPrefix("> step 68, reclaim: db.page[0].cached 1 -> 0") })
        #expect(answer.suffix(2).first == "'step N' goes to a step; 'down' and 'up' select, an empty line goes there;")
        #expect(answer.last == "'right' and 'left' ask about another bit; 'back' leaves")
        let below = player.answer("down")
        #expect(below.contains { $0.hasPrefix("> step 39, writeback: A.m.pte[0].dirty 1 -> 0") })
        #expect(player.answer("step 33").contains("step 33 of 71"))
        #expect(player.player.session.position == 33 && player.player.sheetRow != nil)
        #expect(player.answer("right").first?.hasPrefix("Why: store of 2") == false)
        _ = player.answer("back")
        #expect(player.player.view == .main)
    }
}
