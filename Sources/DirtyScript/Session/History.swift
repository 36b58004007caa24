import DirtyMachine

// What is known of a session's course, behind it and ahead. The machine's own log reaches back over
// the latest moves only. Of all the others there are eight bytes a move, and at the beginning of
// each block of some thousands of moves what the session knew there, with what the block did to the
// machine as a whole. So any moment is reached by leaps over blocks and a short run, in bounded
// memory.

/// The course of a session as far as anybody has gone it: the session itself, or a scout ahead.
struct History: Sendable {
    /// A run of moves that can be leapt over.
    struct Block: Sendable {
        /// Moves before it, and changes of the machine before it.
        let start: Int
        let changesBefore: Int
        /// What the session knew at its beginning.
        let progress: Progress
        let net: NetChange
    }

    /// A move in eight bytes. Choices other than the script's are kept beside.
    struct Record: Hashable, Sendable {
        let line: UInt32
        let slot: UInt8
        let function: KernelFunction
        let position: UInt8
        fileprivate(set) var marks: Marks

        struct Marks: OptionSet, Hashable, Sendable {
            let rawValue: UInt8
            static let hasFrame = Marks(rawValue: 1)
            static let hasChoice = Marks(rawValue: 2)
            /// A statement, or a line of a race, ended with it.
            static let endsCommand = Marks(rawValue: 4)
            /// `run` stops behind it.
            static let isStop = Marks(rawValue: 8)
        }
    }

    private(set) var records: [Record] = []
    private(set) var blocks: [Block] = []
    private var choices: [Int: Choice] = [:]
    /// The moves that began a chapter, as positions behind them.
    private(set) var chapters: [Outline.Chapter] = []
    /// The moves that brought failed expectations, with those.
    private(set) var failures: [(move: Int, list: [FailedExpectation])] = []
    /// Dirty pages and faults over time.
    private(set) var series = Series()
    /// The beginning of the block that is open: what a block needs to know when it is closed.
    private var open: (start: Int, changesBefore: Int, progress: Progress)
    /// Counts how often what was known of the future became void.
    private(set) var revision = 0

    /// A block is closed when it has so many moves or changes.
    struct BlockLength: Sendable {
        var moves: Int
        var changes: Int
        /// A few milliseconds to run through.
        static let usual = BlockLength(moves: 16_384, changes: 32_768)
    }

    let blockLength: BlockLength

    init(_ progress: Progress, blockLength: BlockLength = .usual) {
        open = (0, 0, progress)
        self.blockLength = blockLength
    }

    /// How many moves are known.
    var count: Int { records.count }

    func choice(of move: Int) -> Choice {
        records[move].marks.contains(.hasChoice) ? choices[move] ?? .script : .script
    }

    // MARK: Growing

    /// Notes the move after so many, with what the session knew before and knows now. What was
    /// known is void if it was another move.
    mutating func note(
        _ move: Move, at position: Int, _ before: Progress, _ after: Progress, _ state: State, faults: Int
    ) {
        var marks: Record.Marks = []
        if move.frame != nil { marks.insert(.hasFrame) }
        if move.choice != .script { marks.insert(.hasChoice) }
        if after.hasEndedCommand(since: before) { marks.insert(.endsCommand) }
        if before.isStop(after) { marks.insert(.isStop) }
        let record = Record(
            line: UInt32(truncatingIfNeeded: move.line), slot: UInt8(truncatingIfNeeded: move.slot),
            function: move.frame?.function ?? .none,
            position: UInt8(truncatingIfNeeded: move.frame?.position ?? 0), marks: marks)
        if position < records.count {
            if records[position] == record, move.choice == choice(of: position) { return }
            truncate(to: position)
        }
        records.append(record)
        series.note(state, faults: faults)
        if move.choice != .script { choices[position] = move.choice }
        if after.chapterNumber != before.chapterNumber {
            chapters.append(Outline.Chapter(position: position + 1, title: after.chapter))
        }
        if !after.newFailures.isEmpty { failures.append((position, after.newFailures)) }
    }

    /// Forgets what comes after so many moves: there is going to be another future.
    mutating func truncate(to position: Int) {
        guard position < records.count else { return }
        revision += 1
        records.removeLast(records.count - position)
        series.truncate(to: position)
        if !choices.isEmpty { choices = choices.filter { $0.key < position } }
        while let last = chapters.last, last.position > position { chapters.removeLast() }
        while let last = failures.last, last.move >= position { failures.removeLast() }
        while open.start > position, let last = blocks.popLast() {
            open = (last.start, last.changesBefore, last.progress)
        }
    }

    /// Closes the open block here, at the end of what is known, once it is long enough. `log` has
    /// the changes since a beginning that lies `logStart` changes behind the first move.
    mutating func closeBlock(_ log: ChangeLog, _ logStart: Int, _ progress: Progress) {
        let changes = logStart + log.count
        guard records.count - open.start >= blockLength.moves
            || changes - open.changesBefore >= blockLength.changes
        else { return }
        blocks.append(
            Block(
                start: open.start, changesBefore: open.changesBefore, progress: open.progress,
                net: NetChange(log[(open.changesBefore - logStart)...])))
        open = (records.count, changes, progress)
    }

    // MARK: Looking things up

    /// The block that the move after so many belongs to: the number of blocks for the open one.
    func block(at position: Int) -> Int {
        position >= open.start ? blocks.count : Self.count(blocks.count) { blocks[$0].start <= position } - 1
    }

    /// Where a block begins, the open one included.
    func beginning(ofBlock index: Int) -> (start: Int, changesBefore: Int, progress: Progress) {
        guard index < blocks.count else { return open }
        return (blocks[index].start, blocks[index].changesBefore, blocks[index].progress)
    }

    /// How many blocks begin before a statement is reached.
    func blocks(before statement: Int) -> Int {
        Self.count(blocks.count) { blocks[$0].progress.cursor < statement }
    }

    /// The expectations that failed with a move.
    func failures(of move: Int) -> [FailedExpectation] {
        let index = Self.count(failures.count) { failures[$0].move < move }
        return index < failures.count && failures[index].move == move ? failures[index].list : []
    }

    /// How many of the first so many indices pass a test that none passes behind one that fails.
    private static func count(_ count: Int, _ passes: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if passes(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Memory that it occupies, in bytes, without what failed expectations say.
    var byteCount: Int {
        records.count * MemoryLayout<Record>.stride
            + blocks.reduce(0) { $0 + $1.net.byteCount + MemoryLayout<Block>.stride }
    }
}

/// The moves of a session so far, oldest first.
public struct Moves: RandomAccessCollection, Sendable {
    let history: History
    public let endIndex: Int
    public var startIndex: Int { 0 }

    public subscript(index: Int) -> Move {
        let record = history.records[index]
        return Move(
            choice: history.choice(of: index), slot: Int(record.slot),
            frame: record.marks.contains(.hasFrame)
                ? StackFrame(function: record.function, position: Int(record.position)) : nil,
            line: Int(record.line))
    }
}

extension Progress {
    /// Whether a command has ended with the move that led here. Lines that ride along with the first
    /// move of the next command are none.
    public func hasEndedCommand(since before: Progress) -> Bool {
        (cursor != before.cursor || (race?.ended.count ?? 0) != (before.race?.ended.count ?? 0))
            && running == nil && (race == nil || before.race != nil)
    }

    /// Whether `run` stops behind a move that led from here to there: at a chapter, at a pause, or
    /// behind a failed expectation.
    public func isStop(_ after: Progress) -> Bool {
        chapterNumber != after.chapterNumber || after.pause != nil || after.failures > failures
    }
}
