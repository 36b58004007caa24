import DirtyMachine

/// What one command did under each kernel of a comparison.
public struct ComparedCommand: Hashable, Sendable {
    public let statement: Statement
    /// One entry a kernel, in their order; nil where that kernel did not get so far.
    public let columns: [Column?]
    /// What the kernels disagree on since this command, and did not before.
    public let differences: [Difference]

    /// A command's outcome under one kernel.
    public struct Column: Hashable, Sendable {
        /// nil for what is no operation, or goes on after the command.
        public let outcome: Outcome?
        /// What a load returned or a store wrote.
        public let value: UInt32?
        public let minorFaults: Int
        public let majorFaults: Int
        /// Pages that the kernel knows to be dirty (nr_dirty), after the command.
        public let dirty: Int
        /// Pages handed to the device by the command.
        public let written: Int
        /// Stores lost for good, so far.
        public let lost: Int
        /// What became of an `expect`; nil for other commands.
        public let passed: Bool?
    }

    /// Whether anything in its columns is not the same everywhere.
    public var columnsDiffer: Bool { Set(columns).count > 1 }

    /// Nothing in its columns differs, and nothing has come to differ since. Of an `expect`, what
    /// counts is whether it passed.
    public var isSame: Bool {
        let isCheck = columns.contains { $0?.passed != nil }
        let differs = isCheck ? Set(columns.map { $0?.passed }).count > 1 : columnsDiffer
        return !differs && differences.isEmpty
    }
}

/// A comparison run to its end, command by command.
public struct ComparisonRun: ~Copyable {
    public private(set) var comparison: LockStep
    private var pending: [[Conclusion]]
    /// Pages written until the latest command that was reported.
    private var writtenBefore: [Int]
    private var known: Set<Difference> = []

    public init(_ comparison: LockStep) {
        self.comparison = comparison
        pending = Array(repeating: [], count: comparison.sides.count)
        writtenBefore = comparison.written
    }

    /// Runs to the end and hands over each command when the last kernel is through with it.
    public mutating func run(_ report: (ComparedCommand) throws -> Void) rethrows {
        var conclusions: [[Conclusion]] = []
        while comparison.step(&conclusions) {
            for side in pending.indices { pending[side] += conclusions[side] }
            try emit(report)
            if pending.allSatisfy(\.isEmpty) { comparison.forgetHistory() }
        }
    }

    /// Statements come to their end in the same order everywhere: what the kernels that go on have
    /// all concluded is ready.
    private mutating func emit(_ report: (ComparedCommand) throws -> Void) rethrows {
        // Checks change nothing, so the first command of a batch has the news of all of it.
        var hasNews = Set(going.map { pending[$0].count }).count == 1
        while true {
            let going = going
            guard !going.isEmpty, going.allSatisfy({ !pending[$0].isEmpty }) else { return }
            let statement = pending[going[0]][0].statement
            var columns: [ComparedCommand.Column?] = Array(repeating: nil, count: pending.count)
            for side in going where pending[side][0].statement == statement {
                columns[side] = column(pending[side].removeFirst(), side)
            }
            try report(
                ComparedCommand(
                    statement: statement, columns: columns, differences: hasNews ? news() : []))
            hasNews = false
        }
    }

    /// The kernels that have something to report, or will have.
    private var going: [Int] {
        pending.indices.filter { comparison.obstacles[$0] == nil || !pending[$0].isEmpty }
    }

    private mutating func column(_ conclusion: Conclusion, _ side: Int) -> ComparedCommand.Column {
        let machine = comparison.sides[side].machine
        let written = comparison.written[side]
        defer { writtenBefore[side] = written }
        return ComparedCommand.Column(
            outcome: conclusion.hasEnded ? conclusion.result?.outcome : nil,
            value: conclusion.hasEnded ? conclusion.result?.value : nil,
            minorFaults: conclusion.result?.minorFaults ?? 0,
            majorFaults: conclusion.result?.majorFaults ?? 0,
            dirty: machine.state.counter(.nr_dirty), written: written - writtenBefore[side],
            lost: machine.lostStores.count, passed: conclusion.expectation?.passed)
    }

    /// What has come to differ, or differs in another way, since the last command.
    private mutating func news() -> [Difference] {
        let differences = comparison.differences
        defer { known = Set(differences) }
        return differences.filter { !known.contains($0) }
    }
}
