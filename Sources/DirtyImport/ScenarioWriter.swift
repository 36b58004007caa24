/// Writes the events of the taken files as a scenario.
struct ScenarioWriter {
    private let options: ImportOptions
    private let recorder: Recorder
    /// What is shown, in order.
    private let cast: Cast
    private var summary = ImportSummary()
    /// The pages of each file that have been stored to through a shared mapping since they were
    /// last synced.
    private var unsynced: [Int: PageSet] = [:]
    private var chapterCounts: [String: Int] = [:]
    /// The line of the trace whose chapter has been opened: one msync can touch several mappings.
    private var chapterLine: Int?

    init(recorder: Recorder, options: ImportOptions) throws(ImportError) {
        self.recorder = recorder
        self.options = options
        cast = try Cast(recorder: recorder, options: options)
    }

    consuming func write(into output: inout some TextOutputStream) throws(ImportError)
        -> ImportSummary
    {
        for event in cast.events {
            summary.loads += event.loads
            summary.stores += event.stores
        }
        writeHeader(into: &output)
        chapter(
            Self.start, "what a real program did, recorded instruction by instruction",
            into: &output)
        for event in cast.events { write(event, into: &output) }
        chapter(
            Self.end, "no store is lost: each is on disk, in the page cache or in a page table",
            into: &output)
        output.write("expect lost 0\n")
        for file in cast.files {
            let traced = recorder.files.files[file]!
            summary.files.append(
                .init(
                    name: cast.fileNames[file]!, path: cast.path(of: traced),
                    pages: Page.count(traced.initialSize)))
        }
        summary.processes = cast.processNames.sorted { $0.key < $1.key }.map(\.value)
        summary.warnings = recorder.warnings
        summary.warningsDropped = recorder.warningsDropped
        return summary
    }

    private func writeHeader(into output: inout some TextOutputStream) {
        let command = Names.safe(recorder.command)
        output.write("# A run of a real, unmodified program, recorded and imported.\n")
        if !command.isEmpty { output.write("# Program: \(command)\n") }
        output.write("# Trace: valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes\n")
        for note in recorder.notes + options.notes.map({ Array($0.utf8) }) {
            output.write("# \(Names.safe(note))\n")
        }
        let accesses = cast.events.count { $0.loads + $0.stores > 0 }
        output.write(
            """
            # \(plural(summary.loads, "load")) and \(plural(summary.stores, "store")) \
            on the mappings of these files, folded into \(plural(accesses, "line")):
            # of the accesses to a page between two other operations, the first load and the first \
            store count.
            # Reads and writes of files are shown as whole pages.

            """)
        output.write("title \(Names.quoted(title))\n")
        output.write("kernel \(options.kernel)\n")
        if let frames = cast.frames { output.write("frames \(frames)\n") }
        output.write("\n")
        for file in cast.files {
            let traced = recorder.files.files[file]!
            let system = traced.isInMemory ? "tmpfs" : options.fileSystem
            let cached = options.cached ? " cached" : ""
            let declaration =
                "file \(cast.fileNames[file]!) \(Page.count(traced.initialSize)) \(system)\(cached)"
            var comment = cast.path(of: traced)
            if traced.isReplaced {
                comment += ", whose name is later removed or given to another file"
            }
            if traced.hasLostHistory {
                comment += ", without what was done to it before it was mapped"
            }
            line(declaration, comment: comment, into: &output)
        }
        for process in cast.roots {
            let command = Names.safe(recorder.commands[process] ?? [])
            line("process \(cast.processNames[process]!)", comment: command, into: &output)
        }
    }

    private var title: String {
        let command = Names.safe(recorder.command, lengthMax: Self.titleLengthMax)
        let given = options.title.map { Array($0.utf8) } ?? recorder.title
        return given.map { Names.safe($0) } ?? (command.isEmpty ? "A recorded run" : command)
    }

    // MARK: One event

    private mutating func write(_ event: Event, into output: inout some TextOutputStream) {
        let process = cast.processNames[event.process]!
        let name = event.file.flatMap { cast.fileNames[$0] } ?? ""
        narrate(event, process: process, file: name, into: &output)
        var command: String
        var comment = ""
        switch event.action {
        case .mmap(let mapping, let pages, let kind):
            command = "mmap \(cast.mapping(mapping)) \(name)\(bracket(pages)) \(kind.letters)"
            command += kind.shared ? " shared" : " private"
            if kind.readOnlyDescriptor { command += " rdonly" }
        case .munmap(let part, let remapped):
            command = "munmap \(operand(part))"
            if remapped { comment = "mremap, shown as munmap and mmap" }
        case .mprotect(let part, let letters): command = "mprotect \(operand(part)) \(letters)"
        case .discard(let part): command = "madvise \(operand(part)) dontneed"
        case .msync(let part, let mode): command = "msync \(operand(part)) \(mode)"
        case .read(let part):
            command = "read \(operand(part))"
            comment = count(event)
        case .write(let part):
            command = "write \(operand(part))"
            comment = count(event)
        case .pread(let pages):
            return transfer("\(process) pread \(name)", pages, event.times, "read", into: &output)
        case .pwrite(let pages):
            return transfer("\(process) pwrite \(name)", pages, event.times, "write", into: &output)
        case .ftruncate(let pages): command = "ftruncate \(name) \(pages)"
        case .fsync(let promised):
            command = "fsync \(name)"
            if promised { comment = "the file is open with O_SYNC or O_DSYNC" }
        case .writeback(let pages):
            summary.operations += 1
            return line(
                "writeback \(name)\(pages.map { bracket($0) } ?? "")", comment: "sync_file_range",
                into: &output)
        case .syncAll:
            summary.operations += cast.files.count
            for file in cast.files {
                line("\(process) fsync \(cast.fileNames[file]!)", comment: "sync", into: &output)
            }
            return
        case .fork(let child): command = "fork \(cast.processNames[child]!)"
        case .exit: command = "exit"
        }
        summary.operations += 1
        line("\(process) \(command)", comment: comment, into: &output)
        if case .mmap(let mapping, _, let kind) = event.action, kind.populates {
            // What the kernel does for a shared mapping. A private one it would break loose from
            // the file at once.
            summary.operations += 1
            line("\(process) read \(cast.mapping(mapping))", comment: "MAP_POPULATE", into: &output)
        }
    }

    /// In the language, a read or write of a file is one of one page.
    private mutating func transfer(
        _ command: String, _ pages: ClosedRange<Int>, _ times: Int, _ word: String,
        into output: inout some TextOutputStream
    ) {
        let several = pages.count > 1 ? " of pages \(pages.lowerBound) to \(pages.upperBound)" : ""
        for page in pages {
            summary.operations += 1
            let isFirst = page == pages.lowerBound && times > 1
            line(
                "\(command)[\(page)]", comment: isFirst ? plural(times, word) + several : "",
                into: &output)
        }
    }

    /// Opens a chapter where data becomes safe, or where mappings with unsafe data go.
    private mutating func narrate(
        _ event: Event, process: String, file: String, into output: inout some TextOutputStream
    ) {
        defer { follow(event) }
        guard chapterLine != event.line else { return }
        let pages = event.file.flatMap { unsynced[$0]?.count } ?? 0
        let stored =
            (pages == 0 ? "no stores to" : "stores to \(plural(pages, "page")) of") + " \(file)"
        let since = "\(stored) through mappings since its last sync"
        switch event.action {
        case .msync(_, let mode) where mode != "invalidate":
            let flag = mode == "sync" ? "MS_SYNC" : "MS_ASYNC"
            chapter("msync", "\(process) calls msync(\(flag)): \(since)", into: &output)
        case .fsync(let promised) where !promised:
            chapter("fsync", "\(process) calls fsync: \(since)", into: &output)
        case .syncAll:
            chapter("sync", "\(process) calls sync", into: &output)
        case .munmap(let part, _) where pages > 0 && cast.isShared(part.mapping):
            chapter("munmap", "\(process) unmaps: \(since)", into: &output)
        case .exit where !unsynced.isEmpty:
            chapter("exit", "\(process) exits, with stores that no sync has written", into: &output)
        case .fork(let child):
            chapter(
                "fork",
                "\(process) forks \(cast.processNames[child]!), which has the same mappings",
                into: &output)
        default: return
        }
        chapterLine = event.line
    }

    private mutating func follow(_ event: Event) {
        guard let file = event.file else {
            if event.action == .syncAll { unsynced = [:] }
            return
        }
        switch event.action {
        case .write(let part) where cast.isShared(part.mapping):
            unsynced[file, default: PageSet()].insert(cast.filePages(of: part))
        case .msync(let part, mode: "sync"):
            unsynced[file]?.remove(cast.filePages(of: part))
        case .fsync:
            unsynced[file] = nil
        default: break
        }
        if unsynced[file]?.isEmpty == true { unsynced[file] = nil }
    }

    private mutating func chapter(
        _ kind: String, _ text: String, into output: inout some TextOutputStream
    ) {
        chapterCounts[kind, default: 0] += 1
        let isOnly = kind == Self.start || kind == Self.end
        let name = isOnly ? kind : "\(kind) \(chapterCounts[kind]!)"
        output.write("\nchapter \(Names.quoted(name))\nsay \(Names.quoted(text))\n")
    }

    // MARK: Words

    private func operand(_ part: Event.Part) -> String {
        cast.mapping(part.mapping) + (part.isWhole ? "" : bracket(part.pages))
    }

    private func bracket(_ pages: ClosedRange<Int>) -> String {
        pages.count == 1 ? "[\(pages.lowerBound)]" : "[\(pages.lowerBound)..\(pages.upperBound)]"
    }

    /// Counts are worth a comment where something was folded.
    private func count(_ event: Event) -> String {
        guard case .read(let part) = event.action else {
            guard case .write(let part) = event.action,
                event.stores + event.loads > part.pages.count
            else { return "" }
            return event.loads == 0
                ? plural(event.stores, "store")
                : "\(plural(event.stores, "store")), \(plural(event.loads, "load"))"
        }
        return event.loads > part.pages.count ? plural(event.loads, "load") : ""
    }

    private func plural(_ number: Int, _ word: String) -> String {
        "\(grouped(number)) \(word)\(number == 1 ? "" : "s")"
    }

    private func line(_ command: String, comment: String, into output: inout some TextOutputStream)
    {
        guard !comment.isEmpty else { return output.write(command + "\n") }
        let padding = String(repeating: " ", count: max(1, Self.commentColumn - command.count))
        output.write("\(command)\(padding)# \(comment)\n")
    }

    private static let start = "start"
    private static let end = "end"
    private static let titleLengthMax = 72
    private static let commentColumn = 32
}
