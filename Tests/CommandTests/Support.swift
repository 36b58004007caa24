import Foundation
import Glibc
import Synchronization
import Testing

/// How a run of the program ended, and what it wrote.
struct Finished {
    /// Exit status; 128 and the signal's number where a signal ended it, as shells say it.
    let status: Int32
    let output: [UInt8]
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// The program under test.
enum Dirtyscope {
    /// Built beside the running test.
    static let path: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!, $0.count)
        }
        let own = String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
        return URL(filePath: own).deletingLastPathComponent().path() + "dirtyscope"
    }()

    /// The checkout, found from this file.
    static let checkout = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path()

    /// The shipped scenarios, as paths from the checkout.
    static let demos: [String] = {
        let folder = checkout + "Demos"
        let paths = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".demo") }.sorted().map { "Demos/" + $0 }
    }()

    /// Where standard output goes.
    enum Sink { case file, closedPipe }

    /// One program is started at a time, so none inherits the pipe of another.
    private static let lock = Mutex(())

    /// Runs the program, or another one, in the checkout's folder and waits for its end. Output
    /// goes through files, which cannot fill up.
    static func run(
        _ arguments: [String], program: String = path, input: String = "", sink: Sink = .file,
        ignoresPipeSignal: Bool = false
    ) throws -> Finished {
        try Scratch.with { scratch in
            let source = scratch.file("input", input)
            let (output, errors) = (scratch.path("output"), scratch.path("errors"))
            let child = try lock.withLock { _ in
                var actions = posix_spawn_file_actions_t()
                posix_spawn_file_actions_init(&actions)
                defer { posix_spawn_file_actions_destroy(&actions) }
                posix_spawn_file_actions_addopen(&actions, 0, source, O_RDONLY, 0)
                posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o600)
                guard sink == .closedPipe else {
                    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
                    return try spawn([program] + arguments, &actions, ignoresPipeSignal)
                }
                var ends: [Int32] = [-1, -1]
                try #require(pipe(&ends) == 0)
                close(ends[0])
                defer { close(ends[1]) }
                posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
                posix_spawn_file_actions_addclose(&actions, ends[1])
                return try spawn([program] + arguments, &actions, ignoresPipeSignal)
            }
            return Finished(
                status: wait(for: child), output: contents(of: output),
                errors: String(decoding: contents(of: errors), as: UTF8.self))
        }
    }

    /// A shell chooses the folder, and is the only one that can hand down an ignored signal.
    private static func spawn(
        _ command: [String], _ actions: inout posix_spawn_file_actions_t, _ ignoresPipeSignal: Bool
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals start at their defaults, whatever the test runner was started with.
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        let script = (ignoresPipeSignal ? "trap '' PIPE; " : "") + "cd \"$0\" && exec \"$@\""
        let words = ["/bin/sh", "-c", script, checkout] + command
        let environment = ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "SWIFT_BACKTRACE=enable=no"]
        var child = pid_t()
        let result = withCStrings(words) { words in
            withCStrings(environment) { posix_spawn(&child, words[0]!, &actions, &attributes, words, $0) }
        }
        try #require(result == 0, "cannot start a shell")
        return child
    }

    private static func wait(for child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    private static func contents(of path: String) -> [UInt8] {
        FileManager.default.contents(atPath: path).map(Array.init) ?? []
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
    ) -> R {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }
}

/// A folder for one test, removed at its end.
struct Scratch {
    let folder: String

    static func with<R>(_ body: (Scratch) throws -> R) throws -> R {
        let folder = NSTemporaryDirectory() + "/dirtyscope-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(Scratch(folder: folder))
    }

    func path(_ name: String) -> String { folder + "/" + name }

    /// Writes a file and returns its path.
    func file(_ name: String, _ text: String) -> String { file(name, Array(text.utf8)) }

    func file(_ name: String, _ bytes: [UInt8]) -> String {
        #expect(FileManager.default.createFile(atPath: path(name), contents: Data(bytes)))
        return path(name)
    }
}
