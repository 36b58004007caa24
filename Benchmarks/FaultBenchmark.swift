// A write-notify fault, simulated with all its atomic steps, beside the same fault on the kernel of
// this machine.

import DirtyMachine
import Glibc

enum FaultBenchmark {
    static func run(_: [String]) {
        var recorded = Simulation(recording: true)
        var silent = Simulation(recording: false)
        let real = RealMapping()
        var (kernel, with, without, hit, undo) = ([Double](), [Double](), [Double](), [Double](), [Double]())
        for _ in 0..<9 {
            recorded.clean()
            with.append(time(Simulation.pages) { recorded.access(store: true) })
            let changes = recorded.machine.log.count
            undo.append(time(changes) { recorded.machine.undo(to: 0) })
            recorded.access(store: true)
            silent.clean()
            without.append(time(Simulation.pages) { silent.access(store: true) })
            hit.append(time(Simulation.pages) { silent.access(store: true) })
            if let real {
                real.clean()
                kernel.append(time(RealMapping.pages) { real.touch() })
            }
        }
        recorded.clean()
        let fault = recorded.countStore()
        let reference = kernel.isEmpty ? nil : median(kernel)
        header("a write-notify fault", "ns", "to the kernel's")
        if reference != nil { row("this kernel", kernel, nil) }
        row("simulated, changes recorded", with, reference)
        row("simulated, changes not recorded", without, reference)
        row("  a simulated store that does not fault", hit, reference)
        row("  a change taken back", undo, reference)
        print("it has \(fault.steps) atomic steps, which change \(fault.changes) words")
    }
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

    /// How many atomic steps, and how many changes, a store has now.
    mutating func countStore() -> (steps: Int, changes: Int) {
        let changes = machine.log.count
        var steps = 0
        let task = machine.begin(.access(process, pages: start...start, store: true, value: 1))
        while case .stepped = machine.step(task) { steps += 1 }
        machine.collect(task)
        return (steps + 1, machine.log.count - changes)
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
