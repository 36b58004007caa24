/// Which file a mapping or an event is about, as the kernel's own numbers.
public struct LiveFile: Hashable, Sendable, Comparable {
    /// Kernel encoding: major << 20 | minor.
    public var device: UInt32
    public var inode: UInt64

    public init(device: UInt32, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    public static func < (a: LiveFile, b: LiveFile) -> Bool {
        (a.device, a.inode) < (b.device, b.inode)
    }
}

/// What survives when mprotect or munmap cuts a mapping into several VMAs.
public struct MappingKey: Hashable, Sendable, Comparable {
    public var process: Int32
    public var file: LiveFile
    /// Where page 0 of the file would lie.
    public var base: UInt64

    public init(process: Int32, file: LiveFile, base: UInt64) {
        self.process = process
        self.file = file
        self.base = base
    }

    public static func < (a: MappingKey, b: MappingKey) -> Bool {
        (a.process, a.base, a.file) < (b.process, b.base, b.file)
    }
}

/// A VMA of a process, with its pages when they are watched.
public struct LiveArea: Hashable, Sendable {
    /// Up to 512 pages that lie in one page table, from a page of the area on.
    public struct Table: Hashable, Sendable {
        public var first: Int
        public var pages: [LivePage]

        public init(first: Int, pages: [LivePage]) {
            self.first = first
            self.pages = pages
        }
    }

    /// Figures of /proc/PID/smaps, in KiB.
    public struct Totals: Hashable, Sendable {
        public var rss = 0
        public var sharedDirty = 0
        public var privateDirty = 0
        public var flags: [String] = []

        public init() {}
    }

    public var process: Int32
    public var start: UInt64
    public var end: UInt64
    /// `rw-s`.
    public var permissions: String
    /// Bytes into the file.
    public var offset: UInt64
    public var file: LiveFile
    /// As the kernel tells it: not safe to show before it went through `printable`.
    public var path: String
    public var totals: Totals?
    /// Whether its pages are looked at.
    public var isWatched = false
    /// Sorted by `first`. A page that is in none of them has neither entry nor cached page.
    public var tables: [Table] = []

    public init(
        process: Int32, start: UInt64, end: UInt64, permissions: String, offset: UInt64, file: LiveFile,
        path: String
    ) {
        self.process = process
        self.start = start
        self.end = end
        self.permissions = permissions
        self.offset = offset
        self.file = file
        self.path = path
    }

    public var pageCount: Int { Int((end - start) >> 12) }
    public var isShared: Bool { permissions.hasSuffix("s") }
    public var isWritable: Bool { permissions.dropFirst().first == "w" }
    /// Whether it maps a file (a file of tmpfs or a memfd is one, too).
    public var isFile: Bool { file.inode != 0 }
    public var key: MappingKey { MappingKey(process: process, file: file, base: start &- offset) }

    /// The last part of its name, or what the kernel calls it.
    public var shortName: String {
        let path = path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
        return path.isEmpty ? "anonymous" : path.split(separator: "/").last.map(String.init) ?? path
    }

    public func page(_ index: Int) -> LivePage {
        guard let table = table(of: index) else { return .nothing }
        return tables[table].pages[index - tables[table].first]
    }

    /// The table that a page lies in.
    public func table(of index: Int) -> Int? {
        var (low, high) = (0, tables.count)
        while low < high {
            let middle = (low + high) / 2
            if tables[middle].first <= index { low = middle + 1 } else { high = middle }
        }
        guard low > 0, index - tables[low - 1].first < tables[low - 1].pages.count else { return nil }
        return low - 1
    }

    public func contains(_ address: UInt64) -> Bool { (start..<end).contains(address) }
}

/// A process as a sample found it.
public struct LiveProcess: Hashable, Sendable {
    public var id: Int32
    /// Not safe to show before it went through `printable`.
    public var name: String
    /// Clock ticks after the start of the system: tells it from another one of the same number.
    public var startTime: UInt64
    /// How often it has replaced its program.
    public var execs = 0
    public var hasEnded = false

    public init(id: Int32, name: String, startTime: UInt64) {
        self.id = id
        self.name = name
        self.startTime = startTime
    }
}
