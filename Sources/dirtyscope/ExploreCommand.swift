import ArgumentParser
import DirtyExplore
import DirtyMachine
import DirtyScript

struct ExploreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Try every interleaving of a scenario's races.",
        discussion: """
            Every atomic step of the lines between 'race' and 'end' may come before or after every \
            other, and so may the device's, and TLB evictions where 'rule tlb-eviction on' asks for \
            them. Invariants are checked in every state, the expectations behind 'end' in every \
            final one. The schedule that is printed is a shortest one.

            '--all-kernels' and '--rules' print a table instead, a row for each kernel or switch. '--random' \
            explores races of its own. All three can be divided among machines: '--shard 3/8' on each, and \
            'explore merge FILE...' puts together what they printed.

            Exit status: 0 when all holds, 1 on a violation or a deadlock, 3 when a limit was reached \
            first, 64 for wrong usage, 65 for a scenario in error or without a race, 66 for a file \
            that cannot be read, 73 when the counterexample cannot be written.
            """)

    @Argument(help: "The scenario; '-' reads standard input. Or 'merge' and the outputs of shards.")
    var files: [String] = []

    @Option(help: "text for people, json for programs.")
    var format = RunCommand.Format.text

    @Option(
        help: ArgumentHelp(
            "Write the schedule as a scenario that 'run' and 'play' replay; with --random, the first race that is broken.",
            valueName: "out.demo"))
    var counterexample: String?

    @Option(
        name: .customLong("invariant"),
        help: ArgumentHelp(
            "Let this invariant count, too, that is otherwise only noted; 'dirtyscope invariants' lists them.",
            valueName: "name"), completion: .list(Invariant.allCases.map(\.name)))
    var invariants: [Invariant] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Give up soon after so many states. (default: no limit; 200000 for a random race)", valueName: "states"))
    var maxStates: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Give up at so much memory: 800M, 4G. (default: no limit)", valueName: "bytes"))
    var maxMemory: ByteCount?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Give up after so many seconds, in a table on each row. (default: no limit)", valueName: "seconds"))
    var timeout: Double?

    @Option(parsing: .unconditional, help: "How many threads search; they find the same as one.")
    var workers = 2

    @Flag(help: "A table: which kernels survive the race.")
    var allKernels = false

    @Flag(name: .customLong("rules"), help: "A table: which switches the race survives, each flipped by itself.")
    var flipsRules = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Explore random races, grown from this seed; cut what is broken down.", valueName: "seed"))
    var random: UInt64?

    @Option(parsing: .unconditional, help: "How many random races. (default: 100)")
    var count: Int?

    @Option(
        help: ArgumentHelp(
            "Of the random races, or of the rows of a table, only every Nth, from the Ith on.", valueName: "i/n"))
    var shard: Shard?

    @Flag(
        help: ArgumentHelp(
            "Reduce nothing: make steps of control flow, and take no two states for one that differ only in values."))
    var unreduced = false

    @OptionGroup var kernel: KernelOptions

    func validate() throws {
        if let maxStates, maxStates < 1 { throw ValidationError("--max-states takes a number from 1 up") }
        if let timeout, !(timeout > 0) { throw ValidationError("--timeout takes seconds above 0") }
        if random == nil, files.first != "merge", files.count != 1 {
            throw ValidationError("give a scenario, --random SEED, or 'merge' and files")
        }
        if random != nil, !files.isEmpty { throw ValidationError("--random takes no scenario") }
        if shard != nil, random == nil, !allKernels, !flipsRules, files.first != "merge" {
            throw ValidationError("--shard goes with --random, --rules or --all-kernels")
        }
        if random != nil, allKernels || flipsRules { throw ValidationError("--random takes no table") }
        if shard != nil, format == .json { throw ValidationError("shards print text, for 'explore merge'") }
        if shard != nil, counterexample != nil { throw ValidationError("--shard takes no --counterexample") }
        if files.first == "merge", format == .json { throw ValidationError("'merge' prints text") }
        if count != nil, random == nil { throw ValidationError("--count goes with --random") }
        if allKernels, kernel.kernel != nil { throw ValidationError("--all-kernels takes no --kernel") }
        if files == ["merge"] { throw ValidationError("'merge' takes the outputs of shards") }
        if let count, count < 1 { throw ValidationError("--count takes a number from 1 up") }
        if allKernels && flipsRules { throw ValidationError("one table at a time") }
        if (allKernels || flipsRules) && counterexample != nil {
            throw ValidationError("--counterexample is of one race under one kernel")
        }
        if unreduced, counterexample != nil, random == nil {
            throw ValidationError("--counterexample is of a reduced search: its steps are those of 'run'")
        }
        if !(1...64).contains(workers) { throw ValidationError("--workers takes a number from 1 to 64") }
    }

    func run() throws {
        if files.first == "merge", files.count > 1 { return try ShardMerge.run(Array(files.dropFirst())) }
        if let random {
            var exploration = RandomExploration(
                seed: random, count: count ?? 100, kernel: kernel.kernel ?? .v6_18, shard: shard, format: format,
                counterexample: counterexample)
            exploration.bounds.rules = kernel.rules
            exploration.bounds.invariants = Set(invariants)
            exploration.bounds.isReduced = !unreduced
            exploration.bounds.workers = workers
            if let maxStates { exploration.bounds.states = maxStates }
            if let maxMemory { exploration.bounds.memory = maxMemory.bytes }
            return try exploration.run(SearchWatch(timeout: timeout))
        }
        try explore(files[0])
    }

    private func explore(_ file: String) throws {
        let scenario = try ScenarioLoader.parse(file)
        var options = Explorer.Options()
        options.kernel = kernel.kernel
        options.rules = kernel.rules
        options.invariants = Set(invariants)
        options.reduces = !unreduced
        options.merges = !unreduced
        options.search.workers = workers
        options.search.maximumStates = maxStates ?? .max
        options.search.maximumMemory = maxMemory?.bytes ?? .max
        if allKernels || flipsRules {
            let table = SurvivalTable(
                scenario: scenario, options: options,
                variants: allKernels ? Survival.kernels : Survival.switches(of: scenario, options),
                shard: shard, format: format, timeout: timeout)
            return try table.run()
        }
        let explorer = try ScenarioLoader.checked { () throws(Diagnostics) in
            try Explorer(scenario, options: options)
        }
        // Before a search of hours, not behind it.
        if let counterexample { try Output.makeSure(of: counterexample, isNot: file) }
        let watch = SearchWatch(timeout: timeout)
        let exploration = waiting { await explorer.run { watch.look($0) } }
        watch.clear()
        try report(exploration, watch)
        switch exploration.verdict {
        case .holds: break
        case .violated, .deadlock: throw ExitCode(1)
        case .limit: throw ExitCode(3)
        }
    }

    private func report(_ exploration: Exploration, _ watch: SearchWatch) throws {
        switch format {
        case .text:
            var out = LineWriter()
            for line in ExplorationText.lines(exploration) { try out.line(printable(line)) }
            try out.flush()
        case .json:
            try Output.write(
                ExplorationJSON.text(exploration, milliseconds: watch.milliseconds) + "\n")
        }
        guard let counterexample, let breach = exploration.breach else { return }
        try Output.write(Counterexample.text(breach, of: exploration), to: counterexample)
        if format == .text, counterexample != "-" {
            Output.complain("the schedule is in \(printable(counterexample)): 'play' or 'run' it")
        }
    }
}

/// A number of bytes, perhaps with K, M or G.
struct ByteCount: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = argument.last.flatMap { units[Character($0.uppercased())] }
        guard let number = Int(unit == nil ? argument : String(argument.dropLast())), number > 0
        else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit ?? 1)
        if overflows { return nil }
        self.bytes = bytes
    }
}

extension Invariant: ExpressibleByArgument {
    public init?(argument: String) {
        guard let invariant = Invariant.named(argument) else { return nil }
        self = invariant
    }

    /// The help names the command that lists them. Shells complete names, not numbers: they take the
    /// quote in I3' for one of theirs.
    public static var allValueStrings: [String] { [] }
}
