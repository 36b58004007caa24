import DirtyScript

/// A question, an answer or the score, over the lower part of the panes: what one has to look at
/// to answer stays in sight.
struct QuestionPanel {
    let view: QuestionView
    let quiz: Quiz
    let session: Session
    let columns: Int

    /// Draws it over the lower rows of a region.
    func paint(_ grid: inout Grid, over main: Region, _ glyphs: GlyphSet) {
        let body = lines
        guard main.rows > 0 else { return }
        guard main.rows > 3 else { return paintTiny(&grid, main) }
        let rows = min(body.count + 1, main.rows)
        let top = main.y + main.rows - rows
        for row in top..<main.y + main.rows {
            for column in main.x..<main.x + main.columns { grid[column, row] = Cell() }
        }
        for column in main.x..<main.x + main.columns {
            grid[column, top] = Cell(glyphs[.horizontal], Style(.chrome))
        }
        grid.put(Line(" \(title) ", Style(.focusedTitle)), at: main.x + 1, top, limit: max(0, main.columns - 2))
        for (offset, line) in body.prefix(rows - 1).enumerated() {
            grid.put(line, at: main.x, top + 1 + offset, limit: main.columns)
        }
    }

    /// Where there are but a few rows: the choices, and the question before them as far as it goes.
    private func paintTiny(_ grid: inout Grid, _ main: Region) {
        let texts = lines.map(\.text)
        for row in 0..<main.rows {
            for column in 0..<main.columns { grid[column, main.y + row] = Cell() }
        }
        let all = wrap(texts.map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: " "), max(1, main.columns))
        for (row, line) in all.suffix(main.rows).enumerated() {
            grid.put(Line(line), at: main.x, main.y + row, limit: main.columns)
        }
    }

    private var title: String {
        switch view {
        case .asked:
            columns < 60 ? "Question \(quiz.answers.count + 1)" : "Question \(quiz.answers.count + 1)   a b c d answer, Esc leaves it out"
        case .answered(let answer):
            (answer.isRight ? "Right" : answer.chosen == nil ? "Left out" : "Wrong")
                + (columns < 60 ? "" : "   \(quiz.right) of \(quiz.answers.count) so far; Enter carries it out, s steps into it")
        case .score: "Your score"
        }
    }

    private var lines: [Line] {
        switch view {
        case .asked(let question): text(question) + choices(question, nil)
        case .answered(let answer):
            text(answer.question) + choices(answer.question, answer) + wrapped(answer.question.explanation, Style(.narration))
        case .score:
            QuizReport(quiz, session: session).lines.flatMap { line in
                wrapped(line, Style(line.contains("WRONG") ? .error : .plain), indent: line.prefix { $0 == " " }.count + 1)
            }
        }
    }

    private func wrapped(_ text: String, _ style: Style, indent: Int = 1) -> [Line] {
        let indent = min(indent, columns / 3)
        return wrap(printable(text), max(1, columns - indent - 1)).map {
            var line = Line(String(repeating: " ", count: indent))
            line.add($0, style)
            return line
        }
    }

    private func text(_ question: Question) -> [Line] { wrapped(question.text, Style(.plain, .bold)) }

    private func choices(_ question: Question, _ answer: Quiz.Answer?) -> [Line] {
        question.choices.indices.map { index in
            var line = Line("  \(Character(Unicode.Scalar(UInt8(97 + index))))) ", Style(.prompt))
            line.add(printable(question.choices[index]))
            guard let answer else { return line }
            if index == question.correct {
                line.add("  <- right", Style(.plain, .bold))
            } else if index == answer.chosen {
                line.add("  <- wrong", Style(.error))
            }
            return line
        }
    }
}

extension QuestionView {
    /// The same for an audience: question and choices as one text, to be set in large letters.
    /// Choices have a line each, or all of them one together.
    func words(_ quiz: Quiz, _ session: Session, inLine: Bool) -> String {
        func choices(_ question: Question, where isShown: (Int) -> Bool = { _ in true }) -> String {
            question.choices.indices.filter(isShown).map { "\($0 + 1)) \(question.choices[$0])" }
                .joined(separator: inLine ? " / " : "\n")
        }
        switch self {
        case .asked(let question): return question.text + "\n" + choices(question)
        case .answered(let answer):
            // The right one alone.
            let verdict = answer.isRight ? "Right. " : answer.chosen == nil ? "" : "No. "
            return verdict + answer.question.text + "\n" + choices(answer.question) { $0 == answer.question.correct }
        case .score: return QuizReport(quiz, session: session).score
        }
    }
}
