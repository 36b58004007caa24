import ArgumentParser
import DirtyScript
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

    /// Writes a file that the user asked for; a complaint and an exit status where that fails.
    static func write(_ text: String, to path: String) throws {
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch let error as Errno {
            complain("dirtyscope: cannot write '\(printable(path))': \(error)")
            throw ExitCode.cannotCreate
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
