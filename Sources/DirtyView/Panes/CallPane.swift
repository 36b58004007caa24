import DirtyMachine
import DirtyScript

/// The call path of each task that is under way: which kernel functions it is in, the step it has
/// just taken, the one it takes next, its locks, and what it waits for.
struct CallPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.hasMargin = false
        let actor = scene.actor
        var lines: [Line] = []
        var here: Int?
        // What each row is about: the function that it names, or the one that its step belongs to.
        var subjects: [Int: Breakpoint.Kind] = [:]
        var current: Int?
        var named: Set<Int> = []
        func note(_ rows: Range<Int>, _ task: Ref<Task>) {
            let stack = scene.now.state.stack(of: task)
            guard let last = stack.last else { return }
            for row in rows {
                let frame = row - rows.lowerBound < stack.count ? stack[row - rows.lowerBound] : last
                subjects[row] = .function(frame.function)
                if row - rows.lowerBound < stack.count { named.insert(row) }
            }
            if task == actor { current = rows.lowerBound + stack.count - 1 }
        }
        if let actor {
            listing.title = "Call path  " + name(actor)
            lines = path(actor, &here)
            note(0..<lines.count, actor)
        } else {
            listing.title = "Call path"
            lines = idle()
        }
        for task in scene.now.state.tasks.reversed() where task != actor && !scene.now.isDone(task) {
            var other: Int?
            lines.append(Line())
            lines.append(Line(" " + name(task), Style(.title)))
            subjects[lines.count - 1] = .item(.task(scene.now.taskName(task)))
            let first = lines.count
            lines += path(task, &other)
            note(first..<lines.count, task)
        }
        listing.count = lines.count
        // The step that is next stays in sight however deep the stack is.
        if lines.count > height, let here, scene.focus != .calls || scene.cursors[.calls] == nil { listing.first = here - 2 }
        // With the keyboard it has a cursor of its own, at first on the function that is running.
        if scene.focus == .calls, let cursor = scene.cursors[.calls] ?? current {
            listing.cursor = cursor
            listing.marksCursor = true
        }
        listing.row = { lines[$0] }
        listing.subject = { subjects[$0] }
        listing.namesSubject = { named.contains($0) }
        return listing
    }

    private func name(_ task: Ref<Task>) -> String {
        let now = scene.now
        return "CPU\(now.cpu(of: task)) \(now.taskName(task))"
    }

    /// Nobody is in the kernel: what ended, and what comes.
    private func idle() -> [Line] {
        var lines: [Line] = []
        let dim = Style(.plain, .dim)
        let progress = scene.session.progress
        if let command = progress.lastCommand {
            lines.append(Line(" ended " + command.text, dim))
            if let last = progress.last { lines.append(Line("       " + summary(last))) }
        }
        if let next = scene.session.nextMover {
            for (number, text) in wrap(summary(next), max(10, columns - 8)).enumerated() {
                lines.append(Line((number == 0 ? " next  " : "       ") + text))
            }
        } else {
            lines.append(Line(" the end", dim))
        }
        return lines
    }

    private func path(_ task: Ref<Task>, _ here: inout Int?) -> [Line] {
        let now = scene.now
        var lines: [Line] = []
        let stack = now.state.stack(of: task)
        let before = scene.was.state.kind(at: task.raw) == .task ? scene.was.state.stack(of: task) : []
        // A deep stack gives up the indent of its outer functions, which are out of sight first.
        let outside = max(0, stack.count - maximumIndent)
        for (level, frame) in stack.enumerated() {
            let indent = String(repeating: " ", count: max(0, level - outside) + 1)
            let isTop = level == stack.count - 1
            let isNew = level >= before.count || before[level].function != frame.function
            var style = Style()
            if isTop { style.emphasis.insert(.bold) }
            if isNew, !before.isEmpty { style.emphasis.insert(.underline) }
            var line = Line(indent)
            line.add(frame.function.name(scene.generation), style)
            lines.append(line)
        }
        let indent = String(repeating: " ", count: columns < 40 ? 1 : min(stack.count, maximumIndent))
        if let move = scene.session.moves.last, move.slot == now.slot(of: task), let frame = move.frame {
            lines.append(step("x", frame, indent, "done", Style(.plain, .dim)))
        }
        if let frame = stack.last, frame.position < 100 {
            here = lines.count
            lines += hereLines(frame, indent)
            let next = StackFrame(function: frame.function, position: frame.position + 1)
            let title = title(of: next, generation: scene.generation)
            if title.text != frame.function.name(scene.generation) {
                lines.append(step(" ", next, indent, "next", Style(.plain, .dim)))
            }
        }
        if let blocked = scene.candidates.first(where: { $0.task == task })?.blocked {
            for text in wrap(blocked, max(10, columns - 4)) {
                lines.append(Line(" ! " + text, Style(.error)))
            }
        }
        for lock in now.locksHeld(by: task) { lines.append(Line("   holds " + lock)) }
        return lines
    }

    private var maximumIndent: Int { columns < 40 ? 4 : 8 }

    /// The step that is next, in two lines where one is too short: this is what people read.
    private func hereLines(_ frame: StackFrame, _ indent: String) -> [Line] {
        let lines = wrap(words(of: frame, scene.generation), max(8, columns - indent.count - 3))
        guard lines.count > 1 else { return [step(">", frame, indent, "here", Style(.plain, .bold))] }
        return lines.prefix(2).enumerated().map { number, text in
            Line(indent + (number == 0 ? "> " : "  ") + text, Style(.plain, .bold))
        }
    }

    /// `> install the PTE (N6)           here`, the place at the right as far as there is room.
    private func step(
        _ mark: String, _ frame: StackFrame, _ indent: String, _ place: String, _ style: Style
    ) -> Line {
        var line = Line(indent)
        let title = title(of: frame, generation: scene.generation)
        line.add(mark + " " + title.words(columns: columns - indent.count - 2), style)
        line.flushRight(place, width: columns - 1, Style(.plain, .dim))
        return line
    }

    /// What comes next, in the script's words.
    func summary(_ statement: Statement) -> String {
        switch statement.command {
        case .race(let lines): "race of " + lines.map(\.text).joined(separator: " | ")
        case .say: "a caption"
        default: (statement.label.map { $0 + ": " } ?? "") + statement.text
        }
    }

    func summary(_ result: TaskResult) -> String {
        var parts = [result.outcome.name]
        if let value = result.value { parts.append("value \(value)") }
        if result.minorFaults > 0 { parts.append("minor \(result.minorFaults)") }
        if result.majorFaults > 0 { parts.append("major \(result.majorFaults)") }
        return parts.joined(separator: ", ")
    }
}
