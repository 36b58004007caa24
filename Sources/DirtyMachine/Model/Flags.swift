/// A page-table entry of x86-64. The frame's record takes the place of the frame number.
public struct PTE: Word, Hashable, Sendable {
    public var word: UInt64
    public init(word: UInt64) { self.word = word }

    public static let empty = PTE(word: 0)
    static let presentBit: UInt64 = 1
    static let writeBit: UInt64 = 2
    static let userBit: UInt64 = 4
    static let accessedBit: UInt64 = 8
    static let dirtyBit: UInt64 = 16
    static let executeBit: UInt64 = 32
    static let softDirtyBit: UInt64 = 64
    /// PROT_NONE: present for the kernel, not for the hardware.
    static let protNoneBit: UInt64 = 128
    /// PCD: a cache attribute, which only drivers ask for.
    static let uncachedBit: UInt64 = 256
    /// pte_file(): not present, but remembers which page of the file belongs here.
    static let fileBit: UInt64 = 512
    static let frameShift: UInt64 = 12
    /// What vm_page_prot holds and pte_modify() replaces.
    static let protectionBits = presentBit | writeBit | userBit | executeBit | protNoneBit
        | uncachedBit

    private func has(_ bit: UInt64) -> Bool { word & bit != 0 }
    private mutating func set(_ bit: UInt64, _ on: Bool) { word = on ? word | bit : word & ~bit }

    /// The hardware's present bit.
    public var present: Bool {
        get { has(PTE.presentBit) }
        set { set(PTE.presentBit, newValue) }
    }
    public var write: Bool {
        get { has(PTE.writeBit) }
        set { set(PTE.writeBit, newValue) }
    }
    public var user: Bool {
        get { has(PTE.userBit) }
        set { set(PTE.userBit, newValue) }
    }
    public var accessed: Bool {
        get { has(PTE.accessedBit) }
        set { set(PTE.accessedBit, newValue) }
    }
    public var dirty: Bool {
        get { has(PTE.dirtyBit) }
        set { set(PTE.dirtyBit, newValue) }
    }
    public var execute: Bool { has(PTE.executeBit) }
    /// The page is not cached by the CPU. Not among the six letters of a PTE.
    public var uncached: Bool {
        get { has(PTE.uncachedBit) }
        set { set(PTE.uncachedBit, newValue) }
    }
    public var softDirty: Bool { has(PTE.softDirtyBit) }
    public var isProtNone: Bool { has(PTE.protNoneBit) }
    /// pte_none().
    public var isNone: Bool { word == 0 }
    /// pte_present(): also true of PROT_NONE entries.
    public var isMapped: Bool { has(PTE.presentBit | PTE.protNoneBit) }
    /// The frame; none where nothing is mapped.
    public var folio: Ref<Folio> { isMapped ? Ref(word: word >> PTE.frameShift) : .none }
    /// pte_file(): an entry of a nonlinear VMA whose page is not mapped just now.
    public var isFile: Bool { has(PTE.fileBit) }
    /// pte_to_pgoff().
    public var fileOffset: Int { Int(word >> PTE.frameShift) }

    /// pgoff_to_pte().
    init(fileOffset: Int) { word = UInt64(fileOffset) << PTE.frameShift | PTE.fileBit }

    /// mk_pte(): an entry for a page with a VMA's default protection.
    init(_ folio: Ref<Folio>, _ prot: PTE) {
        word = folio.word << PTE.frameShift | prot.word
    }

    /// pte_modify(): another protection, the same frame, A and D kept.
    func modified(_ prot: PTE) -> PTE {
        PTE(word: word & ~PTE.protectionBits | prot.word & PTE.protectionBits)
    }

    /// Six characters, `-` where the bit is clear: P W U A D X.
    public var description: String {
        func letter(_ on: Bool, _ letter: Character) -> Character { on ? letter : "-" }
        return String([
            letter(present, "P"), letter(write, "W"), letter(user, "U"), letter(accessed, "A"),
            letter(dirty, "D"), letter(execute, "X"),
        ])
    }
}

/// vm_flags.
public struct VMFlags: OptionSet, Word, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(word: UInt64) { rawValue = UInt32(word) }
    public var word: UInt64 { UInt64(rawValue) }

    public static let read = VMFlags(rawValue: 0x1)
    public static let write = VMFlags(rawValue: 0x2)
    public static let exec = VMFlags(rawValue: 0x4)
    public static let shared = VMFlags(rawValue: 0x8)
    public static let mayRead = VMFlags(rawValue: 0x10)
    public static let mayWrite = VMFlags(rawValue: 0x20)
    public static let mayExec = VMFlags(rawValue: 0x40)
    public static let mayShare = VMFlags(rawValue: 0x80)
    /// Memory of this VMA counts against the commit limit: private and writable at some time.
    public static let account = VMFlags(rawValue: 0x100)
    /// The driver's mmap installed frames that have no struct page (remap_pfn_range()).
    public static let pfnmap = VMFlags(rawValue: 0x1000)
    /// The driver's mmap installed pages of its own (vm_insert_page()).
    public static let insertPage = VMFlags(rawValue: 0x2000)
    /// Pages stand in any order (remap_file_pages until 2.6.22, gone in 4.0).
    public static let nonlinear = VMFlags(rawValue: 0x800000)
    static let access: VMFlags = [.read, .write, .exec]

    /// is_cow_mapping().
    var isCOW: Bool { contains(.mayWrite) && !contains(.shared) }
    var isSharedWritable: Bool { contains([.shared, .write]) }
    /// vm_normal_page() finds no struct page here.
    var hasNoPages: Bool { contains(.pfnmap) && !isCOW }

    /// protection_map[]: what a PTE of such a VMA gets. A private writable page starts without W;
    /// a private one is what a shared one becomes when VM_SHARED is masked off.
    var protection: PTE {
        var pte = PTE.empty
        guard !isDisjoint(with: .access) else {
            pte.word = PTE.protNoneBit
            return pte
        }
        pte.word = PTE.presentBit | PTE.userBit | PTE.accessedBit
        if isSharedWritable { pte.write = true }
        if contains(.exec) { pte.word |= PTE.executeBit }
        return pte
    }

    public init(_ protection: Access) {
        self = VMFlags(rawValue: UInt32(protection.rawValue))
    }

    /// Three letters, as in /proc/PID/maps.
    public var letters: String {
        (contains(.read) ? "r" : "-") + (contains(.write) ? "w" : "-") + (contains(.exec) ? "x" : "-")
    }
}

/// PROT_READ, PROT_WRITE, PROT_EXEC.
public struct Access: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = Access(rawValue: 1)
    public static let write = Access(rawValue: 2)
    public static let execute = Access(rawValue: 4)
}

public enum FileSystem: UInt8, Word, Sendable, CaseIterable {
    case ext3, ext4, tmpfs, xfs, nfs, ramfs
    /// Not a file system: a driver's memory.
    case device

    public init(word: UInt64) { self = FileSystem(rawValue: UInt8(word)) ?? .ext3 }
    public var word: UInt64 { UInt64(rawValue) }
    public var name: String { String(describing: self) }
    /// Pages can be written to a disk.
    public var hasDisk: Bool { self != .tmpfs && self != .ramfs && self != .device }
    /// Pages come into the cache by a read; a hole of tmpfs is filled by its fault alone.
    var readsPages: Bool { self != .tmpfs && self != .device }
    /// The journal may carry file data.
    var journalsData: Bool { self == .ext3 || self == .ext4 }

    /// Pages have buffer heads, behind which B1 to B3 hide. NFS has none, nor has xfs since iomap.
    func hasBuffers(_ generation: Rules.Generation) -> Bool {
        switch self {
        case .ext3, .ext4: true
        case .xfs: generation == .v2_6
        case .nfs, .tmpfs, .ramfs, .device: false
        }
    }

    /// The file system of the kernel's own time makes folios of more than one page of its files, as
    /// long as their data does not go through the journal.
    public func hasLargeFolios(_ generation: Rules.Generation) -> Bool {
        generation == .v6 && (self == .ext3 || self == .ext4 || self == .xfs)
    }

    /// The file system of the kernel's own time has page_mkwrite. Nobody had it in 2.6.20; ramfs
    /// has it in 6.18 by way of generic_file_vm_ops.
    func hasPageMkwrite(_ generation: Rules.Generation) -> Bool {
        generation == .v6 && self != .tmpfs && self != .device
    }
}

/// How a driver provides its memory.
public enum DeviceKind: UInt8, Word, Sendable, CaseIterable {
    /// No device, but a file.
    case none
    /// remap_pfn_range() in its mmap: frames without struct pages.
    case pfnmap
    /// vm_insert_page() in its mmap: pages of its own.
    case insertpage
    /// Its mmap makes vm_page_prot uncached; pages come by faults.
    case customProt
    /// It has page_mkwrite; pages come by faults.
    case mkwrite

    public init(word: UInt64) { self = DeviceKind(rawValue: UInt8(word)) ?? .none }
    public var word: UInt64 { UInt64(rawValue) }
    public var name: String { self == .customProt ? "custom-prot" : String(describing: self) }
}

public enum DataMode: UInt8, Word, Sendable, CaseIterable {
    case ordered, writeback, journal

    public init(word: UInt64) { self = DataMode(rawValue: UInt8(word)) ?? .ordered }
    public var word: UInt64 { UInt64(rawValue) }
}
