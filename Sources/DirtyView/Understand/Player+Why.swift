import DirtyMachine
import DirtyScript

/// A question about a bit and the chain of causes that answers it, as it was when it was asked.
struct WhyAnswer: Sendable {
    var questions: [WhyQuestion]
    /// Which of them is being answered.
    var asked = 0
    var causes: [Cause]

    init?(_ questions: [WhyQuestion], _ session: Session) {
        guard !questions.isEmpty else { return nil }
        self.questions = questions
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
        guard let answer = WhyAnswer(questions, session) else {
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

    private mutating func askWhyLost() {
        guard let lost = session.machine.lostStores.first else { return say("no store is lost") }
        let item = Item.page(file: session.machine.name(of: lost.file), index: lost.index)
        ask(session.questions(about: item), item.text)
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
        listing.title = "Why: \(question.label)" + (question.value.isEmpty ? "" : " is \(question.value)")
        if answer.questions.count > 1 { listing.title += "   \(answer.asked + 1)/\(answer.questions.count)" }
        listing.empty = "nothing has changed it: it was so at the beginning"
        let lines = answer.causes.enumerated().flatMap { index, cause in
            [line(cause, isSelected: index == row), reason(cause, isLast: index == answer.causes.count - 1)]
        }
        listing.count = lines.count
        listing.cursor = min(row * 2, max(0, lines.count - 1))
        listing.showsCursorAlways = true
        listing.row = { lines[$0] }
        if answer.causes.indices.contains(row) { listing.footer = [context(answer.causes[row])] }
        return listing
    }

    private func line(_ cause: Cause, isSelected: Bool) -> Line {
        var line = Line()
        line.column(cause.position == 0 ? "-" : "\(cause.position)", 5, Style(.plain, cause.position == position ? .bold : .dim), right: true)
        line.add(" ")
        line.column(cause.mover, 10, Style(.plain, .bold))
        let title = cause.frame.map { DirtyView.title(of: $0, generation: generation) }
        guard !cause.touches.isEmpty else {
            line.add(cause.frame == nil ? cause.because : accessText(cause))
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

    /// `A.m.pte[0].write 0 -> 1, dirty 0 -> 1`: the thing is named once.
    private func text(_ touches: [Touch]) -> String {
        var subject = ""
        return touches.map { touch -> String in
            let parts = touch.path.split(separator: ".", omittingEmptySubsequences: false)
            let own = parts.dropLast().joined(separator: ".")
            defer { subject = own }
            return own == subject && !own.isEmpty ? "\(parts.last ?? "") \(touch.old) -> \(touch.new)" : touch.text
        }.joined(separator: ", ")
    }

    private func accessText(_ cause: Cause) -> String {
        cause.frame?.function == .user_store ? "the store cannot go through: a fault" : "the load cannot go through: a fault"
    }

    private func reason(_ cause: Cause, isLast: Bool) -> Line {
        guard !cause.touches.isEmpty || cause.frame != nil, !cause.because.isEmpty else { return Line() }
        var line = Line()
        line.pad(width: 6)
        line.add("because " + cause.because + (isLast ? "" : ":"), Style(.plain, .dim))
        return line
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
