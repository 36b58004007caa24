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
        var lines = (0..<bars).map { row in
            bar(from: top * (bars - 1 - row) / bars, to: top * (bars - row) / bars, samples, thresholds)
        }
        if height >= 2 { lines.append(faults(samples)) }
        if height >= 3 { lines.append(now(total, width)) }
        listing.count = total == 0 ? 0 : lines.count
        listing.empty = "nothing has moved yet"
        listing.row = { lines[$0] }
        return listing
    }

    /// One row of the bars: what lies above `low` and up to `high` pages.
    private func bar(
        from low: Int, to high: Int, _ samples: [Series.Sample], _ thresholds: (background: Int, limit: Int)?
    ) -> Line {
        let isLimit = thresholds.map { (low..<max(high, low + 1)).contains($0.limit) } ?? false
        let isBackground = thresholds.map { (low..<max(high, low + 1)).contains($0.background) } ?? false
        var line = Line()
        let label = isLimit ? "limit" : isBackground ? "backgr" : "\(high)"
        line.column(label, Self.labelWidth - 1, Style(.plain, isLimit || isBackground ? .bold : .dim), right: true)
        line.add(" ")
        for sample in samples {
            if sample.dirty > low {
                line.add("D", Style(.dirty))
            } else if sample.dirty + sample.writeback > low {
                line.add("W", Style(.writeback))
            } else {
                line.add(isLimit || isBackground ? scene.glyphs[.horizontal] : " ", Style(.chrome))
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
