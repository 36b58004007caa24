import DirtyImport

/// Writes traces for the tests, in the words of valgrind 3.19.
struct Trace {
    var text = "==7== Lackey, an example Valgrind tool\n==7== Command: prog run\n"
    var process = 7

    static let base = 0x4b2_7000

    mutating func call(_ text: String, _ result: Int = 0) {
        self.text +=
            "SYSCALL[\(process),1](0) \(text)[sync] --> Success(0x\(String(result, radix: 16))) \n"
    }

    mutating func fails(_ text: String) {
        self.text += "SYSCALL[\(process),1](0) \(text)[sync] --> Failure(0x16) \n"
    }

    mutating func store(_ page: Int, offset: Int = 0, size: Int = 8) {
        access("S", page, offset, size)
    }
    mutating func load(_ page: Int, offset: Int = 0, size: Int = 8) {
        access("L", page, offset, size)
    }
    mutating func modify(_ page: Int) { access("M", page, 0, 8) }

    private mutating func access(_ kind: String, _ page: Int, _ offset: Int, _ size: Int) {
        text += " \(kind) 0\(String(Self.base + page * 4096 + offset, radix: 16)),\(size)\n"
    }

    /// The address of a page of the mapping.
    static func at(_ page: Int) -> String { "0x\(String(base + page * 4096, radix: 16))" }

    /// A file of as many pages, open as descriptor 3 and mapped shared and writable.
    static func mapped(pages: Int = 4, path: String = "data.bin") -> Trace {
        var trace = Trace()
        trace.call("sys_openat ( 4294967196, 0x40(\(path)), 524354, 511 )", 3)
        trace.call("sys_ftruncate ( 3, \(pages * 4096) )")
        trace.call("sys_mmap ( 0x0, \(pages * 4096), 3, 1, 3, 0 )", base)
        return trace
    }

    func scenario(_ options: ImportOptions = ImportOptions(), chunk: Int = .max) throws -> String {
        try Self.scenario(of: Array(text.utf8), options, chunk: chunk).text
    }

    static func scenario(
        of bytes: [UInt8], _ options: ImportOptions = ImportOptions(), chunk: Int = .max
    ) throws(ImportError) -> (text: String, summary: ImportSummary) {
        var importer = TraceImporter(options: options)
        var start = 0
        while start < bytes.count {
            let end = chunk < bytes.count - start ? start + chunk : bytes.count
            try importer.feed(bytes.span.extracting(start..<end))
            start = end
        }
        var text = ""
        let summary = try importer.finish(into: &text)
        return (text, summary)
    }

    /// The operations alone, without comments, set-up and captions; `skipping` that many at the
    /// start.
    func operations(_ options: ImportOptions = ImportOptions(), skipping: Int = 0) throws
        -> [String]
    {
        let isOther = { (line: String) in
            line.isEmpty
                || ["title", "kernel", "file", "process", "chapter", "say", "focus", "pause", "expect"].contains {
                    line == $0 || line.hasPrefix($0 + " ")
                }
        }
        let lines = try scenario(options).split(separator: "\n").map { line in
            var kept = line.prefix { $0 != "#" }
            while kept.last == " " { kept.removeLast() }
            return String(kept)
        }
        return Array(lines.filter { !isOther($0) }.dropFirst(skipping))
    }

    /// Many accesses, of which one in eight is to the mapping, as a real run has.
    static func synthetic(accesses: Int) -> [UInt8] {
        var trace = mapped(pages: 64)
        trace.text.reserveCapacity(accesses * 16)
        for index in 0..<accesses {
            if index % 8 == 0 {
                trace.store(index / 8 % 64, offset: index % 512 * 8)
            } else if index % 8 < 3 {
                trace.text += " L 1fff0006f8,8\n"
            } else {
                trace.text += "I  0401ab70,3\n"
            }
        }
        trace.call("sys_msync ( \(at(0)), 262144, 0x4 )")
        return Array(trace.text.utf8)
    }
}

/// xorshift64*: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
