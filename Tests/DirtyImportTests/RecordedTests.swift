import DirtyScript
import Testing

@testable import DirtyImport

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Recorded traces")
struct RecordedTests {
    private static let root = String(
        #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined())

    private static func contents(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen("\(root)/\(path)", "rb"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes += buffer[..<count]
        }
        return bytes
    }

    @Test("The shipped scenarios are what their traces give", arguments: ["gdbm", "rrdtool", "lmdb"])
    func shipped(name: String) throws {
        let trace = try Self.contents("Tests/DirtyImportTests/Fixtures/\(name).trace")
        let demo = try Self.contents("Demos/recorded/\(name).demo")
        let (text, summary) = try Trace.scenario(of: trace)
        #expect(text == String(decoding: demo, as: UTF8.self))
        #expect(summary.warnings.isEmpty)
    }

    @Test("The simulator agrees with the recorded programs", arguments: ["gdbm", "rrdtool", "lmdb"])
    func simulated(name: String) throws {
        let demo = try Self.contents("Demos/recorded/\(name).demo")
        var session = try Session(ScenarioParser.parse(demo, name: name).get())
        var conclusions: [Conclusion] = []
        while !session.isAtEnd { try #require(session.advance(.script, &conclusions) == .moved) }
        #expect(session.progress.checks > 0)
        #expect(session.progress.failures == 0)
        // Only calls that succeeded are imported.
        #expect(conclusions.allSatisfy { $0.result.map { $0.outcome == .ok } ?? true })
    }

    @Test("The scenario does not depend on how the trace is cut into chunks")
    func chunks() throws {
        var trace = Trace.mapped(pages: 64, path: "a(b), c")
        trace.text +=
            "SYSCALL[7,1](56) sys_clone ( 1 )   clone(fork): process 7 created child 8\n --> [pre-success] Success(0x8) \n"
        trace.store(1, offset: 4092)
        trace.text +=
            "SYSCALL[8,1](26) sys_msync ( \(Trace.at(0)), 4096, 0x4 )I  0401,2\n[sync] --> Success(0x0) \n"
        trace.load(0)
        let whole = try trace.scenario()
        for size in 1...trace.text.utf8.count { #expect(try trace.scenario(chunk: size) == whole) }
    }

    @Test("A trace of any length needs one event for each page and sync")
    func bounded() throws {
        let trace = Trace.synthetic(accesses: 200_000)
        var importer = TraceImporter()
        try importer.feed(trace.span)
        #expect(importer.recorder.log.events.count == 4)
        var text = ""
        let summary = try importer.finish(into: &text)
        #expect(summary.stores == 25_000)
        #expect(summary.operations == 4)
    }
}
