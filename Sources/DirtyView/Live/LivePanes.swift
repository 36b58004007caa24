import DirtyMachine
import DirtyScript
import LiveModel

extension LivePlayer {
    func listing(_ pane: LivePane, columns: Int, height: Int) -> Listing {
        switch pane {
        case .areas: areaListing(columns)
        case .pages: LivePages(player: self, columns: columns).listing(height: height)
        case .tracking: trackingListing(columns)
        case .log: logListing(columns, height)
        case .history: historyListing(columns)
        case .sources: sourceListing(columns)
        }
    }

    // MARK: VMAs

    private func areaListing(_ columns: Int) -> Listing {
        var listing = Listing()
        listing.title = "VMAs"
        guard let sample else { return listing }
        // Those that are watched come first: they are what one came for.
        let areas = sample.areas.filter(\.isWatched) + sample.areas.filter { !$0.isWatched }
        let isWide = columns >= 70
        var header = Line()
        let style = Style(.plain, .dim)
        header.pad(width: 2)
        header.column("pid", 7, style)
        header.column("name", isWide ? 18 : 13, style)
        header.column("start", 13, style)
        header.column("size", 7, style, right: true)
        header.column(" perm", 6, style)
        header.column(isWide ? "tracked" : "trk", isWide ? 8 : 4, style)
        header.add("dirty wb", style)
        listing.header = [header]
        listing.count = areas.count
        listing.empty = "no VMA: the process has ended"
        listing.cursor = selection.flatMap { selected in
            areas.firstIndex { $0.process == selected.process && $0.contains(selected.address) }
        }
        listing.showsCursorAlways = true
        listing.row = { index in
            let area = areas[index]
            var line = Line()
            let tone: Emphasis = area.isWatched ? [] : .dim
            let style = Style(.plain, tone)
            line.column(area.process == 0 ? "file" : "\(area.process)", 7, style)
            line.column(printable(area.shortName), isWide ? 18 : 13, style)
            line.column(area.process == 0 ? "page cache" : String(area.start, radix: 16), 13, style)
            line.column(LiveText.size(area.end - area.start), 7, style, right: true)
            let before = previous?.areas.first { $0.process == area.process && $0.start == area.start }
            let isNew = previous != nil && before == nil
            let differs = isNew || before.map { $0.permissions != area.permissions } ?? false
            if differs { line.isChanged = true }
            line.add(" ")
            line.column(area.permissions, 5, Style(.plain, differs ? .changed : tone))
            let isTracked = area.isShared && area.isWritable && area.isFile
            line.column(area.process == 0 ? "" : isTracked ? "yes" : "no", isWide ? 8 : 4, style)
            if area.isWatched {
                let counts = LiveCounts(area)
                line.add("D\(counts.dirty)", Style(counts.dirty > 0 ? .dirty : .plain))
                line.add(" ")
                line.add("W\(counts.writeback)", Style(counts.writeback > 0 ? .writeback : .plain))
            }
            return line
        }
        return listing
    }

    // MARK: Tracking

    /// A mapping's account, and what came to it lately.
    struct Rates {
        let key: MappingKey
        let account: LiveAccount
        /// A second, over the latest second or so.
        let writeProtects, dirtied, written: Double
    }

    /// The mappings that anything happened to, most write-protect faults first.
    var rates: [Rates] {
        guard let sample else { return [] }
        let earlier = history.samples.prefix(position).last { sample.time - $0.time >= 1_000_000_000 }
            ?? history.samples.first
        let span = Double(sample.time - (earlier?.time ?? 0)) / 1e9
        func rate(_ now: Int, _ before: Int?) -> Double { span > 0 ? Double(now - (before ?? 0)) / span : 0 }
        return sample.accounts.map { key, account in
            let old = earlier?.accounts[key]
            return Rates(
                key: key, account: account, writeProtects: rate(account.writeProtects, old?.writeProtects),
                dirtied: rate(account.dirtied, old?.dirtied), written: rate(account.written, old?.written))
        }.sorted { ($1.account.writeProtects, $0.key) < ($0.account.writeProtects, $1.key) }
    }

    /// The name of a mapping, which may have gone meanwhile.
    func name(of key: MappingKey) -> String { name(of: key.file) }

    func name(of file: LiveFile) -> String {
        for sample in history.samples.prefix(position + 1).reversed().prefix(100) {
            if let area = sample.areas.first(where: { $0.file == file }) { return area.shortName }
        }
        return "inode \(file.inode)"
    }

    /// What tracking has cost a mapping so far, in nanoseconds.
    func cost(_ account: LiveAccount) -> UInt64? {
        history.header.faultTimes.map { UInt64(account.writeProtects) * $0.writeProtect }
    }

    private func trackingListing(_ columns: Int) -> Listing {
        var listing = Listing()
        listing.title = "Cost of tracking"
        listing.hasMargin = false
        let rates = rates
        let obstacle = history.header.sources.first { $0.name == "events" }?.obstacle
        listing.empty = obstacle.map { "not known: " + printable($0) } ?? "no fault, nothing dirtied or written yet"
        let isNarrow = columns < 60
        let first = isNarrow ? 12 : 16
        func cells(_ words: [String], _ style: Style) -> Line {
            let widths = isNarrow ? [first, 6, 6, 8, 9] : [first, 7, 7, 8, 8, 8, 9]
            var line = Line(" ")
            for (word, width) in zip(words, widths) { line.column(word, width, style, right: width != first) }
            return line
        }
        let heads = isNarrow
            ? ["mapping", "wp/s", "wp", "cost", "stays"]
            : ["mapping", "wp/s", "wp", "dirty/s", "wrote/s", "cost", "stays"]
        listing.header = [cells(heads, Style(.plain, .dim))]
        listing.count = rates.count
        listing.row = { index in
            let rate = rates[index]
            let account = rate.account
            let price = cost(account).map { LiveText.duration($0) } ?? "?"
            let stays = account.meanDirty.map { LiveText.duration($0) } ?? "-"
            let title = printable(name(of: rate.key))
            func figure(_ value: Double) -> String { "\(Int(value.rounded()))" }
            let words = isNarrow
                ? [title, figure(rate.writeProtects), "\(account.writeProtects)", price, stays]
                : [
                    title, figure(rate.writeProtects), "\(account.writeProtects)", figure(rate.dirtied),
                    figure(rate.written), price, stays,
                ]
            return cells(words, Style(.plain, index == 0 && account.writeProtects > 0 ? .bold : []))
        }
        return listing
    }

    /// Which mapping takes the write-protect faults, and how long a page stays dirty: in one line.
    var answer: String {
        guard let top = rates.first, let sample else { return "no event so far" }
        let account = top.account
        var text = "\(printable(name(of: top.key))): \(account.writeProtects) write-protect faults"
        if let times = history.header.faultTimes {
            let share = top.writeProtects * Double(times.writeProtect) / 1e7
            let tenths = Int((share * 10).rounded())
            text += ", \(Int(top.writeProtects.rounded()))/s = "
            text += tenths == 0 && share > 0 ? "less than 0.1% of a CPU" : "\(tenths / 10).\(tenths % 10)% of a CPU"
        }
        if let mean = account.meanDirty {
            text += "; a page stays dirty \(LiveText.duration(mean)), at most \(LiveText.duration(account.longestDirty))"
        }
        if sample.lostEvents > 0 { text += "; \(sample.lostEvents) events lost" }
        return text
    }

    // MARK: Log

    private func logListing(_ columns: Int, _ height: Int) -> Listing {
        var listing = Listing()
        listing.title = "Events" + (logOffset > 0 ? "  \(logOffset) newer ones below" : "")
        listing.hasMargin = false
        let obstacle = history.header.sources.first { $0.name == "events" }?.obstacle
        listing.empty = obstacle.map { "not known: " + printable($0) } ?? "nothing happened yet"
        var rows: [(event: LiveEvent, isNew: Bool)] = []
        var skip = logOffset
        for index in (0...max(0, position)).reversed() where history.samples.indices.contains(index) {
            let events = history.samples[index].events
            if skip >= events.count {
                skip -= events.count
                continue
            }
            rows += events.dropLast(skip).reversed().prefix(height - rows.count).map { ($0, index == position) }
            skip = 0
            if rows.count >= height { break }
        }
        let newest = Array(rows.reversed())
        listing.count = newest.count
        let names = Dictionary(uniqueKeysWithValues: Set(newest.compactMap(\.event.file)).map { ($0, name(of: $0)) })
        let manyProcesses = (sample?.processes.count ?? 0) > 1
        listing.row = { index in
            let (event, isNew) = newest[index]
            var line = Line(" ")
            let micros = event.time / 1000
            let fraction = "\(micros % 1_000_000)"
            line.add(
                "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction + " ",
                Style(.plain, isNew ? .bold : .dim))
            if manyProcesses { line.add("\(event.process) ", Style(.plain, .dim)) }
            // The colour says what the words say: those before the place.
            let text = event.text(isBrief: columns < 40, fileName: { names[$0] ?? "?" }, page: { place(event, $0) })
            let words = text.firstRange(of: "  ")?.lowerBound ?? text.endIndex
            line.add(String(text[..<words]), Style(event.role))
            line.add(Self.placeText(String(text[words...]), columns - line.width))
            return line
        }
        return listing
    }

    /// A place in so many columns: of `data.mdb[12]` the page is kept rather than the name.
    private static func placeText(_ text: String, _ columns: Int) -> String {
        guard text.count > columns, text.hasSuffix("]"), let bracket = text.lastIndex(of: "[") else { return text }
        let page = text[bracket...]
        let room = columns - page.count - 1
        return room < 3 ? text : text.prefix(room) + "~" + page
    }

    /// `data.mdb[12]`, or the address where no mapping is known.
    private func place(_ event: LiveEvent, _ address: UInt64) -> String {
        guard let key = event.mapping else { return "0x" + String(address, radix: 16) }
        return printable(name(of: key)) + "[\((address &- key.base) >> 12)]"
    }

    // MARK: History

    /// The selected page over the samples, one column a sample.
    private func historyListing(_ columns: Int) -> Listing {
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "History of the page"
        listing.empty = "no page is selected"
        guard let selection else { return listing }
        let room = max(1, columns - 8)
        let samples = history.samples.prefix(position + 1).suffix(room)
        var lines = ["pte", "accessed", "cache", "write"].map { name -> Line in
            var line = Line(" ")
            line.column(String(name.prefix(6)), 7, Style(.plain, .dim))
            return line
        }
        for sample in samples {
            let page = sample.page(selection.process, at: selection.address)
            let dot = Cell(".", Style(.absent))
            let cells: [Cell]
            if let page {
                let entry = page.entry
                let isThere = entry.contains(.present)
                cells = [
                    !isThere ? dot : entry.contains(.coarse) ? Cell("p", Style(.clean))
                        : entry.contains(.dirty) ? Cell(entry.contains(.write) ? "D" : "d", Style(.dirty))
                        : Cell(entry.contains(.write) ? "w" : "r", Style(.clean)),
                    entry.contains(.accessed) ? Cell("a") : dot,
                    page.isDirtyInCache ? Cell("D", Style(.dirty))
                        : page.cache.contains(.cached) || page.frame != 0 ? Cell("c", Style(.absent)) : dot,
                    page.isUnderWriteback ? Cell("W", Style(.writeback)) : dot,
                ]
            } else {
                cells = Array(repeating: Cell(" "), count: 4)
            }
            for (row, cell) in cells.enumerated() { lines[row].add(cell.scalar, cell.style) }
        }
        if let area {
            let page = Int((selection.address - area.start) >> 12)
            listing.title = "History of page \(page)  samples \(samples.first?.number ?? 0)-\(samples.last?.number ?? 0)"
        }
        lines.append(Line(" pte: r read-only w writable D dirty   cache: c clean D dirty   write: W", Style(.plain, .dim)))
        listing.count = lines.count
        listing.row = { lines[$0] }
        return listing
    }

    // MARK: Sources

    private func sourceListing(_ columns: Int) -> Listing {
        var lines: [Line] = []
        for source in history.header.sources {
            var line = Line(" ")
            line.column(source.name, 9, Style(.plain, .bold))
            if let obstacle = source.obstacle {
                line.add("not known: " + printable(obstacle), Style(.error))
            } else {
                line.add(source.means)
            }
            lines.append(line)
        }
        if let times = history.header.faultTimes {
            lines.append(
                Line(
                    " a fault takes: write-protect \(LiveText.duration(times.writeProtect)), load \(LiveText.duration(times.absentLoad)), store \(LiveText.duration(times.absentStore))"))
        }
        for note in sample?.notes ?? [] { lines.append(Line(" " + printable(note), Style(.error))) }
        var listing = Listing(title: "How it is known", count: lines.count, row: { lines[$0] })
        listing.hasMargin = false
        return listing
    }
}

extension LiveEvent {
    var file: LiveFile? {
        switch kind {
        case .dirtied(let file, _, _), .written(let file, _, _): file
        default: nil
        }
    }

    /// How it looks in the log.
    var role: Role {
        switch kind {
        case .fault(.writeProtect, _, _): .clean
        case .fault(.refused, _, _): .violation
        case .dirtied: .dirty
        case .written: .writeback
        default: .plain
        }
    }
}
