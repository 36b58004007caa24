import DirtyMachine
import DirtyScript

/// Goes the way of a schedule and notes what each move does.
struct Replay {
    private var walker: RaceWalker
    private(set) var schedule: [ScheduledMove] = []
    /// The machine after each move; the first one before all.
    private(set) var machines: [Machine]
    /// All choices, and for each move how many of them lead up to it and through it.
    private(set) var choices: [RaceChoice] = []
    private(set) var choicesUpTo: [Int] = [0]
    /// The session behind the last race, once its expectations were asked.
    private var failure: String?

    init(_ system: RaceSystem) {
        walker = system.makeWalker()
        machines = [walker.machine]
    }

    mutating func take(_ choice: RaceChoice) {
        choices.append(choice)
        if choice == .script { return walker.goOnForGood() }
        let before = walker.machine
        let mark = before.log.count
        let position = walker.position
        var description = describe(choice)
        guard walker.make(choice) else { return }
        let after = walker.machine
        let changed = walker.position
        description.begins = changed.begun != position.begun
        description.ends = changed.ended != position.ended
        schedule.append(
            description.move(
                race: position.race, choice, after.alterations(after.log[mark...])))
        machines.append(after)
        choicesUpTo.append(choices.count)
    }

    // MARK: Who moves

    private struct Description {
        var task = "", cpu: Int?, function = "", title = StepTitle(label: "", text: "")
        var line = 0, command = "", raceLine: Int?, page = ""
        var entry: (process: String, page: String)?
        var begins = false, ends = false

        func move(
            race: Int, _ choice: RaceChoice, _ alterations: [Alteration]
        ) -> ScheduledMove {
            ScheduledMove(
                race: race, choice: choice, task: task, cpu: cpu, function: function, title: title,
                line: line, command: command, raceLine: raceLine, begins: begins, ends: ends,
                alterations: alterations, page: page, entry: entry)
        }
    }

    private mutating func describe(_ choice: RaceChoice) -> Description {
        var description = Description()
        let machine = walker.machine
        let generation = machine.rules.generation
        switch choice {
        case .actor(let actor):
            guard let line = walker.race.line(of: actor, ended: walker.position.ended)
            else { return description }
            let statement = walker.race.outline.lines[line]
            description.raceLine = line
            description.line = statement.location.line
            description.command = statement.text
            description.task = walker.race.outline.operation(line)?.actor ?? "kernel"
            let process = machine.process(named: description.task)
            let frame = walker.frame(of: line)
            description.cpu = process.map { machine.cpu(of: $0) }
            description.function = frame.map { $0.function.name(generation) } ?? ""
            description.title = frame.map { frame in
                frame.isControlFlow
                    ? StepTitle(label: "", text: "(control flow)") : title(of: frame, generation: generation)
            } ?? description.title
        case .device(let place):
            let bio = machine.bio(at: place)
            description.task = "device"
            description.page = machine.name(ofPageIn: bio)
            let reads = machine.readsNext(bio)
            description.function = (reads ? KernelFunction.device : .end_page_writeback).name(generation)
            description.title = StepTitle(
                label: "",
                text: reads ? "the device reads the page" : "the device has written the page")
        case .eviction(let place):
            let (cpu, entry) = machine.evictableTLBEntries[place]
            description.task = "TLB"
            description.cpu = cpu
            description.page = machine.name(of: entry)
            description.function = "tlb"
            description.title = StepTitle(label: "", text: "the TLB drops an entry")
            let parts = description.page.split(separator: ".", maxSplits: 1).map(String.init)
            let user = machine.state.processes.first {
                machine.cpu(of: $0) == cpu && machine.space(of: $0) == entry.mm
            }
            if let user, parts.count == 2 { description.entry = (machine.name(of: user), parts[1]) }
        case .script:
            break
        }
        return description
    }

    // MARK: What is wrong in the end

    /// What a state lacks, in words.
    struct Judgement {
        var text: String
        /// The operations of the script behind the race until it showed; nil where it shows in the race.
        var behind: [Statement]?
    }

    /// What the last state lacks.
    mutating func judge(_ property: Properties, _ invariant: Invariant?) -> Judgement {
        if let invariant, let found = walker.machine.violations(of: invariant).first {
            return Judgement(text: "\(found.subject): \(found.text)")
        }
        if property == RaceSystem.Lacking.progress {
            return Judgement(text: "nobody can go on: " + waits.map(\.sentence).joined(separator: "; "))
        }
        var session = walker.tail
        var text = ""
        var behind: [Statement] = []
        let approach = session.approachRace { session, conclusions in
            behind += conclusions.filter { $0.expectation == nil }.map(\.statement)
            if let invariant, let found = session.machine.violations(of: invariant).first {
                text = "\(found.subject): \(found.text)"
                return false
            }
            guard invariant == nil,
                let failed = conclusions.first(where: { $0.expectation?.passed == false })
            else { return true }
            let line = failed.statement.location.line
            text = "line \(line): \(failed.statement.text): found \(failed.expectation!.found)"
            return property != RaceSystem.Lacking.expectation
        }
        if case .stuck(let problem) = approach, property == RaceSystem.Lacking.script {
            text = "line \(problem.location.line): \(problem.message)"
        }
        return Judgement(text: text, behind: behind.filter { !$0.isPresentation })
    }

    /// For everybody who has something left to do: what he waits for.
    var waits: [RaceWalker.Wait] { walker.waits }
}

extension RaceWalker {
    /// The step that a line takes next; for one that has not begun, the first that it would take.
    func frame(of line: Int) -> StackFrame? {
        let task = system.tasks[line]
        if position.begun >> UInt64(line) & 1 == 1 { return machine.state.stack(of: task).last }
        var trial = self
        return trial.begin(line) ? trial.machine.state.stack(of: task).last : nil
    }

    /// Goes on behind a race, and stays there.
    mutating func goOnForGood() {
        var session = tail
        guard case .race(let outline) = session.approachRace() else { return }
        let next = position.race + 1
        take(session, outline, next)
    }

    /// What somebody waits for who cannot go on.
    struct Wait {
        let sentence: String
        /// What would have to hold for him to go on, in the language; nil where it has no word for that.
        var expectation: String?
    }

    /// For each line that is under way or has not begun: what it waits for.
    var waits: [Wait] {
        var waits: [Wait] = []
        for actor in 0..<race.actorCount {
            guard let line = race.line(of: actor, ended: position.ended) else { continue }
            var trial = self
            let text = race.outline.lines[line].text
            if !trial.begin(line) {
                waits.append(Wait(sentence: "'\(text)' cannot begin"))
                continue
            }
            guard let waiting = trial.machine.wouldWait(system.tasks[line]) else { continue }
            let lock = machine.name(of: waiting)
            let holder =
                if waiting.holder.exists {
                    ", held by '\(race.text(ofLine: machine.line(of: waiting.holder)))'"
                } else if waiting.reason == .writeback {
                    ", which only 'complete' ends"
                } else { "" }
            var wait = Wait(sentence: "'\(text)' waits for the \(lock)\(holder)")
            if let page = lock.split(separator: " ").last, page.hasSuffix("]") {
                switch waiting.reason {
                case .writeback: wait.expectation = "expect \(page) !writeback"
                case .pageLock: wait.expectation = "expect \(page) !locked"
                default: break
                }
            }
            waits.append(wait)
        }
        return waits
    }
}
