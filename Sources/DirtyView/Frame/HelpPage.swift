import DirtyScript

/// The entries of the help as lines of a width. No entry is cut: what is longer goes on below.
struct HelpPage {
    private let entries: [Binding]
    private let row: Int
    private let pane: Pane
    private let columns: Int

    init(_ entries: [Binding], row: Int, pane: Pane, columns: Int) {
        self.entries = entries
        self.row = row
        self.pane = pane
        self.columns = columns
    }

    /// Room for the longest name, within reason.
    private var nameColumns: Int { min(max(17, columns / 3), max(17, 1 + (entries.map(\.name.count).max() ?? 0))) }

    /// The lines around the selected entry, which is whole among them if it fits at all.
    func visible(height: Int, _ glyphs: GlyphSet) -> [Line] {
        guard !entries.isEmpty else { return [Line("   no key and no word of the screen", Style(.absent))] }
        let blocks = entries.indices.map { block($0, glyphs) }
        let before = blocks.prefix(row).reduce(0) { $0 + $1.count }
        let lines = blocks.flatMap { $0 }
        let size = blocks.indices.contains(row) ? blocks[row].count : 1
        let middle = before - max(0, (height - size) / 2)
        let top = max(0, min(middle, lines.count - height))
        return Array(lines.dropFirst(top).prefix(height))
    }

    /// Keys, name and sentence, the sentence below where all three do not fit.
    private func block(_ index: Int, _ glyphs: GlyphSet) -> [Line] {
        let entry = entries[index]
        let isSelected = index == row
        var head = Line()
        head.add(isSelected ? glyphs[.cursor] : " ", Style(.plain, .bold))
        head.add(entry.panes.contains(pane) ? "* " : "  ")
        let style = Style(.plain, isSelected ? [] : .dim)
        let isWide = columns >= 60
        let indent = isWide ? 18 + nameColumns : min(5, columns / 6)
        let text = wrap(entry.help, max(8, columns - indent - (isWide ? 0 : 1)))
        var lines: [Line] = []
        if isWide {
            head.column(entry.keyText, 15, Style(.plain, .bold))
            head.column(entry.name, nameColumns)
            head.add(text.first ?? "", style)
            lines = [head]
        } else {
            head.add(entry.keyText + "  ", Style(.plain, .bold))
            head.add(entry.name)
            lines = [head]
        }
        for part in isWide ? text.dropFirst() : text[...] {
            lines.append(Line(String(repeating: " ", count: indent) + part, style))
        }
        if isSelected { for number in lines.indices { lines[number].emphasize(.selected) } }
        return lines
    }
}
