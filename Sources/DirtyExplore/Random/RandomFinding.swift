import DirtyMachine
import DirtyScript

/// What became of a random race, as a line that is the same on every machine: shards of a long run
/// are merged from such lines.
public struct RandomFinding: Hashable, Sendable {
    public let number: UInt64
    /// A verdict of `explore`, or `none` for a race that does not come about.
    public let verdict: String
    /// The invariant, `expectation` or `deadlock`; `-` where nothing is wrong.
    public let what: String
    public let steps: Int
    /// The race on one line, cut down where something is wrong.
    public let race: String

    public init(number: UInt64, verdict: String, what: String, steps: Int, race: String) {
        self.number = number
        self.verdict = verdict
        self.what = what
        self.steps = steps
        self.race = race
    }

    /// `race 17 violated I2 31: file db 1 ext3; … | A write m[0]; … | A fsync db`
    public var line: String { "race \(number) \(verdict) \(what) \(steps): \(race)" }

    public var fails: Bool { what != "-" }
    public var isLimited: Bool { verdict == Exploration.Verdict.limit.rawValue }

    /// As one object, for programs.
    public var json: String {
        var writer = JSONWriter()
        writer.object([
            ("race", { $0.string(String(number)) }),
            ("verdict", { $0.string(verdict) }),
            ("what", { fails ? $0.string(what) : $0.null() }),
            ("steps", { $0.number(steps) }),
            ("lines", { $0.string(race) }),
        ])
        return writer.text
    }

    /// The race as a scenario; `bounds` are those of its search.
    public func scenario(kernel: Profile, _ bounds: RandomRace.Bounds) -> String {
        let parts = race.components(of: " | ")
        let counting = bounds.invariants.union([.tracking]).map(\.name).sorted()
        var lines = ["# Shown by: dirtyscope explore \(counting.map { "--invariant \($0)" }.joined(separator: " ")) THIS-FILE"]
        lines += ["title \"Random race \(number): \(what)\"", "kernel \(kernel.rawValue)"]
        lines += bounds.rules.map { "rule \($0.name) \($0.value)" }
        for (number, part) in parts.enumerated() {
            let commands = part.components(of: "; ")
            lines += number == 1 ? ["race"] + commands.map { "  " + $0 } + ["end"] : commands
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// nil for a line of another kind.
    public init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "race", let number = UInt64(parts[1]),
            parts[4].hasSuffix(":"), let steps = Int(parts[4].dropLast())
        else { return nil }
        self.init(
            number: number, verdict: String(parts[2]), what: String(parts[3]), steps: steps,
            race: String(parts[5]))
    }

    /// Totals, and for each thing that went wrong how often it did, with the race of the fewest
    /// characters that shows it.
    public static func summary(_ findings: [RandomFinding]) -> [String] {
        var lines: [String] = []
        func count(_ verdict: String) -> Int { findings.count { $0.verdict == verdict } }
        for what in Set(findings.map(\.what)).subtracting(["-"]).sorted() {
            let alike = findings.filter { $0.what == what }
            let shortest = alike.min {
                ($0.race.count, $0.steps, $0.number) < ($1.race.count, $1.steps, $1.number)
            }!
            lines.append("\(what) \(alike.count): \(shortest.race)")
        }
        lines.append(
            "\(findings.count) race\(findings.count == 1 ? "" : "s"): \(count("holds")) hold\(count("holds") == 1 ? "s" : ""), \(count("violated")) violated, "
                + "\(count("deadlock")) deadlocked, \(count("limit")) that reached a limit, \(count("none")) not possible")
        return lines
    }
}

extension String {
    fileprivate func components(of separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
