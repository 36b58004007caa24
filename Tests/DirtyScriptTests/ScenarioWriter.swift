@testable import DirtyScript

/// Writes valid scenarios at random, over the whole grammar, in varied spelling.
struct ScenarioWriter {
    private var random: SeededGenerator
    private var lines: [String] = []
    private var tasks = ["A", "B"]
    private var mappings = ["A": ["m"], "B": ["m"]]
    private var labels: [String] = []
    private var count = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func scenario(operations: Int = 30) -> String {
        setUp()
        for _ in 0..<operations {
            switch random.number(0...9) {
            case 0: lines.append(presentation())
            case 1, 2: lines.append("expect " + expectation())
            case 3: race()
            case 4 where !labels.isEmpty: lines.append(step())
            case 5:
                let label = fresh("W")
                lines.append("\(label):\(random.flip() ? " " : "")\(operation())")
                labels.append(label)
            default: lines.append(operation())
            }
        }
        return lines.map { decorated($0) }.joined(separator: random.flip() ? "\n" : "\r\n")
    }

    private mutating func setUp() {
        if random.flip() { lines.append("title \(text())") }
        if random.flip() { lines.append("kernel \(random.pick(Vocabulary.kernels))") }
        if random.flip() {
            lines.append("rule \(random.pick(["zap-flush", "mkclean-flush"])) before-ptl")
        }
        if random.flip() { lines.append("frames \(random.number(1...Limits.frames))") }
        if random.flip() { lines.append("dirty limit=\(random.number(3...99)) background=3") }
        lines.append("cpus \(random.number(2...8))")
        let fileSystem = random.pick(Vocabulary.fileSystems)
        let ofExt = fileSystem.hasPrefix("ext") ? ["buffers=\(random.number(1...4))", "data=journal"] : []
        let options = (["cached", "mkwrite"] + ofExt)
            .filter { _ in random.flip() }.shuffled(using: &random)
        lines.append(
            (["file", "db", "8", fileSystem] + options).joined(
                separator: " "))
        lines.append("device dev 8 \(random.pick(Vocabulary.deviceKinds))")
        lines.append("process A\(random.flip() ? " cpu=1" : "")")
        lines.append("A mmap m db[0..7] rw shared")
        lines.append("A fork B")
    }

    private mutating func operation() -> String {
        if random.number(0...3) == 0 { return kernelOperation() }
        let task = random.pick(tasks)
        let pages = pages(of: task)
        switch random.number(0...20) {
        case 0, 1: return mmap(task)
        case 2: return "\(task) munmap \(pages)"
        case 3: return "\(task) mprotect \(pages) \(random.pick(Vocabulary.protections))"
        case 4: return "\(task) madvise \(pages) dontneed"
        case 5: return "\(task) mremap m \(random.number(1...20))"
        case 6: return "\(task) remap m[0..1] \(random.pick(["db", "dev"]))[2..3]"
        case 7: return "\(task) msync \(pages) \(random.pick(["sync", "async", "invalidate"]))"
        case 8: return "\(task) read \(pages)"
        case 9: return "\(task) pread db[\(random.number(0...99))]"
        case 10: return "\(task) pwrite db[\(random.number(0...99))]\(value())"
        case 11: return "\(task) fsync db"
        case 12: return "\(task) ftruncate db \(random.number(0...99))"
        case 13: return "A poke \(task) \(pages)\(value())"
        case 14: return "A peek \(task) \(pages)"
        case 15: return "\(task) pin \(pages) \(random.pick(["read", "write"]))"
        case 16: return "\(task) unpin \(pages)"
        case 17: return "\(task) pinwrite \(pages)\(value())"
        case 18:
            let child = fresh("P")
            tasks.append(child)
            mappings[child] = mappings[task]
            return "\(task) fork \(child)\(random.flip() ? " cpu=0" : "")"
        case 19: return "\(task) exit"
        default: return "\(task) write \(pages)\(value())"
        }
    }

    private mutating func mmap(_ task: String) -> String {
        let name = fresh("n")
        mappings[task, default: []].append(name)
        let isAnonymous = random.flip()
        let source =
            isAnonymous ? "anon[8]" : random.pick(["db", "dev", "db[1..8]", "db[100..107]"])
        var words = [task, "mmap", name, source, random.pick(Vocabulary.protections)]
        words.append(random.pick(["shared", "private"]))
        if random.flip() { words.append("populate") }
        if random.flip(), !isAnonymous { words.append("rdonly") }
        return words.joined(separator: " ")
    }

    private mutating func kernelOperation() -> String {
        let word = random.pick(Vocabulary.kernelOperations)
        switch word {
        case "crash": return word
        case "journal": return "journal db"
        case "writeback": return "writeback \(filePages())\(random.flip() ? " start" : "")"
        default: return "\(word) \(filePages())"
        }
    }

    private mutating func race() {
        lines.append("race")
        for _ in 0..<random.number(0...4) { lines.append(operation()) }
        lines.append("end")
    }

    private mutating func step() -> String {
        let label = random.pick(labels)
        switch random.number(0...3) {
        case 0: return "step \(label)"
        case 1: return "step \(label) \(random.number(1...9))"
        case 2: return "step \(label) until set_page_dirty"
        default: return "finish \(label)"
        }
    }

    private mutating func expectation() -> String {
        let task = random.pick(tasks)
        switch random.number(0...9) {
        case 0: return random.pick(Vocabulary.outcomes)
        case 1: return random.pick(["value null", "value 0", "value 4294967295"])
        case 2: return "faults \(random.pick(["minor=1", "major=2", "major=0 minor=3"]))"
        case 3: return "\(filePages()) \(flags(Vocabulary.pageFlags))"
        case 4: return "disk \(filePages()) \(random.number(0...9))"
        case 5:
            return
                "\(task) \(pages(of: task)) \(flags(Vocabulary.pteFlags.filter { $0 != "absent" }))"
        case 6: return "\(task) \(pages(of: task)) absent"
        case 7:
            return
                "\(random.pick(Vocabulary.counters)) \(random.pick(Comparison.allCases).rawValue) 4"
        case 8: return "lost \(random.number(0...9))"
        default: return random.flip() ? "invariants" : "invariant I\(random.number(1...17))"
        }
    }

    private mutating func presentation() -> String {
        let task = random.pick(tasks)
        switch random.number(0...7) {
        case 0: return "say \(text())"
        case 6: return "note \(text())"
        case 7: return "predict " + prediction(task) + (random.flip() ? "" : " " + text())
        case 1: return "chapter \(text())"
        case 2:
            return random.pick([
                "pause", "pause 3s", "pause 0.001s", "pause 3599.999s", "pause 1.50s",
            ])
        case 3: return "focus \(task) \(pages(of: task))"
        case 4: return "focus \(filePages())"
        default: return "\(random.pick(["show", "hide"])) \(random.pick(["tlb", "page-table"]))"
        }
    }

    private mutating func prediction(_ task: String) -> String {
        let index = random.number(0...7)
        switch random.number(0...5) {
        case 0: return "disk db[\(index)]"
        case 1: return "survives db[\(index)]"
        case 2: return "db[\(index)]"
        case 3: return "\(task) \(random.pick(mappings[task] ?? []))[\(index)]"
        case 4: return random.pick(Vocabulary.counters)
        default: return random.pick(["next", "faults", "outcome", "value", "writes"])
        }
    }

    // MARK: Pieces

    private mutating func fresh(_ prefix: String) -> String {
        count += 1
        return "\(prefix)\(count)"
    }

    private mutating func range() -> String {
        let first = random.number(0...7)
        return random.pick(["", "[\(first)]", "[\(first)..\(random.number(first...7))]", "[0..0]"])
    }

    private mutating func pages(of task: String) -> String {
        random.pick(mappings[task] ?? []) + range()
    }
    private mutating func filePages() -> String { "db" + range() }
    private mutating func value() -> String {
        random.flip() ? "" : " \(random.number(0...Int(UInt32.max)))"
    }

    private mutating func flags(_ names: [String]) -> String {
        let chosen = names.shuffled(using: &random).prefix(random.number(1...4))
        return chosen.map { (random.flip() ? "!" : "") + $0 }.joined(separator: " ")
    }

    private mutating func text() -> String {
        let pieces = [
            "a", " ", "é", "日", "\\\"", "\\\\", "\\n", "#", "\t", ":", "e\u{301}", "\u{202e}",
        ]
        return "\"" + (0..<random.number(0...9)).map { _ in random.pick(pieces) }.joined() + "\""
    }

    private mutating func decorated(_ line: String) -> String {
        (random.flip() ? "" : " \t ") + line + (random.flip() ? "" : "\t# \u{0} \"[")
    }
}
