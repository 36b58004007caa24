/// What the owner of the rules says about `rule NAME VALUE`.
public enum RuleVerdict: Hashable, Sendable {
    case valid
    /// No rule of that name; these are the rules there are.
    case unknown(candidates: [String])
    /// The rule cannot be that; `expected` says what it can be, `candidates` lists the words among it.
    case badValue(expected: String, candidates: [String] = [])
    /// The rule exists, and setting it under this kernel has no meaning.
    case meaningless(why: String)
}

/// Knows the rules of the kernel profiles. The machine owns that table; the parser only asks. It also
/// asks about an empty name, and about an empty value, to learn what there is to choose from.
public struct RuleChecker: Sendable {
    public var check: @Sendable (_ name: String, _ value: String, _ kernel: String) -> RuleVerdict

    public init(
        check:
            @escaping @Sendable (_ name: String, _ value: String, _ kernel: String) -> RuleVerdict
    ) {
        self.check = check
    }

    /// Accepts every rule, for where nobody is going to run the scenario.
    public static let permissive = RuleChecker { _, _, _ in .valid }
}
