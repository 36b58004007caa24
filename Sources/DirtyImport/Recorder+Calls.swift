/// The system calls that matter to files and their mappings. Names are valgrind's; the two that end
/// a process have no prefix. Failed calls change nothing and are not shown.
extension Recorder {
    mutating func take(_ call: SystemCall) throws(ImportError) {
        let process = call.thread.process
        guard processes[process] != nil else { return }
        if let child = call.child { return try fork(process, child: child) }
        if call.name == "exit_group" { return try leave(process) }
        guard case .success(let result)? = call.outcome else { return }
        switch call.name {
        case "sys_open": try open(call, path: 0, flags: 1, result, process)
        case "sys_openat": try open(call, path: 1, flags: 2, result, process)
        case "sys_creat": try open(call, path: 0, flags: nil, result, process)
        case "sys_memfd_create": try openMemory(result, process)
        case "sys_close": close(call[0], process)
        case "sys_close_range": closeRange(call, process)
        case "sys_dup": duplicate(call[0], to: result, closesOnExec: false, process)
        case "sys_dup2": duplicate(call[0], to: result, closesOnExec: false, process)
        case "sys_dup3":
            duplicate(
                call[0], to: result, closesOnExec: (call[2] ?? 0) & OpenFlags.closeOnExec != 0,
                process)
        case "sys_fcntl": fcntl(call, result, process)
        case "sys_lseek": seek(call, result, process)
        case "sys_rename", "sys_renameat", "sys_renameat2": rename(call, process)
        case "sys_unlink": unlink(call, path: 0, process)
        case "sys_unlinkat": unlink(call, path: 1, process)
        case "sys_chdir":
            let directory = path(call, 0, process) ?? []
            processes[process]?.directory = directory

        case "sys_read": try transfer(call, result, buffer: true, process)
        case "sys_pread64": try transfer(call, result, buffer: true, at: 3, process)
        case "sys_readv": try transfer(call, result, process)
        case "sys_preadv": try transfer(call, result, at: 3, process)
        case "sys_write": try transfer(call, result, isWrite: true, buffer: true, process)
        case "sys_pwrite64": try transfer(call, result, isWrite: true, buffer: true, at: 3, process)
        case "sys_writev": try transfer(call, result, isWrite: true, process)
        case "sys_pwritev": try transfer(call, result, isWrite: true, at: 3, process)
        case "sys_ftruncate":
            if let open = descriptor(call[0], process) {
                try truncate(open.file, to: call[1], process)
            }
        case "sys_truncate":
            if let path = path(call, 0, process) {
                try makeRoom()
                try truncate(files.file(at: path).number, to: call[1], process)
            }
        case "sys_fallocate": try allocate(call, process)
        case "sys_fsync", "sys_fdatasync":
            if let open = descriptor(call[0], process) {
                try record(.fsync(promised: false), file: open.file, by: process)
            }
        case "sys_sync_file_range": try syncRange(call, process)
        case "sys_sync", "sys_syncfs": try record(.syncAll, file: nil, by: process)
        case "sys_sendfile", "sys_copy_file_range", "sys_splice": warnOfCopy(call, process)

        case "sys_mmap": try mmap(call, result, process)
        case "sys_munmap":
            if let range = span(call) { try unmap(range, by: process) }
        case "sys_mprotect": try protect(call, process)
        case "sys_msync": try msync(call, process)
        case "sys_madvise": try advise(call, process)
        case "sys_mremap": try remap(call, result, process)
        default: break
        }
    }

    // MARK: Descriptors

    private func descriptor(_ number: UInt64?, _ process: Int) -> OpenFile? {
        guard let number, number <= UInt64(Int32.max),
            let entry = processes[process]?.descriptors[Int(number)]
        else { return nil }
        return files.open[entry.open]
    }

    /// The path that a call names, from the directory where the program was started; nil when it
    /// cannot be read.
    private func path(_ call: SystemCall, _ index: Int, _ process: Int) -> [UInt8]? {
        guard call.arguments.indices.contains(index), let text = call.arguments[index].text,
            !text.isEmpty
        else { return nil }
        if text[0] == .slash { return text }
        var directory = processes[process]?.directory ?? []
        // Calls whose name ends in "at" have the directory's descriptor before the path; any but
        // AT_FDCWD counts.
        if index > 0, let open = descriptor(call[index - 1], process) {
            directory = files.files[open.file]?.path ?? []
        }
        let joined = directory.isEmpty ? text : directory + [.slash] + text
        return joined.count <= Self.pathBytesMax ? joined : text
    }

    private mutating func open(
        _ call: SystemCall, path index: Int, flags flagsIndex: Int?, _ result: UInt64,
        _ process: Int
    ) throws(ImportError) {
        let flags: UInt64
        if let flagsIndex {
            flags = call[flagsIndex] ?? 0
        } else {
            flags = OpenFlags.create | OpenFlags.truncate | 1
        }
        try makeRoom()
        var number: Int
        var isNew = true
        if let path = path(call, index, process) {
            // Devices and the files of /proc are no regular files.
            if path.starts(with: Array("/proc/".utf8)) || path.starts(with: Array("/sys/".utf8)) {
                return
            }
            if path.starts(with: Array("/dev/".utf8)), !path.starts(with: Array("/dev/shm/".utf8)) {
                return
            }
            (number, isNew) = files.file(at: path)
        } else {
            number = files.enter(TracedFile(path: []))
            warn("the path of this open cannot be read; the file goes by the name unnamed")
        }
        let creates =
            flags & (OpenFlags.create | OpenFlags.exclusive) == OpenFlags.create
            | OpenFlags.exclusive
        if isNew, creates || flags & OpenFlags.truncate != 0 {
            files.update(number) { $0.isEmptyAtFirst() }
        } else if flags & OpenFlags.truncate != 0 {
            try truncate(number, to: 0, process)
        }
        let open = OpenFile(
            file: number, isReadOnly: flags & OpenFlags.accessMode == 0,
            appends: flags & OpenFlags.append != 0,
            syncs: flags & OpenFlags.dataSync != 0)
        install(open, result, closesOnExec: flags & OpenFlags.closeOnExec != 0, process)
    }

    private mutating func openMemory(_ result: UInt64, _ process: Int) throws(ImportError) {
        try makeRoom()
        var file = TracedFile(path: Array("memfd".utf8))
        file.isInMemory = true
        file.isEmptyAtFirst()
        file.isNamed = options.files.contains { Glob.matches(Array($0.utf8), path: file.path) }
        let open = OpenFile(
            file: files.enter(file), isReadOnly: false, appends: false, syncs: false)
        install(open, result, closesOnExec: false, process)
    }

    private mutating func makeRoom() throws(ImportError) {
        let limits = options.limits
        if files.fileCount >= limits.files { forgetUnmapped() }
        guard files.fileCount < limits.files, files.openCount < limits.openFiles else {
            throw error(
                "more than \(grouped(limits.files)) files in use; record a program that uses fewer")
        }
    }

    private mutating func install(
        _ open: OpenFile, _ result: UInt64, closesOnExec: Bool, _ process: Int
    ) {
        guard result <= UInt64(Int32.max) else { return }
        close(result, process)
        let entry = Descriptor(open: files.describe(open), closesOnExec: closesOnExec)
        processes[process]?.descriptors[Int(result)] = entry
    }

    private mutating func close(_ number: UInt64?, _ process: Int) {
        guard let number, number <= UInt64(Int32.max),
            let entry = processes[process]?.descriptors.removeValue(forKey: Int(number))
        else { return }
        files.release(entry.open)
    }

    private mutating func closeRange(_ call: SystemCall, _ process: Int) {
        guard let first = call[0], let last = call[1], first <= last, call[2] == 0 else { return }
        for number in processes[process]?.descriptors.keys.map(UInt64.init) ?? []
        where first...last ~= number {
            close(number, process)
        }
    }

    private mutating func duplicate(
        _ old: UInt64?, to new: UInt64, closesOnExec: Bool, _ process: Int
    ) {
        guard let old, new <= UInt64(Int32.max), old <= UInt64(Int32.max), old != new else {
            return
        }
        close(new, process)
        guard var entry = processes[process]?.descriptors[Int(old)],
            processes[process]!.descriptors.count < options.limits.openFiles
        else { return }
        files.retain(entry.open)
        entry.closesOnExec = closesOnExec
        processes[process]?.descriptors[Int(new)] = entry
    }

    private mutating func fcntl(_ call: SystemCall, _ result: UInt64, _ process: Int) {
        switch call[1] {
        case FcntlCommand.duplicate: duplicate(call[0], to: result, closesOnExec: false, process)
        case FcntlCommand.duplicateCloseOnExec:
            duplicate(call[0], to: result, closesOnExec: true, process)
        default: break
        }
    }

    private mutating func seek(_ call: SystemCall, _ result: UInt64, _ process: Int) {
        guard let number = call[0], number <= UInt64(Int32.max),
            let entry = processes[process]?.descriptors[Int(number)],
            let open = files.open[entry.open]
        else { return }
        files.seek(entry.open, to: result)
        // A seek to the end tells the size, if its argument is a distance backwards or nought.
        if call[2] == Seek.end, let distance = call[1] {
            let (size, _) = result.subtractingReportingOverflow(distance)
            if size <= UInt64(Int64.max) { files.update(open.file) { $0.learn(size: size) } }
        }
    }

    private mutating func rename(_ call: SystemCall, _ process: Int) {
        let indices = call.name == "sys_rename" ? (0, 1) : (1, 3)
        guard let old = path(call, indices.0, process), let new = path(call, indices.1, process)
        else { return }
        files.rename(old, to: new)
    }

    private mutating func unlink(_ call: SystemCall, path index: Int, _ process: Int) {
        if let path = path(call, index, process) { files.unlink(path) }
    }

    // MARK: Contents of files

    /// read, write and their kin. `buffer`: the second argument is where in memory, which may be a
    /// mapping.
    private mutating func transfer(
        _ call: SystemCall, _ result: UInt64, isWrite: Bool = false, buffer: Bool = false,
        at offsetIndex: Int? = nil,
        _ process: Int
    ) throws(ImportError) {
        // The kernel moves the bytes: into the buffer for a read, out of it for a write.
        if buffer, let address = call[1] {
            try touch(address, result, store: !isWrite, by: process)
        }
        guard let number = call[0], number <= UInt64(Int32.max),
            let entry = processes[process]?.descriptors[Int(number)],
            let open = files.open[entry.open],
            let file = files.files[open.file]
        else { return }
        let offset: UInt64
        if let offsetIndex {
            offset = call[offsetIndex] ?? 0
        } else {
            offset = open.appends && isWrite ? file.size : open.offset
        }
        let (end, overflow) = offset.addingReportingOverflow(result)
        guard !overflow, end <= UInt64(Int64.max) else {
            return warn("\(call.name) at an offset that no file has is left out")
        }
        if offsetIndex == nil { files.seek(entry.open, to: end) }
        if isWrite {
            files.update(open.file) { $0.grow(to: end) }
        } else {
            // A short read ended at the end of the file; one of nothing at the start met an empty
            // file.
            let isShort = call[2].map { buffer && result < $0 } ?? false
            files.update(open.file) {
                if isShort, result > 0 || offset == 0 {
                    $0.learn(size: end)
                } else {
                    $0.learn(sizeAtLeast: result > 0 ? end : 0)
                }
            }
        }
        guard let pages = Page.range(offset: offset, count: result) else { return }
        try record(isWrite ? .pwrite(pages) : .pread(pages), file: open.file, by: process)
        if isWrite, open.syncs { try record(.fsync(promised: true), file: open.file, by: process) }
    }

    private mutating func truncate(_ file: Int, to bytes: UInt64?, _ process: Int)
        throws(ImportError)
    {
        guard let bytes, bytes <= UInt64(Int64.max) else { return }
        files.update(file) { $0.truncate(to: bytes) }
        try record(.ftruncate(pages: Page.count(bytes)), file: file, by: process)
    }

    /// fallocate may lengthen the file. What it does to the blocks below is not simulated.
    private mutating func allocate(_ call: SystemCall, _ process: Int) throws(ImportError) {
        guard let open = descriptor(call[0], process), let mode = call[1], let offset = call[2],
            let length = call[3],
            let file = files.files[open.file]
        else { return }
        guard mode == 0 else {
            return warn("fallocate with mode \(mode) is not simulated and left out")
        }
        let (end, overflow) = offset.addingReportingOverflow(length)
        if !overflow, end > file.size { try truncate(open.file, to: end, process) }
    }

    private mutating func syncRange(_ call: SystemCall, _ process: Int) throws(ImportError) {
        guard let open = descriptor(call[0], process), let offset = call[1], let count = call[2],
            let flags = call[3]
        else { return }
        // Without the flag that starts writing it only waits for what is on its way, and nothing
        // ever is.
        guard flags & SyncRangeFlags.write != 0 else { return }
        // A length of nought means up to the end.
        try record(
            .writeback(Page.range(offset: offset, count: count)), file: open.file, by: process)
    }

    private mutating func warnOfCopy(_ call: SystemCall, _ process: Int) {
        if [0, 1, 2].contains(where: { descriptor(call[$0], process) != nil }) {
            warn("\(call.name) is not simulated and left out")
        }
    }

    /// PATH_MAX of Linux.
    private static let pathBytesMax = 4_096
}
