/// Who and what appears in a scenario: the files that are taken, the processes that touch them, and
/// their names.
struct Cast {
    /// The events that are shown.
    private(set) var events: [Event] = []
    /// Files in the order of their first event.
    private(set) var files: [Int] = []
    private(set) var fileNames: [Int: String] = [:]
    /// Processes that no shown fork makes.
    private(set) var roots: [Int] = []
    private(set) var processNames: [Int: String] = [:]
    /// How many page frames the scenario needs, where that is more than the usual machine has.
    private(set) var frames: Int?

    private struct Mapping {
        var name: String
        /// The pages of its file that it shows.
        var filePages: ClosedRange<Int>
        var isShared: Bool
        /// msync has something to do: shared also in the eyes of the kernel.
        var isSyncable: Bool
    }

    /// What had to be left out.
    private(set) var warnings: [ImportWarning] = []

    private var mappings: [Int: Mapping] = [:]
    private var memoryFiles: Set<Int> = []
    private var namelessFiles: Set<Int> = []

    init(recorder: Recorder, options: ImportOptions) throws(ImportError) {
        let taken = Set(recorder.files.files.keys.filter { recorder.files.isTaken($0) })
        if let line = taken.compactMap({ recorder.files.files[$0]!.tooLargeAt }).min() {
            throw Self.tooLarge(line, options)
        }
        let initialPages = taken.map { ($0, Page.count(recorder.files.files[$0]!.initialSize)) }
        select(
            from: recorder.log.events, taken: taken,
            initialPages: Dictionary(uniqueKeysWithValues: initialPages))
        guard !files.isEmpty else { throw Self.nothingTaken(recorder, options) }
        namelessFiles = Set(files.filter { recorder.files.files[$0]!.isReplaced })
        memoryFiles = Set(files.filter { recorder.files.files[$0]!.isInMemory })
        try measure(recorder, options)
        var names = Set(processNames.values)
        for file in files {
            let name = Names.file(path: recorder.files.files[file]!.path, taken: names)
            names.insert(name)
            fileNames[file] = name
        }
    }

    func mapping(_ number: Int) -> String { mappings[number]!.name }

    func isSyncable(_ mapping: Int) -> Bool { mappings[mapping]!.isSyncable }

    func firstFilePage(of mapping: Int) -> Int { mappings[mapping]!.filePages.lowerBound }

    /// Whether the file has a disk below it that dirty pages are written to.
    func hasDisk(_ file: Int) -> Bool { !memoryFiles.contains(file) }

    /// Whether the file has a name at the end of the trace. Without one, what is not on disk yet
    /// matters to nobody.
    func isNamed(_ file: Int) -> Bool { !namelessFiles.contains(file) }

    func isShared(_ mapping: Int) -> Bool { mappings[mapping]!.isShared }

    func filePages(of part: Event.Part) -> ClosedRange<Int> {
        let base = mappings[part.mapping]!.filePages.lowerBound
        return base + part.pages.lowerBound...base + part.pages.upperBound
    }

    func path(of file: TracedFile) -> String {
        file.path.isEmpty ? "path unknown" : Names.safe(file.path)
    }

    /// Keeps the events of taken files, and of the processes that have a part in them.
    private mutating func select(
        from all: [Event], taken: Set<Int>, initialPages: [Int: Int]
    ) {
        var sizes = initialPages
        var beyond: (line: Int, count: Int)?
        /// Pages that each process still has of each mapping: a child of a fork inherits them.
        var mapped: [Int: [Int: Int]] = [:]
        for var event in all {
            if let file = event.file {
                guard taken.contains(file) else { continue }
                // Such a store or load is a SIGBUS, which a program survives only if it expects it.
                if case .some(let part) = event.accessed,
                    let size = sizes[file],
                    size <= filePages(of: part).upperBound
                {
                    beyond = (beyond?.line ?? event.line, (beyond?.count ?? 0) + 1)
                    let kept = size - filePages(of: part).lowerBound
                    guard kept > 0 else { continue }
                    event.shorten(to: kept)
                }
                switch event.action {
                case .pwrite(let pages): sizes[file] = max(sizes[file] ?? 0, pages.upperBound + 1)
                case .ftruncate(let pages): sizes[file] = pages
                default: break
                }
                if !files.contains(file) { files.append(file) }
                enter(event.process, isRoot: true)
                switch event.action {
                case .mmap(let mapping, let pages, let kind):
                    mappings[mapping] = Mapping(
                        name: "m\(mappings.count + 1)", filePages: pages, isShared: kind.shared,
                        isSyncable: kind.shared && !kind.readOnlyDescriptor)
                    mapped[event.process, default: [:]][mapping] = pages.count
                case .mremap(let mapping, let pages):
                    mapped[event.process, default: [:]][mapping] = pages
                case .munmap(let part, _):
                    mapped[event.process]?[part.mapping, default: 0] -= part.pages.count
                    if mapped[event.process]?[part.mapping] == 0 {
                        mapped[event.process]?[part.mapping] = nil
                    }
                default: break
                }
            } else if case .fork(let child) = event.action {
                guard let inherited = mapped[event.process], !inherited.isEmpty else { continue }
                enter(child, isRoot: false)
                mapped[child] = inherited
            } else if processNames[event.process] == nil {
                continue
            } else if event.action == .exit {
                mapped[event.process] = nil
            }
            events.append(event)
        }
        if let beyond {
            warnings.append(
                ImportWarning(
                    line: beyond.line,
                    message: "loads and stores beyond the end of a file, as far as the trace shows"
                        + " its length, are left out from here on (\(grouped(beyond.count)))"))
        }
    }

    private mutating func enter(_ process: Int, isRoot: Bool) {
        guard processNames[process] == nil else { return }
        processNames[process] = Names.process(processNames.count)
        if isRoot { roots.append(process) }
    }

    /// Refuses files that are too large, and counts the pages that will be in memory.
    private mutating func measure(_ recorder: Recorder, _ options: ImportOptions)
        throws(ImportError)
    {
        let limits = options.limits
        var touched: [Int: PageSet] = [:]
        var copies = 0
        var transfers = 0
        for event in events {
            var pages: ClosedRange<Int>?
            switch event.action {
            case .mmap(_, let range, let kind):
                pages = range
                if !kind.shared { copies += range.count }
            case .pread(let range), .pwrite(let range), .writeback(let range?): pages = range
            case .read(let part), .write(let part): pages = filePages(of: part)
            case .ftruncate(let count): pages = count > 0 ? count - 1...count - 1 : nil
            default: break
            }
            guard let pages, let file = event.file else { continue }
            guard pages.upperBound < limits.pagesPerFile else {
                throw Self.tooLarge(event.line, options)
            }
            switch event.action {
            case .mmap, .ftruncate, .writeback: break
            case .pread, .pwrite:
                // Each page becomes a line.
                transfers += pages.count
                guard transfers <= limits.operations else {
                    throw Self.tooLong(event.line, options)
                }
                fallthrough
            default: touched[file, default: PageSet()].insert(pages)
            }
        }
        let inMemory = touched.values.reduce(copies) { $0 + $1.count }
        // Twice the pages, for page tables and some room.
        if inMemory * 2 > limits.frames { frames = min(inMemory * 2, limits.pagesPerFile) }
    }

    private static func tooLarge(_ line: Int, _ options: ImportOptions) -> ImportError {
        ImportError(
            file: options.traceName, line: line,
            message:
                "a file of more than \(grouped(options.limits.pagesPerFile)) pages is too large"
                + " to simulate; record with smaller files, or leave this one out")
    }

    private static func tooLong(_ line: Int, _ options: ImportOptions) -> ImportError {
        ImportError(
            file: options.traceName, line: line,
            message:
                "more than \(grouped(options.limits.operations)) pages are read and written here;"
                + " choose fewer files, or record a shorter run")
    }

    /// What the program did instead, and what to do about it.
    private static func nothingTaken(_ recorder: Recorder, _ options: ImportOptions) -> ImportError
    {
        var message: String
        if !options.files.isEmpty {
            message =
                "the program used no file that matches"
                + " \(options.files.map { Names.safe(Array($0.utf8)) }.joined(separator: ", "))"
        } else {
            message = "the program mapped no file" + (options.all ? "" : " shared and writable")
        }
        if let executed = recorder.executed {
            message +=
                "; it went over to another program by execve"
                + (executed.isEmpty ? "" : " (\(Names.safe(executed)))")
                + ", which the trace does not follow: name that program behind valgrind's options,"
                + " or add --trace-children=yes"
            return ImportError(file: options.traceName, message: message)
        }
        let mapped = recorder.files.files.values.filter(\.isMapped).map(\.path).sorted {
            $0.lexicographicallyPrecedes($1)
        }
        if !options.files.isEmpty {
            message += "; without --file, all that were mapped shared and writable are taken"
        } else if mapped.isEmpty {
            message +=
                ", so there is nothing to show; does it work on its data with read and write"
                + " alone, or in a child process (then add --trace-children=yes)?"
        } else {
            let names = mapped.prefix(3).map { Names.safe($0) }.joined(separator: ", ")
            message +=
                "; others it did map (\(names)\(mapped.count > 3 ? ", …" : "")): take some with"
                + " --file PATTERN, or all with --all"
        }
        return ImportError(file: options.traceName, message: message)
    }
}
