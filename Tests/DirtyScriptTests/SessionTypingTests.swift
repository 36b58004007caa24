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
}
