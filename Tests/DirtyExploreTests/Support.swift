import DirtyExplore
import DirtyMachine
import DirtyScript
import Testing

/// Parses a scenario that has to be right.
func parse(_ text: String) throws -> Scenario {
    try ScenarioParser.parse(text, name: "race", rules: .machine).get()
}

/// Explores a scenario; the rules are written as on the command line.
func explore(
    _ text: String, kernel: Profile? = nil, rules: [String] = [], workers: Int = 1,
    invariants: Set<Invariant> = [], blockSize: Int = 1 << 14
) async throws -> Exploration {
    var options = Explorer.Options()
    options.kernel = kernel
    options.rules = rules.map { rule in
        let parts = rule.split(separator: "=").map(String.init)
        return RuleOverride(name: parts[0], value: parts[1])
    }
    options.invariants = invariants
    options.search.workers = workers
    options.search.blockSize = blockSize
    let explorer = try Explorer(try parse(text), options: options)
    return await explorer.run()
}

/// Replays a counterexample as an ordinary scenario: how many of its expectations failed, and
/// whether it came to its end.
func replay(_ exploration: Exploration) throws -> (failures: Int, end: RunEnd) {
    let text = Counterexample.text(try #require(exploration.breach), of: exploration)
    var session = try Session(try parse(text))
    let end = try session.run()
    return (session.progress.failures, end)
}

/// A page that is mapped and dirty, ready for races.
let oneStore = """
    file db 1 ext3 cached
    process A
    A mmap m db rw shared
    A write m[0]

    """
