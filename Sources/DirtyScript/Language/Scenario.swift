/// A scenario that parsed.
public struct Scenario: Hashable, Sendable {
    /// Where it came from, usually its file's name.
    public var name: String
    /// What players and listings show: its `title`, or else its name.
    public var title: String
    public var statements: [Statement]

    public init(name: String, title: String? = nil, statements: [Statement]) {
        self.name = name
        self.title = title ?? name
        self.statements = statements
    }
}

/// Parses scenarios. A scenario with any error gives all of its errors, and no statements.
public enum ScenarioParser {
    /// `name` is shown in messages, and is the title where the text gives none.
    public static func parse(
        _ text: String, name: String, rules: RuleChecker = .permissive
    ) -> Result<Scenario, Diagnostics> {
        parse(Array(text.unicodeScalars), Declarations(name: name, rules: rules))
    }

    /// The bytes of a file, which are meant to be UTF-8 and may be anything.
    public static func parse(
        _ bytes: [UInt8], name: String, rules: RuleChecker = .permissive
    ) -> Result<Scenario, Diagnostics> {
        let (scalars, invalid) = decode(bytes)
        return parse(scalars, Declarations(name: name, rules: rules), invalid: invalid)
    }

    /// The one way through a text: line by line. `invalid` are the offsets of scalars that stand
    /// for bytes which are no UTF-8, in ascending order.
    static func parse(
        _ scalars: [Unicode.Scalar], _ start: Declarations, invalid: [Int] = []
    ) -> Result<Scenario, Diagnostics> {
        var declarations = start
        var statements: [Statement] = []
        var found: [Diagnostic] = []
        var invalid = invalid[...]
        var offset = scalars.first == "\u{feff}" ? 1 : 0
        var number = 0
        while offset < scalars.count, found.count < Limits.diagnostics {
            number += 1
            let end = scalars[offset...].firstIndex(of: "\n") ?? scalars.count
            let textEnd = end > offset && scalars[end - 1] == "\r" ? end - 1 : end
            let line = SourceLine(
                file: start.name, number: number, scalars: Array(scalars[offset..<textEnd]))
            if number > Limits.lines {
                found.append(
                    line.diagnostic(
                        "this scenario has more than \(Limits.lines) lines",
                        at: SourceLocation(line: number, column: 1)))
                break
            }
            if let bad = invalid.first, bad < end {
                let place = SourceLocation(line: number, column: bad - offset + 1)
                found.append(line.diagnostic("these bytes are not UTF-8", at: place))
                invalid = invalid.drop { $0 < end }
            } else {
                let (statement, diagnostics) = declarations.consume(line)
                if let statement { statements.append(statement) }
                found += diagnostics
            }
            offset = end + 1
        }
        if found.count < Limits.diagnostics { found += declarations.finish() }
        guard found.isEmpty else { return .failure(Diagnostics(inOrder(found))) }
        return .success(
            Scenario(name: start.name, title: title(of: statements), statements: statements))
    }

    /// A complaint can come later than its line; readers want them in the order of the lines.
    private static func inOrder(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        let sorted = diagnostics.sorted {
            ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column)
        }
        return Array(sorted.prefix(Limits.diagnostics))
    }

    private static func title(of statements: [Statement]) -> String? {
        for case .title(let title) in statements.map(\.command) { return title }
        return nil
    }

    /// UTF-8 to scalars. A sequence that is none becomes one replacement character.
    private static func decode(_ bytes: [UInt8]) -> (scalars: [Unicode.Scalar], invalid: [Int]) {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(bytes.count)
        var invalid: [Int] = []
        var parser = Unicode.UTF8.ForwardParser()
        var input = bytes.makeIterator()
        while true {
            switch parser.parseScalar(from: &input) {
            case .valid(let encoded):
                scalars.append(Unicode.UTF8.decode(encoded))
            case .error:
                invalid.append(scalars.count)
                scalars.append("\u{fffd}")
            case .emptyInput:
                return (scalars, invalid)
            }
        }
    }
}
