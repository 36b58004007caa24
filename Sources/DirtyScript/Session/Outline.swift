import DirtyMachine

/// What lies where in a session: its length in moves, and its chapters. What is yet to come is
/// found by running a copy ahead, a slice at a time, so that nobody has to wait for it.
public struct Outline: Sendable {
    public struct Chapter: Hashable, Sendable {
        /// The first position that belongs to it.
        public let position: Int
        public let title: String
    }

    public private(set) var chapters: [Chapter]
    /// The last position that is known.
    public private(set) var total: Int
    /// False while there may be more behind `total`.
    public private(set) var isComplete = false
    /// The copy that runs ahead; nil once it has come to its end, or as far as it may.
    private var scout: Session?

    /// No outline looks further ahead than so many moves.
    private static let limit = 2_000_000

    /// What lies behind a session, which is known; `lookAhead` finds out what is to come.
    public init(_ session: Session) {
        chapters = session.chaptersBehind
        total = session.position
        var scout = session
        scout.forgetPast()
        self.scout = scout
    }

    /// Whether `lookAhead` has more to find out.
    public var isLookingAhead: Bool { scout != nil }

    /// Runs ahead for at most so many moves.
    public mutating func lookAhead(moves: Int) {
        // Taken out while it runs: two owners would copy the machine with every slice.
        guard var scout = self.scout.take() else { return }
        let goal = total + moves
        while total < goal {
            let before = scout.progress.chapterNumber
            guard case .moved = scout.advance() else {
                isComplete = true
                return
            }
            total += 1
            if scout.progress.chapterNumber > before {
                chapters.append(Chapter(position: total, title: scout.progress.chapter))
            }
            // The way back is not needed here, and would fill memory.
            if total % 512 == 0 { scout.forgetPast() }
        }
        if total < Self.limit { self.scout = scout }
    }

    /// The session itself has come further than was known.
    public mutating func reach(_ position: Int) { total = max(total, position) }

    /// The chapter that a position belongs to, counted from 1; 0 before the first.
    public func chapterNumber(at position: Int) -> Int {
        chapters.firstIndex { $0.position > position } ?? chapters.count
    }
}

extension Session {
    /// The chapters that have begun so far.
    fileprivate var chaptersBehind: [Outline.Chapter] {
        var chapters: [Outline.Chapter] = []
        for (move, progress) in checkpoints
        where progress.chapterNumber > chapters.count {
            chapters.append(Outline.Chapter(position: move, title: progress.chapter))
        }
        return chapters
    }

    /// Forgets the way back but not the moves that were taken back.
    fileprivate mutating func forgetPast() {
        let future = undone
        forgetHistory()
        undone = future
    }

    /// Who moves next if nobody chooses otherwise: whoever moved when this was taken back, or else
    /// whom the script names.
    public var nextChoice: Choice { undone.last ?? .script }

    /// The expectations that failed with a move, counted from 0.
    public func failures(of move: Int) -> [FailedExpectation] {
        // Every failure makes a checkpoint, and these stand in the order of their moves.
        var (low, high) = (0, checkpoints.count)
        while low < high {
            let middle = (low + high) / 2
            if checkpoints[middle].move <= move { low = middle + 1 } else { high = middle }
        }
        guard low < checkpoints.count, checkpoints[low].move == move + 1 else { return [] }
        return checkpoints[low].progress.newFailures
    }

    /// Changes made after the first so many moves.
    public func changes(since move: Int) -> ArraySlice<Change> {
        guard moves.indices.contains(move) else { return [] }
        return machine.log[min(moves[move].logStart, machine.log.count)...]
    }

    /// Changes of one move, counted from 0.
    public func changes(of move: Int) -> ArraySlice<Change> {
        guard moves.indices.contains(move) else { return [] }
        let end = move + 1 < moves.count ? moves[move + 1].logStart : machine.log.count
        return machine.log[min(moves[move].logStart, end)..<end]
    }
}

extension Progress {
    /// Differs between two positions when a statement, or a line of a race, has ended between them.
    public var milestone: [Int] { [cursor, race?.ended.count ?? 0] }
}

extension RaceProgress {
    /// The line that an actor is at, or nil when it is through.
    public func statement(of actor: Int) -> Statement? { line(of: actor).map { lines[$0] } }

    /// The task of the line that an actor is at, once it has begun.
    public func task(of actor: Int) -> Ref<Task>? { line(of: actor).flatMap { tasks[$0] } }
}
