import DirtyMachine
import DirtyScript
import Synchronization

/// Stands in one state of a race. The machine is the one that the terminal steps; every move is
/// made in it and taken back.
struct RaceWalker: StateWalker {
    let system: RaceSystem
    private(set) var machine: Machine
    private var codec: StateCodec
    private(set) var position = RacePosition()
    /// The present one.
    private(set) var race: RaceLines
    /// Invariants that this walker has not yet found broken.
    private var watched: InvariantSet
    /// Those that a state has to be looked at for: the others hold there because they held before.
    private var due = InvariantSet.all
    /// The sum of all that invariants read in the present state, tasks aside.
    private var seen: UInt64 = 0
    /// Such sums of states that were looked at, as far as there is room.
    private var judged = [UInt64](repeating: 1, count: 1 << 15)
    private let scope: InvariantScope
    private var session: Session
    /// Words of an image before the machine's: the position, and `seen`.
    private static let header = RacePosition.words + 1
    /// What is looked for is an end, and the way to it must not lack any of these; none in a search for what
    /// is lacking.
    private var avoided = Properties.none
    /// The way from the system's beginning to its own.
    private var start: [RaceChoice] = []
    /// Fingerprints by address of states that were looked up, as far as there is room: most steps lead
    /// to a state that another order of the same steps has led to just before.
    private var recent = [UInt64](repeating: 0, count: 1 << 13)

    /// A walker that begins where some choices lead, and looks for an end on a way that lacks none of what
    /// is to be avoided.
    init(_ system: RaceSystem, behind start: [RaceChoice], avoiding avoided: Properties) {
        self.init(system)
        self.start = start
        self.avoided = avoided
    }

    init(_ system: RaceSystem) {
        self.system = system
        machine = system.machine
        session = system.session
        codec = StateCodec(
            &machine, countsMatter: system.countsMatter, wasteMatters: system.wasteMatters,
            values: system.values)
        machine.forgetHistory()
        race = system.races.note(RaceLines(system.first, session, &machine))
        position = system.beginning
        watched = InvariantSet(Invariant.allCases.filter { !$0.isMetric || system.wasteMatters })
        scope = InvariantScope(of: watched)
        machine.forgetHistory()
    }

    mutating func begin(_ successors: inout Successors) {
        for choice in start {
            if choice == .script { goOnForGood() } else { _ = make(choice) }
        }
        let fingerprint = codec.fingerprint(&machine) &+ position.fingerprint
        if successors.isNew(fingerprint) { hand(over: 0, fingerprint, due: .all, fingerprint, &successors) }
        machine.undo(to: 0)
    }

    mutating func expand(
        _ image: UnsafeBufferPointer<UInt64>, _ successors: inout Successors
    ) -> Properties {
        position = RacePosition(image)
        due = InvariantSet(rawValue: UInt32(truncatingIfNeeded: image[0] &>> 32))
        seen = image[RacePosition.words]
        if race.number != position.race { race = system.races.known(position.race) }
        codec.load(
            UnsafeBufferPointer(rebasing: image[RaceWalker.header...]), into: &machine)
        let lacking = lackingInvariants()
        if !lacking.isDisjoint(with: avoided) { return .none }
        var canMove = false
        forEachChoice { walker, choice in
            let before = walker.position
            if walker.make(choice) {
                // TLBs drop entries for nobody's sake: who waits does not wait for that, and a race is over
                // with entries in them.
                if !choice.isEviction { canMove = true }
                walker.look(choice, &successors)
            }
            walker.machine.undo(to: 0)
            walker.position = before
        }
        if canMove { return told(lacking) }
        if !isOver { return told(lacking.union(RaceSystem.Lacking.progress)) }
        let (behind, isEnd) = goOn(&successors)
        if isEnd, !avoided.isEmpty, behind.isDisjoint(with: avoided) { return RaceSystem.Lacking.nothing }
        return told(lacking.union(behind))
    }

    /// Who looks for an end asks for nothing else.
    private func told(_ lacking: Properties) -> Properties { avoided.isEmpty ? lacking : .none }

    /// Goes through all moves of all who could move, in a fixed order.
    private mutating func forEachChoice(_ body: (inout RaceWalker, RaceChoice) -> Void) {
        for actor in 0..<race.actorCount where race.line(of: actor, ended: position.ended) != nil {
            body(&self, .actor(actor))
        }
        var write = machine.placeOfWrite(from: 0)
        while let place = write {
            body(&self, .device(place))
            write = machine.placeOfWrite(from: place + 1)
        }
        if machine.rules.tlbEviction {
            for place in machine.evictableTLBEntries.indices { body(&self, .eviction(place)) }
        }
    }

    /// Hands over the present state, unless it is known.
    private mutating func look(_ choice: RaceChoice, _ successors: inout Successors) {
        let position = position.fingerprint
        let address = codec.addressFingerprint(&machine) &+ position
        let slot = Int(truncatingIfNeeded: address) & (recent.count - 1)
        if recent[slot] == address { return successors.count() }
        recent[slot] = address
        let fingerprint = codec.fingerprint(taken: &machine) &+ position
        if successors.isNew(fingerprint) {
            let concern = scope.concern(of: &machine)
            hand(over: choice.number, fingerprint, due: concern.invariants, seen &+ concern.difference, &successors)
        }
    }

    private mutating func hand(
        over choice: Int, _ fingerprint: UInt64, due: InvariantSet, _ seen: UInt64, _ successors: inout Successors
    ) {
        let image = successors.room(for: RaceWalker.header + codec.mostWords(&machine))
        position.write(to: image)
        image[0] |= UInt64(due.rawValue) &<< 32
        image[RacePosition.words] = seen
        let words = codec.writeImage(&machine, to: image + RaceWalker.header)
        successors.add(choice: choice, fingerprint: fingerprint, words: RaceWalker.header + words)
    }

    // MARK: Moves

    /// Makes a move. False, and nothing to keep, when whoever was to move has to wait.
    mutating func make(_ choice: RaceChoice) -> Bool {
        switch choice {
        case .actor(let actor):
            guard let line = race.line(of: actor, ended: position.ended) else { return false }
            return step(line)
        case .device(let place):
            return machine.stepDevice(at: place)
        case .eviction(let place):
            let (cpu, entry) = machine.evictableTLBEntries[place]
            machine.evictTLBEntry(cpu: cpu, entry)
            return true
        case .script:
            return false
        }
    }

    /// Begins a line, if it has not begun. False where its names stand for nothing yet.
    mutating func begin(_ line: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(line)
        if position.begun & bit != 0 { return true }
        guard let request = request(of: line) else { return false }
        _ = machine.begin(
            request, line: race.outline.lines[line].location.line,
            serial: race.outline.serials[line], in: system.tasks[line])
        position.begun |= bit
        return true
    }

    private mutating func step(_ line: Int) -> Bool {
        let task = system.tasks[line]
        guard begin(line) else { return false }
        switch machine.step(task) {
        case .blocked: return false
        case .stepped: break
        case .finished:
            if race.asksForLast {
                position.noteResult(machine.result(of: task), isLoad: machine.isLoad(task))
            }
            machine.setAside(task)
            position.ended |= 1 << UInt64(line)
        }
        return true
    }

    /// The operation of a line with its operands as they are now.
    private mutating func request(of line: Int) -> Request? {
        if let fixed = race.requests[line] { return fixed }
        guard let operation = race.outline.operation(line) else { return nil }
        return session.request(operation, in: &machine)
    }

    // MARK: Behind the race

    /// All lines have ended, and the device has nothing left to do.
    var isOver: Bool { position.ended == race.allLines && machine.deviceIsIdle }

    /// Goes on behind the race: to the next one, which is handed over, or to the end. Returns what
    /// the states on the way lack.
    private mutating func goOn(_ successors: inout Successors) -> (lacking: Properties, isEnd: Bool) {
        guard !race.isLast else { return (.none, true) }
        var lacking = Properties.none
        var session = tail
        let approach = session.approachRace { session, conclusions in
            lacking.formUnion(RaceWalker.lacking(session, conclusions))
            return true
        }
        switch approach {
        case .end: return (lacking, true)
        case .stuck: lacking.formUnion(RaceSystem.Lacking.script)
        case .race(let outline) where lacking.isDisjoint(with: avoided):
            let before = position
            take(session, outline, before.race + 1)
            let fingerprint = codec.fingerprint(&machine) &+ position.fingerprint
            if successors.isNew(fingerprint) {
                hand(over: RaceChoice.script.number, fingerprint, due: .all, fingerprint, &successors)
            }
            machine.undo(to: 0)
            position = before
            race = system.races.known(before.race)
        case .race: break
        }
        return (lacking, false)
    }

    /// Takes over from a session that has come to a race.
    mutating func take(_ session: Session, _ outline: RaceOutline, _ number: Int) {
        machine = session.machine
        position = RacePosition()
        position.race = number
        race = system.races.note(RaceLines(outline, session, &machine, number: number))
    }

    /// The session behind the present race.
    var tail: Session {
        race.session.behind(
            race.outline, in: machine, last: position.lastResult,
            lastLoaded: position.lastLoaded == 0 ? nil : UInt32(truncatingIfNeeded: position.lastLoaded))
    }

    // MARK: Properties

    private mutating func lackingInvariants() -> Properties {
        let due = system.inherits ? watched.intersection(due) : watched
        if due.isEmpty { return .none }
        if system.inherits {
            let all = seen &+ scope.windows(in: &machine)
            let slot = Int(truncatingIfNeeded: all) & (judged.count - 1)
            if judged[slot] == all { return .none }
            if avoided.isEmpty { judged[slot] = all }
        }
        let broken = machine.broken(among: due)
        // More than the first state nobody asks for, unless each is to be avoided.
        if avoided.isEmpty { watched.subtract(broken) }
        return RaceSystem.Lacking.invariants(broken)
    }

    static func lacking(_ session: Session, _ conclusions: [Conclusion]) -> Properties {
        let invariants = InvariantSet(Invariant.allCases.filter { !$0.isMetric })
        var lacking = RaceSystem.Lacking.invariants(session.machine.broken(among: invariants))
        if conclusions.contains(where: { $0.expectation?.passed == false }) {
            lacking.formUnion(RaceSystem.Lacking.expectation)
        }
        return lacking
    }
}

/// What the races are made of, for all walkers: those behind the first are known once one of them came
/// there, and its states may go to another.
final class RaceTable: Sendable {
    private let races = Mutex<[Int: RaceLines]>([:])

    /// The race as whoever came there first has found it.
    func note(_ race: RaceLines) -> RaceLines {
        races.withLock { races in
            let known = races[race.number] ?? race
            races[race.number] = known
            return known
        }
    }

    func known(_ number: Int) -> RaceLines { races.withLock { $0[number]! } }
}

/// A race, prepared.
final class RaceLines: Sendable {
    /// How many races come before it.
    let number: Int
    let outline: RaceOutline
    /// The session where the race is about to begin.
    let session: Session
    /// The operations whose operands mean the same whenever they begin.
    let requests: [Request?]
    let actorCount: Int
    let allLines: UInt64
    let asksForLast: Bool
    /// Nothing stands behind it.
    let isLast: Bool
    /// The lines of each actor, as bits: the lowest that has not ended is the one that it is at.
    private let lines: [UInt64]

    init(_ outline: RaceOutline, _ session: Session, _ machine: inout Machine, number: Int = 0) {
        self.number = number
        self.outline = outline
        self.session = session
        let count = (outline.actors.max() ?? -1) + 1
        actorCount = count
        lines = (0..<count).map { actor in
            outline.actors.indices.reduce(0) { outline.actors[$1] == actor ? $0 | 1 << UInt64($1) : $0 }
        }
        allLines = outline.lines.count == 64 ? ~0 : (1 << UInt64(outline.lines.count)) - 1
        asksForLast = outline.isOfScript && session.asksForLast(behind: outline).result
        isLast = !outline.isOfScript || session.statements[(outline.index + 1)...].allSatisfy { $0.isPresentation }
        let operations = outline.lines.indices.map { outline.operation($0) }
        // Where a mapping lies that an earlier race has made depends on the way through that race.
        let areFixed = number == 0 && operations.allSatisfy { $0?.keepsNames ?? false }
        var lender = session
        requests = operations.map { operation in
            guard areFixed, let operation else { return nil }
            return lender.request(operation, in: &machine)
        }
    }

    func text(ofLine number: Int) -> String {
        outline.lines.first { $0.location.line == number }?.text
            ?? session.statement(atLine: number)?.labelledText ?? "line \(number)"
    }

    /// The line that an actor is at; nil when it is through.
    @inline(__always)
    func line(of actor: Int, ended: UInt64) -> Int? {
        let rest = lines[actor] & ~ended
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }
}

extension Operation {
    /// It changes neither what names stand for nor the size of a file.
    var keepsNames: Bool {
        switch self {
        case .mmap, .mremap, .remapFilePages, .fork, .exit, .ftruncate, .pwrite, .crash: false
        default: true
        }
    }
}

extension Statement {
    /// It neither moves anything nor checks anything.
    var isPresentation: Bool {
        switch command {
        case .say, .chapter, .pause, .focus, .show, .hide: true
        default: false
        }
    }
}
