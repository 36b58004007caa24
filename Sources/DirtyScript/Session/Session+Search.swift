import DirtyMachine

// What a search over the interleavings of races needs of a session: to come to a race, to resolve
// a line's operands in a state of its own, and to go on behind the race from one.

/// A race that is about to begin.
public struct RaceOutline: Hashable, Sendable {
    /// Index of its statement in the script.
    public let index: Int
    public let lines: [Statement]
    /// Who does which line, by number.
    public let actors: [Int]
    /// The first serial number of each line's stores.
    public let serials: [Int]
    /// The script goes on behind it. Tasks that are under way outside a race are none of its races.
    public var isOfScript = true

    public func operation(_ line: Int) -> Operation? {
        if case .operation(let operation) = lines[line].command { operation } else { nil }
    }
}

/// What is going on in a session, as a race that has begun.
public struct OpenRace: Hashable, Sendable {
    public let outline: RaceOutline
    /// The tasks of the lines that have begun and not ended.
    public let tasks: [Int: Ref<Task>]
    public let ended: Set<Int>

    /// A race that is about to begin, or one that has come that far.
    public init(outline: RaceOutline, tasks: [Int: Ref<Task>] = [:], ended: Set<Int> = []) {
        self.outline = outline
        self.tasks = tasks
        self.ended = ended
    }
}

/// How a session came to where it is.
public enum Approach: Hashable, Sendable {
    /// A race is about to begin.
    case race(RaceOutline)
    case end
    /// The script cannot go on.
    case stuck(Diagnostic)
}

extension Session {
    /// Goes on as the script says, to the next race or the end. `report` is handed the session
    /// after every move, with the statements that came to their end, and may stop by `false`.
    public mutating func approachRace(
        _ report: (Session, [Conclusion]) -> Bool = { _, _ in true }
    ) -> Approach {
        var conclusions: [Conclusion] = []
        while true {
            if upcomingRace != nil {
                performSilently(&conclusions)
                guard report(self, conclusions), case .race(let lines)? = nextStatement?.command
                else { return .end }
                let begun = race(lines)
                return .race(
                    RaceOutline(
                        index: progress.cursor, lines: lines, actors: begun.actors,
                        serials: begun.serials))
            }
            let end: Approach
            switch advance(.script, &conclusions) {
            case .moved:
                guard report(self, conclusions) else { return .end }
                conclusions.removeAll(keepingCapacity: true)
                continue
            case .atEnd: end = .end
            case .blocked(let blocked): end = .stuck(diagnostic(blocked))
            case .refused(let problem): end = .stuck(problem)
            }
            return end
        }
    }

    /// The race that is under way.
    public var openRace: OpenRace? {
        progress.race.map { race in
            OpenRace(
                outline: RaceOutline(
                    index: progress.cursor, lines: race.lines, actors: race.actors, serials: race.serials),
                tasks: race.tasks, ended: race.ended)
        }
    }

    /// The operations that are under way outside a race: the one that runs by itself, and those
    /// that have labels. Each is somebody of its own.
    public var openTasks: OpenRace? {
        let running = progress.running.map { [$0] } ?? []
        let labelled = progress.labels.sorted { $0.key < $1.key }.map(\.value).filter { !machine.isDone($0) }
        let tasks = (running + labelled).compactMap { task in
            statement(atLine: machine.line(of: task)).map { (task, $0) }
        }
        guard !tasks.isEmpty else { return nil }
        return OpenRace(
            outline: RaceOutline(
                index: progress.cursor, lines: tasks.map(\.1), actors: Array(tasks.indices),
                serials: tasks.map { _ in machine.nextSerial }, isOfScript: false),
            tasks: Dictionary(uniqueKeysWithValues: tasks.indices.map { ($0, tasks[$0].0) }), ended: [])
    }

    /// A race begins with the next move.
    public var isBeforeRace: Bool { upcomingRace != nil }

    /// The script has a race that has not begun.
    public var hasRaceAhead: Bool {
        statements[min(progress.cursor, statements.count)...].contains {
            if case .race(let lines) = $0.command { !lines.isEmpty } else { false }
        }
    }

    /// The operation of a race's line as the machine takes it; nil where its names stand for
    /// nothing yet. The machine is only lent.
    public mutating func request(_ operation: Operation, in machine: inout Machine) -> Request? {
        swap(&self.machine, &machine)
        defer { swap(&self.machine, &machine) }
        return try? request(operation)
    }

    /// This session behind a race, in a state in which the race has ended.
    public func behind(
        _ race: RaceOutline, in machine: Machine, last: TaskResult?, lastLoaded: UInt32?
    ) -> Session {
        var session = self
        session.machine = machine
        session.progress.race = nil
        session.progress.running = nil
        session.progress.cursor = race.index + 1
        session.progress.commandLogStart = 0
        session.progress.last = last
        session.progress.lastLoaded = lastLoaded
        session.progress.labels = [:]
        for task in machine.state.tasks where !machine.label(of: task).isEmpty {
            session.progress.labels[machine.label(of: task)] = task
        }
        session.begin()
        return session
    }

    /// What the statements behind a race ask of the operation that ended last in it, up to the next
    /// operation: whether they ask at all, and whether for faults.
    public func asksForLast(behind race: RaceOutline) -> (result: Bool, faults: Bool) {
        var asks = (result: false, faults: false)
        for statement in statements[min(race.index + 1, statements.count)...] {
            switch statement.command {
            case .operation, .step, .finish: return asks
            case .expect(.faults): asks = (true, true)
            case .expect(.outcome), .expect(.value): asks.result = true
            default: continue
            }
        }
        return asks
    }

    /// All names that the statements mention.
    public var mentionedNames: Set<String> {
        var names: Set<String> = []
        func mention(_ statement: Statement) {
            if let label = statement.label { names.insert(label) }
            switch statement.command {
            case .operation(.mmap(_, let name, _, _, _, _, _)): names.insert(name)
            case .operation(.fork(_, let child, _)): names.insert(child)
            case .process(let name, _), .thread(let name, _, _): names.insert(name)
            case .file(let file): names.insert(file.name)
            case .device(let device): names.insert(device.name)
            case .race(let lines): lines.forEach(mention)
            default: break
            }
        }
        statements.forEach(mention)
        return names
    }
}
