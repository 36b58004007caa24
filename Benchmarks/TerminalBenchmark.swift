// The program on a pseudo terminal of 200x60 with a trace of a million events: from a key to its frame,
// what is written for it, and what it costs to do nothing.

import DirtyView
import Glibc
import TerminalTestSupport

enum TerminalBenchmark {
    private static let size = Size(200, 60)

    /// Arguments: events of the trace; a million without them.
    static func run(_ arguments: [String]) async {
        guard let program = neighbour("dirtyscope") else {
            return print("dirtyscope is not beside this program: swift build -c release --product dirtyscope")
        }
        let events = arguments.first.flatMap { Int($0) } ?? 1_000_000
        await withTemporaryFolder { folder in
            let path = folder + "/trace.demo"
            guard write(Trace(events: events, pages: 4096).bytes, to: path) else { return print("\(path) cannot be written") }
            print("a trace of \(events) events on a terminal of 200x60")
            do {
                try measure(program, path, home: folder)
            } catch {
                print(error)
            }
        }
    }

    private static func measure(_ program: String, _ path: String, home: String) throws {
        let start = nanoseconds()
        let pty = try Pty(
            [program, "play", path, "--test-sync-fd", "\(Pty.syncDescriptor)"],
            environment: [
                "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": home,
            ], size: size)
        try pty.nextFrame()
        print(padded("from the command to the first frame", 46) + rounded(Double(nanoseconds() - start) / 1e9) + " s")
        waitUntilIdle(pty.process)
        header("a key and its frame", "milliseconds", "bytes written, median and most")
        try keys("s  a step", pty, "s", 200)
        try keys("S  a step back", pty, "S", 200)
        try keys("e  a command", pty, "e", 200)
        try keys("]  to the next chapter", pty, "]", 18)
        try keys("j  one row down", pty, "j", 30)
        try keys(":  the prompt, and a letter in it", pty, ":", 1)
        try keys("a  one letter more: one cell", pty, "a", 30)
        pty.send([27])
        idle(pty)
    }

    private static func keys(_ name: String, _ pty: Pty, _ key: String, _ count: Int) throws {
        var (spent, written): ([Double], [Double]) = ([], [])
        for _ in 0..<count {
            let (start, before) = (nanoseconds(), pty.output.count)
            pty.type(key)
            try pty.nextFrame()
            spent.append(Double(nanoseconds() - start) / 1e6)
            written.append(Double(pty.output.count - before))
        }
        row(name, spent, last: "\(Int(median(written))), \(Int(written.max() ?? 0))")
    }

    private static func idle(_ pty: Pty) {
        waitUntilIdle(pty.process)
        let (before, output) = (onCPU(pty.process), pty.output.count)
        sleep(5)
        let spent = Double(onCPU(pty.process) - before) / 5e9 * 100
        print(padded("five seconds without a key", 46) + "\(rounded(spent)) % of a CPU, \(pty.output.count - output) bytes")
    }

    /// Until what goes on in the background has ended: a second with less than a millisecond of work.
    private static func waitUntilIdle(_ process: Int32) {
        var before = onCPU(process)
        for _ in 0..<120 {
            sleep(1)
            let now = onCPU(process)
            if now - before < 1_000_000 { return }
            before = now
        }
    }

    /// Nanoseconds that all threads of a process have run.
    private static func onCPU(_ process: Int32) -> UInt64 {
        guard let folder = opendir("/proc/\(process)/task") else { return 0 }
        defer { closedir(folder) }
        var sum: UInt64 = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard Int(name) != nil, let text = contents(of: "/proc/\(process)/task/\(name)/schedstat") else { continue }
            sum += text.split(separator: " ").first.flatMap { UInt64($0) } ?? 0
        }
        return sum
    }

    private static func neighbour(_ name: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return nil }
        let own = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        let path = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/" + name
        return access(path, X_OK) == 0 ? path : nil
    }

    private static func write(_ bytes: [UInt8], to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        defer { fclose(file) }
        return fwrite(bytes, 1, bytes.count, file) == bytes.count
    }
}
