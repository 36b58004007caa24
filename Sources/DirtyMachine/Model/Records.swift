// The records of the machine and their fields. Fields that share a word are grouped; a comment
// names the lock that protects them where it is not obvious.

/// What there is one of: counters, lists, and the allocator's own bookkeeping.
public enum System: Record {
    public static let kind = RecordKind.system
    public static let words = 64
}
extension Field where R == System, Value == Int {
    /// One past the last word in use.
    static var top: Self { Self(1) }
    /// First record on the free list of a kind; word 1 of each leads to the next.
    static func freeHead(_ kind: RecordKind) -> Self { Self(2 + kind.rawValue) }
    static func counter(_ counter: Counter) -> Self { Self(20 + counter.rawValue) }
    /// Folios ever created; the next one's frame number.
    static var frameCount: Self { Self(40) }
    static var framesInUse: Self { Self(41) }
    static var frameLimit: Self { Self(42) }
    static var vmaSerial: Self { Self(43) }
    static var anonVMASerial: Self { Self(44) }
    /// The value that the next store without one of its own writes.
    static var nextSerial: Self { Self(45) }
    /// Bit n: task slot n is taken.
    static var taskSlots: Self { Self(46) }
    static var nextCPU: Self { Self(52) }
    /// First block on the free list of folios of an order; word 1 of each leads to the next.
    static func freeFolios(_ order: Int) -> Self {
        order == 0 ? freeHead(.folio) : Self(UInt8(29 + order))
    }
    // Thresholds of dirty pages; a limit of 0 is none
    static var dirtyBackground: Self { Self(56) }
    static var dirtyLimit: Self { Self(57) }
    /// Pages that a CPU may dirty between two looks at the counters.
    static var ratelimitPages: Self { Self(58) }
    /// Crashes so far.
    static var powerLosses: Self { Self(53) }
    /// Ghost: faults and writes that nothing made necessary (I16).
    static var wastedFaults: Self { Self(60) }
    static var wastedWrites: Self { Self(61) }
}
extension Field where R == System, Value == Bool {
    /// The limit was passed when somebody last looked.
    static var dirtyExceeded: Self { Self(59, bits: 0, 1) }
    /// The background threshold was.
    static var flusherIsWoken: Self { Self(59, bits: 1, 1) }
}
extension Field where R == System, Value == Ref<Process> {
    static var processes: Self { Self(47, bits: 0, 32) }
    static var lastProcess: Self { Self(47, bits: 32, 32) }
}
extension Field where R == System, Value == Ref<File> { static var files: Self { Self(48) } }
extension Field where R == System, Value == Ref<Task> { static var tasks: Self { Self(49) } }
extension Field where R == System, Value == Ref<Bio> {
    static var firstBio: Self { Self(50, bits: 0, 32) }
    static var lastBio: Self { Self(50, bits: 32, 32) }
}
extension Field where R == System, Value == Ref<Folio> { static var zeroFolio: Self { Self(51) } }

/// The counters of /proc/vmstat that the model keeps, and `tlb_flush`: flushes of a page or a
/// range that reached the TLBs.
public enum Counter: UInt8, CaseIterable, Sendable {
    case nr_dirty, nr_writeback, nr_mapped, nr_anon, pgfault, pgmajfault, tlb_flush

    public var name: String { String(describing: self) }
}

/// A CPU's TLB.
public enum Processor: Record {
    public static let kind = RecordKind.processor
    public static let words = 4 + 2 * entries
    /// Direct-mapped: an entry may be evicted by another that hashes alike, as hardware may
    /// evict at any time.
    static let entries = 120
}

extension Field where R == Processor, Value == Int {
    /// Pages dirtied since the thresholds were last looked at.
    static var dirtied: Self { Self(1) }
}

/// A process or one of its threads.
public enum Process: Record {
    public static let kind = RecordKind.process
    public static let words = 8
}
extension Field where R == Process, Value == Bool {
    static var isAlive: Self { Self(0, bits: 8, 1) }
}
extension Field where R == Process, Value == Outcome {
    /// The signal that killed it; `.ok` while it lives, and where it exited.
    static var death: Self { Self(0, bits: 24, 8) }
}
extension Field where R == Process, Value == Int {
    static var cpu: Self { Self(0, bits: 16, 8) }
    static var name: Self { Self(1, bits: 0, 32) }
    static var minorFaults: Self { Self(3, bits: 0, 32) }
    static var majorFaults: Self { Self(3, bits: 32, 32) }
    /// nr_dirtied of 6.18: pages dirtied since it was last throttled.
    static var dirtied: Self { Self(4, bits: 32, 32) }
}
extension Field where R == Process, Value == Ref<MM> { static var mm: Self { Self(2, bits: 0, 32) } }
extension Field where R == Process, Value == Ref<Process> {
    static var next: Self { Self(2, bits: 32, 32) }
}

extension Field where R == Process, Value == Ref<Mapping> {
    /// The names of its mappings, once the process is dead.
    static var formerMappings: Self { Self(4, bits: 0, 32) }
}

/// An address space (mm_struct).
public enum MM: Record {
    public static let kind = RecordKind.mm
    public static let words = 8
}
extension Field where R == MM, Value == Ref<Node> { static var pgd: Self { Self(1, bits: 0, 32) } }
extension Field where R == MM, Value == Ref<VMA> { static var vmas: Self { Self(1, bits: 32, 32) } }
extension Field where R == MM, Value == Ref<Mapping> {
    static var mappings: Self { Self(2, bits: 0, 32) }
}
extension Field where R == MM, Value == Ref<Process> {
    /// The first of the processes that use it; it lends its name to the page table's paths.
    static var owner: Self { Self(2, bits: 32, 32) }
}
extension Field where R == MM, Value == Lock {
    /// mmap_sem, since 5.8 mmap_lock.
    static var mmapLock: Self { Self(3) }
    /// page_table_lock: one for the whole mm, as on a kernel for fewer than four CPUs.
    static var ptl: Self { Self(4) }
}
extension Field where R == MM, Value == Int {
    static var users: Self { Self(5, bits: 0, 32) }
    static var vmaCount: Self { Self(5, bits: 32, 32) }
}

/// A virtual memory area. Addresses are virtual page numbers.
public enum VMA: Record {
    public static let kind = RecordKind.vma
    public static let words = 14
}
extension Field where R == VMA, Value == VMFlags { static var flags: Self { Self(0, bits: 16, 24) } }
extension Field where R == VMA, Value == PTE {
    /// vm_page_prot: the bits that a new PTE gets.
    static var pageProt: Self { Self(0, bits: 48, 12) }
}
extension Field where R == VMA, Value == Int {
    static var start: Self { Self(1) }
    /// One past the last page.
    static var end: Self { Self(2) }
    static var pgoff: Self { Self(3) }
    static var serial: Self { Self(4, bits: 0, 32) }
    /// Identity of the anon_vma; 0 before the first anonymous page.
    static var anonVMA: Self { Self(4, bits: 32, 31) }
    static var lowest: Self { Self(7) }
    static var highest: Self { Self(8) }
    static var largestGap: Self { Self(9) }
    static var fileReach: Self { Self(11) }
}
extension Field where R == VMA, Value == Bool {
    /// The VMA came by fork with its anon_vma, so it does not merge with one-sided neighbours.
    static var hasForkAncestry: Self { Self(4, bits: 63, 1) }
    /// mprotect has remade vm_page_prot from the flags.
    static var isReprotected: Self { Self(12, bits: 32, 1) }
    /// vm_file is open for reading alone: an open file other than that of the other mappings, with
    /// which it therefore does not merge.
    static var isFileReadOnly: Self { Self(12, bits: 33, 1) }
}
extension Field where R == VMA, Value == Ref<MM> { static var mm: Self { Self(5, bits: 0, 32) } }
extension Field where R == VMA, Value == Ref<File> {
    static var file: Self { Self(5, bits: 32, 32) }
}
extension Field where R == VMA, Value == Ref<VMA> {
    static var left: Self { Self(6, bits: 0, 32) }
    static var right: Self { Self(6, bits: 32, 32) }
    static var fileLeft: Self { Self(10, bits: 0, 32) }
    static var fileRight: Self { Self(10, bits: 32, 32) }
    /// The next of the VMAs that a munmap has detached.
    static var nextDetached: Self { Self(12, bits: 0, 32) }
}

/// A name that a scenario gave to a range of addresses at mmap time. It outlives the VMAs.
public enum Mapping: Record {
    public static let kind = RecordKind.mapping
    public static let words = 4
}
extension Field where R == Mapping, Value == Int {
    static var name: Self { Self(1, bits: 0, 32) }
    static var start: Self { Self(2) }
    static var pages: Self { Self(3) }
}
extension Field where R == Mapping, Value == Ref<Mapping> {
    static var next: Self { Self(1, bits: 32, 32) }
}
extension Field where R == Mapping, Value == Ref<Pin> {
    /// The newest of the pins that were taken through this name.
    static var pins: Self { Self(0, bits: 32, 32) }
}

/// A page that a driver holds on to by get_user_pages(), under the name that it was asked for by:
/// the page stays the same whatever becomes of the address.
public enum Pin: Record {
    public static let kind = RecordKind.pin
    public static let words = 4
}
extension Field where R == Pin, Value == Bool {
    /// The device may store to the page, so that the release has to dirty it.
    static var isForWrite: Self { Self(0, bits: 8, 1) }
    /// Ghost: the mapping let its process change the file when the page was pinned.
    static var isAllowed: Self { Self(0, bits: 9, 1) }
}
extension Field where R == Pin, Value == Int {
    /// Page of the mapping.
    static var index: Self { Self(1, bits: 0, 32) }
}
extension Field where R == Pin, Value == Ref<Pin> { static var next: Self { Self(1, bits: 32, 32) } }
extension Field where R == Pin, Value == Ref<Folio> { static var folio: Self { Self(2, bits: 0, 32) } }

/// A file: inode, address_space and backing device in one.
public enum File: Record {
    public static let kind = RecordKind.file
    public static let words = 16
}
extension Field where R == File, Value == FileSystem {
    static var fileSystem: Self { Self(0, bits: 8, 8) }
}
extension Field where R == File, Value == DeviceKind {
    static var device: Self { Self(0, bits: 56, 4) }
}
extension Field where R == File, Value == DataMode { static var data: Self { Self(0, bits: 16, 4) } }
extension Field where R == File, Value == Bool {
    /// The backing device accounts dirty pages (BDI_CAP_WRITEBACK; before 5.10 the absence of
    /// BDI_CAP_NO_ACCT_DIRTY).
    static var accountsDirty: Self { Self(0, bits: 20, 1) }
    static var hasPageMkwrite: Self { Self(0, bits: 21, 1) }
    static var isInodeDirty: Self { Self(0, bits: 22, 1) }
    /// Shared anonymous memory: a tmpfs file without a name.
    static var isAnonymous: Self { Self(0, bits: 23, 1) }
    /// f_mapping is NULL: the file has no address_space.
    static var lacksMapping: Self { Self(0, bits: 60, 1) }
}
extension Field where R == File, Value == Int {
    /// Buffer heads of a page.
    static var buffers: Self { Self(0, bits: 24, 4) }
    /// Its folios may have up to 2 to this power pages.
    static var folioOrder: Self { Self(0, bits: 28, 4) }
    static var name: Self { Self(1, bits: 0, 32) }
    /// i_size in pages.
    static var size: Self { Self(2) }
    /// i_disk_size of xfs, which follows i_size when pages beyond it have been written.
    static var diskSize: Self { Self(15) }
    /// truncate_count of 2.6: bumped by unmap_mapping_range().
    static var truncateCount: Self { Self(6, bits: 32, 32) }
}
extension Field where R == File, Value == Ref<File> { static var next: Self { Self(1, bits: 32, 32) } }
extension Field where R == File, Value == Ref<Node> {
    static var cache: Self { Self(3, bits: 0, 32) }
    static var disk: Self { Self(3, bits: 32, 32) }
    /// Ghost: the last value stored to each page and its time, to tell what was lost.
    static var stored: Self { Self(4, bits: 0, 32) }
    /// Ghost: stores that an fsync or msync promised to be on disk, and that were not (I2).
    static var broken: Self { Self(14, bits: 0, 32) }
    /// Ghost: what had last been stored to the pages that a write(2) has copied to and not yet
    /// returned from.
    static var unreturned: Self { Self(14, bits: 32, 32) }
}
extension Field where R == File, Value == Ref<VMA> {
    static var immap: Self { Self(4, bits: 32, 32) }
    /// i_mmap_nonlinear: linked through fileLeft and fileRight.
    static var immapNonlinear: Self { Self(9, bits: 0, 32) }
}
extension Field where R == File, Value == Lock {
    static var immapLock: Self { Self(5) }
    static var privateLock: Self { Self(7) }
    /// i_mutex, since 4.7 i_rwsem.
    static var inodeLock: Self { Self(8) }
}

/// A page frame and its struct page. Since 5.16 a folio of one page, or one page of a larger folio:
/// `LargeFolios.swift` tells what the head of such a folio has for all.
public enum Folio: Record {
    public static let kind = RecordKind.folio
    public static let words = 4
    /// The bits of word 0 that stay while the frame is free: its number.
    static let identity: UInt64 = 0x0fff_ffff << 8
    /// The bits of word 1 that are flags.
    static let flags: UInt64 = 0xffff
    /// Folios have orders below this: 512 pages at most, as a page table has entries.
    static let orders = 10
}
extension Field where R == Folio, Value == Int {
    static var pfn: Self { Self(0, bits: 8, 28) }
    /// Task slot of the holder of PG_locked, 0 if free.
    static var lockOwner: Self { Self(0, bits: 36, 8) }
    /// Buffer heads that exist; 0 when the page has none.
    static var buffers: Self { Self(0, bits: 44, 4) }
    /// Bit n: buffer n has BH_Dirty.
    static var dirtyBuffers: Self { Self(0, bits: 48, 4) }
    /// Bit n: buffer n is under I/O.
    static var asyncBuffers: Self { Self(0, bits: 52, 4) }
    /// The folio that the page belongs to has 2 to this power pages.
    static var order: Self { Self(0, bits: 56, 4) }
    static var mapcount: Self { Self(1, bits: 16, 24) }
    /// References beside the page cache's and the PTEs'.
    static var pins: Self { Self(1, bits: 40, 24) }
    static var index: Self { Self(3, bits: 0, 32) }
}
extension Field where R == Folio, Value == UInt32 {
    /// The 32-bit value at the start of the page: all the contents that the model keeps.
    static var contents: Self { Self(3, bits: 32, 32) }
}
extension Field where R == Folio, Value == Bool {
    static var uptodate: Self { Self(1, bits: 0, 1) }
    static var referenced: Self { Self(1, bits: 1, 1) }
    static var dirty: Self { Self(1, bits: 2, 1) }
    static var writeback: Self { Self(1, bits: 3, 1) }
    static var anon: Self { Self(1, bits: 4, 1) }
    /// PG_anon_exclusive (5.19): this mm alone may write it.
    static var anonExclusive: Self { Self(1, bits: 5, 1) }
    /// PG_reclaim, the same bit as PG_readahead: reclaim has met the page dirty.
    static var reclaim: Self { Self(1, bits: 6, 1) }
    /// PG_checked: a mapping dirtied the page behind the journal's back (data=journal).
    static var checked: Self { Self(1, bits: 7, 1) }
    /// BH_JBDDirty on its buffers: they belong to the running transaction (data=journal).
    static var isInTransaction: Self { Self(1, bits: 8, 1) }
    /// Ghost: a store went through a mapping that may not be written (I12).
    static var isChangedSilently: Self { Self(1, bits: 13, 1) }
    /// Ghost: the file system knows that the page may become dirty, by page_mkwrite or write(2).
    static var isPrepared: Self { Self(1, bits: 14, 1) }
    /// Ghost: a fault has dirtied it though the file system was not prepared (I9).
    static var isUnprepared: Self { Self(1, bits: 15, 1) }
}
extension Field where R == Folio, Value == Ref<File> {
    /// page->mapping: none for anonymous pages and after truncation.
    static var mapping: Self { Self(2, bits: 0, 32) }
}
extension Field where R == Folio, Value == Ref<Bio> { static var bio: Self { Self(2, bits: 32, 32) } }

/// One page's write on its way to the device.
public enum Bio: Record {
    public static let kind = RecordKind.bio
    public static let words = 4
}
extension Field where R == Bio, Value == Ref<Folio> { static var folio: Self { Self(1, bits: 0, 32) } }
extension Field where R == Bio, Value == Ref<Bio> { static var next: Self { Self(1, bits: 32, 32) } }
extension Field where R == Bio, Value == UInt32 {
    /// What the device read from memory.
    static var sample: Self { Self(2, bits: 0, 32) }
}
extension Field where R == Bio, Value == Int {
    /// Ghost: the time of the store that the sample is of.
    static var sampleTime: Self { Self(3, bits: 0, 32) }
    /// Slot of the task that submitted it.
    static var owner: Self { Self(2, bits: 40, 8) }
}
extension Field where R == Bio, Value == Bool {
    static var isSampled: Self { Self(2, bits: 32, 1) }
    /// Buffer 0, which holds the value, is part of this write.
    static var carriesValue: Self { Self(2, bits: 33, 1) }
    /// The device waits for `complete`.
    static var isHeld: Self { Self(2, bits: 34, 1) }
}

/// Pages that an unmap has queued until the TLBs are flushed (mmu_gather).
public enum Batch: Record {
    public static let kind = RecordKind.batch
    public static let words = 16
    static let capacity = 14
}
extension Field where R == Batch, Value == Int { static var count: Self { Self(0, bits: 8, 8) } }
extension Field where R == Batch, Value == Ref<Batch> { static var next: Self { Self(1) } }
extension Field where R == Batch, Value == Ref<Folio> {
    static func folio(_ index: Int) -> Self { Self(UInt8(2 + index)) }
}

/// Who holds a lock: one writer, or readers. Bits are task slots.
public struct Lock: Word, Hashable, Sendable {
    public var word: UInt64
    public init(word: UInt64) { self.word = word }

    /// Slot of the exclusive holder, 0 for none.
    public var writer: Int {
        get { Int(word & 0xff) }
        set { word = word & ~0xff | UInt64(newValue) }
    }
    /// Bit n: the task in slot n holds it shared.
    public var readers: UInt64 {
        get { word >> 8 }
        set { word = word & 0xff | newValue << 8 }
    }
    public var isFree: Bool { word == 0 }
}
