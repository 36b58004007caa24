/// A part of the states, told by their fingerprints: one worker at a time inserts into it, so that
/// nothing is locked. There are as many whatever the number of workers, which is why one worker
/// and several number the states alike.
final class Shard: @unchecked Sendable {
    static let count = 8

    let number: Int
    private var states = VisitedStates()
    /// The states of the level that is gone through now.
    private(set) var level = Images()
    private(set) var firstOfLevel = 0

    init(number: Int) { self.number = number }

    var stateCount: Int { states.parents.count }
    /// States of the next level that are known by now.
    var nextCount: Int { states.next.count }
    var visited: FingerprintSet.View { states.visited.view }

    /// Bytes that it occupies.
    var byteCount: Int { states.byteCount + level.byteCount }

    /// The number of a state of this shard, all shards together.
    func state(_ index: Int) -> UInt32 { UInt32(index * Shard.count + number) }

    /// How a state was reached; nil for the first.
    func origin(of index: Int) -> (parent: UInt32, choice: Int)? {
        let parent = states.parents[index]
        return parent == .max ? nil : (parent, Int(states.choices[index]))
    }

    /// Takes in what a worker has found for this shard.
    func insert(_ box: Outbox) { states.insert(box) }

    func goToNextLevel() {
        firstOfLevel += level.count
        swap(&level, &states.next)
        states.next.removeAll()
    }
}

/// The states of a shard: apart from it, so that taking one in is a matter of this value alone.
private struct VisitedStates: ~Copyable {
    var visited = FingerprintSet()
    /// How each state was reached first: the parent's number, and which of its steps it was.
    var parents: [UInt32] = []
    var choices: [UInt16] = []
    /// The states of the next level.
    var next = Images()

    var byteCount: Int {
        visited.byteCount + roomOfArray(of: parents.count) * (4 + 2) + next.byteCount
    }

    mutating func insert(_ box: Outbox) {
        let entries = UnsafePointer(box.entries)
        var at = 0
        while at < box.count {
            // The table is far away in memory: a few reads at a time go there together.
            let end = min(at &+ 16, box.count)
            var seen: UInt64 = 0
            for index in at..<end { seen |= visited.touch(entries[index].fingerprint) }
            withExtendedLifetime(seen) {}
            for index in at..<end where visited.insert(entries[index].fingerprint) {
                let head = entries[index].state[0]
                parents.append(UInt32(truncatingIfNeeded: head &>> 32))
                choices.append(UInt16(truncatingIfNeeded: head &>> 16))
                next.append(entries[index].state)
            }
            at = end
        }
    }
}

/// For how many elements an array has room that has grown to so many, as arrays double. What it says of
/// itself depends on what the allocator had at hand, and figures are to be the same each time.
private func roomOfArray(of count: Int) -> Int {
    count == 0 ? 0 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
}

/// Images of states, one behind the other: each has its length in front of it.
struct Images {
    private var states: [UnsafePointer<UInt64>] = []
    private var words = 0

    var count: Int { states.count }
    /// As others keep the images, this is what they occupy.
    var byteCount: Int { (roomOfArray(of: states.count) + words) * 8 }

    mutating func append(_ state: UnsafePointer<UInt64>) {
        states.append(state)
        words += 1 + Images.length(state)
    }

    mutating func removeAll() {
        states.removeAll(keepingCapacity: true)
        words = 0
    }

    subscript(_ index: Int) -> UnsafeBufferPointer<UInt64> {
        UnsafeBufferPointer(start: states[index] + 1, count: Images.length(states[index]))
    }

    private static func length(_ state: UnsafePointer<UInt64>) -> Int { Int(state[0] & 0xffff) }
}
