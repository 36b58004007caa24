import DirtyExplore
import DirtyMachine
import DirtyScript
import Testing

@Suite struct RaceTests {
    /// The race of 2006: writeback against a store, and then a sync that has to bring it to disk.
    private let storeAgainstWriteback =
        oneStore + """
            race
              A write m[0]
              writeback db[0]
            end
            A fsync db
            expect lost 0
            """

    @Test(arguments: zip([Profile.v2_6_19, .v2_6_20, .v6_18], [Exploration.Verdict.violated, .violated, .holds]))
    func `a store against writeback`(_ kernel: Profile, _ verdict: Exploration.Verdict) async throws {
        let found = try await explore(storeAgainstWriteback, kernel: kernel)
        #expect(found.verdict == verdict)
    }

    /// What the chosen kernel does not have is an error in a scenario for it, so it is left out.
    @Test(arguments: [
        ("kernel 2.6.20\nfile db 1 xfs cached buffers=2", Profile.v6_18),
        ("kernel 6.18\nfile db 2 ext4 cached folio=2", .v2_6_20),
    ])
    func `a schedule replays on a kernel that the scenario was not written for`(
        setUp: String, kernel: Profile
    ) async throws {
        let found = try await explore(
            setUp + """

                process A
                A mmap m db rw shared
                race
                  A write m[0]
                  writeback db[0]
                end
                expect db[0] dirty
                """, kernel: kernel)
        #expect(found.verdict == .violated)
        #expect(try replay(found).failures > 0)
    }

    @Test func `a schedule replays as a scenario whose expectation fails`() async throws {
        let found = try await explore(storeAgainstWriteback, kernel: .v2_6_20)
        let (failures, end) = try replay(found)
        #expect(failures > 0)
        #expect(end == .finished)
    }

    @Test func `the schedule has every move, in the words of the kernel`() async throws {
        let found = try await explore(storeAgainstWriteback, kernel: .v2_6_20)
        let breach = try #require(found.breach)
        #expect(breach.schedule.count <= found.result.depth)
        #expect(Set(breach.schedule.map(\.task)) == ["A", "kernel", "device"])
        #expect(breach.schedule.contains { $0.function == "page_mkclean_one" })
    }

    /// The sync that returns too early stands behind `end`, and so behind the schedule.
    @Test func `what shows only behind the race is told behind the schedule`() async throws {
        let found = try await explore(storeAgainstWriteback, kernel: .v2_6_20)
        #expect(found.breach?.invariant == .durability)
        #expect(found.breach?.behind?.map(\.text) == ["A fsync db"])
        let lines = ExplorationText.lines(found)
        let heading = try #require(lines.firstIndex(of: "behind the race"))
        #expect(lines[heading + 1] == "      line 9: A fsync db")
    }

    @Test func `the kernel's own work is called by its name`() async throws {
        let found = try await explore(storeAgainstWriteback, kernel: .v2_6_20)
        let text = Counterexample.text(try #require(found.breach), of: found)
        #expect(text.contains("say \"writeback: "))
        #expect(text.contains("writeback-2: writeback db[0]"))
        #expect(!text.contains("kernel: "))
    }

    @Test(arguments: [Profile.v2_6_19, .v6_18])
    func `one worker and two find the same`(_ kernel: Profile) async throws {
        let alone = try await explore(storeAgainstWriteback, kernel: kernel, blockSize: 64)
        let together = try await explore(storeAgainstWriteback, kernel: kernel, workers: 2, blockSize: 64)
        #expect(alone.result == together.result)
        #expect(alone.breach?.schedule == together.breach?.schedule)
        #expect(alone.breach?.text == together.breach?.text)
    }

    /// States of the second race go to a worker that has not come there itself.
    @Test func `two workers go on to a second race as one does`() async throws {
        let text = "kernel 2.6.19\n" + oneStore + """
            race
            A write m[0]
            writeback db
            end
            race
            A write m[0]
            A fsync db
            journal db
            end
            expect lost 0
            """
        let alone = try await explore(text)
        let together = try await explore(text, workers: 2)
        #expect(alone.verdict == .violated)
        #expect(alone.result == together.result)
    }

    /// Where the mappings lie depends on who was first.
    @Test func `a second race finds its mappings where the first has put them`() async throws {
        let text = """
            kernel 6.18
            file db 2 ext4 cached
            file ex 2 ext4 cached
            process A
            thread A2 of A
            race
            A mmap m db rw shared
            A2 mmap k ex rw shared
            end
            race
            A write m[0]
            end
            expect db[0] dirty
            expect ex[0] !dirty
            """
        #expect(try await explore(text).verdict == .holds)
    }

    @Test func `expectations behind the race are asked in every final state`() async throws {
        let text = """
            kernel 6.18
            file db 1 ext4 cached
            process A
            process B
            A mmap m db rw shared
            B mmap m db rw shared
            race
              A write m[0] 7
              B write m[0] 8
            end
            A read m[0]
            expect value 8
            """
        let found = try await explore(text)
        #expect(found.verdict == .violated)
        #expect(found.breach?.text == "line 12: expect value 8: found value 7")
        #expect(try replay(found).failures == 1)
    }

    @Test func `one race after the other`() async throws {
        let text = """
            kernel 6.18
            file db 1 ext4 cached
            process A
            A mmap m db rw shared
            race
              A write m[0]
            end
            expect db[0] dirty
            race
              A write m[0]
              writeback db[0]
            end
            expect db[0] dirty
            """
        let found = try await explore(text)
        #expect(found.verdict == .violated)
        #expect(Set(found.breach?.schedule.map(\.race) ?? []) == [0, 1])
        #expect(try replay(found).failures > 0)
    }

    @Test func `TLBs drop entries only where the scenario asks for it`() async throws {
        let text = """
            kernel 6.18
            file db 1 ext4 cached
            process A
            A mmap m db rw shared
            race
              A write m[0]
              A write m[0]
            end
            """
        let without = try await explore(text)
        let with = try await explore(text, rules: ["tlb-eviction=on"])
        #expect(without.verdict == .holds)
        #expect(with.verdict == .holds)
        #expect(with.result.states > without.result.states)
    }

    /// The store behind the race, or in the next one, goes through a TLB entry that need not have gone.
    @Test(arguments: ["A write m[0]", "race\n  A write m[0]\nend"])
    func `a race is over with entries in the TLBs`(_ store: String) async throws {
        let text = """
            kernel 6.18
            rule mkclean-flush wrong
            rule tlb-eviction on
            file db 1 ext4 cached
            process A cpu=0
            process B cpu=1
            A mmap m db rw shared
            A write m[0]
            race
              B fsync db
            end
            \(store)
            A fsync db
            A munmap m
            """
        let found = try await explore(text)
        #expect(found.verdict == .violated)
        let without = try await explore(text.replacing("rule tlb-eviction on\n", with: ""))
        #expect(found.breach?.schedule.count == without.breach?.schedule.count)
    }

    @Test func `nobody who waits for 'complete' can go on: a deadlock`() async throws {
        let text =
            oneStore + """
                writeback db[0] start
                A write m[0]
                race
                  A fsync db
                end
                """
        let found = try await explore(text, kernel: .v2_6_20)
        #expect(found.verdict == .deadlock)
        #expect(found.breach?.text.contains("waits for the writeback of db[0]") == true)
        guard case .stuck = try replay(found).end else {
            Issue.record("the replay has to be stuck as well")
            return
        }
    }

    @Test func `a scenario without a race is told so`() throws {
        #expect(throws: Diagnostics.self) { try Explorer(try parse(oneStore)) }
    }

    @Test func `limits are no verdict`() async throws {
        var options = Explorer.Options()
        options.kernel = .v6_18
        options.search.maximumStates = 50
        options.search.blockSize = 10
        let found = await (try Explorer(try parse(storeAgainstWriteback), options: options)).run()
        #expect(found.verdict == .limit)
    }
}
