import DirtyMachine
import DirtyScript

/// Which invariants are broken along a way. Only those that a move concerns are looked at again.
struct ViolationLedger: Sendable {
    private(set) var broken: InvariantSet
    private let scope = InvariantScope()

    init(_ machine: Machine) { broken = machine.broken(among: Self.all) }

    private static let all = InvariantSet(Invariant.allCases.filter { !$0.isMetric })

    /// What the move just made has broken.
    mutating func follow(_ session: Session) -> InvariantSet {
        let concerned = concerned(by: session)
        let now = broken.subtracting(concerned).union(session.machine.broken(among: concerned))
        defer { broken = now }
        return now.subtracting(broken)
    }

    /// Takes the latest move back; returns what it had broken.
    mutating func stepBack(_ session: inout Session) -> InvariantSet {
        let concerned = concerned(by: session)
        session.stepBack()
        let before = broken.subtracting(concerned).union(session.machine.broken(among: concerned))
        defer { broken = before }
        return broken.subtracting(before)
    }

    private func concerned(by session: Session) -> InvariantSet {
        guard let move = session.moves.indices.last, session.keepsChanges(since: move) else { return Self.all }
        return scope.concerned(by: session.changes(of: move), in: session.machine).intersection(Self.all)
    }
}

// From one violation to the next.
extension Player {
    mutating func previousViolation() {
        let begin = session.position
        var isFound = false
        goBack { session in
            var ledger = ViolationLedger(session.machine)
            while session.position > 0 {
                let found = ledger.stepBack(&session)
                if !found.isEmpty, session.position + 1 < begin {
                    _ = session.advance(session.nextChoice)
                    isFound = true
                    return
                }
            }
        }
        if isFound { tellViolation() } else if session.position != begin { missViolation("earlier", begin) }
    }

    mutating func arriveAtViolation(from start: Int, isThere: Bool) {
        if isThere { return tellViolation() }
        missViolation("later", start)
    }

    private mutating func missViolation(_ which: String, _ start: Int) {
        if session.position != start { go(to: start) }
        direction = which == "later" ? .forward : .backward
        complain("no \(which) step breaks an invariant")
    }

    /// Says what the latest move has broken.
    private mutating func tellViolation() {
        var past = session
        var ledger = ViolationLedger(past.machine)
        let new = ledger.stepBack(&past)
        guard let first = health.violations.first(where: { new.contains($0.invariant) }) else { return }
        say(printable("\(first.invariant.id) \(first.invariant.name) is broken: \(first.subject): \(first.text)"))
    }
}
