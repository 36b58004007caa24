/// What a kernel does differently from another, as data: one switch for each difference.
///
/// The switches with an S number are the review points of "mm: tracking shared dirty pages" and
/// its follow-ups; the others tell the generations of the code apart.
public struct Rules: Hashable, Sendable {
    /// Which functions there are: 2.6's do_no_page() and friends, or 6.18's do_fault() family.
    public enum Generation: UInt8, Hashable, Sendable { case v2_6, v6 }
    public var generation = Generation.v6

    /// When a VMA takes write faults for dirty tracking (the "tracked mapping").
    public enum Tracking: Hashable, Sendable {
        /// Only if the file system has page_mkwrite (2.6.18).
        case mkwriteOnly
        /// vma_wants_writenotify() of 2.6.19 and later.
        case writeNotify
    }
    public var tracking = Tracking.writeNotify

    /// S11: which VMAs page_mkclean() visits.
    public enum MkcleanFilter: Hashable, Sendable { case shared, all, sharedWritableNow }
    public var mkcleanFilter = MkcleanFilter.shared
    /// S15: page_mkclean() clears W only and leaves D.
    public var mkcleanKeepsD = false
    /// S20: page_mkclean() flushes the TLBs.
    public var mkcleanFlushes = true
    /// page_mkclean_one() clears the entry, flushes, and then writes the new one (2.6.20), or
    /// writes the new one before the flush (2.6.19).
    public var mkcleanFlushesBeforeSet = true
    /// S19: clear_page_dirty_for_io() runs page_mkclean() first and redirties the page when a
    /// PTE was dirty; else it clears PG_dirty first and ignores the result.
    public var mkcleanResultUsed = true
    /// page_mkclean() exists.
    public var hasMkclean = true

    /// S17: set_page_dirty() of a write fault runs with the page locked.
    public var dirtiesLocked = true
    /// S18: private_lock is held over the whole of try_to_free_buffers().
    public var ttfbHoldsLock = true
    /// try_to_free_buffers() and truncation use cancel_dirty_page() (2.6.20), which keeps the tag
    /// and the PTEs; before, test_clear_page_dirty().
    public var hasCancelDirty = true
    /// S21: after it made the PTE writable, a 2.6 fault waits for the page lock before it dirties
    /// the page.
    public var faultWaitsPageLock = false
    /// S22: page_mkwrite returns with the page locked.
    public var mkwriteReturnsLocked = true
    /// S23: which PTEs get W back from mprotect without a fault.
    public enum MprotectUpgrade: Hashable, Sendable { case dirty, none, any }
    public var mprotectUpgrade = MprotectUpgrade.dirty
    /// S24: msync walks the page table and moves D to the page.
    public var msyncWalks = false
    /// S27: when an unmap flushes the TLBs.
    public enum ZapFlush: Hashable, Sendable { case afterPTL, beforePTL, beforeRmap }
    public var zapFlush = ZapFlush.beforeRmap
    /// S29: truncation invalidates the buffers before it cancels the dirty bit.
    public var cancelsAfterInvalidate = true
    /// S30: writeback skips a page whose PG_dirty is clear though its tag is set.
    public var writebackRequiresDirty = true

    /// do_wp_page() looks for anonymous pages first (S03b).
    public var wpAnonFirst = true
    /// Reclaim writes dirty file pages itself.
    public var reclaimWrites = false
    /// Pages that a load maps around the one it needs; 1 is off.
    public var faultAround = 16
}

/// A kernel whose rules are built in.
public enum Profile: String, Sendable, CaseIterable {
    case v2_6_18 = "2.6.18"
    case v2_6_19 = "2.6.19"
    case v2_6_20 = "2.6.20"
    case v6_18 = "6.18"

    public var rules: Rules {
        var rules = Rules()
        guard self != .v6_18 else { return rules }
        rules.generation = .v2_6
        rules.dirtiesLocked = false
        rules.mkwriteReturnsLocked = false
        rules.zapFlush = .afterPTL
        rules.writebackRequiresDirty = false
        rules.reclaimWrites = true
        rules.faultAround = 1
        switch self {
        case .v2_6_18:
            rules.tracking = .mkwriteOnly
            rules.hasMkclean = false
            rules.mkcleanResultUsed = false
            rules.hasCancelDirty = false
            rules.mprotectUpgrade = .none
            rules.msyncWalks = true
            rules.wpAnonFirst = false
        case .v2_6_19:
            rules.mkcleanFlushesBeforeSet = false
            rules.mkcleanResultUsed = false
            rules.ttfbHoldsLock = false
            rules.hasCancelDirty = false
        case .v2_6_20:
            rules.cancelsAfterInvalidate = false
        case .v6_18:
            break
        }
        return rules
    }
}

/// What became of an attempt to set a rule.
public enum RuleVerdict: Hashable, Sendable {
    case accepted
    case unknownRule(known: [String])
    case badValue(expected: String)
    /// The rule has no meaning in this profile, or is not modelled yet.
    case refused(why: String)
}

extension Rules {
    /// Rules that can be set now.
    public static let settable = [
        "mkclean-filter", "mkclean-keeps-d", "mkclean-result-used", "mkclean-flush", "ttfb-lock",
        "fault-waits-page-lock", "mprotect-upgrade", "zap-flush", "cancel-order",
        "wb-requires-pg-dirty", "wp-anon-first", "fault-around",
    ]
    /// Names that kernel reviewers know and that are still to come.
    public static let planned = [
        "helper-name", "follow-page-checks-w", "wp-test", "decide-before-mmap", "prot-policy",
        "mkwrite-clause-outside", "exclude-pfnmap", "exclude-insertpage", "null-mapping",
        "bdi-caps", "mkclean-protect-arg", "mkclean-gate", "mkclean-anon",
        "pte-update-nonatomic", "dirty-under-ptl", "mkwrite-returns-locked", "msync-walk",
        "balance-on-fault", "nonlinear-visible", "mremap-flush", "tlb-eviction",
    ]

    /// Overrides one switch, or says why it cannot be.
    public mutating func set(_ name: String, _ value: String, in profile: Profile) -> RuleVerdict {
        if Rules.planned.contains(name) {
            return .refused(why: "rule '\(name)' is not simulated yet")
        }
        guard Rules.settable.contains(name) else {
            return .unknownRule(known: Rules.settable + Rules.planned)
        }
        let needsTracking = [
            "mkclean-filter", "mkclean-keeps-d", "mkclean-result-used", "mkclean-flush",
            "fault-waits-page-lock", "mprotect-upgrade",
        ]
        if profile == .v2_6_18, needsTracking.contains(name) {
            return .refused(
                why: "rule '\(name)' has no meaning in 2.6.18: it does not track dirty pages")
        }
        func choose<T>(_ field: inout T, _ choices: [(String, T)]) -> RuleVerdict {
            guard let choice = choices.first(where: { $0.0 == value }) else {
                return .badValue(expected: choices.map(\.0).joined(separator: ", "))
            }
            field = choice.1
            return .accepted
        }
        switch name {
        case "mkclean-filter":
            return choose(
                &mkcleanFilter,
                [("right", .shared), ("all", .all), ("wrong", .sharedWritableNow)])
        case "mkclean-keeps-d":
            return choose(&mkcleanKeepsD, [("right", false), ("wrong", true)])
        case "mkclean-result-used":
            return choose(&mkcleanResultUsed, [("right", true), ("wrong", false)])
        case "mkclean-flush":
            return choose(&mkcleanFlushes, [("right", true), ("wrong", false)])
        case "ttfb-lock":
            // Right on 2.6.19 is 2.6.20's cancel_dirty_page(): page_mkclean() may not run under
            // private_lock.
            if profile == .v2_6_19, value == "right" { hasCancelDirty = true }
            return choose(&ttfbHoldsLock, [("right", true), ("wrong", false)])
        case "fault-waits-page-lock":
            if generation == .v6 {
                return .refused(
                    why: "rule 'fault-waits-page-lock' cannot be wrong on 6.18, where page_mkwrite "
                        + "returns with the page locked")
            }
            return choose(&faultWaitsPageLock, [("right", true), ("wrong", false)])
        case "mprotect-upgrade":
            return choose(&mprotectUpgrade, [("right", .dirty), ("none", .none), ("wrong", .any)])
        case "zap-flush":
            return choose(
                &zapFlush,
                [
                    ("right", .beforeRmap), ("wrong", .afterPTL), ("before-rmap", .beforeRmap),
                    ("before-ptl", .beforePTL), ("after-ptl", .afterPTL),
                ])
        case "cancel-order":
            return choose(&cancelsAfterInvalidate, [("right", true), ("wrong", false)])
        case "wb-requires-pg-dirty":
            return choose(&writebackRequiresDirty, [("on", true), ("off", false)])
        case "wp-anon-first":
            if generation == .v6 {
                return .refused(
                    why: "rule 'wp-anon-first' has no meaning on 6.18: its do_wp_page() has no such test")
            }
            return choose(&wpAnonFirst, [("right", true), ("wrong", false)])
        case "fault-around":
            guard let pages = Int(value), (1...512).contains(pages), pages & (pages - 1) == 0 else {
                return .badValue(expected: "a power of two from 1 to 512")
            }
            if generation == .v2_6, pages != 1 {
                return .refused(why: "rule 'fault-around' has no meaning before 3.15")
            }
            faultAround = pages
            return .accepted
        default:
            return .unknownRule(known: Rules.settable + Rules.planned)
        }
    }
}
