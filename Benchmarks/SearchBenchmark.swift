// The search beside SPIN on the small machine, in one run: rounds are interleaved and every search
// is a process of its own.

import DirtyExplore
import Glibc
import SmallMachine

enum SearchBenchmark {
    private static let rounds = 3

    /// Arguments: pages, stores of each CPU, passes of the flusher; 2, 2 and 1 without them.
    static func run(_ arguments: [String]) async {
        let given = arguments.compactMap { Int($0) }
        let sizes = [given.count == 3 ? given : [2, 2, 1]]
        await withTemporaryFolder { folder in
            let missing = Spin.missing(in: folder)
            if let missing { print("without SPIN: \(missing)") }
            for size in sizes { compare(size, folder, hasSpin: missing == nil) }
        }
    }

    private static func compare(_ size: [Int], _ folder: String, hasSpin: Bool) {
        let model = contents(of: benchmarksFolder + "SmallMachine.pml")
        let definitions = zip(["PAGES", "STORES", "PASSES"], size).map { "-D\($0)=\($1)" }
        let spin = Spin(folder: folder)
        let verifiers = [Spin.Mode.breadthFirst, .parallel].map { mode in
            hasSpin ? model.flatMap { spin.verifier($0, definitions, mode) } : nil
        }
        var ours = Array(repeating: [SearchFigures](), count: 2)
        var theirs = Array(repeating: [SearchFigures](), count: 2)
        for _ in 0..<rounds {
            for workers in [1, 2] {
                ours[workers - 1] += [own(["small"] + size.map(String.init) + ["\(workers)"], folder)].compactMap(\.self)
            }
            guard let states = ours[0].first?.states else { continue }
            let bits = Int.bitWidth - states.leadingZeroBitCount
            for (index, verifier) in verifiers.enumerated() {
                theirs[index] += [verifier.flatMap { spin.search($0, tableBits: bits) }].compactMap(\.self)
            }
        }
        guard let first = ours[0].first else { return print("the search has failed") }
        // SPIN's parallel search keeps fingerprints and overlooks a few.
        let agrees = (ours + [theirs[0]]).joined().allSatisfy { $0.states == first.states }
        print(
            "pages \(size[0]), stores \(size[1]), passes \(size[2]): \(first.states) states, "
                + "\(first.transitions) transitions\(agrees ? "" : ", AND THEY DO NOT AGREE")")
        let table = SearchTable()
        table.row("SPIN -DBFS", theirs[0], nil)
        table.row("one worker", ours[0], theirs[0])
        table.row("SPIN -DBFS_PAR, two cores", theirs[1], nil)
        table.row("two workers", ours[1], theirs[1])
    }

    /// A search of this program in a process of its own; it goes about `visit(_:)`.
    static func own(_ arguments: [String], _ folder: String) -> SearchFigures? {
        let run = Child("/proc/self/exe", ["visit"] + arguments, in: folder)
        let numbers = run.output.split(separator: " ").compactMap { Double($0.filter { $0 != "\n" }) }
        guard run.succeeded, numbers.count == 5 else { return nil }
        return SearchFigures(
            states: Int(numbers[0]), transitions: Int(numbers[1]), errors: Int(numbers[2]), seconds: numbers[3],
            processorSeconds: numbers[4], peakBytes: run.peakBytes, secondsToVerdict: run.seconds)
    }

    /// The child: searches, and prints states, transitions, errors, and the seconds of the search and
    /// of the processor.
    static func visit(_ arguments: [String]) async {
        let numbers = arguments.compactMap { Int($0) }
        guard arguments.first == "small", numbers.count == 4 else { return await RaceBenchmark.visit(arguments) }
        var options = SearchOptions()
        options.workers = numbers[3]
        let machine = SmallMachine(pages: numbers[0], stores: numbers[1], passes: numbers[2])
        let (start, used) = (nanoseconds(), processorTime())
        report(await Search(machine, options: options).run(), isWrong: { !$0.findings.isEmpty }, start, used)
    }

    static func report(_ result: SearchResult, isWrong: (SearchResult) -> Bool, _ start: UInt64, _ used: Double) {
        let seconds = Double(nanoseconds() - start) / 1e9
        print(result.states, result.transitions, isWrong(result) ? 1 : 0, seconds, processorTime() - used)
    }
}

/// Where the files are that benchmarks read.
let benchmarksFolder = #filePath.split(separator: "/").dropLast().reduce("/") { $0 + $1 + "/" }

/// Rows of figures, medians of the rounds, with the ratio to a peer's.
struct SearchTable {
    init() {
        print("                              states/s  /s of processor  bytes/state  to verdict        states/s  memory  time")
    }

    func row(_ name: String, _ all: [SearchFigures], _ peer: [SearchFigures]?) {
        guard !all.isEmpty else { return }
        func column(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func middle(_ all: [SearchFigures], _ value: (SearchFigures) -> Double) -> Double { median(all.map(value)) }
        func rate(_ figures: SearchFigures) -> Double { Double(figures.states) / figures.seconds }
        func memory(_ figures: SearchFigures) -> Double { Double(figures.peakBytes) / Double(figures.states) }
        func short(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        var line = name + String(repeating: " ", count: max(0, 26 - name.count))
        line += column("\(Int(middle(all, rate)))", 12)
        line += column("\(Int(middle(all) { Double($0.states) / $0.processorSeconds }))", 17)
        line += column("\(Int(middle(all, memory)))", 13)
        line += column(short(middle(all, \.secondsToVerdict)) + " s", 12)
        if let peer, !peer.isEmpty {
            line += "  to SPIN"
            line += column(short(middle(all, rate) / middle(peer, rate)), 7)
            line += column(short(middle(all, memory) / middle(peer, memory)), 8)
            line += column(short(middle(all, \.secondsToVerdict) / middle(peer, \.secondsToVerdict)), 6)
        }
        print(line)
    }
}
