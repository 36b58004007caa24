import Foundation
import Glibc
import Testing

/// `attach` as a command: whoever runs it, on whatever kernel.
@Suite(.serialized) struct AttachTests {
    /// A program that stands still: it waits for input that never comes.
    private static func withIdleProgram<R>(_ body: (Int32) throws -> R) throws -> R {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { ends.forEach { close($0) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var child = pid_t()
        let name = strdup("/bin/cat")
        defer { free(name) }
        try #require(posix_spawn(&child, name!, &actions, nil, [name, nil], nil) == 0)
        defer {
            kill(child, SIGKILL)
            var status: Int32 = 0
            waitpid(child, &status, 0)
        }
        return try body(child)
    }

    @Test func `wrong usage is told`() throws {
        #expect(try Dirtyscope.run(["attach"]).status == 64)
        #expect(try Dirtyscope.run(["attach", "1", "--rate", "0"]).status == 64)
        #expect(try Dirtyscope.run(["attach", "1", "--rate", "61"]).status == 64)
        #expect(try Dirtyscope.run(["attach", "1", "--history", "1"]).status == 64)
        #expect(try Dirtyscope.run(["attach", "1", "--file", "/etc/passwd"]).status == 64)
    }

    @Test func `what is not there is told`() throws {
        let process = try Dirtyscope.run(["attach", "2147483646", "--once"])
        #expect(process.status == 66)
        #expect(process.errors.contains("there is no process 2147483646"))
        #expect(try Dirtyscope.run(["attach", "--file", "/nowhere\u{1b}[2J", "--once"]).status == 66)
        #expect(!(try Dirtyscope.run(["attach", "--file", "/nowhere\u{1b}[2J", "--once"]).errors.contains("\u{1b}")))
        #expect(try Dirtyscope.run(["attach", "--", "/nowhere/nothing"]).status == 66)
        #expect(try Dirtyscope.run(["attach", "1", "--once", "--record", "/nowhere/out"]).status != 0)
    }

    @Test func `one look prints a table, with what is not known and why`() throws {
        try Self.withIdleProgram { id in
            let run = try Dirtyscope.run(["attach", "\(id)", "--once", "--mapping", "/cat"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.lines.first == "process \(id)  cat")
            #expect(run.lines.contains { $0.contains("r-xp") && $0.contains("/cat") })
            for name in ["pte", "present", "folio", "cache", "smaps", "events"] {
                #expect(run.lines.contains { $0.hasPrefix(name + " ") })
            }
            #expect(run.lines.contains { $0.hasPrefix("events ") && $0.contains("not known: they come between two looks") && $0.contains("--samples 2") })
        }
    }

    @Test(.enabled(if: VerifyHost.isRoot, "only root can become somebody else"))
    func `an unprivileged user sees presence, and question marks`() throws {
        // It looks at itself: the shell's number becomes its own.
        let run = try Dirtyscope.run(
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh", "-c",
                "exec \"$0\" attach $$ --once --mapping /dirtyscope", Dirtyscope.path,
            ], program: "/usr/bin/setpriv")
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(run.lines.contains { $0.hasPrefix("pte ") && $0.contains("not known: BPF_") })
        #expect(run.lines.contains { $0.hasPrefix("folio ") && $0.contains("not known: /proc/kpageflags") })
        let entries = run.lines.filter { $0.contains(" p?????") }
        #expect(!entries.isEmpty, "\(run.text)")
        #expect(entries.allSatisfy { $0.contains("????????") && !$0.hasSuffix("CLEAN") })
    }

    @Test func `samples are JSON Lines, and the recording is played again`() throws {
        try Scratch.with { scratch in
            let path = scratch.path("recording")
            let run = try Dirtyscope.run([
                "attach", "--format", "json", "--rate", "60", "--mapping", "/true", "--record", path, "--", "/bin/true",
            ])
            #expect(run.status == 0, "\(run.errors)")
            let lines = try run.lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
            #expect(lines.first??["dirtyscope"] as? String == "live")
            #expect(lines.dropFirst().enumerated().allSatisfy { $1?["sample"] as? Int == $0 + 1 })
            let processes = lines.last??["processes"] as? [[String: Any]]
            #expect(processes?.first?["ended"] as? Bool == true, "the last look sees its end")
            #expect(FileManager.default.contents(atPath: path) == Data(run.output))

            let text = try Dirtyscope.run(["export", path, "--text", "-", "--size", "80x24"])
            #expect(text.status == 0, "\(text.errors)")
            #expect(text.lines.first?.contains("ENDED") == true)
            #expect(try Dirtyscope.run(["play", path, "--plain"]).status == 0)
            let cut = scratch.file("cut", Array(run.output.dropLast(20)))
            #expect(try Dirtyscope.run(["play", cut, "--plain"]).status == 0, "a recorder may be killed")
            let bad = scratch.file("bad", run.lines[0] + "\n{}\n")
            let complaint = try Dirtyscope.run(["play", bad])
            #expect(complaint.status == 65)
            #expect(complaint.errors.contains(":2: error: not a sample"))
        }
    }

    @Test func `the status of a program that was started is passed on`() throws {
        let run = try Dirtyscope.run(["attach", "--format", "json", "--", "/bin/sh", "-c", "echo out; exit 7"])
        #expect(run.status == 7)
        #expect(run.errors.contains("out"), "its output does not mix with the samples")
        #expect(run.lines.allSatisfy { $0.hasPrefix("{") })
    }

    @Test(.enabled(if: VerifyHost.isUsable, VerifyHost.why))
    func `a scenario is shown beside the machine`() throws {
        let run = try Dirtyscope.run(["attach", "--scenario", "Demos/basics/msync-after.demo", "--format", "text"])
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(run.lines.last == "both sides agree")
        #expect(run.lines.filter { $0.hasPrefix("line ") }.count == 6)
        #expect(!run.text.contains("*"))
        #expect(try Dirtyscope.run(["attach", "--scenario", "Demos/basics/msync-after.demo", "--format", "json"]).status == 64)
    }
}
