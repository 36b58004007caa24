import DirtyMachine
import SeededRandom

/// Questions about what comes next, as a scenario is played: which were asked, and what was said.
public struct Quiz: Hashable, Sendable {
    /// An answer that somebody gave.
    public struct Answer: Hashable, Sendable {
        public let question: Question
        /// The choice, counted from 0; nil where the question was left out.
        public let chosen: Int?
        public var isRight: Bool { chosen == question.correct }
    }

    /// Decides the order of the choices, and which question an unmarked command gets.
    public let seed: UInt64
    /// The script has no `predict`: every command that is worth it gets a question.
    public let asksEverywhere: Bool
    public private(set) var answers: [Answer] = []

    public init(_ statements: [Statement], seed: UInt64 = 0) {
        self.seed = seed
        asksEverywhere = !statements.contains { if case .predict = $0.command { true } else { false } }
    }

    public var right: Int { answers.filter(\.isRight).count }
    public var skipped: Int { answers.filter { $0.chosen == nil }.count }

    public mutating func answer(_ question: Question, _ chosen: Int?) {
        answers.append(Answer(question: question, chosen: chosen))
    }

    /// The question that has to be answered before the session moves on; nil where there is none,
    /// or all are answered.
    public func question(before session: Session) -> Question? {
        guard let ahead = session.commandAhead else { return nil }
        for mark in ahead.marks {
            guard case .predict(let prediction, let text) = mark.command, !isAnswered(mark.location.line) else { continue }
            let question = Question(
                prediction, text: text, line: mark.location.line, about: ahead.index, in: session, seed: seed)
            if let question { return question }
        }
        guard asksEverywhere, ahead.isNext else { return nil }
        return suggestion(before: session)
    }

    /// A question about the next command, marked or not; nil if it was asked already or none fits.
    public func suggestion(before session: Session) -> Question? {
        guard let ahead = session.commandAhead else { return nil }
        let statement = session.statements[ahead.index]
        guard !isAnswered(statement.location.line) else { return nil }
        for prediction in predictions(for: statement, in: session) {
            let question = Question(
                prediction, text: nil, line: statement.location.line, about: ahead.index, in: session, seed: seed)
            if let question { return question }
        }
        return nil
    }

    private func isAnswered(_ line: Int) -> Bool { answers.contains { $0.question.line == line } }

    /// What is worth asking about a command, the best first; which is best varies with the seed.
    private func predictions(for statement: Statement, in session: Session) -> [Prediction] {
        guard case .operation(let operation) = statement.command, statement.label == nil else { return [] }
        var random = SplitMix(seed: seed &* 31 &+ UInt64(statement.location.line))
        var found: [Prediction] = []
        switch operation {
        case .write:
            found = [.faults, .faults, .next]
            if let (process, page) = operation.accessedPage { found.append(.pte(process: process, page)) }
        case .read: found = [.faults, .faults, .value]
        case .pwrite, .poke, .pinwrite: found = [.next]
        case .peek, .pread: found = [.value]
        case .fsync, .msync, .writeback, .journal, .reclaim, .complete:
            found = [.writes]
            if let page = session.latestStore { found += [.survives(page), .disk(page)] }
        case .crash: found = session.latestStore.map { [.survives($0)] } ?? []
        default: return []
        }
        let first = found.isEmpty ? 0 : random.number(0...found.count - 1)
        return Array(found[first...] + found[..<first])
    }
}

extension Session {
    /// The command that comes next, and the `predict` lines that stand before it. `isNext`: it comes
    /// with the very next move. nil while another is under way, and at the end.
    var commandAhead: (index: Int, marks: [Statement], isNext: Bool)? {
        guard progress.running == nil, progress.race == nil, !progress.isDraining, progress.stepsTaken == 0
        else { return nil }
        var marks: [Statement] = []
        var isNext = true
        for index in min(progress.cursor, statements.count)..<statements.count {
            switch statements[index].command {
            case .predict: marks.append(statements[index])
            case .say:
                // A question behind the caption waits until that has been said.
                if marks.isEmpty { return nil }
                isNext = false
            default:
                if !statements[index].ridesAlong { return (index, marks, isNext) }
            }
        }
        return nil
    }

    /// Whether the next move would pass a `predict` of one of these lines.
    public func standsBefore(_ lines: Set<Int>) -> Bool {
        guard !lines.isEmpty, let ahead = commandAhead else { return false }
        return ahead.marks.contains { lines.contains($0.location.line) }
    }

    /// The page of a file with a disk that was stored to, the first of them.
    fileprivate var latestStore: Operand? {
        for file in machine.state.files where !machine.isAnonymous(file) && machine.fileSystem(of: file).hasDisk {
            let dirty = machine.cachedPages(file) { machine.contents($0) != 0 }
            if let index = dirty.first { return Operand(name: machine.name(of: file), range: index...index) }
        }
        return nil
    }
}
