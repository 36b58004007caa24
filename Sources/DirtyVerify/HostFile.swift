import Glibc
import HostKernel

/// A file of the scenario on the machine at hand. It has no name: nothing is left of it when its
/// descriptors are closed, however the program ends.
final class HostFile {
    let name: String
    let readWrite: Int32
    let readOnly: Int32
    /// Reads around the page cache; -1 where the file system has no disk.
    let direct: Int32
    /// On tmpfs or ramfs.
    let isInMemory: Bool
    let isRamfs: Bool
    /// What /proc/PID/maps tells it by.
    let inode: UInt64

    /// Makes the file with `pages` zeroed pages, on disk where there is one, cached or not.
    init(_ declaration: HostFileDeclaration, folder: String?) throws(HostError) {
        name = declaration.name
        isInMemory = declaration.isInMemory
        isRamfs = declaration.isRamfs
        readWrite = try HostFile.create(declaration, folder: folder)
        readOnly = host_reopen(readWrite, O_RDONLY)
        direct = isInMemory ? -1 : host_reopen(readWrite, O_RDONLY | host_o_direct)
        var info = stat()
        fstat(readWrite, &info)
        inode = UInt64(info.st_ino)
        guard readOnly >= 0 else { throw HostError("cannot reopen a file of its own", readOnly) }
        _ = host_no_readahead(readWrite)
        _ = host_no_readahead(readOnly)
        try fill(declaration)
    }

    deinit {
        close(readWrite)
        if readOnly >= 0 { close(readOnly) }
        if direct >= 0 { close(direct) }
    }

    /// Page by page, so that every folio has order 0.
    private func fill(_ declaration: HostFileDeclaration) throws(HostError) {
        let zeros = [UInt8](repeating: 0, count: 4096)
        if isInMemory {
            // A page that is not cached is a hole here.
            guard ftruncate(readWrite, declaration.pages << 12) == 0 else {
                throw HostError("cannot size '\(name)'", -errno)
            }
            guard declaration.isCached else { return }
            try load(declaration.pages)
            return
        }
        for index in 0..<declaration.pages {
            guard pwrite(readWrite, zeros, 4096, index << 12) == 4096 else {
                throw HostError("cannot write '\(name)'", -errno)
            }
        }
        guard fsync(readWrite) == 0 else { throw HostError("cannot fsync '\(name)'", -errno) }
        if !declaration.isCached { _ = host_drop(readWrite, 0, 0) }
    }

    /// tmpfs: clean cached pages, as loads through a mapping allocate them.
    private func load(_ pages: Int) throws(HostError) {
        for index in 0..<pages {
            let error = host_visit(readWrite, UInt64(index << 12), false, nil)
            guard error == 0 else { throw HostError("cannot map '\(name)'", error) }
        }
    }

    private static func create(
        _ declaration: HostFileDeclaration, folder: String?
    ) throws(HostError) -> Int32 {
        if declaration.isRamfs {
            let file = host_create_on_ramfs()
            guard file >= 0 else { throw HostError("cannot make a file on ramfs", file) }
            return file
        }
        if declaration.isInMemory {
            let file = host_create_unnamed("/dev/shm")
            if file >= 0 {
                if host_file_system(file) == FileSystems.tmpfs { return file }
                close(file)
            }
            let memory = host_create_memfd()
            guard memory >= 0 else { throw HostError("cannot make a file on tmpfs", memory) }
            return memory
        }
        guard let folder else {
            throw HostError(
                "no folder on ext4 or xfs to make files in (tried TMPDIR, /var/tmp, /tmp, the home "
                    + "and the current folder)", 0)
        }
        let file = host_create_unnamed(folder)
        guard file >= 0 else { throw HostError("cannot make a file in \(folder)", file) }
        return file
    }

    var size: Int {
        var info = stat()
        return fstat(readWrite, &info) == 0 ? (Int(info.st_size) + 4095) >> 12 : 0
    }
}

struct HostFileDeclaration {
    let name: String
    let pages: Int
    let isInMemory: Bool
    let isRamfs: Bool
    let isCached: Bool
}

/// Numbers of statfs(2).
enum FileSystems {
    static let ext4: UInt64 = 0xef53
    static let xfs: UInt64 = 0x5846_5342
    static let tmpfs: UInt64 = 0x0102_1994

    /// The first folder on a file system that tracks dirty pages through page_mkwrite, and that
    /// file system's name.
    static let tracked: (folder: String, name: String)? = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let current = getcwd(&buffer, buffer.count).map { String(cString: $0) }
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        for folder in [variable("TMPDIR"), "/var/tmp", "/tmp", variable("HOME"), current] {
            guard let folder, !folder.isEmpty else { continue }
            let file = host_create_unnamed(folder)
            guard file >= 0 else { continue }
            defer { close(file) }
            switch host_file_system(file) {
            case ext4: return (folder, "ext4")
            case xfs: return (folder, "xfs")
            default: continue
            }
        }
        return nil
    }()
}

/// Something that the host refuses or cannot do.
public struct HostError: Error {
    public let message: String

    init(_ message: String, _ error: Int32) {
        self.message = error < 0 ? "\(message): \(String(cString: strerror(-error)))" : message
    }
}
