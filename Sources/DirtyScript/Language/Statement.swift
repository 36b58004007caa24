/// A place in a scenario's text. Lines and columns count from 1; a column counts
/// Unicode scalars, so that a caret printed under the line stands where it should.
public struct SourceLocation: Hashable, Sendable {
    public var line: Int
    public var column: Int
    /// How many scalars the thing at this place covers, for underlining.
    public var length: Int

    public init(line: Int, column: Int, length: Int = 1) {
        self.line = line
        self.column = column
        self.length = length
    }
}

/// One line of a scenario: an optional label, and a command.
public struct Statement: Hashable, Sendable {
    /// The task's label in `W: A write m[0]`.
    public var label: String?
    public var command: Command
    /// Where the command begins in its file.
    public var location: SourceLocation
    /// The line as written, without comment, label and surrounding blanks.
    public var text: String

    public init(label: String? = nil, command: Command, location: SourceLocation, text: String) {
        self.label = label
        self.command = command
        self.location = location
        self.text = text
    }
}

extension Statement {
    /// No move of its own: it is carried out together with the move that follows.
    public var ridesAlong: Bool {
        switch command {
        case .operation, .race, .step, .finish, .say: false
        default: true
        }
    }

    /// The line with its label and without its comment: `W: A write m[0]`.
    public var labelledText: String { (label.map { $0 + ": " } ?? "") + text }

    /// The line put together again: label and command stand where they stood, the comment is gone.
    var source: String {
        let head = label.map { String(repeating: " ", count: max(0, labelColumn - 1)) + $0 + ":" } ?? ""
        return head + String(repeating: " ", count: max(0, location.column - 1 - head.count)) + text
    }

    /// Where `W` of `W: …` stands, written as it usually is.
    private var labelColumn: Int { max(1, location.column - 2 - (label?.count ?? 0)) }

    /// The place of one of its words; of the whole command when it has no such word.
    private func place(of word: String?) -> SourceLocation {
        guard let word, !word.isEmpty else { return location }
        if word == label {
            return SourceLocation(line: location.line, column: labelColumn, length: word.count)
        }
        let (all, wanted) = (Array(text.unicodeScalars), Array(word.unicodeScalars))
        func isPartOfName(_ index: Int) -> Bool {
            guard all.indices.contains(index), all[index].isASCII else { return false }
            let byte = UInt8(all[index].value)
            return isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        let start = all.indices.first { start in
            all[start...].starts(with: wanted) && !isPartOfName(start - 1)
                && !isPartOfName(start + wanted.count)
        }
        guard let start else { return location }
        return SourceLocation(
            line: location.line, column: location.column + start, length: wanted.count)
    }

    /// A complaint about it that only a run can have, at one of its words or at all of it.
    func diagnostic(
        in file: String, _ message: String, at word: String? = nil, expected: String? = nil,
        candidates: [String] = []
    ) -> Diagnostic {
        Diagnostic(
            file: file, location: place(of: word), message: message, expected: expected,
            suggestion: word.flatMap { Suggestion.nearest(to: $0, among: candidates) },
            source: source, candidates: candidates)
    }
}

/// Everything that a line of a scenario can say.
public enum Command: Hashable, Sendable {
    // Set-up
    case title(String)
    case kernel(String)
    case rule(name: String, value: String)
    case cpus(Int)
    case frames(Int)
    case dirty(background: Int, limit: Int)
    case file(FileDeclaration)
    case device(DeviceDeclaration)
    case process(name: String, cpu: Int?)
    case thread(name: String, of: String, cpu: Int?)

    // Simulation
    case operation(Operation)
    case race([Statement])
    case step(label: String, StepExtent)
    case finish(label: String)
    case expect(Expectation)

    // Presentation
    case say(String)
    case chapter(String)
    /// `seconds` is nil for a pause that waits for a key.
    case pause(seconds: Double?)
    case focus(process: String?, Operand)
    case show(String)
    case hide(String)
    /// What the speaker wants to be reminded of at this place; no audience sees it.
    case note(String)
    /// Somebody is asked what the next command is going to do, with a question of one's own or not.
    case predict(Prediction, question: String?)
}

/// How far a `step` goes.
public enum StepExtent: Hashable, Sendable {
    case count(Int)
    /// Until the kernel function of this name is about to run.
    case until(function: String)
    /// Of the device, `step device`: on that page, or on the oldest write.
    case device(page: Operand?)
    /// Of a TLB, `step tlb P m[0]`: the CPU of P drops its entry for that page.
    case entry(P: String, page: Operand)
}

/// `file NAME PAGES FS [cached] [buffers=N] [mkwrite] [data=…] [folio=N]`
public struct FileDeclaration: Hashable, Sendable {
    public enum DataMode: String, Hashable, Sendable, CaseIterable { case ordered, writeback, journal }
    public var name: String
    public var pages: Int
    public var fileSystem: String
    public var cached = false
    public var buffers = 1
    public var mkwrite = false
    public var data = DataMode.ordered
    /// Pages of its folios, where they fit: a power of two.
    public var folio = 1

    public init(name: String, pages: Int, fileSystem: String) {
        self.name = name
        self.pages = pages
        self.fileSystem = fileSystem
    }

    /// The same file without what has no meaning on a kernel, and is ignored where one is chosen that
    /// the scenario was not written for.
    public func meaningful(on kernel: String) -> FileDeclaration {
        var file = self
        if !Vocabulary.largeFolioKernels.contains(kernel) { file.folio = 1 }
        if fileSystem == "xfs", Vocabulary.kernelsWithoutXFSBuffers.contains(kernel) { file.buffers = 1 }
        return file
    }
}

/// `device NAME PAGES KIND [mkwrite] [nomapping]`
public struct DeviceDeclaration: Hashable, Sendable {
    public var name: String
    public var pages: Int
    public var kind: String
    /// It has page_mkwrite, too.
    public var mkwrite = false
    /// Its f_mapping is not NULL.
    public var hasMapping = true

    public init(name: String, pages: Int, kind: String) {
        self.name = name
        self.pages = pages
        self.kind = kind
    }
}

/// `m`, `m[2]` or `m[2..5]`. Indices count pages; the range is closed. nil means all of it.
public struct Operand: Hashable, Sendable {
    public var name: String
    public var range: ClosedRange<Int>?

    public init(name: String, range: ClosedRange<Int>? = nil) {
        self.name = name
        self.range = range
    }
}

/// The permission letters of mmap and mprotect.
public struct Protection: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = Protection(rawValue: 1)
    public static let write = Protection(rawValue: 2)
    public static let execute = Protection(rawValue: 4)
}

/// What is simulated: one system call, memory access or kernel activity.
public enum Operation: Hashable, Sendable {
    public enum MappingSource: Hashable, Sendable {
        /// A file or device, by name, with the page range mapped.
        case file(Operand)
        /// Anonymous memory of that many pages.
        case anonymous(pages: Int)
    }
    public enum MsyncMode: String, Hashable, Sendable, CaseIterable { case sync, async, invalidate }
    public enum PinMode: String, Hashable, Sendable, CaseIterable { case write, read }

    // Of a process or thread P
    case mmap(P: String, name: String, source: MappingSource, protection: Protection, shared: Bool,
              populate: Bool, readOnlyDescriptor: Bool)
    case munmap(P: String, Operand)
    case mprotect(P: String, Operand, Protection)
    case madviseDontneed(P: String, Operand)
    case mremap(P: String, name: String, pages: Int)
    case remapFilePages(P: String, Operand, file: Operand)
    case msync(P: String, Operand, MsyncMode)
    case read(P: String, Operand)
    case write(P: String, Operand, value: UInt32?)
    case pread(P: String, Operand)
    case pwrite(P: String, Operand, value: UInt32?)
    case fsync(P: String, file: String)
    case ftruncate(P: String, file: String, pages: Int)
    case poke(P: String, Q: String, Operand, value: UInt32?)
    case peek(P: String, Q: String, Operand)
    case pin(P: String, Operand, PinMode)
    case unpin(P: String, Operand)
    case pinwrite(P: String, Operand, value: UInt32?)
    case fork(P: String, child: String, cpu: Int?)
    case exit(P: String)

    // Of the kernel itself
    case writeback(Operand, start: Bool)
    case complete(Operand)
    case reclaim(Operand)
    case evict(Operand)
    case journal(file: String)
    case strip(Operand)
    case crash
}

public enum Comparison: String, Hashable, Sendable, CaseIterable {
    case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
}

/// A word with an optional `!` before it: `!write`.
public struct FlagTest: Hashable, Sendable {
    public var name: String
    public var expected: Bool

    public init(name: String, expected: Bool) {
        self.name = name
        self.expected = expected
    }
}

/// What `expect` can ask.
public enum Expectation: Hashable, Sendable {
    /// `ok`, `SIGBUS`, `EACCES` …
    case outcome(String)
    /// What the last load returned; nil asks for "nothing was returned" (`expect value null`).
    case value(UInt32?)
    case faults(minor: Int?, major: Int?)
    /// `cached`, `dirty`, `writeback`, `uptodate`, `locked`, `mapped`; a range asks it of every page.
    case page(Operand, [FlagTest])
    case disk(Operand, UInt32)
    /// `present`, `write`, `user`, `accessed`, `dirty`, `soft-dirty`, `exec`, or `absent`.
    case pte(process: String, Operand, [FlagTest])
    case counter(String, Comparison, Int)
    case lost(Int)
    /// nil: all of them.
    case invariant(String?)
    /// `!invariant NAME`: it is broken, as a demo of a bug says.
    case brokenInvariant(String)
}
