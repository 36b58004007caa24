import DirtyScript
import LiveModel

extension LivePlayer {
    /// The screen as it should look now: a function of the player's state and the size.
    public func frame(size: Size) -> Grid {
        var grid = Grid(size)
        guard size.columns > 0, size.rows > 0 else { return grid }
        var painter = LivePainter(player: self, layout: LiveLayout(size, focus: focus, isZoomed: isZoomed))
        painter.paint(&grid)
        return grid
    }
}

private struct LivePainter {
    let player: LivePlayer
    let layout: LiveLayout
    private var cursor: (column: Int, row: Int)?
    private var width: Int { layout.size.columns }

    init(player: LivePlayer, layout: LiveLayout) {
        self.player = player
        self.layout = layout
    }

    mutating func paint(_ grid: inout Grid) {
        if let help = player.help {
            paintHelp(&grid, help)
        } else {
            paintPanes(&grid)
        }
        grid.put(status, at: 0, 0, limit: width)
        if let row = layout.tabsRow { grid.put(tabs, at: 0, row, limit: width) }
        if let row = layout.answerRow { grid.put(Line(player.answer, Style(.narration)), at: 0, row, limit: width) }
        if let row = layout.timelineRow { grid.put(timeline, at: 0, row, limit: width) }
        if let row = layout.hintsRow { grid.put(hints, at: 0, row, limit: width) }
        if layout.messageRow > 0 { paintBottom(&grid) }
        grid.cursor = cursor
    }

    // MARK: Status

    private var mode: String {
        if player.sample?.isOver == true { return "ENDED" }
        if player.isLive { return player.isFollowing ? "LIVE" : "HELD" }
        return player.isPlaying ? "PLAYING" : "RECORDED"
    }

    /// Program, whom, which sample, when, mode, rate, and what goes wrong: left to right, what gives way
    /// first at the end.
    private var status: Line {
        let header = player.history.header
        guard let sample = player.sample else { return Line("dirtyscope  \(printable(header.title))  no sample yet", Style(.status)) }
        let rate = Int(sample.rate.rounded(.down))
        let lowered = sample.rate < player.wantedRate * 0.95
        let newest = player.history.samples.last?.number ?? 0
        var parts = [
            "dirtyscope", printable(clipped(header.title, max(8, width / 3))), mode,
            "sample \(sample.number)/\(newest)", "\(seconds(sample.time))s",
        ]
        let speed = rate >= 1 ? "\(rate)/s" : "every \(Int((1 / max(sample.rate, 0.001)).rounded()))s"
        parts.append(lowered ? "\(speed) of \(Int(player.wantedRate))" : speed)
        parts.append("\(LiveText.duration(sample.cost)) a look")
        if sample.lostEvents > 0 { parts.insert("LOST \(sample.lostEvents) events", at: 3) }
        let execs = sample.processes.reduce(0) { $0 + $1.execs }
        if execs > 0 { parts.append("exec \(execs)") }
        parts.append(printable(header.kernel))
        var line = Line("", Style(.status))
        for part in parts {
            guard line.width == 0 || line.width + 2 + part.unicodeScalars.count <= width else { break }
            if line.width > 0 { line.add("  ", Style(.status)) }
            line.add(part, Style(.status, part == mode && mode != "LIVE" ? .bold : []))
        }
        return line
    }

    private func seconds(_ nanoseconds: UInt64) -> String {
        "\(nanoseconds / 1_000_000_000).\(nanoseconds % 1_000_000_000 / 100_000_000)"
    }

    private var tabs: Line {
        var line = Line()
        for pane in LivePane.allCases {
            if line.width > 0 { line.add(" ") }
            let text = "\(pane.rawValue)\(width >= 56 ? pane.shortName : String(pane.shortName.prefix(2)))"
            line.add(pane == player.focus ? "[\(text)]" : text, Style(pane == player.focus ? .focusedTitle : .chrome))
        }
        return line
    }

    // MARK: Panes

    private mutating func paintPanes(_ grid: inout Grid) {
        let titled = layout.placements.filter(\.hasTitle).map(\.body)
        RuleLines(layout.size, over: titled, layout.separators).draw(on: &grid, player.glyphs)
        for placement in layout.placements {
            let body = placement.body
            let listing = player.listing(placement.pane, columns: body.columns, height: body.rows)
            let hasKeyboard = placement.pane == player.focus
            if placement.hasTitle {
                let title = " [\(placement.pane.rawValue)] \(printable(listing.title)) "
                grid.put(
                    Line(title, Style(hasKeyboard ? .focusedTitle : .title)), at: body.x + 1, body.y - 1,
                    limit: max(0, body.columns - 2))
            }
            let place = listing.paint(&grid, body, player.glyphs, hasKeyboard)
            if hasKeyboard { cursor = place }
        }
    }

    // MARK: Below

    /// The samples that are kept, those with calls of the process marked.
    private var timeline: Line {
        let samples = player.history.samples
        let tail = " \(samples.count) kept"
        let room = max(1, width - tail.count - 2)
        let last = max(1, samples.count - 1)
        func place(_ index: Int) -> Int { min(room - 1, index * (room - 1) / last) }
        var marks: Set<Int> = []
        for (index, sample) in samples.enumerated() where sample.events.contains(where: \.isCall) { marks.insert(place(index)) }
        var line = Line(bar: room, here: place(player.position), player.glyphs) {
            marks.contains($0) ? player.glyphs[.timelineMarker] : nil
        }
        line.add(tail)
        return line
    }

    private var hints: Line {
        var line = Line()
        for binding in LiveKeys.entries(player.keys, filter: "") where !binding.hint.isEmpty {
            guard let key = binding.keys.first else { continue }
            let text = "  \(key.description) \(binding.hint)"
            guard line.width + text.count <= width else { continue }
            if line.width > 0 { line.add("  ") }
            line.add(key.description, Style(.plain, .bold))
            line.add(" " + binding.hint, Style(.chrome))
        }
        return line
    }

    private mutating func paintBottom(_ grid: inout Grid) {
        let row = layout.messageRow
        if let prompt = player.prompt {
            grid.put(Line(":" + prompt.text, Style(.prompt)), at: 0, row, limit: width)
            cursor = (min(width - 1, prompt.cursor + 1), row)
        } else if let help = player.help {
            let entries = LiveKeys.entries(player.keys, filter: help.filter)
            grid.put(Line(entries.indices.contains(help.row) ? entries[help.row].help : "no key does that", Style(.narration)), at: 0, row, limit: width)
        } else if let message = player.message {
            grid.put(
                Line((message.isError ? "! " : "") + printable(message.text), Style(message.isError ? .error : .plain)),
                at: 0, row, limit: width)
        } else if let note = player.sample?.notes.first {
            grid.put(Line("note  " + printable(note), Style(.chrome)), at: 0, row, limit: width)
        } else {
            grid.put(Line(latest, Style(.plain)), at: 0, row, limit: width)
        }
    }

    /// What happened between the sample before and this one, counted.
    private var latest: String {
        guard let sample = player.sample else { return "" }
        var counts: [String: Int] = [:]
        for event in sample.events {
            switch event.kind {
            case .fault(let fault, _, _): counts[fault.rawValue + " faults", default: 0] += 1
            case .dirtied(_, _, let pages): counts["pages dirtied", default: 0] += pages
            case .written(_, _, let pages): counts["pages written", default: 0] += pages
            case .call(let name, _): counts[name, default: 0] += 1
            case .returned: break
            case .fork: counts["forks", default: 0] += 1
            case .exec: counts["exec", default: 0] += 1
            case .exit: counts["exit", default: 0] += 1
            }
        }
        let text = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return text.isEmpty ? "" : "since the sample before: " + text
    }

    private mutating func paintHelp(_ grid: inout Grid, _ help: Help) {
        let entries = LiveKeys.entries(player.keys, filter: help.filter)
        let main = layout.main
        grid.put(Line(" Help: a real process  \(entries.count) entries ", Style(.focusedTitle)), at: 0, main.y, limit: width)
        grid.put(Line(" search: " + help.filter, Style(.prompt)), at: 0, main.y + 1, limit: width)
        cursor = (min(width - 1, 9 + help.filter.count), main.y + 1)
        let page = HelpPage(entries, row: help.row, pane: .pages, columns: width)
        for (offset, line) in page.visible(height: max(0, main.rows - 2), player.glyphs).enumerated() {
            grid.put(line, at: 0, main.y + 2 + offset, limit: width)
        }
    }
}

extension LiveEvent {
    var isCall: Bool { if case .call = kind { true } else { false } }
}
