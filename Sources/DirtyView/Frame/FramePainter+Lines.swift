import DirtyMachine
import DirtyScript

// The lines around the panes: tabs, what was and what comes, hints, prompt and message.

extension FramePainter {
    func paintTabs(_ grid: inout Grid, _ row: Int) {
        var line = Line()
        for pane in layout.reachablePanes {
            if line.width > 0 { line.add(" ") }
            let digit = pane.digit.map { "\($0)" } ?? ""
            if pane == player.focus {
                line.add("[\(digit)\(pane.shortName)]", Style(.focusedTitle))
            } else {
                let isShort = size.columns < 64 && !digit.isEmpty
                line.add(digit + (isShort ? String(pane.shortName.prefix(1)) : pane.shortName), Style(.chrome))
            }
        }
        grid.put(line, at: 0, row, limit: size.columns)
    }

    /// What the latest move was.
    var now: Line {
        let session = scene.session
        guard let move = session.moves.last else {
            return sentence("", session.progress.caption.isEmpty ? (hasHints ? "ready: s steps, Space plays" : "") : session.progress.caption)
        }
        let statement = session.statement(atLine: move.line)?.text
        guard move.frame != nil else {
            if case .eviction = move.choice { return sentence("done  ", moveText(move, in: scene)) }
            if move.slot == 0 {
                if case .say = session.statement(atLine: move.line)?.command {
                    return sentence("said  ", session.progress.caption)
                }
                return sentence("done  ", statement ?? "set-up and checks")
            }
            return sentence("done  ", (session.statement(atLine: move.line)?.labelledText ?? "an operation") + " begins")
        }
        // Where both have no room, the step is the news.
        let command = size.columns < 60 ? "" : statement.map { $0 + ": " } ?? ""
        return sentence("done  ", command + moveText(move, in: scene))
    }

    /// What the next step will be.
    var next: Line {
        let session = scene.session
        if let length = session.openRaceLength {
            let lines = length == 1 ? "1 line" : "\(length) lines"
            return sentence("race  ", "\(lines) typed so far; more with :, :end closes it, Esc drops it")
        }
        if let task = session.progress.running ?? session.currentStatement?.runningLabel.flatMap({ session.progress.labels[$0] }),
            let frame = scene.now.state.stack(of: task).last, !scene.now.isDone(task)
        {
            return sentence("next  ", words(of: frame, scene.generation))
        }
        if session.progress.isDraining { return sentence("next  ", "the device goes on with its I/O") }
        if session.progress.race != nil {
            return sentence("next  ", "the race goes on: t chooses who moves, s follows the written order")
        }
        guard let statement = session.nextMover else {
            guard session.openLabels.isEmpty else { return sentence("end   ", session.endText) }
            return sentence("end   ", hasHints ? "type : and a command, or S to go back" : "")
        }
        if case .race(let lines) = statement.command {
            return sentence("next  ", "a race of \(lines.count) lines: t chooses who moves, s follows the written order")
        }
        return sentence("next  ", (statement.label.map { $0 + ": " } ?? "") + statement.text)
    }

    private func sentence(_ head: String, _ text: String) -> Line {
        var line = Line(head, Style(.chrome))
        line.add(printable(text), Style(.narration))
        return line
    }

    var hints: Line {
        switch player.view {
        case .main: return mainHints
        case .sheet: return sheetHints
        case .pendingMark(let isGoing):
            let marks = player.insight.marks.keys.sorted().map(String.init).joined(separator: " ")
            let known = marks.isEmpty ? "none yet" : marks
            return Line(isGoing ? "' a letter goes to its mark: \(known)   '' back   Esc" : "m a letter marks this step   Esc", Style(.chrome))
        case .chooser: return Line("1-9 Enter one step of that one  \(player.keyName(.step)) as written  \(player.keyName(.stepBack)) back  \(exploreKey) lost yet?  Esc close", Style(.chrome))
        case .prompt: return Line("Enter do it  Tab complete  Up Down history  Esc leave", Style(.chrome))
        case .search: return Line("Enter find  Esc leave", Style(.chrome))
        case .filter: return Line("Enter keeps the filter  Esc lists all", Style(.chrome))
        case .help, .palette:
            let keys = size.columns < 60
                ? "type to search  Enter run  Esc close" : "type to search   Up Down select   Enter runs it   Esc closes"
            return Line(keys, Style(.chrome))
        }
    }

    /// What the panes take, or the question over them.
    private var mainHints: Line {
        switch player.question {
        case .asked(let asked)?:
            let letters = (0..<asked.choices.count).map { String(UnicodeScalar(UInt8(97 + $0))) }.joined(separator: " ")
            return Line("\(letters) answer  Esc leave it out  Tab pane  \(player.keyName(.why)) why  ? help", Style(.chrome))
        case .answered?: return Line("Enter carry it out  s step into it  Esc close", Style(.chrome))
        case .score?: return Line("Enter or Esc close", Style(.chrome))
        case nil: return player.keys.hints(for: player.focus, isZoomed: player.isZoomed, width: size.columns)
        }
    }

    /// The key of `explore`, as the user has it.
    private var exploreKey: String {
        player.keys.bindings.first { $0.action == .explore }?.keys.first?.description ?? ""
    }

    private var sheetHints: Line {
        switch player.insight.sheet {
        case .why?: Line("Up Down select  Enter go there  Left Right another bit  '' back  Esc close", Style(.chrome))
        case .life?: Line("Up Down select  Enter go there  '' back  Esc close", Style(.chrome))
        case .difference?: Line("Up Down select  Enter go there  Left Right another moment  Esc close", Style(.chrome))
        case .legend?: Line("Up Down PgUp PgDn scroll  Esc close", Style(.chrome))
        case .findings(let findings)? where findings.breaches.isEmpty: Line("Esc close", Style(.chrome))
        case .findings?: Line("Up Down select  Enter goes along the schedule  Esc close", Style(.chrome))
        case .schedule?: Line(
                "\(player.keyName(.step)) on  \(player.keyName(.stepBack)) back  Enter go to that step  \(player.keyName(.leaveSchedule)) back to where you were  Esc close",
                Style(.chrome))
        case .breakpoints?, nil: Line("Up Down select  Enter on or off  x takes it out  Esc close", Style(.chrome))
        }
    }

    mutating func paintBottom(_ grid: inout Grid) {
        let isTyping = player.view == .prompt || player.view == .search || player.view == .filter
        let shares = layout.messageRow == layout.promptRow
        let isHelp = menu != nil
        if isTyping {
            let editor =
                player.view == .prompt ? player.command : player.view == .filter ? player.areaFilter : player.search
            // A race that is being typed is easily forgotten.
            let isRace = player.view == .prompt && scene.session.openRaceLength != nil && size.columns >= 30
            let sign = isRace ? "race:" : player.view == .prompt ? ":" : player.view == .filter ? "\\" : "/"
            let before = max(0, editor.cursor - max(1, size.columns - 1 - sign.count))
            var line = Line(sign, Style(.prompt))
            line.add(String(String.UnicodeScalarView(editor.scalars[before...])), Style(.prompt))
            clear(&grid, layout.promptRow)
            grid.put(line, at: 0, layout.promptRow, limit: size.columns)
            cursor = (min(sign.count + editor.cursor - before, size.columns - 1), layout.promptRow)
            if shares { return }
        }
        guard layout.size.rows > 1 || player.message != nil else { return }
        if shares { clear(&grid, layout.messageRow) }
        if isHelp {
            if shares { grid.put(Line("Esc closes the list", Style(.chrome)), at: 0, layout.messageRow, limit: size.columns) }
            return
        }
        let message = player.message.map { message in
            wrap((message.isError ? "! " : "") + printable(message.text), size.columns)
                .map { Line($0, Style(message.isError ? .error : .plain)) }
        }
        // A long message takes the row above it, too.
        let isLong = (message?.count ?? 0) > 1 && !isTyping && !shares
        if !isTyping, !shares, !isLong { grid.put(now, at: 0, layout.promptRow, limit: size.columns) }
        if let message, isLong {
            grid.put(message[0], at: 0, layout.promptRow, limit: size.columns)
            var rest = message[1]
            for line in message.dropFirst(2) { rest.add(Line(" ")); rest.add(line) }
            grid.put(rest, at: 0, layout.messageRow, limit: size.columns)
        } else if let message {
            var line = message.first ?? Line()
            for more in message.dropFirst() { line.add(Line(" ")); line.add(more) }
            grid.put(line, at: 0, layout.messageRow, limit: size.columns)
        } else if player.isSearching {
            grid.put(player.exploring.status.line(exploreKey, columns: size.columns), at: 0, layout.messageRow, limit: size.columns)
        } else if !shares || layout.nowRow != nil {
            grid.put(next, at: 0, layout.messageRow, limit: size.columns)
        } else {
            grid.put(now, at: 0, layout.messageRow, limit: size.columns)
        }
        if !isTyping { paintKeys(&grid) }
    }

    /// The latest key, for those who look on: at the right end of the bottom row, in a place that it
    /// takes from the sentence there.
    private func paintKeys(_ grid: inout Grid) {
        guard player.showsKeys, let line = player.pressed?.line else { return }
        let start = size.columns - line.width - 1
        guard start >= 0 else { return }
        for column in max(0, start - 1)..<size.columns { grid[column, layout.messageRow] = Cell() }
        grid.put(line, at: start, layout.messageRow, limit: line.width)
    }

    private func clear(_ grid: inout Grid, _ row: Int) {
        for column in 0..<size.columns { grid[column, row] = Cell() }
    }
}
