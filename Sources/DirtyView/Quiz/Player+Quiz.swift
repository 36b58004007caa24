import DirtyScript

/// What the learner is shown: a question, what came of it, or the score.
enum QuestionView: Hashable, Sendable {
    case asked(Question)
    case answered(Quiz.Answer)
    case score
}

// Predict mode: at marked places the player asks what comes next before it goes there.

extension Player {
    /// Begins to ask.
    public mutating func beginQuiz(seed: UInt64 = 0) {
        quiz = quiz ?? Quiz(session.statements, seed: seed)
        isAsking = true
    }

    /// The key for it: asks about the next command at once, or stops asking.
    mutating func askOrNot() {
        stop()
        if isAsking {
            (isAsking, question) = (false, nil)
            return say("no more questions" + (score.map { ": \($0)" } ?? "") + "; Q asks again")
        }
        beginQuiz()
        if asks() { return }
        if let next = quiz?.suggestion(before: session) { return ask(next) }
        say("a question comes before the next command that is worth one; Q asks no more")
    }

    private var score: String? {
        quiz.flatMap { $0.answers.isEmpty ? nil : QuizReport($0, session: session).score }
    }

    private mutating func ask(_ next: Question) {
        stop()
        message = nil
        question = .asked(next)
    }

    /// Whether a question bars the way forward. It is shown then.
    mutating func asks() -> Bool {
        guard isAsking, let quiz else { return false }
        if case .asked? = question {
            say("answer first: \(presenter == nil ? "a, b, c or d" : "1 to 4"), or Esc to leave it out")
            return true
        }
        question = nil
        guard let next = quiz.question(before: session) else { return false }
        ask(next)
        return true
    }

    /// At the end of the script there is a score.
    mutating func showScoreAtEnd() {
        guard isAsking, session.isAtEnd, score != nil, question == nil else { return }
        question = .score
    }

    // MARK: Keys

    /// False for keys that mean what they always mean: one may look around before one answers.
    mutating func pressInQuestion(_ key: Key) -> Bool {
        if let presenter, presenter.isBlank || presenter.showsHelp { return false }
        switch question {
        case .asked(let asked):
            if let choice = choice(key), choice < asked.choices.count {
                answer(asked, choice)
            } else if key == .escape || presenter != nil && talkKeys.action(for: key) == .nextBeat {
                // A remote has no letters: one press shows the answer, the next goes on.
                answer(asked, nil)
            } else if isLetter(key) {
                say("the answers are " + (0..<asked.choices.count).map { String(UnicodeScalar(UInt8(97 + $0))) }.joined(separator: ", "))
            } else {
                return false
            }
        case .answered:
            switch key {
            case .escape: question = nil
            case .enter where presenter == nil:
                question = nil
                perform(.event)
            case _ where isLetter(key): say("it is answered; Enter carries the command out, Esc closes this")
            default: return false
            }
        case .score:
            question = nil
            return key == .escape || key == .enter || key == .character("q")
        case nil:
            // A late answer is no break point. c alone is a way to the next question.
            guard isAsking, isLetter(key), key != .character("c") else { return false }
            say("no question is open: c goes on to the next, Q asks no more and gives \(key) its meaning back")
        }
        return true
    }

    /// One of the letters that answer questions; in a talk there are none.
    private func isLetter(_ key: Key) -> Bool {
        guard presenter == nil, case .character(let scalar) = key else { return false }
        return ("a"..."d").contains(scalar)
    }

    /// Letters answer, and digits; in a talk digits alone, since remotes send letters.
    private func choice(_ key: Key) -> Int? {
        guard case .character(let scalar) = key else { return nil }
        if ("1"..."4").contains(scalar) { return Int(scalar.value) - 49 }
        guard presenter == nil else { return nil }
        if ("a"..."d").contains(scalar) { return Int(scalar.value) - 97 }
        return nil
    }

    private mutating func answer(_ asked: Question, _ chosen: Int?) {
        quiz?.answer(asked, chosen)
        message = nil
        if let answer = quiz?.answers.last { question = .answered(answer) }
    }
}
