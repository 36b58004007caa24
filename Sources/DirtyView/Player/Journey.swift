import DirtyMachine
import DirtyScript

/// A way forward in time: moves of the session until it is where it should lead. A long one is
/// gone a stretch at a time, so that the screen shows where it is and somebody can stop it.
struct Journey: Sendable {
    enum Destination: Sendable {
        /// One move.
        case step
        case position(Int)
        /// A statement, or a line of a race, has ended.
        case command
        /// A chapter, a pause or a failed expectation.
        case stop
        case chapter
        case end
        /// The statement of that index comes next.
        case statement(Int)
        /// A move that touched an item; the selection stays where it was.
        case touch(Item, Selection?)
        /// A move that has broken an invariant.
        case violation
        /// The acting task is no deeper in its call stack than it was, or less deep. Depths by slot.
        case shallower(than: [Int: Int], orEqual: Bool)

        /// What goes to a place stops only there; what runs stops at break points, too.
        var stopsAtBreakpoints: Bool {
            switch self {
            case .step, .command, .stop, .shallower: true
            case .position, .chapter, .end, .statement, .touch, .violation: false
            }
        }
    }

    let destination: Destination
    let departure: Player.Departure
    /// Whether the screen then shows the changes of all its moves, or of the last.
    let showsAll: Bool
    private(set) var failures: [FailedExpectation]
    private(set) var passedOver: Diagnostic?
    /// What stopped it before it was there.
    private(set) var obstacle: Advance?
    private(set) var isOver = false
    /// What is asked on the way; a question stops the journey.
    private let quiz: Quiz?
    private(set) var isAsked = false
    /// What it looks out for on the way, and what it has come to a stop at.
    var watch: BreakpointWatch?
    private(set) var hits: [BreakpointHit] = []
    /// What is broken, for a way to a violation.
    private var ledger: ViolationLedger?
    /// The task that a `shallower` is about, once it has moved.
    private var acting: (slot: Int, depth: Int)?

    /// A bound on one journey, far beyond any scenario that people step through.
    private static let limit = 20_000_000

    /// `failures` are the expectations that failed on what was leapt over.
    init(
        to destination: Destination, from departure: Player.Departure, showsAll: Bool,
        failures: [FailedExpectation], quiz: Quiz?
    ) {
        self.quiz = quiz
        self.destination = destination
        self.departure = departure
        self.showsAll = showsAll
        self.failures = failures
    }

    /// Goes on for at most so many moves.
    mutating func advance(_ session: inout Session, moves: Int) {
        let pause = session.position + moves
        while !isOver, session.position < pause {
            let before = session.progress
            if case .violation = destination, ledger == nil { ledger = ViolationLedger(session.machine) }
            let result = session.advance(session.nextChoice)
            guard case .moved = result else {
                obstacle = result
                isOver = true
                return
            }
            failures += session.progress.newFailures
            passedOver = passedOver ?? session.progress.passedOver
            hits = watch?.hits(after: session) ?? []
            isOver = isThere(before, session) || !hits.isEmpty || session.position - departure.position >= Self.limit
            if !isOver, let quiz, quiz.question(before: session) != nil { (isAsked, isOver) = (true, true) }
        }
    }

    private mutating func isThere(_ before: Progress, _ session: Session) -> Bool {
        let after = session.progress
        switch destination {
        case .step: return true
        case .position(let target): return session.position >= target
        case .command: return after.hasEndedCommand(since: before)
        case .stop: return before.isStop(after)
        case .chapter: return before.chapterNumber != after.chapterNumber
        case .end: return false
        case .statement(let index): return after.cursor >= index
        case .touch(let item, _): return session.latestTouch(of: item) != nil
        case .violation: return ledger?.follow(session).isEmpty == false
        case .shallower(let depths, let orEqual):
            guard let move = session.moves.last else { return true }
            if acting == nil {
                if move.slot == 0 { return true }
                acting = (move.slot, depths[move.slot] ?? 1)
            }
            guard let acting, after.pause == nil else { return true }
            let depth = session.machine.depth(ofSlot: acting.slot)
            return depth < acting.depth || orEqual && depth == acting.depth
        }
    }
}

extension Player {
    /// Moves made at once, so that a short way is gone before the next frame, and at a time after
    /// that. Some milliseconds each.
    private static let (firstStretch, laterStretch) = (8192, 2048)

    /// Sets out for a place that lies ahead.
    mutating func travel(to destination: Journey.Destination, showsAll: Bool = false) {
        stop()
        guard !asks() else { return }
        direction = .forward
        message = nil
        let departure = departure
        insight.cursorsBefore = cursors
        // Nobody leaps over a question.
        if !isAsking { leap(towards: destination) }
        journey = Journey(
            to: destination, from: departure, showsAll: showsAll,
            failures: session.failures(in: departure.position..<session.position), quiz: isAsking ? quiz : nil)
        if destination.stopsAtBreakpoints { journey?.watch = BreakpointWatch(insight.breakpoints, session) }
        goOn(moves: Self.firstStretch)
        if journey != nil { say("on the way; Ctrl-C or Esc stops") }
    }

    /// Over what is known of the way, where that is long. The last of it is gone move by move.
    private mutating func leap(towards destination: Journey.Destination) {
        // A break point may lie anywhere on the way.
        if destination.stopsAtBreakpoints, !insight.breakpoints.isEmpty { return }
        let here = session.position
        let known: Int? =
            switch destination {
            case .position(let target): target
            case .end: session.knownMoves
            case .statement(let index): session.position(before: index)
            case .chapter: session.knownChapters.first { $0.position > here }?.position
            case .stop: session.knownStop(after: here)
            case .step, .command, .touch, .violation, .shallower: nil
            }
        guard let known = known.map({ min($0, session.knownMoves) - 1 }),
            known > here + Self.firstStretch
        else { return }
        session.go(to: known)
    }

    /// The next stretch of a long way.
    mutating func goOn() { goOn(moves: Self.laterStretch) }

    /// All that is left of it.
    mutating func goAllTheWay() {
        while journey != nil || awaitedPercent != nil { work() }
    }

    /// On the way to where it stood once. How far the first stretch led depended on how much was
    /// known of the way then, so it may have to go back.
    mutating func go(asFarAs position: Int) {
        while journey != nil, session.position < position {
            goOn(moves: min(Self.laterStretch, position - session.position))
        }
        guard journey != nil, session.position > position else { return }
        session.go(to: position)
        goOn(moves: 0)
    }

    private mutating func goOn(moves: Int) {
        // Where it began says from when on the changes are shown; meanwhile it is the latest move.
        guard var journey else { return }
        journey.advance(&session, moves: moves)
        self.journey = journey
        if journey.isOver {
            message = nil
            endJourney()
        } else {
            shownFrom = max(0, session.position - 1)
            outline.reach(session)
            health = Health(session.machine)
        }
    }

    /// Arrives, be it there or where somebody has stopped it.
    mutating func endJourney() {
        guard let journey = journey.take() else { return }
        let start = journey.departure.position
        report(journey.obstacle, hasMoved: session.position > start)
        report(journey.failures, journey.passedOver)
        let latest = max(0, session.position - 1)
        arrive(from: journey.departure, shownFrom: journey.showsAll ? min(start, latest) : latest)
        stop(at: journey.hits)
        guard journey.isOver else { return }
        if journey.isAsked {
            _ = asks()
            return
        }
        showScoreAtEnd()
        switch journey.destination {
        case .chapter where session.isAtEnd && session.position > start && message == nil:
            say("no later chapter: this is the end")
        case .position(let target) where session.position < target && message == nil:
            say("the script has \(session.position) steps")
        case .touch(let item, let selection): arrive(at: item, selection, from: start)
        case .violation: arriveAtViolation(from: start, isThere: journey.obstacle == nil)
        default: break
        }
    }

    private mutating func arrive(at item: Item, _ selection: Selection?, from start: Int) {
        if session.position == start || session.latestTouch(of: item) == nil {
            if session.position > start { back(to: start) }
            complain("no later step touches \(item.text)")
        }
        stay(at: item, selection, insight.cursorsBefore)
    }
}
