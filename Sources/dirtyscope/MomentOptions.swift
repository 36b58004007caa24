import ArgumentParser
import DirtyView

/// A moment of a scenario, and what to look at there: what `play` and `export` can be pointed to.
struct MomentOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "The moment: after this many steps.")
    var at: Int?

    @Option(help: "A pane, or what the language's 'focus' takes: pages, 'A m[0]', db[3]. Can be repeated.")
    var focus: [String] = []

    /// The same options as a shell takes them, with a blank before each.
    var asArguments: String {
        (at.map { " --at \($0)" } ?? "") + focus.map { " --focus \(quotedForShell($0))" }.joined()
    }

    func validate() throws {
        if let at, at < 0 { throw ValidationError("--at takes a number of steps from 0 up") }
    }

    func apply(to player: inout Player, unlessGiven position: Int = 0) throws {
        let target = at ?? position
        if target > 0 { player.begin(at: target) }
        let end = player.session.position
        if let at, end < at {
            Output.complain("dirtyscope: --at \(at): the scenario ends after \(end) step\(end == 1 ? "" : "s")")
            throw ExitCode(64)
        }
        for name in focus {
            if let problem = player.look(at: name) {
                Output.complain("dirtyscope: --focus: \(problem)")
                throw ExitCode(64)
            }
        }
    }
}
