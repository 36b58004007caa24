import ArgumentParser
import DirtyScript
import LiveModel
import SystemPackage

/// Writes samples to a file as they come, so that a recording is whole up to the moment in which the
/// program ends.
final class LiveRecorder {
    private let file: FileDescriptor
    private let path: String
    private var json = LiveJSON()
    private var hasHeader = false

    init(path: String) throws {
        self.path = path
        do {
            file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot write '\(printable(path))': \(error)")
            throw ExitCode.cannotCreate
        }
    }

    deinit { try? file.close() }

    /// The header is that of the first sample: only then is known what can be seen.
    func write(_ sample: LiveSample, _ header: LiveHeader) throws {
        if !hasHeader { try write(LiveJSON.line(header)) }
        hasHeader = true
        try write(json.line(sample))
    }

    private func write(_ line: String) throws {
        do {
            try file.writeAll((line + "\n").utf8)
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot write '\(printable(path))': \(error)")
            throw ExitCode.ioError
        }
    }
}
