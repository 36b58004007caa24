import DirtyMachine
import Testing

@testable import DirtyScript

/// Labels, `step`, `finish` and races.
@Suite struct SessionTaskTests {
    private let dirtyPage = """
        kernel 2.6.20
        file db 1 ext3 cached
        process A
        process B
        A mmap m db[0] rw shared
        A write m[0]

        """

    private func stack(_ played: Played, _ label: String) throws -> [String] {
        let task = try #require(played.session.progress.labels[label])
        return played.session.machine.state.stack(of: task).map { $0.function.name(.v2_6) }
    }

    @Test func `a label begins an operation and takes no step`() throws {
        let before = try Played(dirtyPage).session.machine.lostStores
        let played = try Played(dirtyPage + "W: writeback db[0]\n")
        #expect(played.session.isAtEnd)
        #expect(played.conclusions.last?.hasEnded == false)
        #expect(played.session.machine.lostStores == before)
        #expect(try stack(played, "W").first == "pdflush")
        #expect(try played.report(line: 7)["outcome"] as? String == nil)
    }

    @Test func `step takes one atomic step, or as many as asked for`() throws {
        let begun = try Played(dirtyPage + "W: writeback db[0]\n").session
        let one = try Played(dirtyPage + "W: writeback db[0]\nstep W\n").session
        let three = try Played(dirtyPage + "W: writeback db[0]\nstep W 3\n").session
        let oneByOne = try Played(dirtyPage + "W: writeback db[0]\nstep W\nstep W\nstep W\n").session
        #expect(one.position == begun.position + 1)
        #expect(three.position == begun.position + 3)
        #expect(three.machine.state == oneByOne.machine.state)
    }

    @Test(arguments: ["page_mkclean", "folio_mkclean"])
    func `step until stops before the function, under either name`(name: String) throws {
        let played = try Played(dirtyPage + "W: writeback db[0]\nstep W until \(name)\n")
        #expect(played.end == .finished)
        #expect(try stack(played, "W").last == "page_mkclean")
        let dirty = played.session.check(.counter("nr_dirty", .equal, 1))
        #expect(dirty.passed)
    }

    @Test func `step until does nothing where the function is next already`() throws {
        let there = dirtyPage + "W: writeback db[0]\nstep W until page_mkclean\n"
        let once = try Played(there).session
        let twice = try Played(there + "step W until page_mkclean\n").session
        #expect(twice.machine.state == once.machine.state)
    }

    @Test func `step until a function that never runs is an error`() throws {
        let played = try Played(dirtyPage + "W: writeback db[0]\nstep W until do_wp_page\n")
        #expect(played.complaint == "'W' ends without coming to do_wp_page")
        #expect(played.place?.line == 8)
    }

    @Test func `step until an unknown function does not run at all`() throws {
        #expect(throws: Diagnostics.self) {
            try session(dirtyPage + "W: writeback db[0]\nstep W until page_mkclaen\n")
        }
    }

    @Test func `finish runs to the end and gives the label back`() throws {
        let played = try Played(dirtyPage + """
            W: writeback db[0]
            step W 2
            finish W
            expect ok
            expect disk db[0] 1
            A write m[0]
            W: writeback db[0]
            finish W
            expect disk db[0] 2
            """)
        #expect(played.end == .finished)
        #expect(played.expectations.allSatisfy { $0.passed })
        #expect(played.session.progress.labels.isEmpty)
    }

    /// More steps than there are: the operation ends, and its outcome can be asked for.
    @Test func `a step that ends the operation gives its outcome`() throws {
        let played = try Played(dirtyPage + """
            W: A mprotect m r
            step W 1000
            expect ok
            L: A write m[0]
            step L 1000
            expect SIGSEGV
            """)
        #expect(played.end == .finished)
        #expect(played.expectations.map(\.found) == ["ok", "SIGSEGV"])
    }

    @Test(arguments: [("finish V", 10), ("step V", 10)])
    func `who cannot go on names the lock and its holder`(command: String, line: Int) throws {
        let played = try Played(dirtyPage + """
            W: writeback db[0]
            step W until page_mkclean
            V: B ftruncate db 0
            \(command) \(command == "step V" ? "200" : "")
            """)
        #expect(played.complaint == "V waits for the page lock of db[0], held by W (line 7)")
        #expect(played.place?.line == line)
        #expect(played.conclusions.last?.statement.location.line == 9)
    }

    /// Expectations before a line that cannot run are reported all the same.
    @Test func `checks before a blocked line are kept`() throws {
        let played = try Played(dirtyPage + """
            W: writeback db[0]
            step W until page_mkclean
            V: B ftruncate db 0
            step V until truncate_complete_page
            """)
        guard case .stuck = played.end else { return #expect(Bool(false), "V should wait") }
        let moves = played.session.position
        let steps = moves - (try Played(dirtyPage + """
            W: writeback db[0]
            step W until page_mkclean
            V: B ftruncate db 0
            """).session.position)
        let checked = try Played(dirtyPage + """
            W: writeback db[0]
            step W until page_mkclean
            V: B ftruncate db 0
            step V \(steps)
            expect nr_dirty == 1
            expect nr_dirty == 2
            step V
            """)
        #expect(checked.complaint == "V waits for the page lock of db[0], held by W (line 7)")
        #expect(checked.place?.line == 13)
        #expect(checked.expectations.map(\.passed) == [true, false])
        #expect(checked.session.progress.checks == 2)
        #expect(checked.session.progress.failures == 1)
    }

    @Test func `a label that is in use is refused, a free one can come again`() throws {
        let played = try Played(dirtyPage + "W: writeback db[0]\nW: B pread db[0]\n")
        #expect(played.complaint == "'W' has not ended yet; finish it first")
        #expect(played.place?.line == 8)
    }

    @Test func `finish of what has been finished is refused`() throws {
        let played = try Played(dirtyPage + "W: writeback db[0]\nfinish W\nfinish W\n")
        #expect(played.complaint == "'W' has ended already")
        #expect(played.place?.line == 9)
    }

    // MARK: Races

    private let race = """
        file db 2 ext4 cached
        process A
        process B
        A mmap m db[0..1] rw shared
        B mmap m db[0..1] rw shared
        race
          B write m[0..1]
          writeback db[0]
          A write m[0]
          B write m[0]
        end
        A write m[1]

        """

    @Test func `a race runs in the written order, each line to its end`() throws {
        let played = try Played(race)
        #expect(played.end == .finished)
        #expect(played.conclusions.map(\.statement.location.line) == [4, 5, 7, 8, 9, 10, 12])
        #expect(played.results.map(\.value) == [nil, nil, 2, nil, 3, 4, 5])
    }

    @Test func `serial numbers follow the lines, whoever moves first`() throws {
        var session = try session(race)
        while session.nextStatement?.location.line != 6, case .moved = session.advance() {}
        var conclusions: [Conclusion] = []
        // A is the third actor: B, the flusher, A.
        while conclusions.isEmpty { #expect(session.advance(.actor(2), &conclusions) == .moved) }
        #expect(conclusions.map(\.result?.value) == [3])
        while case .moved = session.advance(.script, &conclusions) {}
        #expect(conclusions.map(\.result?.value) == [3, 2, nil, 4, 5])
        guard case .refused(let problem) = session.advance(.actor(0)) else {
            Issue.record("B has nothing left to do")
            return
        }
        #expect(problem.message == "that actor has nothing left to do")
    }

    @Test func `an empty race is no move`() throws {
        let played = try Played("file db 1 ext4\nprocess A\nrace\nend\nA pwrite db[0]\n")
        #expect(played.outcomes == ["ok"])
    }
}
