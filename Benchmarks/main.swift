// What the program costs, measured beside what it is to be compared with, in one run on one machine.
// Ratios are of medians of that run, so that a machine whose speed drifts does not matter.

import Glibc

/// The parts: those of `make bench`, in its order, and those that are asked for by name.
let parts: [(name: String, isCommon: Bool, run: ([String]) async -> Void)] = [
    ("fault", true, FaultBenchmark.run),
    ("writeback", true, WritebackBenchmark.run),
    ("replay", true, ReplayBenchmark.run),
    ("search", true, SearchBenchmark.run),
    ("races", true, RaceBenchmark.run),
    ("scale", true, ScaleBenchmark.run),
    ("terminal", true, TerminalBenchmark.run),
    ("growth", true, GrowthBenchmark.run),
    ("visit", false, SearchBenchmark.visit),
    ("random", false, RandomBenchmark.run),
    ("live", false, LiveBenchmark.run),
    ("replay-lines", false, ReplayBenchmark.lines),
    ("replay-import", false, ReplayBenchmark.onlyImport),
    ("replay-report", false, ReplayBenchmark.report),
]

let arguments = Array(CommandLine.arguments.dropFirst())
if let name = arguments.first {
    guard let part = parts.first(where: { $0.name == name }) else {
        print("usage: dirtyscope-bench [\(parts.map(\.name).joined(separator: " | "))]")
        exit(64)
    }
    await part.run(Array(arguments.dropFirst()))
} else {
    for (number, part) in parts.filter(\.isCommon).enumerated() {
        print(number == 0 ? "" : "\n", "\(number + 1). \(part.name)", separator: "")
        await part.run([])
    }
}
