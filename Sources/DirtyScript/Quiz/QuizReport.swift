/// What came of a quiz, for the one who took it and for a program.
public struct QuizReport: Sendable {
    public let quiz: Quiz
    /// Title and kernel of what was played.
    public let title: String
    public let kernel: String

    public init(_ quiz: Quiz, session: Session) {
        self.quiz = quiz
        title = session.title
        kernel = session.profile.rawValue
    }

    /// `5 of 7 right`
    public var score: String {
        let skipped = quiz.skipped > 0 ? ", \(quiz.skipped) left out" : ""
        return "\(quiz.right) of \(quiz.answers.count) right" + skipped
    }

    public var lines: [String] {
        guard !quiz.answers.isEmpty else { return ["no question was answered"] }
        return ["\(printable(title))  (kernel \(kernel), seed \(quiz.seed)): \(score)"]
            + quiz.answers.flatMap { answer -> [String] in
                let question = answer.question
                let mark = answer.isRight ? "right" : answer.chosen == nil ? "-    " : "WRONG"
                let right = printable(question.choices[question.correct])
                let said = answer.chosen.map { printable(question.choices[$0]) }
                let head = "  \(mark)  line \(question.line)  \(printable(question.text))"
                let tail = answer.isRight ? right : said.map { "\($0); it is: \(right)" } ?? "it is: \(right)"
                return [head, "         " + tail]
            }
    }

    /// One object: title, kernel, seed, counts, and every answer.
    public var json: String {
        var json = JSONWriter()
        json.object([
            ("title", { $0.string(title) }),
            ("kernel", { $0.string(kernel) }),
            ("seed", { $0.number(quiz.seed) }),
            ("asked", { $0.number(quiz.answers.count) }),
            ("right", { $0.number(quiz.right) }),
            ("skipped", { $0.number(quiz.skipped) }),
            ("answers", { json in
                json.array(quiz.answers) { json, answer in
                    let question = answer.question
                    json.object([
                        ("line", { $0.number(question.line) }),
                        ("command", { $0.string(question.command) }),
                        ("question", { $0.string(question.text) }),
                        ("choices", { json in json.array(question.choices) { $0.string($1) } }),
                        ("correct", { $0.number(question.correct) }),
                        ("chosen", { json in
                            if let chosen = answer.chosen { json.number(chosen) } else { json.null() }
                        }),
                        ("right", { $0.bool(answer.isRight) }),
                    ])
                }
            }),
        ])
        return json.text
    }
}
