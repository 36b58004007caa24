import Glibc
import HostKernel
import LiveModel

/// Reads the pages of areas. What did not change since the look before is not made anew, so that a
/// history of many samples holds each page table once.
final class AreaReader {
    let tables: TableReader
    let frames: FrameReader

    /// Page tables that are looked at in one area, and calls and frames in one sample. Beyond that a
    /// note says so.
    static let mostTables = 8192
    private static let mostCoarsePages = 1 << 18
    private static let mostCalls = 20_000
    private static let mostFrames = 16_384

    private struct Place: Hashable {
        let process: Int32
        let address: UInt64
    }

    private struct Known {
        var raw: [UInt64]
        var isHuge: Bool
        var caches: [LivePage.Cache]
        var pages: [LivePage]
    }

    private var known: [Place: Known] = [:]
    private var fresh: [Place: Known] = [:]
    private var calls = 0
    private var framesLeft = 0
    private(set) var notes: [String] = []
    private var cacheAnswers = false
    private var cacheRefusal: String?
    /// Why the page cache could not be asked about any file.
    var cacheObstacle: String? { cacheAnswers ? nil : cacheRefusal }
    private(set) var pagemapObstacle: String?

    init() {
        tables = TableReader()
        frames = FrameReader()
    }

    /// Begins a sample.
    func begin() {
        calls = Self.mostCalls
        framesLeft = Self.mostFrames
        notes = []
        (cacheAnswers, cacheRefusal) = (false, nil)
        pagemapObstacle = nil
        fresh = [:]
    }

    /// Ends it: what was not met in it is forgotten.
    func finish() {
        known = fresh
        fresh = [:]
    }

    private func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    /// What is known of up to 512 pages before their folios are asked about.
    private struct Chunk {
        var first: Int
        var raw: [UInt64] = []
        var isHuge = false
        var caches: [LivePage.Cache] = []
    }

    /// Fills in the tables of an area.
    func read(_ area: inout LiveArea, of process: WatchedProcess) {
        area.isWatched = true
        var chunks = tables.canRead ? entries(area, process) : coarseEntries(area, process)
        if area.isFile { addCache(&chunks, area, process) }
        area.tables = chunks.values.sorted { $0.first < $1.first }.map { table($0, area) }
    }

    /// Chunks by the address of the 2 MiB that they lie in.
    private func entries(_ area: LiveArea, _ process: WatchedProcess) -> [UInt64: Chunk] {
        var chunks: [UInt64: Chunk] = [:]
        let complete = tables.walk(process.pidfd, from: area.start, to: area.end) { start, bytes, entries in
            guard chunks.count < Self.mostTables else { return false }
            if bytes == 1 << 12 {
                let low = max(start, area.start)
                let high = min(start + 1 << 21, area.end)
                let raw = Array(entries[Int((low - start) >> 12)..<Int((high - start) >> 12)])
                if raw.contains(where: { $0 != 0 }) {
                    chunks[start] = Chunk(first: Int((low - area.start) >> 12), raw: raw)
                }
                return true
            }
            // A huge entry counts as 512 small ones, or as many times that.
            var at = max(start, (area.start >> 21) << 21)
            while at < min(start + bytes, area.end), chunks.count < Self.mostTables {
                let low = max(at, area.start)
                let high = min(at + 1 << 21, area.end)
                let base = entries[0] & ~(1 << 7 | 1 << 12) + (at - start)
                let raw = (0..<(high - low) >> 12).map { base + (low - at) + $0 << 12 }
                chunks[at] = Chunk(first: Int((low - area.start) >> 12), raw: raw, isHuge: true)
                at += 1 << 21
            }
            return true
        }
        if !complete, chunks.count >= Self.mostTables {
            note("of a mapping only the first \(Self.mostTables) page tables are looked at")
        }
        return chunks
    }

    /// Without BPF: what pagemap tells.
    private func coarseEntries(_ area: LiveArea, _ process: WatchedProcess) -> [UInt64: Chunk] {
        guard let pagemap = process.pagemap() else {
            pagemapObstacle = "/proc/PID/pagemap: \(errorText(errno))"
            return [:]
        }
        var chunks: [UInt64: Chunk] = [:]
        let end = min(area.end, area.start + UInt64(Self.mostCoarsePages) << 12)
        if end < area.end { note("pagemap is read for the first \(Self.mostCoarsePages) pages of a mapping only") }
        var at = area.start
        while at < end {
            let next = min((at >> 21 + 1) << 21, end)
            let raw = pagemap.words(at: at >> 12, count: Int((next - at) >> 12))
            if raw.contains(where: { $0 >> 62 != 0 }) {
                chunks[(at >> 21) << 21] = Chunk(first: Int((at - area.start) >> 12), raw: raw)
            }
            at = next
        }
        return chunks
    }

    /// The page cache's view, and chunks for pages that are cached and not mapped.
    private func addCache(_ chunks: inout [UInt64: Chunk], _ area: LiveArea, _ process: WatchedProcess) {
        let file = process.file(of: area)
        let firstPage = area.offset >> 12
        let runs = file.states(of: firstPage..<firstPage + UInt64(area.pageCount), budget: &calls)
        if let obstacle = file.obstacle {
            cacheRefusal = obstacle
            note("page cache of \(area.shortName): \(obstacle)")
        } else {
            cacheAnswers = true
        }
        if calls < 0 { note("the page cache was asked \(Self.mostCalls) times; what is left is shown as ?") }
        for run in runs where run.state.contains(.cached) || !chunks.isEmpty {
            var at = area.start + (run.pages.lowerBound - firstPage) << 12
            let end = area.start + (run.pages.upperBound - firstPage) << 12
            while at < end {
                let key = (at >> 21) << 21
                let next = min(key + 1 << 21, end)
                defer { at = next }
                if chunks[key] == nil {
                    guard run.state.contains(.cached), chunks.count < Self.mostTables else {
                        // Nothing is here: on to the next chunk that exists, without a loop over 1 TiB.
                        if !run.state.contains(.cached), next < end, end - next > 1 << 30 {
                            addSparse(&chunks, area, run.state, from: next, to: end)
                            break
                        }
                        continue
                    }
                    let low = max(key, area.start)
                    chunks[key] = Chunk(
                        first: Int((low - area.start) >> 12),
                        raw: Array(repeating: 0, count: Int((min(key + 1 << 21, area.end) - low) >> 12)))
                }
                fill(&chunks[key]!, area, run.state, from: at, to: next)
            }
        }
    }

    private func addSparse(
        _ chunks: inout [UInt64: Chunk], _ area: LiveArea, _ state: LivePage.Cache, from: UInt64, to: UInt64
    ) {
        for key in chunks.keys where key + 1 << 21 > from && key < to {
            fill(&chunks[key]!, area, state, from: max(from, key), to: min(to, key + 1 << 21))
        }
    }

    private func fill(
        _ chunk: inout Chunk, _ area: LiveArea, _ state: LivePage.Cache, from: UInt64, to: UInt64
    ) {
        if chunk.caches.isEmpty { chunk.caches = Array(repeating: [], count: chunk.raw.count) }
        let low = Int((from - area.start) >> 12) - chunk.first
        let high = min(Int((to - area.start) >> 12) - chunk.first, chunk.caches.count)
        for index in max(0, low)..<max(0, low, high) { chunk.caches[index] = state }
    }

    /// The pages of a chunk; the very array of the look before where nothing is different.
    private func table(_ chunk: Chunk, _ area: LiveArea) -> LiveArea.Table {
        let place = Place(process: area.process, address: area.start + UInt64(chunk.first) << 12)
        let old = known[place]
        var pages: [LivePage]
        let isSame = old.map { $0.raw == chunk.raw && $0.isHuge == chunk.isHuge && $0.caches == chunk.caches } ?? false
        if isSame, let old {
            pages = old.pages
        } else {
            pages = chunk.raw.map {
                tables.canRead ? LivePage(x86: $0, isHuge: chunk.isHuge) : LivePage(pagemap: $0)
            }
            if !chunk.caches.isEmpty {
                for index in pages.indices { pages[index].cache = chunk.caches[index] }
            }
        }
        if frames.canRead, framesLeft >= pages.count {
            framesLeft -= pages.count
            frames.fill(&pages)
            if isSame, let old, old.pages == pages { pages = old.pages }
        } else if frames.canRead {
            note("flags and map counts of the first \(Self.mostFrames) pages only; more are shown as ?")
            if isSame, pages.contains(where: { $0.folio.contains(.isKnown) }) {
                for index in pages.indices { (pages[index].folio, pages[index].mapCount) = ([], -1) }
            }
        }
        fresh[place] = Known(raw: chunk.raw, isHuge: chunk.isHuge, caches: chunk.caches, pages: pages)
        return LiveArea.Table(first: chunk.first, pages: pages)
    }
}
