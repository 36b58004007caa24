import Testing

@testable import DirtyView

/// The mouse, where somebody wants it.
@Suite struct MouseTests {
    /// The place of a text on the screen.
    private func place(_ text: String, _ player: Player) throws -> (column: Int, row: Int) {
        let lines = player.frame(size: Size(80, 24)).text.split(separator: "\n", omittingEmptySubsequences: false)
        let row = try #require(lines.firstIndex { $0.contains(text) })
        let start = try #require(lines[row].firstRange(of: text)).lowerBound
        return (lines[row].distance(from: lines[row].startIndex, to: start), row)
    }

    @Test func aPressSelectsPaneAndRow() throws {
        var player = try Fixture.player(Fixture.firstStore, "eeee")
        let target = try place(" 2 ..", player)
        player.point(Mouse(.press, column: target.column, row: target.row))
        #expect(player.focus == .pages && player.selection?.page == 2)
        let title = try place("Call path", player)
        player.point(Mouse(.press, column: title.column, row: title.row))
        #expect(player.focus == .calls && player.selection?.page == 2)
    }

    @Test func theWheelMovesInThePaneUnderIt() throws {
        var player = try Fixture.player(Fixture.huge, "eee")
        let pages = try place("Pages of", player)
        let start = try #require(player.selection?.page)
        player.point(Mouse(.wheelDown, column: pages.column, row: pages.row + 2))
        #expect(player.selection?.page == start + 3)
        player.point(Mouse(.wheelUp, column: pages.column, row: pages.row + 2))
        #expect(player.selection?.page == start)
    }

    /// Wherever it is pressed, nothing moves in time and nothing breaks.
    @Test func everywhereIsSafe() throws {
        for size in [Size(80, 24), Size(20, 5), Size(40, 12), Size(120, 40)] {
            var player = try Fixture.player(Fixture.race, "eee", size: size)
            let position = player.session.position
            for row in -1...size.rows {
                for column in stride(from: -1, through: size.columns, by: 7) {
                    for action in Mouse.Action.allCases { player.point(Mouse(action, column: column, row: row)) }
                }
            }
            #expect(player.session.position == position)
            #expect(player.frame(size: size).size == size)
        }
    }
}
