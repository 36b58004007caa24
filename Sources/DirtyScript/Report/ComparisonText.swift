import DirtyMachine

/// The comparison that people read: a row a command, the kernels side by side, and below it what
/// has come to differ.
public struct ComparisonText {
    /// Short names: a kernel with rules of its own is marked with a plus.
    private let kernels: [String]
    private let legend: [String]
    private let title: String
    private var totals: [Total]

    private struct Total {
        var faults = 0
        var written = 0
        var checks = 0
        var passed = 0
    }

    private static let commandWidth = 36
    private static let columnWidth = 20

    public init(_ comparison: LockStep) {
        var kernels: [String] = []
        for kernel in comparison.kernels {
            var name = kernel.profile.rawValue + (kernel.rules.isEmpty ? "" : "+")
            while kernels.contains(name) { name += "+" }
            kernels.append(name)
        }
        self.kernels = kernels
        legend = zip(kernels, comparison.kernels).filter { !$1.rules.isEmpty }.map { name, kernel in
            "\(name) is \(kernel.profile.rawValue) with "
                + kernel.rules.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
        }
        title = comparison.sides.first.map { printable($0.title) } ?? ""
        totals = Array(repeating: Total(), count: comparison.sides.count)
    }

    public var heading: [String] {
        [title, ""] + legend + (legend.isEmpty ? [] : [""]) + [
            trimmed(pad("", Self.commandWidth) + kernels.map { pad("  " + $0, Self.columnWidth) }.joined()),
            row("line  command", kernels.map { _ in cells("faults", "dirty", "wrote") }, differs: false),
        ]
    }

    /// The lines for a command; none for captions and set-up.
    public mutating func lines(_ command: ComparedCommand) -> [String] {
        for (kernel, column) in command.columns.enumerated() {
            guard let column else { continue }
            totals[kernel].faults += column.minorFaults + column.majorFaults
            totals[kernel].written += column.written
            if let passed = column.passed {
                totals[kernel].checks += 1
                totals[kernel].passed += passed ? 1 : 0
            }
        }
        switch command.statement.command {
        case .chapter(let name): return ["", "== " + printable(name)]
        case .operation, .step, .finish: return operation(command)
        case .expect: return expectation(command)
        default: return []
        }
    }

    private func operation(_ command: ComparedCommand) -> [String] {
        let head = name(command.statement)
        let columns = command.columns.map { column in
            column.map { cells(faults($0), "\($0.dirty)", $0.written == 0 ? "-" : "\($0.written)") } ?? cells("stuck", "", "")
        }
        var lines = [row(head, columns, differs: command.columnsDiffer)]
        func compare(_ what: String, _ text: (ComparedCommand.Column) -> String) {
            let texts = command.columns.map { $0.map(text) }
            if Set(texts.compactMap { $0 }).count > 1 { lines.append(detail(what, texts)) }
        }
        compare("outcome") { $0.outcome?.name ?? "under way" }
        compare("value") { $0.value.map { "\($0)" } ?? "none" }
        compare("stores lost") { "\($0.lost)" }
        lines += command.differences.map { difference in
            detail("\(difference.subject) \(difference.attribute)", difference.values)
        }
        return lines
    }

    /// A check is worth a row where the kernels do not agree on it.
    private func expectation(_ command: ComparedCommand) -> [String] {
        guard Set(command.columns.compactMap { $0?.passed }).count > 1 else { return [] }
        let texts = command.columns.map { column in column?.passed.map { $0 ? "holds" : "FAILS" } }
        return [detail(printable(command.statement.text), texts)]
    }

    private func name(_ statement: Statement) -> String {
        let label = statement.label.map { $0 + ": " } ?? ""
        return pad("\(statement.location.line)", 4, right: true) + "  " + label + printable(statement.text)
    }

    private func faults(_ column: ComparedCommand.Column) -> String {
        switch (column.minorFaults, column.majorFaults) {
        case (0, 0): "-"
        case (let minor, 0): "\(minor)"
        case (0, let major): "\(major) major"
        case (let minor, let major): "\(minor)+\(major)maj"
        }
    }

    private func cells(_ faults: String, _ dirty: String, _ written: String) -> String {
        pad(faults, 7, right: true) + pad(dirty, 6, right: true) + pad(written, 6, right: true)
    }

    /// A row whose kernels differ ends with a mark.
    private func row(_ head: String, _ columns: [String], differs: Bool) -> String {
        var lines = foldedHead(head)
        let body = columns.map { pad($0, Self.columnWidth) }.joined()
        lines[lines.count - 1] = trimmed(pad(lines[lines.count - 1], Self.commandWidth - 1) + " " + body + (differs ? "*" : ""))
        return lines.joined(separator: "\n")
    }

    private func detail(_ what: String, _ texts: [String?]) -> String {
        var lines = foldedHead("        " + what)
        let body = texts.map { pad("  " + ($0 ?? "?"), Self.columnWidth) }.joined()
        lines[lines.count - 1] = trimmed(pad(lines[lines.count - 1], Self.commandWidth - 1) + " " + body + "*")
        return lines.joined(separator: "\n")
    }

    /// A long command keeps a line of its own, so that the columns stay where they are.
    private func foldedHead(_ head: String) -> [String] {
        head.count < Self.commandWidth ? [head] : [head, ""]
    }

    private func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }

    /// The sums, and why a kernel stopped early. That one has none: what it would have come to, nobody
    /// knows.
    public func closing(_ comparison: LockStep) -> [String] {
        func line(_ head: String, _ text: (Int) -> String) -> String {
            let texts = kernels.indices.map { comparison.obstacles[$0] == nil ? text($0) : nil }
            let differs = Set(texts.compactMap { $0 }).count > 1
            return row(head, texts.map { "  " + ($0 ?? "?") }, differs: differs)
        }
        let lost = comparison.sides.map(\.machine.lostStores.count)
        var lines = [
            "",
            line("faults, in all") { "\(totals[$0].faults)" },
            line("pages written to disk") { "\(totals[$0].written)" },
            line("dirty pages known, at the end") { "\(comparison.sides[$0].machine.state.counter(.nr_dirty))" },
            line("stores lost") { "\(lost[$0])" },
        ]
        if totals.contains(where: { $0.checks > 0 }) {
            lines.append(line("expectations held") { "\(totals[$0].passed) of \(totals[$0].checks)" })
        }
        for (kernel, obstacle) in zip(kernels, comparison.obstacles) {
            if let obstacle { lines.append("\(kernel) cannot go on: \(printable(obstacle))") }
        }
        lines.append("* differs between the kernels")
        return lines
    }
}
