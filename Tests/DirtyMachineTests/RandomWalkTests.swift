import Testing

@testable import DirtyMachine

/// Properties of every run, tried on random ones.
@Suite struct RandomWalkTests {
    static let seeds: [UInt64] = Array(1...6)

    @Test(arguments: Profile.allCases, seeds)
    func undoIsTheInverse(profile: Profile, seed: UInt64) {
        var walk = RandomWalk(seed: seed, profile)
        var random = SeededGenerator(seed: seed &* 977)
        var saved = [(moves: 0, log: walk.m.log.count, state: walk.m.state)]
        for _ in 0..<400 {
            guard walk.move() else { break }
            if random.chance(10) {
                saved.append((walk.moves.count, walk.m.log.count, walk.m.state))
            }
            guard random.chance(4) else { continue }
            // Back to a saved state, and forward again by the same moves.
            let now = walk.m.state
            let (moves, log, state) = random.pick(saved)
            walk.m.undo(to: log)
            #expect(walk.m.state == state, "\(walk.description)")
            for move in walk.moves[moves...] { walk.m.play(move) }
            #expect(walk.m.state == now, "\(walk.description)")
        }
        walk.m.undo(to: 0)
        let fresh = RandomWalk(seed: seed, profile)
        var start = fresh.m
        start.undo(to: 0)
        #expect(walk.m.state == start.state, "\(walk.description)")
    }

    @Test(arguments: Profile.allCases)
    func sameSeedSameRun(profile: Profile) {
        for seed in Self.seeds {
            var (first, second) = (RandomWalk(seed: seed, profile), RandomWalk(seed: seed, profile))
            second.m.isRecording = false
            for _ in 0..<300 { first.move() }
            for move in first.moves { second.m.play(move) }
            #expect(first.m.state == second.m.state, "\(first.description)")
        }
    }

    /// Every operation ends, and leaves nothing behind.
    @Test(arguments: Profile.allCases, Array<UInt64>(100...119))
    func everythingEndsAndNothingLeaks(profile: Profile, seed: UInt64) {
        var walk = RandomWalk(seed: seed, profile, concurrency: 5)
        walk.m.isRecording = false
        for _ in 0..<400 { guard walk.move() else { break } }
        guard walk.quiesce() else {
            Issue.record("deadlock: \(walk.description)")
            return
        }
        #expect(walk.m.leaks == [], "\(walk.description)")
    }

    /// Every setting of every switch: whatever goes wrong, it does so step by step, can be taken
    /// back, ends, and leaves nothing behind.
    @Test(arguments: Profile.allCases, Array<UInt64>(500...519))
    func anyRules(profile: Profile, seed: UInt64) {
        var walk = RandomWalk.withRandomRules(seed: seed, profile)
        let start = walk.m.state
        for _ in 0..<400 { guard walk.move() else { break } }
        let ended = walk.quiesce()
        #expect(ended, "deadlock: \(walk.description)")
        #expect(walk.m.leaks == [], "\(walk.description)")
        let (end, moves) = (walk.m.state, walk.moves)
        walk.m.undo(to: 0)
        #expect(walk.m.state == RandomWalk.withRandomRules(seed: seed, profile).unplayed)
        walk.m.undo(to: 0)
        var again = RandomWalk.withRandomRules(seed: seed, profile)
        for move in moves { again.m.play(move) }
        #expect(again.m.state == end, "\(walk.description)")
        #expect(start == RandomWalk.withRandomRules(seed: seed, profile).m.state)
    }

    /// When memory is full, operations fail, but cleanly.
    @Test(arguments: Profile.allCases, Array<UInt64>(200...209))
    func fullMemory(profile: Profile, seed: UInt64) {
        var walk = RandomWalk(seed: seed, profile, frames: 5)
        for _ in 0..<400 { guard walk.move() else { break } }
        let ended = walk.quiesce()
        #expect(ended, "\(walk.description)")
        #expect(walk.m.leaks == [], "\(walk.description)")
    }

    /// The rules of 6.18 keep every invariant in every state.
    @Test(arguments: Array<UInt64>(300...339))
    func rightRulesKeepTheInvariants(seed: UInt64) {
        var walk = RandomWalk(seed: seed, .v6_18, concurrency: 5, devices: seed % 2 == 0)
        walk.m.isRecording = false
        for _ in 0..<500 {
            guard walk.move() else { break }
            let violations = walk.m.violations()
            #expect(violations == [], "\(walk.description)")
            if !violations.isEmpty { return }
        }
    }

    /// The same walks find a wrong rule, so that their silence above means something.
    @Test func wrongRulesAreFound() {
        // It takes luck: the seeds begin shortly before one that is known to have it.
        let wrong: [(Invariant, ClosedRange<UInt64>, (inout Rules) -> Void)] = [
            (.tracking, 1...900, { $0.mprotectUpgrade = .any }),
            (.tracking, 1...900, { $0.mkcleanFilter = .sharedWritableNow }),
            (.noLostWrite, 1...900, { $0.mkcleanFlushes = false }),
        ]
        for (invariant, seeds, change) in wrong {
            let isFound = seeds.contains { seed in
                var walk = RandomWalk(seed: seed, .v6_18, concurrency: 5, remotes: false, change)
                walk.m.isRecording = false
                for _ in 0..<500 {
                    guard walk.move() else { break }
                    if walk.m.violates(invariant) { return true }
                }
                return false
            }
            #expect(isFound, "\(invariant)")
        }
    }
}
