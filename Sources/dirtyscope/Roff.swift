/// Text in the language of man(7).
struct Roff {
    private(set) var result = ""

    mutating func macro(_ name: String, _ arguments: String...) {
        result += ".\(name) " + arguments.map { "\"\(Self.escaped($0))\"" }.joined(separator: " ") + "\n"
    }

    mutating func section(_ name: String) { result += ".SH \"\(name)\"\n" }

    /// A line; escaped already.
    mutating func line(_ text: String) { result += text + "\n" }

    /// A paragraph; escaped already.
    mutating func text(_ text: String) { result += ".PP\n" + text + "\n" }

    /// Lines as they stand.
    mutating func lines(_ lines: [String]) {
        result += ".nf\n" + lines.map { Self.escaped($0) + "\n" }.joined() + ".fi\n"
    }

    /// A term, and what it is.
    mutating func entry(_ term: String, _ meaning: String) {
        result += ".TP\n\\fB\(Self.escaped(term))\\fR\n\(Self.escaped(meaning))\n"
    }

    /// What a command's --help prints, its lines not wrapped: the usage first, then what it does, then
    /// each argument and option as an entry.
    mutating func help(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let usage = lines.firstIndex { $0.hasPrefix("USAGE: ") } ?? lines.endIndex
        for line in lines[usage...].prefix(1) { self.text(Self.escaped(String(line.dropFirst("USAGE: ".count)))) }
        for paragraph in lines[..<usage].split(separator: "") {
            let lines = paragraph.map { $0.hasPrefix("OVERVIEW: ") ? String($0.dropFirst("OVERVIEW: ".count)) : $0 }
            let isTable = lines.contains { $0.hasPrefix(" ") || $0.contains("   ") }
            if isTable { self.lines(lines) } else { self.text(lines.map(Self.escaped).joined(separator: "\n")) }
        }
        var term: String?
        for line in lines[usage...].dropFirst() where line.hasPrefix("  ") {
            let words = line.drop { $0 == " " }
            if !line.hasPrefix("   ") {
                if let term { entry(term, "") }
                let end = words.firstRange(of: "  ")?.lowerBound ?? words.endIndex
                term = String(words[..<end])
                let meaning = words[end...].drop { $0 == " " }
                if meaning.isEmpty { continue }
                entry(term ?? "", String(meaning))
            } else {
                entry(term ?? "", String(words))
            }
            term = nil
        }
        if let term { entry(term, "") }
    }

    /// Plain text: nothing in it is a command.
    static func escaped(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": safe += "\\e"
            case "-": safe += "\\-"
            case "\"": safe += "\\(dq"
            case _ where scalar.isASCII: safe.unicodeScalars.append(scalar)
            default: safe += "\\[u" + String(repeating: "0", count: max(0, 4 - String(scalar.value, radix: 16).count)) + String(scalar.value, radix: 16, uppercase: true) + "]"
            }
        }
        return safe.hasPrefix(".") || safe.hasPrefix("'") ? "\\&" + safe : safe
    }
}
