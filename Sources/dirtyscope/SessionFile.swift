import SystemPackage

/// Sessions in files.
enum SessionFile {
    /// Writes a session that was saved. A file that is there stays, unless it is to be replaced.
    static func write(_ text: String, to path: String, replaces: Bool) throws {
        let file = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, replaces ? .truncate : .exclusiveCreate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }
}
