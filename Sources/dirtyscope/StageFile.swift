import DirtyScript
import DirtyView
import Glibc
import SystemPackage

// Where a talk stands, for a second terminal: a small file in a private folder of the user's
// runtime directory. Beside it lies a file that the talk keeps locked as long as it lives, so that
// nobody follows a talk that has crashed. Whoever finds what is left of such a one removes it.

/// The folder of the talks under way.
struct StageFolder {
    let path: String

    /// `XDG_RUNTIME_DIR/dirtyscope`, or a private folder in /tmp; nil where neither can be had.
    init?() {
        if let runtime = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), runtime.hasPrefix("/") {
            path = runtime + "/dirtyscope"
        } else {
            path = "/tmp/dirtyscope-\(getuid())"
        }
    }

    /// Makes it; false if it is not the user's own alone.
    func create() -> Bool {
        _ = mkdir(path, 0o700)
        return isPrivate
    }

    private var isPrivate: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == getuid()
            && status.st_mode & 0o077 == 0
    }

    /// The talks under way, by the number of their process, the one that began last at the end.
    func talks() -> [Talk] {
        guard isPrivate, let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var talks: [Talk] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".lock"), let number = Int32(name.dropLast(5)) else { continue }
            if isLocked(name) {
                if let talk = talk(number) { talks.append(talk) }
            } else {
                remove(number)
            }
        }
        return talks.sorted { $0.began < $1.began }
    }

    private func isLocked(_ name: String) -> Bool {
        let file = open(path + "/" + name, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    private func talk(_ number: Int32) -> Talk? {
        guard let text = Self.contents(path + "/\(number).talk") else { return nil }
        // The first lines are this file's own, the rest is the talk's.
        let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let began = Int(parts[1]), let state = TalkState(text: String(parts[2])) else { return nil }
        return Talk(file: String(parts[0]), began: began, state: state)
    }

    func remove(_ number: Int32) {
        for suffix in [".talk", ".new", ".lock"] { unlink(path + "/\(number)" + suffix) }
        // Not if another talk is in it.
        rmdir(path)
    }

    private static func contents(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.noFollow, .closeOnExec])
        else { return nil }
        var bytes: [UInt8] = []
        let isRead: Void? = try? file.closeAfter {
            var buffer = [UInt8](repeating: 0, count: 1 << 14)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 || bytes.count > 1 << 20 { return }
                bytes += buffer[..<count]
            }
        }
        return isRead == nil ? nil : String(decoding: bytes, as: UTF8.self)
    }
}

/// A talk that another terminal gives.
struct Talk {
    /// The scenario, by its full path; `-` for standard input.
    let file: String
    /// When it began, in seconds of the machine's steady clock.
    let began: Int
    let state: TalkState
}

/// The talk of this process.
final class StageFile {
    private let folder: StageFolder
    private let lock: Int32
    private let head: String
    private var written: TalkState?

    /// Begins a talk; nil where no file can be made for it: then nobody can follow.
    init?(file: String) {
        guard let folder = StageFolder(), folder.create() else { return nil }
        self.folder = folder
        lock = open("\(folder.path)/\(getpid()).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { return nil }
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        guard fcntl(lock, F_SETLK, &range) == 0 else {
            close(lock)
            return nil
        }
        head = "\(StageFile.name(of: file))\n\(StageFile.now)\n"
    }

    deinit {
        folder.remove(getpid())
        close(lock)
    }

    /// Tells followers where the talk stands. They see the whole of it or what was there before.
    func publish(_ state: TalkState) {
        guard state != written else { return }
        let path = "\(folder.path)/\(getpid())"
        guard
            let file = try? FileDescriptor.open(
                FilePath(path + ".new"), .writeOnly, options: [.create, .truncate, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite),
            (try? file.closeAfter { _ = try file.writeAll((head + state.text).utf8) }) != nil
        else { return }
        if rename(path + ".new", path + ".talk") == 0 { written = state }
    }

    /// Seconds of a clock that both terminals share.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec
    }

    /// The full path, so that a follower may stand in another folder.
    static func name(of file: String) -> String {
        guard file != "-", let path = realpath(file, nil) else { return file }
        defer { free(path) }
        return String(cString: path).replacing("\n", with: "?")
    }
}
