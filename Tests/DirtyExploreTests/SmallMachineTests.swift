import DirtyExplore
import SmallMachine
import Testing

/// The small machine's sizes and shortest ways are known from other checkers: the search has to
/// find exactly these.
@Suite struct SmallMachineTests {
    private func search(
        _ machine: SmallMachine, workers: Int = 1, blockSize: Int = 1 << 14,
        stopping: Properties = Properties(rawValue: .max)
    ) async -> SearchResult {
        var options = SearchOptions()
        options.workers = workers
        options.blockSize = blockSize
        options.stopping = stopping
        return await Search(machine, options: options).run()
    }

    @Test func `one page, two stores: 33822 states and 101627 steps`() async {
        let result = await search(SmallMachine(pages: 1, stores: 2, passes: 1))
        #expect(result.end == .exhausted)
        #expect(result.states == 33_822)
        #expect(result.transitions == 101_627)
        #expect(result.depth == 78)
        #expect(result.findings.isEmpty)
    }

    @Test func `two pages, one store: 125985 states and 414872 steps`() async {
        let result = await search(SmallMachine(pages: 2, stores: 1, passes: 1))
        #expect(result.states == 125_985)
        #expect(result.transitions == 414_872)
        #expect(result.depth == 107)
    }

    @Test func `two pages, two stores: 1041377 states and 3595889 steps`() async {
        let result = await search(SmallMachine(pages: 2, stores: 2, passes: 1), workers: 2)
        #expect(result.states == 1_041_377)
        #expect(result.transitions == 3_595_889)
        #expect(result.depth == 135)
        #expect(result.findings.isEmpty)
    }

    @Test(
        arguments: zip(
            SmallMachine.Bug.allCases,
            [(43, 28), (44, 27), (41, 30), (42, 30), (47, 35), (42, 33), (29, nil)] as [(Int, Int?)]))
    func `each bug has its shortest ways`(_ bug: SmallMachine.Bug, _ steps: (Int, Int?)) async {
        let machine = SmallMachine(pages: 1, stores: 2, passes: 1, bug: bug)
        let toFsync = await search(machine, stopping: SmallMachine.Lacking.durability)
        #expect(toFsync.end == .found)
        let broken = toFsync.findings.first { SmallMachine.Lacking.durability.contains(Properties($0.property)) }
        #expect(broken?.choices.count == steps.0)
        let toLoss = await search(machine, stopping: SmallMachine.Lacking.witness)
        let lost = toLoss.findings.first { SmallMachine.Lacking.witness.contains(Properties($0.property)) }
        #expect(lost?.choices.count == steps.1)
    }

    @Test(arguments: [nil, SmallMachine.Bug.noFlush, .lateFlush])
    func `one worker and several find the same`(_ bug: SmallMachine.Bug?) async {
        let machine = SmallMachine(pages: 1, stores: 2, passes: 1, bug: bug)
        let alone = await search(machine, blockSize: 500)
        for workers in 2...3 {
            #expect(await search(machine, workers: workers, blockSize: 500) == alone)
        }
    }

    @Test func `limits end a search without a verdict`() async {
        var options = SearchOptions()
        options.blockSize = 100
        options.maximumStates = 1000
        let machine = SmallMachine(pages: 1, stores: 2, passes: 1)
        let result = await Search(machine, options: options).run()
        #expect(result.end == .limit(.states))
        #expect(result.states > 1000 && result.states < 2000)
        options.maximumStates = .max
        options.maximumMemory = 1 << 17
        #expect(await Search(machine, options: options).run().end == .limit(.memory))
        let stopped = await Search(machine).run { $0.depth >= 3 ? .interrupted : nil }
        #expect(stopped.end == .limit(.interrupted))
        #expect(stopped.depth <= 4)
    }
}
