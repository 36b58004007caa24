/// Elements in a row. A value like an array of them, but for one thing: who is about to write says so
/// once, by `own()`, and not at every element.
///
/// A simulated fault writes a few hundred words, and a search visits millions of states. An array would
/// ask each time whether somebody has a copy, and whether the index is good: that was a third of what a
/// fault cost. Debug builds still ask both.
struct Run<Element: BitwiseCopyable>: @unchecked Sendable {
    private var storage: Storage
    /// The first element, in `storage`.
    private var base: UnsafeMutablePointer<Element>
    private(set) var count: Int

    private final class Storage {
        let base: UnsafeMutablePointer<Element>
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

    init(_ elements: [Element]) {
        self.init()
        for element in elements { append(element) }
    }

    /// The first of `count` elements, for loops that are made millions of times. Whoever writes there owns
    /// them.
    @inline(__always)
    var elements: UnsafeMutablePointer<Element> { base }

    /// Makes a copy, if anybody else has these elements too, with room for so many more. Before any write.
    @inline(__always)
    mutating func own(with spare: Int = 0) {
        if !isKnownUniquelyReferenced(&storage) { move(to: count + spare) }
    }

    subscript(_ index: Int) -> Element {
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

    /// More elements at the end, all of them `filler`.
    mutating func grow(to newCount: Int, _ filler: Element) {
        guard newCount > count else { return }
        reserve(newCount)
        (base + count).initialize(repeating: filler, count: newCount - count)
        count = newCount
    }

    /// Room for so many in all; it owns its elements then.
    @inline(__always)
    mutating func reserve(_ newCount: Int) {
        if newCount > storage.capacity { move(to: max(newCount, storage.capacity * 2)) } else { own() }
    }

    /// Fewer elements.
    @inline(__always)
    mutating func shrink(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count)
        count = newCount
    }

    /// One more, behind the others.
    @inline(__always)
    mutating func append(_ element: Element) {
        if count == storage.capacity { move(to: max(16, count * 2)) }
        assert(isKnownUniquelyReferenced(&storage), "own() comes before a write")
        base[count] = element
        count &+= 1
    }

    /// These elements in place of what there was.
    @inline(__always)
    mutating func replace(with elements: UnsafePointer<Element>, _ newCount: Int) {
        reserve(newCount)
        base.update(from: elements, count: newCount)
        count = newCount
    }

    @inline(__always)
    mutating func replace(with other: borrowing Run) { replace(with: other.base, other.count) }

    /// Copies all elements to somewhere else.
    @inline(__always)
    func copy(to place: UnsafeMutablePointer<Element>) { place.update(from: base, count: count) }

    @inline(never)
    private mutating func move(to capacity: Int) {
        let fresh = Storage(capacity: max(capacity, count))
        fresh.base.initialize(from: base, count: count)
        storage = fresh
        base = fresh.base
    }

    func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Element>) -> Result) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return body(UnsafeBufferPointer(start: base, count: count))
    }

    /// All of them as an array.
    var array: [Element] { withUnsafeBufferPointer { Array($0) } }
}

extension Run where Element: Equatable {
    func firstIndex(of element: Element) -> Int? {
        for index in 0..<count where base[index] == element { return index }
        return nil
    }
}

extension Run where Element: Comparable {
    /// In ascending order. For a few elements, most of which are in order.
    mutating func sort() {
        for index in 1..<max(1, count) {
            let element = base[index]
            var place = index
            while place > 0, element < base[place &- 1] {
                base[place] = base[place &- 1]
                place &-= 1
            }
            base[place] = element
        }
    }
}

/// The words of the arena.
typealias Words = Run<UInt64>

extension Run where Element == UInt64 {
    /// More words at the end, all 0.
    mutating func grow(to newCount: Int) { grow(to: newCount, 0) }
}

extension Run: Equatable where Element: Equatable {
    static func == (one: Run, other: Run) -> Bool {
        guard one.count == other.count else { return false }
        if one.base == other.base { return true }
        return one.withUnsafeBufferPointer { one in other.withUnsafeBufferPointer { one.elementsEqual($0) } }
    }
}

extension Run: Hashable where Element: Hashable {
    func hash(into hasher: inout Hasher) {
        withUnsafeBufferPointer { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
