/// The changes of a machine, in the order in which they were made. Copies share it until one of them goes
/// on.
public struct ChangeLog: Sendable {
    private var changes = Run<Change>()

    init() {}

    public var count: Int { changes.count }
    public var isEmpty: Bool { changes.count == 0 }
    public var last: Change? { isEmpty ? nil : changes[count - 1] }

    public subscript(_ index: Int) -> Change {
        @inline(__always) get { changes[index] }
    }

    /// Some of them, as an array of their own.
    public subscript(_ range: some RangeExpression<Int>) -> ArraySlice<Change> {
        changes.withUnsafeBufferPointer { all in Array(all[range.relative(to: all)])[...] }
    }

    /// The first of `count` changes, for loops that are made millions of times.
    var elements: UnsafeMutablePointer<Change> { changes.elements }

    /// Before a change is added that somebody else is not to see.
    @inline(__always)
    mutating func own() { changes.own(with: count / 2) }

    @inline(__always)
    mutating func append(_ change: Change) { changes.append(change) }

    /// Forgets the newest, so that `count` are left.
    @inline(__always)
    mutating func shrink(to count: Int) { changes.shrink(to: count) }

    /// Forgets all of them.
    mutating func removeAll() { changes.shrink(to: 0) }

    /// Forgets the oldest so many.
    mutating func removeFirst(_ count: Int) { self = ChangeLog(self[count...]) }

    private init(_ changes: ArraySlice<Change>) {
        self.changes.reserve(changes.count)
        for change in changes { self.changes.append(change) }
    }
}
