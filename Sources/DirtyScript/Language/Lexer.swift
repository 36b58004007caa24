/// One line of a scenario, without its line end.
struct SourceLine: Sendable {
    var file: String
    var number: Int
    var scalars: [Unicode.Scalar]

    func text(_ range: Range<Int>) -> String {
        let part = scalars[range.clamped(to: scalars.indices)]
        guard part.allSatisfy(\.isASCII) else { return String(String.UnicodeScalarView(part)) }
        return String(decoding: part.map { UInt8(truncatingIfNeeded: $0.value) }, as: UTF8.self)
    }

    func diagnostic(
        _ message: String, at location: SourceLocation, expected: String? = nil,
        found: String = "", candidates: [String] = []
    ) -> Diagnostic {
        Diagnostic(
            file: file, location: location, message: message, expected: expected,
            suggestion: Suggestion.nearest(to: found, among: candidates),
            source: text(0..<scalars.count), candidates: candidates)
    }
}

/// A word, string or colon of a line. Words are printable ASCII by construction.
struct Token: Sendable {
    enum Kind: Hashable, Sendable {
        case word
        /// The content, with its escapes resolved.
        case string(String)
        case colon
    }
    var kind: Kind
    /// As written: a string with its quotes, so that it never equals a word.
    var text: String
    var location: SourceLocation

    /// The word's part at these offsets, as a word of its own with a place of its own.
    func part(_ offsets: Range<Int>) -> Token {
        let utf8 = Array(text.utf8)[offsets]
        let place = SourceLocation(
            line: location.line, column: location.column + offsets.lowerBound,
            length: max(1, offsets.count))
        return Token(kind: .word, text: String(decoding: utf8, as: UTF8.self), location: place)
    }

    /// The place just behind it.
    var end: SourceLocation {
        SourceLocation(line: location.line, column: location.column + location.length)
    }
}

/// Splits a line into words, strings and colons; drops blanks and the comment.
struct Lexer {
    private let line: SourceLine
    private var position = 0

    static func tokens(of line: SourceLine) throws(Diagnostic) -> [Token] {
        guard line.scalars.count <= Limits.lineLength else {
            throw line.diagnostic(
                "this line is longer than \(Limits.lineLength) characters",
                at: SourceLocation(line: line.number, column: Limits.lineLength + 1))
        }
        var lexer = Lexer(line: line)
        var tokens: [Token] = []
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    private init(line: SourceLine) { self.line = line }

    private var current: Unicode.Scalar? {
        position < line.scalars.count ? line.scalars[position] : nil
    }

    private func place(from start: Int, to end: Int) -> SourceLocation {
        SourceLocation(line: line.number, column: start + 1, length: max(1, end - start))
    }

    private mutating func next() throws(Diagnostic) -> Token? {
        while let blank = current, Self.isBlank(blank) { position += 1 }
        switch current {
        case nil, "#": return nil
        case "\"": return try string()
        case ":":
            position += 1
            return Token(kind: .colon, text: ":", location: place(from: position - 1, to: position))
        default: return try word()
        }
    }

    private mutating func word() throws(Diagnostic) -> Token {
        let start = position
        while let scalar = current, !Self.isBlank(scalar), scalar != "#", scalar != ":",
            scalar != "\""
        {
            // Look-alikes of known words are refused here, once, rather than in every comparison.
            guard (0x21...0x7e).contains(scalar.value) else { throw unexpected(scalar) }
            position += 1
        }
        return Token(
            kind: .word, text: line.text(start..<position),
            location: place(from: start, to: position))
    }

    private mutating func string() throws(Diagnostic) -> Token {
        let start = position
        var content = String.UnicodeScalarView()
        position += 1
        while let scalar = current {
            position += 1
            switch scalar {
            case "\"":
                return Token(
                    kind: .string(String(content)), text: line.text(start..<position),
                    location: place(from: start, to: position))
            case "\\":
                content.append(try escape())
            case _ where scalar != "\t" && scalar.properties.generalCategory == .control:
                position -= 1
                throw unexpected(scalar)
            default:
                content.append(scalar)
            }
        }
        throw line.diagnostic(
            "this string has no end", at: place(from: start, to: position),
            expected: "a closing '\"'")
    }

    /// What follows a backslash.
    private mutating func escape() throws(Diagnostic) -> Unicode.Scalar {
        let scalar = current
        position += 1
        switch scalar {
        case "\"": return "\""
        case "\\": return "\\"
        case "n": return "\n"
        default:
            throw line.diagnostic(
                "unknown escape in a string",
                at: place(from: position - 2, to: min(position, line.scalars.count)),
                expected: #"\", \\ or \n"#)
        }
    }

    private func unexpected(_ scalar: Unicode.Scalar) -> Diagnostic {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        // The code point alone tells of what a grid of cells would have to leave out.
        let shown =
            printable(scalar) == scalar && isNarrow(scalar)
            ? "character \(quoted(String(scalar))) (\(code))" : "character \(code)"
        let typographic: Set<Unicode.Scalar> = [
            "\u{201c}", "\u{201d}", "\u{201e}", "\u{ab}", "\u{bb}",
        ]
        return line.diagnostic(
            "unexpected \(shown)", at: place(from: position, to: position + 1),
            expected: typographic.contains(scalar) ? "straight double quotes" : nil)
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t"
    }
}
