// What the words of records mean where states are compared: which halves are references, which
// bits only tell history. A field that holds a reference needs its place here; the tests notice
// one that is missing, for then states begin to depend on addresses.

/// What one word of a record is, for telling states apart.
struct WordRole: Hashable {
    /// Bits that make no difference to what can still happen.
    var ignored: UInt64 = 0
    /// The lower, the upper half is a reference.
    var low = false
    var high = false
    /// A page-table entry: where something is mapped, the frame is a reference.
    var isPTE = false
    /// The lower, the upper half is what somebody stored.
    var lowValue = false
    var highValue = false

    /// It has to be looked at for what counts by name.
    var isNamed: Bool { low || high || isPTE || lowValue || highValue }

    /// It counts as it is.
    var isPlain: Bool { ignored == 0 && !isNamed }

    static let lowHalf: UInt64 = 0xffff_ffff
    static let highHalf: UInt64 = ~lowHalf
}

/// The roles of all words of all kinds of records.
struct WordRoles: Sendable {
    /// 256 for each kind, in the order of `RecordKind`, then those of a node's slots by tree.
    private var table = Run<WordRole>()

    /// What a search may leave out of account.
    struct Omissions {
        /// Faults of tasks, the counters of faults and flushes.
        var counts = true
        /// Work done for nothing (I16).
        var waste = true
        /// Pages dirtied since somebody looked at the limit.
        var ratelimits = true
    }

    init(omitting omissions: Omissions) {
        table.grow(to: (RecordKind.allCases.count + 1) * 256, WordRole())
        setSystem(omissions)
        setAddressSpaces()
        setFiles()
        setTasks(omissions)
        if omissions.ratelimits {
            self[.processor, 1].ignored = ~0
            self[.process, 4].ignored |= WordRole.highHalf
        }
    }

    subscript(kind: RecordKind, offset: Int) -> WordRole {
        @inline(__always) get { table[Int(kind.rawValue) &* 256 &+ offset] }
        set { table[Int(kind.rawValue) &* 256 &+ offset] = newValue }
    }

    /// The slots of a node, by the tree and whether it is a leaf.
    func slot(_ role: TreeRole, isLeaf: Bool) -> WordRole {
        table[RecordKind.allCases.count &* 256 &+ Int(role.rawValue) &* 2 &+ (isLeaf ? 1 : 0)]
    }

    private mutating func references(
        _ kind: RecordKind, low: [Int] = [], high: [Int] = [], pte: [Int] = []
    ) {
        for offset in low { self[kind, offset].low = true }
        for offset in high { self[kind, offset].high = true }
        for offset in pte { self[kind, offset].isPTE = true }
    }

    private mutating func setSystem(_ omissions: Omissions) {
        // Where the allocator stands, and the numbers given out last.
        let history =
            [1] + RecordKind.allCases.map { 2 + Int($0.rawValue) }
            + (1..<Folio.orders).map { Int(Field<System, Int>.freeFolios($0).offset) } + [40, 43, 44, 46, 49]
        for offset in history { self[.system, offset].ignored = ~0 }
        if omissions.counts {
            for counter in [Counter.pgfault, .pgmajfault, .tlb_flush] {
                self[.system, 20 + Int(counter.rawValue)].ignored = ~0
            }
            self[.process, 3].ignored = ~0
        }
        if omissions.waste { for offset in [60, 61] { self[.system, offset].ignored = ~0 } }
        references(.system, low: [47, 48, 50, 51], high: [50])
        for offset in stride(from: 5, to: Processor.words, by: 2) {
            references(.processor, low: [offset], high: [offset])
        }
    }

    private mutating func setAddressSpaces() {
        references(.process, low: [2, 4], high: [2])
        // What killed a process is told to people; nothing that comes after depends on it.
        self[.process, 0].ignored |= 0xff << 24
        references(.mm, low: [1, 2], high: [1, 2])
        references(.vma, low: [5, 6, 10, 12], high: [5, 6, 10])
        // Bits that share a half with nothing else.
        references(.mapping, high: [0, 1])
        references(.pin, low: [2], high: [1])
        references(.batch, low: Array(1..<Batch.words))
        references(.node, low: [5])
        for role in [TreeRole.pageTable, .pageCache, .disk, .stored] {
            let inner = RecordKind.allCases.count * 256 + Int(role.rawValue) * 2
            table[inner].low = true
            switch role {
            case .pageTable: table[inner + 1].isPTE = true
            case .pageCache: table[inner + 1].low = true
            case .disk, .stored: table[inner + 1].lowValue = true
            }
        }
    }

    private mutating func setFiles() {
        references(.file, low: [3, 4, 9, 14], high: [1, 3, 4, 14])
        references(.folio, low: [2], high: [2])
        self[.folio, 0].ignored = Folio.identity
        self[.folio, 3].highValue = true
        references(.bio, low: [1], high: [1])
        self[.bio, 2].ignored = 0xff << 40
        self[.bio, 2].lowValue = true
    }

    private mutating func setTasks(_ omissions: Omissions) {
        self[.task, 2].ignored = WordRole.highHalf
        // What the latest attempt to step has waited for.
        self[.task, 8].ignored = WordRole.highHalf | 0xff << 8
        if omissions.counts { self[.task, 9].ignored = ~0 }
        // What a load has returned, or a journal read. What a store is about to write is its own.
        self[.task, 10].lowValue = true
        references(
            .task,
            low: [1, 16, 18, 19, 22, 27, 30, 32, 35, 36, 38, 39, 41, 44, 45, 51, 55, 56],
            high: [16, 19, 22, 27, 30, 32, 35, 36, 38, 42, 44, 45, 51, 55, 56],
            pte: [21, 24, 37])
    }
}

extension RecordKind {
    /// Size of a record of this kind, in words.
    var words: Int {
        switch self {
        case .free: 0
        case .system: System.words
        case .processor: Processor.words
        case .process: Process.words
        case .mm: MM.words
        case .vma: VMA.words
        case .mapping: Mapping.words
        case .file: File.words
        case .node: Node.words
        case .folio: Folio.words
        case .bio: Bio.words
        case .batch: Batch.words
        case .task: Task.words
        case .pin: Pin.words
        }
    }
}
