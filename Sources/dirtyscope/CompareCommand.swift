import ArgumentParser
import DirtyMachine
import DirtyScript
import DirtyView
import Glibc

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Play one scenario under several kernels, side by side.",
        discussion: """
            The kernels go through the script in lock-step, and what differs between them is \
            marked. A kernel whose locks or steps do not let it follow the script says so and stays \
            where it is. Exit status: 0 when every kernel came to the end, 1 when one could not go \
            on; expectations are counted, not judged, for they are written for one kernel.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Argument(help: "The scenario; '-' reads standard input.")
    var file: String

    @Option(
        help: ArgumentHelp(
            "The kernels, two to four, of \(Profile.allCases.map(\.rawValue).joined(separator: ", ")); "
                + "2.6.19+mkclean-flush=wrong is one with a switch turned.",
            valueName: "a,b[,c]"))
    var kernels: KernelList

    @Option(help: "text for people, json (JSON Lines) for programs; without it, on a terminal, the split view.")
    var format: Format?

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        for kernel in kernels.kernels {
            var seen: Set<String> = []
            for rule in kernel.rules where !seen.insert(rule.name).inserted {
                throw ValidationError(
                    "--kernels turns the switch '\(rule.name)' of \(kernel.profile.rawValue) twice")
            }
        }
    }

    func run() throws {
        let scenario = try ScenarioLoader.parse(file)
        let comparison = try ScenarioLoader.checked {
            () throws(Diagnostics) in try LockStep(scenario, kernels: kernels.kernels)
        }
        switch format {
        case .json: try CompareCommand.writeJSON(comparison)
        case nil where isatty(STDOUT_FILENO) != 0:
            let settings = try ScenarioLoader.checked(ConfigurationFile.load)
            var player = ComparisonPlayer(
                comparison, glyphs: screen.glyphs ?? settings.glyphs, theme: settings.theme(screen.theme?.theme))
            player.keys = settings.keys
            var application = PlayerApplication(player: player)
            try screen.show(&application, settings, controllingTerminal: file == "-") {
                try CompareCommand.writeText(comparison)
            }
        default: try CompareCommand.writeText(comparison)
        }
    }

    static func writeText(_ comparison: LockStep) throws {
        var out = LineWriter()
        var report = ComparisonText(comparison)
        for line in report.heading { try out.line(line) }
        var run = ComparisonRun(comparison)
        try run.run { command in
            for line in report.lines(command) { try out.line(line) }
        }
        for line in report.closing(run.comparison) { try out.line(line) }
        try out.flush()
        try finish(run.comparison)
    }

    private static func writeJSON(_ comparison: LockStep) throws {
        var out = LineWriter()
        let report = ComparisonJSON(comparison)
        var run = ComparisonRun(comparison)
        try run.run { command in
            if let line = report.line(command) { try out.line(line) }
        }
        try out.line(report.summary(run.comparison))
        try out.flush()
        try finish(run.comparison)
    }

    private static func finish(_ comparison: LockStep) throws {
        if comparison.obstacles.contains(where: { $0 != nil }) { throw ExitCode(1) }
    }
}

/// `2.6.18,2.6.19+mkclean-flush=wrong`: two to four kernels, each once.
struct KernelList: ExpressibleByArgument {
    let kernels: [ComparedKernel]

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        let kernels = words.compactMap(Self.kernel)
        guard kernels.count == words.count, (2...4).contains(kernels.count),
            Set(kernels).count == kernels.count
        else { return nil }
        self.kernels = kernels
    }

    private static func kernel(_ word: Substring) -> ComparedKernel? {
        let parts = word.split(separator: "+", omittingEmptySubsequences: false)
        let rules = parts.dropFirst().compactMap { RuleOverride(argument: String($0)) }
        guard let profile = Profile(rawValue: String(parts[0])), rules.count == parts.count - 1
        else { return nil }
        return ComparedKernel(profile, rules: rules)
    }
}
