import DirtyScript
import SeededRandom
import Testing

@testable import DirtyVerify

/// Random scenarios: the same for the same seed, valid, and varied.
@Suite struct GeneratorTests {
    private func lines(_ seed: UInt64) -> [String] {
        var generator = ScenarioGenerator(seed: seed)
        return generator.scenario()
    }

    @Test func sameSeedSameScenario() {
        for seed: UInt64 in 0..<20 { #expect(lines(seed) == lines(seed)) }
        #expect(Set((0..<50).map { lines($0) }).count == 50)
    }

    /// The numbers themselves are fixed: a seed in a bug report means the same everywhere.
    @Test func numbersAreThoseOfSplitMix64() {
        var random = SplitMix(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
    }

    @Test func everyScenarioParsesAndDoesSomething() throws {
        for seed: UInt64 in 0..<100 {
            let text = lines(seed).joined(separator: "\n")
            let scenario = try ScenarioParser.parse(text, name: "\(seed)").get()
            #expect(Executable.obstacle(in: scenario) == nil, "seed \(seed)")
        }
    }

    @Test func allKindsOfOperationsTurnUp() {
        let all = (0..<300).flatMap { lines($0) }.joined(separator: "\n") + "\n"
        for word in [
            " mmap ", " read ", " write ", " munmap ", " mprotect ", " dontneed", " msync ",
            " pread ", " pwrite ", " fsync ", " ftruncate ", " fork ", " exit\n", "writeback ",
            "reclaim ", "evict ", " rdonly", " anon[", " tmpfs", " private", " none ",
            " mremap ", " poke ", " peek ", " remap ", " populate", "thread A2 of A\n", "A2 write ",
            "B2 mmap ", "A2 fork ",
        ] {
            #expect(all.contains(word), "no '\(word)'")
        }
    }
}

@Suite struct ShrinkerTests {
    @Test func whatMattersIsLeft() {
        let lines = (0..<40).map { "line \($0)" }
        let wanted: Set = ["line 3", "line 17", "line 38"]
        let shortest = Shrinker.shrink(lines) { wanted.isSubset(of: $0) }
        #expect(shortest == ["line 3", "line 17", "line 38"])
    }

    @Test func aListThatCannotBeCutStays() {
        let lines = ["a", "b", "c"]
        #expect(Shrinker.shrink(lines) { $0 == lines } == lines)
        #expect(Shrinker.shrink(["a"]) { _ in true } == ["a"])
    }

    /// No line can be left out of the result, also when lines depend on each other.
    @Test func theResultIsMinimal() {
        let lines = (0..<32).map(String.init)
        func fails(_ lines: [String]) -> Bool {
            lines.contains("31") && (!lines.contains("30") || lines.contains("5"))
        }
        let shortest = Shrinker.shrink(lines, fails: fails)
        #expect(fails(shortest))
        for index in shortest.indices {
            var less = shortest
            less.remove(at: index)
            #expect(less.isEmpty || !fails(less))
        }
    }
}
