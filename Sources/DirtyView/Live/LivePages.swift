import DirtyMachine
import DirtyScript
import LiveModel

/// The pages of the selected mapping: entry, frame, folio, page cache, and the simulator's word for it
/// all. What is different from the sample before is marked.
struct LivePages {
    let player: LivePlayer
    let columns: Int

    private struct Shape {
        var index = 3
        var address = 0
        var frame = 0
        var folio = false
        var cache = true
        var maps = false
        var was = 0
    }

    private func shape(_ area: LiveArea) -> Shape {
        var shape = Shape()
        switch columns {
        case 70...: shape = Shape(address: 12, frame: 7, folio: true, maps: true, was: min(11, columns - 66))
        case 60..<70: shape = Shape(address: 6, frame: 7, folio: true, maps: true)
        case 47..<60: shape = Shape(address: 6, folio: true)
        case 38..<47: shape = Shape(address: 6)
        case 30..<38: break
        default: shape = Shape(index: 2, cache: false)
        }
        let digits = "\(max(0, area.pageCount - 1))".count
        if digits > shape.index {
            let more = digits - shape.index
            shape.index = digits
            shape.was = max(0, shape.was - more)
            if columns < 70 + more { shape.address = max(0, shape.address - more) }
            if shape.address < 5 { shape.address = 0 }
        }
        return shape
    }

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.title = "Pages"
        guard let area = player.area, let selection = player.selection, let list = player.pageList else {
            listing.empty = player.selection == nil ? "no shared mapping of a file: --all watches others, too" : "unmapped"
            return listing
        }
        guard area.isWatched else {
            listing.title = "Pages of \(printable(area.shortName))"
            listing.empty = "not watched: --all or --mapping WORD watches it"
            return listing
        }
        let shape = shape(area)
        let page = Int((selection.address - area.start) >> 12)
        listing.title =
            "Pages of \(printable(area.shortName))" + (list.isSparse ? "  where page tables exist" : "")
            + (player.onlyChanged ? "  changed only" : "")
        listing.header = [header(shape)]
        listing.count = list.count
        listing.cursor = list.row(of: page)
        listing.showsCursorAlways = true
        listing.empty = player.onlyChanged ? "no page is different; a shows all" : "no page is mapped or cached"
        listing.row = { row(list.page(at: $0), list, shape) }
        if height >= 6 { listing.footer = [strip(area, page)] }
        if height >= 8 { listing.footer.append(detail(area, page)) }
        if height >= 14 {
            listing.footer.append(Line("pte present write user accessed dirty x  cache cached dirty writeback", Style(.plain, .dim)))
        }
        return listing
    }

    private func header(_ shape: Shape) -> Line {
        let style = Style(.plain, .dim)
        var line = Line()
        line.pad(width: 2)
        line.column("#", shape.index, style, right: true)
        line.add(" ")
        if shape.address > 0 {
            line.column("vaddr", shape.address, style)
            line.add(" ")
        }
        line.column("pte", 7, style)
        if shape.frame > 0 { line.column("pfn", shape.frame + 1, style) }
        if shape.folio { line.column("folio", 9, style) }
        if shape.cache { line.column("cache", 6, style) }
        if shape.maps { line.column("maps", 5, style) }
        line.column("state", 12, style)
        if shape.was >= 3 { line.column("was", shape.was, style) }
        return line
    }

    private func row(_ index: Int, _ list: LivePageList, _ shape: Shape) -> Line {
        let page = list.area.page(index)
        let was = list.was(index)
        var line = Line()
        func letters(_ text: String, _ before: String?, width: Int) {
            let old = before.map { Array($0.unicodeScalars) }
            for (place, scalar) in text.unicodeScalars.enumerated() {
                let isChanged = old.map { place >= $0.count || $0[place] != scalar } ?? false
                if isChanged { line.isChanged = true }
                line.add(scalar, Style(.plain, isChanged ? .changed : []))
            }
            line.pad(width: line.width + width - text.unicodeScalars.count)
        }
        line.column("\(index)", shape.index, right: true)
        line.add(" ")
        if shape.address > 0 {
            let digits = String(list.area.start + UInt64(index) << 12, radix: 16)
            let text = digits.count <= shape.address ? digits : ".." + digits.suffix(shape.address - 2)
            line.column(text, shape.address, Style(.plain, .dim))
            line.add(" ")
        }
        letters(page.entryLetters, was?.entryLetters, width: 7)
        if shape.frame > 0 { letters(Self.frame(page), was.map(Self.frame), width: shape.frame + 1) }
        if shape.folio { letters(page.folioLetters, was?.folioLetters, width: 9) }
        if shape.cache { letters(page.cacheLetters, was?.cacheLetters, width: page.entry.contains(.huge) ? 3 : 6) }
        if shape.cache, page.entry.contains(.huge) { line.add("2M ", Style(.plain, .bold)) }
        if shape.maps { letters(page.mapCountText, was?.mapCountText, width: 5) }
        let word = page.word
        var style = Style(word.role)
        if let was, was.word != word {
            line.isChanged = true
            style.emphasis.insert(.bold)
        }
        line.add(page.stateText, style)
        if shape.was >= 3, let was, was.word != word {
            line.pad(width: line.width + max(1, 12 - page.stateText.count))
            line.add(clipped(was.stateText, shape.was), Style(.plain, .dim))
        }
        return line
    }

    private static func frame(_ page: LivePage) -> String {
        page.frame == 0 ? page.entry.contains(.present) ? "?" : "-" : String(page.frame, radix: 16)
    }

    // MARK: Below

    /// The whole mapping in one line: where there are more pages than cells, a cell shows the state of
    /// its pages that matters most.
    private func strip(_ area: LiveArea, _ selected: Int) -> Line {
        var line = Line("map ", Style(.plain, .dim))
        let room = max(1, columns - 2 - line.width)
        let each = max(1, (area.pageCount + room - 1) / room)
        let cells = (area.pageCount + each - 1) / each
        var words = Array(repeating: PageWord.notPresent, count: cells)
        for table in area.tables {
            for (offset, page) in table.pages.enumerated() {
                let cell = (table.first + offset) / each
                guard cell < cells else { continue }
                let word = page.word
                if word.weight > words[cell].weight { words[cell] = word }
            }
        }
        let gap = each == 1 && cells * 2 <= room
        for (cell, word) in words.enumerated() {
            var style = Style(word.role)
            if selected / each == cell { style.emphasis.insert(.selected) }
            line.add(player.glyphs[word.glyph], style)
            if gap { line.add(" ") }
        }
        return line
    }

    /// All about the selected page, in one line.
    private func detail(_ area: LiveArea, _ index: Int) -> Line {
        let page = area.page(index)
        var parts = ["0x" + String(area.start + UInt64(index) << 12, radix: 16)]
        if area.isFile { parts.append("\(printable(area.shortName))[\(Int(area.offset >> 12) + index)]") }
        if page.frame != 0 { parts.append("pfn " + String(page.frame, radix: 16)) }
        parts.append("maps " + page.mapCountText)
        if page.folio.contains(.active) { parts.append("active") }
        if !page.folio.isDisjoint(with: [.head, .tail]) { parts.append("large folio") }
        var line = Line("sel ", Style(.plain, .dim))
        line.add(parts.joined(separator: "  "))
        return line
    }
}

extension PageWord {
    /// Which state of several pages a single cell shows.
    fileprivate var weight: Int {
        switch self {
        case .notPresent, .unmapped: 0
        case .cached: 1
        case .zero: 2
        case .anonymous: 3
        case .clean: 4
        case .cleanWritable: 5
        case .staleTLB, .pteDirty: 6
        case .dirtyUnmapped: 7
        case .dirtyProtected: 8
        case .dirty: 9
        case .writeback: 10
        case .redirtied: 11
        }
    }
}
