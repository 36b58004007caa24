import DirtyMachine
import DirtyScript
import Testing

/// A TLB may drop an entry at any moment: a move of its own, where the rule allows it.
@Suite struct EvictionTests {
    private static let text = """
        kernel 2.6.20
        RULE
        file db 2 ext3 cached
        process A
        A mmap m db rw shared
        A write m[0]
        A read m[1]
        """

    private func played(rule: String) throws -> Session {
        var session = try session(Self.text.replacing("RULE", with: rule))
        while case .moved = session.advance() {}
        return session
    }

    private func drops(_ session: Session) -> [Candidate] {
        session.candidates.filter { if case .eviction = $0.choice { true } else { false } }
    }

    @Test func nobodyDropsAnythingUnlessTheRuleIsOn() throws {
        let session = try played(rule: "")
        #expect(!session.machine.state.tlb(of: 0).isEmpty)
        #expect(session.candidates.isEmpty)
    }

    @Test func everyEntryIsACandidate() throws {
        let session = try played(rule: "rule tlb-eviction on")
        #expect(
            Set(drops(session).map(\.command)) == ["drops its entry of A.m[0]", "drops its entry of A.m[1]"])
        #expect(drops(session).allSatisfy { $0.cpu == 0 && $0.blocked == nil && $0.task == nil })
    }

    @Test func aDropIsAMoveThatCanBeTakenBackAndRepeated() throws {
        var session = try played(rule: "rule tlb-eviction on")
        let before = session.machine.state
        let choice = try #require(drops(session).first { $0.command.contains("m[0]") }).choice
        let drop = session.advance(choice)
        #expect(drop == .moved)
        let after = session.machine.state
        #expect(session.machine.state.tlb(of: 0).count == 1)
        #expect(drops(session).count == 1)
        session.stepBack()
        #expect(session.machine.state == before)
        // Going forward repeats the choice.
        #expect(session.nextChoice == choice)
        let again = session.advance()
        #expect(again == .moved)
        #expect(session.machine.state == after)
    }

    @Test func whatIsNotThereCannotBeDropped() throws {
        var session = try played(rule: "rule tlb-eviction on")
        let choice = try #require(drops(session).first).choice
        let drop = session.advance(choice)
        #expect(drop == .moved)
        let position = session.position
        guard case .refused(let problem) = session.advance(choice) else {
            Issue.record("dropped twice")
            return
        }
        #expect(problem.message.contains("no such entry"))
        #expect(session.position == position)
    }
}
