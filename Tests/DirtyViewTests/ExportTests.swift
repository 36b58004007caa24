import Foundation
import FoundationXML
import TerminalTestSupport
import Testing

@testable import DirtyView

/// Recordings of a played scenario, read back by a terminal.
@Suite struct ExportTests {
    private static let size = Size(80, 24)

    private func show(_ text: String = Fixture.firstStore, pace: Show.Pace = .step) throws -> Show {
        Show(try Fixture.player(text, glyphs: .letters), size: Self.size, pace: pace)
    }

    private struct Event {
        let time: Double
        let code: String
        let data: String
    }

    /// The lines of a cast that are events.
    private func events(_ cast: String) throws -> [Event] {
        try cast.split(separator: "\n").dropFirst().filter { !$0.hasPrefix("#") }.map { line in
            let parts = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any])
            return Event(
                time: try #require(parts[0] as? Double), code: try #require(parts[1] as? String),
                data: try #require(parts[2] as? String))
        }
    }

    private func cast(_ show: Show, _ version: Asciicast.Version) -> String {
        var recording = Asciicast(version, size: Self.size)
        var text = recording.header(title: "A test")
        var end = 0
        for shot in show {
            text += recording.events(shot)
            end = shot.milliseconds
        }
        return text + recording.end(end)
    }

    /// Nobody can press a key of a picture.
    @Test(arguments: [Size(80, 24), Size(120, 40), Size(40, 12)]) func noPictureHasHints(_ size: Size) throws {
        let player = try Fixture.player(Fixture.firstStore, size: size)
        let (screen, picture) = (player.frame(size: size).text, player.picture(size: size).text)
        #expect(screen.contains("s step") && !picture.contains("s step"))
        #expect(!picture.contains("Space") && !picture.contains("help"))
        let shots = Show(player, size: size)
        #expect(shots.allSatisfy { !$0.grid.text.contains("? help") })
    }

    @Test func aTerminalShowsEachScreenAsItIs() throws {
        var terminal = VirtualTerminal(Self.size)
        var recording = Asciicast(.v2, size: Self.size)
        var count = 0
        for shot in try show() {
            for event in try events("{}\n" + recording.events(shot)) where event.code == "o" {
                terminal.feed(event.data.utf8)
            }
            for row in 0..<Self.size.rows {
                for column in 0..<Self.size.columns {
                    let cell = shot.grid[column, row]
                    let shown = terminal[column, row]
                    let look = Theme.fill.look(cell.style, at: .indexed)
                    #expect(shown.scalar == cell.scalar && shown.look == look, "step \(shot.position) (\(column), \(row))")
                    if shown.scalar != cell.scalar || shown.look != look { return }
                }
            }
            count += 1
        }
        #expect(terminal.unknown == [])
        #expect(!terminal.isCursorVisible)
        #expect(count > 30)
    }

    @Test func chaptersAndPausesAreMarkers() throws {
        let events = try events(cast(try show(), .v2))
        #expect(events.filter { $0.code == "m" }.map(\.data) == ["The mapping", "A load", "pause", "The first store"])
        // A marker of a chapter is followed by a whole screen.
        for (index, event) in events.enumerated() where event.code == "m" && event.data != "pause" {
            #expect(events[index + 1].data.contains("\u{1b}[2J"))
        }
    }

    @Test func timesAscendAndVersionsAgree() throws {
        let second = try events(cast(try show(), .v2))
        let third = try events(cast(try show(), .v3))
        #expect(second.map(\.data) == third.map(\.data))
        var time = 0.0
        for (old, new) in zip(second, third) {
            time += new.time
            #expect(abs(old.time - time) < 0.0005)
        }
        #expect(zip(second, second.dropFirst()).allSatisfy { $0.time <= $1.time })
        // The pause and the last screen stay for two seconds.
        let pause = try #require(second.firstIndex { $0.data == "pause" })
        #expect(abs(second[pause + 1].time - second[pause].time - 2) < 0.0005)
        #expect(try #require(second.last).data == "")
    }

    @Test func headersAreAsTheFormatsAsk() throws {
        func header(_ version: Asciicast.Version, _ date: Int?) throws -> [String: Any] {
            let line = Asciicast(version, size: Self.size).header(title: "A \"test\"", timestamp: date)
            return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        let second = try header(.v2, nil)
        #expect(second["version"] as? Int == 2 && second["width"] as? Int == 80 && second["height"] as? Int == 24)
        #expect(second["title"] as? String == "A \"test\"" && second["timestamp"] == nil)
        let third = try header(.v3, 1_000_000)
        let term = try #require(third["term"] as? [String: Any])
        #expect(third["version"] as? Int == 3 && term["cols"] as? Int == 80 && term["rows"] as? Int == 24)
        #expect(third["timestamp"] as? Int == 1_000_000 && third["width"] == nil)
    }

    @Test func versionThreeReadsAsAText() throws {
        let comments = cast(try show(), .v3).split(separator: "\n").filter { $0.hasPrefix("# ") }
        #expect(comments.contains("# The load faults: there is no PTE yet."))
        #expect(!cast(try show(), .v2).contains("\n#"))
    }

    @Test func aScreenForEachCommandIsEnough() throws {
        let steps = try Array(show())
        let commands = try Array(show(pace: .command))
        #expect(commands.count < steps.count)
        #expect(commands.last?.position == steps.last?.position)
        #expect(commands.last?.grid.text.contains("END") == true)
    }

    @Test func bytesDependOnTheScenarioAlone() throws {
        #expect(cast(try show(), .v2) == cast(try show(), .v2))
        #expect(try page(show()) == page(show()))
    }

    // MARK: The page

    private func page(_ show: Show) -> String {
        var page = WalkThrough()
        for shot in show { page.add(shot) }
        return page.page(title: "A <test>", kernel: "2.6.19", command: "dirtyscope play x.demo")
    }

    @Test func aPageStandsByItself() throws {
        let page = try page(show())
        #expect(page.contains("<title>A &lt;test&gt;</title>"))
        for word in ["http:", "https:", "src=", "url(", "@import"] { #expect(!page.contains(word), "\(word)") }
        let start = try #require(page.firstRange(of: "id=\"data\">")).upperBound
        let end = try #require(page[start...].firstRange(of: "</script>")).lowerBound
        let json = try #require(try JSONSerialization.jsonObject(with: Data(page[start..<end].utf8)) as? [String: Any])
        let frames = try #require(json["frames"] as? [[String: Any]])
        let rows = try #require(json["rows"] as? [String])
        #expect(frames.count == Array(try show()).count)
        for frame in frames {
            let numbers = try #require(frame["rows"] as? [Int])
            #expect(numbers.count == Self.size.rows && numbers.allSatisfy(rows.indices.contains))
        }
    }

    @Test func textOfAScenarioCannotEndTheDataOfThePage() throws {
        let text = Fixture.firstStore.replacing("The load faults", with: "</script><b>&amp; The load faults")
        let page = try page(show(text))
        #expect(!page.contains("</script><b>"))
        #expect(page.contains("\\u003c/script>\\u003cb>"))
    }

    // MARK: Pictures

    @Test func aPictureTellsWhatItShows() throws {
        let player = try Fixture.player(Fixture.firstStore, "ss")
        let svg = SVG(title: "a & b", description: "dirtyscope play x --at 2").render(player.frame(size: Self.size))
        let parser = XMLParser(data: Data(svg.utf8))
        #expect(parser.parse())
        #expect(svg.contains("<title>a &amp; b</title>") && svg.contains("<desc>dirtyscope play x --at 2</desc>"))
    }

    /// Browsers treat blanks at the ends of a text, and several in a row, each in a way of its own.
    @Test func noTextOfAPictureDependsOnBlanks() throws {
        let grid = try Fixture.player(Fixture.firstStore, "eee").frame(size: Size(120, 40))
        let svg = SVG().render(grid)
        var rows = Array(repeating: Array(repeating: Character(" "), count: 120), count: 40)
        for line in svg.split(separator: "\n") where line.hasPrefix("<text ") {
            let words = line.split(whereSeparator: { $0 == "\"" })
            let (x, y, length) = (Int(words[1])!, Int(words[3])!, Int(words[5])!)
            let text = line[line.firstIndex(of: ">")!...].dropFirst().dropLast("</text>".count)
                .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
            #expect(!text.hasPrefix(" ") && !text.hasSuffix(" ") && !text.contains("  "))
            #expect(length == text.count * 8)
            for (offset, character) in text.enumerated() { rows[(y - 25) / 17][(x - 12) / 8 + offset] = character }
        }
        let drawn = rows.map { row in String(row).reversed().drop { $0 == " " }.reversed() }.map { String($0) }
        #expect(drawn == grid.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    @Test func aLightThemeHasLightPaper() throws {
        let grid = try Fixture.player(Fixture.firstStore).frame(size: Self.size)
        #expect(SVG(theme: .light).render(grid).contains("rx=\"6\" fill=\"#ffffff\""))
        #expect(SVG(theme: .dark).render(grid).contains("rx=\"6\" fill=\"#101214\""))
    }
}
