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

    /// A store against an mprotect that reads the PTE, changes it and writes it back.
    private func protect(_ switched: String, _ rest: String) -> String {
        """
        kernel 2.6.18
        rule pte-update-nonatomic \(switched)
        file db 1 ext3 cached
        process A cpu=0
        thread A2 of A cpu=1
        A mmap m db rw shared
        A write m[0]
        A msync m sync
        A read m[0]
        \(rest)

        """
    }

    private let race = "race\nA write m[0]\nA2 mprotect m r\nend"

    @Test func `past the moment of danger nothing can be lost any more`() async throws {
        var session = try session(protect("wrong", race))
        #expect(try await found(from: session).verdict == .violated)
        while !session.isBeforeRace, case .moved = session.advance() {}
        // The store comes first, and whole.
        while session.openRace?.ended.contains(0) != true {
            #expect(session.advance(.actor(0)) == .moved)
        }
        let rest = try await found(from: session)
        #expect(rest.verdict == .holds)
        #expect(rest.result.states > 1)
    }

    @Test func `operations under way are explored where the script has no race`() async throws {
        var session = try session(protect("wrong", "W: A write m[0]\nP: A2 mprotect m r"))
        #expect(throws: Diagnostics.self) { try Explorer(from: session) }
        while !session.isAtEnd, case .moved = session.advance() {}
        let explorer = try Explorer(from: session)
        #expect(explorer.beginning == .tasks(2))
        let exploration = await explorer.run()
        #expect(exploration.verdict == .violated)
        let retrace = Retrace(try #require(exploration.breach), of: exploration, in: session)
        #expect(retrace.isThere)
        // Once the store is through, it is safe.
        let store = try #require(session.progress.labels["W"])
        while !session.machine.isDone(store) {
            #expect(session.advance(.task(slot: session.machine.slot(of: store))) == .moved)
        }
        #expect(try await found(from: session).verdict == .holds)
    }

    @Test func `only lost writes end a search that asks for them`() async throws {
        var options = Explorer.Options()
        options.asksForLostWrites = true
        let session = try session(protect("wrong", race))
        let lost = await (try Explorer(from: session, options: options)).run()
        #expect(lost.verdict == .violated)
        #expect(lost.breach?.invariant == .noLostWrite)
        let other = try self.session(protect("right", race + "\nexpect nr_dirty == 77"))
        #expect(try await found(from: other).verdict == .violated)
        #expect(await (try Explorer(from: other, options: options)).run().verdict == .holds)
    }

    @Test func `a schedule can be saved as a scenario that leads there`() async throws {
        let session = try session(protect("wrong", race))
        let exploration = try await found(from: session)
        let retrace = Retrace(try #require(exploration.breach), of: exploration, in: session)
        var again = try self.session(try SavedSession.text(of: retrace.session))
        #expect(try again.run() == .finished)
        #expect(again.machine.violations(of: .noLostWrite).map(\.subject)
            == retrace.session.machine.violations(of: .noLostWrite).map(\.subject))
    }
}
