import DirtyMachine

/// Somebody who could move next.
public struct Candidate: Hashable, Sendable {
    public let choice: Choice
    /// A label, a process, `device` or `TLB`.
    public let name: String
    public let cpu: Int?
    /// What it is doing, as the script says it.
    public let command: String
    /// Its task, once it has begun.
    public let task: Ref<Task>?
    /// Why it cannot go on now; nil when it can.
    public let blocked: String?
    /// It is through with its part of a race; it stays in the list, so that the others keep their
    /// places.
    public var hasEnded = false
}

extension Session {
    /// Everybody who could move next, in a stable order: what runs, races, labels, the
    /// device, and TLBs that may drop an entry.
    public var candidates: [Candidate] {
        var result: [Candidate] = []
        if let running = progress.running {
            result.append(candidate(.task(slot: machine.slot(of: running)), running))
        }
        if let race = progress.race {
            for actor in 0..<race.actorCount {
                if let statement = race.statement(of: actor) {
                    result.append(candidate(.actor(actor), race.task(of: actor), statement))
                } else if let line = race.actors.lastIndex(of: actor) {
                    var ended = candidate(.actor(actor), nil, race.lines[line])
                    ended.hasEnded = true
                    result.append(ended)
                }
            }
        } else if let lines = upcomingRace {
            let actors = RaceProgress.actors(of: lines)
            for actor in Set(actors).sorted() {
                result.append(candidate(.actor(actor), nil, lines[actors.firstIndex(of: actor)!]))
            }
        }
        for (_, task) in progress.labels.sorted(by: { $0.key < $1.key }) where !machine.isDone(task) {
            result.append(candidate(.task(slot: machine.slot(of: task)), task))
        }
        if let bio = machine.pendingBios.first(where: { machine.deviceCanStep($0) }) {
            let page = machine.name(ofPageIn: bio)
            result.append(
                Candidate(
                    choice: .device, name: "device", cpu: nil, command: "write of \(page)", task: nil,
                    blocked: nil))
        }
        result += machine.evictableTLBEntries.map { cpu, entry in
            Candidate(
                choice: .eviction(cpu: cpu, entry), name: "TLB", cpu: cpu,
                command: "drops its entry of \(machine.name(of: entry))", task: nil, blocked: nil)
        }
        return result
    }

    /// The lines of a race that would begin with the next move.
    var upcomingRace: [Statement]? {
        guard progress.running == nil, progress.race == nil, !progress.isDraining else { return nil }
        for statement in statements[min(progress.cursor, statements.count)...] {
            switch statement.command {
            case .race(let lines): return lines.isEmpty ? nil : lines
            case .operation, .step, .finish, .say: return nil
            default: continue
            }
        }
        return nil
    }

    /// Who waits for writeback that the device can go on with is not stuck: its step is the device's.
    private func deviceHelps(_ waiting: Waiting) -> Bool {
        guard waiting.reason == .writeback, let bio = machine.bio(of: Ref(raw: waiting.object))
        else { return false }
        return machine.deviceCanStep(bio)
    }

    private func candidate(
        _ choice: Choice, _ task: Ref<Task>?, _ statement: Statement? = nil
    ) -> Candidate {
        let statement = statement ?? task.flatMap { self.statement(atLine: machine.line(of: $0)) }
        guard let task else {
            let actor = statement.flatMap { statement -> String? in
                guard case .operation(let operation) = statement.command else { return nil }
                return operation.actor
            }
            let process = actor.flatMap { machine.process(named: $0) }
            return Candidate(
                choice: choice, name: actor ?? "kernel", cpu: process.map { machine.cpu(of: $0) },
                command: statement?.text ?? "", task: nil, blocked: nil)
        }
        var blocked: String?
        if let waiting = machine.wouldWait(task), !deviceHelps(waiting) {
            blocked = sentence(task, waiting)
        }
        return Candidate(
            choice: choice, name: machine.taskName(task), cpu: machine.cpu(of: task),
            command: statement?.text ?? "", task: task, blocked: blocked)
    }

    /// The largest line number in use. Typed lines stand in the middle, so it need not be the last's.
    var lastLine: Int {
        statements.reduce(0) { most, statement in
            guard case .race(let lines) = statement.command else {
                return max(most, statement.location.line)
            }
            return max(most, statement.location.line, lines.last?.location.line ?? 0)
        }
    }

    /// The statement of a source line; the lines of a race are statements, too.
    public func statement(atLine line: Int) -> Statement? {
        // Lines ascend but for what was typed in between, so the search seldom fails.
        var low = 0
        var high = statements.count
        while low < high {
            let middle = (low + high) / 2
            if statements[middle].location.line < line { low = middle + 1 } else { high = middle }
        }
        let near = statements[max(0, low - 1)..<min(statements.count, low + 1)]
        for statement in near {
            if statement.location.line == line { return statement }
            if case .race(let lines) = statement.command,
                let found = lines.first(where: { $0.location.line == line })
            {
                return found
            }
        }
        return statements.last { $0.location.line == line }
    }
}

extension RaceProgress {
    /// Who does which line: those of one process or thread belong together, and every line of the
    /// kernel is an actor of its own.
    static func actors(of lines: [Statement]) -> [Int] {
        var known: [String: Int] = [:]
        var count = 0
        return lines.map { line in
            var number: Int?
            if case .operation(let operation) = line.command, let actor = operation.actor {
                number = known[actor]
                if number == nil { known[actor] = count }
            }
            if let number { return number }
            count += 1
            return count - 1
        }
    }
}
