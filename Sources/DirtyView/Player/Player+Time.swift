import DirtyMachine
import DirtyScript

// Moving in time. Every command is a run of single moves of the session with a test after each;
// backward commands use the same tests, so that they stop where the forward ones do.

/// A bound on one command, far beyond any scenario that people step through.
private let moveLimit = 1_000_000

extension Player {
    // MARK: Forward

    /// Moves until a test on the progress before and the session after a move holds. Says why it
    /// stopped if that is not the test.
    private mutating func forward(
        showing window: Window = .run, limit: Int = moveLimit,
        until isThere: (Progress, Session) -> Bool
    ) {
        stop()
        direction = .forward
        message = nil
        let departure = departure
        let start = departure.position
        var failures: [FailedExpectation] = []
        var passedOver: Diagnostic?
        var obstacle: Advance?
        while session.position < start + limit {
            let before = session.progress
            let result = session.advance(session.nextChoice)
            guard case .moved = result else {
                obstacle = result
                break
            }
            failures += session.progress.newFailures
            passedOver = passedOver ?? session.progress.passedOver
            if isThere(before, session) { break }
        }
        report(obstacle, hasMoved: session.position > start)
        report(failures, passedOver)
        let latest = max(0, session.position - 1)
        arrive(from: departure, shownFrom: window == .run ? min(start, latest) : latest)
    }

    /// Which changes a command shows: of all its moves, or of the last.
    private enum Window { case run, latest }

    private mutating func report(_ obstacle: Advance?, hasMoved: Bool) {
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

    mutating func step() { forward { _, _ in true } }

    /// Makes the move of somebody whom the user picked.
    mutating func step(_ choice: Choice) {
        stop()
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
    mutating func stepOver() { follow { depth, start in depth <= start } }

    /// Steps until the function that the acting task is in has returned.
    mutating func finishFunction() { follow { depth, start in depth < start } }

    private mutating func follow(until isThere: @escaping (_ depth: Int, _ start: Int) -> Bool) {
        let depths = session.machine.depths
        var acting: (slot: Int, depth: Int)?
        forward { _, session in
            guard let move = session.moves.last else { return true }
            if acting == nil {
                if move.slot == 0 { return true }
                acting = (move.slot, depths[move.slot] ?? 1)
            }
            guard let acting, session.progress.pause == nil else { return true }
            return isThere(session.machine.depth(ofSlot: acting.slot), acting.depth)
        }
    }

    mutating func nextEvent() { forward { $0.milestone != $1.progress.milestone } }
    mutating func run() { forward(showing: .latest) { Self.isStop($0, $1.progress) } }
    mutating func last() { forward(showing: .latest) { _, _ in false } }

    mutating func nextChapter() {
        let before = session.position
        forward(showing: .latest) { $0.chapterNumber != $1.progress.chapterNumber }
        if session.isAtEnd, session.position > before, message == nil {
            say("no later chapter: this is the end")
        }
    }

    /// Goes on until a test on the progress holds.
    mutating func advance(until isThere: (Progress) -> Bool) {
        forward(showing: .latest) { isThere($1.progress) }
    }

    /// Goes back until a test on the progress holds.
    mutating func retreat(until isThere: (Progress) -> Bool) {
        goBack { session in
            while session.stepBack(), !isThere(session.progress) {}
        }
    }

    /// Goes to a position, as far as the script leads there.
    mutating func go(to target: Int) {
        if target <= session.position {
            if target < session.position { back(to: max(0, target)) }
        } else {
            let distance = target - session.position
            forward(showing: .latest, limit: distance) { _, _ in false }
            if session.position < target, message == nil {
                say("the script has \(session.position) steps")
            }
        }
    }

    // MARK: Backward

    private mutating func back(to target: Int) {
        goBack { session in
            while session.position > target, session.stepBack() {}
        }
    }

    private mutating func goBack(_ move: (inout Session) -> Void) {
        stop()
        direction = .backward
        message = nil
        guard session.position > 0 else { return complain("this is the beginning") }
        let departure = departure
        move(&session)
        arrive(from: departure, shownFrom: max(0, session.position - 1))
    }

    /// Goes back until a test on the progress before and after a move holds, and stands behind
    /// that move; where it began does not count.
    private mutating func back(until isBoundary: (Progress, Progress) -> Bool) {
        goBack { session in
            session.stepBack()
            while session.position > 0 {
                let after = session.progress
                session.stepBack()
                if isBoundary(session.progress, after) {
                    _ = session.advance()
                    return
                }
            }
        }
    }

    mutating func stepBack() { back(to: session.position - 1) }

    mutating func previousEvent() { back { $0.milestone != $1.milestone } }
    mutating func runBack() { back { Self.isStop($0, $1) } }
    mutating func previousChapter() { back { $0.chapterNumber != $1.chapterNumber } }
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

    /// Where `run` stops: at a chapter, at a pause, or behind a failed expectation.
    private static func isStop(_ before: Progress, _ after: Progress) -> Bool {
        before.chapterNumber != after.chapterNumber || after.pause != nil
            || after.failures > before.failures
    }

    // MARK: Steps that touched the selected page

    mutating func nextTouch() {
        guard let selection else { return complain("no page is selected") }
        let start = session.position
        forward(showing: .latest) { _, session in
            Self.touches(session.latestChanges, selection, session.machine)
        }
        if session.position == start
            || !Self.touches(session.latestChanges, selection, session.machine)
        {
            if session.position > start { back(to: start) }
            complain("no later step changes this page")
        }
        chosen = selection
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

    private static func touches(
        _ changes: ArraySlice<Change>, _ selection: Selection, _ machine: Machine
    ) -> Bool {
        let places = machine.places(of: selection)
        return changes.contains { machine.place(of: $0).map(places.contains) ?? false }
    }

    // MARK: Playing

    mutating func togglePlay() {
        if isPlaying { return stop() }
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
        let captionBefore = session.progress.caption
        step()
        guard message == nil, !session.isAtEnd else { return }
        if let pause = session.progress.pause {
            guard let seconds = pause.seconds else { return say("a pause; Space goes on") }
            dwell = min(max(seconds, 0), 3600)
        } else if session.progress.caption != captionBefore, !session.progress.caption.isEmpty {
            // Time to read it.
            dwell = min(8, 1 + Double(session.progress.caption.count) / 25) / speed.factor
        }
        isPlaying = true
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

extension Player {
    /// Begins the show after so many moves.
    public mutating func begin(at position: Int) {
        go(to: position)
        message = nil
    }
}
