import DirtyMachine
import DirtyScript

/// What verifying a scenario came to.
public struct Verification: Sendable {
    public enum Verdict: Hashable, Sendable {
        case agrees
        case differs
        /// Nothing, or only the lines before this one, could be carried out.
        case notExecuted(line: Int, reason: String)
    }

    public internal(set) var verdict = Verdict.agrees
    public internal(set) var findings = Findings()
    public internal(set) var operations = 0
    /// Expectations of the scenario that the model does not meet.
    public internal(set) var failedExpectations: [String] = []
    public internal(set) var notes: [String] = []

    public init() {}

    /// Adds up what several scenarios came to.
    public mutating func add(_ other: Verification) {
        findings.add(other.findings)
        operations += other.operations
        failedExpectations += other.failedExpectations
        for note in other.notes { add(note) }
        if other.verdict == .differs { verdict = .differs }
    }

    mutating func add(_ note: String) {
        if !notes.contains(note) { notes.append(note) }
    }
}

/// One operation, done on both sides.
public struct VerifiedStep: Sendable {
    public let line: Int
    public let command: String
    public let outcome: String
    public let faults: (minor: Int, major: Int)?
    public let findings: Findings
}

/// Carries scenarios out on the running kernel and compares it with the 6.18 model, step by step.
public struct Verifier {
    public struct Options: Sendable {
        /// Compare A bits as well.
        public var accessed = false
        /// Rules that the model is told against better knowledge, to see that the comparison
        /// notices.
        public var rules: [RuleOverride] = []

        public init() {}
    }

    private let abilities: HostAbilities
    private let options: Options

    public init(_ abilities: HostAbilities, _ options: Options = Options()) {
        self.abilities = abilities
        self.options = options
    }

    /// Runs the scenario on both sides up to the first step that differs. A run that differs is
    /// repeated once before it is believed: reclaim and others may have had a hand in it.
    public func verify(
        _ scenario: Scenario, report: (VerifiedStep) throws -> Void = { _ in }
    ) throws -> Verification {
        let first = try run(scenario, report)
        guard first.verdict == .differs else { return first }
        var second = try run(scenario) { _ in }
        if second.verdict == .differs {
            second.add("the run was repeated, and differed again")
        } else {
            let what = first.findings.differences.first.map { "\($0.observable.rawValue) of \($0.place)" }
            second.add("a first run differed (\(what ?? "")), its repetition did not: noise of the host")
        }
        return second
    }

    private func run(
        _ scenario: Scenario, _ report: (VerifiedStep) throws -> Void
    ) throws -> Verification {
        try run(scenario) { _, step in try report(step) }
    }

    /// The same, with both sides as they are after each step.
    func run(
        _ scenario: Scenario, _ report: (VerifierRun, VerifiedStep) throws -> Void
    ) throws -> Verification {
        if let obstacle = Executable.obstacle(in: scenario)
            ?? Executable.obstacle(in: scenario, abilities)
        {
            var result = Verification()
            result.verdict = .notExecuted(line: obstacle.line, reason: obstacle.reason)
            return result
        }
        var run = try VerifierRun(scenario, abilities, options)
        while let step = try run.next() { try report(run, step) }
        return run.result
    }
}
