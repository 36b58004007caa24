import ArgumentParser
import DirtyMachine
import DirtyScript

@main
enum Program {
    static func main() {
        Output.reserveStandardDescriptors()
        do {
            var command = try Dirtyscope.parseAsRoot()
            try command.run()
        } catch {
            end(error)
        }
    }

    /// Help goes to standard output. Complaints repeat what was typed, and are made safe to show.
    private static func end(_ error: any Error) -> Never {
        let code = Dirtyscope.exitCode(for: error)
        guard code != .success else { Dirtyscope.exit(withError: error) }
        let text = Dirtyscope.fullMessage(for: error)
        if !text.isEmpty {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            Output.complain(lines.map { printable(String($0)) }.joined(separator: "\n"))
        }
        Dirtyscope.exit(withError: code)
    }
}

struct Dirtyscope: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dirtyscope",
        abstract: "See how Linux keeps track of dirty pages in shared writable file mappings.",
        discussion: """
            A simulator of VMAs, page tables, TLBs, page cache and writeback of 2.6.18, the patch \
            as posted, 2.6.19, 2.6.20 and 6.18, stepped forward and backward, one atomic step at a \
            time.
            """,
        version: "0.1.0",
        subcommands: [
            PlayCommand.self, RunCommand.self, CompareCommand.self, CheckCommand.self,
            DemosCommand.self, RulesCommand.self, InvariantsCommand.self, ImportCommand.self,
            ExportCommand.self, VerifyCommand.self, AttachCommand.self, ConfigCommand.self,
            ExploreCommand.self, ManualCommand.self, NotesCommand.self,
        ],
        defaultSubcommand: PlayCommand.self)
}

/// The options that choose the kernel, for every command that runs a scenario.
struct KernelOptions: ParsableArguments {
    @Option(help: "Run under this kernel instead of the scenario's: 2.6.18, as-posted, 2.6.19, 2.6.20, 6.18.")
    var kernel: Profile?

    @Option(
        name: .customLong("rule"),
        help: ArgumentHelp("Override one switch of the kernel.", valueName: "name=value"))
    var rules: [RuleOverride] = []

    /// The same options as a shell takes them, with a blank before each.
    var asArguments: String {
        (kernel.map { " --kernel \($0.rawValue)" } ?? "")
            + rules.map { " --rule \(quotedForShell("\($0.name)=\($0.value)"))" }.joined()
    }
}

extension Profile: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension RuleOverride: ExpressibleByArgument {
    public init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        self.init(name: String(parts[0]), value: String(parts[1]))
    }
}

/// Exit statuses of sysexits.h that the language's contract names.
extension ExitCode {
    static let dataError = ExitCode(65)
    static let noInput = ExitCode(66)
    static let unavailable = ExitCode(69)
    static let cannotCreate = ExitCode(73)
    static let ioError = ExitCode(74)
    /// As shells report the end by SIGPIPE.
    static let brokenPipe = ExitCode(128 + 13)
}
