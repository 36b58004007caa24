import DirtyScript

// The words of the prompt that are about understanding.

extension Player {
    static let understandingWords = ["break", "breaks", "delete", "diff", "legend", "life", "mark", "pane", "watch", "why"]

    mutating func understand(_ words: [String]) {
        switch words[0] {
        case "break", "watch", "delete": breakpointCommand(words)
        case "breaks": openSheet(.breakpoints)
        case "why": whyCommand(words.dropFirst().joined(separator: " "))
        case "diff": differenceCommand(words.dropFirst().joined(separator: " "))
        case "legend": openSheet(.legend)
        case "life": lifeCommand(words.dropFirst().joined(separator: " "))
        case "pane": paneCommand(words.dropFirst().joined(separator: " "))
        case "mark":
            guard words.count == 2, words[1].count == 1 else { return complain("mark LETTER") }
            setMark(Character(words[1]))
        default: break
        }
    }

    /// What could stand at the end of a line that begins with one of these words.
    func understandingCandidates(_ words: [String]) -> [String] {
        let rest = words.dropFirst().joined(separator: " ")
        let declarations = session.declarations
        switch words[0] {
        case "break":
            let line = "expect " + rest
            let conditions = Completion.candidates(
                line: line, cursor: line.unicodeScalars.count, declarations: declarations
            ).candidates
            return words.count == 2 ? conditions + ["line"] + Session.functionNames : conditions
        case "watch" where words.count == 2, "why" where words.count == 2, "life" where words.count == 2:
            let things = declarations.files + declarations.processes + declarations.threads
                + declarations.labels + Vocabulary.counters
            return words[0] == "why" ? WhyWords.bits + ["lost"] + things : things
        case "why" where words.count >= 3 && WhyWords.bits.contains(words[1]):
            return words.count == 3 ? declarations.files + declarations.processes : declarations.mappings(of: words[2])
        case "watch" where words.count == 3, "why" where words.count == 3, "life" where words.count == 3: return declarations.mappings(of: words[1])
        case "pane" where words.count == 2: return Pane.allCases.map { String(describing: $0) }
        case "delete" where words.count == 2: return insight.breakpoints.all.map { "\($0.number)" } + ["all"]
        default: return []
        }
    }
}
