import ArgumentParser
import DirtyImport
import DirtyMachine
import DirtyScript
import SystemPackage

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn the trace of a real program into a scenario.",
        discussion: """
            Record the trace with
              valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes PROGRAM 2> trace
            Files that the program mapped shared and writable are taken; repeated accesses to a page \
            between two events are folded and counted.
            """)

    @Argument(help: "The trace; '-' reads standard input.")
    var trace: String

    @Option(name: .shortAndLong, help: "Write the scenario here instead of to standard output.")
    var output: String?

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp("Take the files that match this pattern (* and ?) instead.", valueName: "glob"))
    var files: [String] = []

    @Flag(help: "Take every file that was mapped at all.")
    var all = false

    @Option(help: "The scenario's kernel.")
    var kernel: Profile = .v6_18

    @Option(help: "The scenario's title.")
    var title: String?

    @Flag(help: "The files begin in the page cache; a trace does not tell.")
    var cached = false

    func run() throws {
        var options = ImportOptions(traceName: trace == "-" ? "stdin" : trace)
        options.files = files
        options.all = all
        options.kernel = kernel.rawValue
        options.title = title
        options.cached = cached
        var text = ""
        do {
            let summary = try importTrace(from: FilePath(trace), options: options, into: &text)
            for warning in summary.warnings {
                Output.complain("\(printable(options.traceName)): warning: \(printable(warning.description))")
            }
        } catch let error as ImportError {
            Output.complain("dirtyscope: " + printable(error.description))
            throw ExitCode.dataError
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot read '\(printable(trace))': \(error)")
            throw ExitCode.noInput
        }
        guard let output else { return try Output.write(text) }
        do {
            let file = try FileDescriptor.open(
                FilePath(output), .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot write '\(printable(output))': \(error)")
            throw ExitCode.cannotCreate
        }
    }
}
