import Testing

@testable import DirtyScript

/// Where a talk stops, and which notes belong there.
@Suite struct BeatTests {
    private func beats(_ text: String) throws -> [Beat] {
        Beat.all(in: try parseAll("file db 4 ext4\nprocess A\n" + text).get().statements)
    }

    @Test func `there is one before everything, and one behind each caption`() throws {
        let found = try beats(
            """
            say "one"
            A pread db[0]
            say "two"
            say "three"
            """)
        #expect(found.map(\.kind) == [.opening, .caption, .caption, .caption])
        #expect(found.map(\.caption) == ["", "one", "two", "three"])
    }

    @Test func `a chapter, a pause and the end are stops where something has happened before them`() throws {
        let found = try beats(
            """
            chapter "First"
            say "one"
            chapter "Second"
            say "two"
            pause
            A pread db[0]
            pause
            A pread db[1]
            pause 2s
            chapter "Third"
            A pwrite db[0]
            """)
        #expect(found.map(\.kind) == [.opening, .caption, .caption, .pause, .chapterEnd, .end])
        #expect(found.map(\.chapter) == ["", "First", "Second", "Second", "Second", "Third"])
        #expect(found.map(\.chapterNumber) == [0, 1, 2, 2, 2, 3])
        #expect(found.map(\.caption) == ["", "one", "two", "two", "two", ""])
    }

    @Test func `a note belongs to the stop it stands behind, or that the commands before it lead to`() throws {
        let found = try beats(
            """
            note "title"
            chapter "First"
            note "head"
            say "one"
            note "a"
            note "b"
            A pread db[0]
            note "result"
            chapter "Second"
            say "two"
            A pread db[0]
            note "end"
            """)
        #expect(found.map(\.notes) == [["title"], ["head", "a", "b"], ["result"], [], ["end"]])
    }

    @Test func `a script of nothing has the one stop`() throws {
        #expect(Beat.all(in: []).map(\.kind) == [.opening])
        #expect(try beats("A pread db[0]").map(\.kind) == [.opening, .end])
    }

    /// The beats of every shipped scenario are reached one after another, each at a place of its own.
    @Test(arguments: Shipped.names.filter { !$0.hasPrefix("recorded") }) func `every beat of a shipped scenario is reached`(name: String) throws {
        var session = try Shipped.session(name)
        let beats = session.beats
        #expect(beats.last?.kind == .end || beats.last?.kind == .caption || beats.last?.kind == .pause)
        var positions: [Int] = []
        for (number, beat) in beats.enumerated() {
            while session.progress.cursor < beat.cursor {
                guard case .moved = session.advance() else {
                    Issue.record("beat \(number) of \(name) is not reached")
                    return
                }
            }
            #expect(session.beatIndex(in: beats) == number)
            #expect(session.position(ofCursor: beat.cursor) == session.position)
            positions.append(session.position)
        }
        #expect(Set(positions).count == positions.count)
        #expect(session.isAtEnd || session.statements[session.progress.cursor...].allSatisfy(\.ridesAlong))
    }
}
