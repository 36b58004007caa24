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
        parse(Array(text.utf8), name: name, rules: rules)
    }

    /// The bytes of a file, which are meant to be UTF-8 and may be anything.
    public static func parse(
        _ bytes: [UInt8], name: String, rules: RuleChecker = .permissive
    ) -> Result<Scenario, Diagnostics> {
        parse(bytes, Declarations(name: name, rules: rules))
    }

    /// The one way through a text: line by line.
    static func parse(_ bytes: [UInt8], _ start: Declarations) -> Result<Scenario, Diagnostics> {
        var declarations = start
        var statements: [Statement] = []
        var found: [Diagnostic] = []
        bytes.withUnsafeBufferPointer { bytes in
            let mark: [UInt8] = [0xef, 0xbb, 0xbf]
            var rest = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
            var accesses = AccessLines(declarations)
            var number = 0
            while !rest.isEmpty, found.count < Limits.diagnostics {
                number += 1
                let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
                let line = rest[..<end]
                rest = rest[min(end + 1, rest.endIndex)...]
                // Most lines of a long scenario are loads and stores.
                if number <= Limits.lines, let access = accesses.statement(line, number, declarations) {
                    statements.append(access)
                } else {
                    accesses.forget()
                    consume(line, number, &declarations, &statements, &found)
                    if number > Limits.lines { break }
                }
            }
        }
        if found.count < Limits.diagnostics { found += declarations.finish() }
        guard found.isEmpty else { return .failure(Diagnostics(inOrder(found))) }
        return .success(Scenario(name: start.name, title: title(of: statements), statements: statements))
    }

    private static func consume(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int, _ declarations: inout Declarations,
        _ statements: inout [Statement], _ found: inout [Diagnostic]
    ) {
        var (scalars, invalid) = decode(bytes)
        if scalars.last == "\r" { scalars.removeLast() }
        let line = SourceLine(file: declarations.name, number: number, scalars: scalars)
        if number > Limits.lines {
            found.append(
                line.diagnostic(
                    "this scenario has more than \(Limits.lines) lines",
                    at: SourceLocation(line: number, column: 1)))
        } else if let invalid {
            let place = SourceLocation(line: number, column: invalid + 1)
            found.append(line.diagnostic("these bytes are not UTF-8", at: place))
        } else {
            let (statement, diagnostics) = declarations.consume(line)
            if let statement { statements.append(statement) }
            found += diagnostics
        }
    }

    /// A complaint can come later than its line; readers want them in the order of the lines.
    private static func inOrder(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        let sorted = diagnostics.sorted {
            ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column)
        }
        return Array(sorted.prefix(Limits.diagnostics))
    }

    private static func title(of statements: [Statement]) -> String? {
        for case .title(let title) in statements.lazy.map(\.command) { return title }
        return nil
    }

    /// UTF-8 to scalars. A sequence that is none becomes one replacement character; where the first
    /// such stands is told.
    private static func decode(_ bytes: some Sequence<UInt8>) -> (scalars: [Unicode.Scalar], invalid: Int?) {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(bytes.underestimatedCount)
        var invalid: Int?
        var parser = Unicode.UTF8.ForwardParser()
        var input = bytes.makeIterator()
        while true {
            switch parser.parseScalar(from: &input) {
            case .valid(let encoded):
                scalars.append(Unicode.UTF8.decode(encoded))
            case .error:
                invalid = invalid ?? scalars.count
                scalars.append("\u{fffd}")
            case .emptyInput:
                return (scalars, invalid)
            }
        }
    }
}
