import ArgumentParser
import DirtyMachine
import DirtyScript

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a scenario headless and print every command with what it changed.",
        discussion: """
            Exit status: 0 when every 'expect' held, 1 when one failed or a task could not go on, \
            64 for wrong usage, 65 for a scenario in error, 66 for a file that cannot be read.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Argument(help: "The scenario; '-' reads standard input.")
    var file: String

    @Option(help: "text for people, json (JSON Lines) for programs.")
    var format = Format.text

    @Option(parsing: .unconditional, help: "Stop after this many moves and print the state there.")
    var at: Int?

    @OptionGroup var kernel: KernelOptions

    func validate() throws {
        if let at, at < 0 { throw ValidationError("--at takes a number of moves from 0 up") }
    }

    func run() throws {
        var session = try ScenarioLoader.load(file, kernel: kernel.kernel, rules: kernel.rules)
        switch format {
        case .text: try RunCommand.runText(&session, limit: at)
        case .json: try RunCommand.runJSON(&session, limit: at)
        }
    }

    /// Runs to the end, or for `limit` moves, and prints the report for people.
    static func runText(
        _ session: inout Session, limit: Int? = nil, isStyled: Bool = Output.isStyled
    ) throws {
        var out = LineWriter()
        let report = TextReport(isASCII: !Output.isUTF8, isStyled: isStyled)
        for line in report.heading(session) { try out.line(line) }
        let end = try session.run(limit: limit ?? .max, keepsHistory: false) { conclusion, session in
            for line in report.lines(conclusion, in: session) { try out.line(line) }
        }
        if limit != nil { for line in StateText.lines(session.machine) { try out.line(line) } }
        for line in report.closing(session) { try out.line(line) }
        try out.flush()
        try finish(session, end)
    }

    private static func runJSON(_ session: inout Session, limit: Int?) throws {
        var out = LineWriter()
        let end = try session.run(limit: limit ?? .max, keepsHistory: false) { conclusion, session in
            if let line = JSONReport.line(conclusion, in: session) { try out.line(line) }
        }
        try out.flush()
        try finish(session, end)
    }

    private static func finish(_ session: Session, _ end: RunEnd) throws {
        if case .stuck(let problem) = end {
            Output.complain(problem.description)
            throw ExitCode(1)
        }
        if session.progress.failures > 0 { throw ExitCode(1) }
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Parse scenarios and check their names, without running them.")

    @Argument(help: "The scenarios; '-' reads standard input.")
    var files: [String]

    func run() throws {
        var worst: ExitCode?
        for file in files {
            do {
                let session = try ScenarioLoader.load(file, kernel: nil, rules: [])
                try Output.write(
                    "\(printable(file)): ok, \(session.statements.count) statements, kernel \(session.profile.rawValue)\n")
            } catch let code as ExitCode {
                worst = worst.map { $0.rawValue > code.rawValue ? $0 : code } ?? code
            }
        }
        if let worst { throw worst }
    }
}
