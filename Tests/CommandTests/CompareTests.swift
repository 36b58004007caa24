import Foundation
import Testing

/// One scenario under several kernels, headless.
@Suite struct CompareTests {
    private let demo = "Demos/basics/first-store.demo"

    @Test func `the table shows what the patch bought`() throws {
        let run = try Dirtyscope.run(["compare", demo, "--kernels", "2.6.18,2.6.19"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        // The store that 2.6.18 does not notice, and the fsync that has nothing to write there.
        #expect(run.lines.contains { $0.matches("A write m\\[0\\] +- +0 +- +1 +1 +- \\*") })
        #expect(run.lines.contains { $0.matches("A fsync db +- +0 +- +- +0 +2 \\*") })
        #expect(run.lines.contains { $0.matches("db\\[0\\] disk +0 +2 +\\*") })
        #expect(run.lines.contains { $0.matches("pages written to disk +0 +2 +\\*") })
        #expect(run.lines.allSatisfy { $0.count <= 80 })
    }

    @Test func `the same scenario under kernels that agree has no marks`() throws {
        let scenario = "file f 2 tmpfs cached\nprocess A\nA mmap m f rw shared\nA write m[0]\nA munmap m\n"
        let run = try Dirtyscope.run(["compare", "-", "--kernels", "2.6.19,2.6.20"], input: scenario)
        #expect(run.status == 0)
        #expect(!run.lines.dropLast().contains { $0.hasSuffix("*") })
    }

    @Test func `JSON Lines, one object a command, and a summary`() throws {
        let run = try Dirtyscope.run(["compare", demo, "--kernels", "2.6.18,2.6.19", "--format", "json"])
        #expect(run.status == 0)
        let objects = try run.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let store = try #require(objects.first { $0["command"] as? String == "A write m[0]" })
        let kernels = try #require(store["kernels"] as? [String: [String: Any]])
        #expect(kernels["2.6.18"]?["nr_dirty"] as? Int == 0)
        #expect(kernels["2.6.19"]?["nr_dirty"] as? Int == 1)
        #expect(store["same"] as? Bool == false)
        #expect(objects.last?["kind"] as? String == "summary")
        let checks = objects.filter { $0["kind"] as? String == "expect" }
        #expect(!checks.isEmpty)
        for check in checks where (check["differences"] as? [Any])?.isEmpty == true {
            let kernels = try #require(check["kernels"] as? [String: [String: Any]])
            let verdicts = Set(kernels.values.map { $0["passed"] as? Bool })
            #expect(check["same"] as? Bool == (verdicts.count == 1))
        }
    }

    @Test func `a kernel that cannot follow stays behind, the others go on, and the status is 1`() throws {
        let run = try Dirtyscope.run(
            ["compare", "Demos/bugs/b01-december-2006.demo", "--kernels", "2.6.18,2.6.19,2.6.20"])
        #expect(run.status == 1)
        #expect(run.lines.contains("2.6.18 cannot go on: 'W' ends without coming to page_mkclean"))
        // A kernel that stopped has no totals.
        #expect(run.lines.contains { $0.matches("^faults, in all +\\? +[0-9]") })
        #expect(run.lines.contains { $0.matches("^stores lost +\\? +1 +0 +\\*") })
    }

    @Test func `a kernel beside itself with a switch turned`() throws {
        let run = try Dirtyscope.run(
            [
                "compare", "Demos/bugs/b01-december-2006.demo", "--kernels",
                "2.6.19,2.6.19+mkclean-result-used=right",
            ])
        #expect(run.status == 0)
        #expect(run.lines.contains("2.6.19+ is 2.6.19 with mkclean-result-used=right"))
        #expect(run.lines.contains { $0.matches("^stores lost +1 +0 +\\*") })
    }

    @Test func `the totals of a kernel that stopped are null`() throws {
        let run = try Dirtyscope.run(
            ["compare", "Demos/bugs/b01-december-2006.demo", "--kernels", "2.6.18,2.6.19", "--format", "json"])
        #expect(run.status == 1)
        let summary = try #require(run.lines.last)
        #expect(summary.contains(#""expectations":null,"failed":null,"lost":null"#))
        #expect(summary.contains(#""lost":1"#))
    }

    @Test func `what has come to differ is not the same`() throws {
        let run = try Dirtyscope.run(["compare", demo, "--kernels", "2.6.18,2.6.19", "--format", "json"])
        let load = try #require(run.lines.first { $0.contains(#""command":"A read m[0]""#) })
        #expect(load.contains(#""same":false,"differences":[{"subject":"A m[0]""#))
        #expect(run.lines.contains { $0.contains(#""same":true,"differences":[]"#) })
        #expect(!run.lines.contains { $0.contains(#""same":true,"differences":[{"#) })
    }

    @Test func `every kernel at once`() throws {
        let kernels = ["2.6.18", "as-posted", "2.6.19", "2.6.20", "6.18"]
        let run = try Dirtyscope.run(["compare", demo, "--kernels", kernels.joined(separator: ",")])
        #expect(run.status == 0)
        #expect(run.lines.contains { $0.split(separator: " ").map(String.init) == kernels })
        #expect(run.lines.contains { $0.matches("^pages written to disk +0( +2){4} +\\*") })
    }

    @Test(arguments: [
        ("2.6.18", "2.6.18 alone cannot be compared; name 2 kernels or more"),
        ("2.6.18,2.6.19+x", "'x' behind 2.6.19 is no switch; expected NAME=VALUE"),
        ("2.6.18,2.6.19,2.6.18", "2.6.18 is named twice"),
        ("2.6.18,2.6.81", "unknown kernel '2.6.81'; did you mean '2.6.18'?"),
        ("2.6.18,nonsense", "unknown kernel 'nonsense'; expected 2.6.18, as-posted, 2.6.19, 2.6.20, 6.18"),
        ("", "a kernel's name is missing; expected 2.6.18"),
        ("2.6.18,", "a kernel's name is missing; expected 2.6.18"),
        (Array(repeating: "6.18", count: 9).joined(separator: ","), "these are 9 kernels; 8 at most can be compared"),
    ])
    func `64 for kernels that cannot be compared, and why`(kernels: String, why: String) throws {
        let run = try Dirtyscope.run(["compare", demo, "--kernels", kernels])
        #expect(run.status == 64)
        #expect(run.errors.contains(why), "\(run.errors)")
    }

    @Test func `64 for a switch that is turned twice, by name`() throws {
        let kernels = "2.6.19,2.6.20+mkclean-flush=wrong+mkclean-flush=right"
        let run = try Dirtyscope.run(["compare", demo, "--kernels", kernels])
        #expect(run.status == 64)
        #expect(run.errors.contains("--kernels turns the switch 'mkclean-flush' of 2.6.20 twice"))
    }

    @Test func `65 and 66 as for run`() throws {
        #expect(try Dirtyscope.run(["compare", "-", "--kernels", "2.6.18,6.18"], input: "nonsense\n").status == 65)
        #expect(try Dirtyscope.run(["compare", "/nonexistent", "--kernels", "2.6.18,6.18"]).status == 66)
    }
}

extension String {
    fileprivate func matches(_ pattern: String) -> Bool {
        range(of: pattern, options: .regularExpression) != nil
    }
}
