import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyView

/// Several kernels on one screen.
@Suite struct ComparisonViewTests {
    private static let pair: [Profile] = [.v2_6_18, .v2_6_19]

    @Test(arguments: [Size(40, 12), Size(80, 24), Size(120, 40), Size(200, 60)])
    func aStoreInLockStep(_ size: Size) throws {
        let player = try Fixture.comparison(
            Fixture.firstStore, Self.pair, "eeeeeessssssssssss", size: size)
        Snapshot.check(player.frame(size: size), "compare-\(size.columns)x\(size.rows)")
    }

    @Test func onlyWhatDiffersIsMarked() throws {
        // After the load, page_prot has made the PTEs differ: writable on 2.6.18, trapped on 2.6.19.
        let player = try Fixture.comparison(Fixture.firstStore, Self.pair, "eeee")
        let lines = player.frame(size: Size(80, 24)).text.split(separator: "\n", omittingEmptySubsequences: false)
        let first = try #require(lines.first { $0.contains("pwua-") })
        #expect(first.contains("p-ua-"))
        #expect(first.contains("*|"))
        #expect(!lines.contains { $0.contains(" 1 ......") && $0.contains("*") })
        #expect(lines[0].contains("2 marked *"))
    }

    /// The status line counts what carries a mark: page_prot, the row of page 0, faults and dirty.
    @Test func theCountIsThatOfTheMarks() throws {
        let player = try Fixture.comparison(Fixture.firstStore, Self.pair, "eeeeeessssssss")
        for size in [Size(80, 24), Size(120, 40), Size(200, 60)] {
            let rows = player.frame(size: size).text.split(separator: "\n")
            let count = rows.dropFirst().reduce(0) { $0 + $1.count { $0 == "*" } } / 2
            #expect(count > 1)
            #expect(rows[0].contains("\(count) marked *"), "\(rows.joined(separator: "\n"))")
        }
    }

    /// PTE-DIRTY and DIRTY have one colour, so the words themselves are marked.
    @Test func wordsThatDifferAreUnderlined() throws {
        let player = try Fixture.comparison(Fixture.firstStore, Self.pair, "eeeeee")
        let grid = player.frame(size: Size(120, 40))
        let row = try #require((0..<40).first { row in text(grid, row).contains("PTE-DIRTY") })
        #expect(text(grid, row).hasSuffix("DIRTY                    *"))
        for word in ["PTE-DIRTY", " DIRTY "] {
            let start = try #require(text(grid, row).firstRange(of: word)).lowerBound
            let column = text(grid, row).distance(from: text(grid, row).startIndex, to: start) + 1
            #expect(grid[column, row].style.role == .dirty)
            #expect(grid[column, row].style.emphasis.isSuperset(of: [.bold, .underline]))
        }
    }

    private func text(_ grid: Grid, _ row: Int) -> String {
        String(String.UnicodeScalarView((0..<grid.size.columns).map { grid[$0, row].scalar }))
    }

    @Test func asManyKernelsAsFit() throws {
        let player = try Fixture.comparison(Fixture.firstStore, Profile.allCases, "eeee")
        let narrow = player.frame(size: Size(80, 24)).text.split(separator: "\n")
        #expect(narrow[0].hasPrefix("kernels 1-3 of 5, Tab ") && narrow[0].contains("marked *"))
        #expect(narrow[1].contains(" 2.6.19 ") && !narrow[1].contains(" 6.18 "))
        let wide = player.frame(size: Size(120, 40)).text.split(separator: "\n")
        #expect(wide[0].hasPrefix("kernels 1-4 of 5, Tab "))
        let widest = player.frame(size: Size(140, 40)).text.split(separator: "\n")
        #expect(widest[0].hasPrefix("compare "))
        for profile in Profile.allCases { #expect(widest[1].contains(" \(profile.rawValue) ")) }
    }

    /// Tab moves the window over the kernels, and round.
    @Test func tabShowsTheOtherKernels() throws {
        var player = try Fixture.comparison(Fixture.firstStore, Profile.allCases, "eeee")
        func titles() -> String { String(player.frame(size: Size(80, 24)).text.split(separator: "\n")[1]) }
        player.press(.tab)
        player.press(.tab)
        #expect(titles().contains(" 2.6.20 ") && titles().contains(" 6.18 ") && !titles().contains(" 2.6.18 "))
        player.press(.tab)
        #expect(titles().contains(" 2.6.18 "))
        player.press(.backTab)
        #expect(titles().contains(" 6.18 "))
    }

    /// No state word is cut, however many pages there are and kernels beside each other.
    @Test(arguments: [80, 100, 107, 120, 140, 160, 200])
    func stateWordsAreWhole(columns: Int) throws {
        let text = """
            file db 2000 ext4
            process A
            A mmap m db rw shared
            A write m[1500]
            A munmap m
            """
        var player = try Fixture.comparison(text, Profile.allCases, "G", size: Size(columns, 24))
        for _ in 0..<1600 where player.selection?.page != 1500 { player.press(.down) }
        let lines = player.frame(size: Size(columns, 24)).text.split(separator: "\n")
        #expect(lines.contains { $0.contains("DIRTY,NOPTE") })
        #expect(!lines.contains { $0.contains("DIRTY,~") || $0.contains("DIRTY,N~") || $0.contains("NOT-PRE~") })
    }

    /// A caption is that of the kernels that go on.
    @Test func aCaptionIsNotToldOfAKernelThatHasStopped() throws {
        let text = """
            kernel 2.6.19
            file db 1 ext3 cached
            process A
            A mmap m db rw shared
            A write m[0]
            W: writeback db[0]
            step W until page_mkclean
            finish W
            say "It is clean."
            A write m[0]
            """
        let player = try Fixture.comparison(text, [.v2_6_18, .v2_6_19, .v2_6_20], "G")
        let lines = player.frame(size: Size(80, 24)).text.split(separator: "\n")
        #expect(lines.contains { $0.contains("2.6.18  STUCK") })
        #expect(lines.contains { $0.contains("Narration  of 2.6.19, 2.6.20") })
    }

    @Test func breakPointsStopAllKernels() throws {
        var player = try Fixture.comparison(Fixture.firstStore, Self.pair)
        func type(_ text: String) { for scalar in text.unicodeScalars { player.press(Key(scalar)) } }
        type(":break do_wp_page\n")
        #expect(player.message?.text.hasPrefix("breakpoint 1 set: break do_wp_page") == true)
        for _ in 0..<9 where player.message?.text.contains("stopped at") != true { type("c") }
        #expect(player.message?.text == "stopped at 2.6.19: 1 break do_wp_page: A is about to run it")
        let there = player.comparison.position
        // From behind it, back to the same step.
        type("ssC")
        #expect(player.comparison.position == there)
        #expect(player.message?.text.contains("stopped at 2.6.19") == true)
        type(":delete 1\nb")
        #expect(player.message?.text.hasPrefix("breakpoint 2 set: watch A m[0]") == true)
        type("c")
        #expect(player.message?.text.contains("watch A m[0]") == true)
        type("b")
        #expect(player.breakpoints.isEmpty)
        type(":kernel 2.6.18\n")
        #expect(player.message?.isError == true)
    }

    @Test func thePromptTakesStepsAndNames() throws {
        var player = try Fixture.comparison(Fixture.firstStore, [.v2_6_18, .v2_6_19], "ss:")
        func type(_ text: String) { for scalar in text.unicodeScalars { player.press(Key(scalar)) } }
        let screen = player.frame(size: Size(80, 24))
        #expect(screen.cursor?.row == 23 && screen.cursor?.column == 1)
        #expect(screen.text.contains("Enter do it"))
        type("+10\n")
        #expect(player.comparison.position == 12)
        type(":5\n")
        #expect(player.comparison.position == 5)
        type(":-2\n")
        #expect(player.comparison.position == 3)
        type(":step\n:step-back\n:step\n")
        #expect(player.comparison.position == 4)
        type(":why\n")
        #expect(player.message?.isError == true && player.message?.text.contains("a step (12, +3)") == true)
        type("w")
        #expect(player.message?.text.hasPrefix("w asks about one kernel") == true)
        type(":he\t\n")
        #expect(player.help != nil)
        player.press(.escape)
        type(":q\n")
        #expect(player.isFinished)
    }

    /// The same kernel twice never differs, whatever is played.
    @Test(arguments: [Fixture.firstStore, Fixture.race, Fixture.lost])
    func theSameKernelIsTheSame(_ text: String) throws {
        var player = try Fixture.comparison(text, [.v2_6_19, .v2_6_19])
        while !player.comparison.isAtEnd {
            player.press(.character("s"))
            #expect(player.comparison.differences.isEmpty)
        }
        #expect(player.frame(size: Size(80, 24)).text.contains("all the same"))
        #expect(!player.frame(size: Size(80, 24)).text.contains("*"))
    }

    @Test(arguments: ["s", "e", "c", "}"])
    func backwardIsExact(_ key: String) throws {
        var player = try Fixture.comparison(Fixture.lost, [.v2_6_19, .v2_6_20, .v6_18])
        var machines: [[Machine]] = [player.comparison.sides.map(\.machine)]
        while !player.comparison.isAtEnd {
            let position = player.comparison.position
            player.press(.character(Unicode.Scalar(key)!))
            #expect(player.comparison.position > position)
            while machines.count <= player.comparison.position { machines.append([]) }
            machines[player.comparison.position] = player.comparison.sides.map(\.machine)
        }
        while player.comparison.position > 0 {
            player.press(.character("S"))
            let known = machines[player.comparison.position]
            if !known.isEmpty {
                #expect(zip(known, player.comparison.sides).allSatisfy { $0.state == $1.machine.state })
            }
        }
        player.press(.character("S"))
        #expect(player.frame(size: Size(80, 24)).text.contains("this is the beginning"))
    }

    @Test func aKernelThatCannotFollowSaysSo() throws {
        let text = """
            kernel 2.6.19
            file db 1 ext3 cached
            process A
            A mmap m db rw shared
            A write m[0]
            W: writeback db[0]
            step W until page_mkclean
            finish W
            """
        var player = try Fixture.comparison(text, Self.pair, "G")
        #expect(player.comparison.obstacles[0]?.contains("page_mkclean") == true)
        #expect(player.comparison.obstacles[1] == nil)
        #expect(player.comparison.sides[1].isAtEnd)
        let lines = player.frame(size: Size(80, 24)).text.split(separator: "\n")
        #expect(lines.contains { $0.contains("2.6.18  STUCK") })
        // No totals there, and nothing to differ from.
        #expect(lines.contains { $0.hasPrefix("faults ? dirty ? wrote ? ") && !$0.contains("*") })
        player.press(.character("g"))
        #expect(player.comparison.obstacles == [nil, nil])
    }

    @Test func everySize() throws {
        for keys in ["", "G", "eeeess", "?", "jjl"] {
            let player = try Fixture.comparison(Fixture.lost, [.v2_6_18, .v2_6_19, .v2_6_20, .v6_18], keys)
            for columns in SweepTests.columns {
                for rows in SweepTests.rows where (columns + rows) % 3 == 0 {
                    #expect(player.frame(size: Size(columns, rows)).size == Size(columns, rows))
                }
            }
        }
    }

    @Test(arguments: 0..<4)
    func anyKeys(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed &+ 5)
        var player = try Fixture.comparison(Fixture.race, [.v2_6_20, .v6_18])
        for _ in 0..<300 {
            player.press(.character(Unicode.Scalar(UInt8.random(in: 32...126, using: &generator))))
            if Int.random(in: 0..<12, using: &generator) == 0 { player.interrupt() }
            if Int.random(in: 0..<6, using: &generator) == 0 { player.passTime() }
            _ = player.frame(size: Size(80, 24))
        }
    }
}
