import ArgumentParser
import DirtyMachine
import DirtyScript
import DirtyVerify

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Run a scenario's operations on this machine's kernel and compare it with the 6.18 model.",
        discussion: """
            The operations run in child processes, on files of their own that have no name: nothing \
            else is touched and nothing is left behind. No privilege is needed; root sees more.

            Exit status: 0 when model and kernel agree, 1 when they differ or an 'expect' failed, \
            64 for wrong usage, 65 for a scenario in error or one that no host can execute, 66 for \
            a file that cannot be read, 69 when this host refuses what is needed.
            """)

    @Argument(help: "The scenario; '-' reads standard input.")
    var file: String?

    @Option(help: "text for people, json (JSON Lines) for programs.")
    var format = RunCommand.Format.text

    @Flag(help: "Compare A bits too. Reclaim clears them whenever it likes: expect noise.")
    var accessed = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Verify random scenarios, grown from this seed.", valueName: "seed"))
    var random: UInt64?

    @Option(parsing: .unconditional, help: "How many random scenarios.")
    var count = 100

    @Option(
        name: .shortAndLong,
        help: "Where the shortest form of a random scenario that differs is written.")
    var output = "differs.demo"

    @Option(
        name: .customLong("rule"),
        help: ArgumentHelp(
            "Tell the model a rule, right or wrong: to see that verify notices.",
            valueName: "name=value"))
    var rules: [RuleOverride] = []

    func validate() throws {
        if (file == nil) == (random == nil) {
            throw ValidationError("give a scenario, or --random SEED")
        }
        if count < 1 { throw ValidationError("--count takes a number from 1 up") }
    }

    func run() throws {
        let abilities = HostAbilities()
        var options = Verifier.Options()
        options.accessed = accessed
        options.rules = rules
        let verifier = Verifier(abilities, options)
        do {
            if let file {
                try verify(file, verifier, abilities.kernel)
            } else if let random {
                try RandomVerification(
                    verifier: verifier, kernel: abilities.kernel, seed: random, count: count,
                    format: format, output: output
                ).run()
            }
        } catch let error as HostError {
            Output.complain("dirtyscope: this host cannot verify: \(printable(error.message))")
            throw ExitCode.unavailable
        } catch let error as Diagnostics {
            Output.complain(error.description)
            throw error.list.first?.file == "--rule" ? ExitCode(64) : ExitCode.dataError
        }
    }

    private func verify(_ file: String, _ verifier: Verifier, _ kernel: String) throws {
        let scenario = try ScenarioLoader.parse(file)
        var out = LineWriter()
        let result = try verifier.verify(scenario) { step in
            switch format {
            case .text: for line in VerifyReport.lines(step) { try out.line(printable(line)) }
            case .json: try out.line(VerifyReport.json(step))
            }
            try out.flush()
        }
        switch format {
        case .text:
            if result.operations > 0 {
                try out.line("")
                for line in VerifyReport.table(result.findings) { try out.line(line) }
            }
            for line in VerifyReport.closing(result, kernel: kernel) { try out.line(printable(line)) }
        case .json:
            try out.line(VerifyReport.summary(result, name: scenario.name, kernel: kernel))
        }
        try out.flush()
        switch result.verdict {
        case .differs: throw ExitCode(1)
        case .notExecuted: throw ExitCode.dataError
        case .agrees: if !result.failedExpectations.isEmpty { throw ExitCode(1) }
        }
    }
}
