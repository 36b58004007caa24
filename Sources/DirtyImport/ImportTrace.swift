import SystemPackage

/// Imports the trace at `path`, or standard input for `-`. The scenario goes to `output` when all
/// of it is known.
public func importTrace(
    from path: FilePath, options: ImportOptions, into output: inout some TextOutputStream
) throws -> ImportSummary {
    guard path != "-" else {
        return try importTrace(from: .standardInput, options: options, into: &output)
    }
    let file = try FileDescriptor.open(path, .readOnly)
    return try file.closeAfter { try importTrace(from: file, options: options, into: &output) }
}

/// As above, from a file that is open.
public func importTrace(
    from file: FileDescriptor, options: ImportOptions, into output: inout some TextOutputStream
) throws -> ImportSummary {
    var importer = TraceImporter(options: options)
    var buffer = [UInt8](repeating: 0, count: chunkSize)
    while true {
        let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
        guard count > 0 else { break }
        try importer.feed(buffer.span.extracting(0..<count))
    }
    return try importer.finish(into: &output)
}

private let chunkSize = 1 << 20
