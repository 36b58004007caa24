import DirtyMachine
import DirtyScript

extension Player {
    /// The screen as it should look now: a function of the player's state and the size.
    public func frame(size: Size) -> Grid { frame(size, hasHints: true) }

    /// The same for those who cannot press keys: without hints which to press.
    public func picture(size: Size) -> Grid { frame(size, hasHints: false) }

    private func frame(_ size: Size, hasHints: Bool) -> Grid {
        var grid = Grid(size)
        guard size.columns > 0, size.rows > 0 else { return grid }
        var scene = scene
        scene.takesKeys = hasHints
        if let presenter {
            TalkFrame(player: self, talk: presenter, scene: scene).paint(&grid)
            return grid
        }
        var painter = FramePainter(player: self, layout: layout(size), scene: scene)
        painter.paint(&grid)
        return grid
    }
}

/// Draws one frame.
struct FramePainter {
    let player: Player
    let layout: Layout
    let scene: Scene
    var hasHints: Bool { scene.takesKeys }
    var size: Size { layout.size }
    var cursor: (column: Int, row: Int)?

    init(player: Player, layout: Layout, scene: Scene) {
        self.player = player
        self.layout = layout
        self.scene = scene
    }

    mutating func paint(_ grid: inout Grid) {
        if let menu, layout.main.rows > 0 {
            paintMenu(&grid, menu)
        } else {
            paintRules(&grid)
            paintPanes(&grid)
            paintSheet(&grid)
            if let view = player.question, let quiz = player.quiz {
                QuestionPanel(view: view, quiz: quiz, session: scene.session, columns: layout.main.columns)
                    .paint(&grid, over: layout.main, scene.glyphs)
            }
        }
        StatusLine(player: player, scene: scene).paint(&grid, row: 0)
        if let row = layout.tabsRow { paintTabs(&grid, row) }
        if let row = layout.nowRow { grid.put(now, at: 0, row, limit: size.columns) }
        if let row = layout.timelineRow { Timeline(player: player, scene: scene).paint(&grid, row: row) }
        if hasHints, let row = layout.hintsRow { grid.put(hints, at: 0, row, limit: size.columns) }
        paintBottom(&grid)
        grid.cursor = cursor
    }

    // MARK: Panes

    /// The panes alone, of a layout that has nothing else.
    mutating func paintPicture(_ grid: inout Grid) {
        paintRules(&grid)
        paintPanes(&grid)
    }

    private func paintRules(_ grid: inout Grid) {
        let titled = layout.placements.filter(\.hasTitle)
        guard !titled.isEmpty else { return }
        RuleLines(size, over: titled.map(\.body), layout.separators).draw(on: &grid, scene.glyphs)
    }

    /// The pane that lends its place to the list of who could move, where that has none.
    private var lender: Pane? {
        guard player.chooserRow != nil, layout.placement(of: .tasks) == nil else { return nil }
        return layout.placement(of: .narration) != nil ? .narration : layout.placements.first?.pane
    }

    private mutating func paintPanes(_ grid: inout Grid) {
        for placement in layout.placements {
            let pane = placement.pane == lender ? Pane.tasks : placement.pane
            let body = placement.body
            var listing = player.listing(pane, scene, columns: body.columns, height: body.rows)
            if isHidden(pane) { listing = Listing(title: listing.title, empty: "hidden by the script") }
            let hasKeyboard =
                player.sheetRow != nil ? false : player.chooserRow != nil ? pane == .tasks : pane == player.focus
            if placement.hasTitle { paintTitle(&grid, pane, listing, body, hasKeyboard) }
            paint(&grid, listing, body, hasKeyboard)
        }
    }

    /// The list that lies over the lower panes while one is open.
    private mutating func paintSheet(_ grid: inout Grid) {
        guard player.sheetRow != nil else { return }
        let region = player.sheetRegion
        for row in region.y..<region.y + region.rows {
            for column in 0..<size.columns { grid[column, row] = Cell() }
        }
        let body = Region(x: 0, y: region.y + 1, columns: region.columns, rows: max(0, region.rows - 1))
        let listing = player.sheetListing(scene, columns: body.columns, height: body.rows)
        var rule = Line(String(scene.glyphs[.horizontal]), Style(.chrome))
        rule.add(" " + printable(listing.title) + " ", Style(.focusedTitle))
        while rule.width < region.columns { rule.add(scene.glyphs[.horizontal], Style(.chrome)) }
        grid.put(rule, at: 0, region.y, limit: region.columns)
        cursor = nil
        paint(&grid, listing, body, true)
    }

    private func isHidden(_ pane: Pane) -> Bool {
        scene.session.progress.hiddenPanes.contains { Pane.named($0) == pane }
    }

    private func paintTitle(
        _ grid: inout Grid, _ pane: Pane, _ listing: Listing, _ body: Region, _ hasKeyboard: Bool
    ) {
        let style = Style(hasKeyboard ? .focusedTitle : .title)
        let number = pane.digit.map { "[\($0)] " } ?? ""
        let position = listing.position(rows: body.rows)
        let room = max(0, body.columns - 2)
        let title = clipped(" " + number + printable(listing.title), max(0, room - position.count - 1))
        grid.put(Line(title + position + " ", style), at: body.x + 1, body.y - 1, limit: room)
    }

    private mutating func paint(_ grid: inout Grid, _ listing: Listing, _ body: Region, _ hasKeyboard: Bool) {
        let breakpoints = player.insight.breakpoints
        let place = listing.paint(&grid, body, scene.glyphs, hasKeyboard) { row in
            listing.namesSubject(row) && listing.subject(row).map { breakpoints.breakpoint($0) != nil } ?? false
        }
        if hasKeyboard, cursor == nil { cursor = place }
    }

    // MARK: Help

    /// A list to choose from that fills the screen.
    struct Menu {
        let title: String
        let filter: String
        let row: Int
        let entries: [Binding]
    }

    var menu: Menu? {
        switch player.view {
        case .help(let filter, let row):
            Menu(
                title: " Help  * about pane \(player.focus.fullName) ", filter: filter, row: row,
                entries: player.keys.entries(for: player.focus, filter: filter))
        case .palette(let filter, let row):
            Menu(title: " Palette ", filter: filter, row: row, entries: player.paletteEntries(filter))
        default: nil
        }
    }

    private mutating func paintMenu(_ grid: inout Grid, _ menu: Menu) {
        let main = layout.main
        var top = main.y
        // On the smallest screens the entries need every row.
        if main.rows >= 5 {
            grid.put(Line(menu.title, Style(.focusedTitle)), at: 0, top, limit: size.columns)
            top += 1
        }
        var prompt = Line(" search: ", Style(.plain, .dim))
        prompt.add(menu.filter, Style(.prompt))
        grid.put(prompt, at: 0, top, limit: size.columns)
        cursor = (min(prompt.width, size.columns - 1), top)
        top += 1
        let page = HelpPage(menu.entries, row: menu.row, pane: player.focus, columns: size.columns)
        let height = max(0, main.y + main.rows - top)
        for (offset, line) in page.visible(height: height, scene.glyphs).enumerated() {
            grid.put(line, at: 0, top + offset, limit: size.columns)
        }
    }
}
