import DirtyMachine

/// What came of an attempt to move.
public enum Advance: Hashable, Sendable {
    case moved
    /// The script is at its end.
    case atEnd
    /// Whoever should move has to wait; nothing was done.
    case blocked(BlockedMove)
    /// What was asked for cannot be done, and nothing was done.
    case refused(Diagnostic)
}

/// A task that cannot go on.
public struct BlockedMove: Hashable, Sendable {
    /// Source line of the operation. Its task may be gone by now: a beginning that has to wait is
    /// taken back.
    public let line: Int
    /// Who has what it waits for; none where nobody has.
    public let holder: Ref<Task>
    /// A sentence: who waits for what, and who has it.
    public let message: String
}

/// An expectation that failed.
public struct FailedExpectation: Hashable, Sendable {
    public let statement: Statement
    /// What was there instead.
    public let found: String
}

/// A statement that has come to its end, for reports.
public struct Conclusion: Hashable, Sendable {
    public let statement: Statement
    public let result: TaskResult?
    public let expectation: ExpectationResult?
    /// Which changes of the machine are its own, counted from the first. Of a line of a race, only
    /// those of its own moves, between which others may have moved.
    public let spans: [Range<Int>]
    /// False for a `step` or a labelled beginning whose operation goes on.
    public var hasEnded = true
}

extension Session {
    /// The changes that a statement made, right after it has ended.
    public func changes(of conclusion: Conclusion) -> [Change] {
        let kept = window.logStart..<changeCount
        return conclusion.spans.flatMap { span -> ArraySlice<Change> in
            let span = span.clamped(to: kept)
            return machine.log[span.lowerBound - kept.lowerBound..<span.upperBound - kept.lowerBound]
        }
    }

    /// Makes the next move: the one that was taken back last, or else what the script says.
    public mutating func advance() -> Advance {
        advance(nextChoice)
    }

    /// Makes a move of the user's own choice.
    public mutating func advance(_ choice: Choice) -> Advance {
        let result = make(choice)
        bound()
        return result
    }

    /// Makes a move and keeps all of its changes.
    mutating func make(_ choice: Choice) -> Advance {
        if choice == .script, goOnWithin() { return .moved }
        var conclusions: [Conclusion] = []
        return advance(choice, &conclusions)
    }

    /// The short way of most moves, in the middle of an operation: the machine goes on, and the
    /// session knows no more than before. False where there is more to it; nothing was done then.
    private mutating func goOnWithin() -> Bool {
        guard let task = progress.running, typing.lines.isEmpty, !machine.isDone(task), progress.hasNoNews
        else { return false }
        var move = Move(choice: .script, changesBefore: changeCount)
        move.slot = machine.slot(of: task)
        move.frame = machine.topFrame(of: task)
        move.line = machine.line(of: task)
        guard case .stepped = machine.step(task) else {
            machine.undo(to: move.changesBefore - window.logStart)
            return false
        }
        note(move)
        return true
    }

    /// Makes a move and tells which statements it brought to their end, the checks behind it
    /// included: an `expect` that fails comes with the very move that made it fail. The changes of
    /// all moves are kept.
    public mutating func advance(_ choice: Choice, _ conclusions: inout [Conclusion]) -> Advance {
        let before = progress
        let mark = changeCount
        progress.beginMove()
        var move = Move(choice: choice, changesBefore: mark)
        let result = perform(choice, &move, &conclusions)
        guard case .moved = result else {
            machine.undo(to: mark - window.logStart)
            progress = before
            return result
        }
        performTrailing(&conclusions)
        noteTurns(since: before.cursor, choice)
        note(move, since: before)
        return .moved
    }

    private mutating func perform(
        _ choice: Choice, _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        switch choice {
        case .script:
            return followScript(&move, &conclusions)
        case .device:
            guard let bio = machine.pendingBios.first(where: { machine.deviceCanStep($0) }) else {
                return refused("the device has nothing to do")
            }
            machine.stepDevice(bio)
            move.frame = StackFrame(function: .device, position: 0)
            return .moved
        case .write(let page):
            return stepDevice(on: page, &move, &conclusions)
        case .eviction(let cpu, let entry):
            guard machine.evictableTLBEntries.contains(where: { $0 == (cpu, entry) }) else {
                return refused("CPU\(cpu)'s TLB has no such entry to drop")
            }
            machine.evictTLBEntry(cpu: cpu, entry)
            return .moved
        case .task(let slot):
            return stepChosen(machine.task(inSlot: slot), &move, &conclusions)
        case .actor(let actor):
            return stepActor(actor, &move, &conclusions)
        case .interleaved(let actor):
            return stepInterleaved(actor, &move, &conclusions)
        }
    }

    // MARK: The script

    /// What stands before a move that cannot be made is done and reported all the same: it becomes
    /// a move of its own.
    private mutating func followScript(
        _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        let start = progress.cursor
        if progress.running == nil, progress.race == nil { performSilently(&conclusions) }
        let (reached, mark) = (progress, machine.log.count)
        let result = followCommand(&move, &conclusions)
        if case .moved = result { return .moved }
        machine.undo(to: mark)
        progress = reached
        if reached.cursor > start { return .moved }
        if case .refused(let problem) = result, passOver(problem, &conclusions) { return .moved }
        if case .blocked = result, stepWhoeverWasTyped(&move) { return .moved }
        return result
    }

    /// The command under way waits, perhaps for a task that a typed `step` or `finish` behind it is
    /// about: that one's task goes on first.
    private mutating func stepWhoeverWasTyped(_ move: inout Move) -> Bool {
        let behind = statements[min(progress.cursor + 1, statements.count)...].prefix(while: isTyped)
        for statement in behind {
            let label: String
            switch statement.command {
            case .step(let name, _), .finish(let name): label = name
            default: continue
            }
            guard let task = progress.labels[label], !machine.isDone(task) else { continue }
            move.line = statement.location.line
            if stepTask(task, &move) == nil { return true }
        }
        return false
    }

    /// A line that cannot be done must not bar the way to the rest where that is the user's own
    /// doing: it is passed over, as a move of its own that changes nothing.
    private mutating func passOver(
        _ problem: Diagnostic, _ conclusions: inout [Conclusion]
    ) -> Bool {
        guard let statement = nextStatement, progress.hasLeftScript || isTyped(statement),
            progress.running == nil, progress.race.map(\.tasks.isEmpty) ?? true
        else { return false }
        progress.race = nil
        complete(statement, nil, &conclusions)
        progress.passedOver = problem
        return true
    }

    /// The move that the script's next command, or the one under way, makes.
    private mutating func followCommand(
        _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        if let task = progress.running { return stepRunning(task, &move, &conclusions) }
        if progress.race != nil { return stepRace(&move, &conclusions) }
        guard let statement = nextStatement else { return .atEnd }
        move.line = statement.location.line
        switch statement.command {
        case .operation(let operation):
            return begin(operation, statement, &move, &conclusions)
        case .race(let lines):
            progress.race = race(lines)
            return stepRace(&move, &conclusions)
        case .step(let label, let extent):
            return step(label, extent, statement, &move, &conclusions)
        case .finish(let label):
            return finish(label, statement, &move, &conclusions)
        default:  // a caption
            if case .say(let text) = statement.command { progress.caption = text }
            complete(statement, nil, &conclusions)
            return .moved
        }
    }

    /// Performs what is no move of its own, up to the next command that is one.
    mutating func performSilently(_ conclusions: inout [Conclusion]) {
        while let statement = nextStatement {
            switch statement.command {
            case .race(let lines) where !lines.isEmpty: return
            case .step(let label, .until(let name)) where isAboutToRun(name, label):
                let result = progress.labels[label].map(machine.result)
                complete(statement, result, &conclusions, hasEnded: false)
            case .operation, .step, .finish, .say: return
            default: performSilently(statement, &conclusions)
            }
        }
    }

    /// Statements that are no moves of their own.
    mutating func performSilently(
        _ statement: Statement, _ conclusions: inout [Conclusion]
    ) {
        var expectation: ExpectationResult?
        switch statement.command {
        case .chapter(let title):
            progress.chapter = title
            progress.chapterNumber += 1
            progress.caption = ""
        case .focus(let process, let operand):
            progress.focusProcess = process
            progress.focus = operand
        case .show(let pane):
            progress.shownPanes.insert(pane)
            progress.hiddenPanes.remove(pane)
        case .hide(let pane):
            progress.hiddenPanes.insert(pane)
            progress.shownPanes.remove(pane)
        case .pause(let seconds):
            progress.pause = Progress.Pause(seconds: seconds)
        case .expect(let question):
            let found = check(question)
            expectation = found
            progress.checks += 1
            if !found.passed {
                progress.failures += 1
                progress.newFailures.append(
                    FailedExpectation(statement: statement, found: found.found))
            }
        default:
            _ = perform(setUp: statement)
        }
        progress.cursor += 1
        conclusions.append(
            Conclusion(
                statement: statement, result: nil, expectation: expectation,
                spans: []))
    }

    /// Checks and pauses belong to the move before them.
    private mutating func performTrailing(_ conclusions: inout [Conclusion]) {
        while progress.running == nil, progress.race == nil, let end = lastTrailing {
            while progress.cursor <= end { performSilently(statements[progress.cursor], &conclusions) }
        }
    }

    /// The index of the last check or pause that nothing but such, and what points at things on
    /// the screen, stands before.
    private var lastTrailing: Int? {
        var last: Int?
        for index in min(progress.cursor, statements.count)..<statements.count {
            switch statements[index].command {
            case .pause, .expect: last = index
            case .focus, .show, .hide, .note: continue
            default: return last
            }
        }
        return last
    }

    mutating func complete(
        _ statement: Statement, _ result: TaskResult?, _ conclusions: inout [Conclusion],
        hasEnded: Bool = true
    ) {
        progress.cursor += 1
        progress.stepsTaken = 0
        conclusions.append(
            Conclusion(
                statement: statement, result: result, expectation: nil,
                spans: [min(progress.commandLogStart, changeCount)..<changeCount],
                hasEnded: hasEnded))
        progress.commandLogStart = changeCount
    }

    // MARK: Operations

    private mutating func begin(
        _ operation: Operation, _ statement: Statement, _ move: inout Move,
        _ conclusions: inout [Conclusion]
    ) -> Advance {
        progress.commandLogStart = changeCount
        switch start(operation, statement) {
        case .failure(let problem): return refused(problem, statement)
        case .success(let task):
            move.slot = machine.slot(of: task)
            if let label = statement.label {
                progress.labels[label] = task
                complete(statement, nil, &conclusions, hasEnded: false)
                return .moved
            }
            progress.running = task
            return stepRunning(task, &move, &conclusions)
        }
    }

    /// Begins an operation as a task, if its process is free to.
    mutating func start(
        _ operation: Operation, _ statement: Statement, serial: Int? = nil
    ) -> Result<Ref<Task>, CannotBegin> {
        do throws(CannotBegin) {
            let request = try request(operation)
            if let label = statement.label, progress.labels[label] != nil {
                throw CannotBegin(
                    message: "'\(label)' has not ended yet; finish it first", word: label)
            }
            guard machine.state.tasks.count < Machine.maximumTaskCount else {
                throw CannotBegin(
                    message: "more than \(Machine.maximumTaskCount) operations at once",
                    expected: "'finish' of some of them before it")
            }
            return .success(
                machine.begin(
                    request, label: statement.label ?? "", line: statement.location.line,
                    serial: serial))
        } catch {
            return .failure(error)
        }
    }

    /// One move of the operation that runs by itself; its end collects it.
    mutating func stepRunning(
        _ task: Ref<Task>, _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        move.line = machine.line(of: task)
        if !machine.isDone(task) {
            if let blocked = stepTask(task, &move) { return blocked }
        } else if let bio = machine.deviceWork(of: task) {
            machine.stepDevice(bio)
            move.frame = StackFrame(function: .device, position: 0)
        }
        guard machine.isDone(task) else { return .moved }
        progress.isDraining = machine.deviceWork(of: task) != nil
        guard !progress.isDraining else { return .moved }
        let result = collect(task)
        progress.running = nil
        if let statement = nextStatement {
            progress.lastCommand = (statement.text, statement.location.line)
            complete(statement, result, &conclusions)
        }
        return .moved
    }

    /// Takes the result of a task that has ended, and forgets the task.
    mutating func collect(_ task: Ref<Task>) -> TaskResult {
        let result = note(task)
        machine.collect(task)
        return result
    }

    /// Remembers how a task ended, for `expect`.
    @discardableResult
    mutating func note(_ task: Ref<Task>) -> TaskResult {
        let result = machine.result(of: task)
        if machine.isLoad(task) { progress.lastLoaded = result.value }
        progress.last = result
        return result
    }

    /// Takes one atomic step of a task, or, if it waits for the device, one of the device.
    /// nil when something moved.
    mutating func stepTask(_ task: Ref<Task>, _ move: inout Move) -> Advance? {
        move.slot = machine.slot(of: task)
        move.frame = machine.state.stack(of: task).last
        guard case .blocked(let waiting) = machine.step(task) else { return nil }
        if waiting.reason == .writeback, let bio = machine.bio(of: Ref(raw: waiting.object)),
            machine.deviceCanStep(bio)
        {
            machine.stepDevice(bio)
            move.slot = 0
            move.frame = StackFrame(function: .device, position: 0)
            return nil
        }
        return .blocked(
            BlockedMove(
                line: machine.line(of: task), holder: waiting.holder,
                message: sentence(task, waiting)))
    }

    /// Who waits for what, and who has it.
    public func sentence(_ task: Ref<Task>, _ waiting: Waiting) -> String {
        let who = machine.taskName(task)
        let what = machine.name(of: waiting)
        if waiting.holder.exists {
            let line = machine.line(of: waiting.holder)
            return "\(who) waits for the \(what), held by \(machine.taskName(waiting.holder))"
                + (line > 0 ? " (\(place(ofLine: line)))" : "")
        }
        return waiting.reason == .writeback
            ? "\(who) waits for the \(what), which ends with 'complete'"
            : "\(who) waits for the \(what)"
    }
}
