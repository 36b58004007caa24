/// What `predict` can ask.
extension LineParser {
    /// `predict WHAT ["question"]`, behind its first word.
    mutating func prediction() throws(Diagnostic) -> Command {
        let subject = try predictionSubject()
        return .predict(subject, question: position < tokens.count ? try string() : nil)
    }

    private mutating func predictionSubject() throws(Diagnostic) -> Prediction {
        let expected = "a process, a file, a counter, \(alternatives(Vocabulary.predictWords))"
        let candidates =
            Vocabulary.predictWords + tasks + declarations.files + declarations.devices
            + Vocabulary.counters
        let first = try take("thing to predict", expected: expected, candidates: candidates)
        guard first.kind == .word else { throw unexpected(first, expected: expected) }
        // A name that somebody has declared is that name.
        if declarations.space(of: first.text) != nil {
            let pages = try mapping(of: first.text)
            return .pte(process: first.text, try onePage(pages))
        }
        let name = try operand(first).name
        switch declarations.names[name.text]?.thing {
        case .file, .device:
            position -= 1
            let pages = try fileOperand(devices: true)
            return .page(try onePage(pages))
        default: break
        }
        switch first.text {
        case "next": return .next
        case "faults": return .faults
        case "outcome": return .outcome
        case "value": return .value
        case "writes": return .writes
        case "disk", "survives":
            let pages = try fileOperand()
            return first.text == "disk" ? .disk(try onePage(pages)) : .survives(try onePage(pages))
        case let word where Vocabulary.counters.contains(word): return .counter(word)
        default:
            throw unknown("thing to predict", name, expected: expected, candidates: candidates)
        }
    }

    /// An answer is about one page.
    private func onePage(_ operand: Operand) throws(Diagnostic) -> Operand {
        guard operand.range?.count == 1 else {
            throw error(
                "a prediction is about one page", at: lastTaken,
                expected: "\(operand.name)[0] or another page")
        }
        return operand
    }
}
