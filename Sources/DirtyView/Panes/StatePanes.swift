import DirtyMachine
import DirtyScript

/// What the latest step changed, one attribute a row.
struct ChangesPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        var listing = Listing()
        let changes = scene.alterations
        listing.title = changes.count > height ? "What changed  \(changes.count)" : "What changed"
        listing.count = changes.count
        if scene.focus == .changes { listing.cursor = scene.cursors[.changes] ?? 0 }
        let isCaption = scene.session.moves.last.map { $0.frame == nil && $0.slot == 0 && $0.choice == .script } ?? false
        listing.empty =
            scene.session.position == 0
            ? "nothing yet" : isCaption ? "nothing: a caption" : "nothing that others can see"
        guard changes.count <= height else {
            let groups = groups(changes)
            listing.count = groups.count
            listing.row = { groups[$0] }
            return listing
        }
        // The values stand in one column, as near to the paths as the longest of them allows.
        let longest = changes.map { $0.path.unicodeScalars.count }.max() ?? 0
        let path = min(max(longest, 16), max(12, columns - 19))
        listing.row = { row(changes[$0], path) }
        return listing
    }

    /// Attributes that are on or off: `+dirty` says it all.
    static let flags: Set<String> = [
        "present", "write", "user", "accessed", "dirty", "exec", "uptodate", "referenced", "writeback",
        "locked", "cached", "valid", "sampled", "alive", "tag.dirty", "tag.writeback", "tag.towrite",
    ]

    /// Where a row for each change would not fit: a row for each thing that changed.
    private func groups(_ changes: [Alteration]) -> [Line] {
        var subjects: [String] = []
        var bySubject: [String: [Alteration]] = [:]
        for change in changes {
            let subject = change.subject.isEmpty ? change.attribute : change.subject
            if bySubject[subject] == nil { subjects.append(subject) }
            bySubject[subject, default: []].append(change)
        }
        return subjects.map { subject in
            var line = Line(" ")
            line.isChanged = true
            line.add(subject)
            let flags = bySubject[subject]!.filter { Self.flags.contains($0.attribute) }
            for flag in flags {
                line.add(" " + (flag.new == "0" ? "-" : "+"), Style(.plain, .dim))
                line.add(flag.attribute, Style(.plain, .changed))
            }
            var left = bySubject[subject]!.filter { !Self.flags.contains($0.attribute) }
            while let first = left.first {
                let alike = left.filter { $0.old == first.old && $0.new == first.new }
                left.removeAll { $0.old == first.old && $0.new == first.new }
                let names = first.subject.isEmpty ? [] : alike.map(\.attribute)
                line.add("  " + (names + [first.old]).joined(separator: " "), Style(.plain, .dim))
                line.add(" -> ", Style(.plain, .dim))
                line.add(first.new, Style(.plain, .changed))
            }
            return line
        }
    }

    private func row(_ change: Alteration, _ width: Int) -> Line {
        var line = Line()
        line.isChanged = true
        line.add(" ")
        line.column(change.path, width)
        line.add("  ")
        line.column(change.old, max(3, min(change.old.count, 14)), Style(.plain, .dim), right: true)
        line.add(" -> ", Style(.plain, .dim))
        line.add(change.new, Style(.plain, .changed))
        return line
    }
}

/// The counters, as bars of one cell a page.
struct CounterPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let now = scene.now.state
        let was = scene.was.state
        var lines: [Line] = []
        let bars: [Counter] =
            height >= 6 ? [.nr_dirty, .nr_writeback, .nr_mapped, .nr_anon] : [.nr_dirty, .nr_writeback]
        for counter in bars { lines.append(bar(counter, now.counter(counter), was.counter(counter))) }
        func pair(_ first: (String, Counter), _ second: (String, Counter)) -> Line {
            var line = Line()
            for (name, counter) in [first, second] {
                let (new, old) = (now.counter(counter), was.counter(counter))
                if new != old { line.isChanged = true }
                line.add(name + " ", Style(.plain, .dim))
                line.add("\(new)", Style(.plain, new != old ? .changed : []))
                line.add("  ")
            }
            return line
        }
        lines.append(pair(("faults", .pgfault), ("TLB flush", .tlb_flush)))
        lines.append(lost)
        var listing = Listing()
        listing.title = "Dirty accounting"
        listing.count = lines.count
        if scene.focus == .counters { listing.cursor = scene.cursors[.counters] ?? 0 }
        listing.row = { lines[$0] }
        return listing
    }

    private func bar(_ counter: Counter, _ value: Int, _ old: Int) -> Line {
        var line = Line()
        line.isChanged = value != old
        let role: Role = counter == .nr_dirty ? .dirty : counter == .nr_writeback ? .writeback : .plain
        line.column(counter.name, 12)
        line.column("\(value)", 4, Style(.plain, value != old ? .changed : []), right: true)
        let room = min(16, columns - 2 - line.width - 3)
        guard room >= 4 else { return line }
        line.add(" [")
        for cell in 0..<room {
            let isLast = cell == room - 1 && value > room
            line.add(cell < value ? (isLast ? "+" : "#") : ".", Style(cell < value ? role : .absent))
        }
        line.add("]")
        return line
    }

    private var lost: Line {
        var line = Line()
        let lost = scene.health.lost
        line.add("lost ", Style(.plain, .dim))
        line.add("\(lost.count)", Style(lost.isEmpty ? .plain : .violation))
        if let first = lost.first {
            line.add("  \(scene.now.name(of: first.file))[\(first.index)] value \(first.value)")
        }
        return line
    }
}

/// The translations that the CPUs have cached, and whether the page table still allows them.
struct TLBPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let entries = (0..<scene.now.cpuCount).flatMap { cpu in
            scene.now.state.tlb(of: cpu).sorted { $0.vpn < $1.vpn }.map { (cpu: cpu, entry: $0) }
        }
        var listing = Listing()
        listing.title = "TLB"
        var header = Line("  ")
        let dim = Style(.plain, .dim)
        header.column("cpu", 4, dim)
        header.column("page", 10, dim)
        if columns >= 44 { header.column("address", 13, dim) }
        header.column("pfn", 5, dim)
        header.column("bits", 5, dim)
        header.add("stale", dim)
        listing.header = [header]
        listing.count = entries.count
        if scene.focus == .tlb { listing.cursor = scene.cursors[.tlb] ?? 0 }
        listing.empty = "all empty"
        listing.row = { row(entries[$0].cpu, entries[$0].entry) }
        return listing
    }

    private func row(_ cpu: Int, _ entry: TLBEntry) -> Line {
        let now = scene.now
        var line = Line()
        let old = scene.was.state.tlb(of: cpu).first { $0.mm == entry.mm && $0.vpn == entry.vpn }
        line.isChanged = old != entry
        line.column("\(cpu)", 4)
        line.column(now.name(of: entry), 10)
        if columns >= 44 { line.column(hex(entry.vpn << 12, 12), 13, Style(.plain, .dim)) }
        line.column(entry.folio.exists ? hex(now.pfn(entry.folio), 4) : "-", 5)
        let bits = (entry.write ? "w" : "-") + (entry.dirty ? "d" : "-")
        line.column(bits, 5, Style(.plain, old != nil && old != entry ? .changed : []))
        let stale = staleness(entry)
        line.add(stale ?? "no", Style(.plain, stale == nil ? [] : [.bold, .underline]))
        return line
    }

    /// What the entry allows that the page table no longer does.
    private func staleness(_ entry: TLBEntry) -> String? {
        let pte = scene.now.entry(entry.mm, entry.vpn)
        if !pte.present { return "yes: no PTE" }
        if pte.folio != entry.folio { return "yes: other frame" }
        if entry.write, !pte.write { return "yes: write" }
        if entry.dirty, !pte.dirty { return "yes: dirty" }
        return nil
    }
}

/// Who maps the selected page: the walk that page_mkclean() and reclaim take.
struct MapperPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.title = "Who maps it"
        listing.empty = "no page is selected"
        guard let selection = scene.selection,
            let page = scene.now.page(selection.page, of: selection.target), page.file.exists
        else { return listing }
        let file = scene.now.isAnonymous(page.file) ? "shm" : scene.now.name(of: page.file)
        listing.title = "Who maps \(file)[\(page.fileIndex)]  (rmap)"
        let pins = page.folio.exists ? scene.now.pinCount(page.folio) : 0
        if pins > 0 { listing.title += "  pins \(pins)" }
        let mappers = scene.now.mappers(of: page.file, page.fileIndex, limit: 256)
        listing.count = mappers.count
        listing.empty = "nobody"
        if scene.focus == .rmap { listing.cursor = scene.cursors[.rmap] ?? 0 }
        listing.row = { row(mappers[$0]) }
        return listing
    }

    private func row(_ mapper: Mapper) -> Line {
        let now = scene.now
        var line = Line()
        let space = now.space(of: mapper.process)
        let old = scene.was.entry(space, mapper.vpn)
        line.isChanged = entryLetters(old, wide: true) != entryLetters(mapper.pte, wide: true)
        var name = now.name(of: mapper.process)
        if let mapping = now.mapping(at: mapper.vpn, in: space), let (start, _) = now.extent(of: mapping) {
            name += ".\(now.name(of: mapping))[\(mapper.vpn - start)]"
        }
        line.column(name, 14)
        line.column(hex(mapper.vpn << 12, 12), 14, Style(.plain, .dim))
        line.column(entryLetters(mapper.pte, wide: true), 8, Style(.plain, line.isChanged ? .changed : []))
        line.add(mapper.pte.isMapped ? (mapper.pte.write ? "may store" : "read-only") : "not mapped")
        return line
    }
}

/// The selected file: its pages in memory against those on disk.
struct FilePane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "Memory against disk"
        listing.empty = "no file is selected"
        guard let selection = scene.selection,
            let selected = scene.now.page(selection.page, of: selection.target), selected.file.exists
        else { return listing }
        let now = scene.now
        let count = now.size(of: selected.file)
        listing.title = "File \(now.isAnonymous(selected.file) ? "shm" : now.name(of: selected.file)): memory against disk"
        let room = max(1, (columns - 8) / 6)
        let visible = min(room, count)
        let first = min(max(0, selected.fileIndex - visible / 2), max(0, count - visible))
        var lines = ["page", "mem", "disk", "state", "tags"].map { Line(" " + $0 + String(repeating: " ", count: 6 - $0.count), Style(.plain, .dim)) }
        for index in first..<max(first, first + visible) {
            let page = now.page(index, of: selected.file)
            let old = scene.was.page(index, of: selected.file)
            let emphasis: Emphasis = index == selected.fileIndex ? .selected : []
            lines[0].column("\(index)", 5, Style(.plain, emphasis), right: true)
            value(&lines[1], now.memoryText(page), scene.was.memoryText(old))
            value(&lines[2], now.diskText(page), scene.was.diskText(old))
            let role: Role =
                !page.folio.exists ? .absent
                : scene.isLost(page) ? .violation
                : now.isUnderWriteback(page.folio)
                    ? (now.isDirty(page.folio) ? .redirtied : .writeback)
                    : now.isDirty(page.folio) ? .dirty : .clean
            let word =
                !page.folio.exists ? "." : scene.isLost(page) ? "!"
                : (now.isDirty(page.folio) ? "D" : "") + (now.isUnderWriteback(page.folio) ? "W" : "")
            lines[3].pad(width: lines[3].width + 3)
            lines[3].column(word.isEmpty ? "c" : word, 2, Style(role))
            lines[4].column(now.tagLetters(page), 5, right: true)
            for row in lines.indices { lines[row].add(" ") }
        }
        let differing = (first..<first + visible).filter {
            let page = now.page($0, of: selected.file)
            return page.folio.exists && now.diskText(page) != "-" && now.memoryText(page) != now.diskText(page)
        }.count
        lines.append(Line())
        lines.append(
            Line(
                differing == 0
                    ? " memory and disk agree here"
                    : " \(differing) of these differ: only a write to the disk makes them agree",
                Style(.plain, .dim)))
        listing.count = lines.count
        listing.row = { lines[$0] }
        return listing
    }

    private func value(_ line: inout Line, _ text: String, _ old: String) {
        line.column(text, 5, Style(.plain, text != old ? .changed : []), right: true)
    }
}

/// What holds in every state of a right kernel, checked now.
struct InvariantPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let broken = Dictionary(grouping: scene.health.violations, by: \.invariant)
        let all = Invariant.allCases.filter { !$0.isMetric }
        let order = all.filter { broken[$0] != nil } + all.filter { broken[$0] == nil }
        var listing = Listing()
        listing.title =
            broken.isEmpty ? "Invariants  all \(all.count) hold" : "Invariants  \(broken.count) of \(all.count) broken"
        listing.count = order.count
        if scene.focus == .invariants { listing.cursor = scene.cursors[.invariants] ?? 0 }
        listing.row = { index in
            let invariant = order[index]
            let violation = broken[invariant]?.first
            var line = Line()
            line.add(violation == nil ? "ok " : "!  ", Style(violation == nil ? .plain : .violation))
            line.column(invariant.id, 5, Style(.plain, .dim))
            // Where the sentence has no room, its name says it whole.
            let sentence = invariant.statement
            line.add(
                violation.map { "\($0.subject): \($0.text)" }
                    ?? (sentence.unicodeScalars.count <= columns - 10 ? sentence : invariant.name))
            return line
        }
        return listing
    }
}
