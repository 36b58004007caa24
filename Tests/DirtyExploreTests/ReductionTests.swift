import DirtyExplore
import DirtyMachine
import DirtyScript
import Testing

/// States that differ only in values which nobody asks for are taken for one, and a task's control flow
/// runs together with the step before it: that must not make any difference to what is found.
@Suite struct ReductionTests {
    private static let races = [
        """
        race
          A write m[0]
          B write m[0]
          writeback db[0]
        end
        A fsync db
        expect lost 0
        """,
        """
        race
          A write m[0]
          B write m[1]
          B madvise m[0] dontneed
        end
        expect db[0..1] dirty
        """,
        """
        race
          A pwrite db[0]
          B write m[0]
          strip db[0]
        end
        A fsync db
        """,
    ]

    private func found(_ race: String, _ kernel: Profile, reduces: Bool) async throws -> Exploration {
        let text = """
            file db 2 ext3 cached
            process A
            process B
            A mmap m db rw shared
            B mmap m db rw shared
            A write m[0]

            """
        var options = Explorer.Options()
        options.kernel = kernel
        options.reduces = reduces
        let explorer = try Explorer(try parse(text + race), options: options)
        return await explorer.run()
    }

    @Test(arguments: races, [Profile.v2_6_19, .v6_18])
    func `reduced and unreduced searches agree`(_ race: String, _ kernel: Profile) async throws {
        let reduced = try await found(race, kernel, reduces: true)
        let unreduced = try await found(race, kernel, reduces: false)
        #expect(reduced.verdict == unreduced.verdict)
        #expect(reduced.breach?.invariant == unreduced.breach?.invariant)
        #expect(reduced.breach?.schedule.count == unreduced.breach?.schedule.count)
        #expect(reduced.result.states <= unreduced.result.states)
        if reduced.verdict == .holds { #expect(reduced.result.depth == unreduced.result.depth) }
    }

    @Test(arguments: ShippedRace.all)
    func `so they do on every shipped race`(_ race: ShippedRace) async throws {
        var results: [Exploration] = []
        for reduces in [true, false] {
            var options = Explorer.Options()
            options.reduces = reduces
            results.append(await (try Explorer(try parse(race.text), options: options)).run())
        }
        #expect(results[0].verdict == results[1].verdict)
        #expect(results[0].breach?.invariant == results[1].breach?.invariant)
        #expect(results[0].breach?.schedule.count == results[1].breach?.schedule.count)
    }

    @Test func `who stored last is forgotten where nobody asks`() async throws {
        let race = ReductionTests.races[0]
        let reduced = try await found(race, .v6_18, reduces: true)
        let unreduced = try await found(race, .v6_18, reduces: false)
        #expect(reduced.result.states < unreduced.result.states)
    }

    /// What only its own task can see waits for nobody and need not be tried in every order.
    @Test(arguments: ShippedRace.all)
    func `control flow makes no difference to a shipped race`(_ race: ShippedRace) async throws {
        var results: [Exploration] = []
        for merges in [true, false] {
            var options = Explorer.Options()
            options.merges = merges
            results.append(await (try Explorer(try parse(race.text), options: options)).run())
        }
        #expect(results[0].verdict == results[1].verdict)
        #expect(results[0].breach?.invariant == results[1].breach?.invariant)
        #expect(results[0].result.states < results[1].result.states)
        #expect(results[0].result.depth < results[1].result.depth)
    }

    /// Invariants are looked at where a step concerns them, or everywhere: the same is found.
    @Test(arguments: ShippedRace.all)
    func `verdicts that are inherited are those of every state`(_ race: ShippedRace) async throws {
        var results: [Exploration] = []
        for inherits in [true, false] {
            var options = Explorer.Options()
            options.inherits = inherits
            results.append(await (try Explorer(try parse(race.text), options: options)).run())
        }
        #expect(results[0].result.findings == results[1].result.findings)
        #expect(results[0].result.states == results[1].result.states)
        #expect(results[0].notes.map(\.invariant) == results[1].notes.map(\.invariant))
    }
}
