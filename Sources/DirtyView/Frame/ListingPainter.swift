extension Listing {
    /// Draws the lines that stay and the rows that are in sight, with what stands in the margin.
    /// Returns where the hardware cursor belongs while the pane has the keyboard.
    @discardableResult
    func paint(
        _ grid: inout Grid, _ body: Region, _ glyphs: GlyphSet, _ hasKeyboard: Bool,
        hasBreakpoint: (Int) -> Bool = { _ in false }
    ) -> (column: Int, row: Int) {
        let header = header.prefix(max(0, body.rows - 1))
        let footer = footer.prefix(max(0, body.rows - header.count - 1))
        for (offset, line) in header.enumerated() {
            grid.put(line, at: body.x, body.y + offset, limit: body.columns)
        }
        for (offset, line) in footer.enumerated() {
            grid.put(line, at: body.x, body.y + body.rows - footer.count + offset, limit: body.columns)
        }
        let height = body.rows - header.count - footer.count
        let first = body.y + header.count
        var place = (column: body.x, row: first)
        if count == 0, height > 0 {
            grid.put(Line("  " + empty, Style(.absent)), at: body.x, first, limit: body.columns)
            return place
        }
        let top = top(height: height)
        for row in top..<max(top, min(count, top + height)) {
            let y = first + row - top
            let isSelected = row == cursor && (hasKeyboard || showsCursorAlways)
            var line = self.row(row)
            let hasBreakpoint = hasBreakpoint(row)
            let star = hasBreakpoint ? glyphs[.breakpoint] : " "
            if hasMargin {
                if isSelected { line.emphasize(.selected) }
                var margin = Line()
                margin.add(
                    isSelected ? glyphs[.cursor] : star,
                    Style(.plain, isSelected ? .selected : hasBreakpoint ? .bold : []))
                margin.add(line.isChanged ? glyphs[.changed] : isSelected ? star : " ", Style(.plain, .bold))
                margin.add(line)
                line = margin
            }
            grid.put(line, at: body.x, y, limit: body.columns)
            // Panes without a margin have a blank there.
            let isMarked = isSelected && marksCursor
            if !hasMargin, isMarked || hasBreakpoint, grid[body.x, y].scalar == " " {
                grid[body.x, y] = Cell(isMarked ? glyphs[.cursor] : star, Style(.plain, .bold))
            }
            if row == cursor { place.row = y }
        }
        return place
    }
}
