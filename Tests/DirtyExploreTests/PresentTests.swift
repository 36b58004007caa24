import DirtyExplore
import DirtyMachine
import DirtyScript
import Testing

/// Searches that begin in the state that a session is in.
@Suite struct PresentTests {
    private static let small = ShippedRace.all.filter { $0.states < 12_000 }
    private static let broken = small.filter { $0.verdict != "holds" && $0.verdict != "deadlock" }

    private func found(from session: Session) async throws -> Exploration {
        await (try Explorer(from: session)).run()
    }

    private func session(_ text: String, rules: [RuleOverride] = []) throws -> Session {
        try Session(try parse(text), rules: rules)
    }

    @Test(arguments: small)
    fileprivate func `the beginning of a script is the beginning of its race`(race: ShippedRace) async throws {
        let session = try session(try race.text)
        let present = try await found(from: session)
        let whole = await (try Explorer(try parse(try race.text))).run()
        #expect(present.verdict == whole.verdict)
        #expect(present.result.states == whole.result.states)
        #expect(present.result.transitions == whole.result.transitions)
        #expect(present.result.findings == whole.result.findings)
        #expect(present.breach?.schedule == whole.breach?.schedule)
    }

    @Test(arguments: small)
    fileprivate func `where the race begins the search is the same`(race: ShippedRace) async throws {
        var session = try session(try race.text)
        while !session.isBeforeRace, case .moved = session.advance() {}
        let present = try await found(from: session)
        let whole = await (try Explorer(try parse(try race.text))).run()
        #expect(present.result.states == whole.result.states)
        #expect(present.result.end == whole.result.end)
    }

    @Test(arguments: broken)
    fileprivate func `a schedule is a course of the session that leads there`(race: ShippedRace) async throws {
        let session = try session(try race.text)
        let exploration = try await found(from: session)
        let breach = try #require(exploration.breach)
        let retrace = Retrace(breach, of: exploration, in: session)
        #expect(retrace.isThere)
        #expect(retrace.captions.count == breach.schedule.count)
        #expect(retrace.captions.contains { $0.dooms } == (breach.doom != nil))
        // Exactly as it is gone back and forth.
        var again = retrace.session
        let end = again.machine.state
        again.go(to: session.position)
        #expect(again.machine.state == session.machine.state)
        again.go(to: retrace.session.position)
        #expect(again.machine.state == end)
    }

    @Test(arguments: broken)
    fileprivate func `behind a part of the schedule what remains is the rest`(race: ShippedRace) async throws {
        let start = try session(try race.text)
        let exploration = try await found(from: start)
        let breach = try #require(exploration.breach)
        let retrace = Retrace(breach, of: exploration, in: start)
        let total = breach.schedule.count
        for done in Set([1, total / 3, total * 2 / 3, total - 1]).sorted() where done > 0 && done < total {
            var session = retrace.session
            session.go(to: retrace.captions[done - 1].position)
            let rest = try await found(from: session)
            #expect(rest.verdict == exploration.verdict, "after \(done)")
            #expect(rest.breach?.schedule.count == total - done, "after \(done) of \(total)")
            let again = Retrace(try #require(rest.breach), of: rest, in: session)
            #expect(again.isThere, "after \(done)")
        }
    }

    /// Reclaim, a store and an unmap, where a TLB keeps its dirty bits to itself.
    private func late(_ rest: String, _ switched: String = "late") -> String {
        """
        kernel 6.18
        rule tlb-dirty \(switched)
        file buf 1 tmpfs cached
        process A cpu=0
        thread A2 of A cpu=1
        A mmap m buf rw shared
        A read m[0]
        \(rest)

        """
    }

    private let race = "race\nreclaim buf[0]\nA write m[0]\nA2 munmap m\nend"
    private let tasks = "R: reclaim buf[0]\nW: A write m[0]\nM: A2 munmap m"

    @Test func `past the moment of danger nothing can be lost any more`() async throws {
        var session = try session(late(race))
        #expect(try await found(from: session).verdict == .violated)
        while !session.isBeforeRace, case .moved = session.advance() {}
        // The mapping goes first, and the store with it.
        while session.candidates.first(where: { $0.choice == .actor(2) })?.hasEnded == false {
            #expect(session.advance(.actor(2)) == .moved)
        }
        let rest = try await found(from: session)
        #expect(rest.beginning == .race)
        #expect(rest.verdict == .holds)
        #expect(rest.result.states > 1)
    }

    @Test func `operations under way are explored where the script has no race`() async throws {
        var session = try session(late(tasks))
        #expect(throws: Diagnostics.self) { try Explorer(from: session) }
        while !session.isAtEnd, case .moved = session.advance() {}
        let exploration = try await found(from: session)
        #expect(exploration.beginning == .tasks(3))
        #expect(exploration.verdict == .violated)
        let retrace = Retrace(try #require(exploration.breach), of: exploration, in: session)
        #expect(retrace.isThere)
        let unmap = try #require(session.progress.labels["M"])
        while !session.machine.isDone(unmap) {
            #expect(session.advance(.task(slot: session.machine.slot(of: unmap))) == .moved)
        }
        #expect(try await found(from: session).verdict == .holds)
    }

    @Test func `only lost writes end a search that asks for them`() async throws {
        var options = Explorer.Options()
        options.asksForLostWrites = true
        let lost = await (try Explorer(from: try session(late(race)), options: options)).run()
        #expect(lost.verdict == .violated)
        #expect(lost.breach?.invariant == .noLostWrite)
        let other = try session(late(race + "\nexpect nr_dirty == 77", "immediate"))
        #expect(try await found(from: other).verdict == .violated)
        #expect(await (try Explorer(from: other, options: options)).run().verdict == .holds)
    }

    @Test(arguments: [true, false])
    func `a schedule can be saved as a scenario that leads there`(isRace: Bool) async throws {
        var session = try session(late(isRace ? race : tasks))
        while !isRace, !session.isAtEnd, case .moved = session.advance() {}
        let exploration = try await found(from: session)
        let retrace = Retrace(try #require(exploration.breach), of: exploration, in: session)
        var again = try self.session(try SavedSession.text(of: retrace.session))
        #expect(try again.run() == .finished)
        #expect(again.machine.lostStores.map(\.value) == retrace.session.machine.lostStores.map(\.value))
        #expect(!again.machine.lostStores.isEmpty)
    }
}
