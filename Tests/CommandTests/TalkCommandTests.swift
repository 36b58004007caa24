import DirtyView
import Foundation
import Glibc
import TerminalTestSupport
import Testing

/// A talk on one terminal, and the speaker's notes on another.
@Suite(.serialized) struct TalkCommandTests {
    private static let scenario = """
        title "A talk"
        kernel 2.6.19
        file db 1 ext3 cached
        process A
        note "Say who you are."
        say "A maps a file."
        note "Ask who knows mmap."
        A mmap m db rw shared
        predict faults
        A read m[0]
        say "It has a PTE now."
        """

    /// A private runtime directory, and a scenario beside it.
    private func withStage(_ body: (_ runtime: String, _ file: String) throws -> Void) throws {
        try Scratch.with { scratch in
            let runtime = scratch.path("run")
            #expect(mkdir(runtime, 0o700) == 0)
            try body(runtime, scratch.file("talk.demo", Self.scenario))
        }
    }

    private func start(_ arguments: [String], _ runtime: String, size: Size = Size(80, 24)) throws -> Pty {
        try Pty(
            [Dirtyscope.path] + arguments + ["--test-sync-fd", "\(Pty.syncDescriptor)"],
            environment: [
                "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": runtime,
                "SWIFT_BACKTRACE": "enable=no",
            ], size: size)
    }

    private func left(_ runtime: String) -> [String] { FileManager.default.subpaths(atPath: runtime) ?? [] }

    @Test func `the notes follow the talk, in whichever order they are started`() throws {
        try withStage { runtime, file in
            let early = try start(["notes"], runtime)
            try early.wait(forText: "waiting for a talk")
            let talk = try start(["play", "--present", file], runtime)
            try talk.nextFrame()
            #expect(talk.screen.text.contains("1/3"))
            try early.wait(forTexts: "beat 1/3", "Say who you are.", "A maps a file.")
            let late = try start(["notes", file, "--minutes", "5"], runtime)
            try late.wait(forTexts: "beat 1/3", "left 4:5")
            // What a remote sends for its forward and its backward button.
            talk.send(Array("\u{1b}[6~".utf8))
            for notes in [early, late] { try notes.wait(forTexts: "beat 2/3", "Ask who knows mmap.", "It has a PTE now.") }
            talk.type("b")
            try early.wait(forText: "blank")
            talk.type("b")
            talk.send(Array("\u{1b}[5~".utf8))
            for notes in [early, late] { try notes.wait(forTexts: "beat 1/3", "Say who you are.") }
            // The folder is the user's alone.
            #expect(try FileManager.default.attributesOfItem(atPath: runtime + "/dirtyscope")[.posixPermissions] as? Int == 0o700)
            late.type("q")
            #expect(try late.waitForEnd() == .exit(0))
            talk.type("q")
            try early.wait(forText: "the talk has ended")
            #expect(left(runtime) == [])
            talk.type("q")
            #expect(try talk.waitForEnd() == .exit(0))
            early.type("q")
            #expect(try early.waitForEnd() == .exit(0))
        }
    }

    @Test func `notes of another scenario wait`() throws {
        try withStage { runtime, file in
            let talk = try start(["play", "--present", file], runtime)
            try talk.nextFrame()
            let notes = try start(["notes", Pty.demo], runtime)
            try notes.wait(forText: "waiting for a talk")
            notes.type("q")
            talk.type("qq")
            #expect(try talk.waitForEnd() == .exit(0))
            #expect(left(runtime) == [])
        }
    }

    @Test(arguments: [SIGTERM, SIGHUP]) func `a talk that is told to end leaves nothing behind`(signal: Int32) throws {
        try withStage { runtime, file in
            let talk = try start(["play", "--present", file], runtime)
            try talk.nextFrame()
            #expect(!left(runtime).isEmpty)
            talk.signal(signal)
            _ = try talk.waitForEnd()
            #expect(left(runtime) == [])
        }
    }

    @Test func `what a killed talk has left is taken for what it is, and removed`() throws {
        try withStage { runtime, file in
            let talk = try start(["play", "--present", file], runtime)
            try talk.nextFrame()
            let notes = try start(["notes"], runtime)
            try notes.wait(forText: "beat 1/3")
            talk.signal(SIGKILL)
            _ = try talk.waitForEnd()
            try notes.wait(forText: "the talk has ended")
            #expect(left(runtime) == [])
            // The next talk is followed again.
            let next = try start(["play", "--present", file], runtime)
            try notes.wait(forText: "beat 1/3")
            next.type("qq")
            notes.type("q")
            #expect(try next.waitForEnd() == .exit(0))
            #expect(try notes.waitForEnd() == .exit(0))
        }
    }

    @Test func `rubbish in the folder stops nobody`() throws {
        try withStage { runtime, file in
            #expect(mkdir(runtime + "/dirtyscope", 0o700) == 0)
            for (name, text) in [("1.lock", ""), ("1.talk", "rubbish"), ("x.lock", ""), ("2.talk", "\u{1b}[2J")] {
                #expect(FileManager.default.createFile(atPath: runtime + "/dirtyscope/" + name, contents: Data(text.utf8)))
            }
            let notes = try start(["notes"], runtime)
            try notes.wait(forText: "waiting for a talk")
            let talk = try start(["play", "--present", file], runtime)
            try notes.wait(forText: "beat 1/3")
            #expect(notes.screen.unknown == [])
            notes.type("q")
            talk.type("qq")
            #expect(try talk.waitForEnd() == .exit(0))
        }
    }

    @Test func `where no file can be made the talk goes on without followers`() throws {
        try withStage { runtime, file in
            #expect(FileManager.default.createFile(atPath: runtime + "/dirtyscope", contents: Data()))
            let talk = try start(["play", "--present", file], runtime)
            try talk.nextFrame()
            talk.type("n")
            try talk.wait(forText: "2/3")
            talk.type("qq")
            #expect(try talk.waitForEnd() == .exit(0))
        }
    }

    @Test func `without a terminal the notes say so`() throws {
        let notes = try Dirtyscope.run(["notes"])
        #expect(notes.status == 69)
        #expect(notes.errors.contains("needs a terminal"))
        #expect(try Dirtyscope.run(["play", "--present"]).status == 64)
    }

    // MARK: Questions

    @Test func `questions are asked, and the score is printed and written`() throws {
        try withStage { runtime, file in
            let report = runtime + "/score.json"
            let pty = try start(["play", "--quiz", "--report", report, file], runtime)
            try pty.nextFrame()
            pty.type("G")
            try pty.wait(forTexts: "Question 1", "How many page faults?")
            pty.type("b")
            try pty.wait(forTexts: "Right", "<- right")
            pty.type("G")
            try pty.wait(forText: "Your score")
            pty.type("qq")
            try pty.wait(forText: "1 of 1 right")
            #expect(try pty.waitForEnd() == .exit(0))
            #expect(try String(contentsOfFile: report, encoding: .utf8).contains("\"asked\":1,\"right\":1,"))
        }
    }

    @Test func `on paper the questions are the same`() throws {
        try withStage { runtime, file in
            let report = runtime + "/score.json"
            let right = try Dirtyscope.run(["play", "--quiz", "--report", report, file], input: "b\n")
            #expect(right.status == 0)
            #expect(right.text.contains("Question 1: How many page faults?  A read m[0]\n  a) 0\n  b) 1\n"))
            #expect(right.lines.contains("A talk  (kernel 2.6.19, seed 0): 1 of 1 right"))
            #expect(try String(contentsOfFile: report, encoding: .utf8).contains("\"chosen\":1,\"right\":true}]}"))
            let wrong = try Dirtyscope.run(["play", "--quiz", "--plain", file], input: "what?\na\n")
            #expect(wrong.text.contains("a, b, c, d, or an empty line"))
            #expect(wrong.text.contains("wrong: 1"))
            #expect(wrong.lines.contains("A talk  (kernel 2.6.19, seed 0): 0 of 1 right"))
            let nothing = try Dirtyscope.run(["play", "--quiz", file])
            #expect(nothing.lines.contains("A talk  (kernel 2.6.19, seed 0): 0 of 1 right, 1 left out"))
        }
    }

    @Test func `every seed is another lesson, and the same one each time`() throws {
        let runs = try (1...8).map { try Dirtyscope.run(["play", "--quiz", "--seed", "\($0)"], input: "") }
        #expect(runs.allSatisfy { $0.status == 0 && $0.text.contains("Question 5") })
        #expect(Set(runs.map(\.text)).count == runs.count)
        #expect(try Dirtyscope.run(["play", "--quiz", "--seed", "3"], input: "").text == runs[2].text)
        let varied = try Dirtyscope.run(["play", "--quiz", "--seed", "3", Pty.demo], input: "")
        #expect(varied.text.contains("variant 3"))
    }

    @Test(arguments: [["--seed", "1"], ["--report", "x"], ["--quiz"]]) func `what does not go together is refused`(
        arguments: [String]
    ) throws {
        #expect(try Dirtyscope.run(["play"] + arguments).status == 64)
    }
}
