import ArgumentParser
import DirtyExplore
import DirtyMachine
import DirtyScript
import SystemPackage

/// `explore --random`: many small races grown from a seed, each explored; `explore merge` puts the
/// output of shards together.
struct RandomExploration {
    let seed: UInt64
    let count: Int
    let kernel: Profile
    let shard: Shard
    var bounds = RandomRace.Bounds()

    /// `I/N`: the races whose number leaves I-1 when it is divided by N.
    struct Shard: ExpressibleByArgument, Hashable {
        var index = 1
        var count = 1

        init() {}

        init?(argument: String) {
            let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]), count > 0,
                (1...count).contains(index)
            else { return nil }
            (self.index, self.count) = (index, count)
        }
    }

    func run() throws {
        var out = LineWriter()
        var findings: [RandomFinding] = []
        for offset in 0..<count where offset % shard.count == shard.index - 1 {
            let race = RandomRace(number: seed &+ UInt64(offset), kernel: kernel)
            let bounds = bounds
            let finding = waiting { await race.finding(bounds) }
            findings.append(finding)
            try out.line(printable(finding.line))
        }
        try RandomExploration.close(&out, findings)
    }

    /// Output of shards, in any order and with their summaries, as one run would have given it. Each has
    /// to be whole, and no race may be missing between the first and the last, or be there twice.
    static func merge(_ paths: [String]) throws {
        var out = LineWriter()
        var findings: [(finding: RandomFinding, path: String)] = []
        for path in paths {
            let lines = try text(path).split(separator: "\n").map(String.init)
            let races = lines.prefix { RandomFinding(line: $0) != nil }.compactMap(RandomFinding.init)
            let expected = (races.map(\.line) + RandomFinding.summary(races)).map { printable($0) }
            if let line = lines.indices.first(where: { $0 >= expected.count || lines[$0] != expected[$0] }) {
                throw refusal("\(path):\(line + 1): this is not what 'explore --random' prints here")
            }
            if lines.count < expected.count { throw refusal("\(path): the end of the output is missing") }
            findings += races.map { ($0, path) }
        }
        findings.sort { $0.finding.number < $1.finding.number }
        for (one, next) in zip(findings, findings.dropFirst()) {
            if one.finding.number == next.finding.number {
                throw refusal("race \(one.finding.number) is in \(one.path) and in \(next.path)")
            }
            if one.finding.number + 1 != next.finding.number {
                throw refusal("race \(one.finding.number + 1) is missing: not all shards are here")
            }
        }
        for (finding, _) in findings { try out.line(printable(finding.line)) }
        try close(&out, findings.map(\.finding))
    }

    private static func refusal(_ text: String) -> ExitCode {
        Output.complain("dirtyscope: " + printable(text))
        return ExitCode(65)
    }

    private static func text(_ path: String) throws -> String {
        do {
            return String(decoding: try ScenarioLoader.read(path), as: UTF8.self)
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot read '\(printable(path))': \(error)")
            throw ExitCode.noInput
        }
    }

    private static func close(_ out: inout LineWriter, _ findings: [RandomFinding]) throws {
        for line in RandomFinding.summary(findings) { try out.line(printable(line)) }
        try out.flush()
        if findings.contains(where: { $0.verdict == "violated" || $0.verdict == "deadlock" }) {
            throw ExitCode(1)
        }
    }
}
