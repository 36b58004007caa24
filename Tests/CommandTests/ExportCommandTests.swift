import Foundation
import Testing

@Suite struct ExportCommandTests {
    private static let demo = "Demos/basics/first-store.demo"

    @Test func `all outputs come from one run, the same each time`() throws {
        func export() throws -> [[UInt8]] {
            try Scratch.with { scratch in
                let names = ["svg", "text", "cast", "html"]
                let options = names.flatMap { ["--\($0)", scratch.path($0)] }
                let run = try Dirtyscope.run(["export", Self.demo, "--size", "80x24"] + options)
                #expect(run.status == 0 && run.output == [] && run.errors == "")
                return names.map { FileManager.default.contents(atPath: scratch.path($0)).map(Array.init) ?? [] }
            }
        }
        let first = try export()
        #expect(first.allSatisfy { !$0.isEmpty })
        #expect(try export() == first)
    }

    @Test func `a moment and a place can be named`() throws {
        let text = try Dirtyscope.run([
            "export", Self.demo, "--text", "-", "--at", "41", "--focus", "A m[1]", "--focus", "calls", "--size", "80x24",
        ]).text
        #expect(text.contains("step 41/113"))
        #expect(text.contains("►  1 ..e000"))
        let svg = try Dirtyscope.run(["export", Self.demo, "--svg", "-", "--at", "41"]).text
        #expect(svg.contains("<desc>dirtyscope play \(Self.demo) --at 41</desc>"))
    }

    @Test(arguments: [
        (["--at", "3"], 64, "one of --svg"),
        (["--text", "-", "--focus", "nosuch"], 64, "or a pane: vmas, pages"),
        (["--text", "-", "--focus", "A m[99]"], 64, "--focus: "),
        (["--text", "-", "--at", "-1"], 64, "--at"),
        (["--text", "-", "--at", "9999"], 64, "--at 9999: the scenario ends after 113 steps"),
        (["--svg", "-", "--every", "command"], 64, "--every is for --cast and --html"),
        (["--cast", "-", "--cast-version", "4"], 64, "cast-version"),
        (["--svg", "/nonexistent/x.svg"], 73, "cannot write"),
        (["--promela", "-"], 65, "there is nothing to explore"),
    ])
    func `what cannot be is told`(options: [String], status: Int32, reason: String) throws {
        let run = try Dirtyscope.run(["export", Self.demo] + options)
        #expect(run.status == status)
        #expect(run.errors.contains(reason), "\(run.errors)")
    }

    @Test func `a race is a model for SPIN`() throws {
        let race = "Demos/races/b06-fault-in-the-gap.demo"
        let wrong = try Dirtyscope.run(["export", race, "--promela", "-"])
        let right = try Dirtyscope.run(
            ["export", race, "--promela", "-", "--rule", "fault-waits-page-lock=right"])
        #expect(wrong.status == 0 && right.status == 0)
        #expect(wrong.lines.contains("#define FAULT_WAITS 0"))
        #expect(right.lines.contains("#define FAULT_WAITS 1"))
        #expect(wrong.text.contains("/* 17: A write m[0] */"))
    }

    private static let asciinema = ["/usr/bin/asciinema", "/usr/local/bin/asciinema"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    /// It wants a terminal of its own.
    private static let script = "/usr/bin/script"
    private static let canPlay = asciinema != nil && FileManager.default.isExecutableFile(atPath: script)

    @Test(.enabled(if: canPlay, "asciinema or script is not installed"))
    func `asciinema reads the casts`() throws {
        try Scratch.with { scratch in
            let cast = scratch.path("a.cast")
            _ = try Dirtyscope.run(["export", Self.demo, "--cast", cast, "--every", "command"])
            #expect(
                try Dirtyscope.run(["-qec", "LC_ALL=C.UTF-8 TERM=xterm ASCIINEMA_CONFIG_HOME='\(scratch.folder)' \(Self.asciinema!) cat '\(cast)'", "/dev/null"], program: Self.script).status == 0)
        }
    }
}
