import DirtyMachine
import DirtyScript

/// Which kernels, or which switches of one kernel, survive a race.
public struct Survival: Sendable {
    /// One row: the race under another kernel or rule.
    public struct Variant: Hashable, Sendable {
        public let kernel: Profile
        /// The switch that is flipped; nil for the kernel as it is.
        public let rule: RuleOverride?

        var name: String { rule.map { "\($0.name)=\($0.value)" } ?? kernel.rawValue }
    }

    public let variant: Variant
    /// What came of it; nil where the switches do not go together, or the race is not reached.
    public let exploration: Exploration?
    public let milliseconds: Int

    public init(variant: Variant, exploration: Exploration?, milliseconds: Int) {
        self.variant = variant
        self.exploration = exploration
        self.milliseconds = milliseconds
    }

    /// Every kernel, each with the rules of the scenario that mean something there.
    public static let kernels = Profile.allCases.map { Variant(kernel: $0, rule: nil) }

    /// The scenario's kernel as it is, and with each of its switches flipped to each other value.
    public static func switches(of scenario: Scenario, _ options: Explorer.Options) -> [Variant] {
        var profile = Profile.v6_18
        var current: [String: String] = [:]
        for statement in scenario.statements {
            switch statement.command {
            case .kernel(let word): profile = Profile(rawValue: word) ?? profile
            case .rule(let name, let value): current[name] = value
            default: break
            }
        }
        profile = options.kernel ?? profile
        for rule in options.rules { current[rule.name] = rule.value }
        var variants = [Variant(kernel: profile, rule: nil)]
        for knob in Switch.all {
            guard case .value(let usual) = knob.standing(in: profile) else { continue }
            for word in knob.words where word != current[knob.name] ?? usual {
                variants.append(
                    Variant(kernel: profile, rule: RuleOverride(name: knob.name, value: word)))
            }
        }
        return variants
    }

    /// The options of an exploration under a variant.
    public static func options(_ options: Explorer.Options, _ variant: Variant) -> Explorer.Options {
        var options = options
        options.kernel = variant.kernel
        if let rule = variant.rule {
            options.rules.removeAll { $0.name == rule.name }
            options.rules.append(rule)
        } else {
            // A rule of the command line may mean nothing on another kernel.
            options.rules.removeAll { rule in
                var rules = variant.kernel.rules
                return rules.set(rule.name, rule.value, in: variant.kernel) != .accepted
            }
        }
        return options
    }

    // MARK: Rows

    public var row: SurvivalRow {
        let breach = exploration?.breach
        return SurvivalRow(
            name: variant.name, verdict: exploration?.verdict.rawValue ?? SurvivalRow.impossible,
            what: breach.map { $0.invariant?.id ?? ($0.isDeadlock ? "deadlock" : "expectation") } ?? "-",
            steps: breach?.schedule.count ?? 0, states: exploration?.result.states ?? 0)
    }

    public var json: String {
        func text(_ text: String?, _ writer: inout JSONWriter) {
            if let text { writer.string(text) } else { writer.null() }
        }
        var writer = JSONWriter()
        let breach = exploration?.breach
        writer.object([
            ("kernel", { $0.string(variant.kernel.rawValue) }),
            ("rule", { text(variant.rule.map { "\($0.name)=\($0.value)" }, &$0) }),
            ("verdict", { text(exploration?.verdict.rawValue, &$0) }),
            ("invariant", { text(breach?.invariant?.id, &$0) }),
            ("limit", { text(exploration?.limit?.rawValue, &$0) }),
            ("found", { text(breach?.text, &$0) }),
            ("steps", { $0.number(breach?.schedule.count ?? 0) }),
            ("states", { $0.number(exploration?.result.states ?? 0) }),
            ("transitions", { $0.number(exploration?.result.transitions ?? 0) }),
            ("seconds", { $0.decimal(thousandths: milliseconds) }),
        ])
        return writer.text
    }
}
