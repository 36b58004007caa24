// What a simulated fault costs beside the real one, measured in one run on one machine. Rounds
// are interleaved, and ratios are of medians, so that a machine whose speed drifts does not matter.

import DirtyMachine
import Glibc

func nanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// Nanoseconds of processor time for each of `count` units of a piece of work.
func time(_ count: Int, _ work: () -> Void) -> Double {
    let start = processorTime()
    work()
    return (processorTime() - start) * 1e9 / Double(count)
}

/// A machine whose pages are mapped shared and clean, so that every store is a write-notify fault.
struct Simulation {
    static let pages = 2048
    var machine: Machine
    let process: Ref<Process>
    let file: Ref<File>
    let start: Int

    init(recording: Bool) {
        machine = Machine(cpus: 2, frames: Simulation.pages + 16)
        file = machine.addFile("db", pages: Simulation.pages, .ext4, cached: true)
        process = machine.addProcess("A")
        Simulation.run(
            .mmap(
                process, name: "m", file: file, pages: 0...Simulation.pages - 1, [.read, .write],
                shared: true, readOnlyDescriptor: false), &machine)
        start = machine.extent(of: machine.mapping(named: "m", of: process)!)!.start
        machine.isRecording = recording
        access(store: false)
    }

    static func run(_ request: Request, _ machine: inout Machine) {
        let task = machine.begin(request)
        while true {
            switch machine.step(task) {
            case .stepped: continue
            case .finished:
                machine.collect(task)
                return
            case .blocked:
                for bio in machine.pendingBios { machine.stepDevice(bio) }
            }
        }
    }

    /// One operation a page, as a program makes them.
    mutating func access(store: Bool) {
        for page in start..<start + Simulation.pages {
            Simulation.run(.access(process, pages: page...page, store: store, value: 1), &machine)
        }
    }

    mutating func clean() {
        Simulation.run(.fsync(process, file), &machine)
        machine.forgetHistory()
    }
}

/// The same on the kernel of this machine: a file mapped shared, stored to after each msync.
struct RealMapping {
    static let pages = 2048
    let base: UnsafeMutableRawPointer

    init?() {
        var path = Array("/var/tmp/dirtyscope-bench-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        guard file >= 0 else { return nil }
        unlink(path)
        let page = [UInt8](repeating: 0, count: 4096)
        for index in 0..<RealMapping.pages { pwrite(file, page, 4096, off_t(index * 4096)) }
        let length = RealMapping.pages * 4096
        guard let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
            base != MAP_FAILED
        else { return nil }
        self.base = base
        touch()
    }

    func touch() {
        for index in 0..<RealMapping.pages {
            base.storeBytes(of: UInt8(truncatingIfNeeded: index), toByteOffset: index * 4096, as: UInt8.self)
        }
    }

    func clean() { msync(base, RealMapping.pages * 4096, MS_SYNC) }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func row(_ name: String, _ values: [Double], _ reference: Double?) {
    func column(_ value: Double) -> String {
        let text = value < 100 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }
    let name = name + String(repeating: " ", count: max(0, 44 - name.count))
    let ratio = reference.map { "  \((median(values) / $0 * 100).rounded() / 100)" } ?? ""
    print(name + column(values.min()!) + column(median(values)) + column(values.max()!) + ratio)
}

if CommandLine.arguments.dropFirst().first == "search" {
    await SearchBenchmark.run(Array(CommandLine.arguments.dropFirst(2)))
    exit(0)
}

if CommandLine.arguments.dropFirst().first == "visit" {
    await SearchBenchmark.visit(Array(CommandLine.arguments.dropFirst(2)))
    exit(0)
}

if CommandLine.arguments.dropFirst().first == "scale" {
    ScaleBenchmark.run(Array(CommandLine.arguments.dropFirst(2)))
    exit(0)
}

if CommandLine.arguments.dropFirst().first == "races" {
    await RaceBenchmark.run(Array(CommandLine.arguments.dropFirst(2)))
    exit(0)
}

if CommandLine.arguments.dropFirst().first == "live" {
    LiveBenchmark.run()
    exit(0)
}

if CommandLine.arguments.dropFirst().first == "growth" {
    GrowthBenchmark.run(Array(CommandLine.arguments.dropFirst(2)))
    exit(0)
}

if CommandLine.arguments.dropFirst().first == "random" {
    await RandomBenchmark.run(Array(CommandLine.arguments.dropFirst(2)))
    exit(0)
}

let rounds = 9
var recorded = Simulation(recording: true)
var silent = Simulation(recording: false)
let real = RealMapping()
var figures: [[Double]] = Array(repeating: [], count: 5)
for _ in 0..<rounds {
    recorded.clean()
    figures[0].append(time(Simulation.pages) { recorded.access(store: true) })
    let changes = recorded.machine.log.count
    figures[3].append(time(changes) { recorded.machine.undo(to: 0) })
    recorded.access(store: true)
    silent.clean()
    figures[1].append(time(Simulation.pages) { silent.access(store: true) })
    figures[4].append(time(Simulation.pages) { silent.access(store: true) })
    if let real {
        real.clean()
        figures[2].append(time(RealMapping.pages) { real.touch() })
    }
}
let reference = figures[2].isEmpty ? nil : median(figures[2])
print("nanoseconds                                       least   median     most  to the kernel's")
if reference != nil { row("write-protect fault, this kernel", figures[2], nil) }
row("simulated, every step, changes recorded", figures[0], reference)
row("simulated, every step, not recorded", figures[1], reference)
row("simulated store without a fault", figures[4], nil)
row("taking one change back", figures[3], nil)
