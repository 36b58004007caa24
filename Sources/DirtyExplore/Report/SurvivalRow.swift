import DirtyMachine

/// A row of the table of kernels or switches: what came of the race there.
public struct SurvivalRow: Hashable, Sendable {
    /// A kernel, or a switch and its value: `mkclean-flush=wrong`.
    public let name: String
    /// A verdict of `explore`, or `impossible`.
    public let verdict: String
    /// The invariant's number, `expectation` or `deadlock`; `-` where nothing is wrong.
    public let what: String
    /// Length of the shortest schedule; 0 where nothing is wrong.
    public let steps: Int
    public let states: Int

    /// The switches do not go together, or the race is not reached.
    static let impossible = "none"

    init(name: String, verdict: String, what: String, steps: Int, states: Int) {
        self.name = name
        self.verdict = verdict
        self.what = what
        self.steps = steps
        self.states = states
    }

    public var holds: Bool { verdict == Exploration.Verdict.holds.rawValue }
    public var isLimited: Bool { verdict == Exploration.Verdict.limit.rawValue }
    /// A violation or a deadlock.
    public var fails: Bool { what != "-" }
    private var isSwitch: Bool { name.contains("=") }

    // MARK: For a part of a table

    /// As a line that is the same on every machine: `row 12 violated I2 38 1367: mkclean-flush=wrong`.
    public func line(number: Int) -> String { "row \(number) \(verdict) \(what) \(steps) \(states): \(name)" }

    /// nil for a line of another kind, or with another number.
    public init?(line: String, number: Int) {
        let parts = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
        guard parts.count == 7, let steps = Int(parts[4]), let states = Int(parts[5].dropLast()) else { return nil }
        self.init(name: String(parts[6]), verdict: String(parts[2]), what: String(parts[3]), steps: steps, states: states)
        guard self.line(number: number) == line else { return nil }
    }

    // MARK: For people

    public static let heading = columns("", "verdict", "what", "steps", "states")

    /// A switch that makes no difference to the kernel as it is, in the first row, is only named: so the
    /// others are seen.
    public func text(beside first: SurvivalRow?) -> String {
        if verdict == Self.impossible { return Self.columns(name, "-", "not possible", "", "") }
        if let first, isSwitch, first.isLike(self) { return Self.columns(name, "=", "", "", "") }
        let found = Invariant.allCases.first { $0.id == what }.map { "\($0.id) \($0.name)" } ?? what
        return Self.columns(
            name, verdict, fails && what != verdict ? found : "", fails ? String(steps) : "", ExplorationText.grouped(states))
    }

    /// Everything is the same but the name.
    private func isLike(_ other: SurvivalRow) -> Bool {
        (verdict, what, steps, states) == (other.verdict, other.what, other.steps, other.states)
    }

    /// What a table comes to, in lines.
    public static func summary(_ rows: [SurvivalRow]) -> [String] {
        func list(_ rows: [SurvivalRow]) -> String {
            rows.isEmpty ? "none" : rows.map(\.name).joined(separator: ", ")
        }
        let flipped = rows.filter(\.isSwitch)
        guard let first = rows.first, !flipped.isEmpty else { return ["", "holds on: " + list(rows.filter(\.holds))] }
        let others = flipped.filter { $0.verdict != impossible && $0.verdict != first.verdict }
        var lines = [""]
        for verdict in Exploration.Verdict.allCases.map(\.rawValue) where verdict != first.verdict {
            let turned = others.filter { $0.verdict == verdict }
            if !turned.isEmpty { lines.append("\(verdict) with: \(list(turned))") }
        }
        if others.isEmpty { lines.append("no switch by itself changes the verdict") }
        lines.append("\(flipped.count { first.isLike($0) }) of \(flipped.count) make no difference at all (=)")
        return lines
    }

    private static func columns(
        _ name: String, _ verdict: String, _ what: String, _ steps: String, _ states: String
    ) -> String {
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let line = left(name, 34) + left(verdict, 10) + left(what, 22) + right(steps, 5) + right(states, 12)
        return String(line.prefix(through: line.lastIndex { $0 != " " } ?? line.startIndex))
    }
}
