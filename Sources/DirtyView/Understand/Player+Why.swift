import DirtyMachine
import DirtyScript

/// A question about a bit and the chain of causes that answers it, as it was when it was asked.
struct WhyAnswer: Sendable {
    var questions: [WhyQuestion]
    /// What they are about: `A m[0]`.
    let what: String
    /// Which of them is being answered.
    var asked = 0
    var causes: [Cause]

    /// `asked` is the question that is meant; nil for the first that has an answer.
    init?(_ questions: [WhyQuestion], about what: String, asked: Int? = nil, _ session: Session) {
        guard !questions.isEmpty else { return nil }
        self.questions = questions
        self.what = what
        self.asked = asked ?? 0
        causes = session.why(questions[self.asked])
        guard asked == nil else { return }
        // What has never changed has no story: then another of its bits may have one.
        while causes.isEmpty, self.asked + 1 < questions.count {
            self.asked += 1
            causes = session.why(questions[self.asked])
        }
    }

    /// The next question about the same thing, or the one before.
    mutating func ask(_ step: Int, _ session: Session) {
        asked = (asked + step + questions.count) % questions.count
        causes = session.why(questions[asked])
    }
}

extension Player {
    /// Why what is selected is as it is.
    mutating func askWhy() {
        switch subject {
        case .item(let item): ask(session.questions(about: item), item.text)
        case .broken(let invariant): askWhyBroken(invariant)
        case .condition(.lost): askWhyLost()
        case .function(let function): ask(session.questions(about: function), function.name(session.machine.rules.generation))
        case nil where focus == .calls: complain("no function is selected")
        default:
            guard let item = selection?.item else { return complain("nothing is selected") }
            ask(session.questions(about: item), item.text)
        }
    }

    /// `why`, `why db[0]`, `why A m[0]`, `why nr_dirty`, `why lost`, `why PATH`; before or behind the page
    /// the bit that is meant, `why disk db[0]`, and the bit alone for that of the selected page.
    mutating func whyCommand(_ rest: String) {
        let words = WhyWords.meant(rest)
        if words.isEmpty { return askWhy() }
        if words == ["lost"] { return askWhyLost() }
        let whole = item(words)
        if case .success(let item) = whole { return ask(session.questions(about: item), item.text) }
        // One or two words for the bit, the longer reading first; what is left names the page.
        for count in [2, 1] where count <= words.count {
            let ways = [(words.prefix(count), words.dropFirst(count)), (words.suffix(count), words.dropLast(count))]
            for (bit, thing) in ways {
                let found = thing.isEmpty ? selection?.item : try? item(Array(thing)).get()
                guard let found, case let questions = session.questions(about: found),
                    let asked = questions.firstIndex(where: { WhyWords.names(bit, $0.label) })
                else { continue }
                return ask(questions, asked: asked, found.text)
            }
        }
        guard case .failure(let complaint) = whole else { return }
        let usage = "why takes db[0], A m[0], a counter, a task or lost, and a bit before it: disk db[0]"
        complain(words.count > 2 ? usage : complaint.text + "; " + usage)
    }

    /// The thing that words name; a mapping that only one process has needs no process.
    private func item(_ words: [String]) -> Result<Item, Complaint> {
        let found = session.item(words.joined(separator: " "))
        guard case .failure = found, words.count == 1, words[0].hasSuffix("]") else { return found }
        let owned = session.declarations.processes.compactMap { try? session.item("\($0) \(words[0])").get() }
        return owned.count == 1 ? .success(owned[0]) : found
    }

    private mutating func ask(_ questions: [WhyQuestion], asked: Int? = nil, _ what: String) {
        guard let answer = WhyAnswer(questions, about: what, asked: asked, session) else {
            return complain("\(what) has no bits to ask about; the pane 'What changed' names some")
        }
        insight.cameFrom = session.position
        openSheet(.why(answer))
    }

    private mutating func askWhyBroken(_ invariant: Invariant?) {
        let violations = invariant.map(session.machine.violations(of:)) ?? session.machine.violations()
        guard let first = violations.first else { return say("\(invariant?.id ?? "every invariant") holds") }
        if first.invariant == .noLostWrite, !session.machine.lostStores.isEmpty { return askWhyLost() }
        ask(session.questions(about: .path(first.subject)), first.subject)
    }

    /// Each store that is lost is a question.
    private mutating func askWhyLost() {
        let questions = session.questionsAboutLosses
        if questions.isEmpty { return say("no store is lost") }
        ask(questions, "lost")
    }

    mutating func pressInWhy(_ answer: WhyAnswer, _ key: Key, _ row: Int) -> Bool {
        switch key {
        case .left, .character("h"), .right, .character("l"):
            // Asked from where it was opened: its links may lead back and forth.
            var answer = answer
            let back = key == .left || key == .character("h")
            answer.ask(back ? -1 : 1, session)
            insight.sheet = .why(answer)
            view = .sheet(row: 0)
        case .enter:
            guard answer.causes.indices.contains(row) else { return true }
            jump(to: answer.causes[row].position)
        case .character("w"): view = .main
        default: return false
        }
        return true
    }

    /// Goes to a step that a sheet names; the sheet stays.
    mutating func jump(to position: Int) {
        let view = view
        if position != session.position { go(to: position) }
        goAllTheWay()
        self.view = view
    }
}

/// How people ask.
enum WhyWords {
    private static let fillers: Set<String> = ["is", "was", "are", "the", "of", "not", "in", "on", "this", "page", "folio", "bit"]

    /// The words that name something: no fillers, no question mark.
    static func meant(_ text: String) -> [String] {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "?" }).map(String.init)
        return words.filter { !fillers.contains($0) }
    }

    /// Whether words such as `disk`, `dirty`, `mem`, or `pte w` name the bit of a question.
    static func names(_ words: some Collection<String>, _ label: String) -> Bool {
        let parts = label.split(separator: " ")
        return !words.isEmpty && words.allSatisfy { word in
            let word = others[word.lowercased()] ?? word.lowercased()
            return parts.contains { $0 == word }
        }
    }

    private static let others = [
        "mem": "memory", "w": "write", "writable": "write", "d": "dirty", "p": "present", "absent": "present",
        "wb": "writeback", "buf": "buffer", "buffers": "buffer", "clean": "dirty", "read-only": "write", "readonly": "write",
        "lock": "locked", "cache": "cached", "tagged": "tag",
    ]

    /// The bits that Tab offers.
    static let bits = ["dirty", "disk", "locked", "memory", "present", "tag", "write", "writeback"]
}

/// The chain of causes: each with what it did, and below it why.
struct WhySheet {
    let answer: WhyAnswer
    let position: Int
    let columns: Int
    let generation: Rules.Generation

    func listing(row: Int) -> Listing {
        let question = answer.questions[answer.asked]
        var listing = Listing()
        // A bit is the bit of some page: `A m[0] pte write`. A path or a store says it all itself.
        let isWhole = question.lost != nil || question.function != nil || question.label.contains(answer.what)
        listing.title = "Why: " + (isWhole ? "" : answer.what + " ") + names.onScreen(question.label)
            + (question.value.isEmpty ? "" : " is \(question.value)")
        if answer.questions.count > 1 { listing.title += "   \(answer.asked + 1)/\(answer.questions.count)" }
        listing.empty = "nothing has changed it: it was so at the beginning"
        var lines: [Line] = []
        for (index, cause) in answer.causes.enumerated() {
            if index == row { listing.cursor = lines.count }
            lines += line(cause)
            lines += reason(cause)
        }
        listing.count = lines.count
        listing.showsCursorAlways = true
        listing.row = { lines[$0] }
        if answer.causes.indices.contains(row) { listing.footer = [context(answer.causes[row])] }
        return listing
    }

    /// The same without columns, a cause a sentence, wrapped: for those who hear it.
    func spoken(row: Int, width: Int = 80) -> [String] {
        var lines = [listing(row: row).title]
        if answer.causes.isEmpty { lines.append("nothing has changed it: it was so at the beginning") }
        for (index, cause) in answer.causes.enumerated() {
            var text = cause.position == 0 ? cause.because : "step \(cause.position), \(cause.mover): "
            if cause.position > 0 {
                text += cause.touches.isEmpty ? cause.note : self.text(cause.touches)
                if let frame = cause.frame, !cause.touches.isEmpty { text += "; " + words(of: frame, generation) }
                if !cause.because.isEmpty { text += ", because " + cause.because }
            }
            text += index == answer.causes.count - 1 ? "." : ";"
            for (number, part) in wrap(printable(text), width - 2).enumerated() {
                lines.append((number > 0 ? "  " : index == row ? "> " : "- ") + part)
            }
        }
        if answer.questions.count > 1 {
            lines += wrap("questions: " + answer.questions.map(\.label).joined(separator: ", "), width)
        }
        return lines
    }

    private func line(_ cause: Cause) -> [Line] {
        var line = Line()
        line.column(cause.position == 0 ? "-" : "\(cause.position)", 5, Style(.plain, cause.position == position ? .bold : .dim), right: true)
        line.add(" ")
        line.column(cause.mover, 10, Style(.plain, .bold))
        let title = cause.frame.map { DirtyView.title(of: $0, generation: generation) }
        guard !cause.touches.isEmpty else {
            return told(line, cause.note.isEmpty ? cause.because : cause.note)
        }
        let what = text(cause.touches)
        let left = columns - line.width - 3 - what.unicodeScalars.count - 2
        guard let title else { return told(line, what) }
        // What it did stands beside what changed, or below it where both have no room in a line.
        let words = title.words(columns: max(left, 12))
        guard words.unicodeScalars.count <= left else {
            return told(line, what) + wrap(title.words(columns: columns - 20), columns - 20).map { below($0, Style(.plain, .dim)) }
        }
        line.add(what)
        // Not too far away on a wide screen.
        let near = line.width + 2 + words.unicodeScalars.count <= Self.near ? Self.near : .max
        line.flushRight(words, width: min(columns - 3, near), Style(.plain, .dim))
        return [line]
    }

    /// The column at whose left the words end that say what a step did, where they have room there.
    private static let near = 117

    /// A line that goes on below where it is too long.
    private func told(_ head: Line, _ text: String) -> [Line] {
        let parts = wrap(text, max(12, columns - head.width - 3))
        var line = head
        line.add(parts.first ?? "")
        return [line] + parts.dropFirst().map { below($0, Style(.plain)) }
    }

    private func below(_ text: String, _ style: Style) -> Line {
        var line = Line()
        line.pad(width: 17)
        line.add(text, style)
        return line
    }

    private var names: KernelWords { KernelWords(generation) }

    /// `A.m.pte[0].write 0 -> 1, dirty 0 -> 1`: the thing is named once.
    private func text(_ touches: [Touch]) -> String {
        var subject = ""
        return touches.map { touch -> String in
            let path = names.onScreen(touch.path)
            let parts = path.split(separator: ".", omittingEmptySubsequences: false)
            let own = parts.dropLast().joined(separator: ".")
            defer { subject = own }
            return (own == subject && !own.isEmpty ? String(parts.last ?? "") : path) + " \(touch.old) -> \(touch.new)"
        }.joined(separator: ", ")
    }

    private func reason(_ cause: Cause) -> [Line] {
        guard !cause.touches.isEmpty || !cause.note.isEmpty, !cause.because.isEmpty else { return [Line()] }
        return wrap("because " + cause.because + ".", max(16, columns - 10)).map { text in
            var line = Line()
            line.pad(width: 6)
            line.add(text, Style(.plain, .dim))
            return line
        }
    }

    /// Where in the kernel it was, and for which command: as many functions as fit, the innermost first.
    private func context(_ cause: Cause) -> Line {
        guard cause.position > 0 else { return Line(" Enter goes to the beginning", Style(.plain, .dim)) }
        var line = Line(" ")
        line.add(printable(cause.command), Style(.plain, .bold))
        var names = cause.stack.reversed().map { $0.name(generation) }
        let count = names.count
        func path() -> String { "   in " + names.joined(separator: " < ") + (names.count < count ? " < .." : "") }
        while names.count > 1, line.width + path().unicodeScalars.count > columns { names.removeLast() }
        if !names.isEmpty { line.add(path(), Style(.plain, .dim)) }
        return line
    }
}

/// The free function of the same name, where a local one hides it.
private func title(of frame: StackFrame, generation: Rules.Generation) -> StepTitle {
    DirtyMachine.title(of: frame, generation: generation)
}
