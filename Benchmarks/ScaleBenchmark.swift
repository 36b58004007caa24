// What it costs to open and to walk through a recorded trace of a million events: each figure beside
// what it is to be compared with, measured in the same run.

import DirtyMachine
import DirtyScript
import DirtyView
import Glibc
import SeededRandom

enum ScaleBenchmark {
    /// Arguments: events, and pages of the file that they are about; without them, three sizes, whose
    /// histories have 10^4, 10^6 and 10^7 moves.
    static func run(_ arguments: [String]) {
        let numbers = arguments.compactMap { Int($0) }
        for events in numbers.isEmpty ? [1_300, 130_000, 1_300_000] : [numbers[0]] {
            measure(Trace(events: events, pages: numbers.dropFirst().first ?? 4096))
        }
    }

    private static func measure(_ trace: Trace) {
        print("a trace of \(trace.events) events on \(trace.pages) pages, \(trace.bytes.count) bytes")
        let reading = readLines(of: trace)
        figure("reading its lines as strings", reading, "ns a line")
        var scenario: Scenario?
        let parsing = time(trace.events) {
            scenario = try? ScenarioParser.parse(trace.bytes, name: "trace", rules: .machine).get()
        }
        figure("parsing", parsing, "ns a line", reading)
        guard let scenario, let (session, setUp) = prepare(scenario) else { return print("it does not parse") }
        figure("setting the machine up", setUp / 1e6, "ms")
        replay(session, events: trace.events, reading: reading, parsing: parsing)
        let size = Size(200, 60)
        var player: Player?
        let first = time(1) {
            player = Player(session)
            player?.attach(size: size, glyphs: .letters)
            _ = player?.frame(size: size)
        }
        let opening = (parsing * Double(trace.events) + setUp + first) / 1e9
        figure("opened, from the bytes to the first frame at 200x60", opening, "s")
        guard var player else { return }
        var slices: [Double] = []
        let start = processorTime()
        while player.hasWork { slices.append(time(1) { player.work() } / 1e6) }
        figure("all of it known, in the background", processorTime() - start, "s")
        figures("  one slice of that, while keys wait", slices, "ms")
        walk(&player, size)
        memory(player)
    }

    /// A loop that does nothing but read the lines.
    private static func readLines(of trace: Trace) -> Double {
        var total = 0
        let spent = time(trace.events) {
            trace.bytes.withUnsafeBufferPointer { bytes in
                for line in bytes.split(separator: UInt8(ascii: "\n")) {
                    total += String(decoding: line, as: UTF8.self).utf8.count
                }
            }
        }
        precondition(total < trace.bytes.count)
        return spent
    }

    private static func prepare(_ scenario: Scenario) -> (Session, Double)? {
        var session: Session?
        let spent = time(1) { session = try? Session(scenario) }
        return session.map { ($0, spent) }
    }

    private static func replay(_ session: Session, events: Int, reading: Double, parsing: Double) {
        var session = session
        let spent = time(events) { while case .moved = session.advance() {} }
        figure("replaying, with a way back", spent, "ns an event", reading)
        figure("  the same, a move", spent * Double(events) / Double(session.position), "ns")
        figure("parsing and replaying", parsing + spent, "ns an event", reading)
        figure("moves", Double(session.position), "")
    }

    private static func walk(_ player: inout Player, _ size: Size) {
        let total = player.session.knownMoves
        var random = SplitMix(seed: 1)
        func measure(_ name: String, _ count: Int, _ act: (inout Player) -> Void) {
            var spent: [Double] = []
            for _ in 0..<count {
                spent.append(time(1) { act(&player); _ = player.frame(size: size) } / 1e6)
            }
            figures(name, spent, "ms")
        }
        measure("any moment and its frame", 60) { player in
            player.begin(at: random.number(0...total))
        }
        measure("a step and its frame", 200) { $0.press(.character("s")) }
        measure("a step back and its frame", 300) { $0.press(.character("S")) }
        measure("a command and its frame", 100) { $0.press(.character("e")) }
        measure("a command back and its frame", 100) { $0.press(.character("E")) }
        measure("a chapter and its frame", 20) { $0.press(.character("]")) }
        measure("to the end, to the beginning, and the frames", 4) { player in
            player.press(.character("G"))
            while player.hasWork { player.work() }
            _ = player.frame(size: size)
            player.press(.character("g"))
        }
        measure("a frame alone", 30) { _ in }
        player.press(.character("M"))
        measure("a step and its frame, with the map", 100) { $0.press(.character("s")) }
        player.press(.character("O"))
        measure("a step and its frame, with the course", 100) { $0.press(.character("s")) }
    }

    private static func memory(_ player: Player) {
        let session = player.session
        let moves = Double(session.knownMoves)
        figure("history", Double(session.historyByteCount) / moves, "bytes a move")
        figure("history", Double(session.historyByteCount) / 1_048_576, "MiB")
        figure("a recorded change", Double(MemoryLayout<Change>.stride), "bytes")
        figure("the machine", Double(session.machine.state.byteCount) / 1_048_576, "MiB")
    }

    // MARK: Printing

    private static func figure(_ name: String, _ value: Double, _ unit: String, _ reference: Double? = nil) {
        let ratio = reference.map { "   \(rounded(value / $0)) times the reading" } ?? ""
        print(padded(name, 52) + rounded(value) + " " + unit + ratio)
    }

    private static func figures(_ name: String, _ values: [Double], _ unit: String) {
        guard !values.isEmpty else { return }
        print(padded(name, 52) + "\(rounded(median(values))) \(unit), at most \(rounded(values.max()!)) \(unit)")
    }
}

/// A trace as the importer writes it: two processes that load and store pages of one file, and now
/// and then an msync of fifty pages.
struct Trace {
    let events: Int
    let pages: Int
    let bytes: [UInt8]

    init(events: Int, pages: Int) {
        self.events = events
        self.pages = pages
        var text = """
            title "A trace of \(events) events"
            kernel 6.18
            frames \(max(4096, pages * 2))
            file db \(pages) ext4 cached
            process A
            process B
            A mmap m db rw shared
            B mmap w db rw shared

            """
        var random = SplitMix(seed: 7)
        for event in 0..<events {
            if event % (events / 20 + 1) == 0 { text += "chapter \"part \(event / (events / 20 + 1) + 1)\"\n" }
            let page = random.number(0...pages - 1)
            switch random.number(0...999) {
            case 0..<550: text += "A read m[\(page)]\n"
            case 550..<800: text += "A write m[\(page)]\n"
            case 800..<900: text += "B read w[\(page)]\n"
            case 900..<997: text += "B write w[\(page)]\n"
            default: text += "A msync m[\(page)..\(min(pages - 1, page + 50))] sync\n"
            }
        }
        bytes = Array(text.utf8)
    }
}
