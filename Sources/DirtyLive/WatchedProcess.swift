import Glibc
import HostKernel
import LiveModel

/// Why a process cannot be watched.
public struct LiveError: Error, Sendable {
    public let message: String
    /// It is not there, rather than not to be had.
    public let isMissing: Bool

    init(_ message: String, isMissing: Bool = false) {
        self.message = message
        self.isMissing = isMissing
    }
}

/// A process that is watched. It is held by descriptors that mean this process whatever becomes of
/// its number.
final class WatchedProcess {
    let id: Int32
    let pidfd: Descriptor
    private let folder: Descriptor
    private(set) var process: LiveProcess
    /// Its number outside of all pid namespaces, which tracepoints tell; nil when not known.
    var outerID: UInt32?
    /// Changes when it replaces its program.
    var addressSpace: UInt64 = 0
    private var smaps: [UInt64: LiveArea.Totals] = [:]
    private var smapsDue: UInt64 = 0
    private(set) var smapsObstacle: String?
    /// Files that it maps, opened by way of map_files, or by name.
    private var files: [LiveFile: MappedFile] = [:]

    init(_ id: Int32) throws(LiveError) {
        let number = host_pidfd(id)
        guard let pidfd = Descriptor(number) else {
            if number == -ESRCH || number == -EINVAL {
                throw LiveError("there is no process \(id)", isMissing: true)
            }
            throw LiveError("process \(id) cannot be watched: \(errorText(number))")
        }
        guard let folder = Descriptor("/proc/\(id)", O_RDONLY | O_DIRECTORY),
            let stat = Descriptor("stat", in: folder)?.text(), let identity = ProcText.identity(stat)
        else { throw LiveError("there is no process \(id) in /proc", isMissing: true) }
        self.id = id
        self.pidfd = pidfd
        self.folder = folder
        process = LiveProcess(id: id, name: identity.name, startTime: identity.startTime)
        // The number may have gone to somebody else between the two; the pidfd knows.
        if hasEnded { throw LiveError("process \(id) has ended", isMissing: true) }
    }

    /// Whether it has ended: then its pidfd can be read.
    var hasEnded: Bool {
        var item = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, 0) > 0
    }

    func markEnded() { process.hasEnded = true }

    /// Its name, which changes at exec.
    func refresh() {
        if let stat = Descriptor("stat", in: folder)?.text(), let identity = ProcText.identity(stat) {
            process.name = identity.name
        }
    }

    func noteExec() {
        process.execs += 1
        files = [:]
        smapsDue = 0
    }

    /// Its VMAs; nil when it has ended, or when it may not be looked at.
    func areas() -> [LiveArea]? {
        guard let text = Descriptor("maps", in: folder)?.text() else { return nil }
        return ProcText.areas(text, of: id)
    }

    func pagemap() -> Descriptor? { Descriptor("pagemap", in: folder) }

    /// Figures of smaps, read anew when that is due: it walks all pages, so it may take at most a
    /// fiftieth of the time.
    func totals(now: UInt64) -> [UInt64: LiveArea.Totals] {
        guard now >= smapsDue else { return smaps }
        if let text = Descriptor("smaps", in: folder)?.text() {
            smaps = ProcText.totals(text)
            smapsObstacle = nil
        } else {
            smaps = [:]
            smapsObstacle = errorText(errno)
        }
        let cost = host_now() - now
        smapsDue = now + max(250_000_000, cost * 50)
        return smaps
    }

    /// The file of an area, opened once: as the mapping's own file, which takes a privilege, as one of
    /// the process's open files, or by name.
    func file(of area: LiveArea) -> MappedFile {
        if let file = files[area.file] { return file }
        let range = String(area.start, radix: 16) + "-" + String(area.end, radix: 16)
        var descriptor = Descriptor("map_files/" + range, in: folder)
        let obstacle = "map_files: \(errorText(errno))"
        if descriptor == nil { descriptor = openFile(area.file) }
        if descriptor == nil, let named = Descriptor("root" + area.path, in: folder), MappedFile.isSame(named, area.file) {
            descriptor = named
        }
        let file = MappedFile(descriptor, obstacle: descriptor == nil ? obstacle : nil)
        files[area.file] = file
        return file
    }

    /// The file, if the process has it open.
    private func openFile(_ file: LiveFile) -> Descriptor? {
        guard let list = Descriptor("fd", in: folder, O_RDONLY | O_DIRECTORY),
            let entries = fdopendir(dup(list.number))
        else { return nil }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            var info = stat()
            guard fstatat(list.number, name, &info, 0) == 0, UInt64(info.st_ino) == file.inode,
                info.st_mode & S_IFMT == S_IFREG, let opened = Descriptor(name, in: list)
            else { continue }
            if MappedFile.isSame(opened, file) { return opened }
        }
        return nil
    }
}
