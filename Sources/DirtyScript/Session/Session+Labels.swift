import DirtyMachine

// Labelled tasks: `step`, `finish`, and the user as the scheduler.

extension Session {
    /// A `step` up to here has nothing to do.
    func isAboutToRun(_ name: String, _ label: String) -> Bool {
        guard let task = progress.labels[label], let function = KernelFunction.named(name),
            progress.stepsTaken == 0
        else { return false }
        return machine.isAboutToRun(function, task)
    }

    mutating func step(
        _ label: String, _ extent: StepExtent, _ statement: Statement, _ move: inout Move,
        _ conclusions: inout [Conclusion]
    ) -> Advance {
        switch extent {
        case .device(let page): return stepDevice(page, statement, &move, &conclusions)
        case .entry(let process, let page): return dropEntry(process, page, statement, &conclusions)
        case .count, .until: break
        }
        guard let task = progress.labels[label] else { return refused(hasEnded(label), statement) }
        if progress.stepsTaken == 0 { progress.commandLogStart = changeCount }
        let before = machine.state.stack(of: task)
        if !machine.isDone(task), let blocked = stepTask(task, &move) { return blocked }
        progress.stepsTaken += 1
        let isThere: Bool
        switch extent {
        case .count(let count): isThere = progress.stepsTaken >= count
        case .until(let name):
            let function = KernelFunction.named(name)!
            isThere =
                machine.isAboutToRun(function, task)
                || machine.hasEntered(function, task, since: before)
            if !isThere, machine.isDone(task) {
                return refused(missed(name, label), statement)
            }
        case .device, .entry: isThere = true
        }
        if machine.isDone(task) { note(task) }
        if isThere || machine.isDone(task) {
            complete(
                statement, machine.result(of: task), &conclusions, hasEnded: machine.isDone(task))
        }
        return .moved
    }

    /// One step of the device, at the script's wish.
    private mutating func stepDevice(
        _ page: Operand?, _ statement: Statement, _ move: inout Move,
        _ conclusions: inout [Conclusion]
    ) -> Advance {
        progress.commandLogStart = changeCount
        let bio = machine.pendingBios.first { bio in
            machine.deviceCanStep(bio)
                && (page.map { machine.isAbout(bio, machine.file(named: $0.name), $0.range) } ?? true)
        }
        guard let bio else {
            return refused(
                CannotBegin(message: "the device has nothing to do there", word: page?.name ?? "device"),
                statement)
        }
        machine.stepDevice(bio)
        move.frame = StackFrame(function: .device, position: 0)
        complete(statement, nil, &conclusions, hasEnded: false)
        return .moved
    }

    /// A CPU's TLB drops an entry, at the script's wish.
    private mutating func dropEntry(
        _ name: String, _ page: Operand, _ statement: Statement, _ conclusions: inout [Conclusion]
    ) -> Advance {
        progress.commandLogStart = changeCount
        guard let process = machine.process(named: name),
            let pages = (try? addresses(page, name)),
            let entry = machine.state.tlb(of: machine.cpu(of: process)).first(where: {
                pages.contains($0.vpn) && $0.mm == machine.space(of: process)
            })
        else {
            return refused(
                CannotBegin(message: "the TLB has no such entry to drop", word: page.name), statement)
        }
        machine.evictTLBEntry(cpu: machine.cpu(of: process), entry)
        complete(statement, nil, &conclusions, hasEnded: false)
        return .moved
    }

    mutating func finish(
        _ label: String, _ statement: Statement, _ move: inout Move,
        _ conclusions: inout [Conclusion]
    ) -> Advance {
        guard let task = progress.labels[label] else { return refused(hasEnded(label), statement) }
        if progress.stepsTaken == 0 { progress.commandLogStart = changeCount }
        progress.stepsTaken += 1
        if !machine.isDone(task) {
            if let blocked = stepTask(task, &move) { return blocked }
        } else if let bio = machine.deviceWork(of: task) {
            machine.stepDevice(bio)
            move.frame = StackFrame(function: .device, position: 0)
        }
        guard machine.isDone(task), machine.deviceWork(of: task) == nil else { return .moved }
        let result = collect(task)
        progress.labels[label] = nil
        progress.lastCommand = (statement.text, statement.location.line)
        complete(statement, result, &conclusions)
        return .moved
    }

    // MARK: The user as the scheduler

    /// Steps a task that the user has picked.
    mutating func stepChosen(
        _ task: Ref<Task>, _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        guard task.exists else { return refused("there is no such task") }
        move.line = machine.line(of: task)
        if progress.running == task { return stepRunning(task, &move, &conclusions) }
        if let race = progress.race, let line = race.tasks.first(where: { $0.value == task })?.key {
            return stepRaceLine(line, &move, &conclusions)
        }
        guard !machine.isDone(task) else {
            return refused("\(machine.taskName(task)) has ended; 'finish' collects it")
        }
        return stepTask(task, &move) ?? .moved
    }
}
