import ArgumentParser
import DirtyMachine

struct InvariantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invariants",
        abstract: "List the invariants that 'expect invariant NAME' knows, and when each may be false.")

    func run() throws {
        let width = Invariant.allCases.map(\.name.count).max() ?? 0
        for invariant in Invariant.allCases {
            let id = invariant.id + String(repeating: " ", count: 5 - invariant.id.count)
            let name = invariant.name + String(repeating: " ", count: width - invariant.name.count)
            try Output.write(
                "\(id) \(name)  \(invariant.statement)\n      but: \(invariant.window)\n")
        }
    }
}
