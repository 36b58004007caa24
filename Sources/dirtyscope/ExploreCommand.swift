import ArgumentParser
import DirtyExplore
import DirtyMachine
import DirtyScript
import Glibc
import Synchronization

struct ExploreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Try every interleaving of a scenario's races.",
        discussion: """
            Every atomic step of the lines between 'race' and 'end' may come before or after every \
            other, and so may the device's, and TLB evictions where 'rule tlb-eviction on' asks for \
            them. Invariants are checked in every state, the expectations behind 'end' in every \
            final one. The schedule that is printed is a shortest one.

            '--all-kernels' and '--rules' print a table instead, a row for each kernel or switch.

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
            "Write the schedule as a scenario that 'run' and 'play' replay.", valueName: "out.demo"))
    var counterexample: String?

    @Option(
        name: .customLong("invariant"),
        help: ArgumentHelp(
            "Let this invariant count, too, that is otherwise only noted.", valueName: "name"))
    var invariants: [Invariant] = []

    @Option(help: "Give up after so many states.")
    var maxStates: Int?

    @Option(help: ArgumentHelp("Give up at so much memory: 800M, 4G.", valueName: "bytes"))
    var maxMemory: ByteCount?

    @Option(help: ArgumentHelp("Give up after so many seconds.", valueName: "seconds"))
    var timeout: Double?

    @Option(help: "How many threads search; they find the same as one.")
    var workers = 2

    @Flag(help: "A table: which kernels survive the race.")
    var allKernels = false

    @Flag(name: .customLong("rules"), help: "A table: which switches the race survives, each flipped by itself.")
    var flipsRules = false

    @Option(
        help: ArgumentHelp(
            "Explore random races, grown from this seed; cut what is broken down.", valueName: "seed"))
    var random: UInt64?

    @Option(help: "How many random races.")
    var count = 100

    @Option(
        help: ArgumentHelp(
            "Of the random races only every Nth, from the Ith on; 'explore merge' puts them together.",
            valueName: "i/n"))
    var shard = RandomExploration.Shard()

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
        if files == ["merge"] { throw ValidationError("'merge' takes the outputs of shards") }
        if count < 1 { throw ValidationError("--count takes a number from 1 up") }
        if allKernels && flipsRules { throw ValidationError("one table at a time") }
        if (allKernels || flipsRules) && counterexample != nil {
            throw ValidationError("--counterexample is of one race under one kernel")
        }
        if unreduced && counterexample != nil {
            throw ValidationError("--counterexample is of a reduced search: its steps are those of 'run'")
        }
        if !(1...64).contains(workers) { throw ValidationError("--workers takes a number from 1 to 64") }
    }

    func run() throws {
        if files.first == "merge", files.count > 1 {
            return try RandomExploration.merge(Array(files.dropFirst()))
        }
        if let random {
            var exploration = RandomExploration(
                seed: random, count: count, kernel: kernel.kernel ?? .v6_18, shard: shard)
            exploration.bounds.workers = workers
            if let maxStates { exploration.bounds.states = maxStates }
            return try exploration.run()
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
        if allKernels { return try table(Survival.kernels, scenario, options) }
        if flipsRules { return try table(Survival.switches(of: scenario, options), scenario, options) }
        let explorer = try ScenarioLoader.checked { () throws(Diagnostics) in
            try Explorer(scenario, options: options)
        }
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

    /// One row for each variant, as it comes.
    private func table(
        _ variants: [Survival.Variant], _ scenario: Scenario, _ options: Explorer.Options
    ) throws {
        var out = LineWriter()
        var worst = Exploration.Verdict.holds
        if format == .text { try out.line(Survival.heading) }
        for variant in variants {
            let watch = SearchWatch(timeout: timeout)
            let explorer = try? Explorer(scenario, options: Survival.options(options, variant))
            let exploration = explorer.map { explorer in waiting { await explorer.run { watch.look($0) } } }
            watch.clear()
            let row = Survival(
                variant: variant, exploration: exploration, milliseconds: watch.milliseconds)
            try out.line(format == .text ? printable(row.line) : row.json)
            try out.flush()
            guard let exploration else { continue }
            if exploration.result.end == .limit(.interrupted) { throw ExitCode(3) }
            switch exploration.verdict {
            case .holds: break
            case .limit: if worst == .holds { worst = .limit }
            case .violated, .deadlock: worst = .violated
            }
        }
        if worst != .holds { throw ExitCode(worst == .limit ? 3 : 1) }
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
        if format == .text {
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

    /// Names, not numbers: shells take the quote in I3' for one of theirs.
    public static var allValueStrings: [String] { allCases.map(\.name) }
    public var defaultValueDescription: String { name }
}

/// Waits for work that threads of their own do.
func waiting<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) -> Result {
    let outcome = Awaited<Result>()
    _Concurrency.Task { outcome.end(await work()) }
    return outcome.wait()
}

/// A result that one thread makes and another waits for.
private final class Awaited<Result>: @unchecked Sendable {
    private var result: Result?
    private let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(done, 0, 0) }

    deinit { done.deallocate() }

    func end(_ result: Result) {
        self.result = result
        sem_post(done)
    }

    func wait() -> Result {
        while sem_wait(done) != 0 {}
        return result!
    }
}

/// Watches a search: the clock, Ctrl-C, and a line about how far it is. Used by the search while
/// it goes on, and by nobody else.
final class SearchWatch: @unchecked Sendable {
    private let start = SearchWatch.now
    private let timeout: Double?
    private let isShown = isatty(STDERR_FILENO) == 1
    private var lastShown = 0.0
    private var lastStates = 0
    private static let interrupted = Atomic<Bool>(false)

    init(timeout: Double?) {
        self.timeout = timeout
        // The second Ctrl-C ends the program as ever.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in SearchWatch.interrupted.store(true, ordering: .relaxed) }
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
        sigaction(SIGINT, &action, nil)
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    var milliseconds: Int { Int((SearchWatch.now - start) * 1000) }

    func look(_ progress: SearchProgress) -> SearchLimit? {
        if SearchWatch.interrupted.load(ordering: .relaxed) { return .interrupted }
        let seconds = SearchWatch.now - start
        if let timeout, seconds > timeout { return .time }
        if isShown, seconds - lastShown >= 0.5 { show(progress, seconds) }
        return nil
    }

    private func show(_ progress: SearchProgress, _ seconds: Double) {
        let rate = Int(Double(progress.states - lastStates) / max(seconds - lastShown, 0.001))
        (lastShown, lastStates) = (seconds, progress.states)
        write(
            "\r\u{1b}[K\(progress.states) states, \(rate)/s, depth \(progress.depth), "
                + "\(progress.frontier) to do, \(progress.bytes >> 20) MiB, \(Int(seconds)) s")
    }

    /// Takes the line away.
    func clear() {
        if isShown, lastShown > 0 { write("\r\u{1b}[K") }
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
