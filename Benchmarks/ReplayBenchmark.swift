// A recorded trace, from the file to the final report: what lackey writes of a program that stores to a
// shared mapping, imported and run, beside the recording of it and beside a loop that only reads the
// lines. Every part is a process of its own, so that memory is told, too.

import DirtyImport
import DirtyScript
import Glibc
import SystemPackage

enum ReplayBenchmark {
    static func run(_: [String]) async {
        await withTemporaryFolder { folder in
            var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let length = path.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
            let me = String(decoding: path[..<max(0, length)], as: UTF8.self)
            let trace = folder + "/run.trace"
            let recording = Child(
                "valgrind",
                [
                    "--tool=lackey", "--trace-mem=yes", "--trace-syscalls=yes", "--log-file=" + trace, me,
                    "replay-subject", folder + "/db",
                ], in: folder)
            guard recording.succeeded else {
                return print("valgrind is needed to record a trace (Debian: apt install valgrind)")
            }
            var (reading, importing, whole) = ([Child](), [Child](), [Child]())
            for _ in 0..<3 {
                reading.append(Child(me, ["replay-lines", trace], in: folder))
                importing.append(Child(me, ["replay-import", trace, folder + "/run.demo"], in: folder))
                whole.append(Child(me, ["replay-report", trace], in: folder))
            }
            guard let lines = reading[0].output.split(separator: "\n").first.flatMap({ Int($0) }) else { return }
            func each(_ children: [Child]) -> [Double] {
                children.map { $0.processorSeconds * 1e9 / Double(lines) }
            }
            print("a trace of \(lines) lines")
            header("each line of it", "ns", "to reading")
            let reference = median(each(reading))
            row("reading the lines, and nothing else", each(reading), nil)
            row("from the file to the final report", each(whole), reference)
            row("  of that, the import", each(importing), reference)
            row("valgrind recording it", each([recording]), reference)
            print("memory at most: reading \(megabytes(reading)) MiB, to the report \(megabytes(whole)) MiB, valgrind \(megabytes([recording])) MiB")
            print("events a second, from the file to the report: \(rounded(1e3 / median(each(whole)))) million")
        }
    }

    private static func megabytes(_ children: [Child]) -> Int { (children.map(\.peakBytes).max() ?? 0) >> 20 }

    /// The program that is recorded: stores to and loads from a mapped file, an msync now and then.
    static func subject(_ arguments: [String]) {
        let (pages, length) = (256, 256 * 4096)
        let file = open(arguments[0], O_RDWR | O_CREAT | O_TRUNC, 0o600)
        ftruncate(file, off_t(length))
        guard let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
        else { return }
        let words = base.assumingMemoryBound(to: UInt64.self)
        var at: UInt64 = 1
        for round in 0..<40 {
            for _ in 0..<20_000 {
                at = at &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(at >> 33) % (pages * 512)
                if at & 3 == 0 { words[place] = at } else { at ^= words[place] & 1 }
            }
            msync(base + round % 16 * 65536, 65536, MS_SYNC)
        }
    }

    /// The smallest loop: the file in pieces, and how many lines end in each.
    static func lines(_ arguments: [String]) {
        let file = open(arguments[0], O_RDONLY)
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        var count = 0
        while true {
            let got = read(file, &piece, piece.count)
            if got <= 0 { break }
            piece.withUnsafeBytes { bytes in
                var (at, left) = (bytes.baseAddress!, got)
                while let end = memchr(at, 10, left) {
                    count += 1
                    let next = UnsafeRawPointer(end) + 1
                    left -= next - at
                    at = next
                }
            }
        }
        print(count)
    }

    /// The import alone.
    static func onlyImport(_ arguments: [String]) {
        guard let text = scenario(arguments[0]), let file = fopen(arguments[1], "w") else { exit(1) }
        fputs(text, file)
        fclose(file)
    }

    /// From the trace to the report that `run --format json` prints.
    static func report(_ arguments: [String]) {
        guard let text = scenario(arguments[0]),
            case .success(let scenario) = ScenarioParser.parse(Array(text.utf8), name: "trace", rules: .machine),
            var session = try? Session(scenario)
        else { exit(1) }
        _ = session.run(limit: .max, keepsHistory: false) { conclusion, session in
            if let line = JSONReport.line(conclusion, in: session) { print(line) }
        }
    }

    private static func scenario(_ path: String) -> String? {
        var text = ""
        let options = ImportOptions(traceName: "run.trace")
        guard (try? importTrace(from: FilePath(path), options: options, into: &text)) != nil else { return nil }
        return text
    }
}
