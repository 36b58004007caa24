import DirtyView
import Testing

/// What the screens look like. Set DIRTYSCOPE_UPDATE_SNAPSHOTS=1 to write the golden files anew,
/// and look at the difference before committing it.
@Suite struct SnapshotTests {
    static let sizes = [
        Size(20, 5), Size(40, 12), Size(60, 44), Size(80, 24), Size(120, 40), Size(140, 18), Size(200, 60),
    ]

    @Test(arguments: sizes)
    func duringAFault(_ size: Size) throws {
        // In the middle of the first store: the PTE is dirty, the page is not yet.
        let player = try Fixture.player(Fixture.firstStore, "ccccssssssssss", size: size)
        Snapshot.check(player.frame(size: size), "fault-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: [Size(80, 24), Size(120, 40)])
    func aLostStore(_ size: Size) throws {
        let player = try Fixture.player(Fixture.lost, "G", size: size)
        Snapshot.check(player.frame(size: size), "lost-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: [Size(40, 12), Size(80, 24), Size(200, 60)])
    func theChooser(_ size: Size) throws {
        let player = try Fixture.player(Fixture.race, "ct333322", size: size)
        Snapshot.check(player.frame(size: size), "chooser-\(size.columns)x\(size.rows)")
    }

    @Test func theBeginning() throws {
        let player = try Fixture.player(Fixture.firstStore)
        Snapshot.check(player.frame(size: Size(80, 24)), "beginning-80x24")
    }

    @Test func theHelp() throws {
        let player = try Fixture.player(Fixture.firstStore, "?chap")
        Snapshot.check(player.frame(size: Size(80, 24)), "help-80x24")
    }

    @Test func thePromptWithAnError() throws {
        var player = try Fixture.player(Fixture.sandbox)
        player.enter("A wirte m[0]")
        Snapshot.check(player.frame(size: Size(80, 24)), "complaint-80x24")
    }

    @Test(arguments: [GlyphSet.blocks, .letters, .unicode])
    func glyphSets(_ glyphs: GlyphSet) throws {
        let player = try Fixture.player(Fixture.firstStore, "ccccssssssssss", glyphs: glyphs)
        Snapshot.check(player.frame(size: Size(80, 24)), "glyphs-\(glyphs.rawValue)-80x24")
    }

    @Test func oneMappingOfATerabyte() throws {
        let player = try Fixture.player(Fixture.huge, "G")
        Snapshot.check(player.frame(size: Size(80, 24)), "terabyte-80x24")
    }
}

/// The word that matters most is on every screen.
@Suite struct LostOnEveryScreenTests {
    @Test(arguments: [Size(20, 5), Size(24, 6), Size(29, 11), Size(30, 5), Size(40, 12), Size(79, 20), Size(80, 24)])
    func lostIsWritten(size: Size) throws {
        let player = try Fixture.player(Fixture.lost, "G", size: size)
        let lines = player.frame(size: size).text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0].contains("LOST 1"))
        #expect(lines.dropFirst().contains { $0.contains("!LOST") })
    }
}
