import DirtyMachine
import DirtyScript
import DirtyView
import Testing

/// How a player shows folios of more than one page.
@Suite struct LargeFolioViewTests {
    private static let text = """
        file db 10 ext4 cached folio=8
        process A
        A mmap m db rw shared
        A write m[3]
        """

    private func lines(_ keys: String, size: Size = Size(120, 40)) throws -> [String] {
        let player = try Fixture.player(Self.text, keys, size: size, glyphs: .letters)
        return player.frame(size: size).text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func aBracketHoldsTheRowsOfAFolio() throws {
        let lines = try lines("G2z")
        for (page, mark) in [(0, "┬"), (1, "│"), (6, "│"), (7, "┴"), (8, "┬"), (9, "┴")] {
            #expect(lines.contains { $0.contains(" \(page)\(mark)7ffff7ff") }, "\(page)")
        }
    }

    @Test func theSelectedPageTellsItsFolio() throws {
        #expect(try lines("G").contains { $0.hasPrefix("sel ") && $0.contains("folio 0..7") })
    }

    /// One bit of the head is news of eight pages.
    @Test func aFlagOfTheFolioIsAChangeOfAllItsPages() throws {
        var session = try Fixture.session(Self.text)
        var places: Set<PagePlace> = []
        let file = try #require(session.machine.file(named: "db"))
        while case .moved = session.advance() {
            let dirties = session.latestAlterations.contains { $0.path == "db.folio[0..7].dirty" }
            if dirties { places = Set(session.latestChanges.flatMap { session.machine.places(of: $0) }) }
        }
        #expect(places.isSuperset(of: (0..<8).map { .file(file, $0) }))
        #expect(!places.contains(.file(file, 8)))
    }
}
