import DirtyMachine
import DirtyScript

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
            let word = now.word(for: page)
            let isLost = scene.isLost(page)
            lines[3].pad(width: lines[3].width + 4)
            lines[3].add(scene.glyphs[isLost ? .broken : word.glyph], isLost ? Style(.violation) : word.style)
            lines[4].column(now.tagLetters(page), 5, right: true)
            for row in lines.indices { lines[row].add(" ") }
        }
        let shown = first..<first + visible
        let pages = shown.map { now.page($0, of: selected.file) }
        let lost = pages.filter(scene.isLost).count
        let differing = pages.filter {
            $0.folio.exists && now.diskText($0) != "-" && now.memoryText($0) != now.diskText($0)
        }.count
        if lost > 0 {
            listing.title += "  \(lost) LOST"
        } else if differing > 0 {
            listing.title += "  \(differing) differ" + (differing == 1 ? "s" : "")
        }
        lines.append(Line())
        lines.append(Line(" " + verdict(lost, differing), Style(.plain, .dim)))
        listing.count = lines.count
        listing.row = { lines[$0] }
        return listing
    }

    private func verdict(_ lost: Int, _ differing: Int) -> String {
        if lost > 0 {
            return lost == 1
                ? "a store is lost here: neither memory nor disk has its value"
                : "\(lost) stores are lost here: neither memory nor disk has their values"
        }
        return differing == 0
            ? "memory and disk agree here" : "memory and disk differ in " + (differing == 1 ? "1 page; they agree once it is written" : "\(differing) pages; they agree once those are written")
    }

    private func value(_ line: inout Line, _ text: String, _ old: String) {
        line.column(text, 5, Style(.plain, text != old ? .changed : []), right: true)
    }
}
