import DirtyMachine
import Testing

@testable import DirtyScript

/// Whichever way a session comes to a position, what it finds there is the same.
@Suite struct SessionUndoTests {
    /// What there is to see at one position.
    private struct Moment {
        let state: State
        let progress: Progress
        /// The reports of the move that led here.
        let reports: [String]
    }

    /// All positions of a session, the first and the last included.
    private func moments(_ start: Session) -> [Moment] {
        var session = start
        var moments = [Moment(state: session.machine.state, progress: session.progress, reports: [])]
        while let reports = reportsOfNextMove(&session) {
            moments.append(
                Moment(state: session.machine.state, progress: session.progress, reports: reports))
        }
        return moments
    }

    /// Moves once; nil at the end.
    private func reportsOfNextMove(_ session: inout Session) -> [String]? {
        var conclusions: [Conclusion] = []
        guard case .moved = session.advance(.script, &conclusions) else { return nil }
        return conclusions.compactMap { JSONReport.line($0, in: session) }
    }

    @Test(arguments: Shipped.names)
    func `a random walk sees what a straight run sees`(name: String) throws {
        let start = try Shipped.session(name)
        let moments = moments(start)
        var session = start
        var random = SeededGenerator(seed: 2006)
        for _ in 0..<200 {
            let before = session.position
            switch random.number(0...5) {
            case 0...2:
                for _ in 0..<random.number(1...12) {
                    guard let reports = reportsOfNextMove(&session) else { break }
                    try #require(reports == moments[session.position].reports)
                }
            case 3, 4:
                for _ in 0..<random.number(1...12) where !session.stepBack() {
                    try #require(session.position == 0)
                }
            default:
                let target = random.number(0...moments.count - 1)
                try #require(session.go(to: target) == target)
            }
            let moment = moments[session.position]
            try #require(session.machine.state == moment.state, "\(before) to \(session.position)")
            try #require(session.progress == moment.progress, "\(before) to \(session.position)")
        }
        #expect(session.go(to: .max) == moments.count - 1)
        #expect(session.isAtEnd)
        #expect(session.go(to: -1) == 0)
    }

    @Test(arguments: Shipped.names)
    func `forgetting the way back changes no report`(name: String) throws {
        let start = try Shipped.session(name)
        let kept = try Played(start)
        var reports: [String] = []
        var session = start
        let end = session.run(keepsHistory: false) { conclusion, session in
            if let line = JSONReport.line(conclusion, in: session) { reports.append(line) }
        }
        #expect(end == kept.end)
        #expect(reports == kept.reports)
        #expect(session.machine.state == kept.session.machine.state)
    }

    /// A move that cannot be made leaves no trace.
    @Test func `a blocked move changes nothing`() throws {
        let played = try Played("""
            file db 1 ext4 cached
            process A
            process B
            A mmap m db[0] rw shared
            A write m[0]
            W: writeback db[0]
            step W until folio_mkclean
            V: B ftruncate db 0
            finish V
            """)
        var session = played.session
        let (state, progress, position) = (session.machine.state, session.progress, session.position)
        for _ in 0..<3 {
            guard case .blocked = session.advance() else {
                Issue.record("V should wait")
                return
            }
        }
        #expect(session.machine.state == state)
        #expect(session.progress == progress)
        #expect(session.position == position)
    }

    /// Choices of the user's own are repeated when going forward again.
    @Test func `own choices are repeated`() throws {
        var session = try session("""
            file db 1 ext4 cached
            process A
            process B
            A mmap m db[0] rw shared
            B mmap m db[0] rw shared
            race
              A write m[0]
              B write m[0]
            end
            """)
        while session.nextStatement?.location.line != 6 { _ = session.advance() }
        let start = session.position
        for actor in [1, 0, 1, 1, 0, 0, 1] { #expect(session.advance(.actor(actor)) == .moved) }
        let (state, end) = (session.machine.state, session.position)
        #expect(session.go(to: start) == start)
        #expect(session.go(to: end) == end)
        #expect(session.machine.state == state)
        #expect(session.moves.suffix(7).map(\.choice) == [1, 0, 1, 1, 0, 0, 1].map { .actor($0) })
    }
}
