/// Writes the events of the taken files as a scenario.
struct ScenarioWriter {
    private let options: ImportOptions
    private let recorder: Recorder
    /// What is shown, in order.
    private let cast: Cast
    private var summary = ImportSummary()
    private var narrator: Narrator

    init(recorder: Recorder, options: ImportOptions) throws(ImportError) {
        self.recorder = recorder
        self.options = options
        cast = try Cast(recorder: recorder, options: options)
        narrator = Narrator(cast: cast, options: options)
    }

    consuming func write(into output: inout some TextOutputStream) throws(ImportError)
        -> ImportSummary
    {
        for event in cast.events {
            summary.loads += event.loads
            summary.stores += event.stores
        }
        writeHeader(into: &output)
        write(narrator.start(program: program), into: &output)
        var rest = cast.events[...]
        while let event = rest.first {
            // One msync or munmap can touch several mappings.
            let group = rest.prefix { $0.isOfSameCall(as: event) }
            write(narrator.before(group), into: &output)
            for event in group { write(event, into: &output) }
            write(narrator.after(group), into: &output)
            rest = rest.dropFirst(group.count)
        }
        write(narrator.end(), into: &output)
        for file in cast.files {
            let traced = recorder.files.files[file]!
            summary.files.append(
                .init(
                    name: cast.fileNames[file]!, path: cast.path(of: traced),
                    pages: Page.count(traced.initialSize)))
        }
        summary.processes = cast.processNames.sorted { $0.key < $1.key }.map(\.value)
        summary.warnings = recorder.warnings + cast.warnings
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

    /// The recorded program as captions call it: its name without folders.
    private var program: String {
        let first = recorder.command.split(separator: .blank).first ?? []
        return Names.safe(Array(first[((first.lastIndex(of: .slash) ?? first.startIndex - 1) + 1)...]), lengthMax: 24)
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
        var command: String
        var comment = ""
        switch event.action {
        case .mmap(let mapping, let pages, let kind):
            command = "mmap \(cast.mapping(mapping)) \(name)\(bracket(pages)) \(kind.letters)"
            command += kind.shared ? " shared" : " private"
            if kind.populates { command += " populate" }
            if kind.readOnlyDescriptor { command += " rdonly" }
        case .munmap(let part, let remapped):
            command = "munmap \(operand(part))"
            if remapped { comment = "mremap, shown as munmap and mmap" }
        case .mremap(let mapping, let pages): command = "mremap \(cast.mapping(mapping)) \(pages)"
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

    private func write(_ lines: [String], into output: inout some TextOutputStream) {
        for line in lines { output.write(line + "\n") }
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

    private func line(_ command: String, comment: String, into output: inout some TextOutputStream)
    {
        guard !comment.isEmpty else { return output.write(command + "\n") }
        let padding = String(repeating: " ", count: max(1, Self.commentColumn - command.count))
        output.write("\(command)\(padding)# \(comment)\n")
    }

    private static let titleLengthMax = 72
    private static let commentColumn = 32
}
