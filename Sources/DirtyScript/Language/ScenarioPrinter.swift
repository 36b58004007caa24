/// Statements as canonical text: what is parsed again from it is the same statement, its place
/// and wording aside. What equals the default is left out.
public enum ScenarioPrinter {
    /// A whole scenario, one command a line, with a line end after the last.
    public static func text(of scenario: Scenario) -> String {
        scenario.statements.flatMap(lines).map { $0 + "\n" }.joined()
    }

    /// One statement; a race has a line for each of its lines.
    public static func text(of statement: Statement) -> String {
        lines(of: statement).joined(separator: "\n")
    }

    /// The lines of one statement: one, except for a race.
    public static func lines(of statement: Statement) -> [String] {
        if case .race(let statements) = statement.command {
            return ["race"] + statements.flatMap(lines).map { "  \($0)" } + ["end"]
        }
        let label = statement.label.map { "\($0): " } ?? ""
        return [label + text(of: statement.command)]
    }

    private static func text(of command: Command) -> String {
        switch command {
        case .title(let text): words("title", quote(text))
        case .kernel(let kernel): words("kernel", kernel)
        case .rule(let name, let value): words("rule", name, value)
        case .cpus(let count): words("cpus", "\(count)")
        case .frames(let count): words("frames", "\(count)")
        case .dirty(let background, let limit):
            words("dirty", "background=\(background)", "limit=\(limit)")
        case .file(let file): text(of: file)
        case .device(let device):
            words(
                "device", device.name, "\(device.pages)", device.kind,
                device.mkwrite ? "mkwrite" : nil, device.hasMapping ? nil : "nomapping")
        case .process(let name, let cpu): words("process", name, option("cpu", cpu))
        case .thread(let name, let owner, let cpu):
            words("thread", name, "of", owner, option("cpu", cpu))
        case .operation(let operation): text(of: operation)
        case .race: preconditionFailure("a race has several lines")
        case .step(let label, .count(let count)):
            words("step", label, count == 1 ? nil : "\(count)")
        case .step(let label, .until(let function)): words("step", label, "until", function)
        case .step(let label, .device(let page)): words("step", label, page.map(text))
        case .step(let label, .entry(let P, let page)): words("step", label, P, text(of: page))
        case .finish(let label): words("finish", label)
        case .expect(let expectation): words("expect", text(of: expectation))
        case .say(let text): words("say", quote(text))
        case .chapter(let text): words("chapter", quote(text))
        case .pause(let seconds): words("pause", seconds.map(time))
        case .focus(let process, let operand): words("focus", process, text(of: operand))
        case .show(let pane): words("show", pane)
        case .hide(let pane): words("hide", pane)
        case .note(let text): words("note", quote(text))
        case .predict(let prediction, let question):
            words("predict", text(of: prediction), question.map(quote))
        }
    }

    private static func text(of file: FileDeclaration) -> String {
        words(
            "file", file.name, "\(file.pages)", file.fileSystem, file.cached ? "cached" : nil,
            file.buffers == 1 ? nil : option("buffers", file.buffers),
            file.mkwrite ? "mkwrite" : nil,
            file.data == .ordered ? nil : "data=\(file.data.rawValue)",
            file.folio == 1 ? nil : "folio=\(file.folio)")
    }

    private static func text(of operation: Operation) -> String {
        switch operation {
        case .mmap(
            let P, let name, let source, let protection, let shared, let populate, let readOnly):
            words(
                P, "mmap", name, text(of: source), text(of: protection),
                shared ? "shared" : "private",
                populate ? "populate" : nil, readOnly ? "rdonly" : nil)
        case .munmap(let P, let pages): words(P, "munmap", text(of: pages))
        case .mprotect(let P, let pages, let protection):
            words(P, "mprotect", text(of: pages), text(of: protection))
        case .madviseDontneed(let P, let pages): words(P, "madvise", text(of: pages), "dontneed")
        case .mremap(let P, let name, let pages): words(P, "mremap", name, "\(pages)")
        case .remapFilePages(let P, let pages, let file):
            words(P, "remap", text(of: pages), text(of: file))
        case .msync(let P, let pages, let mode): words(P, "msync", text(of: pages), mode.rawValue)
        case .read(let P, let pages): words(P, "read", text(of: pages))
        case .write(let P, let pages, let value): words(P, "write", text(of: pages), number(value))
        case .pread(let P, let page): words(P, "pread", text(of: page))
        case .pwrite(let P, let page, let value): words(P, "pwrite", text(of: page), number(value))
        case .fsync(let P, let file): words(P, "fsync", file)
        case .ftruncate(let P, let file, let pages): words(P, "ftruncate", file, "\(pages)")
        case .poke(let P, let Q, let pages, let value):
            words(P, "poke", Q, text(of: pages), number(value))
        case .peek(let P, let Q, let pages): words(P, "peek", Q, text(of: pages))
        case .pin(let P, let pages, let mode): words(P, "pin", text(of: pages), mode.rawValue)
        case .unpin(let P, let pages): words(P, "unpin", text(of: pages))
        case .pinwrite(let P, let pages, let value):
            words(P, "pinwrite", text(of: pages), number(value))
        case .fork(let P, let child, let cpu): words(P, "fork", child, option("cpu", cpu))
        case .exit(let P): words(P, "exit")
        case .writeback(let pages, let start):
            words("writeback", text(of: pages), start ? "start" : nil)
        case .complete(let pages): words("complete", text(of: pages))
        case .reclaim(let pages): words("reclaim", text(of: pages))
        case .evict(let pages): words("evict", text(of: pages))
        case .journal(let file): words("journal", file)
        case .strip(let pages): words("strip", text(of: pages))
        case .crash: "crash"
        }
    }

    private static func text(of expectation: Expectation) -> String {
        switch expectation {
        case .outcome(let outcome): outcome
        case .value(let value): words("value", number(value) ?? "null")
        case .faults(let minor, let major):
            words("faults", option("minor", minor), option("major", major))
        case .page(let pages, let flags): words(text(of: pages), text(of: flags))
        case .disk(let pages, let value): words("disk", text(of: pages), "\(value)")
        case .pte(let process, let pages, let flags):
            words(process, text(of: pages), text(of: flags))
        case .counter(let name, let comparison, let value):
            words(name, comparison.rawValue, "\(value)")
        case .lost(let count): words("lost", "\(count)")
        case .invariant(nil): "invariants"
        case .invariant(let name?): words("invariant", name)
        case .brokenInvariant(let name): words("!invariant", name)
        }
    }

    private static func text(of prediction: Prediction) -> String {
        switch prediction {
        case .next: "next"
        case .faults: "faults"
        case .outcome: "outcome"
        case .value: "value"
        case .writes: "writes"
        case .disk(let page): words("disk", text(of: page))
        case .survives(let page): words("survives", text(of: page))
        case .page(let page): text(of: page)
        case .pte(let process, let page): words(process, text(of: page))
        case .counter(let name): name
        }
    }

    // MARK: Pieces

    private static func words(_ words: String?...) -> String {
        words.compactMap(\.self).joined(separator: " ")
    }

    private static func number(_ value: UInt32?) -> String? { value.map { "\($0)" } }

    private static func option(_ key: String, _ value: Int?) -> String? {
        value.map { "\(key)=\($0)" }
    }

    private static func text(of operand: Operand) -> String {
        guard let range = operand.range else { return operand.name }
        let indices =
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)..\(range.upperBound)"
        return "\(operand.name)[\(indices)]"
    }

    private static func text(of source: Operation.MappingSource) -> String {
        switch source {
        case .file(let operand): text(of: operand)
        case .anonymous(let pages): "\(Vocabulary.anonymous)[\(pages)]"
        }
    }

    private static func text(of protection: Protection) -> String {
        guard !protection.isEmpty else { return "none" }
        let letters: [(Protection, String)] = [(.read, "r"), (.write, "w"), (.execute, "x")]
        return letters.filter { protection.contains($0.0) }.map(\.1).joined()
    }

    private static func text(of flags: [FlagTest]) -> String {
        flags.map { ($0.expected ? "" : "!") + $0.name }.joined(separator: " ")
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds)
        return seconds == Double(whole) ? "\(whole)s" : "\(seconds)s"
    }

    private static func quote(_ text: String) -> String {
        var quoted = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted.append(contentsOf: ["\\", scalar])
            case "\n": quoted.append(contentsOf: ["\\", "n"])
            default: quoted.append(scalar)
            }
        }
        quoted.append("\"")
        return String(quoted)
    }
}
