import DirtyMachine
import DirtyScript

/// Dirty pages over the whole course, time to the right, with those under writeback on top of them,
/// the limits drawn in, and the faults below.
struct CoursePane {
    let scene: Scene
    let columns: Int

    private static let labelWidth = 7

    func listing(height: Int) -> Listing {
        let series = scene.session.series
        let total = max(scene.session.knownMoves, scene.session.position)
        let room = max(1, columns - Self.labelWidth - 1)
        // A short course is not stretched: a move has one column at most.
        let width = min(room, max(1, total))
        let samples = (0..<width).map { column in
            series.sample(of: column * total / width..<max(column * total / width + 1, (column + 1) * total / width))
        }
        let thresholds = scene.now.dirtyThresholds
        let most = samples.map { $0.dirty + $0.writeback }.max() ?? 0
        let top = max(most, thresholds.map { $0.limit + 1 } ?? 0, 1)
        // Axis and faults below, where there is room for them.
        let bars = max(1, height - 2)
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "Dirty pages over time  \(total) steps, at most \(most) dirty or under writeback"
        let marks = thresholds.map { [(Self.row(over: $0.background, top, bars), "backgr"), (Self.row(over: $0.limit, top, bars), "limit")] } ?? []
        var lines = (0..<bars).reversed().map { row in
            bar(row, of: bars, top: top, samples, name: marks.last { $0.0 == row }?.1)
        }
        if height >= 2 { lines.append(faults(samples)) }
        if height >= 3 { lines.append(now(total, width)) }
        listing.count = total == 0 ? 0 : lines.count
        listing.empty = "nothing has moved yet"
        listing.row = { lines[$0] }
        return listing
    }

    /// The lowest row, counted from below, that shows more than so many pages.
    private static func row(over pages: Int, _ top: Int, _ bars: Int) -> Int {
        (0..<bars).first { row in
            let low = top * row / bars
            return (low..<max(top * (row + 1) / bars, low + 1)).contains(pages)
        } ?? bars
    }

    /// One row of the bars, counted from below: what lies above so many pages of `top`.
    private func bar(_ row: Int, of bars: Int, top: Int, _ samples: [Series.Sample], name: String?) -> Line {
        let low = top * row / bars
        // Several rows can stand for one page: its number is written once.
        let high = max(top * (row + 1) / bars, low + 1)
        let isRepeated = row + 1 < bars && max(top * (row + 2) / bars, top * (row + 1) / bars + 1) == high
        var line = Line()
        let label = name ?? (isRepeated ? "" : "\(high)")
        line.column(label, Self.labelWidth - 1, Style(.plain, name != nil ? .bold : .dim), right: true)
        line.add(" ")
        for sample in samples {
            if sample.dirty > low {
                line.add("D", Style(.dirty))
            } else if sample.dirty + sample.writeback > low {
                line.add("W", Style(.writeback))
            } else {
                line.add(name != nil ? scene.glyphs[.horizontal] : " ", Style(.chrome))
            }
        }
        return line
    }

    /// A digit a column: nines where there were most faults, a dot where there were none.
    private func faults(_ samples: [Series.Sample]) -> Line {
        let most = samples.map(\.faults).max() ?? 0
        var line = Line()
        line.column("faults", Self.labelWidth - 1, Style(.plain, .dim), right: true)
        line.add(" ")
        for sample in samples {
            let digit = sample.faults == 0 ? 0 : max(1, sample.faults * 9 / max(most, 9))
            line.add(digit == 0 ? "." : "\(digit)", Style(digit == 0 ? .absent : .plain))
        }
        return line
    }

    private func now(_ total: Int, _ width: Int) -> Line {
        var line = Line()
        line.column("now", Self.labelWidth - 1, Style(.plain, .dim), right: true)
        line.pad(width: Self.labelWidth + min(width - 1, scene.session.position * width / max(1, total)))
        line.add(scene.glyphs[.timelineNow], Style(.plain, .bold))
        line.add(" step \(scene.session.position)", Style(.plain, .dim))
        return line
    }
}
