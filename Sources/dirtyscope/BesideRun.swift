import ArgumentParser
import DirtyScript
import DirtyVerify
import DirtyView
import Glibc
import LiveModel

/// `attach --scenario`: the model at the left, the machine at the right.
struct BesideRun {
    let path: String
    let format: AttachCommand.Format?
    let screen: ScreenOptions

    func run() throws {
        if format == .json { throw ValidationError("a scenario beside the machine has no JSON; 'verify --format json' has") }
        let scenario = try ScenarioLoader.parse(path)
        let abilities = HostAbilities()
        var steps: [BesideStep] = []
        let result: Verification
        do {
            result = try Verifier(abilities).beside(scenario) { steps.append($0) }
        } catch let error as HostError {
            Output.complain("dirtyscope: this host cannot do that: \(printable(error.message))")
            throw ExitCode.unavailable
        }
        let closing: String
        switch result.verdict {
        case .agrees: closing = "both sides agree"
        case .differs: closing = "the sides differ"
        case .notExecuted(let line, let reason): closing = "not further than line \(line): \(reason)"
        }
        func printText() throws {
            var out = LineWriter()
            for step in steps { for line in step.lines { try out.line(printable(line)) } }
            try out.line(printable(closing))
            try out.flush()
        }
        if format == nil, isatty(STDOUT_FILENO) != 0, !steps.isEmpty {
            let settings = ConfigurationFile.load()
            var player = BesidePlayer(
                steps, title: scenario.title, kernel: abilities.kernel, closing: closing,
                glyphs: screen.glyphs ?? settings.glyphs, theme: settings.theme(screen.theme?.theme))
            player.keys = settings.keys
            var application = PlayerApplication(player: player)
            try screen.show(&application, settings, controllingTerminal: path == "-", otherwise: printText)
        } else {
            try printText()
        }
        switch result.verdict {
        case .differs: throw ExitCode(1)
        case .notExecuted: throw ExitCode.dataError
        case .agrees: break
        }
    }
}

extension BesidePlayer: Playable {}
