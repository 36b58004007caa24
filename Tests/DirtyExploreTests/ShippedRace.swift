import DirtyExplore
import DirtyMachine
import DirtyScript
import Foundation
import Testing

/// A line of the table in Demos/races/README.md: what the search finds in a shipped race.
struct ShippedRace: CustomTestStringConvertible, Sendable {
    let name: String
    /// As the table has it: `holds`, an invariant, or `expect`.
    let verdict: String
    let steps: Int
    let states: Int
    /// Options with which it holds.
    let remedies: [String]

    var testDescription: String { name }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Demos/races/")

    var text: String {
        get throws { try String(contentsOf: ShippedRace.folder.appending(path: name + ".demo"), encoding: .utf8) }
    }

    static let all: [ShippedRace] = {
        let table = try? String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
        return (table ?? "").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 7, let steps = Int(cells[4]), let states = Int(cells[5]) else { return nil }
            return ShippedRace(
                name: cells[0], verdict: cells[3], steps: steps, states: states,
                remedies: cells[6].split(separator: "`").map(String.init).filter { $0.hasPrefix("--") })
        }
    }()

    /// `--kernel 6.18` and `--rule zap-flush=right` as options of a search.
    static func options(_ remedy: String) -> Explorer.Options {
        var options = Explorer.Options()
        let words = remedy.split(whereSeparator: { $0 == " " || $0 == "=" }).map(String.init)
        if words[0] == "--kernel" { options.kernel = Profile(rawValue: words[1]) }
        if words[0] == "--rule" { options.rules = [RuleOverride(name: words[1], value: words[2])] }
        return options
    }
}
