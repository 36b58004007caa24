import DirtyMachine
import DirtyScript

// Moving in time. Every command is a run of single moves of the session with a test after each, a
// `Journey` where it leads forward; backward commands use the same tests, so that they stop where
// the forward ones do.

extension Player {
    // MARK: Forward

    mutating func report(_ obstacle: Advance?, hasMoved: Bool) {
        switch obstacle {
        case .blocked(let blocked): complain(blocked.message)
        case .refused(let problem): complain(problem.sentence)
        case .atEnd where !hasMoved:
            complain("the script is at its end; : types a command, S goes back")
        default: break
        }
    }

    /// What went wrong in the moves just made: all of it.
    mutating func report(_ failures: [FailedExpectation], _ passedOver: Diagnostic?) {
        if !failures.isEmpty {
            complain(failures.map { $0.sentence }.joined(separator: "; "))
        } else if let passedOver {
            complain("line \(passedOver.location.line) left out: \(passedOver.sentence)")
        }
    }

    mutating func step() { travel(to: .step, showsAll: true) }

    /// Makes the move of somebody whom the user picked.
    mutating func step(_ choice: Choice) {
        stop()
        guard !asks() else { return }
        direction = .forward
        message = nil
        let departure = departure
        let isScripts = choice == session.nextChoice
        let result = session.advance(choice)
        guard case .moved = result else { return report(result, hasMoved: false) }
        report(session.progress.newFailures, session.progress.passedOver)
        if !isScripts { lookAhead() }
        arrive(from: departure, shownFrom: departure.position)
    }

    /// Steps until the task that moves is no deeper in its call stack than before.
    mutating func stepOver() { travel(to: .shallower(than: session.machine.depths, orEqual: true), showsAll: true) }

    /// Steps until the function that the acting task is in has returned.
    mutating func finishFunction() {
        travel(to: .shallower(than: session.machine.depths, orEqual: false), showsAll: true)
    }

    mutating func nextEvent() { travel(to: .command, showsAll: true) }
    mutating func run() { travel(to: .stop) }
    mutating func last() { travel(to: .end) }
    mutating func nextChapter() { travel(to: .chapter) }

    /// Goes back to where a statement comes next that has been done.
    mutating func retreat(to statement: Int) {
        goBack { session in
            // What begins behind the statement is leapt over.
            session.go(to: min(session.position, session.position(after: statement)))
            while session.stepBack(), session.progress.cursor > statement {}
        }
    }

    /// Goes to a position, as far as the script leads there.
    mutating func go(to target: Int) {
        if target <= session.position {
            if target < session.position { back(to: max(0, target)) }
        } else {
            travel(to: .position(target))
        }
    }

    /// Goes to so many hundredths of the whole, as soon as its length is known.
    mutating func go(toPercent percent: Int) {
        stop()
        awaitedPercent = percent
        if outline.isLookingAhead {
            say("looking for the end; Ctrl-C or Esc stops")
        } else {
            arriveAtPercent()
        }
    }

    mutating func arriveAtPercent() {
        guard let percent = awaitedPercent.take() else { return }
        message = nil
        go(to: outline.total * percent / 100)
    }

    // MARK: Backward

    mutating func back(to target: Int) {
        goBack { $0.go(to: target) }
    }

    private mutating func goBack(_ move: (inout Session) -> Void) {
        stop()
        direction = .backward
        message = nil
        question = nil
        guard session.position > 0 else { return complain("this is the beginning") }
        let departure = departure
        move(&session)
        arrive(from: departure, shownFrom: max(0, session.position - 1))
    }

    mutating func stepBack() { back(to: session.position - 1) }

    // Behind the move that was the last to do such a thing; where it begins does not count.
    mutating func previousEvent() { back(to: session.commandEnd(before: session.position)) }
    mutating func runBack() { back(to: session.stop(before: session.position)) }
    mutating func previousChapter() {
        let here = session.position
        back(to: session.knownChapters.last { $0.position < here }?.position ?? 0)
    }
    mutating func first() { back(to: 0) }

    mutating func overBack() { followBack { depth, start in depth <= start } }
    mutating func finishBack() { followBack { depth, start in depth < start } }

    private mutating func followBack(until isThere: (_ depth: Int, _ start: Int) -> Bool) {
        goBack { session in
            let slot = session.moves.last?.slot ?? 0
            let start = max(1, session.machine.depth(ofSlot: slot))
            repeat {
                session.stepBack()
                guard slot != 0, session.progress.pause == nil else { return }
                let depth = session.machine.depth(ofSlot: slot)
                if depth == 0 || isThere(depth, start) { return }
            } while session.position > 0
        }
    }

    // MARK: Steps that touched the selected page

    mutating func nextTouch() {
        guard let selection else { return complain("no page is selected") }
        travel(to: .touch(selection))
    }

    mutating func previousTouch() {
        guard let selection else { return complain("no page is selected") }
        goBack { session in
            while session.stepBack() {
                if Self.touches(session.latestChanges, selection, session.machine) { return }
            }
        }
        if session.position == 0, message == nil { say("no earlier step changes this page") }
        chosen = selection
    }

    static func touches(
        _ changes: ArraySlice<Change>, _ selection: Selection, _ machine: Machine
    ) -> Bool {
        let places = machine.places(of: selection)
        return changes.contains { machine.places(of: $0).contains(where: places.contains) }
    }

    // MARK: Playing

    mutating func togglePlay() {
        if isPlaying { return stop() }
        guard !asks() else { return }
        guard !session.isAtEnd || session.nextChoice != .script else {
            return complain("the script is at its end; g goes to its beginning")
        }
        isPlaying = true
        dwell = nil
        message = nil
    }

    /// Time has passed: a playing session moves on.
    public mutating func passTime() {
        guard isPlaying else { return }
        if presenter != nil { return passTimeInTalk() }
        let captionBefore = session.progress.caption
        step()
        guard message == nil, question == nil, !session.isAtEnd else { return }
        if let pause = session.progress.pause, pause.seconds == nil { return say("a pause; Space goes on") }
        dwell = secondsToStay(since: captionBefore)
        isPlaying = true
    }

    /// How long a playing session stays where it is: a pause's own time, or the time to read a new
    /// caption; nil where neither has one.
    func secondsToStay(since captionBefore: String?) -> Double? {
        if let pause = session.progress.pause { return pause.seconds.map { min(max($0, 0), 3600) } }
        let caption = session.progress.caption
        guard caption != captionBefore, !caption.isEmpty else { return nil }
        return min(8, 1 + Double(caption.count) / 25) / speed.factor
    }
}

extension FailedExpectation {
    /// What was expected, where, and what was found.
    var sentence: String { "line \(statement.location.line): \(statement.text) FAILED, found \(found)" }
}

extension Machine {
    /// How deep in the kernel a task is; 0 when it is gone or has ended.
    func depth(ofSlot slot: Int) -> Int {
        let task = task(inSlot: slot)
        return task.exists ? state.stack(of: task).count : 0
    }

    /// The depth of every task, by slot.
    var depths: [Int: Int] {
        Dictionary(uniqueKeysWithValues: state.tasks.map { (slot(of: $0), state.stack(of: $0).count) })
    }
}
