/// A set of page indices as runs, in order and apart: a run of a million pages takes no more room
/// than one page.
struct PageSet: Equatable {
    private(set) var runs: [ClosedRange<Int>] = []

    var isEmpty: Bool { runs.isEmpty }
    var count: Int { runs.reduce(0) { $0 + $1.count } }

    mutating func insert(_ pages: ClosedRange<Int>) {
        // Runs that touch the new one become part of it.
        let first = firstIndex(endingAtOrAfter: pages.lowerBound - 1)
        var end = first
        var joined = pages
        while end < runs.count, runs[end].lowerBound <= pages.upperBound + 1 {
            joined =
                min(
                    joined.lowerBound, runs[end].lowerBound)...max(
                    joined.upperBound, runs[end].upperBound)
            end += 1
        }
        runs.replaceSubrange(first..<end, with: CollectionOfOne(joined))
    }

    mutating func remove(_ pages: ClosedRange<Int>) {
        let first = firstIndex(endingAtOrAfter: pages.lowerBound)
        var end = first
        var remains: [ClosedRange<Int>] = []
        while end < runs.count, runs[end].lowerBound <= pages.upperBound {
            let run = runs[end]
            if run.lowerBound < pages.lowerBound {
                remains.append(run.lowerBound...pages.lowerBound - 1)
            }
            if run.upperBound > pages.upperBound {
                remains.append(pages.upperBound + 1...run.upperBound)
            }
            end += 1
        }
        runs.replaceSubrange(first..<end, with: remains)
    }

    func contains(_ page: Int) -> Bool {
        let index = firstIndex(endingAtOrAfter: page)
        return index < runs.count && runs[index].lowerBound <= page
    }

    /// The parts of it that lie in `pages`.
    func within(_ pages: ClosedRange<Int>) -> [ClosedRange<Int>] {
        var parts: [ClosedRange<Int>] = []
        var index = firstIndex(endingAtOrAfter: pages.lowerBound)
        while index < runs.count, runs[index].lowerBound <= pages.upperBound {
            parts.append(runs[index].clamped(to: pages))
            index += 1
        }
        return parts
    }

    func count(in pages: ClosedRange<Int>) -> Int {
        within(pages).reduce(0) { $0 + $1.count }
    }

    private func firstIndex(endingAtOrAfter page: Int) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound >= page { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
