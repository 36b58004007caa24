import Glibc

/// Turns the trace of a program into a scenario. It is fed the bytes of the trace in pieces of any
/// size, and keeps only what the scenario will show:
///
///     var importer = TraceImporter(options: ImportOptions(traceName: "run.trace"))
///     try importer.feed(bytes.span)
///     let summary = try importer.finish(into: &text)
///
/// The trace is what `valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes` prints on x86-64
/// Linux. Lines that begin with `# ` before its first record are taken over as notes, and `# title:
/// …` as the title. The importer does no input or output of its own;
/// ``importTrace(from:options:into:)`` does.
public struct TraceImporter {
    public let options: ImportOptions
    /// The warnings so far, at most `options.limits.warnings`.
    public var warnings: [ImportWarning] { recorder.warnings }

    var recorder: Recorder
    private var assembler: CallAssembler
    /// The start of a line whose end is still to come.
    private var partial: [UInt8] = []
    private var lines = 0
    private var memoryLines = 0
    private var callLines = 0
    private var foreignLines = 0
    /// The first line that is none of a trace.
    private var firstForeignLine: Int?
    private var hasBanner = false

    public init(options: ImportOptions = ImportOptions()) {
        self.options = options
        recorder = Recorder(options: options)
        assembler = CallAssembler(limits: options.limits)
    }

    /// Takes the next bytes of the trace.
    public mutating func feed(_ bytes: Span<UInt8>) throws(ImportError) {
        var start = 0
        while let end = endOfLine(bytes, from: start) {
            if partial.isEmpty {
                try take(line: bytes.extracting(start..<end))
            } else {
                try hold(bytes.extracting(start..<end))
                let line = partial
                partial.removeAll(keepingCapacity: true)
                try take(line: line.span)
            }
            start = end + 1
        }
        try hold(bytes.extracting(start..<bytes.count))
    }

    /// Ends the trace and writes the scenario.
    public mutating func finish(into output: inout some TextOutputStream) throws(ImportError)
        -> ImportSummary
    {
        if !partial.isEmpty {
            recorder.line = lines + 1
            try takeLast(partial)
        }
        // A line that looks like a part of a trace may turn up in anything.
        if memoryLines + callLines == 0
            || memoryLines * callLines == 0 && !hasBanner && firstForeignLine != nil
        {
            throw notATrace(line: firstForeignLine)
        }
        if callLines == 0 { throw error("this trace has no system calls; \(Self.advice)") }
        if memoryLines == 0 { throw error("this trace has no loads and stores; \(Self.advice)") }
        recorder.warnOfExecute()
        return try ScenarioWriter(recorder: recorder, options: options).write(into: &output)
    }

    /// A line without an end. Its last number may lack digits, so it is not used, except that
    /// valgrind ends a trace with the call that goes over to another program.
    private mutating func takeLast(_ text: [UInt8]) throws(ImportError) {
        for case .executes(let thread, let path) in assembler.take(text, endsLine: true) ?? [] {
            callLines += 1
            return try recorder.take(.executes(thread, path: path))
        }
        recorder.warn("the trace ends in the middle of this line, which is left out")
    }

    @inline(__always)
    private func endOfLine(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        bytes.withUnsafeBytes { bytes in
            guard start < bytes.count, let first = bytes.baseAddress,
                let end = memchr(first + start, Int32(UInt8.newline), bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(end) - first
        }
    }

    private mutating func hold(_ bytes: Span<UInt8>) throws(ImportError) {
        guard bytes.count <= options.limits.bytesPerLine - partial.count else {
            if memoryLines + callLines == 0 { throw notATrace(line: lines + 1) }
            throw error(
                "this line has more than \(grouped(options.limits.bytesPerLine)) bytes,"
                    + " which no trace has",
                lines + 1)
        }
        for index in bytes.indices { partial.append(bytes[index]) }
    }

    @inline(__always)
    private mutating func take(line: Span<UInt8>) throws(ImportError) {
        lines += 1
        if MemoryRecord.isInstruction(line) {
            memoryLines += 1
        } else if let record = MemoryRecord(data: line) {
            memoryLines += 1
            guard recorder.mayTouch(record) else { return }
            recorder.line = lines
            try recorder.access(record)
        } else {
            try takeOther(line)
        }
    }

    /// A system call or a part of one, perhaps with a memory record behind it, or something else.
    private mutating func takeOther(_ line: Span<UInt8>) throws(ImportError) {
        recorder.line = lines
        let trailing = MemoryRecord.trailing(line)
        var text: [UInt8] = []
        let end = trailing?.start ?? line.count
        text.reserveCapacity(end)
        for index in 0..<end { text.append(line[index]) }

        var isKnown = trailing != nil
        if memoryLines + callLines == 0, text.starts(with: "# ".utf8) {
            recorder.note(text.dropFirst(2))
            isKnown = true
        } else if isValgrindsOwn(text) {
            try recorder.banner(text)
            hasBanner = true
            isKnown = true
        } else if !text.isEmpty, let messages = assembler.take(text, endsLine: trailing == nil) {
            isKnown = true
            callLines += 1
            for message in messages { try recorder.take(message) }
        }
        if let trailing {
            memoryLines += 1
            try recorder.access(trailing.record)
        }
        guard !isKnown else { return }
        if firstForeignLine == nil { firstForeignLine = lines }
        if memoryLines + callLines == 0 {
            foreignLines += 1
            if foreignLines > options.limits.foreignLines { throw notATrace(line: firstForeignLine) }
        }
    }

    /// `==123== …` and `--123-- …`.
    private func isValgrindsOwn(_ text: [UInt8]) -> Bool {
        guard text.count > 4, text[0] == text[1] else { return false }
        return (text[0] == UInt8(ascii: "=") || text[0] == UInt8(ascii: "-"))
            && text[2].decimalDigit != nil
    }

    static let advice =
        "record with valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes PROGRAM"

    private func notATrace(line: Int?) -> ImportError {
        error("this does not look like a valgrind lackey trace; \(Self.advice)", line)
    }

    private func error(_ message: String, _ line: Int? = nil) -> ImportError {
        ImportError(file: options.traceName, line: line, message: message)
    }
}

/// What an import has found.
public struct ImportSummary: Hashable, Sendable {
    public struct File: Hashable, Sendable {
        /// As the scenario calls it.
        public var name: String
        /// As the program called it, with control characters escaped.
        public var path: String
        public var pages: Int
    }

    public var files: [File] = []
    public var processes: [String] = []
    /// Lines of the scenario that simulate something.
    public var operations = 0
    /// Accesses to the files' mappings before folding.
    public var loads = 0
    public var stores = 0
    public var warnings: [ImportWarning] = []
    /// Warnings beyond `ImportLimits.warnings`.
    public var warningsDropped = 0
}
