import DirtyMachine
import DirtyScript

/// Samples as text for people: what `attach --once` prints.
public enum LiveText {
    /// A table of everything that a sample shows.
    public static func lines(_ sample: LiveSample, _ header: LiveHeader) -> [String] {
        var lines: [String] = []
        for process in sample.processes {
            let state = process.hasEnded ? "  ended" : ""
            lines.append("process \(process.id)  \(printable(process.name))\(state)")
        }
        for area in sample.areas where area.isWatched {
            lines.append("")
            lines.append(title(area))
            let runs = runs(area)
            if runs.isEmpty {
                lines.append("  no page is mapped or cached")
                continue
            }
            // Pages of a large mapping have long numbers.
            let width = max(15, (runs.map { range($0).count }.max() ?? 0) + 2)
            lines.append(
                "  " + cell("pages", width) + cell("pte", 8) + cell("pfn", 9) + cell("folio", 10)
                    + cell("cache", 7) + cell("maps", 6) + "state")
            for run in runs { lines.append(line(run, width)) }
            if let account = sample.accounts[area.key] { lines.append("  " + text(account, header)) }
        }
        let others = sample.areas.count { !$0.isWatched }
        if sample.areas.allSatisfy({ !$0.isWatched }) {
            lines += ["", "no mapping is watched: none of its \(others) VMAs is a shared mapping of a file"]
        } else if others > 0 {
            lines += ["", "\(others) other VMAs"]
        }
        lines.append("")
        lines += sources(header)
        for note in sample.notes { lines.append("note: \(printable(note))") }
        lines.append("this look took \(duration(sample.cost))")
        return lines
    }

    /// What is known by which means, and what is not, with the reason.
    public static func sources(_ header: LiveHeader) -> [String] {
        header.sources.map { source in
            cell(source.name, 9)
                + (source.obstacle.map { "not known: \(printable($0))" } ?? source.means)
        }
    }

    static func title(_ area: LiveArea) -> String {
        let who = area.process == 0 ? "" : "\(area.process)  "
        let dirty = area.totals.map { "  dirty \($0.sharedDirty + $0.privateDirty)K of \($0.rss)K" } ?? ""
        let place =
            area.process == 0 ? "page cache" : String(area.start, radix: 16) + "-" + String(area.end, radix: 16)
        let offset = area.offset > 0 ? "+\(area.offset >> 10)K" : ""
        return "\(who)\(place)  \(area.permissions)  \(size(area.end - area.start))  \(printable(area.path))\(offset)\(dirty)"
    }

    private struct Run {
        var first: Int
        var count: Int
        var page: LivePage
    }

    /// Neighbours that look alike; their frames may differ. Pages of which nothing is there are left out.
    private static func runs(_ area: LiveArea) -> [Run] {
        func looks(_ page: LivePage) -> LivePage {
            var page = page
            page.frame = page.frame == 0 ? 0 : 1
            return page
        }
        var runs: [Run] = []
        for table in area.tables {
            for (index, page) in table.pages.enumerated() {
                guard page.entry != [] || page.cache.contains(.cached) else { continue }
                let place = table.first + index
                if let last = runs.last, last.first + last.count == place, looks(last.page) == looks(page) {
                    runs[runs.count - 1].count += 1
                } else {
                    runs.append(Run(first: place, count: 1, page: page))
                }
            }
        }
        return runs
    }

    private static func range(_ run: Run) -> String {
        run.count == 1 ? "\(run.first)" : "\(run.first)-\(run.first + run.count - 1)"
    }

    private static func line(_ run: Run, _ width: Int) -> String {
        let page = run.page
        let frame = page.frame == 0 ? page.entry.contains(.present) ? "?" : "-" : String(page.frame, radix: 16)
        let huge = page.entry.contains(.huge) ? "  huge" : ""
        return "  " + cell(range(run), width) + cell(page.entryLetters, 8) + cell(frame, 9) + cell(page.folioLetters, 10)
            + cell(page.cacheLetters, 7) + cell(page.mapCountText, 6) + page.stateText + huge
    }

    /// What a mapping has cost, in one line.
    public static func text(_ account: LiveAccount, _ header: LiveHeader) -> String {
        var parts = [
            "faults: \(account.writeProtects) write-protect, \(account.absentLoads) load, \(account.absentStores) store",
            "dirtied \(account.dirtied)", "written \(account.written)",
        ]
        if let times = header.faultTimes, account.writeProtects > 0 {
            parts.append("tracking cost \(duration(UInt64(account.writeProtects) * times.writeProtect))")
        }
        if let mean = account.meanDirty { parts.append("dirty for \(duration(mean))") }
        return parts.joined(separator: ", ")
    }

    private static func cell(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.unicodeScalars.count))
    }

    /// `4K`, `16M`, `1T`.
    public static func size(_ bytes: UInt64) -> String {
        let units: [(UInt64, String)] = [(1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")]
        for (unit, name) in units where bytes >= unit && bytes % unit == 0 { return "\(bytes / unit)\(name)" }
        return "\(bytes)"
    }

    /// Nanoseconds with a unit, three digits at most.
    public static func duration(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case ..<1000: "\(nanoseconds) ns"
        case ..<1_000_000: tenths(nanoseconds, 1000) + " us"
        case ..<1_000_000_000: tenths(nanoseconds, 1_000_000) + " ms"
        default: tenths(nanoseconds, 1_000_000_000) + " s"
        }
    }

    /// `1.5`, `15`.
    private static func tenths(_ value: UInt64, _ unit: UInt64) -> String {
        value < unit * 10 ? "\(value / unit).\(value % unit * 10 / unit)" : "\(value / unit)"
    }
}
