/// The words of the arena. A value like an array of them, but for one thing: who is about to write
/// says so once, by `own()`, and not at every word.
///
/// A simulated fault writes a few hundred words. An array would ask each time whether somebody has
/// a copy, and whether the index is good: that was a third of what a fault cost. Debug builds still
/// ask both.
struct Words: @unchecked Sendable {
    private var storage: Storage
    /// The first word, in `storage`.
    private var base: UnsafeMutablePointer<UInt64>
    private(set) var count: Int

    private final class Storage {
        let base: UnsafeMutablePointer<UInt64>
        let capacity: Int

        init(capacity: Int) {
            base = .allocate(capacity: capacity)
            self.capacity = capacity
        }

        deinit { base.deallocate() }
    }

    init() {
        storage = Storage(capacity: 256)
        base = storage.base
        count = 0
    }

    /// Makes a copy, if anybody else has these words too. Before any write.
    @inline(__always)
    mutating func own() {
        if !isKnownUniquelyReferenced(&storage) { move(to: count) }
    }

    subscript(_ index: Int) -> UInt64 {
        @inline(__always) get {
            assert(index >= 0 && index < count)
            return base[index]
        }
        @inline(__always) set {
            assert(index >= 0 && index < count)
            assert(isKnownUniquelyReferenced(&storage), "own() comes before a write")
            base[index] = newValue
        }
    }

    /// More words at the end, all 0.
    mutating func grow(to newCount: Int) {
        guard newCount > count else { return }
        if newCount > storage.capacity { move(to: max(newCount, storage.capacity * 2)) } else { own() }
        (base + count).initialize(repeating: 0, count: newCount - count)
        count = newCount
    }

    /// Fewer words.
    mutating func shrink(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count)
        count = newCount
    }

    @inline(never)
    private mutating func move(to capacity: Int) {
        let fresh = Storage(capacity: max(capacity, count))
        fresh.base.initialize(from: base, count: count)
        storage = fresh
        base = fresh.base
    }

    func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return body(UnsafeBufferPointer(start: base, count: count))
    }

    mutating func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<UInt64>) -> Result
    ) -> Result {
        own()
        defer { withExtendedLifetime(storage) {} }
        return body(UnsafeMutableBufferPointer(start: base, count: count))
    }

    /// All of them as an array.
    var array: [UInt64] { withUnsafeBufferPointer { Array($0) } }
}

extension Words: Hashable {
    static func == (one: Words, other: Words) -> Bool {
        guard one.count == other.count else { return false }
        if one.base == other.base { return true }
        return one.withUnsafeBufferPointer { one in other.withUnsafeBufferPointer { one.elementsEqual($0) } }
    }

    func hash(into hasher: inout Hasher) {
        withUnsafeBufferPointer { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
