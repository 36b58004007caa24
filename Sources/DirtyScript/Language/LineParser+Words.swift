/// The cursor over a line's tokens, and the smallest pieces of the grammar.
extension LineParser {
    /// All processes and threads.
    var tasks: [String] { (declarations.processes + declarations.threads).sorted() }

    /// The place of everything from the current token to the end of the line's text.
    var commandLocation: SourceLocation {
        guard position < tokens.count else { return tokens[tokens.count - 1].end }
        let start = tokens[position].location
        let end = tokens[tokens.count - 1].end
        return SourceLocation(
            line: start.line, column: start.column, length: end.column - start.column)
    }

    mutating func takeIfAny() -> Token? {
        guard position < tokens.count else { return nil }
        defer { position += 1 }
        return tokens[position]
    }

    /// The next token, which has to be there.
    mutating func take(
        _ what: String, expected: String? = nil, candidates: [String] = []
    ) throws(Diagnostic) -> Token {
        if let token = takeIfAny() { return token }
        throw line.diagnostic(
            "the \(what) is missing", at: tokens[tokens.count - 1].end, expected: expected,
            candidates: candidates)
    }

    /// The token taken last.
    var lastTaken: Token { tokens[position - 1] }

    /// A word that only makes the line read well.
    mutating func take(word: String) throws(Diagnostic) {
        let token = try take("word '\(word)'", candidates: [word])
        guard token.text == word else {
            throw unexpected(token, expected: "'\(word)'", candidates: [word])
        }
    }

    func expectEnd() throws(Diagnostic) {
        guard position < tokens.count else { return }
        throw unexpected(tokens[position], expected: "the end of the line")
    }

    /// One of a fixed set of words.
    mutating func choose(
        _ what: String, from words: [String], _ place: Unsupported.Place = .other
    ) throws(Diagnostic) -> Token {
        if position < tokens.count, tokens[position].kind == .word, words.contains(tokens[position].text) {
            position += 1
            note(place, lastTaken)
            return lastTaken
        }
        let candidates = supported(place, words)
        let expected = alternatives(candidates)
        let token = try take(what, expected: expected, candidates: candidates)
        throw unknown(what, token, expected: expected, candidates: candidates)
    }

    /// One of the raw values of an enumeration.
    mutating func choose<Choice: RawRepresentable<String> & CaseIterable>(
        _ what: String, _ type: Choice.Type
    ) throws(Diagnostic) -> Choice {
        let token = try choose(what, from: type.allCases.map(\.rawValue))
        guard let choice = Choice(rawValue: token.text) else {
            preconditionFailure("chosen from its own raw values")
        }
        return choice
    }

    mutating func string() throws(Diagnostic) -> String {
        let token = try take("text", expected: "a text in double quotes")
        guard case .string(let content) = token.kind else {
            throw unexpected(token, expected: "a text in double quotes")
        }
        return content
    }

    // MARK: Numbers

    mutating func number(_ what: String, _ range: ClosedRange<Int>) throws(Diagnostic) -> Int {
        let token = try take(
            what, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        return try number(token, what, range)
    }

    func number(
        _ token: Token, _ what: String, _ range: ClosedRange<Int>, candidates: [String] = []
    ) throws(Diagnostic) -> Int {
        let isNegative = range.lowerBound < 0 && token.text.hasPrefix("-")
        let digits = isNegative ? token.text.dropFirst() : token.text[...]
        if isNumber(digits), let value = Int(digits), range.contains(isNegative ? -value : value) {
            return isNegative ? -value : value
        }
        let bounds = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard token.kind == .word else { throw unexpected(token, expected: bounds) }
        throw error(
            "invalid \(what) \(quoted(token.text))", at: token,
            expected: alternatives([bounds] + candidates.map { "'\($0)'" }), candidates: candidates)
    }

    mutating func optionalValue() throws(Diagnostic) -> UInt32? {
        guard let token = takeIfAny() else { return nil }
        return try value(token)
    }

    func value(_ token: Token, candidates: [String] = []) throws(Diagnostic) -> UInt32 {
        UInt32(try number(token, "value", 0...Int(UInt32.max), candidates: candidates))
    }

    func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isDigit)
    }

    // MARK: Options

    /// Splits `key=value` at its first `=`; nil where there is none.
    func keyAndValue(_ token: Token) -> (key: String, value: Token)? {
        let bytes = Array(token.text.utf8)
        guard token.kind == .word, let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else {
            return nil
        }
        return (
            String(decoding: bytes[..<equals], as: UTF8.self), token.part(equals + 1..<bytes.count)
        )
    }

    /// The options up to the end of the line, in any order, each once at most. `forms` are the
    /// words or `key=` beginnings that `apply` knows; it says whether it took the token.
    mutating func options(
        _ forms: [String], apply: (inout LineParser, String, Token) throws(Diagnostic) -> Void
    ) throws(Diagnostic) {
        var open = forms
        while let token = takeIfAny() {
            let pair = keyAndValue(token)
            let key = pair.map { $0.key + "=" } ?? token.text
            guard token.kind == .word, forms.contains(where: { Self.key(of: $0) == key }) else {
                let known = supported(.option, open)
                throw unknown(
                    "option", token, expected: alternatives(known + ["the end of the line"]),
                    candidates: known)
            }
            guard open.contains(where: { Self.key(of: $0) == key }) else {
                throw error("\(quoted(key)) stands here twice", at: token)
            }
            open.removeAll { Self.key(of: $0) == key }
            try apply(&self, key, pair?.value ?? token)
            note(.option, token)
            if pair != nil { note(.option, token, as: key) }
        }
    }

    /// `data=` of `data=ordered`.
    private static func key(of form: String) -> String {
        form.firstIndex(of: "=").map { String(form[...$0]) } ?? form
    }

    // MARK: What is not simulated yet

    /// `word` is how the feature is listed, where that is not as it is written.
    mutating func note(_ place: Unsupported.Place, _ token: Token, as word: String? = nil) {
        let feature = Unsupported.Feature(place: place, word: word ?? token.text)
        guard declarations.unsupported.contains(feature) else { return }
        unsupported.append(error("\(quoted(feature.word)) is not simulated yet", at: token))
    }

    func supported(_ place: Unsupported.Place, _ words: [String]) -> [String] {
        declarations.unsupported.isEmpty ? words : words.filter {
            !declarations.unsupported.contains(Unsupported.Feature(place: place, word: $0))
        }
    }

    // MARK: Complaints

    func error(
        _ message: String, at token: Token, expected: String? = nil, candidates: [String] = []
    ) -> Diagnostic {
        line.diagnostic(
            message, at: token.location, expected: expected, found: token.text,
            candidates: candidates)
    }

    func unknown(_ what: String, _ token: Token, expected: String?, candidates: [String])
        -> Diagnostic
    {
        guard token.kind == .word else { return unexpected(token, expected: expected) }
        return error(
            "unknown \(what) \(quoted(token.text))", at: token, expected: expected,
            candidates: candidates)
    }

    /// A name that is not declared, or is something else.
    func unknown(_ what: String, _ token: Token, among names: [String]) -> Diagnostic {
        if token.kind == .word, let name = declarations.names[token.text] {
            return error(
                "\(quoted(token.text)) is \(name.thing.kind)", at: token,
                expected: nameList(names, what))
        }
        return unknown(what, token, expected: nameList(names, what), candidates: names)
    }

    /// The names to choose from where they are few, for the `expected` of a complaint.
    func nameList(_ names: [String], _ what: String) -> String {
        (1...6).contains(names.count) ? alternatives(names) : "a \(what) declared before"
    }

    func unexpected(_ token: Token, expected: String?, candidates: [String] = []) -> Diagnostic {
        let found = if case .string = token.kind { "text in quotes" } else { quoted(token.text) }
        return error("unexpected \(found)", at: token, expected: expected, candidates: candidates)
    }
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}
