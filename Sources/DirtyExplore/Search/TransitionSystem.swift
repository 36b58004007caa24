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
    /// For each shard, one after the other: fingerprint, and where the state is in `images`.
    @usableFromInline let outboxes: UnsafeMutableBufferPointer<Outbox>
    /// The sets of the shards, as they are before the block; none when nothing is visited yet.
    @usableFromInline let visited: UnsafeMutableBufferPointer<FingerprintSet.View>
    /// Fingerprints of states that were handed over, as far as there is room: many ways lead to a
    /// state from one level, and the first of them is enough.
    @usableFromInline let recent: UnsafeMutablePointer<UInt64>
    @usableFromInline static var recentCount: Int { 1 << 14 }
    /// Of the next level: parent, choice and length, then the image.
    @usableFromInline var images = ImageStore()
    /// Of the level that is gone through.
    private var olderImages = ImageStore()
    @usableFromInline var parent: UInt64 = 0
    /// Steps that led somewhere.
    @usableFromInline var transitions = 0

    /// The memory belongs to the worker, who frees it.
    init() {
        outboxes = .allocate(capacity: Shard.count)
        for index in outboxes.indices { outboxes.initializeElement(at: index, to: Outbox()) }
        visited = .allocate(capacity: Shard.count)
        visited.initialize(repeating: FingerprintSet.View())
        recent = .allocate(capacity: Successors.recentCount)
        // Nothing that belongs there.
        for slot in 0..<Successors.recentCount { (recent + slot).initialize(to: UInt64(slot ^ 1)) }
    }

    func free() {
        for box in outboxes { box.free() }
        outboxes.deallocate()
        visited.deallocate()
        recent.deallocate()
        images.free()
        olderImages.free()
    }

    /// Counts a step whose state is known.
    @inlinable
    public mutating func count() { transitions &+= 1 }

    /// Counts a step, and tells whether the state that it leads to has not been handed over lately. For
    /// systems whose images cost less than a look at all states.
    @inlinable
    public mutating func isNoneOfLate(_ fingerprint: UInt64) -> Bool {
        transitions &+= 1
        let slot = Int(truncatingIfNeeded: fingerprint) & (Successors.recentCount &- 1)
        if recent[slot] == fingerprint { return false }
        recent[slot] = fingerprint
        return true
    }

    /// Counts a step, and tells whether the state that it leads to may be new. If so, its image has
    /// to follow.
    @inlinable
    public mutating func isNew(_ fingerprint: UInt64) -> Bool {
        transitions &+= 1
        let slot = Int(truncatingIfNeeded: fingerprint) & (Successors.recentCount &- 1)
        if recent[slot] == fingerprint || visited[shard(of: fingerprint)].contains(fingerprint) { return false }
        recent[slot] = fingerprint
        return true
    }

    /// Where an image is to be written that has so many words at most, before it is added.
    @inlinable
    public mutating func room(for words: Int) -> UnsafeMutablePointer<UInt64> { images.room(for: words &+ 1) + 1 }

    /// A state that the step of this number leads to. Its image stands in the room that was asked for last.
    @inlinable
    public mutating func add(choice: Int, fingerprint: UInt64, words: Int) {
        let place = images.take(words &+ 1)
        place[0] = parent &<< 32 | UInt64(truncatingIfNeeded: choice) &<< 16 | UInt64(truncatingIfNeeded: words)
        outboxes[shard(of: fingerprint)].append(fingerprint, place)
    }

    func removeAll() {
        for index in outboxes.indices { outboxes[index].count = 0 }
    }

    /// The next level is the present one now.
    mutating func goToNextLevel() {
        swap(&images, &olderImages)
        images.removeAll()
    }
}

/// States on their way to a shard.
@usableFromInline
struct Outbox {
    @usableFromInline
    struct Entry {
        @usableFromInline let fingerprint: UInt64
        @usableFromInline let state: UnsafePointer<UInt64>

        @inlinable
        init(_ fingerprint: UInt64, _ state: UnsafePointer<UInt64>) {
            self.fingerprint = fingerprint
            self.state = state
        }
    }

    @usableFromInline var entries: UnsafeMutablePointer<Entry>
    @usableFromInline var count = 0
    @usableFromInline var capacity = 1 << 8

    @usableFromInline
    init() { entries = .allocate(capacity: capacity) }

    func free() { entries.deallocate() }

    @inlinable
    mutating func append(_ fingerprint: UInt64, _ state: UnsafePointer<UInt64>) {
        if count == capacity { grow() }
        (entries + count).initialize(to: Entry(fingerprint, state))
        count &+= 1
    }

    @usableFromInline
    mutating func grow() {
        capacity *= 2
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
    }
}

/// The number of the shard that a state belongs to: by bits that the tables do not look at first.
@inlinable
func shard(of fingerprint: UInt64) -> Int { Int(truncatingIfNeeded: fingerprint &>> 61) }
