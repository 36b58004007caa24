/// A kernel whose rules are built in, in the order of time.
public enum Profile: String, Sendable, CaseIterable {
    case v2_6_18 = "2.6.18"
    /// The patch series as it was reviewed in June 2006, with its part 4/6.
    case asPosted = "as-posted"
    case v2_6_19 = "2.6.19"
    case v2_6_20 = "2.6.20"
    case v6_18 = "6.18"

    /// The generation of its code, and then every switch as `Switch.all` has it.
    public var rules: Rules { Profile.rules[self]! }

    private static let rules = Dictionary(
        uniqueKeysWithValues: Profile.allCases.map { ($0, $0.makeRules()) })

    private func makeRules() -> Rules {
        var rules = Rules()
        if self != .v6_18 {
            rules.generation = .v2_6
            rules.tracks = self != .v2_6_18
            rules.mkcleanFlushesBeforeSet = self == .v2_6_20
            rules.hasCancelDirty = self == .v2_6_20
            rules.reclaimWrites = true
            rules.removalUnaccounts = false
            rules.gupDropsWrite = true
            rules.mremapFlushesEachPTE = true
            if self == .v2_6_18 { rules.mprotectUpgrade = .none }
        }
        // VM_INSERTPAGE went in 3.7, and with it the test for it.
        if self == .v6_18 { rules.excludesInsertPage = false }
        for knob in Switch.all {
            if case .value(let word) = knob.standing(in: self) { knob.apply(word, to: &rules) }
        }
        return rules
    }
}
