import DirtyView
import Testing

/// The help: whole sentences at every size, and what the screen's words mean.
@Suite struct HelpTests {
    /// The text of the screen with its rows joined, so that wrapped sentences can be found.
    private func flowing(_ player: Player, _ size: Size) -> String {
        player.frame(size: size).text.split { $0 == "\n" || $0 == " " }.joined(separator: " ")
    }

    @Test(arguments: [Size(40, 12), Size(60, 44), Size(80, 24), Size(120, 40), Size(200, 60)])
    func noEntryIsCut(size: Size) throws {
        var player = try Fixture.player(Fixture.firstStore, "?", size: size)
        var seen: Set<String> = []
        let sentences = [
            "Go on to the next break point, chapter, pause or failed expectation, or to the end.",
            "Step until the acting task is back where it was called from.",
            "Go back to the shell; fg comes back here.",
            "Dirty in a PTE; the page itself does not know it yet.",
            "in the kernel model; docs/steps.md lists them all.",
        ]
        for _ in 0..<120 {
            let text = flowing(player, size)
            #expect(!player.frame(size: size).text.contains("~\n"))
            seen.formUnion(sentences.filter { text.contains($0) })
            player.press(.down)
        }
        #expect(seen.count == sentences.count, "\(sentences.filter { !seen.contains($0) })")
    }

    @Test func aSmallScreenHasHelpToo() throws {
        var player = try Fixture.player(Fixture.firstStore, "?fill the", size: Size(20, 5))
        #expect(player.frame(size: Size(20, 5)).text.contains("z  zoom"))
        player.press(.enter)
        #expect(!player.frame(size: Size(20, 5)).text.contains("search:"))
    }

    @Test func whatCannotBeRunStaysAndTells() throws {
        var player = try Fixture.player(Fixture.firstStore, "?step numbers\n")
        #expect(flowing(player, Size(80, 24)).contains("atomic step in the kernel model"))
        player.press(.escape)
        player.press(.escape)
        #expect(!player.frame(size: Size(80, 24)).text.contains("search:"))
    }
}
