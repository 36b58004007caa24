/// Something with states and atomic steps between them, for `Search` to go through.
///
/// A state is written down as an *image*, a run of words that means something to the system alone,
/// and told from others by a *fingerprint* of 64 bits. Equal states have equal fingerprints,
/// however they came about; what only tells history stays out of it.
public protocol TransitionSystem: Sendable {
    associatedtype Walker: StateWalker

    /// A walker of one worker's own.
    func makeWalker() -> Walker
}

/// Stands in one state at a time and knows the steps that lead out of it.
public protocol StateWalker {
    /// Hands over the state in which everything begins, as a successor of nothing.
    mutating func begin(_ successors: inout Successors)

    /// Goes to the state of an image, hands over every state that one step leads to, always in the
    /// same order, and returns the properties that the state itself lacks.
    mutating func expand(_ image: UnsafeBufferPointer<UInt64>, _ successors: inout Successors) -> Properties
}

/// Properties of a system, by numbers that the system gives them.
public struct Properties: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The property of a number from 0 to 63.
    public init(_ number: Int) { rawValue = 1 << UInt64(number) }

    public static let none = Properties([])

    /// The numbers, in order.
    public var numbers: [Int] { (0..<64).filter { rawValue >> UInt64($0) & 1 == 1 } }
}

/// What a worker has found on its way: states to be looked up among those that were visited.
public struct Successors {
    /// For each shard, one after the other: fingerprint; parent, choice and length; image.
    @usableFromInline var outboxes: [[UInt64]]
    @usableFromInline var visited: [FingerprintSet.View] = []
    @usableFromInline var parent: UInt64 = 0
    @usableFromInline var current = 0
    /// Steps that led somewhere.
    @usableFromInline var transitions = 0

    init() { outboxes = Array(repeating: [], count: Shard.count) }

    /// Counts a step whose state is handed over in any case, because its image costs nothing.
    @inlinable
    public mutating func count() { transitions &+= 1 }

    /// Counts a step, and tells whether the state that it leads to may be new, so that its image
    /// has to follow.
    @inlinable
    public mutating func isNew(_ fingerprint: UInt64) -> Bool {
        transitions &+= 1
        return visited.isEmpty || !visited[shard(of: fingerprint)].contains(fingerprint)
    }

    /// A state that the step of this number leads to. Its image follows, word by word.
    @inlinable
    public mutating func add(choice: Int, fingerprint: UInt64, words: Int) {
        current = shard(of: fingerprint)
        outboxes[current].append(fingerprint)
        outboxes[current].append(parent << 32 | UInt64(choice) << 16 | UInt64(words))
    }

    @inlinable
    public mutating func append(_ word: UInt64) { outboxes[current].append(word) }

    public mutating func append(contentsOf words: [UInt64]) {
        outboxes[current].append(contentsOf: words)
    }

    mutating func removeAll() {
        for shard in outboxes.indices { outboxes[shard].removeAll(keepingCapacity: true) }
    }
}

/// The number of the shard that a state belongs to: by bits that the tables do not look at first.
@inlinable
func shard(of fingerprint: UInt64) -> Int { Int(truncatingIfNeeded: fingerprint &>> 61) }
