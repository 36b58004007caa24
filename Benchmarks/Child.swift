// Programs that are run to be measured, each in a process of its own, so that its memory and its
// time are told from those of others.

import Glibc

/// What a program wrote, and what it took.
struct Child {
    let output: String
    let succeeded: Bool
    /// From its start to its end.
    let seconds: Double
    /// Of processor time.
    let processorSeconds: Double
    /// The most memory that it, or any process of its own, had at a time.
    let peakBytes: Int

    /// Runs a program in a folder, and waits for it.
    init(_ program: String, _ arguments: [String], in folder: String) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let outputPath = folder + "/output"
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        let here = open(".", O_RDONLY)
        defer {
            fchdir(here)
            close(here)
        }
        chdir(folder)
        let start = nanoseconds()
        var child: pid_t = 0
        var status: Int32 = -1
        var usage = rusage()
        if posix_spawnp(&child, program, &actions, nil, &words, environ) == 0 {
            while wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
        }
        seconds = Double(nanoseconds() - start) / 1e9
        succeeded = status == 0
        func value(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        processorSeconds = value(usage.ru_utime) + value(usage.ru_stime)
        peakBytes = usage.ru_maxrss * 1024
        output = contents(of: outputPath) ?? ""
    }

    /// The number in front of some words.
    func number(before words: String) -> Int? {
        for line in output.split(separator: "\n") where line.contains(words) {
            let parts = line.split(separator: " ")
            guard let first = parts.first, line.contains(first + " " + words) else { continue }
            return Int(first)
        }
        return nil
    }
}

/// A whole file as text.
func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += piece[..<count]
    }
}

/// A folder that is there as long as somebody works in it.
func withTemporaryFolder(_ body: (String) async -> Void) async {
    var name = Array("/var/tmp/dirtyscope-bench-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { return print("no folder below /var/tmp: \(String(cString: strerror(errno)))") }
    let path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    await body(path)
    _ = Child("rm", ["-rf", path], in: "/var/tmp")
}
