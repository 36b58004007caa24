import DirtyMachine
import SeededRandom

/// A question about the next command, with answers to choose from. The machine has computed which
/// is right.
public struct Question: Hashable, Sendable {
    /// The line of its `predict`, or of the command where it stands in no script.
    public let line: Int
    /// The command that it is about.
    public let command: String
    public let prediction: Prediction
    public let text: String
    public let choices: [String]
    /// The right one, counted from 0.
    public let correct: Int
    /// Why: what was there before, and the way that the kernel took.
    public let explanation: String

    /// How many answers there are to choose from at most.
    public static let mostChoices = 4

    /// nil where the command has no answer, or there is nothing to choose from.
    ///
    /// Wrong answers are taken from what the other kernels would do, then from near misses.
    init?(
        _ prediction: Prediction, text: String?, line: Int, about index: Int, in session: Session, seed: UInt64
    ) {
        guard let foresight = Foresight(session, command: index), let right = foresight.answer(to: prediction)
        else { return nil }
        var wrong = Self.elsewhere(prediction, index, session) + Self.nearMisses(prediction, right, foresight)
        if prediction == .next {
            // What changes in the same step comes no later.
            let first = foresight.changes.first?.map(\.shown) ?? []
            wrong.removeAll { first.contains($0) }
        }
        var choices = [right]
        for choice in wrong where choices.count < Self.mostChoices && !choices.contains(choice) { choices.append(choice) }
        guard choices.count > 1 else { return nil }
        if choices.allSatisfy({ Int($0) != nil }) {
            choices.sort { Int($0)! < Int($1)! }
        } else {
            var random = SplitMix(seed: seed &* 0x1000_0001 &+ UInt64(line))
            choices.shuffle(using: &random)
        }
        self.line = line
        command = foresight.command.labelledText
        self.prediction = prediction
        self.text = text ?? Self.text(prediction, foresight.command)
        self.choices = choices
        correct = choices.firstIndex(of: right)!
        explanation = Self.explanation(prediction, foresight)
    }

    // MARK: Words

    private static func text(_ prediction: Prediction, _ statement: Statement) -> String {
        let command =
            if case .race(let lines) = statement.command { "the race of \(lines.count) lines" } else {
                statement.labelledText
            }
        func name(_ page: Operand) -> String { "\(page.name)[\(page.range?.lowerBound ?? 0)]" }
        switch prediction {
        case .next: return "Which of these changes first?  \(command)"
        case .faults: return "How many page faults?  \(command)"
        case .outcome: return "How does it end?  \(command)"
        case .value: return "Which value comes back?  \(command)"
        case .writes: return "What is written to disk?  \(command)"
        case .disk(let page): return "Which value of \(name(page)) is on disk afterwards?  \(command)"
        case .survives(let page):
            return "Power fails right after it. Does the latest store to \(name(page)) survive?  \(command)"
        case .page(let page): return "In what state is \(name(page)) afterwards?  \(command)"
        case .pte(let process, let page): return "What is \(process)'s PTE of \(name(page)) afterwards?  \(command)"
        case .counter(let counter): return "What does \(counter) say afterwards?  \(command)"
        }
    }

    /// What was there before the command, as far as it explains the answer; then its way.
    private static func explanation(_ prediction: Prediction, _ foresight: Foresight) -> String {
        var sentences: [String] = []
        let before = foresight.before
        if case .operation(let operation) = foresight.command.command, let (process, page) = operation.accessedPage,
            let words = before.wordsForPTE(process, page)
        {
            sentences.append("Before it, the PTE was \(words).")
        }
        switch prediction {
        case .writes, .disk, .survives:
            let dirty = before.machine.state.files.filter { !before.machine.isAnonymous($0) }.flatMap { file in
                before.machine.cachedPages(file, where: before.machine.isDirty)
                    .map { "\(before.machine.name(of: file))[\($0)]" }
            }
            let list = dirty.count > 4 ? "\(dirty.count) pages" : dirty.joined(separator: ", ")
            sentences.append("Before it, the kernel knew of " + (dirty.isEmpty ? "no dirty page." : "dirty \(list)."))
        default: break
        }
        let path = foresight.path
        if path.isEmpty {
            sentences.append("No function of the kernel ran.")
        } else {
            sentences.append("Its way: " + path.prefix(7).joined(separator: " > ") + (path.count > 7 ? " ..." : ""))
        }
        return sentences.joined(separator: " ")
    }

    // MARK: Wrong answers

    /// What other kernels would answer at the same place, in the order of time.
    private static func elsewhere(_ prediction: Prediction, _ index: Int, _ session: Session) -> [String] {
        // A long way is not gone again for each kernel.
        guard session.position <= Foresight.limit / 4 else { return [] }
        let goal = session.progress.cursor
        return Profile.allCases.filter { $0 != session.profile }.compactMap { profile in
            let scenario = Scenario(name: session.name, title: session.title, statements: session.statements)
            guard var other = try? Session(scenario, kernel: profile) else { return nil }
            var moves = 0
            while moves < Foresight.limit, other.progress.cursor < goal, case .moved = other.advance() { moves += 1 }
            guard other.progress.cursor == goal else { return nil }
            return Foresight(other, command: index)?.answer(to: prediction)
        }
    }

    private static func nearMisses(_ prediction: Prediction, _ right: String, _ foresight: Foresight) -> [String] {
        let number = Int(right)
        switch prediction {
        case .next:
            let later = foresight.changes.dropFirst().compactMap { $0.first?.shown }
            let pages = foresight.accessed.map { process, page -> [String] in
                let subject = "\(process).\(page.name).pte[\(page.range?.lowerBound ?? 0)]"
                return ["\(subject) dirty 0 -> 1", "\(subject) write 0 -> 1", "\(subject) present 0 -> 1"]
            }
            return later.prefix(2) + (pages ?? []) + [Foresight.nothing, "nr_dirty 0 -> 1"]
        case .faults: return ["0", "1", "2", "3"]
        case .outcome: return ["ok", "SIGSEGV", "SIGBUS", "EACCES", "EINVAL"]
        case .value, .disk, .counter:
            let stored = foresight.before.progress.last?.value.map(Int.init)
            return [number.map { $0 + 1 }, number.map { $0 - 1 }, stored, 0, number.map { $0 + 2 }]
                .compactMap { $0 }.filter { $0 >= 0 }.map { "\($0)" }
        case .writes:
            let pages = foresight.after.machine.filePages
            return [Foresight.nothing] + pages + [pages.prefix(2).joined(separator: ", "), "the whole file, page by page"]
        case .survives(let page):
            let value = foresight.after.diskValue(page)
            guard let value else { return ["yes: value 1 is on the disk", "no: value 0 is on the disk"] }
            let other = value == 0 ? 1 : value - 1
            return right.hasPrefix("yes")
                ? ["no: value \(other) is on the disk", "no: value \(value + 1) is on the disk"]
                : ["yes: value \(value + 1) is on the disk", "no: value \(other) is on the disk"]
        case .page: return ["dirty", "clean", "under writeback", "not in memory"]
        case .pte: return ["writable, dirty", "read-only, clean", "empty", "writable, clean", "read-only, dirty"]
        }
    }
}

extension Machine {
    /// The first pages of all files, as `db[0]`.
    fileprivate var filePages: [String] {
        state.files.filter { !isAnonymous($0) }.flatMap { file in
            (0..<min(3, size(of: file))).map { "\(name(of: file))[\($0)]" }
        }
    }
}

extension Foresight {
    /// Whose page it loads from or stores to.
    fileprivate var accessed: (String, Operand)? {
        if case .operation(let operation) = command.command { return operation.accessedPage }
        return nil
    }
}

extension Operation {
    /// Whose page a load or store goes to; the first of a range.
    var accessedPage: (process: String, page: Operand)? {
        switch self {
        case .read(let process, let pages), .write(let process, let pages, _):
            let index = pages.range?.lowerBound ?? 0
            return (process, Operand(name: pages.name, range: index...index))
        default: return nil
        }
    }
}
