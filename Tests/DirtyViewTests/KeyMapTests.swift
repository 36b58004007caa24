import Testing

@testable import DirtyView

/// Keys that the user has bound otherwise.
@Suite struct KeyMapTests {
    private func step(_ player: Player) -> Int { player.session.position }

    @Test func everyCommandHasANameOfItsOwn() {
        #expect(Set(KeyMap.commands()).count == KeyMap.commands().count)
        #expect(KeyMap.commands().allSatisfy { !$0.contains(" ") })
        let keys = KeyTable.bindings.flatMap(\.keys)
        #expect(Set(keys).count == keys.count, "a key stands in the table twice")
    }

    @Test func everyKeyIsFoundByItsName() {
        for key in KeyTable.bindings.flatMap(\.keys) { #expect(Key(named: key.description) == key) }
        #expect(Key(named: "space") == .character(" "))
        #expect(Key(named: "f12") == .function(12))
        #expect(Key(named: "ctrl-p") == .control("P"))
        for name in ["", "F13", "F0", "Ctrl-", "Ctrl-I", "Ctrl-M", "Ctrl-é", "Hyper", "\u{1b}"] {
            #expect(Key(named: name) == nil, "\(name)")
        }
    }

    @Test func keysThatNothingIsBoundToAreNamed() throws {
        var player = try Fixture.player(Fixture.firstStore)
        let right = Key(held: 4, base: 2)
        player.press(right)
        #expect(player.lastRow == "! Ctrl-Right does nothing here; ? lists the keys")
        #expect(Key(named: "ctrl-right") == right && Key(named: "Alt-Shift-PgDn") == Key(held: 3, base: 9))
        player.press(.other)
        #expect(player.lastRow == "! this key does nothing here; ? lists the keys")
        player.keys = try KeyMap(rebound: ["step": [right], "help": [.function(7)]])
        player.press(right)
        #expect(step(player) == 1)
        player.press(.other)
        #expect(player.lastRow == "! this key does nothing here; F7 lists the keys")
    }

    /// One meaning everywhere: that of the table.
    @Test func f5RunsAsInADebugger() throws {
        var (first, second) = (try Fixture.player(Fixture.firstStore), try Fixture.player(Fixture.firstStore))
        first.press(.function(5))
        second.type("c")
        #expect(step(first) == step(second) && step(first) > 0 && !first.isPlaying)
        first.type("p")
        first.press(.escape)
        let before = step(first)
        first.press(.function(5))
        #expect(!first.isPresenting && step(first) > before)
    }

    @Test func aKeyMovesToAnotherCommand() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.keys = try KeyMap(rebound: ["step": [.character("x")], "step-back": [.character("s")]])
        player.type("xx")
        #expect(step(player) == 2)
        player.type("s")
        #expect(step(player) == 1)
        player.type("S")
        #expect(step(player) == 1, "its key in the table means nothing any more")
        #expect(player.lastRow.contains("does nothing here"))
    }

    @Test func aTakenKeyLeavesTheCommandToTheHelp() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.keys = try KeyMap(rebound: ["step": [.character("c")]])
        player.type("c")
        #expect(step(player) == 1)
        player.type("?go on to the next chapter, pause\n")
        #expect(step(player) > 1, "run has no key and can still be run")
    }

    @Test func helpAndHintsShowTheUsersKeys() throws {
        var player = try Fixture.player(Fixture.firstStore, size: Size(120, 40))
        player.keys = try KeyMap(rebound: ["step": [.function(8)]])
        #expect(player.frame(size: Size(120, 40)).text.contains("F8 step"))
        player.type("?take one atomic")
        #expect(player.frame(size: Size(120, 40)).text.contains("F8"))
    }

    @Test func wrongBindingsSayWhy() {
        let wrong: [([String: [Key]], KeyMap.Problem)] = [
            (["stepp": [.tab]], .unknownCommand("stepp")),
            (["suspend": [.tab]], .belongsToTerminal("suspend")),
            (["step": [.control("C")]], .belongsToTerminal("Ctrl-C")),
            (["step": [.tab], "zoom": [.tab]], .boundTwice(.tab, "step", "zoom")),
        ]
        for (bindings, problem) in wrong {
            #expect(throws: problem) { try KeyMap(rebound: bindings) }
        }
    }

    @Test func aComparisonObeysThemToo() throws {
        var player = try Fixture.comparison(Fixture.firstStore, [.v2_6_18, .v2_6_19])
        player.keys = try KeyMap(rebound: ["step": [.character("x")]])
        player.press(.character("x"))
        #expect(player.comparison.position == 1)
        player.press(.character("s"))
        #expect(player.comparison.position == 1)
    }

    /// The line names what works in the view that is open.
    @Test func hintsFollowTheView() throws {
        var player = try Fixture.player(Fixture.firstStore, "ss", size: Size(120, 40))
        func hints() -> String { player.frame(size: Size(120, 40)).text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[37] }
        #expect(hints().hasPrefix("s step  S back"))
        player.type("M")
        #expect(hints().hasPrefix("Esc back  ) closer  ( more  > next state"))
        player.press(.escape)
        player.type("O")
        #expect(hints().hasPrefix("Esc back  s step") && !hints().contains("why") && !hints().contains("find  "))
        player.press(.escape)
        #expect(hints().hasPrefix("s step  S back"))
        var asked = try Fixture.player(Fixture.firstStore.replacing("A write m[0]", with: "predict faults\nA write m[0]"), "QG", size: Size(120, 40))
        #expect(asked.question != nil)
        player = asked
        #expect(hints().hasPrefix("a b c"), "\(hints())")
        asked.type("a")
        player = asked
        #expect(hints().hasPrefix("Enter carry it out"))
    }

    @Test func aTalkObeysItsOwnKeys() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.talkKeys = try KeyMap(rebound: ["next-beat": [.character("x")], "leave": [.function(9)]], of: .talk)
        player.present()
        let before = player.beat
        player.press(.pageDown)
        #expect(player.beat == before)
        player.type("xx")
        #expect(player.beat == before + 1)
        player.press(.escape)
        #expect(player.isPresenting)
        player.press(.character("?"))
        #expect(player.frame(size: Size(80, 24)).text.contains("F9"))
        player.press(.escape)
        player.press(.function(9))
        #expect(!player.isPresenting)
    }

    @Test func digitsOfATalkAreNumbersOfBeats() {
        #expect(throws: KeyMap.Problem.belongsToBeats("1")) { try KeyMap(rebound: ["blank": [.character("1")]], of: .talk) }
    }

    @Test func whoLosesItsLastKeyIsNamed() throws {
        let taken = try KeyMap(rebound: ["step": [.character("x")]])
        #expect(taken.bereft == [KeyMap.Loss(command: "explore", key: .character("x"), owner: "step")])
        #expect(try KeyMap(rebound: ["step": [.character("x")], "explore": []]).bereft == [])
        #expect(try KeyMap(rebound: ["step": [.character(".")]]).bereft == [])
    }

    @Test func sentencesNameTheUsersKeys() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.keys = try KeyMap(rebound: ["explore": [.function(6)]])
        player.type("X")
        #expect(player.lastRow.contains("F6 finds schedules"))
    }

    @Test func theLatestKeyIsShownWhereThatIsWanted() throws {
        var player = try Fixture.player(Fixture.firstStore)
        player.type("ss")
        #expect(!player.lastRow.contains("s x2"))
        player.type(":set keys on\nss")
        #expect(player.lastRow.hasSuffix("s x2   step"))
        player.type(":set keys off\nss")
        #expect(!player.lastRow.contains("step"))
    }
}
