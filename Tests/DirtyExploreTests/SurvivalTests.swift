import DirtyExplore
import DirtyMachine
import DirtyScript
import Testing

@Suite struct SurvivalTests {
    private static let text = """
        kernel 2.6.20
        rule fault-waits-page-lock right
        file db 1 ext3 cached
        process A
        A mmap m db rw shared
        race
          A write m[0]
        end
        A fsync db
        expect disk db[0] 1
        """

    @Test func `every kernel has a row`() async throws {
        let scenario = try parse(Self.text)
        var verdicts: [Profile: Exploration.Verdict] = [:]
        for variant in Survival.kernels {
            let explorer = try Explorer(scenario, options: Survival.options(.init(), variant))
            verdicts[variant.kernel] = await explorer.run().verdict
        }
        #expect(
            verdicts == [
                .v2_6_18: .violated, .asPosted: .holds, .v2_6_19: .holds, .v2_6_20: .holds,
                .v6_18: .holds,
            ])
    }

    @Test func `every switch is flipped to what it is not`() throws {
        let variants = Survival.switches(of: try parse(Self.text), .init())
        #expect(variants.first?.rule == nil)
        let names = variants.compactMap(\.rule).map { "\($0.name)=\($0.value)" }
        #expect(names.contains("fault-waits-page-lock=wrong"))
        #expect(!names.contains("fault-waits-page-lock=right"))
        #expect(names.contains("ttfb-lock=wrong"))
        #expect(names.contains("dirty-under-ptl=under"))
        #expect(Set(names).count == names.count)
    }

    @Test func `a row says what and after how many steps`() async throws {
        let scenario = try parse(Self.text)
        let variant = Survival.kernels[0]
        let explorer = try Explorer(scenario, options: Survival.options(.init(), variant))
        let result = Survival(variant: variant, exploration: await explorer.run(), milliseconds: 12)
        let text = result.row.text(beside: nil)
        #expect(text.hasPrefix("2.6.18 "))
        #expect(text.contains("violated  expectation"))
        #expect(result.json.hasPrefix(#"{"kernel":"2.6.18","rule":null,"verdict":"violated","invariant":null,"#))
        #expect(result.json.hasSuffix(#""seconds":0.012}"#))
        #expect(SurvivalRow(line: result.row.line(number: 3), number: 3) == result.row)
        #expect(SurvivalRow(line: result.row.line(number: 3), number: 4) == nil)
    }

    @Test func `switches that make no difference are only named, and the others counted up`() throws {
        func row(_ number: Int, _ text: String) throws -> SurvivalRow {
            try #require(SurvivalRow(line: "row \(number) \(text)", number: number))
        }
        let rows = [
            try row(1, "violated I2 38 1367: 2.6.20"), try row(2, "violated I2 38 1367: wp-test=wrong"),
            try row(3, "violated I2 40 1748: mkclean-result-used=wrong"),
            try row(4, "holds - 0 2095: fault-waits-page-lock=right"),
        ]
        let texts = rows.map { $0.text(beside: rows[0]).split(separator: " ").map(String.init) }
        #expect(texts[0] == ["2.6.20", "violated", "I2", "durability", "38", "1,367"])
        #expect(texts[1] == ["wp-test=wrong", "="])
        #expect(texts[2] == ["mkclean-result-used=wrong", "violated", "I2", "durability", "40", "1,748"])
        let stuck = try row(2, "deadlock deadlock 12 108: 6.18").text(beside: nil)
        #expect(stuck.split(separator: " ").map(String.init) == ["6.18", "deadlock", "12", "108"])
        #expect(texts[3] == ["fault-waits-page-lock=right", "holds", "2,095"])
        #expect(
            SurvivalRow.summary(rows) == [
                "", "holds with: fault-waits-page-lock=right", "1 of 3 make no difference at all (=)",
            ])
    }
}
