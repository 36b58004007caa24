import Glibc
import HostKernel
import LiveModel

/// A file whose pages are watched, whoever maps it.
final class FileTarget {
    let path: String
    let file: LiveFile
    private let mapped: MappedFile
    private let descriptor: Descriptor
    private var due: UInt64 = 0
    private var unreadable = 0

    init(_ path: String) throws(LiveError) {
        guard let descriptor = Descriptor(path) else {
            throw LiveError("cannot open '\(path)': \(errorText(errno))", isMissing: errno == ENOENT)
        }
        var info = stat()
        guard fstat(descriptor.number, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw LiveError("'\(path)' is no regular file")
        }
        self.path = path
        self.descriptor = descriptor
        let device = UInt64(info.st_dev)
        let major = UInt32((device >> 8) & 0xfff | (device >> 32) & ~0xfff)
        let minor = UInt32(device & 0xff | (device >> 12) & ~0xff)
        file = LiveFile(device: major << 20 | minor, inode: UInt64(info.st_ino))
        mapped = MappedFile(descriptor, obstacle: nil)
    }

    /// Processes that map it and are not known yet. All of /proc is looked through for that, so it is
    /// done twice a second at most.
    func newMappers(known: Set<Int32>, force: Bool) -> [WatchedProcess] {
        let now = host_now()
        guard force || now >= due, let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var result: [WatchedProcess] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard let id = Int32(name), !known.contains(id), let text = Descriptor("/proc/\(id)/maps")?.text()
            else { continue }
            let isMapper = text.split(separator: "\n").contains { line in
                line.contains(" \(file.inode) ") && ProcText.area(line, of: id)?.file == file
            }
            if isMapper, let process = try? WatchedProcess(id) { result.append(process) }
        }
        let after = host_now()
        due = after + max(500_000_000, (after - now) * 50)
        return result
    }

    /// The file as an area of nobody: what the page cache says, and what any entry of a process that
    /// maps it says.
    func area(_ areas: [LiveArea], _ reader: AreaReader) -> [LiveArea] {
        var info = stat()
        guard fstat(descriptor.number, &info) == 0, info.st_size > 0 else { return [] }
        let count = min((UInt64(info.st_size) + 4095) >> 12, UInt64(AreaReader.mostTables) * 512)
        var area = LiveArea(
            process: 0, start: 0, end: count << 12, permissions: "----", offset: 0, file: file, path: path)
        area.isWatched = true
        var budget = 20_000
        var tables: [Int: [LivePage]] = [:]
        func edit(_ page: Int, _ change: (inout LivePage) -> Void) {
            guard page < Int(count) else { return }
            let first = page / 512 * 512
            change(&tables[first, default: Array(repeating: .nothing, count: min(512, Int(count) - first))][page - first])
        }
        for run in mapped.states(of: 0..<count, budget: &budget) where run.state != [.isKnown, .hasTags] {
            for page in run.pages { edit(Int(page)) { $0.cache = run.state } }
        }
        for other in areas where other.file == file {
            for table in other.tables {
                for (index, page) in table.pages.enumerated() where !page.entry.isEmpty {
                    edit(Int(other.offset >> 12) + table.first + index) {
                        $0.entry.formUnion(page.entry)
                        guard !page.entry.contains(.anonymous), !page.folio.contains(.anonymous) else { return }
                        $0.folio.formUnion(page.folio)
                        $0.mapCount = max($0.mapCount, page.mapCount)
                        if page.frame != 0 { $0.frame = page.frame }
                    }
                }
            }
        }
        area.tables = tables.sorted { $0.key < $1.key }.map { LiveArea.Table(first: $0.key, pages: $0.value) }
        return [area]
    }
}
