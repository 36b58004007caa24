import DirtyScript
import Testing

@testable import DirtyView

/// A talk: what a remote's keys do, and what the audience sees.
@Suite struct TalkTests {
    static let text = """
        title "A talk"
        kernel 2.6.19
        file db 2 ext3 cached
        process A
        note "Say who you are."
        chapter "The mapping"
        say "A maps a file, shared and writable. The page table stays empty."
        note "Ask who knows mmap."
        A mmap m db rw shared
        A read m[0]
        chapter "The first store"
        say "The PTE has no write bit, so the CPU cannot store."
        A write m[0]
        pause
        A fsync db
        expect disk db[0] 1
        """

    static func talk(
        _ keys: [Key] = [], text: String = text, size: Size = Size(80, 24), glyphs: GlyphSet = .letters
    ) throws -> Player {
        var player = try Fixture.player(text, size: size, glyphs: glyphs)
        player.present()
        for key in keys { player.press(key) }
        return player
    }

    /// Lets time pass until nothing plays any more.
    static func wait(_ player: inout Player, sourceLocation: Testing.SourceLocation = #_sourceLocation) {
        for _ in 0..<2000 where player.tick != nil { player.passTime() }
        #expect(player.tick == nil, sourceLocation: sourceLocation)
    }

    @Test func everyKeyThatRemotesSendLeadsOnAndBack() throws {
        for next in [Key.pageDown, .right, .down, .enter, .character(" "), .character("n")] {
            for back in [Key.pageUp, .left, .up, .backspace, .character("p")] {
                var player = try Self.talk([next, next])
                Self.wait(&player)
                #expect(player.beat == 2)
                player.press(back)
                #expect(player.beat == 1)
                #expect(player.session.progress.caption.hasPrefix("A maps"))
            }
        }
    }

    @Test func aBeatIsPlayedStepByStepAndASecondPressIsThereAtOnce() throws {
        var player = try Self.talk([.pageDown])
        #expect(player.tick == nil)
        let start = player.session.position
        player.press(.pageDown)
        #expect(player.tick != nil && player.session.position == start)
        player.passTime()
        #expect(player.session.position == start + 1)
        player.press(.pageDown)
        #expect(player.tick == nil)
        #expect(player.beat == 2)
        #expect(player.session.progress.caption.hasPrefix("A maps"))
    }

    @Test func playedOrNotTheBeatEndsInTheSamePlace() throws {
        var played = try Self.talk()
        var pressed = try Self.talk()
        for _ in 0..<6 {
            played.press(.pageDown)
            Self.wait(&played)
            pressed.press(.pageDown)
            if pressed.tick != nil { pressed.press(.pageDown) }
            #expect(played.session.position == pressed.session.position)
            // Only the key line knows how often somebody has pressed.
            played.presenter?.echo = nil
            pressed.presenter?.echo = nil
            #expect(played.frame(size: Size(120, 40)) == pressed.frame(size: Size(120, 40)))
            #expect(played.shownFrom == pressed.shownFrom)
        }
        #expect(played.session.isAtEnd)
    }

    @Test func aNumberLeadsToItsBeat() throws {
        var player = try Self.talk([.character("4"), .enter])
        #expect(player.beat == 3)
        player.press(.home)
        #expect((player.beat, player.session.position) == (0, 0))
        player.press(.end)
        #expect(player.session.isAtEnd)
        player.press(.character("9"))
        player.press(.character("9"))
        player.press(.escape)
        #expect(player.isPresenting && player.session.isAtEnd)
    }

    @Test func backFromBetweenTwoBeatsIsTheBeatItself() throws {
        var player = try Self.talk([.pageDown, .character("s"), .character("s")])
        #expect(player.beat == 1)
        player.press(.pageUp)
        #expect((player.beat, player.session.position) == (1, 1))
        player.press(.pageUp)
        #expect((player.beat, player.session.position) == (0, 0))
    }

    @Test func theBlankScreenIsBlackUntilAnyKey() throws {
        for blank in [Key.character("b"), .character("."), .character(",")] {
            var player = try Self.talk([.pageDown, blank])
            #expect(player.frame(size: Size(80, 24)).cells.allSatisfy { $0 == Cell() })
            #expect(player.talkState?.mode == "blank")
            player.press(.pageDown)
            #expect(player.beat == 1)
            #expect(player.frame(size: Size(80, 24)).text.contains("A maps"))
        }
    }

    @Test func escapeLeavesTheTalkAndPComesBack() throws {
        var player = try Self.talk([.pageDown, .escape])
        #expect(!player.isPresenting && player.talkState == nil)
        #expect(player.frame(size: Size(80, 24)).text.contains("[2] Pages"))
        player.press(.character("p"))
        #expect(player.isPresenting && player.beat == 1 && player.tick == nil)
        // What a remote sends to start a talk does no harm in one.
        player.press(.function(5))
        #expect(player.isPresenting && player.beat == 1 && player.tick == nil)
        var other = try Fixture.player(Self.text, " ")
        #expect(other.isPlaying)
        other.press(.character("p"))
        #expect(other.isPresenting && !other.isPlaying)
    }

    @Test func itGoesOnByItselfUntilItIsStopped() throws {
        var player = try Self.talk([.character("a")])
        for _ in 0..<2000 where player.tick != nil { player.passTime() }
        #expect(player.session.isAtEnd)
        player.press(.home)
        player.press(.character("a"))
        player.passTime()
        #expect(player.tick != nil)
        player.press(.character("a"))
        #expect(player.tick == nil)
        player.press(.character("a"))
        #expect(player.tick != nil)
        player.interrupt()
        #expect(player.tick == nil)
    }

    @Test func fasterIsFaster() throws {
        var player = try Self.talk([.pageDown, .pageDown])
        let normal = try #require(player.tick)
        player = try Self.talk([.character("+"), .character("+"), .pageDown, .pageDown])
        #expect(try #require(player.tick) < normal)
    }

    @Test func otherKeysDoNothingAndRingNoBell() throws {
        var player = try Self.talk([.pageDown])
        _ = player.takeBell()
        let before = player.frame(size: Size(80, 24))
        for key in [Key.tab, .delete, .control("D"), .character("!"), .function(5), .function(9), .other] { player.press(key) }
        #expect(player.frame(size: Size(80, 24)) == before)
        let rings = player.takeBell()
        #expect(!rings)
    }

    @Test(arguments: [(":", "command"), ("w", "why"), ("d", "differences"), ("t", "choose who runs")])
    func aLetterOfThePlayerSaysWhereItWorks(_ key: String, _ name: String) throws {
        var player = try Self.talk([.pageDown])
        _ = player.takeBell()
        player.type(key)
        #expect(player.lastRow.contains("\(key)  \(name): not in a talk; Esc leaves it, p comes back"))
        let rings = player.takeBell()
        #expect(!rings && player.beat == 1)
    }

    @Test(arguments: [Size(80, 24), Size(120, 40)])
    func theHelpOfATalkIsWhole(_ size: Size) throws {
        var player = try Self.talk([.character("?")])
        player.resize(size)
        let text = player.frame(size: size).text
        #expect(!text.contains("~"))
        #expect(text.contains("Go to the beat") || text.contains("1 2 3 Enter") && text.contains(" beat\n"))
    }

    @Test func theKeyLineSaysWhatWasPressed() throws {
        var player = try Self.talk([.pageDown, .pageDown, .pageDown])
        func lastRow() -> String { String(player.frame(size: Size(80, 24)).text.split(separator: "\n").last ?? "") }
        #expect(lastRow().contains("PgDn x3   next beat"))
        player.press(.left)
        #expect(lastRow().contains("Left   previous beat"))
        player.press(.character("k"))
        #expect(!lastRow().contains("key"))
    }

    @Test func whatASpeakerHasToKnow() throws {
        var player = try Self.talk()
        var state = try #require(player.talkState)
        #expect((state.beat, state.beats, state.title) == (1, 6, "A talk"))
        #expect(state.notes == ["Say who you are."])
        #expect(state.next == "[The mapping] A maps a file, shared and writable. The page table stays empty.")
        #expect(state.nextNotes == ["Ask who knows mmap."])
        player.press(.pageDown)
        state = try #require(player.talkState)
        #expect(state.notes == ["Ask who knows mmap."])
        #expect(state.next == "(end of the chapter), then [The first store] The PTE has no write bit, so the CPU cannot store.")
        player.press(.pageDown)
        #expect(player.talkState?.mode == "playing")
        player.press(.end)
        #expect(player.talkState?.next == nil)
    }

    // MARK: Screens

    static let sizes = [Size(80, 24), Size(120, 40), Size(200, 60)]

    @Test(arguments: sizes) func theStage(_ size: Size) throws {
        var player = try Self.talk([.pageDown, .pageDown], size: size)
        Self.wait(&player)
        player.press(.pageDown)
        Snapshot.check(player.frame(size: size), "talk-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: sizes) func wordsAlone(_ size: Size) throws {
        let player = try Self.talk([.pageDown, .character("v")], size: size)
        Snapshot.check(player.frame(size: size), "talk-words-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: [GlyphSet.ascii, .blocks]) func withPlainerCharacters(_ glyphs: GlyphSet) throws {
        let player = try Self.talk(size: Size(120, 40), glyphs: glyphs)
        let grid = player.frame(size: Size(120, 40))
        Snapshot.check(grid, "talk-title-\(glyphs.rawValue)-120x40")
        if glyphs == .ascii { #expect(grid.cells.allSatisfy { $0.scalar.isASCII }) }
    }

    @Test func nothingMovesWhenTheWordsChange() throws {
        for size in Self.sizes {
            var player = try Self.talk(size: size, glyphs: .ascii)
            func titles() -> [Int] {
                let grid = player.frame(size: size)
                return (0..<size.rows).filter { grid[size.columns - 2, $0].scalar == "-" && grid[0, $0].scalar == "-" }
            }
            let first = titles()
            #expect(!first.isEmpty)
            for _ in 0..<6 {
                player.press(.pageDown)
                Self.wait(&player)
                #expect(titles() == first)
            }
        }
    }

    @Test func everySizeAndEveryStage() throws {
        for keys in [[], [Key.pageDown], [.end], [.pageDown, .character("v")], [.character("v"), .character("v"), .end], [.character("?")]] {
            var player = try Self.talk(keys)
            for columns in [1, 2, 7, 20, 39, 59, 60, 79, 80, 119, 160, 200, 220] {
                for rows in [1, 2, 3, 5, 9, 12, 17, 18, 24, 29, 30, 40, 60, 70] {
                    player.resize(Size(columns, rows))
                    #expect(player.frame(size: Size(columns, rows)).size == Size(columns, rows))
                }
            }
        }
    }
}

/// Large letters.
@Suite struct BigTextTests {
    @Test func theLargestLettersThatFit() {
        func scale(_ text: String, _ columns: Int, _ rows: Int, _ glyphs: GlyphSet = .letters) -> BigText.Scale {
            BigText(text, columns: columns, rows: rows, glyphs: glyphs).scale
        }
        #expect(scale("Hi", 100, 20) == .double)
        #expect(scale("Hello, world", 100, 15) == .half)
        #expect(scale("Hello, world", 40, 7) == .quarter)
        #expect(scale("Hello, world", 40, 3) == .plain)
        #expect(scale("Hello, world", 40, 7, .blocks) == .plain)
        #expect(scale("Hi", 20, 9, .ascii) == .double)
        #expect(scale("Hi", 0, 0) == .plain)
        #expect(scale("", 80, 24) == .double)
    }

    /// Every printable character of ASCII has a shape of its own.
    @Test func noTwoGlyphsAreAlike() {
        let characters = (33...126).map { Character(Unicode.Scalar(UInt8($0))) }
        #expect(Set(characters.map { BigFont[$0] }).count == characters.count)
        #expect(characters.allSatisfy { BigFont[$0] != BigFont["\u{4e2d}"] && BigFont[$0].width > 0 })
        #expect(BigFont["\u{2019}"] == BigFont["'"])
    }

    @Test(arguments: BigText.Scale.allCases) func nothingStandsOutside(_ scale: BigText.Scale) {
        for (columns, rows) in [(30, 9), (61, 17), (100, 40)] {
            var grid = Grid(Size(columns + 4, rows + 4))
            let text = BigText("The PTE is write-protected", columns: columns, rows: rows, glyphs: .letters, atMost: scale)
            text.draw(on: &grid, at: 2, 2, columns: columns, rows: rows, .plain, .letters)
            for row in 0..<rows + 4 {
                for column in 0..<columns + 4 where row < 2 || row >= rows + 2 || column < 2 || column >= columns + 2 {
                    #expect(grid[column, row].scalar == " ")
                }
            }
            #expect(text.scale == .plain || text.height <= rows)
        }
    }
}

/// What goes from one terminal to the other.
@Suite struct TalkStateTests {
    private var state: TalkState {
        var state = TalkState()
        state.title = "A \\ B\nC"
        (state.beat, state.beats, state.step, state.steps) = (3, 9, 41, 120)
        (state.chapter, state.chapterNumber, state.chapters) = ("", 1, 4)
        state.caption = "  two  blanks \\n "
        state.next = "end"
        state.notes = ["one", "", "three\nfour"]
        state.nextNotes = ["n"]
        state.mode = "playing"
        return state
    }

    @Test func textAndBack() throws {
        #expect(TalkState(text: state.text) == state)
        var last = state
        last.next = nil
        last.notes = []
        #expect(TalkState(text: last.text) == last)
    }

    @Test func halfOfItIsNothing() {
        let text = state.text
        for length in 0..<text.count - 4 { #expect(TalkState(text: String(text.prefix(length))) == nil) }
        #expect(TalkState(text: "rubbish\nend\n") == nil)
    }

    @Test(arguments: TalkTests.sizes) func theSpeakersScreen(_ size: Size) throws {
        var page = NotesPage()
        page.state = try TalkTests.talk([.pageDown]).talkState
        (page.elapsed, page.sinceBeat, page.allowed) = (754, 31, 1200)
        Snapshot.check(page.frame(size: size, glyphs: .letters), "notes-\(size.columns)x\(size.rows)")
    }

    @Test func theSpeakersScreenAtEverySize() throws {
        var page = NotesPage()
        for state in [nil, state, try TalkTests.talk([.pageDown]).talkState] {
            page.state = state
            page.elapsed = 100_000
            for columns in [0, 1, 5, 20, 40, 80, 200] {
                for rows in [0, 1, 2, 3, 5, 12, 24, 60] {
                    #expect(page.frame(size: Size(columns, rows), glyphs: .ascii).size == Size(columns, rows))
                }
            }
        }
    }

    @Test func timeIsSaidWhenItIsOver() {
        var page = NotesPage()
        page.state = state
        (page.elapsed, page.allowed) = (1265, 1200)
        #expect(page.frame(size: Size(80, 24), glyphs: .ascii).text.contains("over 1:05"))
        #expect(NotesPage.time(3725) == "1:02:05")
    }
}
