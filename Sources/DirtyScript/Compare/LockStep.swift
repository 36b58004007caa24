import DirtyMachine

/// A kernel of a comparison: a profile, with some of its switches turned.
public struct ComparedKernel: Hashable, Sendable {
    public let profile: Profile
    public let rules: [RuleOverride]

    public init(_ profile: Profile, rules: [RuleOverride] = []) {
        self.profile = profile
        self.rules = rules
    }

    /// `2.6.19`, `2.6.19+mkclean-flush=wrong`.
    public var name: String {
        ([profile.rawValue] + rules.map { "\($0.name)=\($0.value)" }).joined(separator: "+")
    }
}

/// One scenario under several kernels, in lock-step.
///
/// Kernels take different numbers of atomic steps for the same command, so what keeps them
/// together is the script: a step moves every side that is at the earliest command by one move,
/// and a side that is through with it waits until the others are, too.
public struct LockStep: Sendable {
    public let kernels: [ComparedKernel]
    /// The sessions, in the order in which the kernels were named.
    public private(set) var sides: [Session]
    /// For each side, why it cannot go on; nil while it can.
    public private(set) var obstacles: [String?]
    /// For each side, the pages handed to the device so far.
    public private(set) var written: [Int]
    private var steps: [Step] = []

    private struct Step: Sendable {
        /// Which sides moved.
        var moved: [Int]
        // What was before it.
        var obstacles: [String?]
        var written: [Int]
    }

    /// Prepares the scenario for each kernel. The scenario's own rules hold where a kernel has them
    /// and does not say otherwise.
    public init(_ scenario: Scenario, kernels: [ComparedKernel]) throws(Diagnostics) {
        var sides: [Session] = []
        for kernel in kernels {
            sides.append(try Session(scenario, kernel: kernel.profile, rules: kernel.rules))
        }
        self.kernels = kernels
        self.sides = sides
        obstacles = Array(repeating: nil, count: sides.count)
        written = Array(repeating: 0, count: sides.count)
    }

    /// Steps taken.
    public var position: Int { steps.count }

    /// No side can go on.
    public var isAtEnd: Bool { movers.isEmpty }

    /// The sides that the next step moves.
    public var movers: [Int] {
        let able = sides.indices.filter { obstacles[$0] == nil && !sides[$0].isAtEnd }
        guard let first = able.map({ sides[$0].pace }).min() else { return [] }
        return able.filter { sides[$0].pace == first }
    }

    /// Index of the statement that the sides are at; the number of statements at the end.
    public var pace: Int {
        movers.first.map { sides[$0].pace } ?? sides.map(\.statements.count).max() ?? 0
    }

    /// The command that the sides are at.
    public var currentStatement: Statement? {
        guard let side = movers.first, sides[side].statements.indices.contains(pace) else { return nil }
        return sides[side].statements[pace]
    }

    /// The sides that the latest step moved.
    public var moved: [Int] { steps.last?.moved ?? [] }

    /// Takes a step. False at the end.
    @discardableResult
    public mutating func step() -> Bool {
        var conclusions: [[Conclusion]] = []
        return step(&conclusions)
    }

    /// Takes a step and tells which statements each side brought to their end.
    @discardableResult
    public mutating func step(_ conclusions: inout [[Conclusion]]) -> Bool {
        conclusions = Array(repeating: [], count: sides.count)
        let movers = movers
        guard !movers.isEmpty else { return false }
        var step = Step(moved: [], obstacles: obstacles, written: written)
        for side in movers {
            switch sides[side].advance(sides[side].nextChoice, &conclusions[side]) {
            case .moved:
                step.moved.append(side)
                written[side] += sides[side].latestChanges.count { $0.isSubmission }
            case .blocked(let blocked): obstacles[side] = blocked.message
            case .refused(let problem): obstacles[side] = problem.message
            case .atEnd: break
            }
        }
        steps.append(step)
        return true
    }

    /// Takes the latest step back, exactly. False at the beginning.
    @discardableResult
    public mutating func stepBack() -> Bool {
        guard let step = steps.popLast() else { return false }
        for side in step.moved { sides[side].stepBack() }
        obstacles = step.obstacles
        written = step.written
        return true
    }

    /// Forgets the way back, for runs that only go forward.
    mutating func forgetHistory() {
        for side in sides.indices
        where sides[side].progress.running == nil && sides[side].progress.race == nil { sides[side].forgetHistory() }
        steps.removeAll(keepingCapacity: true)
    }
}

extension Session {
    /// Where the script stands, as the index of the next statement that is a move of its own.
    public var pace: Int {
        guard progress.running == nil, progress.race == nil else { return progress.cursor }
        return statements.indices.dropFirst(progress.cursor).first { !statements[$0].ridesAlong }
            ?? statements.count
    }
}

extension Change {
    /// The change that makes a page's write: the page is on its way to the device.
    var isSubmission: Bool {
        kind == .bio && offset == 0 && UInt8(truncatingIfNeeded: new) == RecordKind.bio.rawValue
            && UInt8(truncatingIfNeeded: old) != RecordKind.bio.rawValue
    }
}
