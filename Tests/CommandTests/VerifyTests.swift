import DirtyScript
import Foundation
import Glibc
import Testing

/// What this machine lets `verify` do.
enum VerifyHost {
    private static let trial = try? Dirtyscope.run(["verify", "Demos/basics/fault-around.demo"])

    /// The kernel is the one that the model models, and children and files can be made.
    static let isUsable: Bool = {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return release.hasPrefix("6.18.") && trial.map { $0.status != 69 } ?? false
    }()
    static let isRoot = geteuid() == 0

    static let why: Comment = "this host is not a Linux 6.18 on which verify can run"
}

/// A bounded part of the comparison with the running kernel.
@Suite(.enabled(if: VerifyHost.isUsable, VerifyHost.why), .serialized)
struct VerifyTests {
    /// These must be carried out to their end; others may meet a line that no host can do.
    private static let executable: Set = [
        "Demos/basics/fault-around.demo", "Demos/basics/msync-after.demo",
        "Demos/basics/private-and-fork.demo", "Demos/basics/tmpfs.demo",
        "Demos/basics/truncate.demo", "Demos/recorded/gdbm.demo", "Demos/recorded/lmdb.demo",
        "Demos/recorded/rrdtool.demo", "Demos/basics/xfs.demo",
    ]

    @Test(arguments: Dirtyscope.demos)
    func `shipped scenarios agree with the kernel`(demo: String) throws {
        let run = try Dirtyscope.run(["verify", demo])
        let last = run.lines.last ?? ""
        if run.status == 65, !Self.executable.contains(demo) {
            #expect(last.hasPrefix("cannot be executed on a host: line "), "\(run.text)\(run.errors)")
        } else {
            #expect(run.status == 0, "\(run.text)\(run.errors)")
            #expect(last.hasPrefix("agrees: "))
        }
    }

    @Test func `random scenarios agree with the kernel`() throws {
        try Scratch.with { scratch in
            let output = scratch.path("differs.demo")
            let run = try Dirtyscope.run(["verify", "--random", "7000", "--count", "30", "-o", output])
            #expect(run.status == 0, "\(run.text)\(run.errors)")
            #expect(run.lines.last == "agrees")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
    }

    @Test(.enabled(if: VerifyHost.isRoot, "only root can become somebody else"))
    func `an unprivileged user needs no more`() throws {
        let run = try Dirtyscope.run(
            ["--reuid=65534", "--regid=65534", "--clear-groups", Dirtyscope.path, "verify", "-"],
            program: "/usr/bin/setpriv", input: Self.sample)
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(run.lines.contains { $0.hasPrefix("frames ") && $0.contains(" -  not compared: ") })
        #expect(run.lines.contains { $0.hasPrefix("ptes ") && $0.contains(" -  not compared: BPF_") })
        #expect(run.lines.contains { $0.hasPrefix("faults ") && $0.contains("getrusage") })
    }

    private static let sample = """
        file db 4 ext4 cached
        file s 4 tmpfs
        process A
        A mmap m db rw shared
        A mmap t s rw shared
        A read m[0]
        A write m[0]
        A write t[1]
        A msync m sync
        A write m[0]
        A fork B
        B read m[0]
        B write t[3]
        """

    // MARK: A model that is wrong is found out

    /// Faults show each of them, to somebody who sees no page table, too.
    @Test(arguments: ["fault-around=1", "mkclean-keeps-d=wrong", "mprotect-upgrade=none"])
    func `a wrong rule differs`(rule: String) throws {
        let text = """
            file db 4 ext4 cached
            process A
            A mmap m db rw shared
            A read m[0]
            A write m[0]
            A mprotect m r
            A mprotect m rw
            A write m[0]
            A msync m sync
            A mprotect m r
            A mprotect m rw
            A write m[0]
            """
        let right = try Dirtyscope.run(["verify", "-"], input: text)
        #expect(right.status == 0, "\(right.text)\(right.errors)")
        let wrong = try Dirtyscope.run(["verify", "-", "--rule", rule], input: text)
        #expect(wrong.status == 1, "\(wrong.text)\(wrong.errors)")
        #expect(wrong.lines.last?.hasPrefix("differs: line ") == true)
        #expect(wrong.text.contains("the run was repeated, and differed again"))
    }

    @Test func `a random scenario that differs is cut short and written`() throws {
        try Scratch.with { scratch in
            let output = scratch.path("differs.demo")
            let run = try Dirtyscope.run([
                "verify", "--random", "1", "--count", "40", "--rule", "fault-around=1", "-o", output,
            ])
            #expect(run.status == 1, "\(run.text)\(run.errors)")
            let text = try String(contentsOfFile: output, encoding: .utf8)
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            #expect(lines.count <= 6, "\(text)")
            // Programs learn its name from the summary.
            let json = try Dirtyscope.run([
                "verify", "--random", "1", "--count", "40", "--rule", "fault-around=1", "-o", output,
                "--format", "json",
            ])
            #expect(json.status == 1)
            #expect(json.lines.count == 1)
            let summary =
                try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any]
            #expect(summary?["verdict"] as? String == "differs")
            #expect(summary?["shortest"] as? String == output)
            // What was written shows the difference, and only with that rule.
            #expect(try Dirtyscope.run(["verify", output, "--rule", "fault-around=1"]).status == 1)
            #expect(try Dirtyscope.run(["verify", output]).status == 0)
        }
    }

    // MARK: Reports and ends

    @Test func `JSON Lines and a summary`() throws {
        let run = try Dirtyscope.run(["verify", "-", "--format", "json"], input: Self.sample)
        #expect(run.status == 0)
        let objects = try run.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.dropLast().allSatisfy { $0["kind"] as? String == "operation" })
        let summary = try #require(objects.last)
        #expect(summary["kind"] as? String == "summary")
        #expect(summary["verdict"] as? String == "agrees")
        #expect(summary["operations"] as? Int == objects.count - 1)
        #expect((summary["observables"] as? [[String: Any]])?.count == 12)
    }

    @Test func `what no host can execute ends with 65 and the line`() throws {
        let text = "file db 1 ext4 cached\nprocess A\nA pread db[0]\ncrash\n"
        let run = try Dirtyscope.run(["verify", "-"], input: text)
        #expect(run.status == 65)
        #expect(run.lines.last?.hasPrefix("cannot be executed on a host: line 4: ") == true)
        #expect(run.lines.last?.hasSuffix("(1 operations before it agree)") == true)
    }

    /// The line is that of the first process too many.
    @Test(arguments: [("", "process P", 32, 34), ("process P0\n", "P0 fork Q", 31, 34)])
    func `more processes than the supervisor can serve end with 65 and the line`(
        first: String, each: String, most: Int, line: Int
    ) throws {
        func text(_ count: Int) -> String {
            let lines = (0..<count).map { "\(each)\($0)\n" }
            return "file db 1 tmpfs\n" + first + lines.joined() + "P0 pread db[0]\n"
        }
        let fine = try Dirtyscope.run(["verify", "-"], input: text(most))
        #expect(fine.status == 0, "\(fine.text)\(fine.errors)")
        let run = try Dirtyscope.run(["verify", "-"], input: text(most + 1))
        #expect(run.status == 65, "\(run.text)\(run.errors)")
        #expect(
            run.lines.last?.hasPrefix(
                "cannot be executed on a host: line \(line): more than 32 processes") == true,
            "\(run.lines.last ?? "")")
    }

    @Test func `threads are threads`() throws {
        let text = """
            file db 4 ext4 cached
            process A
            thread A2 of A
            A mmap m db rw shared
            A2 write m[1]
            A write m[1]
            A2 fork B
            B read m[1]
            thread B2 of B
            B2 write m[2]
            A2 exit
            A read m[0]
            B mprotect m r
            B2 write m[2]
            B read m[0]
            """
        let run = try Dirtyscope.run(["verify", "-"], input: text)
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(run.lines.last?.hasPrefix("agrees: 11 operations") == true, "\(run.text)")
    }

    @Test func `a file on ramfs is executed, or refused by name`() throws {
        let text = """
            file r 4 ramfs cached
            process A
            A mmap m r rw shared
            A read m[1]
            A write m[1]
            A write m[2]
            A fsync r
            A write m[1]
            """
        let run = try Dirtyscope.run(["verify", "-"], input: text)
        if run.status == 65 {
            #expect(
                run.lines.last?.hasPrefix("cannot be executed on a host: line 1: ramfs has to be mounted: ")
                    == true)
        } else {
            #expect(run.status == 0, "\(run.text)\(run.errors)")
        }
    }

    @Test func `expectations are checked against the model`() throws {
        let text = "file db 1 ext4 cached\nprocess A\nA pread db[0]\nexpect value 5\n"
        let run = try Dirtyscope.run(["verify", "-"], input: text)
        #expect(run.status == 1)
        #expect(run.text.contains("FAIL line 4: expect value 5: found value 0"))
    }

    @Test(arguments: [["verify"], ["verify", "a", "--random", "1"], ["verify", "--random", "1", "--count", "0"]])
    func `wrong usage`(arguments: [String]) throws {
        #expect(try Dirtyscope.run(arguments).status == 64)
    }

    /// Whatever signal ends the program, no child and no file is left.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
    func `nothing is left after a signal`(signal: Int32) throws {
        try Scratch.with { scratch in
            // A shell has SIGINT ignored in what it runs in the background. Who is dead and not
            // waited for yet is dead all the same.
            let script = """
                TMPDIR="$1" env --default-signal=INT "$2" verify --random 1 --count 100000 \
                    -o "$1/x" > /dev/null 2>&1 &
                main=$!
                until children=$(pgrep -P $main) && [ -n "$children" ]; do :; done
                kill -\(signal) $main
                wait $main
                lives() { grep -qs '^State:[^Z]*$' "/proc/$1/status"; }
                for c in $children; do while lives $c; do :; done; done
                ls -A "$1" | grep dirtyscope-
                exit 0
                """
            let folder = scratch.path("tmp")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let run = try Dirtyscope.run(["-c", script, "sh", folder, Dirtyscope.path], program: "/bin/sh")
            #expect(run.status == 0)
            #expect(run.output.isEmpty, "\(run.text)")
        }
    }
}
