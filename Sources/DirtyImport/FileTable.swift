/// What a trace tells about one file.
struct TracedFile {
    var path: [UInt8]
    var isInMemory = false
    /// Named by the options.
    var isNamed = false
    /// Mapped shared and writable at some time.
    var isSharedWritable = false
    var isMapped = false
    /// The line of the trace that maps more of it than can be simulated.
    var tooLargeAt: Int?
    /// Its path was given to another file, or to none.
    var isReplaced = false
    /// Operations on it were left out, because it was not mapped by then.
    var hasLostHistory = false

    /// Bytes that it had at the start, as far as the trace shows.
    private(set) var initialSize: UInt64 = 0
    private(set) var size: UInt64 = 0
    /// Whether `size` is exact. Valgrind does not print what stat returns.
    private var sizeIsKnown = false

    init(path: [UInt8]) {
        self.path = path
    }

    /// The file is new or was truncated as it was opened for the first time.
    mutating func isEmptyAtFirst() {
        sizeIsKnown = true
    }

    /// Something showed the exact size, such as a seek to the end.
    mutating func learn(size exact: UInt64) {
        if !sizeIsKnown, exact > size { initialSize = exact }
        sizeIsKnown = true
        size = exact
    }

    /// Something showed that at least so many bytes are there. Bytes that nobody wrote were there
    /// at the start.
    mutating func learn(sizeAtLeast bytes: UInt64) {
        guard !sizeIsKnown, bytes > size else { return }
        initialSize = bytes
        size = bytes
    }

    /// What was done to it so far is left out: the scenario finds it as it is now.
    mutating func startHere() {
        initialSize = size
        hasLostHistory = true
    }

    mutating func grow(to bytes: UInt64) {
        size = max(size, bytes)
    }

    mutating func truncate(to bytes: UInt64) {
        size = bytes
        sizeIsKnown = true
    }
}

/// An open file description: what file descriptors point to, shared by dup and fork.
struct OpenFile {
    var file: Int
    var offset: UInt64 = 0
    var isReadOnly: Bool
    var appends: Bool
    /// O_SYNC or O_DSYNC.
    var syncs: Bool
    var references = 1
}

/// The files of a trace and who has them open. Numbers, once given, are not given again.
struct FileTable {
    private(set) var files: [Int: TracedFile] = [:]
    private(set) var open: [Int: OpenFile] = [:]
    private var byPath: [[UInt8]: Int] = [:]
    private var nextFile = 0
    private var nextOpen = 0
    private let options: ImportOptions

    init(options: ImportOptions) {
        self.options = options
    }

    var fileCount: Int { files.count }
    var openCount: Int { open.count }

    /// Whether the scenario will show the file, as far as is known by now.
    func isTaken(_ file: Int) -> Bool {
        guard let file = files[file] else { return false }
        if !options.files.isEmpty { return file.isNamed }
        return options.all ? file.isMapped : file.isSharedWritable
    }

    /// The number of the file at `path`, which is entered if it is new.
    mutating func file(at path: [UInt8]) -> (number: Int, isNew: Bool) {
        if let number = byPath[path] { return (number, false) }
        var file = TracedFile(path: path)
        file.isNamed = options.files.contains { Glob.matches(Array($0.utf8), path: path) }
        file.isInMemory = path.starts(with: Array("/dev/shm/".utf8))
        let number = enter(file)
        byPath[path] = number
        return (number, true)
    }

    /// A file without a path: memory, or one whose path could not be read.
    mutating func enter(_ file: TracedFile) -> Int {
        nextFile += 1
        files[nextFile] = file
        return nextFile
    }

    mutating func update(_ file: Int, _ body: (inout TracedFile) -> Void) {
        if files[file] != nil { body(&files[file]!) }
    }

    mutating func describe(_ description: OpenFile) -> Int {
        nextOpen += 1
        open[nextOpen] = description
        return nextOpen
    }

    mutating func retain(_ number: Int) {
        open[number]?.references += 1
    }

    mutating func seek(_ number: Int, to offset: UInt64) {
        open[number]?.offset = offset
    }

    mutating func release(_ number: Int) {
        guard let description = open[number] else { return }
        if description.references > 1 {
            open[number]?.references -= 1
        } else {
            open[number] = nil
        }
    }

    /// The path is gone; the file lives on while it is open or mapped.
    mutating func unlink(_ path: [UInt8]) {
        if let number = byPath.removeValue(forKey: path) { files[number]?.isReplaced = true }
    }

    mutating func rename(_ old: [UInt8], to new: [UInt8]) {
        guard old != new else { return }
        let number = byPath.removeValue(forKey: old)
        unlink(new)
        guard let number else { return }
        byPath[new] = number
        files[number]?.path = new
        if options.files.contains(where: { Glob.matches(Array($0.utf8), path: new) }) {
            files[number]?.isNamed = true
        }
    }

    /// Forgets files that are closed and were never mapped; what is left of those that are open is
    /// marked.
    mutating func forgetUnmapped() {
        let opened = Set(open.values.map(\.file))
        for (number, file) in files where !file.isMapped && !isTaken(number) {
            if opened.contains(number) {
                files[number]?.startHere()
            } else {
                files[number] = nil
                if byPath[file.path] == number { byPath[file.path] = nil }
            }
        }
    }
}

/// `*` for any run of bytes, `?` for one.
enum Glob {
    static func matches(_ pattern: [UInt8], path: [UInt8]) -> Bool {
        if pattern.contains(.slash) { return matches(pattern, path[...]) }
        return matches(pattern, path[((path.lastIndex(of: .slash) ?? -1) + 1)...])
    }

    /// Goes back to the last `*` only, which is enough and never takes more than pattern times
    /// text.
    private static func matches(_ pattern: [UInt8], _ text: ArraySlice<UInt8>) -> Bool {
        var position = 0
        var index = text.startIndex
        var retry: (position: Int, index: Int)?
        while index < text.endIndex {
            if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
                retry = (position + 1, index)
                position += 1
            } else if position < pattern.count,
                pattern[position] == text[index] || pattern[position] == UInt8(ascii: "?")
            {
                position += 1
                index += 1
            } else if let last = retry {
                retry = (last.position, last.index + 1)
                (position, index) = (last.position, last.index + 1)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
