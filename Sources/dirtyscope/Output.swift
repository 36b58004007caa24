import ArgumentParser
import SystemPackage

/// Standard output and error without the C library's streams.
enum Output {
    /// A reader that has gone away has seen enough: the program ends without a word, as it does
    /// where the signal for that is not ignored.
    static func write(_ text: String) throws {
        do {
            try FileDescriptor.standardOutput.writeAll(text.utf8)
        } catch Errno.brokenPipe {
            throw ExitCode.brokenPipe
        }
    }

    /// A message for people. Nothing can be done where even that fails.
    static func complain(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
    }
}

/// Collects lines and writes them in larger pieces.
struct LineWriter: ~Copyable {
    private var pending = ""

    mutating func line(_ text: String) throws {
        pending += text
        pending += "\n"
        if pending.utf8.count > 1 << 16 { try flush() }
    }

    mutating func flush() throws {
        if !pending.isEmpty { try Output.write(pending) }
        pending = ""
    }
}
