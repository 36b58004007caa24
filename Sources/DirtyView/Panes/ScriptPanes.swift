import DirtyMachine
import DirtyScript

/// The caption of the scenario, or else what is going on.
struct NarrationPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let progress = scene.session.progress
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "Narration"
        if progress.chapterNumber > 0 {
            let total = scene.outline.chapters.count
            listing.title += "  \(progress.chapterNumber)/\(max(total, progress.chapterNumber))  \"\(progress.chapter)\""
        }
        var lines = wrap(printable(progress.caption), max(10, columns - 2)).map { Line(" " + $0, Style(.narration)) }
        let facts = scene.session.position == 0 ? introduction : facts
        // What failed just now is said before anything else.
        let failures = scene.session.progress.newFailures.flatMap { failure in
            wrap(printable("! " + scene.session.sentence(failure)), max(10, columns - 2)).map { Line(" " + $0, Style(.error)) }
        }
        lines = failures + lines
        // The facts give way to a long caption, never the other way round.
        if lines.count + facts.count <= height {
            if !lines.isEmpty, lines.count + facts.count < height { lines.append(Line()) }
            lines += facts
            if lines.count < height, let outlook { lines.append(outlook) }
        } else if lines.isEmpty {
            lines = facts
        } else if lines.count < height {
            lines += facts.suffix(height - lines.count)
        }
        listing.count = lines.count
        if scene.focus == .narration { listing.cursor = scene.cursors[.narration] }
        listing.row = { lines[$0] }
        return listing
    }

    /// Before the first step: what this is, and how to go on.
    private var introduction: [Line] {
        let session = scene.session
        let outline = scene.outline
        let chapters = outline.chapters.count == 1 ? "1 chapter" : "\(outline.chapters.count) chapters"
        return [
            Line(" " + printable(session.title), Style(.plain, .bold)),
            Line(
                " kernel \(session.profile.rawValue), \(outline.total)\(outline.isComplete ? "" : "+") steps, \(chapters)",
                Style(.plain, .dim)),
        ] + (scene.takesKeys ? [Line(" s takes a step, S takes it back, Space plays, ? lists all keys", Style(.narration))] : [])
    }

    /// What would happen to the selected page next: to a store, and to the page if it were written.
    private var outlook: Line? {
        let now = scene.now
        guard scene.session.position > 0, let selection = scene.selection, case .mapping(let owner, let name) = selection.target,
            let process = now.process(named: owner), let page = now.page(selection.page, of: selection.target), page.pte != nil
        else { return nil }
        let outlook = now.outlook(ofStoreBy: process, at: page.vpn)
        var text: String
        switch outlook {
        case .unseen: text = "unseen, by a stale entry of CPU\(now.cpu(of: process))'s TLB"
        case .passes: text = "straight to memory, CPU\(now.cpu(of: process))'s TLB has W and D"
        case .marksEntry: text = "no fault, the CPU sets D in the PTE"
        case .findsDirty: text = "no fault, the PTE has W and D already"
        case .faultsOnProtection:
            text = "a fault, the PTE is read-only" + (now.isTracked(process, page.vpn) ? ": the kernel learns of it" : "")
        case .faultsOnAbsence: text = "a fault, there is no PTE"
        case .refused: text = "SIGSEGV"
        }
        text = "\(owner) stores to \(name)[\(selection.page)]: " + text
        if now.isTracked(process, page.vpn), page.pte?.write == true, page.folio.exists, now.isDirty(page.folio),
            !now.isUnderWriteback(page.folio)
        {
            let more = "; once it is written, a fault again"
            if text.count + more.count + 8 <= columns { text += more }
        }
        var line = Line(" if    ", Style(.plain, .dim))
        line.add(text)
        return line
    }

    private func place(of statement: Statement) -> String {
        scene.typedLines.contains(statement.location.line) ? "   typed" : "   line \(statement.location.line)"
    }

    /// The command under way or just ended, and the one that comes next.
    private var facts: [Line] {
        let session = scene.session
        let progress = session.progress
        var lines: [Line] = []
        func line(_ head: String, _ text: String, _ tail: String = "") {
            var line = Line(" " + head, Style(.plain, .dim))
            line.add(text)
            line.add(tail, Style(.plain, .dim))
            lines.append(line)
        }
        if progress.running != nil || progress.isDraining, let statement = session.currentStatement {
            line("now   ", statement.text, place(of: statement))
        } else {
            if let command = progress.lastCommand, let last = progress.last {
                line("ended ", command.text, "   " + CallPane(scene: scene, columns: columns).summary(last))
            }
            if let statement = session.nextMover {
                line(
                    "next  ", CallPane(scene: scene, columns: columns).summary(statement),
                    place(of: statement))
            } else {
                line("the script is at its end; \(session.endText)", "")
            }
        }
        return lines
    }

}

/// Everybody who could move next: the user is the scheduler.
struct TaskPane {
    let scene: Scene
    let columns: Int
    /// The row of the chooser while it is open.
    let chosen: Int?

    func listing(height: Int) -> Listing {
        let candidates = scene.candidates
        var listing = Listing()
        listing.title = chosen == nil ? "Who can move  t chooses" : columns < 60 ? "Who moves next?  1-9 Enter Esc" : "Who moves next?  digit or Enter  Esc closes"
        listing.count = candidates.count
        listing.cursor = chosen ?? (scene.focus == .tasks ? scene.cursors[.tasks] ?? 0 : nil)
        listing.showsCursorAlways = chosen != nil
        listing.empty = "nobody yet; s starts the next command"
        listing.row = { row($0, candidates[$0]) }
        listing.subject = { candidates[$0].name == "TLB" ? nil : .item(.task(candidates[$0].name)) }
        return listing
    }

    private func row(_ index: Int, _ candidate: Candidate) -> Line {
        var line = Line()
        line.column("\(index + 1)", 2, Style(.plain, .dim))
        line.column(candidate.name, 10)
        line.column(candidate.cpu.map { "CPU\($0)" } ?? "", 5)
        if let blocked = candidate.blocked {
            line.add("WAITS", Style(.error))
            line.add(" " + (blocked.split(separator: " ", maxSplits: 2).last.map(String.init) ?? blocked))
            return line
        }
        if candidate.hasEnded {
            let process = candidate.task.map { scene.now.process(of: $0) }
            let ending = process.flatMap { $0.exists ? scene.now.ending(of: $0) : nil } ?? "has ended"
            line.add(candidate.command + "  " + ending, Style(.plain, .dim))
            return line
        }
        let frame = candidate.task.flatMap { scene.now.state.stack(of: $0).last }
        if columns >= 60 { line.column(candidate.command, min(24, columns - 36)) }
        if let frame {
            let title = title(of: frame, generation: scene.generation)
            line.add("> " + title.words(columns: columns - line.width - 4), Style(.plain, .dim))
        } else if columns < 60 {
            line.add(candidate.command)
        } else if case .actor = candidate.choice {
            line.add("has not begun", Style(.plain, .dim))
        }
        return line
    }
}

/// The moves so far, the latest at the end.
struct LogPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let moves = scene.session.moves
        var listing = Listing()
        listing.title = "Log of moves"
        listing.count = moves.count
        listing.empty = "nothing has moved yet"
        listing.cursor = scene.focus == .log ? scene.cursors[.log] ?? max(0, moves.count - 1) : max(0, moves.count - 1)
        listing.row = { row($0 + 1, moves[$0]) }
        return listing
    }

    private func row(_ number: Int, _ move: Move) -> Line {
        var line = Line()
        line.column("\(number)", max(5, String(scene.session.position).count), Style(.plain, .dim), right: true)
        line.add(" ")
        let failures = scene.session.failures(of: number - 1)
        guard failures.isEmpty else {
            line.add(printable("! " + failures.map { scene.session.sentence($0) }.joined(separator: "; ")), Style(.error))
            return line
        }
        line.add(moveText(move, in: scene, columns: columns - line.width - 2))
        if let statement = scene.session.statement(atLine: move.line), move.frame != nil {
            line.flushRight(statement.text, width: columns - 3, Style(.plain, .dim))
        }
        return line
    }
}

/// The script around the place where it stands.
struct ScriptPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let session = scene.session
        let statements = session.statements
        let current = session.progress.cursor
        var listing = Listing()
        listing.title = "Script"
        listing.count = statements.count
        listing.cursor =
            scene.focus == .script
            ? scene.cursors[.script] ?? min(current, max(0, statements.count - 1))
            : min(current, max(0, statements.count - 1))
        let typed = scene.typedLines
        listing.subject = { typed.contains(statements[$0].location.line) ? nil : .line(statements[$0].location.line) }
        listing.row = { index in
            let statement = statements[index]
            var line = Line()
            // What was typed has no line in the file: it has the prompt's sign instead.
            let isTyped = typed.contains(statement.location.line)
            line.column(isTyped ? ":" : "\(statement.location.line)", 4, Style(.plain, isTyped ? .bold : .dim), right: true)
            line.add(index == current ? " > " : "   ", Style(.plain, .bold))
            let style = Style(.plain, index < current ? .dim : index == current ? .bold : [])
            line.add((statement.label.map { $0 + ": " } ?? "") + statement.text, style)
            return line
        }
        return listing
    }
}
