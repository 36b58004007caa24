import Testing

@testable import DirtyScript

/// Laws over generated scenarios and over rubbish. Every failure names the seed it began with.
@Suite struct PropertyTests {
    @Test(arguments: 1...200) func `what is printed parses to the same`(seed: Int) throws {
        var writer = ScenarioWriter(seed: UInt64(seed))
        let text = writer.scenario()
        let result = parseAll(text)
        guard case .success(let scenario) = result else {
            Issue.record("\(text)\n\(result.complaints)")
            return
        }
        let printed = ScenarioPrinter.text(of: scenario)
        let again = try parseAll(printed).get()
        #expect(again.statements.map(\.bare) == scenario.statements.map(\.bare))
        #expect(again.title == scenario.title)
        #expect(ScenarioPrinter.text(of: again) == printed)
    }

    @Test func `rubbish never stops the parser`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<10_000 {
            let bytes = (0..<random.number(0...60)).map { _ in
                random.flip()
                    ? UInt8(random.number(0...255)) : random.pick(Array("\n \"#:[]..=!mAW0\\".utf8))
            }
            checkAll(ScenarioParser.parse(bytes, name: "rubbish"))
        }
    }

    @Test func `a damaged scenario never stops the parser`() {
        var random = SeededGenerator(seed: 2)
        let scenarios = (UInt64(1)...50).map { seed in
            var writer = ScenarioWriter(seed: seed)
            return Array(writer.scenario(operations: 6).utf8)
        }
        for _ in 0..<10_000 {
            var bytes = random.pick(scenarios)
            for _ in 0..<random.number(1...4) {
                let place = random.number(0...bytes.count - 1)
                switch random.number(0...3) {
                case 0: bytes[place] = UInt8(random.number(0...255))
                case 1: bytes.insert(random.pick(Array("\n \"#:[]..=!9-".utf8)), at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.number(1...5)))
                default:
                    bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
                }
                if bytes.isEmpty { bytes = [0x20] }
            }
            checkAll(ScenarioParser.parse(bytes, name: "damaged"))
        }
    }

    @Test func `completion never stops anywhere in a line`() throws {
        var random = SeededGenerator(seed: 3)
        for seed in 0..<40 {
            var writer = ScenarioWriter(seed: UInt64(seed))
            let lines = writer.scenario(operations: 10).split(separator: "\n").map(String.init)
            var now = Declarations(name: "prompt")
            for (index, line) in lines.enumerated() {
                let cursor = random.number(0...line.unicodeScalars.count)
                let (range, words) = Completion.candidates(
                    line: line, cursor: cursor, declarations: now)
                #expect(range.upperBound == cursor)
                #expect(Set(words).count == words.count)
                _ = now.parseLine(line, number: index + 1)
            }
        }
    }

    /// A complaint has to be renderable, safe and about a place of its line.
    private func checkAll(_ result: Result<Scenario, Diagnostics>) {
        guard case .failure(let diagnostics) = result else { return }
        for diagnostic in diagnostics.list {
            let place = diagnostic.location.column - 1
            let isInLine = (0...diagnostic.source.unicodeScalars.count).contains(place)
            let rendered = diagnostic.description.unicodeScalars
            let isSafe = rendered.allSatisfy { $0 == "\n" || printable($0) == $0 }
            if !isInLine || !isSafe { Issue.record("\(diagnostic)") }
        }
    }
}
