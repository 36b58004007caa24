import Testing

@testable import DirtyMachine

/// Properties of random runs on files with large folios.
@Suite struct LargeFolioWalkTests {
    static func walk(
        _ seed: UInt64, remotes: Bool = true, frames: Int = 4096, _ change: (inout Rules) -> Void = { _ in }
    ) -> RandomWalk {
        RandomWalk(
            seed: seed, .v6_18, concurrency: 5, frames: frames, remotes: remotes, folio: 8, change)
    }

    @Test(arguments: Array<UInt64>(1...8))
    func undoIsTheInverse(seed: UInt64) {
        var walk = Self.walk(seed)
        var random = SeededGenerator(seed: seed &* 977)
        var saved = [(moves: 0, log: walk.m.log.count, state: walk.m.state)]
        for _ in 0..<400 {
            guard walk.move() else { break }
            if random.chance(10) { saved.append((walk.moves.count, walk.m.log.count, walk.m.state)) }
            guard random.chance(4) else { continue }
            let now = walk.m.state
            let (moves, log, state) = random.pick(saved)
            walk.m.undo(to: log)
            #expect(walk.m.state == state, "\(walk.description)")
            for move in walk.moves[moves...] { walk.m.play(move) }
            #expect(walk.m.state == now, "\(walk.description)")
        }
        #expect(walk.unplayed == Self.walk(seed).unplayed, "\(walk.description)")
    }

    @Test(arguments: Array<UInt64>(100...129))
    func everythingEndsAndNothingLeaks(seed: UInt64) {
        var walk = Self.walk(seed)
        walk.m.isRecording = false
        for _ in 0..<400 { guard walk.move() else { break } }
        guard walk.quiesce() else {
            Issue.record("deadlock: \(walk.description)")
            return
        }
        #expect(walk.m.leaks == [], "\(walk.description)")
    }

    /// Memory that does not suffice, so that folios get smaller and faults fail.
    @Test(arguments: Array<UInt64>(200...214))
    func littleMemory(seed: UInt64) {
        var walk = Self.walk(seed, frames: 15)
        for _ in 0..<400 { guard walk.move() else { break } }
        let ended = walk.quiesce()
        #expect(ended, "\(walk.description)")
        #expect(walk.m.leaks == [], "\(walk.description)")
    }

    /// Without drivers and debuggers, who hold pages that truncation throws away.
    @Test(arguments: Array<UInt64>(300...339))
    func rightRulesKeepTheInvariants(seed: UInt64) {
        var walk = Self.walk(seed, remotes: false)
        walk.m.isRecording = false
        for _ in 0..<500 {
            guard walk.move() else { break }
            let violations = walk.m.violations()
            #expect(violations == [], "\(walk.description)")
            if !violations.isEmpty { return }
        }
    }

    /// The same walks find a wrong rule.
    @Test func wrongRulesAreFound() {
        // The seeds begin shortly before one that is known to have the luck that it takes.
        let wrong: [(Invariant, ClosedRange<UInt64>, (inout Rules) -> Void)] = [
            (.tracking, 120...400, { $0.mprotectUpgrade = .any }),
            (.noLostWrite, 10...90, { $0.mkcleanFlushes = false }),
        ]
        for (invariant, seeds, change) in wrong {
            let isFound = seeds.contains { seed in
                var walk = Self.walk(seed, remotes: false, change)
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

    /// A folio is aligned, in a row, found under each of its indices, and tagged as one, in every state.
    @Test func foliosAreOfOnePiece() {
        var seen = 0
        for seed in UInt64(400)...407 {
            var walk = Self.walk(seed)
            walk.m.isRecording = false
            for _ in 0..<400 {
                guard walk.move() else { break }
                for file in walk.m.state.files {
                    for range in walk.m.largeFolios(of: file) {
                        seen += 1
                        check(range, file, walk)
                    }
                }
            }
        }
        #expect(seen > 1000)
    }

    private func check(_ range: Range<Int>, _ file: Ref<File>, _ walk: RandomWalk) {
        let m = walk.m
        let head = m.state.findPage(file, range.lowerBound)
        var isWhole = range.lowerBound % range.count == 0
        for (page, index) in zip(m.pages(of: head), range) {
            isWhole = isWhole && m.state.findPage(file, index) == page && m.head(page) == head
                && m[page, .mapping] == file && m[page, .index] == index
        }
        #expect(isWhole, "\(range), \(walk.description)")
        for tag in Tag.allCases {
            #expect(Set(range.map { m.hasTag(tag, file, $0) }).count == 1, "\(tag), \(walk.description)")
        }
    }
}
