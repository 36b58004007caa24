/// Completion at a prompt. There is no second grammar here: the line up to the cursor is parsed
/// with an empty word at its end, and the parser's complaint lists what could stand there.
public enum Completion {
    /// The words that could stand at the cursor and begin with what is typed there, and the part of
    /// the line that a chosen one replaces. Positions count Unicode scalars from 0.
    public static func candidates(
        line: String, cursor: Int, declarations: Declarations
    ) -> (replaceRange: Range<Int>, candidates: [String]) {
        let scalars = Array(line.unicodeScalars)
        let cursor = min(max(cursor, 0), scalars.count)
        let start =
            scalars[..<cursor].lastIndex { $0 == " " || $0 == "\t" || $0 == ":" }.map { $0 + 1 }
            ?? 0
        let typed = String(String.UnicodeScalarView(scalars[start..<cursor]))
        // A letter at the cursor shows whether a word can stand there at all: none can in a comment.
        let source = SourceLine(
            file: declarations.name, number: 1, scalars: scalars[..<start] + ["x"])
        guard var tokens = try? Lexer.tokens(of: source), let last = tokens.popLast(),
            last.kind == .word, last.location.column == start + 1
        else { return (start..<cursor, []) }
        let hole = Token(kind: .word, text: "", location: last.location)
        var parser = LineParser(line: source, tokens: tokens + [hole], declarations: declarations)
        do throws(Diagnostic) {
            _ = try parser.statement()
            return (start..<cursor, [])
        } catch {
            // A complaint about a word before the cursor says nothing about the word at it.
            guard error.location.column == hole.location.column else { return (start..<cursor, []) }
            var seen: Set<String> = []
            let matching = error.candidates.filter {
                $0.hasPrefix(typed) && $0 != typed && seen.insert($0).inserted
            }
            return (start..<cursor, matching)
        }
    }
}
