import ArgumentParser
import DirtyScript
import SystemPackage

/// `I/N`: of the pieces of a long run every Nth, from the Ith on.
struct Shard: ExpressibleByArgument, Hashable {
    let index: Int
    let count: Int

    static let whole = Shard(index: 1, count: 1)

    private init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]), count > 0,
            (1...count).contains(index)
        else { return nil }
        self.init(index: index, count: count)
    }

    /// The numbers, from 0, of its pieces among so many.
    func pieces(of total: Int) -> StrideTo<Int> { stride(from: index - 1, to: total, by: count) }
}

/// The first line of a run that can be divided: how many pieces it has, and what they are about. Shards
/// of one run differ in their last word only: `100 races from seed 1 on 6.18, shard 2/8`.
struct RunTitle: Hashable {
    enum Kind: String { case races, rows }

    let count: Int
    let kind: Kind
    let about: String

    private static let mark = ", shard "

    func line(_ shard: Shard?) -> String {
        "\(count) \(kind.rawValue) \(about)" + (shard.map { "\(Self.mark)\($0.index)/\($0.count)" } ?? "")
    }

    init(count: Int, kind: Kind, about: String) {
        self.count = count
        self.kind = kind
        self.about = about
    }

    /// The title of a shard; nil for a line of another kind.
    static func read(_ line: String) -> (title: RunTitle, shard: Shard)? {
        guard let comma = line.lastIndex(of: ","), line[comma...].hasPrefix(mark),
            let shard = Shard(argument: String(line[comma...].dropFirst(mark.count)))
        else { return nil }
        let words = line[..<comma].split(separator: " ", maxSplits: 2)
        guard words.count == 3, let count = Int(words[0]), let kind = Kind(rawValue: String(words[1])) else { return nil }
        return (RunTitle(count: count, kind: kind, about: String(words[2])), shard)
    }
}

/// What a shard has printed.
struct ShardOutput {
    let path: String
    let title: RunTitle
    let shard: Shard
    let lines: [String]

    /// A line, and where it stands.
    struct Line {
        let text: String
        let path: String
        let number: Int

        var refusal: ExitCode { ShardOutput.refusal("\(path):\(number): this is not what a shard prints here") }
    }

    init(path: String) throws {
        let text: String
        do {
            text = String(decoding: try ScenarioLoader.read(path), as: UTF8.self)
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot read '\(printable(path))': \(error)")
            throw ExitCode.noInput
        }
        let lines = text.split(separator: "\n").map(String.init)
        guard let (title, shard) = RunTitle.read(lines.first ?? "") else {
            throw Self.refusal("\(path):1: this is not what 'explore --shard' prints first")
        }
        self.path = path
        self.title = title
        self.shard = shard
        self.lines = Array(lines.dropFirst())
        let pieces = title.count < shard.index ? 0 : (title.count - shard.index) / shard.count + 1
        if self.lines.count < pieces { throw Self.refusal("\(path): the end of the output is missing") }
        if self.lines.count > pieces { throw line(pieces).refusal }
    }

    func line(_ index: Int) -> Line { Line(text: lines[index], path: path, number: index + 2) }

    static func refusal(_ text: String) -> ExitCode {
        Output.complain("dirtyscope: " + printable(text))
        return ExitCode(65)
    }
}

/// `explore merge`: of the outputs of all shards, in any order, what one run would have printed.
enum ShardMerge {
    static func run(_ paths: [String]) throws {
        let outputs = try paths.map(ShardOutput.init)
        let first = outputs[0]
        for other in outputs where other.title != first.title || other.shard.count != first.shard.count {
            throw ShardOutput.refusal("\(first.path) and \(other.path) are of different runs; their first lines say which")
        }
        var byIndex: [Int: ShardOutput] = [:]
        for output in outputs {
            if let double = byIndex.updateValue(output, forKey: output.shard.index) {
                throw ShardOutput.refusal(
                    "shard \(output.shard.index)/\(output.shard.count) is in \(double.path) and in \(output.path)")
            }
        }
        for index in 1...first.shard.count where byIndex[index] == nil {
            throw ShardOutput.refusal("shard \(index)/\(first.shard.count) is missing")
        }
        let lines = (0..<first.title.count).map { number in
            byIndex[number % first.shard.count + 1]!.line(number / first.shard.count)
        }
        switch first.title.kind {
        case .races: try RandomExploration.merge(first.title, lines)
        case .rows: try SurvivalTable.merge(lines)
        }
    }
}
