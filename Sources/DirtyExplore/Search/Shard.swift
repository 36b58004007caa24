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
        visited.byteCount + parents.capacity * 4 + choices.capacity * 2 + next.byteCount
    }

    mutating func insert(_ box: Outbox) {
        let words = UnsafePointer(box.words)
        var at = 0
        while at < box.count {
            // The table is far away in memory: a few reads at a time go there together.
            var ahead = at
            var seen: UInt64 = 0
            var batch = 0
            while ahead < box.count, batch < 16 {
                seen |= visited.touch(words[ahead])
                ahead &+= 2 &+ Int(words[ahead &+ 1] & 0xffff)
                batch &+= 1
            }
            withExtendedLifetime(seen) {}
            while at < ahead {
                let head = words[at &+ 1]
                let count = Int(head & 0xffff)
                if visited.insert(words[at]) {
                    parents.append(UInt32(truncatingIfNeeded: head &>> 32))
                    choices.append(UInt16(truncatingIfNeeded: head &>> 16))
                    next.append(UnsafeBufferPointer(start: words + at + 2, count: count))
                }
                at &+= 2 &+ count
            }
        }
    }
}

/// Images of states, one behind the other.
struct Images {
    private var words: [UInt64] = []
    private var ends: [Int] = []

    var count: Int { ends.count }
    var byteCount: Int { (words.capacity + ends.capacity) * 8 }

    mutating func append(_ image: UnsafeBufferPointer<UInt64>) {
        words.append(contentsOf: image)
        ends.append(words.count)
    }

    mutating func removeAll() {
        words.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    func withImage<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
        let start = index == 0 ? 0 : ends[index - 1]
        return words.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[start..<ends[index]]))
        }
    }
}
