import Testing

@testable import DirtyMachine

/// The table of switches against the reference's, and what setting one says.
@Suite struct SwitchTests {
    /// id, name, and what it is in 2.6.18, as-posted, 2.6.19, 2.6.20 and 6.18: r right, w wrong.
    static let reference = """
        S01 helper-name - w r r r
        S02 follow-page-checks-w r r r r r
        S03a wp-test r r r r r
        S03b wp-anon-first w w r r r
        S04 decide-before-mmap r r r r r
        S05 prot-policy overwrite strip keep keep modify
        S06 mkwrite-clause-outside - w r r r
        S07 exclude-pfnmap - r r r r
        S08 exclude-insertpage - w r r -
        S09 null-mapping r r r r r
        S10 bdi-caps w w w w r
        S11 mkclean-filter - all r r r
        S12 mkclean-protect-arg - w r r r
        S13 mkclean-gate - w r r r
        S14 mkclean-anon - w r r r
        S15 mkclean-keeps-d - r r r r
        S16 pte-update-nonatomic r r r r r
        S17 dirty-under-ptl - outside outside outside locked
        S18 ttfb-lock r w w r r
        S19 mkclean-result-used - w w r r
        S20 mkclean-flush - r r r r
        S21 fault-waits-page-lock - w w w r
        S22 mkwrite-returns-locked w w w w r
        S23 mprotect-upgrade - r r r r
        S24 msync-walk r w w w r
        S25 balance-on-fault - none newly-dirty newly-dirty r
        S26 nonlinear-visible w w w w r
        S27 zap-flush after-ptl after-ptl after-ptl after-ptl r
        S28 mremap-flush r r r r r
        S29 cancel-order r r r w r
        S30 wb-requires-pg-dirty off off off off on
        """.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }

    @Test func theTableIsTheReference() {
        let points = Switch.all.filter { !$0.id.isEmpty }
        #expect(points.map(\.id) == Self.reference.map { $0[0] })
        #expect(points.map(\.name) == Self.reference.map { $0[1] })
        for (knob, row) in zip(points, Self.reference) {
            for (profile, expected) in zip(Profile.allCases, row.dropFirst(2)) {
                let word = ["r": "right", "w": "wrong"][expected] ?? expected
                switch knob.standing(in: profile) {
                case .value(let value): #expect(value == word, "\(knob.name) in \(profile)")
                case .meaningless: #expect(expected == "-", "\(knob.name) in \(profile)")
                }
            }
        }
    }

    @Test func everySwitchSaysWhatItIs() {
        #expect(Set(Switch.all.map(\.name)).count == Switch.all.count)
        for knob in Switch.all {
            #expect(knob.meaning.hasSuffix(".") && knob.meaning.count <= 100, "\(knob.name)")
            for profile in Profile.allCases {
                if case .meaningless(let why) = knob.standing(in: profile) {
                    #expect(why.count > 20 && !why.hasSuffix("."), "\(knob.name)")
                }
            }
        }
    }

    /// Setting a switch to what it is anyway changes nothing; every other value changes the rules.
    @Test(arguments: Profile.allCases)
    func valuesAreDistinct(profile: Profile) {
        for knob in Switch.all {
            guard case .value(let word) = knob.standing(in: profile) else {
                var rules = profile.rules
                #expect(rules.set(knob.name, knob.words.first ?? "1", in: profile) != .accepted)
                #expect(rules == profile.rules)
                continue
            }
            var rules = profile.rules
            #expect(rules.set(knob.name, word, in: profile) == .accepted)
            #expect(rules == profile.rules, "\(knob.name)")
            var seen: Set<Rules> = []
            for value in knob.words {
                #expect(rules.set(knob.name, value, in: profile) == .accepted)
                #expect(seen.insert(rules).inserted, "\(knob.name) \(value)")
            }
        }
    }

    @Test func mistakesAreExplained() {
        var rules = Profile.v2_6_18.rules
        #expect(
            rules.set("mkclean-flush", "wrong", in: .v2_6_18)
                == .refused(why: "2.6.18 has no page_mkclean()"))
        #expect(
            rules.set("zap-flush", "never", in: .v2_6_18)
                == .badValue(expected: "before-rmap, right, before-ptl, after-ptl, wrong"))
        var modern = Profile.v6_18.rules
        #expect(
            modern.set("fault-around", "3", in: .v6_18)
                == .badValue(expected: "a power of two from 1 to 512"))
        guard case .unknownRule(let known) = rules.set("no-such", "right", in: .v2_6_18) else {
            Issue.record("accepted")
            return
        }
        #expect(known.contains("zap-flush") && !known.contains("mkclean-flush"))
        #expect(Switch.named("s20")?.name == "mkclean-flush")
    }
}
