import DirtyMachine
import Testing

@testable import DirtyScript

/// Whatever is leapt over, every moment is what it was when it was gone to move by move.
@Suite struct SessionHistoryTests {
    /// What there is to see at one position.
    private struct Moment {
        let state: State
        let progress: Progress
        let changes: [Change]
        let move: Move?

        init(_ session: Session) {
            state = session.machine.state
            progress = session.progress
            changes = Array(session.latestChanges)
            move = session.latestMove
        }
    }

    /// A session whose blocks are so short that every demo has many.
    private func start(_ name: String) throws -> Session {
        var session = try Shipped.session(name)
        session.begin(blockLength: History.BlockLength(moves: 32, changes: 60))
        return session
    }

    private func moments(_ start: Session) -> [Moment] {
        var session = start
        var conclusions: [Conclusion] = []
        var moments = [Moment(session)]
        while case .moved = session.advance(.script, &conclusions) { moments.append(Moment(session)) }
        return moments
    }

    private func check(_ session: Session, _ moments: [Moment], _ note: String) throws {
        let moment = moments[session.position]
        try #require(session.machine.state == moment.state, "\(note), at \(session.position)")
        try #require(session.progress == moment.progress, "\(note), at \(session.position)")
        try #require(Array(session.latestChanges) == moment.changes, "\(note), at \(session.position)")
        try #require(session.latestMove == moment.move, "\(note), at \(session.position)")
    }

    @Test(arguments: Shipped.names)
    func `every moment is reached from everywhere`(name: String) throws {
        let start = try start(name)
        let moments = moments(start)
        var session = start
        #expect(session.go(to: .max) == moments.count - 1)
        var random = SeededGenerator(seed: 1969)
        for _ in 0..<150 {
            let before = session.position
            let target = random.number(0...moments.count - 1)
            try #require(session.go(to: target) == target)
            try check(session, moments, "from \(before)")
            for _ in 0..<random.number(0...3) { if session.stepBack() { try check(session, moments, "back") } }
            for _ in 0..<random.number(0...3) {
                if case .moved = session.advance() { try check(session, moments, "forward") }
            }
        }
        while session.stepBack() {}
        try check(session, moments, "all the way back")
        #expect(session.moves.isEmpty)
    }

    @Test(arguments: Shipped.names)
    func `what a scout has found is known to the session`(name: String) throws {
        let start = try start(name)
        let moments = moments(start)
        var session = start
        var outline = Outline(session)
        while outline.isLookingAhead { outline.lookAhead(moves: 50, for: &session) }
        #expect(session.position == 0)
        #expect(session.knownMoves == moments.count - 1)
        #expect(outline.total == moments.count - 1)
        #expect(outline.chapters == session.knownChapters)
        var random = SeededGenerator(seed: 1970)
        for _ in 0..<60 {
            let target = random.number(0...moments.count - 1)
            try #require(session.go(to: target) == target)
            try check(session, moments, "by the scout's blocks")
        }
    }

    @Test(arguments: Shipped.names)
    func `places on the course are those that a walk finds`(name: String) throws {
        let start = try start(name)
        var session = start
        session.go(to: .max)
        var walker = start
        var (stops, ends) = ([0], [0])
        var before = walker.progress
        while case .moved = walker.advance() {
            if before.isStop(walker.progress) { stops.append(walker.position) }
            if walker.progress.hasEndedCommand(since: before) { ends.append(walker.position) }
            before = walker.progress
        }
        for position in 1...max(1, walker.position) {
            try #require(session.stop(before: position) == stops.last { $0 < position })
            try #require(session.commandEnd(before: position) == ends.last { $0 < position })
            try #require(session.knownStop(after: position) == stops.first { $0 > position })
        }
    }

    @Test func `another choice makes what was known void`() throws {
        let text = """
            file db 4 ext4 cached
            process A
            process B
            A mmap m db rw shared
            B mmap m db rw shared
            race
              A write m[0..3]
              B write m[0..3]
            end
            A fsync db
            """
        var session = try Session(ScenarioParser.parse(text, name: "test").get())
        session.begin(blockLength: History.BlockLength(moves: 16, changes: 40))
        session.go(to: .max)
        let end = session.position
        session.go(to: 20)
        guard case .moved = session.advance(.actor(1)) else {
            Issue.record("B can move")
            return
        }
        #expect(session.knownMoves == 21)
        #expect(session.latestMove?.choice == .actor(1))
        session.go(to: .max)
        let (state, length) = (session.machine.state, session.position)
        session.go(to: 3)
        #expect(session.moves.count == 3)
        #expect(session.knownMoves == length)
        session.go(to: .max)
        #expect(session.machine.state == state)
        #expect(session.moves[20].choice == .actor(1))
        #expect(length >= end / 2)
    }

    @Test func `the way back needs no more memory than its bound`() throws {
        let lines = (0..<400).map { "A write m[\($0 % 4)]\nA msync m sync" }
        let text = "file db 4 ext4 cached\nprocess A\nA mmap m db rw shared\n" + lines.joined(separator: "\n")
        var session = try Session(ScenarioParser.parse(text, name: "test").get())
        let length = History.BlockLength(moves: 200, changes: 500)
        session.begin(blockLength: length)
        session.go(to: .max)
        #expect(session.machine.log.count < 5 * length.changes)
        #expect(session.history.blocks.count > 20)
        var conclusions: [Conclusion] = []
        var straight = try Session(ScenarioParser.parse(text, name: "test").get())
        while case .moved = straight.advance(.script, &conclusions) {}
        #expect(session.machine.state == straight.machine.state)
        #expect(session.historyByteCount < straight.historyByteCount / 4)
    }
}
