import DirtyMachine
import DirtyScript

/// Tries every interleaving of a scenario's races.
public struct Explorer: Sendable {
    public struct Options: Sendable {
        public var kernel: Profile?
        public var rules: [RuleOverride] = []
        /// Invariants that count as a violation beside those that always do.
        public var invariants: Set<Invariant> = []
        /// Takes states for one that differ only in values that nobody asks for.
        public var reduces = true
        /// Runs a task's control flow, which nobody else can see, together with the step before it.
        public var merges = true
        /// Looks at an invariant only where a step has changed what it speaks of.
        public var inherits = true
        /// Only lost writes end the search, nothing else that is wrong.
        public var asksForLostWrites = false
        /// Looks for the move that dooms a schedule.
        public var findsDoom = true
        public var search = SearchOptions()

        public init() {}
    }

    /// Invariants whose breach is a violation; a breach of the others is a note.
    public static let violations: Set<Invariant> = [
        .noLostWrite, .durability, .permission, .noSilentChange, .cowPrivacy, .device,
        .mkcleanOfFilePages,
    ]

    let scenario: Scenario
    let options: Options
    let system: RaceSystem
    /// Where the search begins.
    public let beginning: Beginning
    /// Expectations that fail on the way to the race, whatever its order: no verdict is about them.
    public private(set) var failedBefore: [Statement] = []
    public var profile: Profile { system.session.profile }

    /// Where a search begins.
    public enum Beginning: Hashable, Sendable {
        /// At the next race of the script, after so many moves.
        case raceAhead(moves: Int)
        /// In the middle of a race.
        case race
        /// Outside a race: with the operations that are under way, so many.
        case tasks(Int)
    }

    /// Runs the scenario up to its first race. Fails where it has none, or cannot come there.
    public init(_ scenario: Scenario, options: Options = Options()) throws(Diagnostics) {
        let session = try Session(scenario, kernel: options.kernel, rules: options.rules)
        try self.init(scenario, session, options)
    }

    /// Explores from the state that a session is in: the rest of its race; or its next race, reached
    /// as the script says; or, where the script has none, the operations that are under way. Fails
    /// where there is none of these.
    public init(from session: Session, options: Options = Options()) throws(Diagnostics) {
        let scenario = Scenario(name: session.name, title: session.title, statements: session.statements)
        if let race = session.openRace {
            try self.init(scenario, session, race, .race, options)
        } else if let tasks = session.openTasks, !session.hasRaceAhead {
            try self.init(scenario, session, tasks, .tasks(tasks.tasks.count), options)
        } else {
            try self.init(scenario, session, options)
        }
    }

    private init(_ scenario: Scenario, _ start: Session, _ options: Options) throws(Diagnostics) {
        var session = start
        var failed: [Conclusion] = []
        let approach = session.approachRace { _, conclusions in
            failed += conclusions.filter { $0.expectation?.passed == false }
            return true
        }
        guard case .race(let race) = approach else { throw Explorer.noRace(scenario, session) }
        try self.init(
            scenario, session, OpenRace(outline: race), .raceAhead(moves: session.position - start.position), options)
        failedBefore = failed.map(\.statement)
    }

    private init(
        _ scenario: Scenario, _ session: Session, _ race: OpenRace, _ beginning: Beginning, _ options: Options
    ) throws(Diagnostics) {
        self.scenario = scenario
        self.options = options
        self.beginning = beginning
        let outline = race.outline
        var machine = session.machine
        machine.mergesControlFlow = options.merges
        machine.learn(names: session.mentionedNames.sorted())
        let (position, tasks) = RacePosition.of(race, session, &machine)
        // Races behind this one may have more lines.
        let count = session.statements.reduce(outline.lines.count) { most, statement in
            guard case .race(let lines) = statement.command else { return most }
            return max(most, lines.count)
        }
        let missing = tasks.count(where: { $0 == nil }) + count - tasks.count
        var fresh = machine.setTasksAside(missing)
        guard fresh.count == missing, count <= 60 else {
            throw Explorer.complaint(
                scenario, session, "a race has too many lines: \(count)",
                expected: "\(count - missing + fresh.count) at most")
        }
        // In the order of the lines.
        fresh.reverse()
        let all = (tasks + Array(repeating: nil, count: count - tasks.count)).map { $0 ?? fresh.removeLast() }
        machine.forgetHistory()
        let asksForFaults = session.statements.contains {
            if case .expect(.faults) = $0.command { true } else { false }
        }
        let asksForCost = session.statements.contains {
            switch $0.command {
            case .expect(.invariant(let name?)), .expect(.brokenInvariant(let name)):
                Invariant.named(name) == .cost
            default: false
            }
        }
        let asksForCounters = session.statements.contains {
            guard case .expect(.counter(let name, _, _)) = $0.command else { return false }
            return ["pgfault", "pgmajfault", "tlb_flush"].contains(name)
        }
        system = RaceSystem(
            first: outline, machine: machine, session: session, tasks: all,
            countsMatter: asksForFaults || asksForCounters,
            wasteMatters: asksForCost || options.invariants.contains(.cost), beginning: position,
            values: options.reduces ? Explorer.freeValues(session, outline, position) : 0..<0,
            inherits: options.inherits)
    }

    /// The serial numbers of the first race's stores to come, where nothing can tell them apart: no
    /// expectation is about values, and no store writes a value of its own that could be one of them.
    private static func freeValues(_ session: Session, _ race: RaceOutline, _ position: RacePosition) -> Range<Int> {
        var asks = false
        func look(_ statement: Statement) {
            switch statement.command {
            case .expect(.value), .expect(.disk), .operation(.write(_, _, .some)),
                .operation(.pwrite(_, _, .some)), .operation(.poke(_, _, _, .some)),
                .operation(.pinwrite(_, _, .some)):
                asks = true
            case .race(let lines): lines.forEach(look)
            default: break
            }
        }
        session.statements.forEach(look)
        // Serial numbers go by the order of the lines; those of a line that has begun may be in memory.
        let begun = race.lines.indices.last { position.begun >> UInt64($0) & 1 == 1 } ?? -1
        guard !asks, begun + 1 < race.serials.count else { return 0..<0 }
        let first = race.serials[begun + 1]
        // The races' numbers are given out by now; those of statements behind them come later.
        return first..<max(first, session.machine.nextSerial)
    }

    private static func noRace(_ scenario: Scenario, _ session: Session) -> Diagnostics {
        let hasRace = session.statements.contains {
            if case .race(let lines) = $0.command { !lines.isEmpty } else { false }
        }
        return complaint(
            scenario, session,
            hasRace
                ? "the script does not come to its race; 'run' tells why" : "there is nothing to explore",
            expected: hasRace ? "" : "lines between 'race' and 'end', whose order is open")
    }

    private static func complaint(
        _ scenario: Scenario, _ session: Session, _ message: String, expected: String
    ) -> Diagnostics {
        let race = session.statements.first { if case .race = $0.command { true } else { false } }
        // Without a race it is the whole file that is meant, and no line of it.
        var diagnostic = Diagnostic(
            file: scenario.name, location: race?.location ?? SourceLocation(line: 1, column: 1), message: message,
            source: race?.text ?? "")
        if !expected.isEmpty { diagnostic.expected = expected }
        return Diagnostics([diagnostic])
    }

    // MARK: The search

    /// What ends the search.
    var stopping: Properties {
        if options.asksForLostWrites {
            return RaceSystem.Lacking.invariant(.noLostWrite).union(RaceSystem.Lacking.invariant(.durability))
        }
        var properties: Properties = [
            RaceSystem.Lacking.expectation, RaceSystem.Lacking.progress, RaceSystem.Lacking.script,
        ]
        for invariant in Explorer.violations.union(options.invariants) {
            properties.formUnion(RaceSystem.Lacking.invariant(invariant))
        }
        return properties
    }

    /// Searches. `progress` is called now and then; the limit that it may return ends the search.
    public func run(
        progress: (SearchProgress) -> SearchLimit? = { _ in nil }
    ) async -> Exploration {
        var search = options.search
        search.stopping = stopping
        let result = await Search(system, options: search).run(progress: progress)
        var exploration = Exploration(result: result, explorer: self)
        for finding in result.findings {
            var replay = Replay(system)
            for choice in finding.choices { replay.take(RaceChoice(number: choice)) }
            var breach = Breach(finding, &replay)
            if stopping.contains(Properties(finding.property)) {
                if exploration.breach != nil { continue }
                if options.findsDoom { breach.doomed = await doom(of: breach, replay, progress) }
                exploration.breach = breach
            } else {
                exploration.notes.append(breach)
            }
        }
        return exploration
    }
}
