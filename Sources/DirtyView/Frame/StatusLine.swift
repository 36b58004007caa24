import DirtyScript

/// Program, document, position, direction, mode, health: from left to right, and from the most to
/// the least needed where there is no room for all.
struct StatusLine {
    let player: Player
    let scene: Scene

    private var mode: String {
        if player.isPlaying { return "PLAY" }
        if player.isUnderWay { return "RUN" }
        if player.isSearching { return "SEARCH" }
        if let hit = player.insight.stoppedAt.first { return "BREAK \(hit.breakpoint.number)" }
        return player.session.isAtEnd && player.session.nextChoice == .script ? "END" : "PAUSED"
    }

    func paint(_ grid: inout Grid, row: Int) {
        let width = grid.size.columns
        let session = scene.session
        let progress = session.progress
        var parts: [(text: String, style: Style, priority: Int)] = []
        func part(_ text: String, _ priority: Int, _ role: Role = .status) {
            parts.append((text, Style(role), priority))
        }
        part("dirtyscope", 9)
        part("", 3)
        let total = "\(player.outline.total)" + (player.outline.isComplete ? "" : "+")
        let arrow = player.direction == .forward ? "->" : "<-"
        part((width >= 60 ? "step " : "") + "\(session.position)/\(total) \(arrow)", 1)
        part(mode, 2)
        if let length = session.openRaceLength { part(width >= 80 ? "RACE OPEN, \(length)" : "RACE", 1, .error) }
        if player.isPlaying || player.speed.factor != 1 { part(player.speed.text, 7) }
        part((width >= 100 ? "kernel " : "") + session.profile.rawValue, 4)
        part(scene.actor.map { "CPU\(scene.now.cpu(of: $0))" } ?? "CPU-", 10)
        // On the narrowest screens the word that matters most comes first, and alone if need be.
        let isLost = !scene.health.lost.isEmpty
        if isLost, width < 30 { part("LOST \(scene.health.lost.count)", 0, .violation) }
        if let violation = scene.health.violations.first {
            let name = width >= 120 ? " \(violation.invariant.name)" : ""
            part("! \(violation.invariant.id)\(name)", isLost && width < 30 ? 5 : 0, .violation)
        } else {
            part("INV ok", 2)
        }
        if isLost, width >= 30 { part("LOST \(scene.health.lost.count)", 0, .violation) }
        if progress.failures > 0 {
            part("expect \(progress.checks - progress.failures)/\(progress.checks)", 0, .violation)
        } else if progress.checks > 0 {
            part("expect \(progress.checks)/\(progress.checks)", 6)
        }
        func length() -> Int {
            parts.reduce(0) { $0 + $1.text.unicodeScalars.count + 2 } - 2
        }
        // The title has a place of its own width, so that nothing jumps when a number grows; the
        // least needed parts leave first.
        let title = printable(session.title)
        let share = width >= 60 ? width / 3 : width >= 30 ? 8 : 0
        let wanted = min(share, title.unicodeScalars.count)
        while length() + wanted > width, let worst = parts.indices.max(by: { parts[$0].priority < parts[$1].priority }),
            parts[worst].priority > 1
        {
            parts.remove(at: worst)
        }
        if let at = parts.firstIndex(where: { $0.priority == 3 }) {
            let left = max(0, width - length())
            parts[at].text = clipped(title, width >= 60 ? min(wanted, left) : left)
        }
        var line = Line()
        for part in parts where !part.text.isEmpty {
            if line.width > 0 { line.add("  ") }
            line.add(part.text, part.style)
        }
        grid.put(line, at: 0, row, limit: width)
    }
}

/// How far the session has come: `|==*===>---*-----|  32%  ch 3/6`.
struct Timeline {
    let player: Player
    let scene: Scene

    func paint(_ grid: inout Grid, row: Int) {
        let width = grid.size.columns
        let outline = player.outline
        let position = scene.session.position
        let total = max(outline.total, position, 1)
        let chapters = outline.chapters.count
        var tail = " \(position * 100 / total)%"
        if chapters > 0, width >= 60 {
            tail += "  chapter \(scene.session.progress.chapterNumber)/\(chapters)"
        }
        // A fixed width for the numbers, so that the line does not breathe.
        let tailWidth = (chapters > 0 && width >= 60) ? 20 : 6
        let room = max(1, width - tailWidth - 2)
        func place(_ position: Int) -> Int { min(room - 1, position * (room - 1) / total) }
        let marks = Set(outline.chapters.map { place($0.position) })
        let bookmarks = Dictionary(
            player.insight.marks.sorted { $0.key < $1.key }.map { (place($0.value.position), $0.key) }) { first, _ in first }
        var line = Line(bar: room, here: place(position), scene.glyphs) { column in
            bookmarks[column]?.unicodeScalars.first ?? (marks.contains(column) ? scene.glyphs[.timelineMarker] : nil)
        }
        line.add(tail)
        grid.put(line, at: 0, row, limit: width)
    }
}

extension Line {
    /// A bar over the whole of something: what is behind, the present place, what is ahead, and marks.
    init(bar columns: Int, here: Int, _ glyphs: GlyphSet, mark: (Int) -> Unicode.Scalar? = { _ in nil }) {
        self.init("|", Style(.chrome))
        for column in 0..<columns {
            if column == here {
                add(glyphs[.timelineNow], Style(.plain, .bold))
            } else if let mark = mark(column) {
                add(mark, Style(.plain, .bold))
            } else if column < here {
                add("=", Style(.plain))
            } else {
                add(glyphs[.horizontal], Style(.chrome))
            }
        }
        add("|", Style(.chrome))
    }
}
