// How costs grow with pages, with VMAs and with processes, as a table and, if a file is named, as a
// plot: both axes are logarithmic, so a cost in proportion is a straight line that rises by one
// decade a decade, and a cost that does not grow is level.

import DirtyMachine
import Glibc

enum GrowthBenchmark {
    private struct Curve {
        let name: String
        var points: [(size: Int, cost: Double)] = []
    }

    /// Argument: a file for the plot.
    static func run(_ arguments: [String]) {
        let curves = pages() + vmas() + processes()
        for curve in curves {
            print(curve.name)
            for (size, cost) in curve.points { print("  \(size)\t\(Int(cost.rounded()))") }
        }
        guard let path = arguments.first else { return }
        guard let file = fopen(path, "w") else { return print("cannot write '\(path)'") }
        fputs(plot(curves), file)
        fclose(file)
    }

    private static func mapped(pages: Int, pieces: Int = 1, processes: Int = 1) -> (Machine, [Ref<Process>], Ref<File>) {
        var machine = Machine(cpus: 2, frames: pages + 64)
        let file = machine.addFile("db", pages: pages, .ext4, cached: true)
        let actors = (0..<processes).map { machine.addProcess("P\($0)") }
        machine.isRecording = false
        for process in actors {
            for piece in 0..<pieces {
                // Another permission for every second one, so that neighbours do not merge.
                let range = piece * pages / pieces...(piece + 1) * pages / pieces - 1
                let access: Access = piece % 2 == 0 ? [.read, .write] : [.read, .write, .execute]
                Simulation.run(
                    .mmap(
                        process, name: "m\(piece)", file: file, pages: range, access, shared: true,
                        readOnlyDescriptor: false), &machine)
            }
        }
        return (machine, actors, file)
    }

    private static func address(_ machine: Machine, _ process: Ref<Process>, _ mapping: Int) -> Int {
        machine.extent(of: machine.mapping(named: "m\(mapping)", of: process)!)!.start
    }

    private static func store(_ process: Ref<Process>, _ page: Int, _ machine: inout Machine) {
        Simulation.run(.access(process, pages: page...page, store: true, value: 1), &machine)
    }

    private static func pages() -> [Curve] {
        var fault = Curve(name: "pages: nanoseconds of a store to a page for the first time")
        var clean = Curve(name: "pages: nanoseconds of fsync for each dirty page")
        var bytes = Curve(name: "pages: bytes for each touched page")
        var survey = Curve(name: "pages: nanoseconds of the map for each page")
        for count in [1024, 4096, 16384, 65536, 262_144, 1_048_576] {
            var (machine, processes, file) = mapped(pages: count)
            let empty = Machine(cpus: 2, frames: 64).state.byteCount
            let start = address(machine, processes[0], 0)
            fault.points.append((count, time(count) { for page in 0..<count { store(processes[0], start + page, &machine) } }))
            bytes.points.append((count, Double(machine.state.byteCount - empty) / Double(count)))
            let mapping = machine.mapping(named: "m0", of: processes[0])!
            survey.points.append(
                (count, time(count) { _ = machine.worstWords(of: mapping, in: processes[0], pages: 0..<count, run: max(1, count / 8192)) }))
            clean.points.append((count, time(count) { Simulation.run(.fsync(processes[0], file), &machine) }))
        }
        return [fault, clean, bytes, survey]
    }

    private static func vmas() -> [Curve] {
        var fault = Curve(name: "VMAs: nanoseconds of a store to a page for the first time")
        for count in [1, 16, 256, 4096, 16384] {
            var (machine, processes, _) = mapped(pages: 16384, pieces: count)
            let starts = (0..<min(count, 1024)).map { address(machine, processes[0], $0 * count / min(count, 1024)) }
            let rounds = 1024 / starts.count
            fault.points.append(
                (count, time(1024) { for round in 0..<rounds { for start in starts { store(processes[0], start + round, &machine) } } }))
        }
        return [fault]
    }

    private static func processes() -> [Curve] {
        var clean = Curve(name: "processes: nanoseconds of fsync for each dirty page that all of them map")
        for count in [1, 4, 16, 64, 256] {
            var (machine, processes, file) = mapped(pages: 256, processes: count)
            for process in processes {
                let start = address(machine, process, 0)
                for page in 0..<256 { store(process, start + page, &machine) }
            }
            clean.points.append((count, time(256) { Simulation.run(.fsync(processes[0], file), &machine) }))
        }
        return [clean]
    }

    // MARK: Plot

    private static func plot(_ curves: [Curve]) -> String {
        let (width, height, left, top) = (760.0, 420.0, 60.0, 20.0)
        let (decadesX, decadesY) = (7.0, 7.0)
        func x(_ size: Int) -> Double { left + log10(Double(max(1, size))) / decadesX * width }
        func y(_ cost: Double) -> Double { top + height - log10(max(1, cost)) / decadesY * height }
        func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
        let colours = ["#005f5f", "#d75f00", "#00005f", "#870000", "#5f00af", "#5f5f00"]
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
            lines.append("<text x=\"\(left)\" y=\"\(480 + 18 * index)\" fill=\"\(colour)\">\(curve.name)</text>")
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }
}
