/// How a search is done, and when it gives up.
public struct SearchOptions: Sendable {
    public var workers = 2
    /// States that are expanded between two looks at limits and findings.
    public var blockSize = 1 << 14
    /// Properties that end the search as soon as a state lacks one.
    public var stopping = Properties(rawValue: .max)
    public var maximumStates = Int.max
    /// In bytes.
    public var maximumMemory = Int.max

    public init() {}

    /// How many states are expanded next, where so many are known: fewer and fewer on the way to the
    /// most that are allowed, so that the search ends close behind them.
    func block(at states: Int) -> Int {
        min(blockSize, max(16, (maximumStates - states) / 4))
    }

    func limit(_ progress: SearchProgress) -> SearchLimit? {
        if progress.states > maximumStates { return .states }
        if progress.bytes > maximumMemory { return .memory }
        return nil
    }
}

/// Why a search ended before everything was visited.
public enum SearchLimit: String, Hashable, Sendable {
    case states, memory, time, interrupted
}

/// How far a search has come.
public struct SearchProgress: Hashable, Sendable {
    public let states: Int
    public let transitions: Int
    public let depth: Int
    /// States that are known and not expanded yet.
    public let frontier: Int
    /// Memory that the states occupy.
    public let bytes: Int
}

/// What a search has come to.
public struct SearchResult: Hashable, Sendable {
    public enum End: Hashable, Sendable {
        /// Every state was visited.
        case exhausted
        /// A state lacks a property that ends the search.
        case found
        case limit(SearchLimit)
    }

    public var end = End.exhausted
    public var states = 0
    public var transitions = 0
    /// Steps to the states that are farthest away.
    public var depth = 0
    /// Each lacking property, with a shortest way to a state that lacks it, in the order found.
    public var findings: [Finding] = []
    /// Memory that the states occupied in the end.
    public var bytes = 0

    /// Fingerprints of 64 bits can agree by accident, and a state be missed: how likely that was
    /// at all in this search.
    public var chanceOfOmission: Double {
        let count = Double(states)
        return count * count / 0x1p65
    }

    func ended(_ end: End, _ shards: [Shard]) -> SearchResult {
        var result = self
        result.end = end
        result.states = shards.reduce(0) { $0 + $1.stateCount }
        result.bytes = shards.reduce(0) { $0 + $1.byteCount }
        return result
    }
}

/// A property that a state lacks, and the choices that lead there from the beginning.
public struct Finding: Hashable, Sendable {
    public let property: Int
    public let choices: [Int]
}
