import Glibc
import LiveModel

/// /proc/kpageflags and /proc/kpagecount: what the kernel knows of frames.
final class FrameReader {
    private let flags: Descriptor?
    private let counts: Descriptor?
    let obstacle: String?

    init() {
        flags = Descriptor("/proc/kpageflags")
        let error = errno
        counts = Descriptor("/proc/kpagecount")
        obstacle = flags == nil ? "/proc/kpageflags: \(errorText(error))" : nil
    }

    var canRead: Bool { flags != nil }

    /// Neighbours that are this close are read in one call.
    private static let gap: UInt64 = 64
    private static let most = 4096

    /// Fills in flags and map counts of pages whose frames are known.
    func fill(_ pages: inout [LivePage]) {
        guard let flags else { return }
        let wanted = pages.indices.filter { pages[$0].frame != 0 && !pages[$0].entry.contains(.swapped) }
            .sorted { pages[$0].frame < pages[$1].frame }
        var at = 0
        while at < wanted.count {
            let first = pages[wanted[at]].frame
            var end = at
            while end + 1 < wanted.count {
                let next = pages[wanted[end + 1]].frame
                if next - pages[wanted[end]].frame > Self.gap || next - first >= UInt64(Self.most) { break }
                end += 1
            }
            let count = Int(pages[wanted[end]].frame - first) + 1
            let words = flags.words(at: first, count: count)
            let maps = counts?.words(at: first, count: count) ?? []
            for index in wanted[at...end] {
                let offset = Int(pages[index].frame - first)
                if offset < words.count {
                    pages[index].folio = LivePage.Folio(rawValue: UInt32(truncatingIfNeeded: words[offset]))
                        .union(.isKnown)
                }
                if offset < maps.count { pages[index].mapCount = Int32(clamping: maps[offset]) }
            }
            at = end + 1
        }
    }
}
