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
            complain("the script is at its end; \(session.endText)")
        default: break
        }
    }

    /// What went wrong in the moves just made: all of it.
    mutating func report(_ failures: [FailedExpectation], _ passedOver: Diagnostic?) {
        if !failures.isEmpty {
            complain(failures.map { session.sentence($0) }.joined(separator: "; "))
        } else if let passedOver {
            complain("\(session.place(ofLine: passedOver.location.line)) left out: \(passedOver.sentence)")
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
        var watch = BreakpointWatch(insight.breakpoints, session)
        let result = session.advance(choice)
        guard case .moved = result else { return report(result, hasMoved: false) }
        report(session.progress.newFailures, session.progress.passedOver)
        let hits = watch.hits(after: session)
        if !isScripts { lookAhead() }
        arrive(from: departure, shownFrom: departure.position)
        stop(at: hits)
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

    mutating func goBack(_ move: (inout Session) -> Void) {
        stop()
        direction = .backward
        message = nil
        question = nil
        guard session.position > 0 else { return complain("this is the beginning") }
        let departure = departure
        move(&session)
        arrive(from: departure, shownFrom: max(0, session.position - 1))
    }

    /// Back to a position, or to a break point on the way there; where it begins does not count.
    private mutating func runBack(to target: Int) {
        guard !insight.breakpoints.isEmpty else { return back(to: target) }
        var watch = BreakpointWatch(insight.breakpoints, session)
        var hits: [BreakpointHit] = []
        goBack { session in
            _ = watch.stepBack(&session)
            while session.position > 0 {
                let isThere = session.position <= target
                hits = watch.stepBack(&session)
                if isThere || !hits.isEmpty {
                    _ = session.advance(session.nextChoice)
                    return
                }
            }
        }
        stop(at: hits)
    }

    mutating func stepBack() { back(to: session.position - 1) }

    // Behind the move that was the last to do such a thing; where it begins does not count.
    mutating func previousEvent() { runBack(to: session.commandEnd(before: session.position)) }
    mutating func runBack() { runBack(to: session.stop(before: session.position)) }
    mutating func previousChapter() {
        let here = session.position
        back(to: session.knownChapters.last { $0.position < here }?.position ?? 0)
    }
    mutating func first() { back(to: 0) }

    mutating func overBack() { followBack { depth, start in depth <= start } }
    mutating func finishBack() { followBack { depth, start in depth < start } }

    private mutating func followBack(until isThere: (_ depth: Int, _ start: Int) -> Bool) {
        var watch = BreakpointWatch(insight.breakpoints, session)
        var hits: [BreakpointHit] = []
        let begin = session.position
        goBack { session in
            let slot = session.moves.last?.slot ?? 0
            let start = max(1, session.machine.depth(ofSlot: slot))
            repeat {
                hits = watch.stepBack(&session)
                if !hits.isEmpty, session.position + 1 < begin {
                    _ = session.advance(session.nextChoice)
                    return
                }
                hits = []
                guard slot != 0, session.progress.pause == nil else { return }
                let depth = session.machine.depth(ofSlot: slot)
                if depth == 0 || isThere(depth, start) { return }
            } while session.position > 0
        }
        stop(at: hits)
    }

    // MARK: Steps that touched what is selected

    mutating func nextTouch() {
        guard let item = insight.pursued ?? subjectItem else { return complain("nothing is selected") }
        travel(to: .touch(item, selection))
    }

    mutating func previousTouch() {
        guard let item = insight.pursued ?? subjectItem else { return complain("nothing is selected") }
        let (kept, cursors) = (selection, cursors)
        goBack { session in
            while session.stepBack() {
                if session.latestTouch(of: item) != nil { return }
            }
        }
        stay(at: item, kept, cursors)
        if session.position == 0, message == nil { say("no earlier step touches \(item.text)") }
    }

    /// What was selected stays so on a way along its touches.
    mutating func stay(at item: Item, _ selection: Selection?, _ cursors: [Pane: Int]) {
        self.cursors = cursors
        insight.pursued = item
        if item == selection?.item { chosen = selection }
        if message == nil, session.position > 0, let touches = session.latestTouch(of: item), !touches.isEmpty {
            say(printable("\(item.text): " + touches.map(\.text).joined(separator: ", ")))
        }
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

extension Session {
    /// What was expected, where, and what was found.
    func sentence(_ failure: FailedExpectation) -> String {
        "\(place(ofLine: failure.statement.location.line)): \(failure.statement.text) FAILED, found \(failure.found)"
    }

    /// What else can be done at the end of the script: labelled tasks may be left there.
    var endText: String {
        let labels = openLabels
        guard let first = labels.first else { return ": types a command, S goes back" }
        return labels.joined(separator: ", ") + " can still move: t chooses, :finish \(first)"
    }
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
