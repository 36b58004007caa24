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
    return ScenarioParser.parse(Array(text.unicodeScalars), declarations)
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

/// A small generator of reproducible randomness (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func flip() -> Bool { Bool.random(using: &self) }
    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[number(0...choices.count - 1)]
    }
}

/// The lines, behind a file, two processes, a mapping and a labelled operation.
func behind(_ lines: String) -> String { setUp + "W: A write m[0]\n" + lines }

func expectComplaints(
    _ text: String, _ complaints: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
    #expect(parseAll(text).complaints == complaints, sourceLocation: sourceLocation)
}
