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
    /// What the session's future was when the scout set out.
    private let revision: Int

    /// No outline looks further ahead than so many moves.
    private static let limit = 20_000_000

    /// What lies behind a session, which is known; `lookAhead` finds out what is to come.
    public init(_ session: Session) {
        chapters = session.knownChapters.filter { $0.position <= session.position }
        total = session.position
        revision = session.revision
        // The history is lent to it while it runs.
        scout = session.withoutHistory
    }

    /// Whether `lookAhead` has more to find out.
    public var isLookingAhead: Bool { scout != nil }

    /// Runs ahead for at most so many moves. What it finds becomes known to the session, which can
    /// then be anywhere on its course at once.
    public mutating func lookAhead(moves: Int, for session: inout Session) {
        if session.revision != revision { self = Outline(session) }
        // Taken out while it runs: two owners would copy the machine with every slice.
        guard var scout = self.scout.take() else { return }
        scout.exchangeHistory(with: &session)
        let goal = scout.position + moves
        while scout.position < goal, !isComplete {
            let before = scout.progress.chapterNumber
            if case .moved = scout.advance() {} else { isComplete = true }
            guard scout.position > total else { continue }
            total = scout.position
            if scout.progress.chapterNumber > before {
                chapters.append(Chapter(position: total, title: scout.progress.chapter))
            }
        }
        scout.exchangeHistory(with: &session)
        if scout.position < Self.limit, !isComplete { self.scout = scout }
    }

    /// The session itself has come further than was known.
    public mutating func reach(_ session: Session) {
        guard session.position > total else { return }
        total = session.position
        chapters = session.knownChapters.filter { $0.position <= total }
    }

    /// The chapter that a position belongs to, counted from 1; 0 before the first.
    public func chapterNumber(at position: Int) -> Int {
        chapters.firstIndex { $0.position > position } ?? chapters.count
    }
}

extension Session {
    /// Counts how often another future began than was known.
    fileprivate var revision: Int { history.revision }

    fileprivate var withoutHistory: Session {
        var copy = self
        copy.history = History(progress, blockLength: history.blockLength)
        return copy
    }

    /// Lends what is known of the course to a copy that goes ahead on it, or takes it back: there is
    /// one history, whoever goes.
    fileprivate mutating func exchangeHistory(with other: inout Session) {
        swap(&history, &other.history)
        other.machine.adoptNames(of: machine)
    }
}

extension RaceProgress {
    /// The line that an actor is at, or nil when it is through.
    public func statement(of actor: Int) -> Statement? { line(of: actor).map { lines[$0] } }

    /// The task of the line that an actor is at, once it has begun.
    public func task(of actor: Int) -> Ref<Task>? { line(of: actor).flatMap { tasks[$0] } }
}
