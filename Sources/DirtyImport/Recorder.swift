/// Follows the recorded processes and keeps what they do to files and to mappings of files.
struct Recorder {
    struct Process {
        /// The number of the process in events; a process id may come again.
        var number: Int
        var command: [UInt8] = []
        var descriptors: [Int: Descriptor] = [:]
        var space = AddressSpace()
        /// Directory that relative paths start from; empty: where the program was started.
        var directory: [UInt8] = []
        var blockedThreads: Set<Int> = []
    }

    struct Descriptor {
        /// The number of the open file.
        var open: Int
        var closesOnExec: Bool
    }

    let options: ImportOptions
    /// The line that is being read, for errors and warnings.
    var line = 0
    var processes: [Int: Process] = [:]
    var files: FileTable
    var log: EventLog
    /// The command line of the first process.
    private(set) var command: [UInt8] = []
    private(set) var commands: [Int: [UInt8]] = [:]
    /// What whoever recorded the trace wrote above it.
    private(set) var notes: [[UInt8]] = []
    private(set) var title: [UInt8]?
    private(set) var warnings: [ImportWarning] = []
    private(set) var warningsDropped = 0

    /// The process whose loads and stores the trace prints, as far as one can tell.
    private var current: Int?
    /// Between which addresses that process has tracked mappings.
    private var reach: Range<UInt64> = 0..<0
    /// The mapping that it accessed last: most accesses hit the same again.
    private var hot: (segment: AddressSpace.Segment, process: Int)?
    /// Processes in the order in which they last ran.
    private var recent: [Int] = []
    private var processCount = 0
    private var mappingCount = 0
    private var hasWarnedOfMixture = false
    private var hasWarnedOfSignal = false
    /// Programs that processes have gone over to by execve, while the trace does not show the new
    /// program: valgrind prints the call and then nothing more of that process.
    private var executing: [Int: [UInt8]] = [:]
    /// One of them; empty where its path cannot be read.
    var executed: [UInt8]? { executing.min { $0.key < $1.key }?.value }

    init(options: ImportOptions) {
        self.options = options
        files = FileTable(options: options)
        log = EventLog(limits: options.limits)
    }

    mutating func warn(_ message: String) {
        if warnings.count < options.limits.warnings {
            warnings.append(ImportWarning(line: line, message: message))
        } else {
            warningsDropped += 1
        }
    }

    /// At the end: what a program did that another has gone over to is missing.
    mutating func warnOfExecute() {
        guard let executed else { return }
        let program = executed.isEmpty ? "another program" : Names.safe(executed)
        warn(
            "a process goes over to \(program) by execve, which the trace does not follow;"
                + " to record it too, add --trace-children=yes")
    }

    mutating func note(_ text: ArraySlice<UInt8>) {
        let kept = text.prefix(Self.textBytesMax)
        if kept.starts(with: Self.titleMark) {
            title = Array(kept.dropFirst(Self.titleMark.count))
        } else if notes.count < Self.notesMax {
            notes.append(Array(kept))
        }
    }

    func error(_ message: String) -> ImportError {
        ImportError(file: options.traceName, line: line, message: message)
    }

    /// A line that begins with `==PID== `. A second banner of the same process means that it has
    /// called execve.
    mutating func banner(_ text: [UInt8]) throws(ImportError) {
        let parts = text.split(separator: .blank, maxSplits: 2)
        defer { lookAround() }
        guard parts.count == 3,
            let process = Int(
                String(decoding: parts[0].filter { $0.decimalDigit != nil }, as: UTF8.self))
        else { return }
        if parts[1].elementsEqual("Lackey,".utf8) {
            executing[process] = nil
            if processes[process] == nil { try enter(process) } else { try execute(process) }
            run(process)
        } else if parts[1].elementsEqual("Command:".utf8), let number = processes[process]?.number {
            let kept = Array(parts[2].prefix(Self.textBytesMax))
            commands[number] = kept
            if command.isEmpty { command = kept }
        }
    }

    mutating func take(_ message: CallAssembler.Message) throws(ImportError) {
        defer { lookAround() }
        switch message {
        case .runs(let thread):
            if processes[thread.process] == nil { try enter(thread.process) }
            processes[thread.process]?.blockedThreads.remove(thread.thread)
            executing[thread.process] = nil
            run(thread.process)
        case .blocks(let thread):
            processes[thread.process]?.blockedThreads.insert(thread.thread)
            // The others go on meanwhile; of several, probably the one that ran last.
            if let other = recent.last(where: { $0 != thread.process && isRunnable($0) }) {
                current = other
            }
        case .executes(let thread, let path):
            if executing.count < options.limits.processes { executing[thread.process] = path }
        case .call(let call):
            try take(call)
        }
    }

    // MARK: Loads and stores

    /// Whether the record may lie in a tracked mapping. Most do not, and this is all that they
    /// cost.
    @inline(__always)
    func mayTouch(_ record: MemoryRecord) -> Bool {
        record.address < reach.upperBound && record.address &+ record.size > reach.lowerBound
    }

    mutating func access(_ record: MemoryRecord) throws(ImportError) {
        guard record.kind != .instruction, let current else { return }
        if let hot, record.address >= hot.segment.start, record.address < hot.segment.end,
            record.address % Page.size + record.size <= Page.size
        {
            guard allows(hot.segment, store: record.kind != .load) else { return }
            let page = hot.segment.page(of: record.address)
            log.access(
                hot.segment, page: page, store: record.kind != .load, process: hot.process,
                line: line)
            return try checkLength()
        }
        if processes.count > 1, !hasWarnedOfMixture, processes.keys.count(where: isRunnable) > 1,
            processes[current]?.space.find(record.address) != nil
        {
            hasWarnedOfMixture = true
            warn(
                "two processes run at the same time from here on, and a trace does not say"
                    + " whose a load or store is; each is taken to be of"
                    + " the process that made the last system call")
        }
        try touch(record.address, record.size, store: record.kind != .load, by: current)
        if let segment = processes[current]?.space.find(record.address),
            let number = processes[current]?.number
        {
            hot = (segment, number)
        }
    }

    /// False, with a warning once, for an access that ends in SIGSEGV. A program that lives on
    /// handles the signal, allows the access and makes it again.
    @inline(__always)
    private mutating func allows(_ segment: AddressSpace.Segment, store: Bool) -> Bool {
        if segment.allows(store: store) { return true }
        if !hasWarnedOfSignal {
            hasWarnedOfSignal = true
            warn("loads and stores that the mapping does not permit are left out from here on")
        }
        return false
    }

    /// Who runs, or what is mapped, may have changed.
    private mutating func lookAround() {
        hot = nil
        reach = current.flatMap { processes[$0]?.space.bounds } ?? 0..<0
    }

    /// An access of some bytes, page by page: the program's, or the kernel's on its behalf.
    mutating func touch(_ address: UInt64, _ size: UInt64, store: Bool, by process: Int)
        throws(ImportError)
    {
        guard let number = processes[process]?.number,
            let range = Page.covering(address: address, count: size)
        else { return }
        for part in processes[process]?.space.overlapping(range) ?? [] {
            guard allows(part, store: store) else { continue }
            for page in part.range {
                log.access(part, page: page, store: store, process: number, line: line)
                try checkLength()
            }
        }
    }

    /// Adds an event of a file. What happens to files that are not taken does not end the folding
    /// of accesses.
    mutating func record(_ action: Event.Action, file: Int?, by process: Int) throws(ImportError) {
        guard let number = processes[process]?.number else { return }
        let ordered = file.map(files.isTaken) ?? true
        log.append(Event(process: number, file: file, action: action, line: line), ordered: ordered)
        try checkLength()
    }

    private mutating func checkLength() throws(ImportError) {
        let limit = options.limits.operations
        guard log.events.count > limit else { return }
        forgetUnmapped()
        guard log.events.count > limit - limit / 4 else { return }
        throw error(
            "the scenario would have more than \(grouped(limit - limit / 4)) operations;"
                + " choose fewer files, or record a shorter run")
    }

    /// Makes room by leaving out what was done to files that no writable mapping has made
    /// interesting.
    mutating func forgetUnmapped() {
        let before = log.events.count
        let table = files
        log.compact { table.isTaken($0) }
        files.forgetUnmapped()
        let dropped = before - log.events.count
        if dropped > 0 {
            warn("\(grouped(dropped)) operations on files that are not taken so far are left out")
        }
    }

    // MARK: Processes

    private func isRunnable(_ process: Int) -> Bool {
        // Threads that print nothing are not known, so one blocked thread is taken for all of the
        // process.
        processes[process].map(\.blockedThreads.isEmpty) ?? false
    }

    private mutating func run(_ process: Int) {
        guard current != process || recent.last != process else { return }
        current = process
        recent.removeAll { $0 == process }
        recent.append(process)
    }

    mutating func enter(_ process: Int) throws(ImportError) {
        guard processCount < options.limits.processes else {
            throw error(
                "more than \(grouped(options.limits.processes)) processes;"
                    + " record a program that starts fewer"
            )
        }
        processes[process] = Process(number: processCount)
        processCount += 1
    }

    mutating func fork(_ parent: Int, child: Int) throws(ImportError) {
        guard child != parent, var copy = processes[parent] else { return }
        if processes[child] != nil { try leave(child) }
        try enter(child)
        copy.number = processes[child]!.number
        copy.blockedThreads = []
        for descriptor in copy.descriptors.values { files.retain(descriptor.open) }
        commands[copy.number] = commands[processes[parent]!.number]
        processes[child] = copy
        recent.insert(child, at: 0)
        try record(.fork(child: copy.number), file: nil, by: parent)
    }

    /// execve: the mappings go, and so do the descriptors that say so.
    private mutating func execute(_ process: Int) throws(ImportError) {
        try unmap(0..<UInt64.max, by: process)
        for (number, descriptor) in processes[process]?.descriptors ?? [:]
        where descriptor.closesOnExec {
            files.release(descriptor.open)
            processes[process]?.descriptors[number] = nil
        }
        processes[process]?.blockedThreads = []
    }

    mutating func leave(_ process: Int) throws(ImportError) {
        try record(.exit, file: nil, by: process)
        for descriptor in processes[process]?.descriptors.values ?? [:].values {
            files.release(descriptor.open)
        }
        processes[process] = nil
        recent.removeAll { $0 == process }
        if current == process { current = recent.last(where: isRunnable) ?? recent.last }
    }

    // MARK: Mappings

    mutating func unmap(_ range: Range<UInt64>, remapped: Bool = false, by process: Int)
        throws(ImportError)
    {
        for part in processes[process]?.space.remove(range) ?? [] {
            try record(.munmap(part.eventPart, remapped: remapped), file: part.file, by: process)
        }
    }

    mutating func map(
        file: Int, pages: ClosedRange<Int>, at range: Range<UInt64>, _ kind: Event.MappingKind,
        by process: Int
    ) throws(ImportError) {
        mappingCount += 1
        let segment = AddressSpace.Segment(
            start: range.lowerBound, end: range.upperBound, mapping: mappingCount, file: file,
            firstPage: 0,
            filePages: pages, kind: kind)
        processes[process]?.space.insert(segment)
        try checkMappings(process)
        try record(.mmap(mapping: mappingCount, pages: pages, kind), file: file, by: process)
    }

    /// After something that may have made more of them.
    func checkMappings(_ process: Int) throws(ImportError) {
        guard (processes[process]?.space.count ?? 0) > options.limits.mappings else { return }
        throw error(
            "more than \(grouped(options.limits.mappings)) mappings of files at one time;"
                + " choose fewer files"
        )
    }

    /// Longer command lines and notes are of no use to readers.
    private static let textBytesMax = 1_024
    private static let notesMax = 20
    private static let titleMark = Array("title: ".utf8)
}

extension AddressSpace.Segment {
    var eventPart: Event.Part {
        Event.Part(mapping: mapping, pages: range, isWhole: isWhole)
    }
}
