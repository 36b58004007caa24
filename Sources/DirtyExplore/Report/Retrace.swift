import DirtyMachine
import DirtyScript

/// A schedule gone through in a session, so that it can be stepped there like any other course.
public struct Retrace: Sendable {
    /// What a move of the schedule is, as a person would tell it.
    public struct Caption: Hashable, Sendable {
        /// Moves of the session that lie behind once it is made.
        public let position: Int
        public let text: String
        /// Nothing can make it good any more.
        public let dooms: Bool
    }

    /// The session at the end of the schedule.
    public private(set) var session: Session
    public private(set) var captions: [Caption] = []
    /// What was found is there at the end.
    public private(set) var isThere = false

    /// Goes through the schedule from the session that was explored.
    public init(_ breach: Breach, of exploration: Exploration, in session: Session) {
        self.session = session
        go(along: breach, exploration.explorer)
    }

    private mutating func go(along breach: Breach, _ explorer: Explorer) {
        let failures = session.progress.failures
        goToRace()
        var race = 0
        for (number, move) in breach.schedule.enumerated() {
            while race < move.race {
                race += 1
                goToRace()
            }
            guard let choice = choice(move, explorer), case .moved = session.advance(choice) else { return }
            captions.append(caption(number, breach))
        }
        isThere = has(breach, failures)
        // What shows only behind the race is the script's own course from there on.
        while breach.isBehindRace, !isThere, case .moved = session.advance(.script) {
            isThere = has(breach, failures)
        }
        if breach.isDeadlock { isThere = true }
    }

    private func caption(_ number: Int, _ breach: Breach) -> Caption {
        let text = Counterexample.caption(breach.schedule[number])
        guard let doom = breach.doomed, doom.move == number else {
            return Caption(position: session.position, text: text, dooms: false)
        }
        return Caption(position: session.position, text: "\(text): \(doom.text)", dooms: true)
    }

    /// As the script says, up to the next move of a race.
    private mutating func goToRace() {
        guard session.openRace == nil, session.hasRaceAhead else { return }
        while !session.isBeforeRace, case .moved = session.advance(.script) {}
    }

    private func has(_ breach: Breach, _ failures: Int) -> Bool {
        if let invariant = breach.invariant { return !session.machine.violations(of: invariant).isEmpty }
        return session.progress.failures > failures
    }

    private func choice(_ move: ScheduledMove, _ explorer: Explorer) -> Choice? {
        switch move.choice {
        case .actor(let actor):
            guard case .tasks = explorer.beginning else { return .interleaved(actor: actor) }
            return .task(slot: session.machine.slot(of: explorer.system.tasks[actor]))
        case .device: return .write(page: move.page)
        case .eviction(let place):
            let entries = session.machine.evictableTLBEntries
            return entries.indices.contains(place) ? .eviction(cpu: entries[place].0, entries[place].1) : nil
        case .script: return nil
        }
    }
}
