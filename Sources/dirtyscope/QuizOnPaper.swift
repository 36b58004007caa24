import DirtyScript

/// Predict mode without a screen: questions as lines of text, answers as lines of input. The same
/// questions in the same order as in the terminal.
enum QuizOnPaper {
    static func run(_ session: inout Session, seed: UInt64, out: inout LineWriter) throws -> Quiz {
        var quiz = Quiz(session.statements, seed: seed)
        try out.line("\(printable(session.title))  (kernel \(session.profile.rawValue))")
        var conclusions: [Conclusion] = []
        while true {
            while let question = quiz.question(before: session) { try ask(question, &quiz, &out) }
            let caption = session.progress.caption
            guard case .moved = session.advance(.script, &conclusions) else { break }
            if session.progress.caption != caption, !session.progress.caption.isEmpty {
                try out.line("")
                for line in wrap(printable(session.progress.caption), 78) { try out.line("  " + line) }
            }
            conclusions.removeAll()
        }
        return quiz
    }

    private static func ask(_ question: Question, _ quiz: inout Quiz, _ out: inout LineWriter) throws {
        try out.line("")
        try out.line("Question \(quiz.answers.count + 1): \(printable(question.text))")
        let letters = question.choices.indices.map { String(Unicode.Scalar(UInt8(97 + $0))) }
        for (letter, choice) in zip(letters, question.choices) { try out.line("  \(letter)) \(printable(choice))") }
        try out.flush()
        // An empty line, or the end of the input, leaves it out.
        var chosen: Int?
        while let line = readLine() {
            let word = line.split(separator: " ").first.map { $0.lowercased() }
            chosen = word.flatMap { letters.firstIndex(of: $0) }
            if word == nil || chosen != nil { break }
            try out.line("\(letters.joined(separator: ", ")), or an empty line")
            try out.flush()
        }
        quiz.answer(question, chosen)
        let verdict = chosen == nil ? "left out" : chosen == question.correct ? "right" : "wrong"
        try out.line("\(verdict): \(printable(question.choices[question.correct]))")
        for line in wrap(printable(question.explanation), 78) { try out.line("  " + line) }
    }
}
