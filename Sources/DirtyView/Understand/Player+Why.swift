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

    init?(_ questions: [WhyQuestion], about what: String, _ session: Session) {
        guard !questions.isEmpty else { return nil }
        self.questions = questions
        self.what = what
        causes = session.why(questions[0])
        // What has never changed has no story: then another of its bits may have one.
        while causes.isEmpty, asked + 1 < questions.count {
            asked += 1
            causes = session.why(questions[asked])
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

    /// `why`, `why db[0]`, `why A m[0]`, `why nr_dirty`, `why lost`, `why PATH`
    mutating func whyCommand(_ rest: String) {
        if rest.isEmpty { return askWhy() }
        if rest == "lost" { return askWhyLost() }
        switch session.item(rest) {
        case .success(let item): ask(session.questions(about: item), item.text)
        case .failure(let complaint): complain(complaint.text)
        }
    }

    private mutating func ask(_ questions: [WhyQuestion], _ what: String) {
        guard let answer = WhyAnswer(questions, about: what, session) else {
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
            lines.append(line(cause))
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

    private func line(_ cause: Cause) -> Line {
        var line = Line()
        line.column(cause.position == 0 ? "-" : "\(cause.position)", 5, Style(.plain, cause.position == position ? .bold : .dim), right: true)
        line.add(" ")
        line.column(cause.mover, 10, Style(.plain, .bold))
        let title = cause.frame.map { DirtyView.title(of: $0, generation: generation) }
        guard !cause.touches.isEmpty else {
            line.add(clipped(cause.note.isEmpty ? cause.because : cause.note, columns - line.width - 3))
            return line
        }
        let what = text(cause.touches)
        let room = columns - line.width - 3
        line.add(clipped(what, room))
        let left = room - what.unicodeScalars.count - 2
        if let title, left >= 12 {
            line.flushRight(clipped(title.words(columns: left), left), width: columns - 3, Style(.plain, .dim))
        }
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

    /// Where in the kernel it was, and for which command.
    private func context(_ cause: Cause) -> Line {
        var line = Line(" ")
        guard cause.position > 0 else { return Line(" Enter goes to the beginning", Style(.plain, .dim)) }
        line.add(printable(cause.command), Style(.plain, .bold))
        let path = cause.stack.reversed().map { $0.name(generation) }.joined(separator: " < ")
        if !path.isEmpty { line.add("   in " + path, Style(.plain, .dim)) }
        return line
    }
}

/// The free function of the same name, where a local one hides it.
private func title(of frame: StackFrame, generation: Rules.Generation) -> StepTitle {
    DirtyMachine.title(of: frame, generation: generation)
}
