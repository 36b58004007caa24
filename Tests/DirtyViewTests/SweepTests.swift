import DirtyScript
import DirtyView
import Testing

/// Every size, every view: nothing traps, nothing stands outside, nothing is out of place.
@Suite struct SweepTests {
    static let columns = Array(1...24) + [39, 40, 41, 59, 79, 80, 81, 119, 120, 121, 160, 199, 200, 220]
    static let rows = Array(1...15) + [23, 24, 25, 39, 40, 41, 59, 60, 70]
    static let states = [
        "", "G", "cccsssssss", "?", "?x", ":A wri", "/abc", "Gz", "t", "G8", "Ga", "1", "9z", ":set\n",
    ]

    @Test(arguments: [Fixture.firstStore, Fixture.race, Fixture.lost, Fixture.huge, Fixture.sandbox, "# nothing"])
    func everySize(_ text: String) throws {
        for keys in Self.states {
            var player = try Fixture.player(text, keys)
            for rows in Self.rows {
                for columns in Self.columns where (rows + columns + keys.count) % 4 == 0 {
                    let size = Size(columns, rows)
                    player.resize(size)
                    let grid = player.frame(size: size)
                    #expect(grid.size == size)
                }
            }
        }
    }

    @Test func noSizeAtAll() throws {
        let player = try Fixture.player(Fixture.race)
        #expect(player.frame(size: Size(0, 0)).cells.isEmpty)
        #expect(player.frame(size: Size(-3, 7)).cells.isEmpty)
    }

    /// Every key in every view, at sizes where panes come and go.
    @Test(arguments: 0..<6)
    func anyKeys(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed &+ 77)
        let text = [Fixture.race, Fixture.firstStore, Fixture.huge][Int(seed % 3)]
        var player = try Fixture.player(text)
        let named: [Key] = [
            .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .tab, .backTab,
            .backspace, .delete, .control("D"), .control("U"), .function(1), .function(5), .other,
        ]
        for _ in 0..<400 {
            if Bool.random(using: &generator) {
                player.press(named.randomElement(using: &generator)!)
            } else {
                player.press(.character(Unicode.Scalar(UInt8.random(in: 32...126, using: &generator))))
            }
            if Int.random(in: 0..<20, using: &generator) == 0 { player.interrupt() }
            if Int.random(in: 0..<10, using: &generator) == 0 { player.passTime() }
            let size = Size(
                Int.random(in: 1...210, using: &generator), Int.random(in: 1...65, using: &generator))
            player.resize(size)
            _ = player.frame(size: size)
        }
    }

    /// Panes stand where they stood, whatever they show.
    @Test(arguments: SnapshotTests.sizes)
    func panesDoNotMove(_ size: Size) throws {
        var player = try Fixture.player(Fixture.race, size: size, glyphs: .ascii)
        func rules(_ grid: Grid) -> Set<Int> {
            Set((0..<size.rows).filter { row in grid[0, row].scalar == "-" && grid[0, row].style.role == .chrome })
        }
        let first = rules(player.frame(size: size))
        while !player.session.isAtEnd {
            player.type("e")
            #expect(rules(player.frame(size: size)) == first)
        }
    }

    /// Text from a scenario is text, whatever it contains.
    @Test func hostileText() throws {
        let text = "title \"red \u{1f600} \u{ad}\u{e9}\"\nfile db 1 ext4 cached\nprocess A\nsay \"\u{4e2d}\u{6587} e\u{301}\"\nA exit"
        let player = try Fixture.player(text, "G")
        for size in SnapshotTests.sizes {
            for cell in player.frame(size: size).cells {
                #expect(Grid.printable(cell.scalar) == cell.scalar)
            }
        }
    }

    /// A frame looks at what it shows, not at the whole of a large mapping or a long history.
    @Test func aTerabyteIsDrawnLikeAPage() throws {
        let player = try Fixture.player(Fixture.huge, "G2")
        let text = player.frame(size: Size(200, 60)).text
        #expect(text.contains("1000000"))
    }
}
