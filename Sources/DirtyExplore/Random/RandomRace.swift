import DirtyMachine
import DirtyScript
import SeededRandom

/// A small race grown from a number: one file, one or two processes with a thread, a few lines that
/// may get into each other's way, and a sync behind them.
public struct RandomRace: Hashable, Sendable {
    public let number: UInt64
    public let kernel: Profile
    var setUp: [String]
    var race: [String]
    var behind: [String]

    public init(number: UInt64, kernel: Profile) {
        var random = SplitMix(seed: number)
        self.number = number
        self.kernel = kernel
        let pages = random.chance(75) ? 1 : 2
        let isModern = kernel == .v6_18
        let fileSystem = random.chance(70) ? (isModern ? "ext4" : "ext3") : "xfs"
        setUp = [
            "file db \(pages) \(fileSystem)\(random.chance(85) ? " cached" : "")", "process A",
        ]
        let others = random.pick([["thread A2 of A"], ["process B"], ["thread A2 of A", "process B"]])
        setUp += others + ["A mmap m db rw shared"]
        let hasThread = others.contains("thread A2 of A")
        let hasSibling = others.contains("process B")
        if hasSibling { setUp.append("B mmap m db rw shared") }
        if random.chance(60) { setUp.append("A \(random.pick(["read", "write"])) m[0]") }
        let actors = ["A"] + (hasThread ? ["A2"] : []) + (hasSibling ? ["B"] : [])
        race = []
        for _ in 0..<random.number(2...4) {
            let page = random.number(0...pages - 1)
            if random.chance(35) {
                let kinds = ["writeback db[\(page)]", "reclaim db[\(page)]", "strip db[\(page)]"]
                    + (fileSystem == "xfs" ? [] : ["journal db"])
                race.append(random.pick(kinds))
            } else {
                let calls = [
                    "write m[\(page)]", "write m[\(page)]", "write m[\(page)]", "read m[\(page)]",
                    "munmap m", "madvise m[\(page)] dontneed", "msync m sync", "fsync db",
                    "mprotect m r", "pwrite db[\(page)]",
                ]
                race.append(random.pick(actors) + " " + random.pick(calls))
            }
        }
        behind = random.chance(50) ? ["A fsync db"] : []
    }

    /// As a scenario.
    public var text: String {
        (["kernel \(kernel.rawValue)"] + setUp + ["race"] + race.map { "  " + $0 } + ["end"] + behind)
            .joined(separator: "\n") + "\n"
    }

    /// On one line: set-up, race, and what stands behind it.
    var summary: String {
        setUp.joined(separator: "; ") + " | " + race.joined(separator: "; ")
            + (behind.isEmpty ? "" : " | " + behind.joined(separator: "; "))
    }

    // MARK: Exploring it

    /// Searches in a random race, and in what is left of it while it is cut down.
    public struct Bounds: Sendable {
        public var states = 200_000
        /// In bytes.
        public var memory = Int.max
        /// Switches that are turned.
        public var rules: [RuleOverride] = []
        /// Invariants that count, too.
        public var invariants: Set<Invariant> = []
        public var isReduced = true
        public var workers = 2

        public init() {}
    }

    /// Called now and then while something is searched; the limit that it may return ends that.
    public typealias Look = (SearchProgress) -> SearchLimit?

    func explore(_ bounds: Bounds, _ look: Look = { _ in nil }) async -> Exploration? {
        guard case .success(let scenario) = ScenarioParser.parse(text, name: "random", rules: .machine)
        else { return nil }
        var options = Explorer.Options()
        options.search.maximumStates = bounds.states
        options.search.maximumMemory = bounds.memory
        options.search.workers = bounds.workers
        options.findsDoom = false
        // A page that is stored to unnoticed is where lost writes begin: here it is not left at a note.
        options.invariants = bounds.invariants.union([.tracking])
        options.rules = bounds.rules
        (options.reduces, options.merges) = (bounds.isReduced, bounds.isReduced)
        guard let explorer = try? Explorer(scenario, options: options) else { return nil }
        return await explorer.run(progress: look)
    }

    /// The race's verdict; a violation is cut down to the fewest lines that show the same one. nil where
    /// `look` has ended it.
    public func finding(_ bounds: Bounds, _ look: Look = { _ in nil }) async -> RandomFinding? {
        guard let exploration = await explore(bounds, look) else {
            return RandomFinding(number: number, verdict: "none", what: "-", steps: 0, race: summary)
        }
        if Self.isCut(exploration) { return nil }
        guard let breach = exploration.breach else {
            return RandomFinding(
                number: number, verdict: exploration.verdict.rawValue, what: "-", steps: 0, race: summary)
        }
        let what = Self.what(breach)
        guard let (shortest, steps) = await shrunk(what, breach.schedule.count, bounds, look) else { return nil }
        return RandomFinding(
            number: number, verdict: exploration.verdict.rawValue, what: what, steps: steps,
            race: shortest.summary)
    }

    private func shrunk(
        _ what: String, _ steps: Int, _ bounds: Bounds, _ look: Look
    ) async -> (RandomRace, Int)? {
        var best = (race: self, steps: steps)
        var isShorter = true
        while isShorter {
            isShorter = false
            for candidate in best.race.smaller {
                let exploration = await candidate.explore(bounds, look)
                if let exploration, Self.isCut(exploration) { return nil }
                guard let breach = exploration?.breach, Self.what(breach) == what else { continue }
                best = (candidate, breach.schedule.count)
                isShorter = true
                break
            }
        }
        return best
    }

    private static func what(_ breach: Breach) -> String {
        breach.invariant?.id ?? (breach.isDeadlock ? "deadlock" : "expectation")
    }

    /// It ended for a reason that has to do with the machine or the user, not with the race.
    private static func isCut(_ exploration: Exploration) -> Bool {
        exploration.limit == .time || exploration.limit == .interrupted
    }

    /// This race with one page, or one line less.
    private var smaller: [RandomRace] {
        var result: [RandomRace] = []
        if let two = setUp.firstIndex(where: { $0.hasPrefix("file db 2 ") }) {
            var candidate = self
            candidate.setUp[two].replace("file db 2 ", with: "file db 1 ")
            for part in [\RandomRace.race, \.behind, \.setUp] {
                candidate[keyPath: part] = candidate[keyPath: part].map { $0.replacing("[1]", with: "[0]") }
            }
            result.append(candidate)
        }
        for part in [\RandomRace.race, \.behind, \.setUp] {
            for index in self[keyPath: part].indices {
                var candidate = self
                candidate[keyPath: part].remove(at: index)
                if !candidate.race.isEmpty { result.append(candidate) }
            }
        }
        return result
    }
}
