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

    init(path: String, header: LiveHeader) throws {
        self.path = path
        do {
            file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot write '\(printable(path))': \(error)")
            throw ExitCode.cannotCreate
        }
        try write(LiveJSON.line(header))
    }

    deinit { try? file.close() }

    func write(_ sample: LiveSample) throws { try write(json.line(sample)) }

    private func write(_ line: String) throws {
        do {
            try file.writeAll((line + "\n").utf8)
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot write '\(printable(path))': \(error)")
            throw ExitCode.ioError
        }
    }
}
