// Words that debuggers and editors have taught their users, and what they are called here.

enum Synonyms {
    /// The line that is meant; nil where the words are none of these.
    static func line(for words: [String]) -> [String]? {
        let rest = Array(words.dropFirst())
        switch (words[0], rest.count) {
        case ("b", 1...), ("br", 1...), ("tbreak", 1...): return ["break"] + rest
        case ("bt", 0), ("backtrace", 0): return ["pane", "calls"]
        case ("info", 1), ("i", 1):
            switch rest[0] {
            case "b", "break", "breakpoints", "watchpoints": return ["breaks"]
            case "stack", "frame": return ["pane", "calls"]
            case "threads": return ["pane", "tasks"]
            default: return nil
            }
        case ("w", 1...): return ["save"] + rest
        case ("w!", 1...): return ["save!"] + rest
        case ("goto", 1), ("go", 1): return rest
        case ("s", 1), ("si", 1), ("step", 1), ("stepi", 1), ("forward", 1): return Int(rest[0]).map { ["+\($0)"] }
        case ("back", 1), ("reverse-step", 1), ("reverse-stepi", 1): return Int(rest[0]).map { ["-\($0)"] }
        case ("si", 0), ("stepi", 0): return ["step"]
        case ("why?", _): return ["why"] + rest
        case ("h", 0): return ["help"]
        case ("restart", 0), ("start", 0), ("top", 0): return ["first"]
        case ("l", 0), ("list", 0): return ["pane", "script"]
        case ("q!", 0), ("qa", 0), ("quit!", 0), ("exit", 0): return ["quit"]
        case ("next", 0): return ["step-over"]
        case ("c", 0), ("cont", 0), ("continue", 0): return ["run"]
        case ("reverse-step", 0), ("reverse-stepi", 0), ("rsi", 0): return ["step-back"]
        case ("reverse-next", 0): return ["back-over"]
        case ("reverse-continue", 0), ("rc", 0): return ["run-back"]
        case ("finish", 0): return ["finish-function"]
        case ("where", 0): return ["pane", "calls"]
        default: return nil
        }
    }
}
