import SeededRandom
import DirtyScript

/// Grows scenarios from a seed: one to three processes, one or two files, legal calls for the most
/// part and illegal ones now and then. It remembers what it has written only roughly: what a call
/// comes to is for the model and the kernel to say.
public struct ScenarioGenerator {
    private struct Mapping {
        var name: String
        var pages: Int
        var file: String?
        var pgoff = 0
        var isWritable: Bool
        var isReadable: Bool
    }

    private struct File {
        var name: String
        var size: Int
    }

    private var random: SplitMix
    private var lines: [String] = []
    private var files: [File] = []
    /// The mappings of each process.
    private var processes: [String: [Mapping]] = [:]
    /// The second thread of some of the processes.
    private var threads: [String: String] = [:]
    private var names = 0

    public init(seed: UInt64) { random = SplitMix(seed: seed) }

    /// The lines of one scenario.
    public mutating func scenario() -> [String] {
        (lines, files, processes, threads, names) = ([], [], [:], [:], 0)
        setUp()
        for name in processes.keys.sorted() { mmap(name) }
        for _ in 0..<random.number(6...26) { operation() }
        return accepted(lines)
    }

    /// The lines that the language takes, each after those before it.
    private func accepted(_ lines: [String]) -> [String] {
        var declarations = Declarations(name: "random")
        return lines.filter { line in
            if case .success = declarations.parseLine(line, number: 1) { true } else { false }
        }
    }

    private mutating func setUp() {
        let kinds = random.pick([
            ["ext4"], ["ext4"], ["ext4"], ["tmpfs"], ["tmpfs"], ["ext4", "tmpfs"], ["ext4", "ext4"],
            ["ramfs"],
        ])
        for (number, kind) in kinds.enumerated() {
            let file = File(
                name: "f\(number + 1)", size: random.pick([1, 2, 3, 4, 4, 6, 8, 18, 33]))
            lines.append("file \(file.name) \(file.size) \(kind)\(random.chance(70) ? " cached" : "")")
            files.append(file)
        }
        for name in ["A", "B"].prefix(random.number(1...2)) {
            lines.append("process \(name)")
            processes[name] = []
            if random.chance(25) {
                threads[name] = "\(name)2"
                lines.append("thread \(name)2 of \(name)")
            }
        }
    }

    private mutating func operation() {
        let p = random.pick(processes.keys.sorted())
        let (thread, first) = (threads[p], lines.count)
        operation(of: p)
        guard let thread, random.chance(40) else { return }
        for i in first..<lines.count where lines[i].hasPrefix("\(p) ") {
            lines[i] = thread + lines[i].dropFirst(p.count)
        }
    }

    private mutating func operation(of p: String) {
        switch random.number(1...100) {
        case 1...8: mmap(p)
        case 9...28: access(p, "read")
        case 29...48: access(p, "write")
        case 49...53: onMapping(p) { "munmap \($0)" }
        case 54...60: mprotect(p)
        case 61...63: onMapping(p) { "madvise \($0) dontneed" }
        case 64...69:
            let mode = random.pick(["sync", "sync", "async", "invalidate"])
            onMapping(p) { "msync \($0) \(mode)" }
        case 70...71: transfer(p, "pread")
        case 72...74: transfer(p, "pwrite")
        case 75...77: lines.append("\(p) fsync \(random.pick(files).name)")
        case 78...79: truncate(p)
        case 80...82: fork(p)
        case 83: exit(p)
        case 84...86: lines.append("writeback \(pages(of: random.pick(files)))")
        case 87...88: lines.append("reclaim \(page(of: random.pick(files)))")
        case 89: lines.append("evict \(page(of: random.pick(files)))")
        case 90...93: mremap(p)
        case 94...98: trace(p)
        default: remap(p)
        }
    }

    // MARK: Operations

    private mutating func mmap(_ p: String) {
        names += 1
        let isShared = random.chance(70)
        let protection = random.pick(["rw", "rw", "rw", "rw", "r", "r", "w", "none", "rx", "rwx"])
        var mapping = Mapping(
            name: "m\(names)", pages: 1, file: nil, isWritable: protection.contains("w"),
            isReadable: protection != "none")
        var source: String
        if random.chance(20) {
            mapping.pages = random.number(1...4)
            source = "anon[\(mapping.pages)]"
        } else {
            let file = random.pick(files)
            mapping.file = file.name
            source = file.name
            mapping.pages = max(file.size, 1)
            if random.chance(50) {
                mapping.pgoff = random.number(0...max(file.size - 1, 0))
                mapping.pages = random.number(1...max(file.size - mapping.pgoff, 1))
                if random.chance(10) { mapping.pages += random.number(1...3) }
                source += "[\(mapping.pgoff)..\(mapping.pgoff + mapping.pages - 1)]"
            }
        }
        var words = [p, "mmap", mapping.name, source, protection, isShared ? "shared" : "private"]
        if random.chance(12) { words.append("populate") }
        if mapping.file != nil, random.chance(6) { words.append("rdonly") }
        lines.append(words.joined(separator: " "))
        processes[p, default: []].append(mapping)
    }

    /// One or a few pages that the file has and the protection allows, for the most part.
    private mutating func access(_ p: String, _ verb: String) {
        let isLegal = random.chance(95)
        let candidates = (processes[p] ?? []).filter { mapping in
            guard isLegal else { return true }
            guard verb == "write" ? mapping.isWritable : mapping.isReadable else { return false }
            return mapping.file == nil || size(of: mapping) > 0
        }
        guard !candidates.isEmpty else { return mmap(p) }
        let mapping = random.pick(candidates)
        let last = (isLegal ? size(of: mapping) : mapping.pages) - 1
        let first = random.number(0...last)
        let range =
            random.chance(85) ? "[\(first)]" : "[\(first)..\(min(first + random.number(1...3), last))]"
        let value = verb == "write" && random.chance(10) ? " \(random.number(100...999))" : ""
        lines.append("\(p) \(verb) \(mapping.name)\(range)\(value)")
    }

    /// The pages of a mapping that the file behind it has.
    private func size(of mapping: Mapping) -> Int {
        guard let file = files.first(where: { $0.name == mapping.file }) else { return mapping.pages }
        return min(mapping.pages, file.size - mapping.pgoff)
    }

    private mutating func range(of mapping: Mapping) -> String {
        guard random.chance(60) else { return mapping.name }
        let first = random.number(0...mapping.pages - 1)
        return "\(mapping.name)[\(first)..\(random.number(first...mapping.pages - 1))]"
    }

    private mutating func onMapping(_ p: String, _ text: (String) -> String) {
        guard let mappings = processes[p], !mappings.isEmpty else { return mmap(p) }
        let operand = range(of: random.pick(mappings))
        lines.append("\(p) \(text(operand))")
    }

    private mutating func mprotect(_ p: String) {
        guard let mappings = processes[p], !mappings.isEmpty else { return mmap(p) }
        let number = random.number(0...mappings.count - 1)
        let protection = random.pick(["rw", "rw", "rw", "r", "r", "none", "rx"])
        lines.append("\(p) mprotect \(range(of: mappings[number])) \(protection)")
        processes[p]![number].isWritable = protection.contains("w")
        processes[p]![number].isReadable = protection != "none"
    }

    private mutating func transfer(_ p: String, _ verb: String) {
        let number = random.number(0...files.count - 1)
        let index = random.number(0...files[number].size + (verb == "pread" ? 1 : 0))
        lines.append("\(p) \(verb) \(files[number].name)[\(index)]")
        if verb == "pwrite" { files[number].size = max(files[number].size, index + 1) }
    }

    private mutating func truncate(_ p: String) {
        let number = random.number(0...files.count - 1)
        files[number].size = random.number(0...files[number].size + 2)
        lines.append("\(p) ftruncate \(files[number].name) \(files[number].size)")
    }

    private mutating func fork(_ p: String) {
        guard processes.count < 3 else { return access(p, "write") }
        let child = ["C", "D", "E"][processes.count - 1]
        lines.append("\(p) fork \(child)")
        processes[child] = processes[p]
    }

    private mutating func exit(_ p: String) {
        guard processes.count > 1 else { return access(p, "read") }
        lines.append("\(p) exit")
        processes[p] = nil
    }

    private mutating func mremap(_ p: String) {
        guard let mappings = processes[p], !mappings.isEmpty else { return mmap(p) }
        let number = random.number(0...mappings.count - 1)
        let pages = random.number(0...mappings[number].pages + 3)
        lines.append("\(p) mremap \(mappings[number].name) \(pages)")
        if pages > 0 { processes[p]![number].pages = pages }
    }

    private mutating func remap(_ p: String) {
        let candidates = (processes[p] ?? []).filter { $0.file != nil }
        guard !candidates.isEmpty else { return mmap(p) }
        let mapping = random.pick(candidates)
        let index = random.number(0...8)
        lines.append("\(p) remap \(mapping.name)[0] \(mapping.file!)[\(index)]")
    }

    private mutating func trace(_ p: String) {
        let others = processes.keys.sorted().filter { $0 != p && !processes[$0]!.isEmpty }
        guard !others.isEmpty else { return access(p, "write") }
        let q = random.pick(others)
        let mapping = random.pick(processes[q]!)
        let verb = random.pick(["poke", "peek"])
        lines.append("\(p) \(verb) \(q) \(mapping.name)[\(random.number(0...mapping.pages - 1))]")
    }

    // MARK: Operands

    private mutating func page(of file: File) -> String {
        "\(file.name)[\(random.number(0...max(file.size - 1, 0)))]"
    }

    private mutating func pages(of file: File) -> String {
        guard random.chance(60) else { return file.name }
        let first = random.number(0...max(file.size - 1, 0))
        return "\(file.name)[\(first)..\(random.number(first...max(file.size - 1, first)))]"
    }
}
