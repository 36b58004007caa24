import DirtyMachine

// Where a session stands in time, and the ways to be elsewhere: one move back through the machine's
// log, or a leap to any moment that is known.

/// The latest moves of a session: those whose changes are in the machine's log.
struct Window: Sendable {
    /// Moves before the first one here: the beginning of a block of the history.
    var start = 0
    /// Changes before the first one of the machine's log.
    var logStart = 0
    /// For each move, the changes before it.
    var marks: [Int] = []
    /// Progress as it was after the move of that number, for each move that changed it.
    var checkpoints: [(move: Int, progress: Progress)] = []
    /// What the moves belong to, for the lines of a race.
    var lines: [Int] = []
    /// The counter of faults behind the latest of them.
    var faults = 0
}

extension Session {
    // MARK: Where it stands

    /// How many moves lie behind.
    public var position: Int { window.start + window.marks.count }

    /// What was moved, oldest first.
    public var moves: Moves { Moves(history: history, endIndex: position) }

    /// The latest move.
    public var latestMove: Move? { moves.last }

    /// How many moves are known: those behind, and those ahead that somebody has made already.
    public var knownMoves: Int { history.count }

    /// Who moves next if nobody chooses otherwise: whoever moved when this was taken back, or else
    /// whom the script names.
    public var nextChoice: Choice { position < history.count ? history.choice(of: position) : .script }

    /// Changes of the machine so far.
    var changeCount: Int { window.logStart + machine.log.count }

    // MARK: What the moves did

    /// The changes of the latest move.
    public var latestChanges: ArraySlice<Change> { changes(since: position - 1) }

    /// The latest move's changes as a person reads them.
    public var latestAlterations: [Alteration] { machine.alterations(latestChanges) }

    /// Changes made after the first so many moves; none if that is too long ago to be kept.
    public func changes(since move: Int) -> ArraySlice<Change> {
        guard (window.start..<position).contains(move) else { return [] }
        return machine.log[min(mark(move) - window.logStart, machine.log.count)...]
    }

    /// Whether the changes since the first so many moves are kept.
    public func keepsChanges(since move: Int) -> Bool { move >= window.start }

    /// Changes of one move, counted from 0; none if that is too long ago to be kept.
    public func changes(of move: Int) -> ArraySlice<Change> {
        guard (window.start..<position).contains(move) else { return [] }
        let end = move + 1 < position ? mark(move + 1) - window.logStart : machine.log.count
        return machine.log[min(mark(move) - window.logStart, end)..<end]
    }

    private func mark(_ move: Int) -> Int { window.marks[move - window.start] }

    /// The expectations that failed with a move, counted from 0.
    public func failures(of move: Int) -> [FailedExpectation] { history.failures(of: move) }

    /// The expectations that failed with any of these moves.
    public func failures(in moves: Range<Int>) -> [FailedExpectation] {
        history.failures.lazy.filter { moves.contains($0.move) }.flatMap(\.list)
    }

    // MARK: One move

    /// The course begins here.
    mutating func begin(blockLength: History.BlockLength? = nil) {
        history = History(progress, blockLength: blockLength ?? history.blockLength)
        window = Window()
        window.checkpoints = [(0, progress)]
    }

    /// A move has been made: notes it, with what the session knew before if that has changed.
    mutating func note(_ move: Move, since before: Progress? = nil) {
        let faults = machine.state.counter(.pgfault)
        history.note(
            move, at: position, before ?? progress, progress, machine.state, faults: max(0, faults - window.faults))
        window.faults = faults
        window.marks.append(move.changesBefore)
        window.lines.append(move.line)
        if let before, progress != before { window.checkpoints.append((position, progress)) }
    }

    /// Takes the latest move back. False at the beginning.
    @discardableResult
    public mutating func stepBack() -> Bool {
        guard position > 0 else { return false }
        // What is the latest move then has to be in the log, too.
        if window.marks.count == 1, window.start > 0 { leap(to: position) }
        guard let mark = window.marks.popLast() else { return false }
        window.lines.removeLast()
        machine.undo(to: mark - window.logStart)
        while let last = window.checkpoints.last, last.move > position { window.checkpoints.removeLast() }
        if let last = window.checkpoints.last { progress = last.progress }
        window.faults = machine.state.counter(.pgfault)
        return true
    }

    // MARK: Any moment

    /// Goes to the state after that many moves. Returns where it ended up: the script may be
    /// shorter, or a task may have to wait.
    @discardableResult
    public mutating func go(to target: Int) -> Int {
        let target = max(0, target)
        // Short ways are gone move by move.
        if target <= window.start || target > position + history.blockLength.moves / 2 {
            leap(to: min(target, history.count))
        }
        while position > target, stepBack() {}
        while position < target, case .moved = advance() {}
        return position
    }

    /// Moves in front of the place of a leap that are in the log afterwards, so that what happened
    /// lately can be shown.
    private var runUp: Int { max(2, history.blockLength.moves / 16) }

    /// Goes to a moment that is known by way of the blocks, and some way in front of it so that
    /// there is a log of what led there.
    private mutating func leap(to target: Int) {
        let aim = history.block(at: max(0, target - runUp))
        let here = history.block(at: window.start)
        machine.undo(to: 0)
        if aim < here {
            for block in (aim..<here).reversed() { machine.revert(history.blocks[block].net) }
        } else {
            for block in here..<aim { machine.apply(history.blocks[block].net) }
        }
        let (start, changes, known) = history.beginning(ofBlock: aim)
        progress = known
        window = Window()
        window.start = start
        window.logStart = changes
        window.checkpoints = [(start, known)]
        window.faults = machine.state.counter(.pgfault)
        while position < target, case .moved = make(nextChoice) {}
    }

    /// Lets go of changes that blocks can stand in for, and closes blocks on the way.
    mutating func bound() {
        if position == history.count { history.closeBlock(machine.log, window.logStart, progress) }
        let length = history.blockLength
        guard machine.log.count >= 4 * length.changes || window.marks.count >= 4 * length.moves
        else { return }
        var next = history.block(at: window.start)
        while next < history.blocks.count {
            let end = history.beginning(ofBlock: next + 1)
            guard end.start <= position,
                changeCount - end.changesBefore >= length.changes || position - end.start >= 2 * length.moves
            else { break }
            next += 1
        }
        let (start, changes, known) = history.beginning(ofBlock: next)
        guard start > window.start else { return }
        machine.forgetOldest(changes - window.logStart)
        window.marks.removeFirst(start - window.start)
        window.lines.removeFirst(start - window.start)
        window.checkpoints.removeAll { $0.move <= start }
        window.checkpoints.insert((start, known), at: 0)
        window.start = start
        window.logStart = changes
    }

    /// Forgets the way back, for runs that only go forward.
    public mutating func forgetHistory() {
        machine.forgetHistory()
        progress.commandLogStart = 0
        begin()
    }

    // MARK: Places on the course

    /// The last position before one where `run` stops going back; 0 when there is none.
    public func stop(before position: Int) -> Int { last(.isStop, before: position) }

    /// The last position before one at which a command has ended; 0 when there is none.
    public func commandEnd(before position: Int) -> Int { last(.endsCommand, before: position) }

    private func last(_ mark: History.Record.Marks, before position: Int) -> Int {
        var position = min(position, history.count) - 1
        while position > 0, !history.records[position - 1].marks.contains(mark) { position -= 1 }
        return max(0, position)
    }

    /// Dirty pages and faults over the course, behind and ahead.
    public var series: Series { history.series }

    /// The chapters that are known, behind and ahead.
    public var knownChapters: [Outline.Chapter] { history.chapters }

    /// The first known position behind one where `run` stops; nil when none is known.
    public func knownStop(after position: Int) -> Int? {
        history.records.indices.dropFirst(position).first { history.records[$0].marks.contains(.isStop) }
            .map { $0 + 1 }
    }

    /// A known position before the one at which a statement comes first, to go on from.
    public func position(before statement: Int) -> Int {
        let blocks = history.blocks(before: statement)
        return blocks == 0 ? 0 : history.blocks[blocks - 1].start
    }

    /// A known position behind all those at which a statement comes next, to go back from.
    public func position(after statement: Int) -> Int {
        let blocks = history.blocks(before: statement + 1)
        return blocks < history.blocks.count ? history.blocks[blocks].start : history.count
    }

    /// Bytes that its way back and its knowledge of what is ahead occupy.
    public var historyByteCount: Int {
        history.byteCount + machine.log.count * MemoryLayout<Change>.stride
            + window.marks.count * 2 * MemoryLayout<Int>.stride
            + window.checkpoints.count * MemoryLayout<Progress>.stride
    }
}
