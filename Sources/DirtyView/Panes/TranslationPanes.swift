import DirtyMachine
import DirtyScript

/// The translations that the CPUs have cached, and whether the page table still allows them.
struct TLBPane {
    let scene: Scene
    let columns: Int

    /// The longest reason why an entry is stale has its place before an address, which is that of the page.
    private var hasAddress: Bool { columns >= 68 }
    private var hasFrame: Bool { columns >= 36 }
    private var pageWidth: Int { columns < 44 ? 10 : min(20, columns - 34) }

    /// Why an entry is stale; the reason alone where there is no room for a yes.
    private func text(_ reason: String) -> String { columns < 44 ? reason : "yes: " + reason }

    func listing(height: Int) -> Listing {
        let entries = (0..<scene.now.cpuCount).flatMap { cpu in
            scene.now.state.tlb(of: cpu).sorted { $0.vpn < $1.vpn }.map { (cpu: cpu, entry: $0) }
        }
        var listing = Listing()
        let stale = entries.filter { scene.now.staleness(of: $0.entry) != nil }.count
        listing.title = stale == 0 ? "TLB" : "TLB  \(stale) stale"
        var header = Line("  ")
        let dim = Style(.plain, .dim)
        header.column("cpu", 4, dim)
        header.column("page", pageWidth, dim)
        if hasAddress { header.column("address", 13, dim) }
        if hasFrame { header.column("pfn", 5, dim) }
        header.column("bits", 5, dim)
        header.add("stale", dim)
        listing.header = [header]
        listing.count = entries.count
        if scene.focus == .tlb { listing.cursor = scene.cursors[.tlb] ?? 0 }
        listing.empty = "all empty"
        listing.row = { row(entries[$0].cpu, entries[$0].entry) }
        // A narrow pane has the reason of one entry below: the selected one, or the first that is stale.
        let selected = listing.cursor.flatMap { entries.indices.contains($0) ? entries[$0] : nil }
        if columns < 44, height >= 4,
            let (cpu, entry) = [selected].compactMap({ $0 }).first(where: { scene.now.staleness(of: $0.entry) != nil })
                ?? entries.first(where: { scene.now.staleness(of: $0.entry) != nil }),
            let reason = scene.now.staleness(of: entry)
        {
            listing.footer = wrap("cpu\(cpu) \(scene.now.name(of: entry)): \(reason)", columns - 1).prefix(2).map { Line(" " + $0, dim) }
        }
        listing.subject = { .item(.path("cpu\(entries[$0].cpu).tlb[\(scene.now.name(of: entries[$0].entry))]")) }
        return listing
    }

    private func row(_ cpu: Int, _ entry: TLBEntry) -> Line {
        let now = scene.now
        var line = Line()
        let old = scene.was.state.tlb(of: cpu).first { $0.mm == entry.mm && $0.vpn == entry.vpn }
        line.isChanged = old != entry
        line.column("\(cpu)", 4)
        line.column(now.name(of: entry), pageWidth - 1)
        line.add(" ")
        if hasAddress { line.column(hex(entry.vpn << 12, 12), 13, Style(.plain, .dim)) }
        if hasFrame { line.column(entry.folio.exists ? hex(now.pfn(entry.folio), 4) : "-", 5) }
        let bits = (entry.write ? "w" : "-") + (entry.dirty ? "d" : "-")
        line.column(bits, 5, Style(.plain, old != nil && old != entry ? .changed : []))
        // A stale entry is no fault of the kernel yet, but it is where stores get lost.
        let stale = now.staleness(of: entry)
        line.add(stale.map(text) ?? "no", stale == nil ? .plain : Style(.dirty, .bold))
        return line
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
        let count = page.folio.exists ? scene.now.mapcount(page.folio) : 0
        if columns >= 44 { listing.title += "  mapcount \(count)" }
        let pins = page.folio.exists ? scene.now.pinCount(page.folio) : 0
        if pins > 0 { listing.title += "  pins \(pins)" }
        let mappers = scene.now.mappers(of: page.file, page.fileIndex, limit: 256)
        listing.count = mappers.count
        listing.empty = "nobody"
        if scene.focus == .rmap { listing.cursor = scene.cursors[.rmap] ?? 0 }
        listing.row = { row(mappers[$0]) }
        listing.subject = { .item(.path(scene.now.path(of: scene.now.space(of: mappers[$0].process), mappers[$0].vpn))) }
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
        line.column(name, columns < 44 ? 8 : 14)
        if columns >= 60 { line.column(hex(mapper.vpn << 12, 12), 14, Style(.plain, .dim)) }
        line.column(entryLetters(mapper.pte, wide: true), 7, Style(.plain, line.isChanged ? .changed : []))
        let outlook = now.outlook(ofStoreBy: mapper.process, at: mapper.vpn)
        line.add(columns < 44 ? outlook.word : "a store " + outlook.text, outlook == .unseen ? Style(.dirty) : .plain)
        return line
    }
}
