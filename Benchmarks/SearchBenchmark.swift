// How fast the search goes through the small machine: states a second and bytes a state, with one
// worker and with two.

import DirtyExplore
import SmallMachine

enum SearchBenchmark {
    /// Arguments: pages, stores of each CPU, passes of the flusher.
    static func run(_ arguments: [String]) async {
        let sizes = arguments.compactMap { Int($0) }
        let (pages, stores, passes) =
            sizes.count == 3 ? (sizes[0], sizes[1], sizes[2]) : (2, 2, 2)
        let machine = SmallMachine(pages: pages, stores: stores, passes: passes)
        print("workers      states  transitions  states/s  states/CPU-s  bytes/state")
        for _ in 0..<3 {
            for workers in [1, 2] {
                var options = SearchOptions()
                options.workers = workers
                let (start, used) = (nanoseconds(), processorTime())
                let result = await Search(machine, options: options).run()
                let seconds = Double(nanoseconds() - start) / 1e9
                print(
                    workers, result.states, result.transitions,
                    Int(Double(result.states) / seconds),
                    Int(Double(result.states) / (processorTime() - used)), result.bytes / result.states)
            }
        }
    }
}
