import DirtyMachine

/// A page of a mapping of a real process, as one sample found it: what the hardware's entry says, and
/// what the kernel says of the folio and of the page cache.
public struct LivePage: Hashable, Sendable {
    /// Bits of a page-table entry, and where they are from.
    public struct Entry: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let present = Entry(rawValue: 1 << 0)
        public static let write = Entry(rawValue: 1 << 1)
        public static let user = Entry(rawValue: 1 << 2)
        public static let accessed = Entry(rawValue: 1 << 3)
        public static let dirty = Entry(rawValue: 1 << 4)
        public static let executable = Entry(rawValue: 1 << 5)
        /// Part of one entry that maps 2 MiB or more.
        public static let huge = Entry(rawValue: 1 << 6)
        /// Not present, and not empty: in swap, migrating, or a marker.
        public static let swapped = Entry(rawValue: 1 << 7)
        /// PROT_NONE: there is a frame that the hardware does not let anybody reach.
        public static let protected = Entry(rawValue: 1 << 8)
        /// Only presence is known (pagemap); write, user, accessed, dirty and executable are not.
        public static let coarse = Entry(rawValue: 1 << 9)
        /// A private page, not one of the file.
        public static let anonymous = Entry(rawValue: 1 << 10)
    }

    /// What the page cache says of the file's page.
    public struct Cache: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let cached = Cache(rawValue: 1)
        public static let dirty = Cache(rawValue: 2)
        public static let writeback = Cache(rawValue: 4)
        /// Whether it is cached has been asked.
        public static let isKnown = Cache(rawValue: 8)
        /// Dirty and writeback mean something: tmpfs has no tags.
        public static let hasTags = Cache(rawValue: 16)
    }

    /// Bits of /proc/kpageflags.
    public struct Folio: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let locked = Folio(rawValue: 1 << 0)
        public static let referenced = Folio(rawValue: 1 << 2)
        public static let uptodate = Folio(rawValue: 1 << 3)
        public static let dirty = Folio(rawValue: 1 << 4)
        public static let lru = Folio(rawValue: 1 << 5)
        public static let active = Folio(rawValue: 1 << 6)
        public static let writeback = Folio(rawValue: 1 << 8)
        public static let mapped = Folio(rawValue: 1 << 11)
        public static let anonymous = Folio(rawValue: 1 << 12)
        public static let head = Folio(rawValue: 1 << 15)
        public static let tail = Folio(rawValue: 1 << 16)
        public static let transparentHuge = Folio(rawValue: 1 << 22)
        public static let zero = Folio(rawValue: 1 << 24)
        /// Bit 31 is none of the kernel's: the flags have been read.
        public static let isKnown = Folio(rawValue: 1 << 31)
    }

    public var entry: Entry
    public var cache: Cache
    public var folio: Folio
    /// How often the frame is mapped (/proc/kpagecount); -1 when that is not known.
    public var mapCount: Int32
    /// Page frame number; 0 when there is none, or it is not revealed.
    public var frame: UInt64

    public init(
        entry: Entry = [], cache: Cache = [], folio: Folio = [], mapCount: Int32 = -1, frame: UInt64 = 0
    ) {
        self.entry = entry
        self.cache = cache
        self.folio = folio
        self.mapCount = mapCount
        self.frame = frame
    }

    /// Nothing is there.
    public static let nothing = LivePage()

    /// The page, by x86-64's own entry.
    public init(x86 word: UInt64, isHuge: Bool) {
        self.init()
        guard word != 0 else { return }
        let names: [(UInt64, Entry)] = [
            (1 << 0, .present), (1 << 1, .write), (1 << 2, .user), (1 << 5, .accessed),
        ]
        guard word & 1 == 1 || word & 1 << 8 != 0 else {
            entry = .swapped
            return
        }
        for (bit, name) in names where word & bit != 0 { entry.insert(name) }
        // Where a shadow stack exists the kernel keeps D of read-only entries in bit 58.
        if word & (1 << 6 | 1 << 58) != 0 { entry.insert(.dirty) }
        if word >> 63 == 0 { entry.insert(.executable) }
        if isHuge { entry.insert(.huge) }
        // The frame of a PROT_NONE entry is stored inverted.
        let bits = word & 1 == 1 ? word : ~word
        if word & 1 == 0 { entry.insert(.protected) }
        frame = bits >> 12 & 0xff_ffff_ffff
    }

    /// The page, by an entry of /proc/PID/pagemap.
    public init(pagemap word: UInt64) {
        self.init()
        if word >> 63 == 1 {
            entry = [.present, .coarse]
            frame = word & (1 << 55 - 1)
        } else if word >> 62 & 1 == 1 {
            entry = [.swapped, .coarse]
        }
        if !entry.isEmpty, word >> 61 & 1 == 0 { entry.insert(.anonymous) }
    }

    // MARK: What it means

    public var isDirtyInCache: Bool {
        if cache.contains(.hasTags) { return cache.contains(.dirty) }
        return folio.contains(.dirty)
    }

    public var isUnderWriteback: Bool { cache.contains(.writeback) || folio.contains(.writeback) }

    /// The word that the simulator has for this state.
    public var word: PageWord {
        if entry.contains(.anonymous) || folio.contains(.anonymous) { return .anonymous }
        if folio.contains(.zero) { return .zero }
        let isMapped = entry.contains(.present) || entry.contains(.protected)
        if isUnderWriteback { return isDirtyInCache ? .redirtied : .writeback }
        if isDirtyInCache {
            guard isMapped else { return .dirtyUnmapped }
            return entry.contains(.write) ? .dirty : .dirtyProtected
        }
        if isMapped {
            if entry.contains(.dirty) { return .pteDirty }
            return entry.contains(.write) ? .cleanWritable : .clean
        }
        return cache.contains(.cached) ? .cached : .notPresent
    }

    /// The word as text. Where only presence is revealed it says no more than is known.
    public var stateText: String {
        guard entry.contains(.coarse), entry.contains(.present), !entry.contains(.anonymous) else { return word.rawValue }
        guard cache.contains(.hasTags) || folio.contains(.isKnown) else { return "MAPPED,?" }
        switch word {
        case .clean: return "CLEAN,?"
        case .dirtyProtected: return "DIRTY,?"
        default: return word.rawValue
        }
    }

    // MARK: Letters

    /// `pwuadx`, one fixed place a bit: `-` not set, `?` not revealed, dots where there is no entry.
    public var entryLetters: String {
        if entry.isEmpty { return "......" }
        if entry.contains(.swapped) { return "swap.." }
        if entry.contains(.coarse) { return "p?????" }
        let bits: [(Entry, Character)] = [
            (.present, "p"), (.write, "w"), (.user, "u"), (.accessed, "a"), (.dirty, "d"),
            (.executable, "x"),
        ]
        return String(bits.map { entry.contains($0.0) ? $0.1 : "-" })
    }

    /// `LURDWMAH`: locked, uptodate, referenced, dirty, writeback, mapped, anonymous, part of a large
    /// folio; `?` where the kernel did not say.
    public var folioLetters: String {
        guard folio.contains(.isKnown) else { return frame != 0 || isCoarse ? "????????" : "--------" }
        let bits: [(Folio, Character)] = [
            (.locked, "L"), (.uptodate, "U"), (.referenced, "R"), (.dirty, "D"), (.writeback, "W"),
            (.mapped, "M"), (.anonymous, "A"),
        ]
        let isLarge = !folio.isDisjoint(with: [.head, .tail])
        return String(bits.map { folio.contains($0.0) ? $0.1 : "-" }) + (isLarge ? "H" : "-")
    }

    private var isCoarse: Bool { entry.contains(.coarse) && entry.contains(.present) }

    /// `cdw`: cached, and the tags dirty and writeback of the page cache.
    public var cacheLetters: String {
        guard cache.contains(.isKnown) else { return "???" }
        let tags = cache.contains(.hasTags)
        return (cache.contains(.cached) ? "c" : "-")
            + (tags ? cache.contains(.dirty) ? "d" : "-" : "?")
            + (tags ? cache.contains(.writeback) ? "w" : "-" : "?")
    }

    /// The map count as text: `-` without a frame, `?` where it is not revealed.
    public var mapCountText: String {
        mapCount >= 0 ? "\(mapCount)" : entry.contains(.present) ? "?" : "-"
    }
}
