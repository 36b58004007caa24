import DirtyMachine
import Testing

@testable import DirtyView

@Suite struct PaletteTests {
    private func player(_ keys: String = "") throws -> Player {
        var player = try Fixture.player(Fixture.firstStore)
        player.press(.control("P"))
        player.type(keys)
        return player
    }

    @Test func commandsAreFoundByName() throws {
        var player = try player("step over")
        #expect(player.frame(size: Size(80, 24)).text.contains("Palette"))
        #expect(player.paletteEntries("step over").first?.action == .over)
        player.press(.enter)
        #expect(player.view == .main && player.session.position > 0)
    }

    @Test func chaptersPanesAndSettingsAreThereToo() throws {
        var player = try player("chapter 3\n")
        #expect(player.session.progress.chapter == "The first store")
        player.press(.control("P"))
        player.type("theme light\n")
        #expect(player.theme == .light)
        player.press(.control("P"))
        player.type("pane who maps it\n")
        #expect(player.focus == .rmap && player.isZoomed)
    }

    @Test func whatHasAllWordsInItsNameComesFirst() throws {
        let entries = try player().paletteEntries("chapter")
        let first = entries.prefix { $0.name.contains("chapter") }
        #expect(first.count >= 5)
        #expect(!entries.dropFirst(first.count).contains { $0.name.contains("chapter") })
    }

    @Test func everythingInItCanBeDone() throws {
        let entries = try player().paletteEntries("")
        #expect(entries.count > 50)
        for entry in entries {
            var player = try Fixture.player(Fixture.firstStore, "ss")
            player.perform(entry.action)
            let text = player.frame(size: Size(80, 24)).text
            #expect(!text.contains("unknown command"), "\(entry.name)")
        }
    }

    @Test func escapeGoesOneLevelBack() throws {
        var player = try player("zoom")
        player.press(.escape)
        #expect(player.view == .palette(filter: "", row: 0))
        player.press(.escape)
        #expect(player.view == .main)
        player.type("?q")
        #expect(player.view == .main)
    }
}

@Suite struct PaneSetTests {
    @Test func otherPanesStandInThePlaces() throws {
        var player = try Fixture.player(Fixture.firstStore, "ss")
        try player.panes.set(["script", "pages", "calls", "changes", "counters", "invariants"], for: "medium")
        let text = player.frame(size: Size(80, 24)).text
        #expect(text.contains("Script") && text.contains("Invariants") && !text.contains("Narration"))
        #expect(player.frame(size: Size(120, 40)).text.contains("Narration"))
    }

    @Test func wrongSetsSayWhy() {
        func problem(_ names: [String], _ size: String) -> PaneSets.Problem? {
            var panes = PaneSets()
            do throws(PaneSets.Problem) { try panes.set(names, for: size) } catch { return error }
            return nil
        }
        #expect(problem(["pages"], "tiny") == .unknownSize("tiny"))
        #expect(problem(["pages"], "medium") == .wrongCount("medium", places: 6))
        #expect(problem(["pages", "pages"], "medium") == .twice("pages"))
        #expect(problem(["page"], "medium") == .unknownPane("page"))
        for size in PaneSets.sizes {
            #expect(problem(PaneSets().names(size), size.rawValue) == nil)
        }
    }
}

@Suite struct DeedTests {
    @Test func everyKeyIsALine() {
        let keys = KeyTable.bindings.flatMap(\.keys) + [.character("#"), .character("é"), .delete, .function(12)]
        let mice = Mouse.Action.allCases.map { Deed.mouse(Mouse($0, column: 3, row: 7)) }
        let deeds = keys.map(Deed.key) + [.size(Size(80, 24)), .tick, .interrupt] + mice
        for deed in deeds { #expect(Deed(text: deed.text) == deed, "\(deed.text)") }
        for line in ["", "key", "key ", "size 3", "size -1x2", "size 99999x1", "tock"] { #expect(Deed(text: line) == nil, "\(line)") }
    }

    @Test func aLogRepeatsASession() throws {
        var random = SeededGenerator(seed: 7)
        let letters = Array("sSnNfFeEcC}{][g+-kjhlza><t1".unicodeScalars)
        var player = try Fixture.player(Fixture.race)
        var log = "# a comment\n"
        for number in 0..<400 {
            let deed: Deed
            switch number % 50 {
            case 20: deed = .size(Size(40 + number % 90, 10 + number % 40))
            case 30: deed = .tick
            case 40: deed = .interrupt
            default: deed = .key(.character(letters.randomElement(using: &random)!))
            }
            log += deed.text + "\n"
            player.replay(deed.text)
        }
        player.replay("key :\n" + "crash".map { "key \($0)\n" }.joined() + "key Enter")
        log += "key :\n" + "crash".map { "key \($0)\n" }.joined() + "key Enter\nkey to"
        var again = try Fixture.player(Fixture.race)
        again.replay(log)
        #expect(again.session.position == player.session.position)
        #expect(again.frame(size: Size(120, 40)) == player.frame(size: Size(120, 40)))
    }

    /// The legend shows every state word with its glyph and its colour.
    @Test func theLegendIsWhole() throws {
        for glyphs in GlyphSet.allCases {
            let legend = Legend(glyphs: glyphs, columns: 78).listing
            let lines = (0..<legend.count).map(legend.row)
            for word in PageWord.allCases {
                let line = try #require(lines.first { $0.text.contains(" \(word.rawValue) ") }, "\(word)")
                #expect(line.cells.first { $0.scalar != " " } == Cell(glyphs[word.glyph], word.style), "\(word) \(glyphs)")
            }
            #expect(lines.allSatisfy { $0.width <= 78 })
        }
        var player = try Fixture.player(Fixture.firstStore)
        player.press(.control("P"))
        player.type("glyphs letters")
        player.press(.enter)
        #expect(player.frame(size: Size(80, 24)).text.contains("Legend: every sign"))
    }
}
