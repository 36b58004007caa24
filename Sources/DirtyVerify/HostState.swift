/// What the running kernel shows of a scenario's files and processes, in the model's numbering:
/// pages of files, and virtual pages as the model counts them. nil: not revealed.
public struct HostState {
    public struct FileState {
        public var size = 0
        public var cached: Set<Int>?
        public var dirty: Set<Int>?
        public var writeback: Set<Int>?
        /// Values on disk of the pages that could be read without writing them out first.
        public var disk: [Int: UInt32] = [:]

        public init() {}
    }

    public struct VMA: Hashable {
        public var pages: Range<Int>
        /// `rw-s` as in /proc/PID/maps.
        public var permissions: String
        /// The scenario's file and the first page that is mapped; nil for anonymous memory.
        public var file: String?
        public var pgoff: Int

        public init(pages: Range<Int>, permissions: String, file: String?, pgoff: Int) {
            self.pages = pages
            self.permissions = permissions
            self.file = file
            self.pgoff = pgoff
        }
    }

    /// An entry of /proc/PID/pagemap.
    public struct PageMapEntry: Hashable {
        public var word: UInt64
        public init(word: UInt64) { self.word = word }
        public var isPresent: Bool { word >> 63 & 1 == 1 }
        /// A page of a file or of shared memory, not a private copy.
        public var isFilePage: Bool { word >> 61 & 1 == 1 }
        /// 0 where the reader may not know.
        public var frame: UInt64 { word & ((1 << 55) - 1) }
    }

    public struct ProcessState {
        public var isAlive = true
        public var vmas: [VMA] = []
        public var pageMap: [Int: PageMapEntry] = [:]
        /// The hardware's entries.
        public var ptes: [Int: HardwarePTE]?

        public init() {}
    }

    public var files: [String: FileState] = [:]
    public var processes: [String: ProcessState] = [:]

    public init() {}

    /// The page-table entries that map a page of a file.
    func mappers(of index: Int, in file: String) -> [(process: String, vpn: Int)] {
        var result: [(process: String, vpn: Int)] = []
        for (name, process) in processes.sorted(by: { $0.key < $1.key }) {
            for vma in process.vmas where vma.file == file {
                let vpn = vma.pages.lowerBound + index - vma.pgoff
                guard vma.pages.contains(vpn), let entry = process.pageMap[vpn],
                    entry.isPresent, entry.isFilePage
                else { continue }
                result.append((name, vpn))
            }
        }
        return result
    }
}

/// A page-table entry of x86-64 as the processor reads it.
public struct HardwarePTE: Hashable {
    public var word: UInt64
    public init(word: UInt64) { self.word = word }

    private func has(_ bit: Int) -> Bool { word >> UInt64(bit) & 1 == 1 }

    public var present: Bool { has(0) }
    /// D, or the bit in which the kernel keeps it while W is clear.
    public var dirty: Bool { has(6) || has(58) }

    /// Six characters as in the model's reports: P W U A D X. Without P only A and D mean anything.
    public var description: String {
        func letter(_ on: Bool, _ letter: Character) -> Character { on ? letter : "-" }
        return String([
            letter(present, "P"), letter(present && has(1), "W"), letter(present && has(2), "U"),
            letter(has(5), "A"), letter(dirty, "D"), letter(present && !has(63), "X"),
        ])
    }
}
