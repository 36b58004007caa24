/// Goes through every state of a system, level by level, so that the first way found to anything
/// is a shortest one.
///
/// The work is cut into blocks. In each, the workers first expand a part of the block's states
/// apiece, then take what all of them have found into the shards, a share of the shards apiece.
/// Parts, shards and the order in them do not depend on the number of workers, and so neither do
/// the states' numbers, what is counted, or the ways that are reported.
public struct Search<System: TransitionSystem>: Sendable {
    private let system: System
    private let options: SearchOptions

    public init(_ system: System, options: SearchOptions = SearchOptions()) {
        self.system = system
        self.options = options
    }

    /// Searches until all states are visited, a property that counts is lacking, or a limit is
    /// reached. `progress` is called after every block; the reason that it may return ends the
    /// search.
    public func run(
        progress: (SearchProgress) -> SearchLimit? = { _ in nil }
    ) async -> SearchResult {
        let shards = (0..<Shard.count).map(Shard.init)
        let workers = (0..<max(1, options.workers)).map { _ in Worker(system.makeWalker(), shards) }
        var result = SearchResult()
        workers[0].begin()
        await insert(workers, shards)
        while true {
            for shard in shards { shard.goToNextLevel() }
            for worker in workers { worker.successors.goToNextLevel() }
            let level = LevelIndex(shards)
            if level.count == 0 { return result.ended(.exhausted, shards) }
            var start = 0
            while start < level.count {
                let end = min(start + options.block(at: shards.reduce(0) { $0 + $1.stateCount }), level.count)
                await expand(start..<end, level, workers, shards)
                await insert(workers, shards)
                start = end
                result.transitions += workers.reduce(0) { $0 + $1.takeTransitions() }
                let reached = shards.reduce(0) { $0 + $1.stateCount }
                for (property, state) in Worker.earliest(workers)
                where !result.findings.contains(where: { $0.property == property }) {
                    result.findings.append(
                        Finding(property: property, choices: choices(to: state, shards)))
                }
                if result.findings.contains(where: { options.stopping.contains(Properties($0.property)) }) {
                    return result.ended(.found, shards)
                }
                let now = SearchProgress(
                    states: reached, transitions: result.transitions, depth: result.depth,
                    frontier: level.count - start + shards.reduce(0) { $0 + $1.nextCount },
                    bytes: shards.reduce(0) { $0 + $1.byteCount })
                if let limit = options.limit(now) ?? progress(now) {
                    return result.ended(.limit(limit), shards)
                }
            }
            if shards.contains(where: { $0.nextCount > 0 }) { result.depth += 1 }
        }
    }

    private func expand(
        _ block: Range<Int>, _ level: LevelIndex, _ workers: [Worker<System.Walker>], _ shards: [Shard]
    ) async {
        let part = (block.count + workers.count - 1) / workers.count
        await together(workers) { number, worker in
            let first = block.lowerBound + number * part
            let range = min(first, block.upperBound)..<min(first + part, block.upperBound)
            worker.expand(range, level, shards)
        }
    }

    private func insert(_ workers: [Worker<System.Walker>], _ shards: [Shard]) async {
        await together(workers) { number, _ in
            for shard in stride(from: number, to: shards.count, by: workers.count) {
                for worker in workers { shards[shard].insert(worker.successors.outboxes[shard]) }
            }
        }
        for worker in workers { worker.successors.removeAll() }
    }

    /// All workers at once; one alone needs no company.
    private func together(
        _ workers: [Worker<System.Walker>],
        _ body: @escaping @Sendable (Int, Worker<System.Walker>) -> Void
    ) async {
        if workers.count == 1 { return body(0, workers[0]) }
        await withTaskGroup { group in
            for (number, worker) in workers.enumerated() { group.addTask { body(number, worker) } }
        }
    }

    /// The steps that lead from the beginning to a state.
    private func choices(to state: UInt32, _ shards: [Shard]) -> [Int] {
        var choices: [Int] = []
        var at = Int(state)
        while let origin = shards[at % Shard.count].origin(of: at / Shard.count) {
            choices.append(origin.choice)
            at = Int(origin.parent)
        }
        return choices.reversed()
    }
}

/// One of those who expand states. Used by one thread at a time.
final class Worker<Walker: StateWalker>: @unchecked Sendable {
    private var walker: Walker
    var successors = Successors()
    private let shards: [Shard]
    /// For each property, the first state of the block that lacks it, by its place in the level.
    private var found: [(property: Int, place: Int, state: UInt32)] = []

    init(_ walker: Walker, _ shards: [Shard]) {
        self.walker = walker
        self.shards = shards
    }

    deinit { successors.free() }

    func begin() {
        successors.parent = UInt64(UInt32.max)
        walker.begin(&successors)
        successors.transitions = 0
    }

    func takeTransitions() -> Int {
        defer { successors.transitions = 0 }
        return successors.transitions
    }

    func expand(_ range: Range<Int>, _ level: LevelIndex, _ shards: [Shard]) {
        for (number, shard) in shards.enumerated() { successors.visited[number] = shard.visited }
        Worker.expand(range, level, shards, &walker, &successors, &found)
    }

    /// The block's states, one by one: that the walker is not in use is made sure of once for all.
    private static func expand(
        _ range: Range<Int>, _ level: LevelIndex, _ shards: [Shard], _ walker: inout Walker,
        _ successors: inout Successors, _ found: inout [(property: Int, place: Int, state: UInt32)]
    ) {
        var lacking = Properties.none
        for place in range {
            let (shard, index) = level[place]
            let state = shards[shard].state(shards[shard].firstOfLevel + index)
            successors.parent = UInt64(state)
            let broken = walker.expand(shards[shard].level[index], &successors)
            if !broken.isSubset(of: lacking) {
                for property in broken.subtracting(lacking).numbers {
                    found.append((property, place, state))
                }
                lacking.formUnion(broken)
            }
        }
    }

    /// What the workers have found in this block, in the order in which one alone would have.
    static func earliest(_ workers: [Worker]) -> [(property: Int, state: UInt32)] {
        var all = workers.flatMap(\.found)
        for worker in workers { worker.found.removeAll() }
        all.sort { ($0.place, $0.property) < ($1.place, $1.property) }
        return all.map { ($0.property, $0.state) }
    }
}

/// The states of a level in one row, shard by shard.
struct LevelIndex: Sendable {
    private let ends: [Int]

    init(_ shards: [Shard]) {
        var sum = 0
        ends = shards.map {
            sum += $0.level.count
            return sum
        }
    }

    var count: Int { ends.last ?? 0 }

    subscript(_ place: Int) -> (shard: Int, index: Int) {
        var shard = 0
        while ends[shard] <= place { shard += 1 }
        return (shard, place - (shard == 0 ? 0 : ends[shard - 1]))
    }
}
