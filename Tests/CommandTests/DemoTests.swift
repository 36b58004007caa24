import DirtyScript
import Foundation
import Testing

/// Every shipped scenario checks itself; here they all do.
@Suite struct DemoTests {
    @Test(arguments: Dirtyscope.demos)
    func `runs as text`(demo: String) throws {
        let run = try Dirtyscope.run(["run", demo])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(!run.text.contains("FAIL"))
    }

    /// Each line is an object of its own, and the same scenario gives the same bytes twice.
    @Test(arguments: Dirtyscope.demos)
    func `runs as JSON Lines, the same twice`(demo: String) throws {
        let run = try Dirtyscope.run(["run", demo, "--format", "json"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        for line in run.lines {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            #expect(object is [String: Any])
        }
        let again = try Dirtyscope.run(["run", "--format=json", demo])
        #expect(again.output == run.output)
    }

    @Test func `are all listed, with their titles`() throws {
        let run = try Dirtyscope.run(["demos"])
        #expect(run.status == 0)
        for demo in Dirtyscope.demos {
            let listed = run.lines.filter { $0.hasPrefix("  \(demo) ") }
            #expect(listed.count == 1, "\(demo)")
            let title = try #require(try title(of: demo), "\(demo) has no title")
            #expect(listed.first?.hasSuffix("  " + title) == true)
        }
        let groups = run.lines.filter { !$0.hasPrefix(" ") }
        #expect(groups.starts(with: ["basics", "review", "bugs"]))
    }

    /// Whoever reads the list downwards meets what goes wrong, and then the answer to it.
    @Test func `stand in the list by number, what goes wrong before what is right`() throws {
        try Scratch.with { scratch in
            for folder in ["Demos/basics", "Demos/bugs"] {
                try FileManager.default.createDirectory(
                    atPath: scratch.path(folder), withIntermediateDirectories: true)
            }
            for name in ["xfs", "first-store", "msync-before", "msync-after"] {
                _ = scratch.file("Demos/basics/\(name).demo", "expect invariants\n")
            }
            for name in ["b02-a-fix", "b01-fix", "b10-fix"] {
                _ = scratch.file("Demos/bugs/\(name).demo", "expect invariants\n")
            }
            for name in ["b01-wrong", "b10-late", "b10-early", "b02-wrong"] {
                _ = scratch.file("Demos/bugs/\(name).demo", "title \"Wrong\"\n")
            }
            let run = try Dirtyscope.run(
                ["DIRTYSCOPE_DEMOS=" + scratch.path("Demos"), Dirtyscope.path, "demos"],
                program: "/usr/bin/env")
            let names = run.lines.filter { $0.hasPrefix("  ") }.compactMap {
                $0.split(separator: " ").first?.split(separator: "/").last.map { String($0.dropLast(5)) }
            }
            #expect(
                names == [
                    "first-store", "msync-before", "msync-after", "xfs", "b01-wrong", "b01-fix",
                    "b02-wrong", "b02-a-fix", "b10-early", "b10-late", "b10-fix",
                ])
        }
    }

    /// Every basic demo has its place in the course, behind what it builds on.
    @Test func `of the basics make a course`() throws {
        let basics = try Dirtyscope.run(["demos"]).lines.compactMap { line -> String? in
            guard let path = line.split(separator: " ").first, path.contains("/basics/") else { return nil }
            return path.split(separator: "/").last.map { String($0.dropLast(5)) }
        }
        #expect(basics.count == Dirtyscope.demos.count { $0.contains("/basics/") })
        #expect(basics.first == "first-store")
        for (earlier, later) in [
            ("dirty-limit", "dirty-limit-forgotten"), ("msync-before", "msync-after"), ("poke-2.6.20", "poke"),
            ("first-store", "populate"), ("two-processes", "threads"), ("tmpfs", "ramfs"),
        ] {
            let places = try (#require(basics.firstIndex(of: earlier)), #require(basics.firstIndex(of: later)))
            #expect(places.0 < places.1, "\(earlier) \(later)")
        }
        // What is not in the course would come last, in the order of the names.
        #expect(basics.last == "pins")
    }

    /// The rule of the list finds the answers by their last word.
    @Test func `that go wrong have an answer behind them`() throws {
        let listed = try Dirtyscope.run(["demos"]).lines.compactMap {
            $0.split(separator: " ").first.map(String.init)
        }
        let bugs = listed.filter { $0.contains("/bugs/") }
        let numbers = bugs.map { $0.split(separator: "/").last!.prefix(3) }
        #expect(numbers == numbers.sorted())
        for number in Set(numbers) {
            let last = try #require(bugs.last { $0.contains("/\(number)-") })
            let statements = try scenario(last).statements
            #expect(statements.contains { $0.command == .expect(.invariant(nil)) }, "\(last)")
        }
    }

    @Test func `pass check`() throws {
        let run = try Dirtyscope.run(["check"] + Dirtyscope.demos)
        #expect(run.status == 0)
        #expect(run.lines.count == Dirtyscope.demos.count)
        for (line, demo) in zip(run.lines, Dirtyscope.demos) { #expect(line.hasPrefix("\(demo): ok")) }
    }

    /// The program is copied to PREFIX/bin; what it finds depends on where it and its reader are.
    @Test func `demos are found in an installation, and above the current folder`() throws {
        try Scratch.with { scratch in
            for folder in ["bin", "share/dirtyscope/Demos/basics"] {
                try FileManager.default.createDirectory(
                    atPath: scratch.path(folder), withIntermediateDirectories: true)
            }
            let program = scratch.path("bin/dirtyscope")
            // Another process copies: a program that is open for writing anywhere does not start.
            #expect(try Dirtyscope.run([Dirtyscope.path, program], program: "/bin/cp").status == 0)
            _ = scratch.file("share/dirtyscope/Demos/basics/one.demo", "title \"Installed\"\n")
            let installed = try Dirtyscope.run(["demos"], program: program)
            #expect(installed.lines.count == 2, "\(installed.status) \(installed.errors)")
            #expect(installed.text.contains("Installed"))
            // Without it, those of the checkout, in which the tests run.
            try FileManager.default.removeItem(atPath: scratch.path("share"))
            let here = try Dirtyscope.run(["demos"], program: program)
            #expect(here.text.contains("Demos/basics/first-store.demo"))
        }
    }

    /// A caption fits four lines of 72 columns, so that it can be read at a glance. Recorded
    /// scenarios have captions of their own.
    @Test(arguments: Dirtyscope.demos.filter { !$0.contains("recorded") })
    func `has short captions and checks itself`(demo: String) throws {
        let scenario = try scenario(demo)
        var checks = 0
        for statement in scenario.statements {
            switch statement.command {
            case .say(let text):
                let lines = wrap(text, 72)
                #expect((1...4).contains(lines.count), "line \(statement.location.line)")
                #expect(text.allSatisfy { $0.isASCII }, "line \(statement.location.line)")
            case .chapter(let title):
                #expect(title.count <= 40, "line \(statement.location.line)")
            case .expect: checks += 1
            default: break
            }
        }
        #expect(checks > 0)
        #expect(scenario.title.count <= 56)
    }

    private func title(of demo: String) throws -> String? { try scenario(demo).title }

    private func scenario(_ demo: String) throws -> Scenario {
        let bytes = try #require(FileManager.default.contents(atPath: Dirtyscope.checkout + demo))
        return try ScenarioParser.parse(Array(bytes), name: demo, rules: .machine).get()
    }
}
