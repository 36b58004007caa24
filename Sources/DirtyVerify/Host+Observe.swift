import Glibc
import HostKernel

// Reading what an operation did, without doing anything to it.

extension Host {
    /// `sizes`: how many pages of each file to look at. `readsDisk`: also what is on disk.
    func observe(sizes: [String: Int], readsDisk: Bool) throws(HostError) -> HostState {
        var state = HostState()
        for (name, file) in files {
            state.files[name] = observe(file, pages: max(sizes[name] ?? 0, file.size), readsDisk)
        }
        for name in children.keys { state.processes[name] = try observe(name) }
        return state
    }

    // MARK: Files

    private func observe(_ file: HostFile, pages: Int, _ readsDisk: Bool) -> HostState.FileState {
        var state = HostState.FileState()
        state.size = file.size
        guard abilities.cachestatProblem == nil else { return state }
        var (cached, dirty, writeback): (Set<Int>, Set<Int>, Set<Int>) = ([], [], [])
        for index in 0..<pages {
            var stat = host_cachestat()
            guard host_cachestat(file.readWrite, UInt64(index) << 12, 4096, &stat) == 0 else {
                return state
            }
            if stat.cached > 0 { cached.insert(index) }
            if stat.dirty > 0 { dirty.insert(index) }
            if stat.writeback > 0 { writeback.insert(index) }
        }
        state.cached = cached
        state.writeback = writeback
        // The index of tmpfs has no dirty tags: the folio's own flag is asked there.
        state.dirty = file.isInMemory ? dirtyFolios(file, cached) : dirty
        if readsDisk, file.direct >= 0 {
            let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
            defer { page.deallocate() }
            // A direct read of a dirty page would write it out first.
            for index in 0..<file.size where !dirty.contains(index) && !writeback.contains(index) {
                guard host_read_direct(file.direct, UInt64(index) << 12, page) == 0 else { continue }
                state.disk[index] = page.load(as: UInt32.self)
            }
        }
        return state
    }

    /// Whether some page belongs to a folio of several: kpageflags 15 and 16, for who may read them.
    func hasLargeFolios(_ file: HostFile, _ cached: Set<Int>) -> Bool {
        cached.contains { index in
            guard index < file.size, let flags = folioFlags(file, index) else { return false }
            return flags >> 15 & 3 != 0
        }
    }

    /// The page's word in /proc/kpageflags; nil for who may not read it.
    private func folioFlags(_ file: HostFile, _ index: Int) -> UInt64? {
        guard abilities.kpageflags >= 0, abilities.seesFrames else { return nil }
        var (entry, flags): (UInt64, UInt64) = (0, 0)
        guard host_visit(file.readOnly, UInt64(index) << 12, false, &entry) == 0 else { return nil }
        let frame = HostState.PageMapEntry(word: entry).frame
        guard frame != 0, pread(abilities.kpageflags, &flags, 8, Int(frame) << 3) == 8 else { return nil }
        return flags
    }

    private func dirtyFolios(_ file: HostFile, _ cached: Set<Int>) -> Set<Int>? {
        var dirty: Set<Int> = []
        guard abilities.kpageflags >= 0, abilities.seesFrames else { return nil }
        for index in cached where index < file.size {
            guard let flags = folioFlags(file, index) else { return nil }
            if flags >> 4 & 1 == 1 { dirty.insert(index) }
        }
        return dirty
    }

    // MARK: Processes

    private func observe(_ name: String) throws(HostError) -> HostState.ProcessState {
        var state = HostState.ProcessState()
        guard let child = children[name], child.isAlive else {
            state.isAlive = false
            return state
        }
        state.vmas = vmas(of: child)
        let path = "/proc/\(child.pid)/pagemap"
        let map = open(path, O_RDONLY | O_CLOEXEC)
        defer { if map >= 0 { close(map) } }
        guard map >= 0 else { throw HostError("cannot open /proc/PID/pagemap", -errno) }
        for vma in state.vmas {
            var words = [UInt64](repeating: 0, count: vma.pages.count)
            let offset = (vma.pages.lowerBound + child.shift) << 3
            guard pread(map, &words, words.count * 8, offset) == words.count * 8 else { continue }
            for (vpn, word) in zip(vma.pages, words) { state.pageMap[vpn] = .init(word: word) }
        }
        if abilities.reader != nil { state.ptes = try ptes(name, child, state) }
        return state
    }

    /// Every page of the VMAs, in the child's own reading.
    private func ptes(
        _ name: String, _ child: Child, _ state: HostState.ProcessState
    ) throws(HostError) -> [Int: HardwarePTE]? {
        guard var reader = abilities.reader else { return nil }
        var result: [Int: HardwarePTE] = [:]
        let all = state.vmas.flatMap { Array($0.pages) }
        for start in stride(from: 0, to: all.count, by: Int(HOST_LIST)) {
            let part = all[start..<min(start + Int(HOST_LIST), all.count)]
            let addresses = part.map { UInt64($0 + child.shift) << 12 }
            let answer = try addresses.withUnsafeBufferPointer { list throws(HostError) in
                var request = host_request(HOST_READ_PTES)
                request.list = list.baseAddress
                request.list_count = UInt32(list.count)
                request.reader = reader.program
                request.reader_base = reader.base
                return try run(name, request)
            }
            guard case .done(0) = answer?.ending else { return nil }
            var entries = [UInt64](repeating: 0, count: Int(HOST_LIST))
            guard host_reader_results(&reader, &entries) == 0 else { return nil }
            for (vpn, entry) in zip(part, entries) { result[vpn] = HardwarePTE(word: entry) }
        }
        return result
    }

    /// The VMAs of the arena, lowest address first, from /proc/PID/maps.
    private func vmas(of child: Child) -> [HostState.VMA] {
        let text = HostText.contents(of: "/proc/\(child.pid)/maps")
        let names = [UInt64: String](
            files.values.map { ($0.inode, $0.name) }, uniquingKeysWith: { first, _ in first })
        var result: [HostState.VMA] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
                .map { String(decoding: $0, as: UTF8.self) }
            guard words.count >= 5 else { continue }
            let bounds = words[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            guard bounds.count == 2 else { continue }
            let pages = bounds[0] >> 12 - child.shift..<bounds[1] >> 12 - child.shift
            guard pages.upperBound <= Host.topPage, pages.lowerBound > Host.topPage - arenaPages else {
                continue
            }
            let file = names[UInt64(words[4]) ?? 0]
            result.append(
                .init(
                    pages: pages, permissions: words[1], file: file,
                    pgoff: file == nil ? 0 : (Int(words[2], radix: 16) ?? 0) >> 12))
        }
        return result
    }

    private var arenaPages: Int { 1 << 22 }
}

enum HostText {
    static func contents(of path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count <= 0 { return result }
            result += buffer[..<count]
        }
    }
}
