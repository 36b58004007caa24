import ArgumentParser
import DirtyExplore
import DirtyMachine
import DirtyScript

/// `explore --all-kernels` and `--rules`: a row for each variant, as it comes.
struct SurvivalTable {
    let scenario: Scenario
    let options: Explorer.Options
    let variants: [Survival.Variant]
    let shard: Shard?
    let format: RunCommand.Format
    /// In seconds, for each row.
    let timeout: Double?

    func run() throws {
        var out = LineWriter()
        var rows: [SurvivalRow] = []
        if format == .text { try out.line(shard.map { title.line($0) } ?? SurvivalRow.heading) }
        for number in (shard ?? .whole).pieces(of: variants.count) {
            let watch = SearchWatch(timeout: timeout)
            let variant = variants[number]
            var options = Survival.options(self.options, variant)
            options.findsDoom = false
            let explorer = try? Explorer(scenario, options: options)
            let exploration = explorer.map { explorer in waiting { await explorer.run { watch.look($0) } } }
            watch.clear()
            if exploration?.limit == .interrupted {
                try out.flush()
                Output.complain("interrupted: row \(number + 1) of \(variants.count) and those behind it are missing")
                try Self.close(&out, rows, isWhole: format == .text && shard == nil && !rows.isEmpty)
                throw ExitCode(3)
            }
            let result = Survival(variant: variant, exploration: exploration, milliseconds: watch.milliseconds)
            rows.append(result.row)
            switch (format, shard) {
            case (.json, _): try out.line(result.json)
            case (.text, nil): try out.line(printable(result.row.text(beside: rows[0])))
            case (.text, _): try out.line(printable(result.row.line(number: number + 1)))
            }
            try out.flush()
        }
        try Self.close(&out, rows, isWhole: format == .text && shard == nil)
    }

    /// What the rows are about.
    private var title: RunTitle {
        let ofSwitches = variants.contains { $0.rule != nil }
        var about = ofSwitches ? "the switches of \(variants[0].kernel.rawValue)" : "the kernels"
        for rule in options.rules { about += ", \(rule.name)=\(rule.value)" }
        about += ": " + (scenario.title.isEmpty ? scenario.name : scenario.title) + ", \(mark)"
        return RunTitle(count: variants.count, kind: .rows, about: printable(about))
    }

    /// Stands for the scenario and all options, so that shards of different runs are told apart.
    private var mark: String {
        var text = ScenarioPrinter.text(of: scenario)
        text += "\n\(options.search.maximumStates) \(options.search.maximumMemory) \(timeout ?? 0) \(options.reduces)"
        for variant in variants { text += "\n\(variant.kernel.rawValue) \(variant.rule?.name ?? "") \(variant.rule?.value ?? "")" }
        for rule in options.rules { text += "\n\(rule.name)=\(rule.value)" }
        for invariant in options.invariants.map(\.name).sorted() { text += "\n" + invariant }
        // FNV-1a.
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }

    /// The table that one run would have printed.
    static func merge(_ lines: [ShardOutput.Line]) throws {
        let rows = try lines.enumerated().map { number, line in
            guard let row = SurvivalRow(line: line.text, number: number + 1) else { throw line.refusal }
            return row
        }
        var out = LineWriter()
        try out.line(SurvivalRow.heading)
        for row in rows { try out.line(row.text(beside: rows[0])) }
        try close(&out, rows, isWhole: true)
    }

    private static func close(_ out: inout LineWriter, _ rows: [SurvivalRow], isWhole: Bool) throws {
        if isWhole { for line in SurvivalRow.summary(rows) { try out.line(printable(line)) } }
        try out.flush()
        if rows.contains(where: \.fails) { throw ExitCode(1) }
        if rows.contains(where: \.isLimited) { throw ExitCode(3) }
    }
}
