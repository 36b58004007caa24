import DirtyMachine
import Testing

@testable import DirtyScript

/// What only a run, or only the machine's owner, can find wrong: told with place, line and caret
/// like everything else.
@Suite struct RunComplaintTests {
    private let start = """
        kernel 2.6.20
        file db 2 ext3 cached
        process A
        process B
        A mmap m db[0..1] rw shared
        A write m[0]

        """

    private func complaint(_ lines: String) throws -> String? {
        try Played(start + lines + "\n").problem?.description
    }

    /// Names are bound when their operation begins, which in a race may be later.
    @Test func `a process that is not there yet`() throws {
        var session = try session(start + "race\n  A fork C\n  C read m[0]\nend\n")
        while session.nextStatement?.location.line != 7 { _ = session.advance() }
        guard case .refused(let problem) = session.advance(.actor(1)) else {
            Issue.record("C reads before it is there")
            return
        }
        #expect(problem.description == """
            test.demo:9:3: error: there is no process 'C' yet; expected a process that has begun by now
                C read m[0]
                ^
            """)
    }

    @Test func `a task that has ended`() throws {
        #expect(try complaint("W: A read m[0]\nfinish W\nV: B pread db[0]\nstep W") == """
            test.demo:10:6: error: 'W' has ended already; expected a task under way: V
              step W
                   ^
            """)
        #expect(try complaint("W: A read m[0]\nfinish W\nfinish W") == """
            test.demo:9:8: error: 'W' has ended already; expected a task under way, and there is none
              finish W
                     ^
            """)
    }

    @Test func `a label in use`() throws {
        #expect(try complaint("W1: A read m[0]\nW1: B pread db[0]") == """
            test.demo:8:1: error: 'W1' has not ended yet; finish it first
              W1: B pread db[0]
              ^~
            """)
    }

    @Test func `a function that the task does not come to`() throws {
        #expect(try complaint("W: writeback db[0]\nstep W until page_mkclean_one\nstep W until page_mkclean") == """
            test.demo:9:14: error: 'W' ends without coming to page_mkclean; \
            expected a function on its way: set_page_dirty, __set_page_dirty_buffers, \
            write_cache_pages, block_write_full_page, pdflush or wait_on_page_writeback_range
              step W until page_mkclean
                           ^~~~~~~~~~~~
              did you mean 'page_mkclean_one'?
            """)
    }

    @Test func `a function that no kernel has`() {
        #expect(throws: Diagnostics([
            Diagnostic(
                file: "test.demo", location: SourceLocation(line: 8, column: 14, length: 14),
                message: "no modelled kernel function is called 'set_page_drity'",
                expected: "a name as the call path shows it, such as set_page_dirty",
                suggestion: "set_page_dirty", source: "step W until set_page_drity",
                candidates: KernelFunction.stepNames)
        ])) { try session(start + "W: A write m[0]\nstep W until set_page_drity\n") }
    }

    @Test(arguments: [("trackin", "tracking"), ("I33", "I13"), ("dirty-is-taged", "dirty-is-tagged")])
    func `an invariant that there is not`(typed: String, meant: String) throws {
        do {
            _ = try session(start + "expect invariant \(typed)\n")
            Issue.record("\(typed) was accepted")
        } catch let complaint as Diagnostics {
            #expect(complaint.list.first?.suggestion == meant)
            #expect(complaint.list.first?.location.column == 18)
        }
    }

    /// All of them at once, as the parser does.
    @Test func `every such mistake is told`() throws {
        do {
            _ = try session(start + "W: A read m[0]\nstep W until x\nexpect invariant y\nfinish W\n")
            Issue.record("it was accepted")
        } catch let complaint as Diagnostics {
            #expect(complaint.list.map(\.location.line) == [8, 9])
        }
    }

    /// Its very first step has to wait, so that no task of it is left to ask.
    @Test(arguments: ["A2 munmap m", "A2 mprotect m r", "A2 mremap m 2", "A fork Q", "A2 mmap n db rw shared"])
    func `an operation that cannot even begin`(line: String) throws {
        let text = """
            kernel 2.6.20
            file db 2 ext3 cached
            process A cpu=0
            thread A2 of A cpu=0
            A mmap m db[0] rw shared
            W: A write m[0]
            step W until __handle_mm_fault
            \(line)
            """
        var played = try session(text)
        guard case .stuck(let complaint) = try played.run() else {
            Issue.record("nobody waits")
            return
        }
        #expect(complaint.location.line == 8)
        #expect(complaint.message.contains("waits for the mmap_sem of A, held by W (line 6)"))
        #expect(complaint.expected == "'step W' or 'finish W' before it")
    }

    // MARK: What is not simulated yet

    /// Words that are refused when they are used are not offered.
    @Test(arguments: [
        (Unsupported.Place.fileSystem, "xfs", "file f 1 zfs"), (.operation, "mremap", "A mremep m 1"),
        (.option, "populate", "A mmap k db r shared populat"), (.kernel, "as-posted", "kernel as-postd"),
    ])
    func `words that are refused are not expected`(
        place: Unsupported.Place, word: String, line: String
    ) {
        func complaints(_ unsupported: Set<Unsupported.Feature>) -> String {
            let declarations = Declarations(
                name: "test.demo", rules: .permissive, unsupported: unsupported)
            let text = "file db 1 ext4\nprocess A\n" + (line.hasPrefix("A") ? "A mmap m db r shared\n" : "")
            return ScenarioParser.parse(Array((text + line).utf8), declarations).complaints
        }
        #expect(complaints([]).contains(word))
        let told = complaints([Unsupported.Feature(place: place, word: word)])
        #expect(told.contains("error"))
        #expect(!told.contains(word))
    }
}
