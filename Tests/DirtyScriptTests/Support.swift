import SeededRandom
import Testing

@testable import DirtyScript

/// The set-up that most tests begin with.
let setUp = """
    file db 4 ext4
    process A
    process B
    A mmap m db[0..3] rw shared

    """

/// Parses without refusing what is not simulated yet.
func parseAll(_ text: String, rules: RuleChecker = .permissive) -> Result<Scenario, Diagnostics> {
    let declarations = Declarations(name: "test.demo", rules: rules, unsupported: [])
    return ScenarioParser.parse(Array(text.utf8), declarations)
}

extension Statement {
    /// The statement itself, without where it stood and how it was written.
    var bare: Statement {
        var bare = self
        bare.location = SourceLocation(line: 0, column: 0)
        bare.text = ""
        if case .race(let statements) = command { bare.command = .race(statements.map(\.bare)) }
        return bare
    }
}

extension Result where Failure == Diagnostics {
    /// The rendered complaints; empty where there are none.
    var complaints: String {
        switch self {
        case .success: ""
        case .failure(let diagnostics): diagnostics.description
        }
    }
}

typealias SeededGenerator = SplitMix

/// The lines, behind a file, two processes, a mapping and a labelled operation.
func behind(_ lines: String) -> String { setUp + "W: A write m[0]\n" + lines }

func expectComplaints(
    _ text: String, _ complaints: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
    #expect(parseAll(text).complaints == complaints, sourceLocation: sourceLocation)
}
