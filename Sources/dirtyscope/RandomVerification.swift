import ArgumentParser
import DirtyScript
import DirtyVerify

/// `verify --random`: many scenarios, grown from a seed; one that differs is cut down to its
/// shortest form and written as a scenario.
struct RandomVerification {
    let verifier: Verifier
    let kernel: String
    let seed: UInt64
    let count: Int
    let format: RunCommand.Format
    let output: String

    func run() throws {
        var total = Verification()
        var out = LineWriter()
        var (agreed, stopped) = (0, 0)
        for number in 0..<count {
            var generator = ScenarioGenerator(seed: seed &+ UInt64(number))
            let lines = generator.scenario()
            let scenario = try parse(lines, "random \(seed &+ UInt64(number))")
            let result = try verifier.verify(scenario)
            total.add(result)
            switch result.verdict {
            case .agrees: agreed += 1
            case .notExecuted: stopped += 1
            case .differs:
                if format == .text { try show(&out, total, agreed, stopped) }
                try shrink(lines, result, number)
                if format == .json { try show(&out, total, agreed, stopped, shortest: output) }
                throw ExitCode(1)
            }
        }
        try show(&out, total, agreed, stopped)
    }

    private func parse(_ lines: [String], _ name: String) throws -> Scenario {
        try ScenarioParser.parse(lines.joined(separator: "\n") + "\n", name: name, rules: .machine).get()
    }

    private func show(
        _ out: inout LineWriter, _ total: Verification, _ agreed: Int, _ stopped: Int,
        shortest: String? = nil
    ) throws {
        switch format {
        case .json:
            try out.line(
                VerifyReport.summary(
                    total, name: "random \(seed)", kernel: kernel, shortest: shortest))
        case .text:
            for line in VerifyReport.table(total.findings) { try out.line(line) }
            for note in total.notes { try out.line("note: \(note)") }
            try out.line(
                "\(agreed + stopped) random scenarios from seed \(seed), \(total.operations) operations, "
                    + "\(total.findings.total) comparisons with Linux \(kernel)")
            if stopped > 0 {
                try out.line(
                    "\(stopped) of them ended early, at an operation that a host cannot execute")
            }
            if total.findings.differences.isEmpty { try out.line("agrees") }
        }
        try out.flush()
    }

    private func shrink(_ lines: [String], _ result: Verification, _ number: Int) throws {
        let wanted = result.findings.differences.first?.observable
        let shortest = Shrinker.shrink(lines) { candidate in
            guard let scenario = try? parse(candidate, "candidate"),
                let found = try? verifier.verify(scenario), found.verdict == .differs
            else { return false }
            return found.findings.differences.first?.observable == wanted
        }
        let again = try verifier.verify(try parse(shortest, output))
        let found = again.findings.differences.first ?? result.findings.differences[0]
        let text =
            ["# model and Linux \(kernel) differ; seed \(seed &+ UInt64(number))",
             "# line \(found.line): \(found.command): \(VerifyReport.text(found))"] + shortest
        try Output.write(text.joined(separator: "\n") + "\n", to: output)
        if format == .text {
            var out = LineWriter()
            try out.line("differs: seed \(seed &+ UInt64(number)), \(shortest.count) lines in \(output):")
            for line in text { try out.line("    " + printable(line)) }
            try out.flush()
        }
    }
}
