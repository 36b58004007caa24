// How fast the product's own machine is gone through: states a second of processor time, for the
// race of a scenario.

import DirtyExplore
import DirtyMachine
import DirtyScript
import Glibc

enum RaceBenchmark {
    /// Arguments: a scenario, and perhaps a kernel.
    static func run(_ arguments: [String]) async {
        guard let path = arguments.first, let text = contents(of: path),
            case .success(let scenario) = ScenarioParser.parse(text, name: path, rules: .machine)
        else { return print("usage: dirtyscope-bench races FILE [KERNEL]") }
        print("workers  verdict      states  transitions  states/s  states/CPU-s  bytes/state")
        for workers in [1, 2] {
            var options = Explorer.Options()
            options.kernel = arguments.dropFirst().first.flatMap(Profile.init)
            options.search.workers = workers
            guard let explorer = try? Explorer(scenario, options: options) else { return }
            let (start, used) = (nanoseconds(), processorTime())
            let found = await explorer.run()
            let seconds = Double(nanoseconds() - start) / 1e9
            let states = found.result.states
            print(
                workers, found.verdict, states, found.result.transitions,
                Int(Double(states) / seconds), Int(Double(states) / (processorTime() - used)),
                found.result.bytes / states)
        }
    }

    private static func contents(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

/// Seconds of processor time that the process has used.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
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
            let finding = await RandomRace(number: number, kernel: kernel).finding(bounds)
            if finding.verdict != "holds" { print(finding.line) }
            findings.append(finding)
        }
        for line in RandomFinding.summary(findings) { print(line) }
    }
}
