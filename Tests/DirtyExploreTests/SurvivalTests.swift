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
        let row = Survival(variant: variant, exploration: await explorer.run(), milliseconds: 12)
        #expect(row.line.hasPrefix("2.6.18 "))
        #expect(row.line.contains("violated  expectation"))
        #expect(row.json.hasPrefix(#"{"kernel":"2.6.18","rule":null,"verdict":"violated","invariant":null,"#))
        #expect(row.json.hasSuffix(#""seconds":0.012}"#))
    }
}
