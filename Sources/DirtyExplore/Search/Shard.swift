/// A part of the states, told by their fingerprints: one worker at a time inserts into it, so that
/// nothing is locked. There are as many whatever the number of workers, which is why one worker
/// and several number the states alike.
final class Shard: @unchecked Sendable {
    static let count = 8

    let number: Int
    var visited = FingerprintSet()
    /// How each state was reached first: the parent's number, and which of its steps it was.
    private var parents: [UInt32] = []
    private var choices: [UInt16] = []
    /// The states of the level that is gone through now, and those of the next.
    private(set) var level = Images()
    private(set) var next = Images()
    private(set) var firstOfLevel = 0
    private(set) var largestLevelBytes = 0

    init(number: Int) { self.number = number }

    var stateCount: Int { parents.count }

    /// Bytes that it occupies.
    var byteCount: Int {
        visited.byteCount + parents.capacity * 4 + choices.capacity * 2 + level.byteCount
            + next.byteCount
    }

    /// The number of a state of this shard, all shards together.
    func state(_ index: Int) -> UInt32 { UInt32(index * Shard.count + number) }

    /// How a state was reached; nil for the first.
    func origin(of index: Int) -> (parent: UInt32, choice: Int)? {
        parents[index] == .max ? nil : (parents[index], Int(choices[index]))
    }

    /// Takes in what a worker has found for this shard.
    func insert(_ box: [UInt64]) {
        box.withUnsafeBufferPointer { box in
            var at = 0
            while at < box.count {
                // The table is far away in memory: a few reads at a time go there together.
                var ahead = at
                var seen: UInt64 = 0
                var batch = 0
                while ahead < box.count, batch < 16 {
                    seen |= visited.touch(box[ahead])
                    ahead += 2 + Int(box[ahead + 1] & 0xffff)
                    batch += 1
                }
                withExtendedLifetime(seen) {}
                while at < ahead {
                    let head = box[at + 1]
                    let words = Int(head & 0xffff)
                    if visited.insert(box[at]) {
                        parents.append(UInt32(truncatingIfNeeded: head >> 32))
                        choices.append(UInt16(truncatingIfNeeded: head >> 16))
                        next.append(UnsafeBufferPointer(rebasing: box[at + 2..<at + 2 + words]))
                    }
                    at += 2 + words
                }
            }
        }
    }

    func goToNextLevel() {
        firstOfLevel += level.count
        swap(&level, &next)
        next.removeAll()
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
