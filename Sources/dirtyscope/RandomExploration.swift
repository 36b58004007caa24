import ArgumentParser
import DirtyExplore
import DirtyMachine
import DirtyScript

/// `explore --random`: many small races grown from a seed, each explored.
struct RandomExploration {
    let seed: UInt64
    let count: Int
    let kernel: Profile
    let shard: Shard?
    let format: RunCommand.Format
    /// Where the first race that is broken is written; nil where it is not.
    let counterexample: String?
    var bounds = RandomRace.Bounds()

    func run(_ watch: SearchWatch) throws {
        // The switches mean something to this kernel, or nothing is explored.
        var options = Explorer.Options()
        options.rules = bounds.rules
        let first = RandomRace(number: seed, kernel: kernel)
        let scenario = try ScenarioParser.parse(first.text, name: "random", rules: .machine).get()
        _ = try ScenarioLoader.checked { () throws(Diagnostics) in try Explorer(scenario, options: options) }
        if let counterexample { try Output.makeSure(of: counterexample, isNot: "-") }
        var out = LineWriter()
        var findings: [RandomFinding] = []
        if format == .text { try out.line(title.line(shard)) }
        for offset in (shard ?? .whole).pieces(of: count) {
            let race = RandomRace(number: seed &+ UInt64(offset), kernel: kernel)
            let bounds = bounds
            let finding = waiting { await race.finding(bounds) { watch.look($0, "race \(race.number): ") } }
            watch.clear()
            guard let finding else {
                // How far this race came depends on the machine, so it has no line.
                try out.flush()
                Output.complain("race \(race.number) and those behind it were not explored: the time is up or Ctrl-C came")
                try Self.close(&out, findings, isWhole: format == .text && shard == nil, isCut: true)
                return
            }
            if finding.fails, let counterexample, !findings.contains(where: \.fails) {
                try Output.write(finding.scenario(kernel: kernel, bounds), to: counterexample)
            }
            findings.append(finding)
            try out.line(format == .json ? finding.json : printable(finding.line))
            try out.flush()
        }
        try Self.close(&out, findings, isWhole: format == .text && shard == nil)
    }

    private var title: RunTitle {
        var about = "from seed \(seed) on \(kernel.rawValue)"
        for rule in bounds.rules { about += ", \(rule.name)=\(rule.value)" }
        for invariant in bounds.invariants.sorted(by: { $0.name < $1.name }) { about += ", \(invariant.name) counts" }
        if !bounds.isReduced { about += ", unreduced" }
        about += ", up to \(bounds.states) states"
        if bounds.memory != .max { about += " or \(bounds.memory) bytes" }
        return RunTitle(count: count, kind: .races, about: about + " each")
    }

    /// What one run would have printed.
    static func merge(_ title: RunTitle, _ lines: [ShardOutput.Line]) throws {
        var findings: [RandomFinding] = []
        for line in lines {
            guard let finding = RandomFinding(line: line.text),
                findings.last.map({ finding.number == $0.number &+ 1 }) ?? true
            else { throw line.refusal }
            findings.append(finding)
        }
        var out = LineWriter()
        try out.line(title.line(nil))
        for finding in findings { try out.line(finding.line) }
        try close(&out, findings, isWhole: true)
    }

    private static func close(
        _ out: inout LineWriter, _ findings: [RandomFinding], isWhole: Bool, isCut: Bool = false
    ) throws {
        if isWhole { for line in RandomFinding.summary(findings) { try out.line(printable(line)) } }
        try out.flush()
        if findings.contains(where: \.fails) { throw ExitCode(1) }
        if isCut || findings.contains(where: \.isLimited) { throw ExitCode(3) }
    }
}
