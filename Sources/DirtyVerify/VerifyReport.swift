import DirtyScript

/// What `verify` prints.
public enum VerifyReport {
    // MARK: For people

    /// A line for an operation, and the differences below it.
    public static func lines(_ step: VerifiedStep) -> [String] {
        let faults = step.faults.map { " \($0.minor)+\($0.major) faults" } ?? ""
        let number = String(step.line)
        let padding = String(repeating: " ", count: max(0, 5 - number.count))
        let verdict = step.findings.differences.isEmpty ? "same" : "DIFFERS"
        let head = "\(padding)\(number)  \(pad(step.command, 34)) \(step.outcome)\(faults)"
        return ["\(pad(head, 64)) \(verdict), \(step.findings.total) compared"]
            + step.findings.differences.map { "       " + text($0) }
    }

    public static func text(_ difference: Difference) -> String {
        let observable = difference.observable.rawValue
        let subject =
            observable == difference.place ? observable : "\(observable) \(difference.place)"
        return "\(subject): model \(difference.model), kernel \(difference.host)"
    }

    /// A line for each observable: how it was observed, how many comparisons and differences.
    public static func table(_ findings: Findings) -> [String] {
        var lines = [
            pad("observable", 11) + lead("compared", 9) + lead("differ", 8) + "  how the kernel was asked"
        ]
        for observable in Observable.allCases {
            let count = findings.counts[observable] ?? 0
            let differences = findings.differences.filter { $0.observable == observable }.count
            let reasons = (findings.omissions[observable].map { $0.sorted() } ?? [])
                .map { "not compared: \($0)" }
            let remarks = count > 0 ? [observable.how] + reasons : reasons
            lines.append(
                pad(observable.rawValue, 11) + lead(count == 0 ? "-" : "\(count)", 9)
                    + lead(count == 0 ? "-" : "\(differences)", 8) + "  "
                    + (remarks.first ?? "not compared: no operation of that kind"))
            for remark in remarks.dropFirst() { lines.append(lead("", 30) + remark) }
        }
        return lines
    }

    /// The last lines: notes, expectations that failed, and the verdict.
    public static func closing(_ result: Verification, kernel: String) -> [String] {
        var lines = result.notes.map { "note: \($0)" }
        lines += result.failedExpectations.map { "FAIL \($0)" }
        switch result.verdict {
        case .agrees:
            lines.append(
                "agrees: \(result.operations) operations, \(result.findings.total) comparisons "
                    + "with Linux \(kernel)")
        case .differs:
            if let first = result.findings.differences.first {
                lines.append("differs: line \(first.line): \(first.command): \(text(first))")
            }
        case .notExecuted(let line, let reason):
            let done = result.operations == 0 ? "" : " (\(result.operations) operations before it agree)"
            lines.append("cannot be executed on a host: line \(line): \(reason)\(done)")
        }
        return lines
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func lead(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    // MARK: For programs

    /// One JSON object for an operation.
    public static func json(_ step: VerifiedStep) -> String {
        var json = JSONWriter()
        json.object([
            ("line", { $0.number(step.line) }),
            ("command", { $0.string(step.command) }),
            ("kind", { $0.string("operation") }),
            ("outcome", { $0.string(step.outcome) }),
            ("compared", { counts(step.findings, &$0) }),
            ("differences", { differences(step.findings, &$0) }),
        ])
        return json.text
    }

    /// The object that ends a report. `shortest` is the file with the shortest form of a random
    /// scenario that differs.
    public static func summary(
        _ result: Verification, name: String, kernel: String, shortest: String? = nil
    ) -> String {
        var json = JSONWriter()
        json.object([
            ("kind", { $0.string("summary") }),
            ("scenario", { $0.string(name) }),
            ("kernel", { $0.string(kernel) }),
            ("verdict", { $0.string(result.verdict.word) }),
            ("operations", { $0.number(result.operations) }),
            ("observables", { observables(result.findings, &$0) }),
            ("differences", { differences(result.findings, &$0) }),
            ("failed", { $0.array(result.failedExpectations) { $0.string($1) } }),
            ("obstacle", { json in
                guard case .notExecuted(let line, let reason) = result.verdict else { return json.null() }
                json.object([("line", { $0.number(line) }), ("reason", { $0.string(reason) })])
            }),
            ("notes", { $0.array(result.notes) { $0.string($1) } }),
            ("shortest", { json in
                if let shortest { json.string(shortest) } else { json.null() }
            }),
        ])
        return json.text
    }

    private static func observables(_ findings: Findings, _ json: inout JSONWriter) {
        json.array(Observable.allCases) { json, observable in
            json.object([
                ("name", { $0.string(observable.rawValue) }),
                ("how", { $0.string(observable.how) }),
                ("compared", { $0.number(findings.counts[observable] ?? 0) }),
                ("differences", { json in
                    json.number(findings.differences.filter { $0.observable == observable }.count)
                }),
                ("not_compared", { json in
                    json.array(findings.omissions[observable].map { $0.sorted() } ?? []) {
                        $0.string($1)
                    }
                }),
            ])
        }
    }

    private static func counts(_ findings: Findings, _ json: inout JSONWriter) {
        let counts = Observable.allCases.compactMap { observable in
            findings.counts[observable].map { (observable.rawValue, $0) }
        }
        json.object(counts.map { name, count in (name, { $0.number(count) }) })
    }

    private static func differences(_ findings: Findings, _ json: inout JSONWriter) {
        json.array(findings.differences) { json, difference in
            json.object([
                ("line", { $0.number(difference.line) }),
                ("observable", { $0.string(difference.observable.rawValue) }),
                ("place", { $0.string(difference.place) }),
                ("model", { $0.string(difference.model) }),
                ("kernel", { $0.string(difference.host) }),
            ])
        }
    }
}

extension Verification.Verdict {
    /// One word, for programs.
    public var word: String {
        switch self {
        case .agrees: "agrees"
        case .differs: "differs"
        case .notExecuted: "not-executed"
        }
    }
}
