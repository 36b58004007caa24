import DirtyTerminal
import DirtyView
import Glibc

/// What the user does, written down while it is done, so that nothing is lost when the program or
/// the terminal goes away. It is removed when the user leaves by himself.
final class SessionLog {
    let path: String
    /// What a shell has to be told to have the session back.
    let command: String
    private let file: Int32

    /// Nil where there is no folder for such things. `earlier` is what was done in a session that
    /// this one goes on with.
    init?(of scenario: String, arguments: String, earlier: String = "") {
        guard let folder = StateFolder.path else { return nil }
        path = "\(folder)/session-\(getpid())-\(SessionLog.number).keys"
        SessionLog.count()
        command = "dirtyscope play \(quotedForShell(scenario))\(arguments) --replay \(quotedForShell(path))"
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        append("# " + command)
        for line in earlier.split(separator: "\n") where !line.hasPrefix("#") { append(String(line)) }
        Terminal.setCrashNote("dirtyscope: the session is not lost; to go on with it:\n  \(command)\n")
    }

    deinit {
        close(file)
        Terminal.setCrashNote("")
    }

    /// A number for each session of this run.
    nonisolated(unsafe) private static var number = 0
    private static func count() { number += 1 }

    /// `place` is how far a long way was gone when it happened.
    func record(_ event: Event, at place: Deed?) {
        switch event {
        case .key(.other): break
        case .key(let key): append(.key(key), at: place)
        case .mouse(let mouse): append(.mouse(mouse), at: place)
        case .resize(let size): append(.size(size), at: place)
        case .timeout: append(.tick, at: place)
        case .interrupt: append(.interrupt, at: place)
        case .terminate, .hangup, .resumed: break
        }
    }

    func recordSearchEnd(at place: Deed?) { append(.searchEnd, at: place) }

    func begin(_ size: Size) { append(.size(size), at: nil) }

    private func append(_ deed: Deed, at place: Deed?) {
        append((place.map { $0.text + "\n" } ?? "") + deed.text)
    }

    /// Who has left by himself does not want it back; whom the terminal was taken from may.
    func leave(_ reason: ExitReason) {
        switch reason {
        case .finished, .interrupted: unlink(path)
        case .signal, .hangup: Output.complain("dirtyscope: the session is not lost; to go on with it:\n  \(command)")
        }
    }

    private func append(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // A full disk costs the log, not the session.
        _ = write(file, bytes, bytes.count)
    }
}

/// The folder for what the program notes for itself.
enum StateFolder {
    /// Made when it is not there; nil where that cannot be.
    static let path: String? = {
        guard let path = XDG.folder("XDG_STATE_HOME", under: ".local/state") else { return nil }
        return make(path) ? path : nil
    }()

    private static func make(_ path: String) -> Bool {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return false }
        return make(String(path[..<slash])) && (mkdir(path, 0o700) == 0 || errno == EEXIST)
    }

    /// Whether this is the first run: once true, then never again.
    static func isFirstRun() -> Bool {
        guard let path else { return false }
        let mark = open(path + "/seen", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if mark >= 0 { close(mark) }
        return mark >= 0
    }
}
