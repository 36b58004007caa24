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
            "The kernels, \(KernelList.fewest) to \(KernelList.most), of \(Profile.allCases.map(\.rawValue).joined(separator: ", ")); "
                + "2.6.19+mkclean-flush=wrong is one with a switch turned.",
            valueName: "a,b[,c]"),
        transform: KernelList.init)
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
            let settings = ConfigurationFile.load()
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

/// `2.6.18,2.6.19+mkclean-flush=wrong`: kernels to be compared, each once.
struct KernelList {
    static let (fewest, most) = (2, 8)
    let kernels: [ComparedKernel]

    /// Says what is wrong with a list that is none.
    init(_ argument: String) throws {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        kernels = try words.map(Self.kernel)
        guard kernels.count >= Self.fewest else {
            throw ValidationError("\(words[0]) alone cannot be compared; name \(Self.fewest) kernels or more")
        }
        guard kernels.count <= Self.most else {
            throw ValidationError("these are \(kernels.count) kernels; \(Self.most) at most can be compared")
        }
        var seen: Set<ComparedKernel> = []
        for kernel in kernels where !seen.insert(kernel).inserted {
            throw ValidationError("\(kernel.name) is named twice")
        }
    }

    private static func kernel(_ word: Substring) throws -> ComparedKernel {
        let parts = word.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let known = Profile.allCases.map(\.rawValue)
        guard let profile = Profile(rawValue: parts[0]) else {
            let hint = Suggestion.nearest(to: parts[0], among: known).map { "; did you mean '\($0)'?" }
            throw ValidationError(
                (parts[0].isEmpty ? "a kernel's name is missing" : "unknown kernel '\(printable(parts[0]))'")
                    + (hint ?? "; expected \(known.joined(separator: ", "))"))
        }
        let rules = try parts.dropFirst().map { part in
            guard let rule = RuleOverride(argument: part) else {
                throw ValidationError(
                    "'\(printable(part))' behind \(profile.rawValue) is no switch; expected NAME=VALUE")
            }
            return rule
        }
        return ComparedKernel(profile, rules: rules)
    }
}
