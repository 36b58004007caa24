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

    /// Output of shards, in any order and with their summaries, as one run would have given it.
    static func merge(_ paths: [String]) throws {
        var out = LineWriter()
        var findings: [UInt64: RandomFinding] = [:]
        for path in paths {
            for line in try text(path).split(separator: "\n") {
                if let finding = RandomFinding(line: String(line)) { findings[finding.number] = finding }
            }
        }
        let sorted = findings.values.sorted { $0.number < $1.number }
        for finding in sorted { try out.line(printable(finding.line)) }
        try close(&out, sorted)
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
