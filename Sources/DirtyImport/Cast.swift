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
    }

    private var mappings: [Int: Mapping] = [:]

    init(recorder: Recorder, options: ImportOptions) throws(ImportError) {
        let taken = Set(recorder.files.files.keys.filter { recorder.files.isTaken($0) })
        if let line = taken.compactMap({ recorder.files.files[$0]!.tooLargeAt }).min() {
            throw Self.tooLarge(line, options)
        }
        select(from: recorder.log.events, taken: taken)
        guard !files.isEmpty else { throw Self.nothingTaken(options) }
        try measure(recorder, options)
        var names = Set(processNames.values)
        for file in files {
            let name = Names.file(path: recorder.files.files[file]!.path, taken: names)
            names.insert(name)
            fileNames[file] = name
        }
    }

    func mapping(_ number: Int) -> String { mappings[number]!.name }

    func isShared(_ mapping: Int) -> Bool { mappings[mapping]!.isShared }

    func filePages(of part: Event.Part) -> ClosedRange<Int> {
        let base = mappings[part.mapping]!.filePages.lowerBound
        return base + part.pages.lowerBound...base + part.pages.upperBound
    }

    func path(of file: TracedFile) -> String {
        file.path.isEmpty ? "path unknown" : Names.safe(file.path)
    }

    /// Keeps the events of taken files, and of the processes that have a part in them.
    private mutating func select(from all: [Event], taken: Set<Int>) {
        /// Pages that each process still has of each mapping: a child of a fork inherits them.
        var mapped: [Int: [Int: Int]] = [:]
        for event in all {
            if let file = event.file {
                guard taken.contains(file) else { continue }
                if !files.contains(file) { files.append(file) }
                enter(event.process, isRoot: true)
                switch event.action {
                case .mmap(let mapping, let pages, let kind):
                    mappings[mapping] = Mapping(
                        name: "m\(mappings.count + 1)", filePages: pages, isShared: kind.shared)
                    mapped[event.process, default: [:]][mapping] = pages.count
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

    private static func nothingTaken(_ options: ImportOptions) -> ImportError {
        let message =
            options.files.isEmpty
            ? "the program mapped no file \(options.all ? "" : "shared and writable ")between"
                + " the start and the end of this trace; name the files to take,"
                + " or take all that were mapped"
            : "the program used no file that matches \(options.files.joined(separator: ", "))"
        return ImportError(file: options.traceName, message: message)
    }
}
