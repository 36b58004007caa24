/// The tracked mappings of one process, by address.
struct AddressSpace {
    /// A run of pages of one mapping that is still there.
    struct Segment: Equatable {
        var start: UInt64
        var end: UInt64
        /// Which call of mmap made it, over the whole trace; forked processes share the number.
        var mapping: Int
        var file: Int
        /// The index of its first page in the mapping, counted as the mapping was made.
        var firstPage: Int
        /// Pages of the file that the whole mapping shows, as it was made.
        var filePages: ClosedRange<Int>
        var kind: Event.MappingKind

        var pages: Int { Int((end - start) / Page.size) }
        var isWhole: Bool { pages == filePages.count }
        var range: ClosedRange<Int> { firstPage...firstPage + pages - 1 }

        /// Whether an access is no SIGSEGV. On x86, what can be written or run can be read.
        func allows(store: Bool) -> Bool {
            store ? kind.letters.contains("w") : kind.letters != "none"
        }

        func page(of address: UInt64) -> Int { firstPage + Int((address - start) / Page.size) }

        /// The part within `range`, which overlaps and begins and ends with a page.
        func clipped(to range: Range<UInt64>) -> Segment {
            var part = self
            part.start = max(start, range.lowerBound)
            part.end = min(end, range.upperBound)
            part.firstPage = page(of: part.start)
            return part
        }
    }

    private(set) var segments: [Segment] = []
    /// From the first mapping to the end of the last.
    var bounds: Range<UInt64> { (segments.first?.start ?? 0)..<(segments.last?.end ?? 0) }

    var count: Int { segments.count }

    func find(_ address: UInt64) -> Segment? {
        let index = firstIndex(endingAfter: address)
        guard index < segments.count, segments[index].start <= address else { return nil }
        return segments[index]
    }

    /// The parts of mappings within `range`, in address order.
    func overlapping(_ range: Range<UInt64>) -> [Segment] {
        guard !range.isEmpty else { return [] }
        var parts: [Segment] = []
        var index = firstIndex(endingAfter: range.lowerBound)
        while index < segments.count, segments[index].start < range.upperBound {
            parts.append(segments[index].clipped(to: range))
            index += 1
        }
        return parts
    }

    /// Takes `range` away and returns the parts that were there.
    mutating func remove(_ range: Range<UInt64>) -> [Segment] {
        let removed = overlapping(range)
        guard let first = removed.first, let last = removed.last else { return [] }
        let lower = firstIndex(endingAfter: range.lowerBound)
        let upper = lower + removed.count
        var remains: [Segment] = []
        let head = segments[lower]
        if head.start < first.start { remains.append(head.clipped(to: head.start..<first.start)) }
        let tail = segments[upper - 1]
        if last.end < tail.end { remains.append(tail.clipped(to: last.end..<tail.end)) }
        segments.replaceSubrange(lower..<upper, with: remains)
        return removed
    }

    /// Adds a mapping where nothing is.
    mutating func insert(_ segment: Segment) {
        segments.insert(segment, at: firstIndex(endingAfter: segment.start))
    }

    /// Gives what is mapped in `range` other permissions.
    mutating func protect(_ range: Range<UInt64>, letters: String) {
        for var part in remove(range) {
            part.kind.letters = letters
            insert(part)
            join(at: firstIndex(endingAfter: part.start))
        }
    }

    /// Joins a segment with those before and after it that differ from it in nothing.
    private mutating func join(at index: Int) {
        for first in [index, index - 1] where first >= 0 && first + 1 < segments.count {
            let (left, right) = (segments[first], segments[first + 1])
            guard left.end == right.start, left.mapping == right.mapping, left.kind == right.kind,
                left.firstPage + left.pages == right.firstPage
            else { continue }
            segments[first].end = right.end
            segments.remove(at: first + 1)
        }
    }

    private func firstIndex(endingAfter address: UInt64) -> Int {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].end > address { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Pages of the recorded machine, which are those of the simulated one.
enum Page {
    static let size: UInt64 = 4_096

    /// Pages that `bytes` bytes need.
    static func count(_ bytes: UInt64) -> Int {
        Int(bytes / size) + (bytes % size == 0 ? 0 : 1)
    }

    /// The pages that a transfer of `count` bytes at `offset` touches; nil for none.
    static func range(offset: UInt64, count: UInt64) -> ClosedRange<Int>? {
        guard count > 0 else { return nil }
        let (last, overflow) = offset.addingReportingOverflow(count - 1)
        return Int(offset / size)...Int((overflow ? UInt64.max : last) / size)
    }

    /// The whole pages that `count` bytes at `address` lie in; nil for none.
    static func covering(address: UInt64, count: UInt64) -> Range<UInt64>? {
        let (end, overflow) = address.addingReportingOverflow(count)
        guard count > 0, !overflow, end <= UInt64(Int64.max) else { return nil }
        return address / size * size..<(end + size - 1) / size * size
    }

    /// The whole pages from `address` on that a call on `length` bytes means; nil where the kernel
    /// would refuse.
    static func span(address: UInt64, length: UInt64) -> Range<UInt64>? {
        guard address % size == 0, length > 0 else { return nil }
        return covering(address: address, count: length)
    }
}
