// A writeback pass: every page of a file is mapped N times and dirty in each mapping, so that
// page_mkclean() has N PTEs to write-protect for each of them. Simulated, and as an msync on the kernel of
// this machine, both with all that belongs to it: tags, buffers, submission, completion.

import DirtyMachine
import Glibc

enum WritebackBenchmark {
    private static let pages = 256

    static func run(_: [String]) {
        header("writeback of a page", "ns", "to the kernel's msync")
        for mappings in [1, 10, 100, 1000] {
            let rounds = mappings < 1000 ? 7 : 3
            let real = RealLayout(pages: pages, mappings: mappings)
            var model = ModelLayout(pages: pages, mappings: mappings)
            var (kernel, simulated) = ([Double](), [Double]())
            for _ in 0..<rounds {
                model.dirty()
                simulated.append(time(pages) { model.writeBack() })
                if let real {
                    real.dirty()
                    kernel.append(time(pages) { real.writeBack() })
                }
            }
            let times = mappings == 1 ? "once" : "\(mappings) times"
            if !kernel.isEmpty { row("this kernel, mapped \(times)", kernel, nil) }
            row("simulated", simulated, kernel.isEmpty ? nil : median(kernel))
        }
    }

    private struct ModelLayout {
        private var machine: Machine
        private let process: Ref<Process>
        private let file: Ref<File>
        private let starts: [Int]
        private let pages: Int

        init(pages: Int, mappings: Int) {
            machine = Machine(cpus: 2, frames: pages + 16)
            file = machine.addFile("db", pages: pages, .ext4, cached: true)
            process = machine.addProcess("A")
            machine.isRecording = false
            for number in 0..<mappings {
                Simulation.run(
                    .mmap(
                        process, name: "m\(number)", file: file, pages: 0...pages - 1, [.read, .write],
                        shared: true, readOnlyDescriptor: false), &machine)
            }
            let (model, process) = (machine, process)
            starts = (0..<mappings).map {
                model.extent(of: model.mapping(named: "m\($0)", of: process)!)!.start
            }
            self.pages = pages
        }

        mutating func dirty() {
            for start in starts {
                Simulation.run(
                    .access(process, pages: start...start + pages - 1, store: true, value: 1), &machine)
            }
        }

        mutating func writeBack() {
            let task = machine.begin(.fsync(process, file))
            var result = machine.step(task)
            while result != .finished {
                if case .blocked = result { for bio in machine.pendingBios { machine.stepDevice(bio) } }
                result = machine.step(task)
            }
            machine.collect(task)
        }
    }

    private struct RealLayout {
        private let bases: [UnsafeMutableRawPointer]
        private let length: Int

        init?(pages: Int, mappings: Int) {
            length = pages * 4096
            var path = Array("/var/tmp/dirtyscope-bench-XXXXXX".utf8CString)
            let file = mkstemp(&path)
            guard file >= 0 else { return nil }
            unlink(path)
            defer { close(file) }
            let page = [UInt8](repeating: 0, count: 4096)
            for index in 0..<pages { pwrite(file, page, 4096, off_t(index * 4096)) }
            var bases: [UnsafeMutableRawPointer] = []
            for _ in 0..<mappings {
                guard let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
                    base != MAP_FAILED
                else { break }
                bases.append(base)
            }
            self.bases = bases
            if bases.count < mappings { return nil }
        }

        func dirty() {
            for base in bases {
                for offset in stride(from: 0, to: length, by: 4096) {
                    base.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
                }
            }
        }

        func writeBack() { msync(bases[0], length, MS_SYNC) }
    }
}
