import DirtyMachine

/// What lies where in a session: its length in moves, chapters and stops. Found by running a copy
/// to its end, so that a time line can show what is yet to come.
public struct Outline: Hashable, Sendable {
    public struct Chapter: Hashable, Sendable {
        /// The first position that belongs to it.
        public let position: Int
        public let title: String
    }

    public private(set) var chapters: [Chapter] = []
    /// The last position.
    public private(set) var total = 0
    /// False when the limit came first: then there is more behind `total`.
    public private(set) var isComplete = true

    /// Runs ahead from where the session stands, `limit` moves at most.
    public init(_ session: Session, limit: Int = 200_000) {
        extend(session, limit: limit)
    }

    /// Looks ahead anew from where the session stands now; what lies behind it stays.
    public mutating func extend(_ session: Session, limit: Int = 200_000) {
        chapters.removeAll { $0.position > session.position }
        if chapters.isEmpty, session.progress.chapterNumber > 0 {
            chapters.append(Chapter(position: session.position, title: session.progress.chapter))
        }
        var ahead = session
        var position = session.position
        isComplete = false
        while position < session.position + limit {
            let before = ahead.progress.chapterNumber
            guard case .moved = ahead.advance() else {
                isComplete = true
                break
            }
            position += 1
            if ahead.progress.chapterNumber > before {
                chapters.append(Chapter(position: position, title: ahead.progress.chapter))
            }
            // The way back is not needed here, and would fill memory.
            if position % 512 == 0 { ahead.forgetPast() }
        }
        total = position
    }

    /// The chapter that a position belongs to, counted from 1; 0 before the first.
    public func chapterNumber(at position: Int) -> Int {
        chapters.firstIndex { $0.position > position } ?? chapters.count
    }
}

extension Session {
    /// Forgets the way back but not the moves that were taken back.
    fileprivate mutating func forgetPast() {
        let future = undone
        forgetHistory()
        undone = future
    }

    /// Who moves next if nobody chooses otherwise: whoever moved when this was taken back, or else
    /// whom the script names.
    public var nextChoice: Choice { undone.last ?? .script }

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
