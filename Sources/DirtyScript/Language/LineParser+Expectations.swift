/// What `expect` can ask.
extension LineParser {
    mutating func expectation() throws(Diagnostic) -> Expectation {
        let expected =
            "an outcome, a process, a file, a counter, \(alternatives(Vocabulary.expectWords))"
        let candidates =
            Vocabulary.expectWords + tasks + declarations.files + declarations.devices
            + Vocabulary.counters + Vocabulary.outcomes
        let first = try take("expectation", expected: expected, candidates: candidates)
        guard first.kind == .word else { throw unexpected(first, expected: expected) }
        switch first.text {
        case "value":
            let token = try take("value", expected: "a number or null", candidates: ["null"])
            return .value(token.text == "null" ? nil : try value(token, candidates: ["null"]))
        case "faults": return try faults()
        case "disk":
            let pages = try fileOperand()
            return .disk(pages, try value(try take("value", expected: "the value on disk")))
        case "lost": return .lost(try number("number of stores", 0...Int(Int32.max)))
        case "invariants": return .invariant(nil)
        case "invariant": return .invariant(try newName("invariant").text)
        case "!invariant": return .brokenInvariant(try newName("invariant").text)
        case let word where Vocabulary.outcomes.contains(word): return .outcome(word)
        case let word where declarations.space(of: word) != nil:
            let pages = try mapping(of: word)
            return .pte(process: word, pages, try flags("PTE bit", from: Vocabulary.pteFlags))
        default: return try pageOrCounter(first, expected: expected, candidates: candidates)
        }
    }

    private mutating func pageOrCounter(
        _ first: Token, expected: String, candidates: [String]
    ) throws(Diagnostic) -> Expectation {
        let name = try operand(first).name
        switch declarations.names[name.text]?.thing {
        case .file, .device:
            position -= 1
            return .page(
                try fileOperand(devices: true), try flags("page flag", from: Vocabulary.pageFlags))
        case .label?:
            throw unknown(
                "expectation", name, among: tasks + declarations.files + declarations.devices)
        default: break
        }
        guard Vocabulary.counters.contains(first.text) else {
            throw unknown("expectation", name, expected: expected, candidates: candidates)
        }
        let comparison = try choose("comparison", Comparison.self)
        // nr_dirty can fall below zero: that is one of the bugs.
        return .counter(first.text, comparison, try number("number", -Int(Int32.max)...Int(Int32.max)))
    }

    private mutating func faults() throws(Diagnostic) -> Expectation {
        var minor: Int?
        var major: Int?
        try options(["minor=", "major="]) { parser, key, value throws(Diagnostic) in
            let count = try parser.number(value, "number of faults", 0...Int(Int32.max))
            if key == "major=" { major = count } else { minor = count }
        }
        guard minor != nil || major != nil else {
            throw line.diagnostic(
                "the number of faults is missing", at: tokens[tokens.count - 1].end,
                expected: "minor=N or major=N",
                candidates: ["minor=", "major="])
        }
        return .faults(minor: minor, major: major)
    }

    /// One or more flags, each with an optional `!`, each once.
    private mutating func flags(_ what: String, from names: [String]) throws(Diagnostic)
        -> [FlagTest]
    {
        var tests: [FlagTest] = []
        var open = names
        repeat {
            let candidates = open + open.map { "!\($0)" }
            let token = try take(what, expected: alternatives(names), candidates: candidates)
            let isNegated = token.text.hasPrefix("!")
            let name = isNegated ? token.part(1..<token.text.utf8.count) : token
            guard token.kind == .word, names.contains(name.text) else {
                throw unknown(
                    what, name, expected: alternatives(names),
                    candidates: token.text.isEmpty ? candidates : names)
            }
            guard open.contains(name.text) else {
                throw error("\(quoted(name.text)) stands here twice", at: token)
            }
            open.removeAll { $0 == name.text }
            tests.append(FlagTest(name: name.text, expected: !isNegated))
            if name.text == "absent", position < tokens.count || tests.count > 1 {
                throw error(
                    "'absent' says everything by itself", at: token, expected: "no other PTE bit")
            }
        } while position < tokens.count
        return tests
    }
}
