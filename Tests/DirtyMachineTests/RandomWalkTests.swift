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
        walk.m.isRecording = true
        for _ in 0..<400 { guard walk.move() else { break } }
        guard walk.quiesce() else {
            Issue.record("deadlock: \(walk.description)")
            return
        }
        #expect(leaks(walk.m) == [], "\(walk.description)")
    }

    /// When memory is full, operations fail, but cleanly.
    @Test(arguments: Profile.allCases, Array<UInt64>(200...209))
    func fullMemory(profile: Profile, seed: UInt64) {
        var walk = RandomWalk(seed: seed, profile, frames: 9)
        for _ in 0..<400 { guard walk.move() else { break } }
        let ended = walk.quiesce()
        #expect(ended, "\(walk.description)")
        #expect(leaks(walk.m) == [], "\(walk.description)")
    }

    /// What a quiet machine must not have.
    private func leaks(_ m: Machine) -> [String] {
        var found: [String] = []
        func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
            if !condition { found.append(text()) }
        }
        var folios: Set<Ref<Folio>> = []
        for file in m.state.files {
            for lock in [Field<File, Lock>.immapLock, .privateLock, .inodeLock] {
                expect(m[file, lock].isFree, "a lock of \(m.name(of: file))")
            }
            for index in m.cachedPages(file) { folios.insert(m.state.findPage(file, index)) }
        }
        let spaces = Set(m.state.processes.map { m[$0, .mm] }).filter(\.exists)
        for mm in spaces {
            expect(m[mm, .mmapLock].isFree, "mmap_sem")
            expect(m[mm, .ptl].isFree, "ptl")
            let users = m.state.processes.count { m[$0, .mm] == mm && m.isAlive($0) }
            expect(m[mm, .users] == users, "users \(m[mm, .users]) of \(users)")
            var from = 0
            while let (vpn, word) = m.state.radixFirst(m[mm, .pgd], in: from...State.topPage) {
                expect(m.state.vma(mm, covering: vpn).exists, "a PTE without a VMA")
                folios.insert(PTE(word: word).folio)
                from = vpn + 1
            }
        }
        folios.remove(m[State.system, .zeroFolio])
        for folio in folios {
            expect(m[folio, .pins] == 0, "\(m.path(of: folio)) has \(m[folio, .pins]) pins")
            expect(m[folio, .lockOwner] == 0, "\(m.path(of: folio)) is locked")
            expect(m[folio, .asyncBuffers] == 0, "\(m.path(of: folio)) has locked buffers")
        }
        expect(m[State.system, .taskSlots] == 0, "task slots")
        expect(
            m[State.system, .framesInUse] == folios.count,
            "\(m[State.system, .framesInUse]) frames in use, \(folios.count) found")
        let mapped = folios.filter { m[$0, .mapcount] > 0 }
        expect(
            m.state.counter(.nr_anon) == mapped.count { m[$0, .anon] }, "nr_anon")
        expect(
            m.state.counter(.nr_mapped) == mapped.count { !m[$0, .anon] }, "nr_mapped")
        if m[State.system, .zeroFolio].exists {
            expect(m[m[State.system, .zeroFolio], .pins] == 1, "pins of the zero page")
        }
        found += m.violations(of: .mapcount).map(\.text)
        found += m.violations(of: .writebackCounter).map(\.text)
        return found
    }

    /// The rules of 6.18 keep every invariant in every state.
    @Test(arguments: Array<UInt64>(300...339))
    func rightRulesKeepTheInvariants(seed: UInt64) {
        var walk = RandomWalk(seed: seed, .v6_18, concurrency: 5)
        walk.m.isRecording = true
        for _ in 0..<500 {
            guard walk.move() else { break }
            let violations = walk.m.violations()
            #expect(violations == [], "\(walk.description)")
            if !violations.isEmpty { return }
        }
    }
}
