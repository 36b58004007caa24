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
            let me = "/proc/self/exe"
            let trace = folder + "/run.trace"
            guard Child("clang", ["-O1", benchmarksFolder + "subject.c", "-o", "subject"], in: folder).succeeded else {
                return print("clang is needed to build what is recorded; it comes with Swift")
            }
            let recording = Child(
                "valgrind",
                [
                    "--tool=lackey", "--trace-mem=yes", "--trace-syscalls=yes", "--log-file=" + trace, "./subject",
                    folder + "/db",
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

    /// From the trace to the report that `run` prints.
    static func report(_ arguments: [String]) {
        guard let text = scenario(arguments[0]),
            case .success(let scenario) = ScenarioParser.parse(Array(text.utf8), name: "trace", rules: .machine),
            var session = try? Session(scenario)
        else { exit(1) }
        let report = TextReport(isASCII: false, isStyled: false)
        for line in report.heading(session) { print(line) }
        _ = session.run(limit: .max, keepsHistory: false) { conclusion, session in
            for line in report.lines(conclusion, in: session) { print(line) }
        }
        for line in report.closing(session) { print(line) }
    }

    private static func scenario(_ path: String) -> String? {
        var text = ""
        let options = ImportOptions(traceName: "run.trace")
        guard (try? importTrace(from: FilePath(path), options: options, into: &text)) != nil else { return nil }
        return text
    }
}
