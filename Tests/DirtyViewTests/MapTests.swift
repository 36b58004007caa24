import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyView

/// The map of all pages, and the course of dirty pages over time.
@Suite struct MapTests {
    private static let wide = """
        file db 100000 ext4
        process A
        A mmap m db rw shared
        A write m[70000]
        A read m[300]
        A write m[99999]
        """

    @Test(arguments: [1, 5, 79, 4096, 100_000, 1 << 28], [(20, 3), (80, 18), (200, 54)])
    func `every page has a cell at every zoom`(count: Int, size: (columns: Int, rows: Int)) {
        for selected in Set([0, count / 3, count - 1]) {
            var last: MapGeometry?
            for zoom in 0...40 {
                let map = MapGeometry(
                    count: count, selected: selected, columns: size.columns, rows: size.rows, zoom: zoom)
                #expect(map.pages.contains(selected))
                #expect(map.pages.upperBound <= count)
                #expect((map.pages.count + map.run - 1) / map.run <= map.columns * map.rows)
                #expect(map.pages.lowerBound % map.run == 0)
                if zoom == 0 { #expect(map.pages == 0..<count) }
                if zoom >= map.depth { #expect(map.run == 1) }
                if let last { #expect(map.run <= last.run) }
                last = map
            }
        }
    }

    @Test func `the map has all pages, and Enter leads to the page`() throws {
        var player = try Fixture.player(Self.wide, "GM")
        let whole = player.frame(size: Size(80, 24)).text
        #expect(whole.contains("Map of A.m  100000 pages, a cell is 128 pages"))
        #expect(whole.contains("pages D DIRTY 2  r CLEAN 1  . NOT-PRESENT 99997"))
        #expect(whole.contains("sel pages 99968-99999  worst DIRTY"))
        player.press(.enter)
        #expect(player.frame(size: Size(80, 24)).text.contains("a cell is 32 pages"))
        player.type("(")
        #expect(player.frame(size: Size(80, 24)).text.contains("a cell is 128 pages"))
        player.type("(")
        #expect(player.lastRow.contains("this is all of it; ) looks closer"))
        player.type(")))))))")
        let close = player.frame(size: Size(80, 24)).text
        #expect(player.lastRow.contains("a cell is a page already"))
        // The figures are of the whole mapping, not of what is in sight.
        #expect(close.contains("pages D DIRTY 2  r CLEAN 1  . NOT-PRESENT 99997"))
        #expect(close.contains("a cell is a page"))
        #expect(close.contains("sel page 99999  DIRTY"))
        player.press(.left)
        #expect(player.frame(size: Size(80, 24)).text.contains("sel page 99998  NOT-PRESENT"))
        player.press(.enter)
        let pages = player.frame(size: Size(80, 24)).text
        #expect(pages.contains("Pages of A.m"))
        #expect(pages.contains("99998"))
    }

    @Test func `a state is found on the map, and what is in another state`() throws {
        var player = try Fixture.player(Self.wide, "GM")
        func found(_ keys: String) -> Int? {
            player.type(keys)
            return player.selection?.page
        }
        player.press(.home)
        #expect(found("/dirty\n") == 70_000)
        #expect(found(">") == 99_999)
        // Round the end, and back.
        #expect(found(">") == 70_000)
        #expect(found("<") == 99_999)
        #expect(found("/clean\n") == 300)
        #expect(found("/1234\n") == 1234)
        #expect(found("/dirtx\n") == 1234)
        #expect(player.lastRow.contains("'dirtx' is no state of a page; there are not-present cached clean"))
        #expect(found("/writeback\n") == 1234)
        #expect(player.lastRow.contains("no page is 'writeback'"))
        var other = try Fixture.player(Self.wide, "GM")
        other.press(.home)
        var pages: [Int] = []
        for _ in 0..<5 {
            other.type(">")
            pages.append(other.selection?.page ?? -1)
        }
        #expect(pages == [300, 301, 70_000, 70_001, 99_999])
        other.type("<")
        #expect(other.selection?.page == 99_998)
    }

    @Test func `a lost store is found on the map, and a terabyte is searched at once`() throws {
        var player = try Fixture.player(Fixture.lost, "GM/lost\n")
        #expect(player.lastRow.contains("/lost page 0"))
        player = try Fixture.player(Fixture.huge, "GM")
        player.press(.end)
        player.type("/dirty\n")
        #expect(player.selection?.page == 1_000_000)
        player.press(.end)
        player.type("<")
        #expect(player.selection?.page == 1_000_000)
        #expect(player.frame(size: Size(80, 24)).text.contains("D DIRTY 1  . NOT-PRESENT 268435455"))
    }

    @Test func `moving stays on the map`() throws {
        var player = try Fixture.player(Self.wide, "M")
        for key in [Key.home, .up, .left, .pageUp] {
            player.press(key)
            #expect(player.selection?.page == 0)
        }
        for key in [Key.end, .down, .right, .pageDown] {
            player.press(key)
            #expect(player.selection?.page ?? 0 >= 99_968)
        }
        player.press(.escape)
        #expect(!player.isZoomed)
    }

    @Test func `lost stores come before everything else`() throws {
        let player = try Fixture.player(Fixture.lost, "GM")
        #expect(player.frame(size: Size(80, 24)).text.contains("!LOST 1"))
    }

    @Test func `the course shows the limit and where it was passed`() throws {
        let writes = (0..<12).map { "A write m[\($0)]" }.joined(separator: "\n")
        let text = """
            kernel 2.6.19
            dirty background=4 limit=8
            file db 12 ext3 cached
            process A
            A mmap m db rw shared
            \(writes)
            A fsync db
            """
        var player = try Fixture.player(text, "GO")
        let screen = player.frame(size: Size(120, 40)).text
        #expect(screen.contains("limit 8 "))
        #expect(screen.contains("background 4 "))
        // The present is told in whole at the right end, too.
        #expect(screen.contains("step \(player.session.position) >"))
        #expect(screen.contains("DDDD"))
        // No column has more than one fault.
        let row = screen.split(separator: "\n").first { $0.drop { $0 == " " }.hasPrefix("faults ") }
        #expect(row?.contains("1") == true)
        player.type("g")
        #expect(player.frame(size: Size(120, 40)).text.contains("step 0"))
    }

    /// Dirty pages of a VMA are counted however large it is, as long as few of its pages are in use.
    @Test func `a large VMA tells its dirty pages, or that they are too many to count`() throws {
        var player = try Fixture.player(Fixture.huge, "G", size: Size(120, 40))
        #expect(player.frame(size: Size(120, 40)).text.contains("D1 W0"))
        let writes = (0..<600).map { "A write m[\($0)]" }.joined(separator: "\n")
        player = try Fixture.player("file db 1000 ext4\nprocess A\nA mmap m db rw shared\n" + writes, "G", size: Size(120, 40))
        player.goAllTheWay()
        #expect(player.frame(size: Size(120, 40)).text.contains("D512+ W0+"))
        let piece = try #require(player.session.machine.pieces(of: player.session.machine.process(named: "A")!).first)
        #expect(player.session.machine.tally(of: piece, limit: 5000).dirty == 600)
    }

    @Test func `the axis of a small course names each number once`() throws {
        let player = try Fixture.player(Fixture.firstStore, "GO")
        let rows = player.frame(size: Size(80, 24)).text.split(separator: "\n").map { $0.prefix(6).drop { $0 == " " } }
        #expect(rows.filter { Int($0) != nil } == ["1"])
        // One page is no bar of the whole height.
        let bars = player.frame(size: Size(200, 60)).text.split(separator: "\n").count { $0.contains("DDD") }
        #expect(bars == 2)
    }

    @Test func `a long course has as many samples as a screen needs`() throws {
        let text = Self.wide + "\n" + String(repeating: "A msync m sync\nA write m[3]\n", count: 400)
        var session = try Fixture.session(text)
        session.go(to: .max)
        let series = session.series
        #expect(series.samples.count < Series.mostSamples)
        #expect(series.samples.count * series.span > session.position - series.span)
        #expect(series.samples.map(\.dirty).max() == 2)
        let faults = series.sample(of: 0..<session.position).faults
        #expect(faults == session.machine.state.counter(.pgfault))
        session.go(to: 10)
        #expect(session.series.samples == series.samples)
    }
}
