/// One difference between kernels that a scenario can override with `rule`.
///
/// `Switch.all` is the only place that knows the names; setting, errors, completion and the table
/// of `dirtyscope rules` come from it.
public struct Switch: Sendable {
    /// Number of the review point, `S01` to `S30`; empty for a setting of the model.
    public let id: String
    /// What `rule` calls it.
    public let name: String
    /// One sentence: what is so when it is right, or what the setting does.
    public let meaning: String
    let values: Values
    private let standings: [Standing]

    /// What a switch can be set to.
    enum Values: Sendable {
        case words([Value])
        case powerOfTwo(ClosedRange<Int>, @Sendable (inout Rules, Int) -> Void)
    }

    /// A word, other spellings of it, and its effect.
    struct Value: Sendable {
        let word: String
        let aliases: [String]
        let apply: @Sendable (inout Rules) -> Void

        init(
            _ word: String, aliases: [String] = [],
            _ apply: @escaping @Sendable (inout Rules) -> Void
        ) {
            self.word = word
            self.aliases = aliases
            self.apply = apply
        }
    }

    /// What a switch is in a profile.
    public enum Standing: Hashable, Sendable {
        case value(String)
        /// It has no meaning there; the sentence says why.
        case meaningless(String)
    }

    /// `profiles` has what the switch is in each of `Profile.allCases`.
    init(
        _ id: String, _ name: String, _ meaning: String, _ values: [Value],
        in profiles: [Standing]
    ) {
        self.init(id, name, meaning, .words(values), in: profiles)
    }

    init(
        _ id: String, _ name: String, _ meaning: String, _ values: Values,
        in profiles: [Standing]
    ) {
        precondition(profiles.count == Profile.allCases.count, "\(name) says what it is everywhere")
        self.id = id
        self.name = name
        self.meaning = meaning
        self.values = values
        standings = profiles
    }

    public func standing(in profile: Profile) -> Standing {
        standings[Profile.allCases.firstIndex(of: profile)!]
    }

    /// The words that it can be set to, without their other spellings.
    public var words: [String] {
        switch values {
        case .words(let values): values.map(\.word)
        case .powerOfTwo: []
        }
    }

    /// What it can be set to, in words.
    public var expected: String {
        switch values {
        case .words(let values): values.flatMap { [$0.word] + $0.aliases }.joined(separator: ", ")
        case .powerOfTwo(let range, _): "a power of two from \(range.lowerBound) to \(range.upperBound)"
        }
    }

    /// Sets the switch; false if it cannot be that.
    @discardableResult
    func apply(_ text: String, to rules: inout Rules) -> Bool {
        switch values {
        case .words(let values):
            guard let value = values.first(where: { $0.word == text || $0.aliases.contains(text) })
            else { return false }
            value.apply(&rules)
        case .powerOfTwo(let range, let apply):
            guard let number = Int(text), range.contains(number), number & (number - 1) == 0
            else { return false }
            apply(&rules, number)
        }
        return true
    }

    public static func named(_ name: String) -> Switch? {
        all.first { $0.name == name || (!$0.id.isEmpty && $0.id.lowercased() == name.lowercased()) }
    }
}

extension Switch.Standing: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = .value(value) }

    static func none(_ why: String) -> Self { .meaningless(why) }
}

extension [Switch.Value] {
    /// Most switches: right is one value of a flag, wrong the other.
    static func flag(
        _ field: any WritableKeyPath<Rules, Bool> & Sendable, right: Bool = true
    ) -> [Switch.Value] {
        [.init("right") { $0[keyPath: field] = right }, .init("wrong") { $0[keyPath: field] = !right }]
    }
}

/// What became of an attempt to set a rule.
public enum RuleVerdict: Hashable, Sendable {
    case accepted
    case unknownRule(known: [String])
    case badValue(expected: String)
    /// The rule has no meaning in this profile; the sentence says why.
    case refused(why: String)
}

extension Rules {
    /// What is wrong with the switches taken together, if anything.
    public var conflict: (rule: String, why: String)? {
        guard generation == .v6, !faultWaitsPageLock, mkwriteReturnsLocked else { return nil }
        return (
            "fault-waits-page-lock",
            "it cannot be wrong on 6.18 while 'mkwrite-returns-locked' is right"
        )
    }

    /// The names of the rules that mean something in a profile.
    public static func settable(in profile: Profile) -> [String] {
        Switch.all.filter {
            if case .value = $0.standing(in: profile) { true } else { false }
        }.map(\.name)
    }

    /// Overrides one switch, or says why it cannot be.
    public mutating func set(_ name: String, _ value: String, in profile: Profile) -> RuleVerdict {
        guard let knob = Switch.all.first(where: { $0.name == name }) else {
            return .unknownRule(known: Rules.settable(in: profile))
        }
        if case .meaningless(let why) = knob.standing(in: profile) { return .refused(why: why) }
        guard knob.apply(value, to: &self) else { return .badValue(expected: knob.expected) }
        return .accepted
    }
}
