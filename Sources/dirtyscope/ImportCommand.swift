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
            Record the program with valgrind (Debian: apt-get install valgrind), on x86-64:

              valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes \\
                  --log-file=run.trace PROGRAM
              dirtyscope import run.trace -o run.demo
              dirtyscope play run.demo

            Where PROGRAM starts another that does the work, such as a shell script, name that one, or \
            add --trace-children=yes. The program runs far slower and the trace is large, but need not be \
            stored: '--log-fd=9 PROGRAM 9>&1 >/dev/null | dirtyscope import -' reads it as it is printed.

            Files that the program mapped shared and writable become files of the scenario. Its loads, \
            stores and system calls on them become commands; repeated accesses to a page between two \
            calls are folded and counted. Captions tell the story, 'expect' lines check the kernel.
            """)

    @Argument(help: "The trace; '-' reads standard input.")
    var trace: String

    @Option(name: .shortAndLong, help: "Write the scenario here instead of to standard output.")
    var output: String?

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "Take these files instead, as often as needed; * and ? match anything. Without '/' the name is compared, else the whole path.",
            valueName: "pattern"))
    var files: [String] = []

    @Flag(help: "Take every file that was mapped at all, also privately or read-only.")
    var all = false

    @Option(help: "The kernel whose rules the scenario is played by.")
    var kernel: Profile = .v6_18

    @Option(help: "The scenario's title; by default the recorded command.")
    var title: String?

    @Flag(help: "Let the files begin in the page cache, which a trace does not tell; by default they are on disk only.")
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
            if summary.warningsDropped > 0 {
                Output.complain(
                    "\(printable(options.traceName)): \(summary.warningsDropped) more warnings like these")
            }
        } catch let error as ImportError {
            Output.complain("dirtyscope: " + printable(error.description))
            throw ExitCode.dataError
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot read '\(printable(trace))': \(error)")
            throw ExitCode.noInput
        }
        guard let output else { return try Output.write(text) }
        try Output.write(text, to: output)
    }
}
