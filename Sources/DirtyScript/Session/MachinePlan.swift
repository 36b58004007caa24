import DirtyMachine

/// `--rule NAME=VALUE`.
public struct RuleOverride: Hashable, Sendable {
    public let name: String
    public let value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// What the set-up lines say about the machine that must be built before anything runs.
struct MachinePlan {
    let name: String
    var profile = Profile.v6_18
    var rules = Profile.v6_18.rules
    var cpus = 2
    var frames = 4096

    init(_ scenario: Scenario, kernel: Profile?, overrides: [RuleOverride]) throws(Diagnostics) {
        name = scenario.name
        for case .kernel(let word) in scenario.statements.lazy.map(\.command) {
            profile = Profile(rawValue: word) ?? profile
        }
        if let kernel { profile = kernel }
        rules = profile.rules
        for statement in scenario.statements {
            switch statement.command {
            case .cpus(let count): cpus = count
            case .frames(let count): frames = count
            case .rule(let rule, let value):
                let verdict = rules.set(rule, value, in: profile)
                // A scenario's own rule may have no meaning on a kernel chosen on the command line;
                // then that kernel's own behaviour stands.
                if verdict != .accepted, kernel == nil {
                    throw Diagnostics([
                        statement.diagnostic(in: name, "rule '\(rule)' cannot be '\(value)'", at: value)
                    ])
                }
            default: break
            }
        }
        let problems = scenario.statements.compactMap { SemanticCheck.problem(in: $0, name: name) }
        guard problems.isEmpty else {
            throw Diagnostics(Array(problems.prefix(Limits.diagnostics)))
        }
        if kernel == nil, let conflict = rules.conflict {
            let statement = scenario.statements.first {
                if case .rule(conflict.rule, _) = $0.command { true } else { false }
            }
            if let statement {
                throw Diagnostics([
                    statement.diagnostic(
                        in: name, "rule '\(conflict.rule)': \(conflict.why)", at: conflict.rule)
                ])
            }
        }
        for override in overrides {
            let verdict = RuleChecker.machine.check(override.name, override.value, profile.rawValue)
            guard case .valid = verdict, rules.set(override.name, override.value, in: profile) == .accepted
            else {
                throw Diagnostics([RuleChecker.diagnostic(override, verdict, profile)])
            }
        }
        if let conflict = rules.conflict,
            let override = overrides.first(where: { $0.name == conflict.rule })
        {
            var diagnostic = RuleChecker.diagnostic(override, .valid, profile)
            diagnostic.message = "rule '\(conflict.rule)': \(conflict.why)"
            throw Diagnostics([diagnostic])
        }
    }

    func makeMachine() -> Machine { Machine(rules: rules, cpus: cpus, frames: frames) }
}

extension RuleChecker {
    /// The rules that the simulator's kernels have.
    public static let machine = RuleChecker { name, value, kernel in
        guard let profile = Profile(rawValue: kernel) else { return .valid }
        if name.isEmpty { return .unknown(candidates: Rules.settable(in: profile)) }
        var rules = profile.rules
        switch rules.set(name, value, in: profile) {
        case .accepted: return .valid
        case .unknownRule(let known): return .unknown(candidates: known)
        case .badValue(let expected):
            let words = expected.split(separator: ",").map { $0.drop { $0 == " " } }
            return .badValue(
                expected: expected, candidates: words.map(String.init).filter { !$0.contains(" ") })
        case .refused(let why): return .meaningless(why: why)
        }
    }

    /// What is wrong with a rule given on the command line.
    static func diagnostic(
        _ override: RuleOverride, _ verdict: RuleVerdict, _ profile: Profile
    ) -> Diagnostic {
        let text = "\(override.name)=\(override.value)"
        var diagnostic = Diagnostic(
            file: "--rule", location: SourceLocation(line: 1, column: 1, length: text.count),
            message: "", expected: nil, suggestion: nil, source: text)
        switch verdict {
        case .valid: diagnostic.message = "this rule cannot be set"
        case .unknown(let candidates):
            diagnostic.message = "unknown rule '\(printable(override.name))'"
            diagnostic.expected = candidates.joined(separator: ", ")
            diagnostic.suggestion = Suggestion.nearest(to: override.name, among: candidates)
        case .badValue(let expected, let candidates):
            diagnostic.suggestion = Suggestion.nearest(to: override.value, among: candidates)
            diagnostic.message = "rule '\(printable(override.name))' cannot be '\(printable(override.value))'"
            diagnostic.expected = expected
        case .meaningless(let why):
            diagnostic.message =
                "rule '\(printable(override.name))' has no meaning on \(profile.rawValue): \(why)"
        }
        return diagnostic
    }
}

/// What only the machine's owner can check in a line that parsed.
enum SemanticCheck {
    static func problem(in statement: Statement, name: String) -> Diagnostic? {
        switch statement.command {
        case .step(_, .until(let function)) where KernelFunction.named(function) == nil:
            return statement.diagnostic(
                in: name, "no modelled kernel function is called '\(function)'", at: function,
                expected: "a name as the call path shows it, such as set_page_dirty",
                candidates: KernelFunction.stepNames)
        case .expect(.invariant(let invariant?)) where Invariant.named(invariant) == nil,
            .expect(.brokenInvariant(let invariant)) where Invariant.named(invariant) == nil:
            return statement.diagnostic(
                in: name, "no invariant is called '\(invariant)'", at: invariant,
                expected: Invariant.allCases.map { "\($0.name) (\($0.id))" }.joined(separator: ", "),
                candidates: Invariant.allCases.flatMap { [$0.name, $0.id] })
        default:
            return nil
        }
    }
}

extension KernelFunction {
    /// Every name that `step … until` takes, of both generations.
    static let stepNames: [String] = allCases.filter { $0 != .none && $0 != .scenario }
        .flatMap { [$0.names.classic, $0.names.modern] }
}

extension Statement {
    /// Set-up lines, which take no part in the play.
    public var isSetUp: Bool {
        switch command {
        case .title, .kernel, .rule, .cpus, .frames, .dirty, .file, .device, .process, .thread: true
        default: false
        }
    }
}
