import Testing

@testable import DirtyView

/// Keys that the user has bound otherwise.
@Suite struct KeyMapTests {
    private func step(_ player: Player) -> Int { player.session.position }

    @Test func everyCommandHasANameOfItsOwn() {
        #expect(Set(KeyMap.commands).count == KeyMap.commands.count)
        #expect(KeyMap.commands.allSatisfy { !$0.contains(" ") })
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
}
