// How costs grow with pages, with VMAs and with processes, as a table and, if a file is named, as a
// plot: both axes are logarithmic, so a cost in proportion is a straight line that rises by one
// decade a decade, and a cost that does not grow is level.

import DirtyMachine
import Glibc

enum GrowthBenchmark {
    private struct Curve {
        let name: String
        let unit: String
        var points: [(size: Int, cost: Double)] = []
    }

    /// Argument: a file for the plot.
    static func run(_ arguments: [String]) {
        let curves = pages() + vmas() + processes()
        for curve in curves {
            print(padded(curve.name, 60) + curve.points.map { padded("\($0.size)", 9) }.joined())
            print(padded("  " + curve.unit, 60) + curve.points.map { padded(rounded($0.cost), 9) }.joined())
        }
        guard let path = arguments.first else { return }
        guard let file = fopen(path, "w") else { return print("cannot write '\(path)'") }
        fputs(plot(curves), file)
        fclose(file)
    }

    private static func mapped(pages: Int, processes: Int = 1) -> (Machine, [Ref<Process>], Ref<File>) {
        var machine = Machine(cpus: 2, frames: pages + 64)
        let file = machine.addFile("db", pages: pages, .ext4, cached: true)
        let actors = (0..<processes).map { machine.addProcess("P\($0)") }
        machine.isRecording = false
        for process in actors {
            Simulation.run(
                .mmap(
                    process, name: "m", file: file, pages: 0...pages - 1, [.read, .write], shared: true,
                    readOnlyDescriptor: false), &machine)
        }
        return (machine, actors, file)
    }

    private static func address(_ machine: Machine, _ process: Ref<Process>) -> Int {
        machine.extent(of: machine.mapping(named: "m", of: process)!)!.start
    }

    private static func store(_ process: Ref<Process>, _ page: Int, _ machine: inout Machine) {
        Simulation.run(.access(process, pages: page...page, store: true, value: 1), &machine)
    }

    private static func pages() -> [Curve] {
        var fault = Curve(name: "pages: the first store to one", unit: "ns")
        var clean = Curve(name: "pages: fsync, for each dirty one", unit: "ns")
        var survey = Curve(name: "pages: the map on the screen, for each", unit: "ns")
        var bytes = Curve(name: "pages: memory for each touched one", unit: "bytes")
        var untouched = Curve(name: "pages: memory for each that is only mapped", unit: "bytes")
        for count in [1, 32, 1_000, 32_000, 1_000_000] {
            let empty = Machine(cpus: 2, frames: 64).state.byteCount
            var (firsts, syncs, maps) = ([Double](), [Double](), [Double]())
            var size = 0
            // Few pages take less time than the clock can tell.
            for _ in 0..<max(1, min(200, 2_000 / count)) {
                var (machine, processes, file) = mapped(pages: count)
                let start = address(machine, processes[0])
                firsts.append(time(count) { for page in 0..<count { store(processes[0], start + page, &machine) } })
                size = machine.state.byteCount - empty
                let mapping = machine.mapping(named: "m", of: processes[0])!
                let run = max(1, count / 8192)
                maps.append(
                    time(count) { _ = machine.worstWords(of: mapping, in: processes[0], pages: 0..<count, run: run) })
                syncs.append(time(count) { Simulation.run(.fsync(processes[0], file), &machine) })
            }
            fault.points.append((count, median(firsts)))
            clean.points.append((count, median(syncs)))
            survey.points.append((count, median(maps)))
            bytes.points.append((count, Double(size) / Double(count)))
            untouched.points.append((count, Double(mappedOnly(count) - empty) / Double(count)))
        }
        return [fault, clean, survey, bytes, untouched]
    }

    /// Bytes of a machine in which a file is mapped, and nothing of it is touched or cached.
    private static func mappedOnly(_ pages: Int) -> Int {
        var machine = Machine(cpus: 2, frames: 64)
        let file = machine.addFile("db", pages: pages, .ext4)
        let process = machine.addProcess("A")
        Simulation.run(
            .mmap(
                process, name: "m", file: file, pages: 0...pages - 1, [.read, .write], shared: true,
                readOnlyDescriptor: false), &machine)
        return machine.state.byteCount
    }

    /// One mapping that mprotect() has cut into as many VMAs as Linux allows by default.
    private static func vmas() -> [Curve] {
        var fault = Curve(name: "VMAs: the first store to a page", unit: "ns")
        var split = Curve(name: "VMAs: an mprotect that cuts one", unit: "ns")
        for count in [1, 33, 1_001, 16_385, 65_529] {
            var (machine, processes, _) = mapped(pages: 65_536)
            let start = address(machine, processes[0])
            let cuts = (0..<count / 2).map { start + $0 * (65_536 / max(1, count / 2)) + 1 }
            let cutting = time(max(1, cuts.count)) {
                for page in cuts {
                    Simulation.run(.mprotect(processes[0], pages: page...page, .read), &machine)
                }
            }
            if !cuts.isEmpty { split.points.append((count, cutting)) }
            // Spread over the mapping; those that were cut out may not be stored to.
            let cut = Set(cuts)
            let pages = (0..<2048).map { start + $0 * 32 }.filter { !cut.contains($0) }
            fault.points.append((count, time(pages.count) { for page in pages { store(processes[0], page, &machine) } }))
        }
        return [fault, split]
    }

    private static func processes() -> [Curve] {
        var clean = Curve(name: "processes: fsync, for each dirty page that all map", unit: "ns")
        var fault = Curve(name: "processes: the first store to a page", unit: "ns")
        for count in [1, 10, 100, 1_000] {
            var (machine, processes, file) = mapped(pages: 64, processes: count)
            var spent = 0.0
            for process in processes {
                let start = address(machine, process)
                spent += time(64) { for page in 0..<64 { store(process, start + page, &machine) } }
            }
            fault.points.append((count, spent / Double(count)))
            clean.points.append((count, time(64) { Simulation.run(.fsync(processes[0], file), &machine) }))
        }
        return [fault, clean]
    }

    // MARK: Plot

    private static func plot(_ curves: [Curve]) -> String {
        let (width, height, left, top) = (760.0, 420.0, 60.0, 20.0)
        let (decadesX, decadesY) = (7.0, 7.0)
        func x(_ size: Int) -> Double { left + log10(Double(max(1, size))) / decadesX * width }
        func y(_ cost: Double) -> Double { top + height - log10(max(1, cost)) / decadesY * height }
        func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
        let colours = [
            "#005f5f", "#d75f00", "#00005f", "#870000", "#5f00af", "#5f5f00", "#0087d7", "#5f8700", "#d700af",
        ]
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 \(480 + 18 * curves.count)\" font-family=\"sans-serif\" font-size=\"12\">",
            "<title>How costs grow</title>", "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        ]
        for decade in 0...7 {
            let size = Int(pow(10, Double(decade)))
            lines.append("<path d=\"M\(rounded(x(size))) \(top)V\(top + height)M\(left) \(rounded(y(Double(size))))H\(left + width)\" stroke=\"#dddddd\"/>")
            lines.append("<text x=\"\(rounded(x(size)))\" y=\"\(top + height + 16)\" text-anchor=\"middle\">\(size)</text>")
            lines.append("<text x=\"\(left - 6)\" y=\"\(rounded(y(Double(size)) + 4))\" text-anchor=\"end\">\(size)</text>")
        }
        for (index, curve) in curves.enumerated() {
            let path = curve.points.map { "\(rounded(x($0.size))) \(rounded(y($0.cost)))" }.joined(separator: "L")
            let colour = colours[index % colours.count]
            lines.append("<path d=\"M\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>")
            lines.append("<text x=\"\(left)\" y=\"\(480 + 18 * index)\" fill=\"\(colour)\">\(curve.name), \(curve.unit)</text>")
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }
}
