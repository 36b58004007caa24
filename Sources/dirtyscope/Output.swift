import ArgumentParser
import DirtyScript
import Glibc
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
        } catch let error as Errno {
            complain("dirtyscope: cannot write: \(error)")
            throw ExitCode.ioError
        }
    }

    /// Writes a file that the user asked for, `-` standard output; a complaint and an exit status where that
    /// fails.
    static func write(_ text: String, to path: String) throws {
        if path == "-" { return try write(text) }
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

    /// That a file can be written later, and is not the one that is read. A file that was not there is not
    /// there afterwards either.
    static func makeSure(of path: String, isNot input: String) throws {
        if path == "-" { return }
        let wasThere = access(path, F_OK) == 0
        var (one, other) = (stat(), stat())
        if wasThere, input != "-", stat(path, &one) == 0, stat(input, &other) == 0, one.st_dev == other.st_dev,
            one.st_ino == other.st_ino
        {
            complain("dirtyscope: '\(printable(path))' is the scenario itself")
            throw ExitCode.cannotCreate
        }
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create], permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.close()
        } catch let error as Errno {
            complain("dirtyscope: cannot write '\(printable(path))': \(error)")
            throw ExitCode.cannotCreate
        }
        if !wasThere { unlink(path) }
    }

    /// Descriptors 0 to 2 are taken, whatever the program was started with: otherwise a file that it
    /// opens later would be taken for the output.
    static func reserveStandardDescriptors() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one. Reading from or writing to it fails, as before.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Whether the reader's character set is UTF-8, as far as the environment tells.
    static var isUTF8: Bool {
        let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first ?? ""
        return name.lowercased().replacing("-", with: "").contains("utf8")
    }

    /// Whether standard output is a terminal that bold letters can be sent to.
    static var isStyled: Bool {
        let terminal = variable("TERM") ?? "dumb"
        return isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR") == nil && terminal != "dumb"
    }

    /// An environment variable that is set and not empty.
    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// A message for people. Nothing can be done where even that fails.
    static func complain(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
    }
}

/// Collects lines and writes them in larger pieces.
struct LineWriter: ~Copyable {
    private var pending = ""
    /// Somebody who watches sees each line as it comes; a program gets larger pieces.
    private let limit = isatty(STDOUT_FILENO) == 1 ? 0 : 1 << 16

    mutating func line(_ text: String) throws {
        pending += text
        pending += "\n"
        if pending.utf8.count > limit { try flush() }
    }

    mutating func flush() throws {
        if !pending.isEmpty { try Output.write(pending) }
        pending = ""
    }
}
