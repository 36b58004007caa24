import DirtyMachine
import DirtyScript

/// Dirty pages over the whole course, time to the right, with those under writeback on top of them,
/// the limits drawn in, and the faults below.
struct CoursePane {
    let scene: Scene
    let columns: Int

    /// Room for the longest label and a blank behind it.
    private var labelWidth: Int { columns < 60 ? 7 : 1 + max(6, marks.map(\.name.count).max() ?? 0) }

    /// The limits, with their numbers where there is room.
    private var marks: [(pages: Int, name: String)] {
        guard let limits = scene.now.dirtyThresholds else { return [] }
        return columns < 60
            ? [(limits.background, "backgr"), (limits.limit, "limit")]
            : [(limits.background, "background \(limits.background)"), (limits.limit, "limit \(limits.limit)")]
    }

    private var total: Int { max(scene.session.knownMoves, scene.session.position) }

    /// A sample a column. A short course is not stretched: a move has one column at most.
    private func samples(room: Int) -> [Series.Sample] {
        let (series, total) = (scene.session.series, total)
        let width = min(max(1, room), max(1, total))
        return (0..<width).map { column in
            let moves = column * total / width..<max(column * total / width + 1, (column + 1) * total / width)
            return scene.hidesFuture && moves.lowerBound >= scene.session.position ? Series.Sample() : series.sample(of: moves)
        }
    }

    /// Dirty pages and those under writeback in one row, a digit a column: nine is the limit, where
    /// there is one, or else the most that there was.
    var row: Line {
        let thresholds = scene.now.dirtyThresholds
        let labels = labelWidth
        // The number may not change the width of what it stands before.
        let samples = samples(room: columns - labels - (thresholds == nil ? 6 : 12))
        let most = max(1, thresholds?.limit ?? samples.map { $0.dirty + $0.writeback }.max() ?? 0)
        var line = Line()
        line.column("course", labels, Style(.plain, .dim))
        let now = scene.session.position * samples.count / max(1, total)
        for (column, sample) in samples.enumerated() {
            let pages = sample.dirty + sample.writeback
            let digit = pages == 0 ? "." : "\(min(9, max(1, pages * 9 / most)))"
            let role: Role = sample.dirty > 0 ? .dirty : pages > 0 ? .writeback : .absent
            line.add(column == now ? String(scene.glyphs[.timelineNow]) : digit, Style(column == now ? .plain : role, column == now ? .bold : []))
        }
        line.add(" 9=\(most)" + (thresholds == nil ? "" : " limit"), Style(.plain, .dim))
        return line
    }

    func listing(height: Int) -> Listing {
        let samples = samples(room: columns - labelWidth - 1)
        let (total, width) = (total, samples.count)
        let thresholds = scene.now.dirtyThresholds
        let most = samples.map { $0.dirty + $0.writeback }.max() ?? 0
        let top = max(most, thresholds.map { $0.limit + 1 } ?? 0, 1)
        // Axis and faults below, where there is room for them.
        let lines = max(1, height - 2)
        // A page has two rows at most: a tall bar would say no more.
        let bars = top * 2 < lines ? top * 2 : lines
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "Dirty pages over time  \(total) steps, at most \(most) dirty or under writeback"
        let marks = marks.map { (row: Self.row(over: $0.pages, top, bars), name: $0.name) }
        var rows = (0..<bars).reversed().map { row in
            bar(row, of: bars, top: top, samples, name: marks.last { $0.row == row }?.name)
        }
        if height >= 2 { rows.append(faults(samples)) }
        if height >= 3 { rows.append(now(total, width)) }
        listing.count = total == 0 ? 0 : rows.count
        listing.empty = "nothing has moved yet"
        listing.row = { rows[$0] }
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
        line.column(label, labelWidth - 1, Style(.plain, name != nil ? .bold : .dim), right: true)
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
        line.column("faults", labelWidth - 1, Style(.plain, .dim), right: true)
        line.add(" ")
        for sample in samples {
            let digit = sample.faults == 0 ? 0 : max(1, sample.faults * 9 / max(most, 9))
            line.add(digit == 0 ? "." : "\(digit)", Style(digit == 0 ? .absent : .plain))
        }
        return line
    }

    private func now(_ total: Int, _ width: Int) -> Line {
        var line = Line()
        line.column("now", labelWidth - 1, Style(.plain, .dim), right: true)
        let here = labelWidth + min(width - 1, scene.session.position * width / max(1, total))
        let text = "step \(scene.session.position)"
        // At the right end the words stand before the sign.
        let isBefore = here + 2 + text.count > columns
        line.pad(width: isBefore ? here - text.count - 1 : here)
        if isBefore { line.add(text + " ", Style(.plain, .dim)) }
        line.add(scene.glyphs[.timelineNow], Style(.plain, .bold))
        if !isBefore { line.add(" " + text, Style(.plain, .dim)) }
        return line
    }
}
