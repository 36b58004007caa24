// Statements about the machine that hold in every state of a right kernel, checked from outside:
// nothing here is part of what is simulated.
//
// Several statements are false for a moment by design, between two atomic steps of the same
// operation. Each check names these windows and recognises them by the stacks and registers of
// the tasks that are in them, never by a lock alone where the tasks can tell more.

/// A property of the machine that no interleaving may break.
///
/// Not here: I2, durability, is a statement about a run, what was stored before a call began and
/// what was on disk when it returned, and no single state tells it. I3' (TLB against PTE) is implied
/// for lost stores by I1. I9, I12 and I14 to I16 and I18 speak of devices, metadata, pokes and
/// throttling, which are not simulated. I8' and I10 are false by design in some kernels.
public enum Invariant: String, CaseIterable, Sendable {
    case noLostWrite = "I1"
    case tracking = "I3"
    case dirtyIsTagged = "I4"
    case taggedIsDirty = "I4'"
    case writebackIsTagged = "I4''"
    case dirtyCounter = "I5"
    case countersNotNegative = "I6"
    case writebackCounter = "I7"
    case buffers = "I8"
    case permission = "I11"
    case cowPrivacy = "I13"
    case mkcleanOfFilePages = "I17"
    case mapcount = "I19"
    case truncation = "I20"

    /// The number that the literature and the manual use.
    public var id: String { rawValue }

    /// The name that scenarios use.
    public var name: String {
        switch self {
        case .noLostWrite: "no-lost-write"
        case .tracking: "tracking"
        case .dirtyIsTagged: "dirty-is-tagged"
        case .taggedIsDirty: "tagged-is-dirty"
        case .writebackIsTagged: "writeback-is-tagged"
        case .dirtyCounter: "dirty-counter"
        case .countersNotNegative: "counters-not-negative"
        case .writebackCounter: "writeback-counter"
        case .buffers: "buffers"
        case .permission: "permission"
        case .cowPrivacy: "cow-privacy"
        case .mkcleanOfFilePages: "mkclean-of-file-pages"
        case .mapcount: "mapcount"
        case .truncation: "truncation"
        }
    }

    /// What holds, in one sentence.
    public var statement: String {
        switch self {
        case .noLostWrite:
            "a page that is clean everywhere and that nobody maps equals the disk"
        case .tracking: "a page that a tracked mapping may store to without a fault is dirty"
        case .dirtyIsTagged: "a dirty page is tagged DIRTY in the page cache"
        case .taggedIsDirty: "a page tagged DIRTY is dirty or locked"
        case .writebackIsTagged: "a page is tagged WRITEBACK exactly while it is under writeback"
        case .dirtyCounter: "nr_dirty is the number of dirty pages"
        case .countersNotNegative: "no counter is negative"
        case .writebackCounter: "nr_writeback is the number of pages under writeback"
        case .buffers: "a page with a dirty buffer is dirty or locked"
        case .permission: "a PTE is writable only where its VMA is"
        case .cowPrivacy: "an anonymous page that one address space may write is in no other"
        case .mkcleanOfFilePages: "page_mkclean() is applied to file pages only"
        case .mapcount: "a page's mapcount is the number of PTEs that map it"
        case .truncation: "no PTE maps a page beyond the end of its file"
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
    /// All invariants that the present state breaks.
    public func violations() -> [Violation] {
        let checks = InvariantChecks(self)
        return Invariant.allCases.flatMap(checks.violations(of:))
    }

    /// Where the present state breaks an invariant.
    public func violations(of invariant: Invariant) -> [Violation] {
        InvariantChecks(self).violations(of: invariant)
    }

    public func violates(_ invariant: Invariant) -> Bool { !violations(of: invariant).isEmpty }
}

extension InvariantChecks {
    func violations(of invariant: Invariant) -> [Violation] {
        let found =
            switch invariant {
            case .noLostWrite: lostWrites()
            case .tracking: untrackedWritablePages()
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
            case .mapcount: wrongMapcounts()
            case .truncation: mappedBeyondTheEnd()
            }
        return found.map { Violation(invariant: invariant, subject: $0.subject, text: $0.text) }
    }
}
