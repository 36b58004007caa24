import DirtyMachine

// Races: lines whose order is open.

extension Session {
    mutating func race(_ lines: [Statement]) -> RaceProgress {
        let serials = lines.map { machine.takeSerials(serialsNeeded(by: $0)) }
        for (line, serial) in zip(lines, serials) { raceSerials[line.location.line] = serial }
        return RaceProgress(
            lines: lines, serials: serials, actors: RaceProgress.actors(of: lines),
            firstMove: position)
    }

    private func serialsNeeded(by line: Statement) -> Int {
        switch line.command {
        case .operation(.write(let p, let operand, nil)),
            .operation(.pinwrite(let p, let operand, nil)), .operation(.poke(_, let p, let operand, nil)):
            if let range = operand.range { return range.count }
            guard let process = machine.process(named: p),
                let mapping = machine.mapping(named: operand.name, of: process)
            else { return 1 }
            return machine.extent(of: mapping)?.pages ?? 1
        case .operation(.pwrite(_, let operand, nil)):
            return operand.range?.count ?? 1
        default:
            return 0
        }
    }

    /// In the written order, each line to its end; when one has to wait, whoever can go on does.
    mutating func stepRace(_ move: inout Move, _ conclusions: inout [Conclusion]) -> Advance {
        guard let race = progress.race else { return .atEnd }
        if race.ended.count == race.lines.count {
            // The device has something left to do, or else the race were over.
            if let bio = machine.pendingBios.first(where: machine.deviceCanStep) { stepDevice(bio, &move) }
            return .moved
        }
        var firstBlocked: Advance?
        for line in race.lines.indices where !race.ended.contains(line) {
            guard race.line(of: race.actors[line]) == line else { continue }
            let result = stepRaceLine(line, &move, &conclusions)
            guard case .blocked = result else { return result }
            firstBlocked = firstBlocked ?? result
        }
        return firstBlocked ?? .atEnd
    }

    mutating func stepActor(
        _ actor: Int, _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        beginRace(&conclusions)
        guard let line = progress.race?.line(of: actor) else {
            return refused("that actor has nothing left to do")
        }
        return stepRaceLine(line, &move, &conclusions)
    }

    /// The first move of a race can be anybody's.
    private mutating func beginRace(_ conclusions: inout [Conclusion]) {
        guard progress.running == nil, progress.race == nil else { return }
        performSilently(&conclusions)
        if case .race(let lines) = nextStatement?.command { progress.race = race(lines) }
    }

    // MARK: As a search goes

    mutating func stepInterleaved(
        _ actor: Int, _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        beginRace(&conclusions)
        interleave(&move, &conclusions)
        guard let line = progress.race?.line(of: actor) else {
            return refused("that actor has nothing left to do")
        }
        return stepRaceLine(line, &move, &conclusions)
    }

    /// One step of the device, on the write of a page.
    mutating func stepDevice(
        on page: String, _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        let bio = machine.pendingBios.first {
            machine.deviceCanStep($0) && machine.name(ofPageIn: $0) == page
        }
        guard let bio else { return refused("the device has nothing to do on \(page)") }
        interleave(&move, &conclusions)
        stepDevice(bio, &move)
        return .moved
    }

    private mutating func stepDevice(_ bio: Ref<Bio>, _ move: inout Move) {
        machine.stepDevice(bio)
        move.frame = StackFrame(function: .device, position: 0)
        endRaceIfOver()
    }

    /// Operations of a race that wait for the device alone have ended.
    private mutating func interleave(_ move: inout Move, _ conclusions: inout [Conclusion]) {
        guard let race = progress.race else { return }
        progress.race?.isInterleaved = true
        for (line, task) in race.tasks.sorted(by: { $0.key < $1.key }) where machine.isDone(task) {
            move.line = race.lines[line].location.line
            endRaceLine(line, task, move, &conclusions)
        }
    }

    mutating func stepRaceLine(
        _ line: Int, _ move: inout Move, _ conclusions: inout [Conclusion]
    ) -> Advance {
        guard var race = progress.race, case .operation(let operation) = race.lines[line].command
        else { return .atEnd }
        let statement = race.lines[line]
        move.line = statement.location.line
        let task: Ref<Task>
        if let begun = race.tasks[line] {
            task = begun
        } else {
            switch start(operation, statement, serial: race.serials[line]) {
            case .failure(let problem): return refused(problem, statement)
            case .success(let begun):
                task = begun
                race.tasks[line] = begun
            }
        }
        if !machine.isDone(task) {
            if let blocked = stepTask(task, &move) { return blocked }
        } else if let bio = machine.deviceWork(of: task) {
            machine.stepDevice(bio)
        }
        progress.race = race
        if machine.isDone(task), race.isInterleaved || machine.deviceWork(of: task) == nil {
            endRaceLine(line, task, move, &conclusions)
        }
        endRaceIfOver()
        return .moved
    }

    private mutating func endRaceLine(
        _ line: Int, _ task: Ref<Task>, _ move: Move, _ conclusions: inout [Conclusion]
    ) {
        guard var race = progress.race else { return }
        let statement = race.lines[line]
        let result = collect(task)
        race.tasks[line] = nil
        race.ended.insert(line)
        progress.lastCommand = (statement.text, statement.location.line)
        conclusions.append(
            Conclusion(
                statement: statement, result: result, expectation: nil,
                spans: race.spans(of: move, in: window, count: changeCount)))
        progress.race = race
    }

    private mutating func endRaceIfOver() {
        guard let race = progress.race, race.ended.count == race.lines.count,
            !race.isInterleaved || machine.deviceIsIdle
        else { return }
        progress.race = nil
        progress.cursor += 1
    }
}

extension RaceProgress {
    /// Which changes the moves of a line made, its latest move included. `count` are all changes.
    fileprivate func spans(of latest: Move, in window: Window, count: Int) -> [Range<Int>] {
        let first = min(max(0, firstMove - window.start), window.marks.count)
        let lines = window.lines[first...] + [latest.line]
        let marks = window.marks[first...] + [latest.changesBefore, count]
        var spans: [Range<Int>] = []
        for (index, line) in zip(marks.indices, lines) where line == latest.line {
            let span = marks[index]..<marks[index + 1]
            if let last = spans.last, last.upperBound == span.lowerBound {
                spans[spans.count - 1] = last.lowerBound..<span.upperBound
            } else {
                spans.append(span)
            }
        }
        return spans
    }
}

extension Operation {
    /// The process or thread that acts; nil for the kernel itself.
    public var actor: String? {
        switch self {
        case .mmap(let p, _, _, _, _, _, _), .munmap(let p, _), .mprotect(let p, _, _),
            .madviseDontneed(let p, _), .mremap(let p, _, _), .remapFilePages(let p, _, _),
            .msync(let p, _, _), .read(let p, _), .write(let p, _, _), .pread(let p, _),
            .pwrite(let p, _, _), .fsync(let p, _), .ftruncate(let p, _, _), .poke(let p, _, _, _),
            .peek(let p, _, _), .pin(let p, _, _), .unpin(let p, _), .pinwrite(let p, _, _),
            .fork(let p, _, _), .exit(let p):
            p
        case .writeback, .complete, .reclaim, .evict, .journal, .strip, .crash:
            nil
        }
    }
}
