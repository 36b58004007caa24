import DirtyScript
import Testing

@testable import DirtyView

/// Whatever is typed, at whatever size: the player goes on, and draws only characters.
@Suite struct RandomKeyTests {
    private static let scenario = """
        kernel 2.6.19
        cpus 2
        file db 600 ext3 cached
        file lg 3 ext3
        process A
        process B
        chapter "One"
        A mmap m db rw shared
        A mmap p anon[268435456] rw private
        B mmap m lg rw shared
        say "Two writers, one of them slow."
        A write m[0]
        pause 1s
        W: writeback db[0]
        step W until page_mkclean
        race
          A write m[0]
          B write m[1]
          B ftruncate lg 0
        end
        finish W
        chapter "Two"
        focus A m[513]
        A write m[513]
        expect nr_dirty == 77
        A fork C
        C write p[0]
        C exit
        crash
        """

    private static let typed: [String] = [
        "A write m[0]", "B read m[1]", "crash", "A write m[", "7", "+3", "-9", "50%", "set glyphs ascii",
        "set theme inverse", "help", "race", "end", "X: A fsync db", "finish X", "step X", "say \"\u{e9}\"",
        "expect nr_dirty == 0", "focus db[599]", "99999999999999999999",
    ]

    private static func key(_ random: inout SeededGenerator) -> Key {
        let special: [Key] = [
            .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .tab, .backTab,
            .backspace, .delete, .function(1), .function(5), .control("U"), .control("D"), .control("P"), .other,
        ]
        if random.next() % 4 == 0 { return special.randomElement(using: &random)! }
        // Not q, which leaves.
        let letters = "sSnNfFeEcC}{][gG +-=123456789kjhlzat/><:?.,\u{301}\u{e9}".unicodeScalars
        return .character(letters.randomElement(using: &random)!)
    }

    @Test(arguments: 0..<10) func survives(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 1)
        let scenario = try ScenarioParser.parse(
            Array(Self.scenario.utf8), name: "random", rules: .machine
        ).get()
        var player = Player(try Session(scenario, kernel: nil, rules: []), glyphs: .ascii)
        for number in 0..<1000 {
            switch random.next() % 40 {
            case 0:
                player.resize(Size(Int(random.next() % 240), Int(random.next() % 70)))
            case 1:
                player.press(.escape)
                player.press(.character(":"))
                for scalar in Self.typed.randomElement(using: &random)!.unicodeScalars {
                    player.press(.character(scalar))
                }
                player.press(.enter)
            case 2: player.passTime()
            case 3: player.interrupt()
            default: player.press(Self.key(&random))
            }
            guard number % 8 == 0 else { continue }
            let grid = player.frame(size: player.size)
            let scalars = (0..<grid.size.rows).flatMap { row in
                (0..<grid.size.columns).map { grid[$0, row].scalar.value }
            }
            #expect(!scalars.contains { $0 < 0x20 || (0x7f...0x9f).contains($0) })
        }
    }
}
