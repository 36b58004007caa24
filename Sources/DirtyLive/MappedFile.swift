import Glibc
import HostKernel
import LiveModel

/// A file that a process maps, open for asking the page cache about it.
final class MappedFile {
    let descriptor: Descriptor?
    private(set) var obstacle: String?
    /// Whether its file system tags dirty pages: tmpfs, ramfs and hugetlbfs do not.
    let hasTags: Bool

    init(_ descriptor: Descriptor?, obstacle: String?) {
        self.descriptor = descriptor
        self.obstacle = obstacle
        let type = descriptor.map { host_file_system($0.number) } ?? 0
        hasTags = ![0x0102_1994, 0x8584_58f6, 0x9584_58f6].contains(type)
    }

    /// Whether an open file is the one of these numbers. File systems that give out device numbers of
    /// their own (btrfs) are compared by inode alone.
    static func isSame(_ opened: Descriptor, _ file: LiveFile) -> Bool {
        var info = stat()
        return fstat(opened.number, &info) == 0 && UInt64(info.st_ino) == file.inode
    }

    /// What cachestat(2) says of pages of the file: runs in the order of the pages. A range that is
    /// neither all one nor all the other is halved, so a file costs by its changes, not by its size.
    /// `budget` is the number of calls that may still be made; where it ends, pages are not known.
    func states(of pages: Range<UInt64>, budget: inout Int) -> [(pages: Range<UInt64>, state: LivePage.Cache)] {
        var runs: [(pages: Range<UInt64>, state: LivePage.Cache)] = []
        guard let descriptor, obstacle == nil else { return runs }
        func add(_ pages: Range<UInt64>, _ state: LivePage.Cache) {
            if let last = runs.last, last.state == state, last.pages.upperBound == pages.lowerBound {
                runs[runs.count - 1].pages = last.pages.lowerBound..<pages.upperBound
            } else {
                runs.append((pages, state))
            }
        }
        var open = [pages]
        while let range = open.popLast() {
            guard !range.isEmpty else { continue }
            budget -= 1
            guard budget >= 0 else {
                add(range, [])
                continue
            }
            var counts = host_cachestat()
            let error = host_cachestat(
                descriptor.number, range.lowerBound << 12, UInt64(range.count) << 12, &counts)
            guard error == 0 else {
                obstacle = error == -ENOSYS ? "cachestat(2): kernel older than 6.5" : "cachestat(2): \(errorText(error))"
                return []
            }
            let count = UInt64(range.count)
            func isUniform(_ part: UInt64) -> Bool { part == 0 || part >= count }
            if counts.cached == 0 || isUniform(counts.cached) && isUniform(counts.dirty) && isUniform(counts.writeback)
                || count == 1
            {
                var state: LivePage.Cache = [.isKnown]
                if hasTags { state.insert(.hasTags) }
                if counts.cached > 0 { state.insert(.cached) }
                if counts.dirty > 0 { state.insert(.dirty) }
                if counts.writeback > 0 { state.insert(.writeback) }
                add(range, state)
            } else {
                let middle = range.lowerBound + count / 2
                open.append(middle..<range.upperBound)
                open.append(range.lowerBound..<middle)
            }
        }
        return runs
    }
}
