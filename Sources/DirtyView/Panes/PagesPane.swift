import DirtyMachine
import DirtyScript

/// The pages of the selected mapping or file: page table entry, frame, folio, tags, values and a
/// word for it all.
struct PagesPane {
    let scene: Scene
    let columns: Int

    /// Which columns fit. The address gives way first, then the values, then the tags.
    private struct Columns {
        var index = 2
        var address = 0
        /// Nothing but the state and the bits that make it, for the narrowest screens.
        var isTiny = false
        var wide = false
        var frame = 0
        var folio = 5
        var tags = false
        var values = false
        var was = 0
    }

    private var shape: Columns {
        var shape = Columns()
        switch columns {
        case 74...:
            shape = Columns(
                index: 3, address: 12, wide: true, frame: 4, folio: 8, tags: true, values: true, was: 8)
        case 70...:
            shape = Columns(
                index: 3, address: columns - 62, wide: true, frame: 4, folio: 8, tags: true,
                values: true, was: 8)
        // What a page was is a word that has to be whole; the frame's number stands below.
        case 51...: shape = Columns(address: 6, frame: 3, was: columns - 40)
        case 47...: shape = Columns(address: 6, was: columns - 36)
        case 44...: shape = Columns(address: 6, frame: 3, was: 4)
        case 36...: shape = Columns(address: 6)
        case 30...: break
        default: shape.isTiny = true
        }
        shape.was = min(shape.was, 11)
        // A long index takes its room from the address, which it tells anyway.
        let digits = "\(max(0, (scene.selection.map { scene.now.pageCount(of: $0.target) } ?? 1) - 1))".count
        if digits > shape.index {
            shape.address = max(0, shape.address - (digits - shape.index))
            if shape.address < 5 { shape.address = 0 }
            shape.index = digits
        }
        return shape
    }

    func listing(height: Int) -> Listing {
        guard let selection = scene.selection else {
            return Listing(title: "Pages", empty: "nothing is mapped yet")
        }
        let count = scene.now.pageCount(of: selection.target)
        let shape = shape
        let shown = scene.onlyChanged ? scene.changedPages : nil
        var listing = Listing()
        listing.title = title(selection, count)
        listing.header = [header(shape)]
        listing.count = shown?.count ?? count
        listing.cursor = shown.map { $0.firstIndex(of: selection.page) ?? 0 } ?? min(selection.page, max(count - 1, 0))
        listing.showsCursorAlways = true
        listing.empty = shown == nil ? "no pages" : "no page of it changed; a shows all"
        listing.row = { row in self.row(shown.map { $0[row] } ?? row, selection.target, shape) }
        listing.subject = { row in .item(Selection(target: selection.target, page: shown.map { $0[row] } ?? row).item) }
        if height >= 5 { listing.footer = [strip(selection, count, shown)] }
        if height >= 6 { listing.footer.append(detail(selection)) }
        if height >= 12 { listing.footer.append(legend(shape)) }
        return listing
    }

    private func title(_ selection: Selection, _ count: Int) -> String {
        let name: String
        switch selection.target {
        case .mapping(let process, let mapping): name = "Pages of \(process).\(mapping)"
        case .file(let file): name = "Pages of file \(file)"
        }
        return name + (scene.onlyChanged ? "  changed only" : "")
    }

    private func header(_ shape: Columns) -> Line {
        var line = Line()
        let style = Style(.plain, .dim)
        line.pad(width: 2)
        line.column("#", shape.index, style, right: true)
        line.add(" ")
        if shape.isTiny {
            line.column("state", 12, style)
            line.add("pwd", style)
            return line
        }
        if shape.address > 0 {
            line.column(isFile ? "" : "vaddr", shape.address, style)
            line.add(" ")
        }
        line.column(isFile ? "maps" : "pte", shape.wide ? 7 : 6, style)
        if shape.frame > 0 { line.column("pfn", shape.frame + 1, style) }
        line.column("folio", shape.folio + 1, style)
        if shape.tags { line.column("tag", 4, style) }
        if shape.values {
            line.column("mem", 4, style, right: true)
            line.column("disk", 5, style, right: true)
            line.add(" ")
        }
        line.column("state", 12, style)
        if shape.was >= 3 { line.column("was", shape.was, style) }
        return line
    }

    private func row(_ index: Int, _ target: Target, _ shape: Columns) -> Line {
        let now = scene.now
        let was = scene.was
        guard let page = now.page(index, of: target) else { return Line("  -") }
        let old = was.page(index, of: target)
        var line = Line()
        /// Compares texts, so a mark stands exactly where a reader sees a difference.
        func cell(_ text: String, _ before: String?, _ width: Int, right: Bool = false) {
            let isChanged = before != nil && before != text
            if isChanged { line.isChanged = true }
            line.column(text, width, Style(.plain, isChanged ? .changed : []), right: right)
            line.add(" ")
        }
        func letters(_ text: String, _ before: String?, gap: Bool = true) {
            let before = before.map { Array($0.unicodeScalars) }
            for (place, scalar) in text.unicodeScalars.enumerated() {
                let isChanged = before.map { $0[place] != scalar } ?? false
                if isChanged { line.isChanged = true }
                line.add(scalar, Style(.plain, isChanged ? .changed : []))
            }
            if gap { line.add(" ") }
        }
        line.column("\(index)", shape.index, right: true)
        line.add(folioMark(page, now), Style(.plain, .dim))
        let word = now.word(for: page)
        let before = old.map { was.word(for: $0) }
        func state() {
            let isLost = scene.isLost(page)
            var style = isLost ? Style(.violation) : word.style
            if let before, before != word {
                line.isChanged = true
                style.emphasis.insert(.bold)
            }
            let text = isLost ? "!LOST" : word.rawValue
            line.add(text, style)
            line.pad(width: line.width + max(0, 12 - text.count))
        }
        if shape.isTiny {
            state()
            letters(tinyLetters(page, now), old.map { tinyLetters($0, was) }, gap: false)
            return line
        }
        if shape.address > 0 {
            line.add(addressText(page, shape.address) + " ", Style(.plain, .dim))
        }
        letters(reachLetters(page, now, shape), old.map { reachLetters($0, was, shape) })
        if shape.frame > 0 {
            cell(frameText(page, now, shape.frame), old.map { frameText($0, was, shape.frame) }, shape.frame)
        }
        letters(
            now.folioLetters(page.folio, wide: shape.folio == 8),
            old.map { was.folioLetters($0.folio, wide: shape.folio == 8) })
        if shape.tags { letters(now.tagLetters(page), old.map { was.tagLetters($0) }) }
        if shape.values {
            cell(now.memoryText(page), old.map { was.memoryText($0) }, 4, right: true)
            cell(now.diskText(page), old.map { was.diskText($0) }, 4, right: true)
        }
        state()
        if shape.was >= 3, let before, before != word {
            line.add(clipped(before.rawValue, shape.was), Style(.plain, .dim))
        }
        return line
    }

    /// A bracket around the rows of a large folio, blank beside the others.
    private func folioMark(_ page: PageView, _ machine: Machine) -> Unicode.Scalar {
        guard page.folio.exists, case let pages = machine.folioIndices(page.folio), pages.count > 1
        else { return " " }
        switch page.fileIndex {
        case pages.lowerBound: return scene.glyphs[.teeDown]
        case pages.upperBound - 1: return scene.glyphs[.teeUp]
        default: return scene.glyphs[.vertical]
        }
    }

    /// Whether the pane shows a file's pages, which have no PTE of their own but those of all mappings.
    private var isFile: Bool {
        if case .file = scene.selection?.target { return true }
        return false
    }

    /// The bits of the PTE; of a file's page how many PTEs map it, and whether any of them is
    /// writable or dirty: `2 wd`.
    private func reachLetters(_ page: PageView, _ machine: Machine, _ shape: Columns) -> String {
        guard isFile else { return entryLetters(page.pte, wide: shape.wide) }
        let reach = machine.reach(of: page)
        let count = reach.mapping > 99 ? "99" : "\(reach.mapping)"
        let text = reach.mapping == 0 ? "" : "\(count) \(reach.writable > 0 ? "w" : "-")\(reach.dirty > 0 ? "d" : "-")"
        let width = shape.wide ? 6 : 5
        return text.isEmpty ? String(repeating: ".", count: width) : text + String(repeating: " ", count: width - text.count)
    }

    /// Present, writable, dirty.
    private func tinyLetters(_ page: PageView, _ machine: Machine) -> String {
        let reach = machine.reach(of: page)
        guard !isFile, let pte = page.pte else {
            return (reach.mapping > 0 ? "p" : ".") + (reach.writable > 0 ? "w" : ".") + (reach.dirty > 0 ? "d" : ".")
        }
        return (pte.present ? "p" : ".") + (pte.write ? "w" : ".") + (pte.dirty ? "d" : ".")
    }

    private func addressText(_ page: PageView, _ width: Int) -> String {
        guard page.vpn > 0 else { return String(repeating: " ", count: width) }
        let digits = hex(page.vpn << 12, 12)
        return digits.count <= width ? digits : ".." + digits.suffix(width - 2)
    }

    private func frameText(_ page: PageView, _ machine: Machine, _ width: Int) -> String {
        page.folio.exists
            ? String(hex(machine.pfn(page.folio), width).suffix(width))
            : String(repeating: "-", count: width)
    }

    // MARK: Below the table

    /// One cell a page: the whole mapping at a glance, or the part around the selected page.
    private func strip(_ selection: Selection, _ count: Int, _ shown: [Int]?) -> Line {
        var line = Line("map ", Style(.plain, .dim))
        let room = max(1, columns - 2 - line.width)
        let gap = count * 2 <= room ? 1 : 0
        let visible = min(count, room)
        let first = min(max(0, selection.page - visible / 2), max(0, count - visible))
        for index in first..<first + visible {
            guard let page = scene.now.page(index, of: selection.target) else { break }
            let word = scene.now.word(for: page)
            let isLost = scene.isLost(page)
            let glyph = isLost ? .broken : word.glyph
            var style = isLost ? Style(.violation) : word.style
            if index == selection.page { style.emphasis.insert(.selected) }
            line.add(scene.glyphs[glyph], style)
            if gap > 0 { line.add(" ") }
        }
        return line
    }

    /// All about the selected page, in one line.
    private func detail(_ selection: Selection) -> Line {
        let now = scene.now
        guard let page = now.page(selection.page, of: selection.target) else { return Line() }
        var parts: [String] = []
        if page.file.exists {
            let name = now.isAnonymous(page.file) ? "shm" : now.name(of: page.file)
            parts.append("\(name)[\(page.fileIndex)]")
        }
        parts.append("mem \(now.memoryText(page)) disk \(now.diskText(page))")
        if page.file.exists { parts.append("tags \(now.tagLetters(page))") }
        if page.folio.exists {
            let folio = now.folioIndices(page.folio)
            if folio.count > 1 { parts.append("folio \(folio.lowerBound)..\(folio.upperBound - 1)") }
            parts.append("maps \(now.mapcount(page.folio))")
            if shape.frame == 0 { parts.append("pfn \(frameText(page, now, 3))") }
            if now.pinCount(page.folio) > 0 { parts.append("pins \(now.pinCount(page.folio))") }
            let buffers = now.buffers(page.folio)
            if buffers.count > 1 {
                let dirty = (0..<buffers.count).map { buffers.dirty >> $0 & 1 == 1 ? "d" : "-" }
                parts.append("buf " + dirty.joined())
            }
        }
        if columns >= 70, page.vpn > 0 { parts.insert("0x" + hex(page.vpn << 12), at: 0) }
        var line = Line("sel ", Style(.plain, .dim))
        // What has no room goes as a whole, from the end: half a word tells nothing.
        func fits(_ gap: String) -> Bool { 4 + parts.joined(separator: gap).count <= columns }
        while parts.count > 1, !fits(" ") { parts.removeLast() }
        line.add(parts.joined(separator: fits("  ") ? "  " : " "))
        return line
    }

    private func legend(_ shape: Columns) -> Line {
        let style = Style(.plain, .dim)
        if isFile { return Line("maps: PTEs that map it, any w writable, any d dirty", style) }
        return shape.wide
            ? Line("pte present write user accessed dirty x  L lock U upto R ref B buf", style)
            : Line("p present w write u user a acc d dirty B buf", style)
    }
}
