import DirtyMachine
import DirtyScript

/// Where the parts of the stage stand: a function of the size alone, so that nothing moves.
struct StageLayout: Sendable {
    let size: Size
    /// The words; beside them a margin.
    let words: Region
    /// What is going on, in a line of plain text; nil where only words are shown.
    let stepRow: Int?
    /// The panes below the words; none on small screens.
    let picture: Layout?

    /// Questions, with their choices, get more room for words.
    init(_ size: Size, _ stage: Presenter.Stage, isAsking: Bool = false) {
        self.size = size
        let body = max(0, size.rows - 2)
        let margin = size.columns < 60 ? 1 : 2
        let columns = max(1, size.columns - 2 * margin)
        guard stage == .split, size.columns >= 60, size.rows >= 18 else {
            words = Region(x: margin, y: 1, columns: columns, rows: body)
            stepRow = nil
            picture = nil
            return
        }
        // From 30 rows on, the terminal's own letters are too small for the back row: the words
        // need room for large ones.
        let rows = size.rows < 30 ? 8 : size.rows * (isAsking ? 60 : 48) / 100
        words = Region(x: margin, y: 1, columns: columns, rows: rows)
        stepRow = rows + 1
        let main = Region(x: 0, y: rows + 2, columns: size.columns, rows: body - rows - 1)
        let left = size.columns * 3 / 5
        let calls = main.rows * 3 / 5
        // Memory against disk, where there is room for it.
        let cached = main.rows >= 18 ? 6 : 0
        var pages: [(Pane, Int)] = [(.pages, main.rows - 1 - (cached > 0 ? cached + 1 : 0))]
        if cached > 0 { pages.append((.file, cached)) }
        let events: [(Pane, Int)] = [(.calls, calls - 1), (.changes, main.rows - calls - 1)]
        let band: [Layout.Stack] = [(left, pages), (size.columns - left - 1, events)]
        picture = Layout(size, in: main, [band])
    }
}

/// Draws what the audience sees.
struct TalkFrame {
    let player: Player
    let talk: Presenter
    let scene: Scene

    func paint(_ grid: inout Grid) {
        if talk.isBlank { return }
        let size = grid.size
        if talk.showsHelp {
            paintHelp(&grid)
        } else if talk.stage == .panes {
            var painter = FramePainter(player: player, layout: player.layout(size), scene: scene)
            painter.paint(&grid)
            if size.rows > 4 { clear(&grid, size.rows - 3) }
        } else {
            let layout = StageLayout(size, talk.stage, isAsking: player.question != nil)
            paintHeader(&grid)
            if let picture = layout.picture {
                var painter = FramePainter(player: player, layout: picture, scene: scene)
                painter.paintPicture(&grid)
            }
            if let row = layout.stepRow { grid.put(step, at: layout.words.x, row, limit: layout.words.columns) }
            paintWords(&grid, layout.words)
        }
        paintBottom(&grid, talk.stage == .panes && !talk.showsHelp && size.rows > 4 ? size.rows - 3 : size.rows - 1)
        grid.cursor = nil
    }

    private func clear(_ grid: inout Grid, _ row: Int) {
        for column in 0..<grid.size.columns { grid[column, row] = Cell() }
    }

    // MARK: Words

    /// The caption; before the first one of a chapter or of the scenario, its title.
    private func words(inLine: Bool) -> String {
        if let question = player.question, let quiz = player.quiz { return question.words(quiz, scene.session, inLine: inLine) }
        let progress = scene.session.progress
        if let failure = progress.newFailures.first { return "! " + scene.session.sentence(failure) }
        if !progress.caption.isEmpty { return progress.caption }
        return progress.chapter.isEmpty ? scene.session.title : progress.chapter
    }

    /// The same without anything that a terminal could take for more than text.
    private func safeWords(inLine: Bool = false) -> String {
        words(inLine: inLine).split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
            .joined(separator: "\n")
    }

    private func paintWords(_ grid: inout Grid, _ region: Region) {
        var text = BigText(safeWords(), columns: region.columns, rows: region.rows, glyphs: scene.glyphs)
        if text.scale == .plain, player.question != nil {
            let dense = BigText(safeWords(inLine: true), columns: region.columns, rows: region.rows, glyphs: scene.glyphs)
            if dense.scale != .plain { text = dense }
        }
        let top = region.y + max(0, (region.rows - text.height) / 2)
        let isError = !scene.session.progress.newFailures.isEmpty
        text.draw(
            on: &grid, at: region.x, top, columns: region.columns, rows: region.rows,
            Style(isError && text.scale == .plain ? .error : .narration, .bold), scene.glyphs)
    }

    // MARK: Lines

    /// Chapter and title at the left; health and the number of the beat at the right.
    private func paintHeader(_ grid: inout Grid) {
        let session = scene.session
        let progress = session.progress
        let width = grid.size.columns
        var right = Line()
        if !scene.health.lost.isEmpty { right.add("LOST \(scene.health.lost.count)", Style(.violation)) }
        if let violation = scene.health.violations.first {
            right.add(right.width > 0 ? "  " : "")
            right.add("! \(violation.invariant.id)", Style(.violation))
        }
        right.add("  \(player.beat + 1)/\(talk.beats.count)", Style(.status))
        var left = Line()
        if progress.chapterNumber > 0 {
            let total = max(scene.outline.chapters.count, progress.chapterNumber)
            left.add(" \(progress.chapterNumber)/\(total)  \(printable(progress.chapter))", Style(.status))
        } else {
            left.add(" " + printable(session.title), Style(.status))
        }
        let room = max(0, width - right.width - 1)
        grid.put(left, at: 0, 0, limit: room)
        grid.put(right, at: max(0, width - right.width - 1), 0, limit: width)
    }

    /// What the latest step did, for those who follow the picture.
    private var step: Line {
        if case .answered(let answer)? = player.question { return Line(printable(answer.question.explanation)) }
        guard let move = scene.session.moves.last, move.frame != nil else { return Line() }
        var line = Line(scene.glyphs.isASCII ? "> " : String(scene.glyphs[.cursor]) + " ", Style(.chrome))
        if let statement = scene.session.statement(atLine: move.line) {
            line.add(printable(statement.labelledText) + ": ", Style(.plain, .bold))
        }
        line.add(moveText(move, in: scene))
        return line
    }

    /// A message, or the latest key; at the right how far the talk has come.
    private func paintBottom(_ grid: inout Grid, _ row: Int) {
        guard row > 0 else { return }
        clear(&grid, row)
        let width = grid.size.columns
        let bar = width >= 60 ? min(40, width / 4) : 0
        let room = max(0, width - bar - (bar > 0 ? 2 : 0))
        if talk.showsHelp {
            grid.put(Line(" any key closes this", Style(.chrome)), at: 0, row, limit: room)
        } else if let message = player.message {
            let style = Style(message.isError ? .error : .plain)
            grid.put(Line(" " + printable(message.text), style), at: 0, row, limit: room)
        } else if talk.showsKeys, let echo = talk.echo {
            grid.put(echo.line, at: 1, row, limit: room - 1)
        }
        guard bar > 0 else { return }
        let done = talk.beats.count < 2 ? bar : player.beat * bar / (talk.beats.count - 1)
        for column in 0..<bar {
            let isDone = column < done
            grid[width - bar - 1 + column, row] = Cell(
                isDone ? "=" : scene.glyphs[.horizontal], Style(isDone ? .plain : .chrome, isDone ? .bold : []))
        }
    }

    // MARK: Help

    private func paintHelp(_ grid: inout Grid) {
        let size = grid.size
        grid.put(Line(" The keys of a talk ", Style(.focusedTitle)), at: 0, 0, limit: size.columns)
        let entries = player.talkKeys.bindings.map { ($0.keys.map(\.description).joined(separator: " "), $0.name, $0.help) }
            + [("1 2 3 Enter", "beat", "Go to the beat of that number.")]
        let keys = min(size.columns / 2, 1 + (entries.map(\.0.count).max() ?? 0))
        // Sentences where each fits beside its keys; else the names.
        let isLong = keys + 2 + (entries.map(\.2.count).max() ?? 0) <= size.columns
        for (offset, entry) in entries.enumerated() {
            var line = Line(" ")
            line.column(entry.0, keys, Style(.plain, .bold))
            line.add(" " + (isLong ? entry.2 : entry.1))
            grid.put(line, at: 0, 1 + offset, limit: size.columns)
        }
    }
}

extension GlyphSet {
    var isASCII: Bool { self == .ascii }
}
