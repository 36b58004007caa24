import DirtyMachine

/// One link of a chain of causes.
public struct Cause: Hashable, Sendable {
    /// The position right behind the move that did it; 0 for what was so from the beginning.
    public let position: Int
    /// Who did it.
    public let mover: String
    /// The command that it belongs to.
    public let command: String
    /// The step that it was.
    public let frame: StackFrame?
    /// What it did that matters here.
    public let touches: [Touch]
    /// What is to be said where no attribute that others can see has changed; empty otherwise.
    public var note = ""
    /// The kernel functions that the task was in, outermost first.
    public let stack: [KernelFunction]
    /// Why it came to that, in one sentence that the next link goes on from.
    public var because: String
}

extension Session {
    /// Why an attribute is as it is: the move that gave it its value, what made that move happen,
    /// and so on back to a command that somebody gave. The latest first; empty where nothing has
    /// that path. `value` asks for the latest move that gave it this value.
    ///
    /// The way back is gone once, on a copy without a history of its own.
    public func why(_ path: String, value: String? = nil, limit: Int = 16) -> [Cause] {
        why([Bit(path, value)], limit: limit)
    }

    func why(_ bits: [Bit], limit: Int) -> [Cause] {
        var search = CauseSearch(self)
        return search.chain(from: bits, limit: limit)
    }

    /// Why a kernel function runs: who called it, and so on to the access or the command.
    func why(_ function: KernelFunction, limit: Int) -> [Cause] {
        guard let task = taskIn(function) else { return [] }
        var search = CauseSearch(self)
        return search.chain(fromTheCallOf: function, by: machine.slot(of: task), limit: limit)
    }

    /// The task that is in a function: the one that moved last, if it is.
    func taskIn(_ function: KernelFunction) -> Ref<Task>? {
        let slot = moves.last?.slot
        let tasks = machine.state.tasks.filter { task in
            !machine.isDone(task) && machine.state.stack(of: task).contains { $0.function == function }
        }
        return tasks.first { machine.slot(of: $0) == slot } ?? tasks.last
    }

    /// Why a store is lost: the move with which its last copy went, those that took away what knew of
    /// it, the store itself, and what let it through.
    func whyLost(_ store: LostStore, limit: Int) -> [Cause] {
        var search = CauseSearch(self)
        return search.chain(fromTheLossOf: store, limit: limit)
    }
}

/// An attribute that is looked for going back.
struct Bit: Hashable {
    var path: String
    /// The value that it was given; nil: whichever.
    var value: String?
    /// Whether everything below the path counts.
    var isPrefix = false

    init(_ path: String, _ value: String? = nil, isPrefix: Bool = false) {
        self.path = path
        self.value = value
        self.isPrefix = isPrefix
    }

    func matches(_ alteration: Alteration) -> Bool {
        PagePath.matches(alteration.path, path, below: isPrefix) && (value == nil || alteration.new == value)
    }
}

/// What leads on to the cause before: the attributes one of which was given its value by it, or the
/// access of a task.
struct Trail {
    var bits: [Bit] = []
    /// The latest load or store of the task in this slot.
    var accessOf: Int?
    var because: String

    /// Nothing before it: the command itself is the reason.
    var isEnd: Bool { bits.isEmpty && accessOf == nil }
}

/// Goes back through a session's moves and gathers causes.
struct CauseSearch {
    /// A copy that goes back.
    var walker: Session

    /// Moves that one answer is looked for among.
    private static let limit = 500_000

    let earliest: Int

    init(_ session: Session) {
        walker = session
        earliest = max(0, session.position - Self.limit)
    }

    mutating func chain(from bits: [Bit], limit: Int) -> [Cause] {
        var causes: [Cause] = []
        follow(Trail(bits: bits, because: ""), &causes, limit)
        return causes
    }

    /// Goes on from a trail to where it ends.
    mutating func follow(_ trail: Trail, _ causes: inout [Cause], _ limit: Int) {
        var trail = trail
        while causes.count < limit, !trail.isEnd {
            guard let (cause, next) = find(trail) else {
                if let root = beginning(causes) { causes.append(root) }
                return
            }
            causes.append(cause)
            trail = next
        }
    }

    /// The latest move that a trail leads to, and the trail that goes on from it.
    private mutating func find(_ trail: Trail) -> (Cause, Trail)? {
        while walker.position > earliest, let move = walker.moves.last {
            let isAccess = trail.accessOf == move.slot && move.frame?.function.isAccess == true
            let all = isAccess || trail.bits.isEmpty ? [] : walker.latestAlterations
            var found = all.filter { alteration in trail.bits.contains { $0.matches(alteration) } }
            // Cleaning a PTE empties it and writes it back: what became of W was settled when it was emptied.
            if found.allSatisfy({ $0.function == .page_mkclean_one && $0.attribute == "present" && $0.new == "1" }),
                trail.bits.contains(where: { $0.path.hasSuffix(".write") })
            {
                found = []
            }
            // What was asked about first is told first.
            found = trail.bits.flatMap { bit in found.filter(bit.matches) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
            guard isAccess || !found.isEmpty else {
                walker.stepBack()
                continue
            }
            let rules = CauseRules(machine: walker.machine, session: walker, move: move)
            var next = isAccess
                ? rules.trail(ofAccessBefore: walker.machine.before(walker.latestChanges)) : rules.trail(of: found[0])
            // What it follows from may have come with the very same move.
            while let same = all.first(where: { change in !found.contains(change) && next.bits.contains { $0.matches(change) } }) {
                found.append(same)
                next = rules.trail(of: same)
            }
            let position = walker.position
            walker.stepBack()
            var cause = cause(position, move, found, next.because)
            if isAccess { cause.note = "the \(move.frame?.function == .user_store ? "store" : "load") cannot go through: a fault" }
            return (cause, next)
        }
        return nil
    }

    /// Told with the stack as it was before the move.
    func cause(_ position: Int, _ move: Move, _ found: [Alteration], _ because: String) -> Cause {
        let machine = walker.machine
        let task = machine.task(inSlot: move.slot)
        return Cause(
            position: position, mover: walker.mover(of: move),
            command: walker.statement(atLine: move.line)?.labelledText ?? "", frame: move.frame,
            touches: found.map(Touch.init),
            stack: move.slot != 0 && task.exists ? machine.state.stack(of: task).map(\.function) : [],
            because: because)
    }

    /// Where the trail is lost at the first move: it was so when the scenario began.
    private func beginning(_ causes: [Cause]) -> Cause? {
        guard !causes.isEmpty else { return nil }
        return Cause(
            position: 0, mover: "", command: "", frame: nil, touches: [], stack: [],
            because: walker.position == 0 ? "it was so at the beginning" : "what comes before is too long ago")
    }
}

extension KernelFunction {
    /// A load or a store of the CPU.
    var isAccess: Bool { self == .user_load || self == .user_store }
}
