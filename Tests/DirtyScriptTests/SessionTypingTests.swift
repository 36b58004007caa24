import DirtyMachine
import Testing

@testable import DirtyScript

/// Lines typed at the prompt.
@Suite struct SessionTypingTests {
    private let script = """
        file db 2 ext4 cached
        process A
        process B
        A mmap m db[0..1] rw shared
        A write m[0]
        A fsync db

        """

    /// The commands of a finished run, in the order in which they ended.
    private func commands(_ session: Session) throws -> [String] {
        try Played(session).conclusions.map(\.statement.text)
    }

    @Test func `a line at the end runs next`() throws {
        var session = try Played(script).session
        #expect(session.isAtEnd)
        let statement = try session.type("A write m[1]").get()
        #expect(statement?.location.line == 7)
        #expect(!session.isAtEnd)
        #expect(try commands(session) == ["A write m[1]"])
    }

    @Test func `a line between two commands runs before the next`() throws {
        var session = try session(script)
        while session.nextStatement?.location.line != 5 { _ = session.advance() }
        _ = try session.type("A read m[0]").get()
        #expect(try commands(session) == ["A read m[0]", "A write m[0]", "A fsync db"])
    }

    @Test func `a line in the middle of a command waits for its end`() throws {
        var session = try session(script)
        while session.nextStatement?.location.line != 5 { _ = session.advance() }
        #expect(session.advance() == .moved)
        #expect(session.progress.running != nil)
        _ = try session.type("B pread db[0]").get()
        #expect(try commands(session) == ["A write m[0]", "B pread db[0]", "A fsync db"])
    }

    @Test func `a line in the middle of a step does not start it anew`() throws {
        let text = script + "W: A write m[1]\nstep W 4\nfinish W\n"
        var session = try session(text)
        while session.nextStatement?.location.line != 8 { _ = session.advance() }
        #expect(session.advance() == .moved)
        #expect(session.advance() == .moved)
        _ = try session.type("B pread db[0]").get()
        let played = try Played(session)
        #expect(played.conclusions.map(\.statement.text) == ["step W 4", "B pread db[0]", "finish W"])
        let straight = try Played(text + "B pread db[0]\n")
        #expect(played.session.position == straight.session.position)
    }

    @Test func `what was typed can be taken back and done again`() throws {
        var session = try Played(script).session
        let end = session.position
        _ = try session.type("A write m[1] 9").get()
        while case .moved = session.advance() {}
        let (state, position) = (session.machine.state, session.position)
        #expect(session.go(to: end) == end)
        #expect(session.go(to: .max) == position)
        #expect(session.machine.state == state)
    }

    @Test(arguments: ["kernel 2.6.19", "cpus 4", "frames 9", "rule mkclean-flush wrong", "A frob m", "say"])
    func `what cannot come now is refused and changes nothing`(line: String) throws {
        var session = try Played(script).session
        let statements = session.statements
        guard case .failure(let complaint) = session.type(line) else {
            Issue.record("\(line) was accepted")
            return
        }
        #expect(!complaint.list.isEmpty)
        #expect(session.statements == statements)
        #expect(session.isAtEnd)
    }

    @Test(arguments: ["", "   ", "# only a comment"])
    func `a line that says nothing does nothing`(line: String) throws {
        var session = try Played(script).session
        #expect(try session.type(line).get() == nil)
        #expect(session.isAtEnd)
    }

    @Test func `names declared at the prompt can be used at once`() throws {
        var session = try Played(script).session
        for line in ["process C", "C mmap n db[1] rw shared", "C write n[0] 7", "expect disk db[1] 0"] {
            _ = try session.type(line).get()
            while case .moved = session.advance() {}
        }
        #expect(session.progress.checks == 1)
        #expect(session.progress.failures == 0)
        #expect(session.progress.last?.value == 7)
    }

    // MARK: Where lines go

    /// In the middle of the command in line 5.
    private func busy(_ text: String? = nil) throws -> Session {
        var session = try session(text ?? script)
        while session.nextStatement?.location.line != 5 { _ = session.advance() }
        #expect(session.advance() == .moved)
        try #require(session.progress.running != nil)
        return session
    }

    @Test func `lines typed one after the other run in that order`() throws {
        var session = try busy()
        for line in ["B pread db[0]", "expect value 1", "B pread db[1]"] { _ = try session.type(line).get() }
        #expect(session.typedAhead.map(\.text) == ["B pread db[0]", "expect value 1", "B pread db[1]"])
        let played = try Played(session)
        #expect(played.conclusions.map(\.statement.text) == [
            "A write m[0]", "B pread db[0]", "expect value 1", "B pread db[1]", "A fsync db",
        ])
        #expect(played.session.progress.failures == 0)
        #expect(played.session.typedAhead.isEmpty)
        #expect(played.session.typedStatements.count == 3)
    }

    @Test func `a task typed in the middle of a command leaves the rest within reach`() throws {
        var session = try busy()
        for line in ["W: B pread db[0]", "step W 2", "finish W"] { _ = try session.type(line).get() }
        let played = try Played(session)
        #expect(played.end == .finished)
        #expect(played.conclusions.map(\.statement.text) == [
            "A write m[0]", "B pread db[0]", "step W 2", "finish W", "A fsync db",
        ])
    }

    /// What waits when its turn comes and cannot be done is passed over, and says so.
    @Test(arguments: ["step W", "finish W", "step W until page_mkclean", "step W 3"])
    func `a typed line that cannot be done does not bar the way`(line: String) throws {
        var session = try busy()
        for line in ["W: B pread db[0]", "finish W", line] { _ = try session.type(line).get() }
        var problems: [Diagnostic] = []
        while case .moved = session.advance() { problems += session.progress.passedOver.map { [$0] } ?? [] }
        #expect(session.isAtEnd)
        #expect(session.progress.lastCommand?.text == "A fsync db")
        #expect(problems.map(\.message) == ["'W' has ended already"])
        #expect(problems.first?.source == line)
        // And exactly so again.
        let (state, end) = (session.machine.state, session.position)
        #expect(session.go(to: 0) == 0)
        #expect(session.progress.passedOver == nil)
        #expect(session.go(to: .max) == end)
        #expect(session.machine.state == state)
    }

    @Test func `a line of the script that a typed one has made impossible is passed over`() throws {
        let text = script + "W: B pread db[0]\nstep W 2\nfinish W\nB pread db[1]\n"
        var session = try busy(text)
        while session.nextStatement?.location.line != 8 { _ = session.advance() }
        _ = try session.type("finish W").get()
        let played = try Played(session)
        #expect(played.end == .finished)
        #expect(played.conclusions.map(\.statement.text) == ["finish W", "step W 2", "finish W", "B pread db[1]"])
    }

    @Test func `a label that the script is going to use is refused`() throws {
        var session = try busy(script + "W: B pread db[0]\nfinish W\n")
        guard case .failure(let complaint) = session.type("W: writeback db[0]") else {
            Issue.record("it was accepted")
            return
        }
        #expect(complaint.description == """
            test.demo:9:1: error: line 7 of the script is going to be 'W'; expected another label
              W: writeback db[0]
              ^
            """)
        #expect(session.typedStatements.isEmpty)
        #expect(try Played(session).end == .finished)
    }

    /// The holder of the lock can be helped on, though a command is under way.
    @Test func `finish typed while a command waits lets it go on`() throws {
        var session = try session(script + """
            A write m[0]
            W: writeback db[0]
            step W until folio_mkclean
            B ftruncate db 0
            B pread db[0]
            """)
        while case .moved = session.advance() {}
        try #require(session.progress.running != nil)
        _ = try session.type("finish W").get()
        let played = try Played(session)
        #expect(played.end == .finished)
        #expect(played.conclusions.map(\.statement.text) == ["B ftruncate db 0", "finish W", "B pread db[0]"])
        #expect(played.session.progress.failures == 0)
    }

    // MARK: Taking out

    @Test func `a line that waits can be taken out again, the last one first`() throws {
        var session = try busy()
        let statements = session.statements
        for line in ["B pread db[0]", "process C", "C pread db[0]"] { _ = try session.type(line).get() }
        #expect(session.removeLastTyped()?.text == "C pread db[0]")
        #expect(session.removeTyped(line: 7)?.text == "B pread db[0]")
        #expect(session.declarations.processes == ["A", "B", "C"])
        #expect(session.removeLastTyped()?.text == "process C")
        #expect(session.declarations.processes == ["A", "B"])
        #expect(session.removeLastTyped() == nil)
        #expect(session.statements == statements)
        #expect(try commands(session) == ["A write m[0]", "A fsync db"])
    }

    @Test func `a line that has run goes only after stepping back over it`() throws {
        var session = try Played(script).session
        let end = session.position
        _ = try session.type("B pread db[0]").get()
        #expect(session.advance() == .moved)
        #expect(session.removeLastTyped() == nil)
        #expect(session.removeTyped(line: 7) == nil)
        session.go(to: end)
        #expect(session.removeLastTyped()?.text == "B pread db[0]")
        #expect(session.isAtEnd)
        #expect(session.removeTyped(line: 5) == nil)
    }

    @Test func `a race that is being typed can be given up`() throws {
        var session = try Played(script).session
        for line in ["race", "A write m[0]"] { #expect(try session.type(line).get() == nil) }
        #expect(session.declarations.raceIsOpen)
        #expect(session.removeLastTyped() != nil)
        #expect(!session.declarations.raceIsOpen)
        #expect(try session.type("B pread db[0]").get() != nil)
    }

    /// The user went back in front of a line that had run, to try another: that one is next.
    @Test func `what is typed before a line that was taken back runs before it`() throws {
        var session = try Played(script).session
        let end = session.position
        _ = try session.type("B pread db[0]").get()
        while case .moved = session.advance() {}
        session.go(to: end)
        _ = try session.type("B pread db[1]").get()
        #expect(try commands(session) == ["B pread db[1]", "B pread db[0]"])
    }

    @Test func `before the command that a line waits for, another is next`() throws {
        var session = try busy()
        _ = try session.type("B pread db[0]").get()
        session.stepBack()
        _ = try session.type("B pread db[1]").get()
        #expect(try commands(session) == ["B pread db[1]", "A write m[0]", "B pread db[0]", "A fsync db"])
    }
}
