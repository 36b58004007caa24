import Testing

@testable import DirtyMachine

/// A search does not look at invariants that a step does not concern: their verdict must be what it was.
@Suite struct InvariantScopeTests {
    private static let scope = InvariantScope()

    /// Walks, and says which verdicts changed that no change concerned.
    private func surprises(_ walk: inout RandomWalk, moves: Int) -> [String] {
        var found: [String] = []
        var broken = walk.m.broken(among: .all)
        var sum: UInt64 = 0
        var judged = [Self.scope.windows(in: &walk.m): broken]
        for _ in 0..<moves {
            walk.m.forgetHistory()
            guard walk.move() else { break }
            let concern = Self.scope.concern(of: &walk.m)
            let now = walk.m.broken(among: .all)
            now.symmetricDifference(broken).subtracting(concern.invariants).forEach {
                found.append("\($0): \(walk.description)")
            }
            broken = now
            // Where all that they read has been so before, so has the verdict.
            sum &+= concern.difference
            let known = judged.updateValue(now, forKey: sum &+ Self.scope.windows(in: &walk.m))
            if let known, known != now { found.append("judged: \(walk.description)") }
        }
        return found
    }

    @Test(arguments: Profile.allCases, Array<UInt64>(700...709))
    func `what a step does not concern stays as it was`(profile: Profile, seed: UInt64) {
        var walk = RandomWalk(
            seed: seed, profile, concurrency: 5, devices: seed % 3 == 0, folio: seed % 5 == 0 ? 4 : 1)
        #expect(surprises(&walk, moves: 250) == [])
    }

    @Test(arguments: Profile.allCases, Array<UInt64>(740...751))
    func `so it does under wrong rules, which break much`(profile: Profile, seed: UInt64) {
        var walk = RandomWalk.withRandomRules(seed: seed, profile)
        #expect(surprises(&walk, moves: 250) == [])
    }

    /// The walks above would show nothing if every step concerned everything, or nothing were broken.
    @Test func `most steps concern few invariants, and some break one`() {
        var (steps, concerned, broken) = (0, 0, InvariantSet())
        for seed in UInt64(740)...751 {
            var walk = RandomWalk.withRandomRules(seed: seed, .v2_6_19)
            for _ in 0..<300 {
                walk.m.forgetHistory()
                guard walk.move() else { break }
                steps += 1
                concerned += Self.scope.concerned(by: &walk.m).rawValue.nonzeroBitCount
                broken.formUnion(walk.m.broken(among: .all))
            }
        }
        #expect(concerned < steps * 8)
        #expect(broken.rawValue.nonzeroBitCount >= 2)
    }
}
