import ArgumentParser
import DirtyScript
import DirtyView

/// Predict mode on the command line: what is asked about, and where the score goes.
struct QuizOptions: ParsableArguments {
    @Flag(help: "Ask before a command what it does; the score is printed at the end.")
    var quiz = false

    @Option(help: ArgumentHelp("Ask about another scenario of the same kind for each number.", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Write questions, answers and score here, as JSON.", valueName: "file"))
    var report: String?

    func check(hasFile: Bool) throws {
        if !quiz, seed != nil || report != nil { throw ValidationError("--seed and --report belong to --quiz") }
        if quiz, !hasFile, seed == nil { throw ValidationError("--quiz needs a scenario, or a --seed to make one") }
    }

    /// As they are typed, for going on with a session.
    var asArguments: String {
        guard quiz else { return "" }
        return " --quiz" + (seed.map { " --seed \($0)" } ?? "")
            + (report.map { " --report \(quotedForShell($0))" } ?? "")
    }

    /// The scenario, or with a seed another one of its kind, or one of its own.
    func session(_ file: String?, _ kernel: KernelOptions) throws -> Session {
        guard quiz, let seed else {
            return try ScenarioLoader.load(file ?? "-", kernel: kernel.kernel, rules: kernel.rules)
        }
        let scenario =
            try file.map { Variation.of(try ScenarioLoader.parse($0), seed: seed) } ?? Variation.practice(seed: seed)
        return try ScenarioLoader.session(scenario, kernel: kernel.kernel, rules: kernel.rules)
    }

    /// Without a screen: questions as lines of text, answers as lines of input.
    func runOnPaper(_ session: Session) throws {
        var out = LineWriter()
        var played = session
        let result = try QuizOnPaper.run(&played, seed: seed ?? 0, out: &out)
        try out.flush()
        try tell(result, session)
    }

    /// The score, as text and as JSON where that was asked for.
    func tell(_ result: Quiz?, _ session: Session) throws {
        guard let result, quiz || !result.answers.isEmpty else { return }
        let told = QuizReport(result, session: session)
        try Output.write("\n" + told.lines.joined(separator: "\n") + "\n")
        if let report { try Output.write(told.json + "\n", to: report) }
    }
}
