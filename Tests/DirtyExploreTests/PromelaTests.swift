import DirtyExplore
import DirtyMachine
import DirtyScript
import Foundation
import Testing

/// SPIN's opinion of the shipped races: the kernel is written down a second time there. It takes
/// SPIN and a C compiler (Debian: spin, gcc).
@Suite struct PromelaTests {
    private static let programs = ["/usr/bin/spin", "/usr/bin/gcc"]
    private static let canCheck = programs.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: canCheck), arguments: ShippedRace.all)
    func `SPIN says what explore says`(race: ShippedRace) throws {
        let found = try Self.errors(race.text, Explorer.Options())
        #expect(found == (race.verdict == "holds" ? 0 : 1))
        for remedy in race.remedies {
            let left = try Self.errors(race.text, ShippedRace.options(remedy))
            #expect(left == 0, "\(remedy)")
        }
    }

    /// Small races in which the second writing-down of the kernel once thought otherwise, and one of each
    /// verdict beside them.
    @Test(
        .enabled(if: canCheck),
        arguments: [
            ("2.6.20", "ext3 cached", "A fsync db\n  B pwrite db[0]", true),
            ("2.6.19", "ext3 cached", "A msync m sync\n  B pwrite db[0]", true),
            ("2.6.19", "ext3", "A write m[0]\n  strip db[0]", false),
            ("2.6.19", "ext3 cached", "A write m[0]\n  strip db[0]", false),
            ("2.6.20", "ext3 cached", "A write m[0]\n  strip db[0]", true),
        ])
    func `so it does on small ones`(_ kernel: String, _ kind: String, _ lines: String, _ holds: Bool) async throws {
        let text = """
            kernel \(kernel)
            file db 1 \(kind)
            process A
            process B
            A mmap m db rw shared
            race
              \(lines)
            end
            A fsync db
            """
        let found = await (try Explorer(try parse(text))).run()
        #expect((found.verdict == .holds) == holds)
        #expect(try Self.errors(text, Explorer.Options()) == (holds ? 0 : 1))
    }

    @Test(arguments: ShippedRace.all)
    func `each race has a model, the same twice`(race: ShippedRace) throws {
        let scenario = try parse(race.text)
        let model = try PromelaModel.text(scenario, options: Explorer.Options())
        let again = try PromelaModel.text(scenario, options: Explorer.Options())
        #expect(again == model)
        #expect(model.contains("init {"))
        let isPlain = model.allSatisfy(\.isASCII)
        #expect(isPlain)
    }

    @Test(
        arguments: [
            ("evict db[0]", "expect lost 0", "evict db[0]"),
            ("A read m[0]", "expect lost 0", "A read m[0]"),
            ("A write m[0]", "expect db[0] dirty", "expect db[0] dirty"),
            ("A write m[0]", "crash", "crash"),
        ])
    func `what the model does not know is refused by name`(_ line: String, _ tail: String, _ named: String) throws {
        let scenario = try parse(oneStore + "race\n\(line)\nend\n\(tail)\n")
        let problem = #expect(throws: Diagnostics.self) {
            try PromelaModel.text(scenario, options: Explorer.Options())
        }
        #expect(problem?.list.first?.message == "the Promela model does not know '\(named)'")
    }

    @Test(arguments: ["ext3 cached buffers=4", "nfs cached"])
    func `so are files that it does not know`(_ kind: String) throws {
        let text = "file db 1 \(kind)\nprocess A\nA mmap m db rw shared\nrace\nA write m[0]\nend\nexpect lost 0\n"
        #expect(throws: Diagnostics.self) {
            try PromelaModel.text(try parse(text), options: Explorer.Options())
        }
    }

    // MARK: SPIN

    /// How many errors SPIN finds in the model; it stops at the first.
    private static func errors(_ text: String, _ options: Explorer.Options) throws -> Int {
        let folder = FileManager.default.temporaryDirectory.appending(path: "promela-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let model = try PromelaModel.text(try parse(text), options: options)
        try model.write(to: folder.appending(path: "race.pml"), atomically: true, encoding: .utf8)
        _ = try run(programs[0], ["-a", "race.pml"], in: folder)
        _ = try run(programs[1], ["-O0", "-w", "-DSAFETY", "-DVECTORSZ=4096", "-o", "pan", "pan.c"], in: folder)
        let report = try run(folder.appending(path: "pan").path(), ["-m200000"], in: folder)
        try #require(!report.contains("max search depth too small"))
        let count = try #require(report.firstMatch(of: /errors: (\d+)/), "\(report)")
        return Int(count.1) ?? -1
    }

    private static func run(_ program: String, _ arguments: [String], in folder: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }
}
