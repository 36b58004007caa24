// Who called whom, read from the log: every call is a change of the caller's stack.

/// A kernel function that ran, with the functions that it called. Calls of one function by the
/// same caller are one node with a count, in the place of the first.
public struct CallNode: Hashable, Sendable {
    public let function: KernelFunction
    public internal(set) var count: Int
    public internal(set) var callees: [CallNode] = []
}

extension Machine {
    /// The calls in a run of changes of this machine's log, one tree for each outermost function.
    ///
    /// Functions that were running before the changes began are in it, as the callers that they
    /// are. What the device did by itself comes last.
    public func calls(in changes: some Collection<Change>) -> [CallNode] {
        var traces: [UInt32: StackTrace] = [:]
        var order: [UInt32] = []
        for change in changes where change.kind == .task && StackTrace.holds(change) {
            if traces[change.ref] == nil {
                order.append(change.ref)
                traces[change.ref] = StackTrace(state, change.ref, before: changes)
            }
            traces[change.ref]!.follow(change)
        }
        return order.flatMap { traces[$0]!.root.callees } + deviceCalls(in: changes)
    }

    private func deviceCalls(in changes: some Sequence<Change>) -> [CallNode] {
        var device = CallNode(function: .device, count: 0)
        var completed = 0
        for change in changes where change.task == 0 {
            if change.function == .device || change.function == .end_page_writeback { device.count = 1 }
            // A bio that has been completed is free.
            if change.function == .end_page_writeback, change.kind == .bio, change.offset == 0,
                RecordKind(rawValue: UInt8(truncatingIfNeeded: change.new)) == .free
            { completed += 1 }
        }
        guard device.count > 0 else { return [] }
        if completed > 0 {
            device.callees = [CallNode(function: .end_page_writeback, count: completed)]
        }
        return [device]
    }
}

/// One task's stack while its changes are gone through, and the tree that comes of it.
private struct StackTrace {
    /// What stands above the outermost functions.
    var root = CallNode(function: .none, count: 0)
    /// Where the functions on the stack are in the tree, outermost first.
    private var path: [Int] = []

    private static let words = UInt8(Task.maximumDepth / 4)
    private static let first = Field<Task, Int>.function(0).offset

    /// Whether a change of a task's record is one of its stack.
    static func holds(_ change: Change) -> Bool {
        (first..<first + words).contains(change.offset)
    }

    /// The stack as it was before the first of the changes.
    init(_ state: State, _ task: UInt32, before changes: some Collection<Change>) {
        var words = (0..<Self.words).map { word -> UInt64 in
            state.kind(at: task) == .task ? state[Ref<Task>(raw: task), Field(Self.first + word)] : 0
        }
        var isKnown = words.map { _ in false }
        for change in changes where change.ref == task && Self.holds(change) {
            let word = Int(change.offset - Self.first)
            if !isKnown[word] { (words[word], isKnown[word]) = (change.old, true) }
        }
        for level in 0..<Task.maximumDepth {
            guard let function = Self.function(words[level / 4], level) else { break }
            enter(function, level)
        }
    }

    private static func function(_ word: UInt64, _ level: Int) -> KernelFunction? {
        let function = KernelFunction(rawValue: UInt8(Field<Task, Int>.function(level).extract(word)))
        return function == KernelFunction.none ? nil : function
    }

    mutating func follow(_ change: Change) {
        let base = Int(change.offset - Self.first) * 4
        for level in base..<base + 4 {
            let (old, new) = (Self.function(change.old, level), Self.function(change.new, level))
            guard old != new else { continue }
            if path.count > level { path.removeLast(path.count - level) }
            if let new { enter(new, level) }
        }
    }

    private mutating func enter(_ function: KernelFunction, _ level: Int) {
        guard path.count == level else { return }
        path.append(Self.add(function, to: &root, path[...]))
    }

    /// Counts a call in the node that a path leads to. Returns its place among the callees.
    private static func add(
        _ function: KernelFunction, to node: inout CallNode, _ path: ArraySlice<Int>
    ) -> Int {
        if let next = path.first { return add(function, to: &node.callees[next], path.dropFirst()) }
        if let known = node.callees.firstIndex(where: { $0.function == function }) {
            node.callees[known].count += 1
            return known
        }
        node.callees.append(CallNode(function: function, count: 1))
        return node.callees.count - 1
    }
}
