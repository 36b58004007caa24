// Statements about the machine that hold in every state of a right kernel, checked from outside:
// nothing here is part of what is simulated.
//
// Several statements are false for a moment by design, between two atomic steps of the same
// operation. Each check names these windows and recognises them by the stacks and registers of
// the tasks that are in them, never by a lock alone where the tasks can tell more.

/// A property of the machine that no interleaving may break.
///
/// The numbers are those of the literature. Not here: I8' and I10, which are false by design in
/// some kernels.
public enum Invariant: String, CaseIterable, Sendable {
    case noLostWrite = "I1"
    case durability = "I2"
    case tracking = "I3"
    case translations = "I3'"
    case dirtyIsTagged = "I4"
    case taggedIsDirty = "I4'"
    case writebackIsTagged = "I4''"
    case dirtyCounter = "I5"
    case countersNotNegative = "I6"
    case writebackCounter = "I7"
    case buffers = "I8"
    case mkwrite = "I9"
    case permission = "I11"
    case noSilentChange = "I12"
    case cowPrivacy = "I13"
    case device = "I14"
    case protectionBits = "I15"
    case cost = "I16"
    case mkcleanOfFilePages = "I17"
    case throttle = "I18"
    case mapcount = "I19"
    case truncation = "I20"

    /// The number that the literature and the manual use.
    public var id: String { rawValue }

    /// The name that scenarios use.
    public var name: String { text.name }
    /// What holds, in one sentence.
    public var statement: String { text.statement }
    /// When it may be false for a moment, by design.
    public var window: String { text.window }

    /// A measure of work done for nothing, which a right kernel may do: checked only by name.
    public var isMetric: Bool { self == .cost }

    private var text: (name: String, statement: String, window: String) {
        switch self {
        case .noLostWrite:
            (
                "no-lost-write",
                "a page that is clean everywhere and that nobody maps equals the disk",
                "while somebody has the page locked or referenced"
            )
        case .durability:
            (
                "durability",
                "when fsync or MS_SYNC returns 0, every store and finished write(2) before it is on disk",
                "pages truncated during the call; 2.6.18: only dirty pages and the PTEs that msync walks"
            )
        case .tracking:
            (
                "tracking",
                "a page that a tracked mapping may store to without a fault is dirty",
                "until the fault that set W ends; while PG_dirty goes before the PTEs; after a cancelled "
                    + "dirty bit, if the PTE is dirty; 2.6.18 says nothing"
            )
        case .translations:
            (
                "translations",
                "a CPU whose TLB lets it store to a tracked page unseen finds W in the PTE, too",
                "until the flush, while ptl is held and the page counts as mapped; until P4 of an "
                    + "mprotect, if the PTE is dirty; 2.6.18 says nothing"
            )
        case .dirtyIsTagged:
            (
                "dirty-is-tagged", "a dirty page is tagged DIRTY in the page cache",
                "between D3 and D4; tmpfs of 6.18 has no tags"
            )
        case .taggedIsDirty:
            (
                "tagged-is-dirty", "a page tagged DIRTY is dirty",
                "while the page is locked; after a cancelled dirty bit"
            )
        case .writebackIsTagged:
            (
                "writeback-is-tagged",
                "a page is tagged WRITEBACK exactly while it is under writeback", "never"
            )
        case .dirtyCounter:
            (
                "dirty-counter", "nr_dirty is the number of dirty pages",
                "between D3 and D4; between the clearing of PG_dirty and the counter"
            )
        case .countersNotNegative: ("counters-not-negative", "no counter is negative", "between D3 and D4")
        case .writebackCounter:
            ("writeback-counter", "nr_writeback is the number of pages under writeback", "never")
        case .buffers:
            (
                "buffers", "a page with a dirty buffer is dirty",
                "while the page is locked; between D2 and D3"
            )
        case .mkwrite:
            (
                "mkwrite",
                "a fault dirties a page only after page_mkwrite, and before it is written again",
                "never; what get_user_pages() dirties does not count"
            )
        case .permission:
            (
                "permission", "a PTE is writable only where its VMA is",
                "between P1 and P3 of an mprotect"
            )
        case .noSilentChange:
            (
                "no-silent-change",
                "a file changes only by write(2) and by stores to mappings that may be written",
                "until the flush of an mprotect"
            )
        case .cowPrivacy:
            (
                "cow-privacy", "an anonymous page that one address space may write is in no other",
                "anonymous pages in shared VMAs"
            )
        case .device:
            ("device", "a shared mapping of device memory never maps an anonymous page", "never")
        case .protectionBits:
            (
                "protection-bits", "cache attributes that a driver's mmap has set are still there",
                "2.6: until mprotect, which makes them anew"
            )
        case .cost:
            (
                "cost",
                "no fault meets a PTE that was dirty, no write a page without a store since the last",
                "a measure, not a matter of being right: only checked by name"
            )
        case .mkcleanOfFilePages:
            ("mkclean-of-file-pages", "page_mkclean() is applied to file pages only", "never")
        case .throttle:
            (
                "throttle", "dirty pages and those under writeback do not run away from the limit",
                "as many pages more as each CPU may dirty before it looks"
            )
        case .mapcount:
            (
                "mapcount", "a page's mapcount is the number of PTEs that map it",
                "under ptl, between the PTE and the reverse map"
            )
        case .truncation:
            (
                "truncation", "no PTE maps a page beyond the end of its file",
                "until the truncation returns"
            )
        }
    }

    /// The invariant of a number or a name.
    public static func named(_ text: String) -> Invariant? {
        allCases.first { $0.id == text || $0.name == text }
    }
}

/// An invariant that does not hold, and where.
public struct Violation: Hashable, Sendable {
    public let invariant: Invariant
    /// Path of the thing: `db.folio[2]`, `A.m.pte[1]`, `nr_dirty`.
    public let subject: String
    /// One plain sentence.
    public let text: String
}

extension Machine {
    /// All invariants that the present state breaks, metrics aside.
    public func violations() -> [Violation] {
        let checks = InvariantChecks(self)
        return Invariant.allCases.filter { !$0.isMetric }.flatMap(checks.violations(of:))
    }

    /// Which of some invariants the present state breaks.
    public func broken(among invariants: InvariantSet) -> InvariantSet {
        if invariants.isEmpty { return [] }
        let checks = InvariantChecks(self)
        var broken = InvariantSet()
        invariants.forEach { if !checks.findings(of: $0).isEmpty { broken.formUnion(InvariantSet($0)) } }
        return broken
    }

    /// Where the present state breaks an invariant.
    public func violations(of invariant: Invariant) -> [Violation] {
        InvariantChecks(self).violations(of: invariant)
    }

    public func violates(_ invariant: Invariant) -> Bool { !violations(of: invariant).isEmpty }
}

extension InvariantChecks {
    func violations(of invariant: Invariant) -> [Violation] {
        findings(of: invariant).map { Violation(invariant: invariant, subject: $0.subject, text: $0.text) }
    }

    func findings(of invariant: Invariant) -> [Finding] {
        switch invariant {
        case .noLostWrite: lostWrites()
        case .durability: brokenPromises()
        case .mkwrite: dirtiedUnprepared()
        case .noSilentChange: changedSilently()
        case .device: privateCopiesOfDevices()
        case .protectionBits: lostProtectionBits()
        case .cost: wastedWork()
        case .tracking: untrackedWritablePages()
        case .translations: staleTranslations()
        case .dirtyIsTagged: dirtyPagesWithoutTag()
        case .taggedIsDirty: taggedPagesThatAreClean()
        case .writebackIsTagged: writebackTagMismatches()
        case .dirtyCounter: dirtyCounterMismatch()
        case .countersNotNegative: negativeCounters()
        case .writebackCounter: writebackCounterMismatch()
        case .buffers: dirtyBuffersOfCleanPages()
        case .permission: writableWithoutPermission()
        case .cowPrivacy: sharedWritableAnonymousPages()
        case .mkcleanOfFilePages: mkcleanOfAnonymousPages()
        case .throttle: runawayDirtyPages()
        case .mapcount: wrongMapcounts()
        case .truncation: mappedBeyondTheEnd()
        }
    }
}
