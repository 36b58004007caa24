// The search of the product's own machine beside SPIN, which gets the same races as models in
// Promela: the verdict, how fast states are gone through, and how long it takes from the scenario to
// the verdict.

import DirtyExplore
import DirtyMachine
import DirtyScript
import Glibc

enum RaceBenchmark {
    private static let rounds = 3
    /// Large enough that it is the search that is measured: SPIN occupies two gigabytes for the largest.
    private static let races = ["one-page", "two-pages", "three-processes"].map {
        benchmarksFolder + "races/\($0).demo"
    }

    /// Arguments: scenarios; without them, those in `races`.
    static func run(_ arguments: [String]) async {
        await withTemporaryFolder { folder in
            let missing = Spin.missing(in: folder)
            if let missing { print("without SPIN: \(missing)") }
            for path in arguments.isEmpty ? races : arguments { compare(path, folder, hasSpin: missing == nil) }
        }
    }

    private static func compare(_ path: String, _ folder: String, hasSpin: Bool) {
        guard let real = realpath(path, nil) else { return print("\(path) cannot be read") }
        defer { free(real) }
        let path = String(cString: real)
        guard let scenario = scenario(path) else { return print("\(path) is no scenario") }
        let model = try? PromelaModel.text(scenario, options: Explorer.Options())
        let spin = Spin(folder: folder)
        let verifiers = [Spin.Mode.breadthFirst, .depthFirst].map { mode in
            hasSpin ? model.flatMap { spin.verifier($0, [], mode) } : nil
        }
        // SPIN's steps are finer: how many states there are, and so how large a table is right, is found
        // by a search that does not count.
        let sizes = verifiers.map { verifier in
            verifier.flatMap { spin.search($0, tableBits: 22) }.map { Int.bitWidth - $0.states.leadingZeroBitCount } ?? 22
        }
        var ours = Array(repeating: [SearchFigures](), count: 2)
        var theirs = Array(repeating: [SearchFigures](), count: 2)
        for _ in 0..<rounds {
            for workers in [1, 2] {
                ours[workers - 1] += [SearchBenchmark.own([path, "\(workers)"], folder)].compactMap(\.self)
            }
            for (index, verifier) in verifiers.enumerated() {
                theirs[index] += [verifier.flatMap { spin.search($0, tableBits: sizes[index]) }].compactMap(\.self)
            }
        }
        guard let first = ours[0].first else { return print("\(path): the search has failed") }
        let name = path.split(separator: "/").last ?? ""
        let verdict = first.errors == 0 ? "holds" : "violated"
        let agrees = (ours + theirs).joined().allSatisfy { $0.errors == first.errors }
        print("\(name): \(verdict)\(agrees ? "" : ", AND THEY DO NOT AGREE"), \(first.states) states")
        if hasSpin, model == nil { print("(no model in Promela)") }
        let table = SearchTable()
        table.row("SPIN -DBFS", theirs[0], nil)
        table.row("one worker", ours[0], theirs[0])
        table.row("two workers", ours[1], theirs[0])
        table.row("SPIN, depth first, reduced", theirs[1], nil)
    }

    /// The child of `SearchBenchmark.own(_:_:)`: a scenario and the number of workers.
    static func visit(_ arguments: [String]) async {
        guard arguments.count == 2, let workers = Int(arguments[1]), let scenario = scenario(arguments[0]) else { exit(2) }
        var options = Explorer.Options()
        options.search.workers = workers
        guard let explorer = try? Explorer(scenario, options: options) else { exit(2) }
        let (start, used) = (nanoseconds(), processorTime())
        let found = await explorer.run()
        SearchBenchmark.report(found.result, isWrong: { _ in found.verdict != .holds }, start, used)
    }

    private static func scenario(_ path: String) -> Scenario? {
        guard let text = contents(of: path) else { return nil }
        return try? ScenarioParser.parse(text, name: path, rules: .machine).get()
    }
}

/// Random races, to see which numbers find what.
enum RandomBenchmark {
    static func run(_ arguments: [String]) async {
        let numbers = arguments.compactMap { UInt64($0) }
        let kernel = arguments.first.flatMap(Profile.init) ?? .v6_18
        var bounds = RandomRace.Bounds()
        bounds.states = 20_000
        var findings: [RandomFinding] = []
        for number in 0..<(numbers.last ?? 50) {
            guard let finding = await RandomRace(number: number, kernel: kernel).finding(bounds) else { continue }
            if finding.verdict != "holds" { print(finding.line) }
            findings.append(finding)
        }
        for line in RandomFinding.summary(findings) { print(line) }
    }
}
