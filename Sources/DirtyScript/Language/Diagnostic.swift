/// Something in a scenario that cannot be understood: where, what, and what would have been.
public struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    /// The scenario's name, usually its file's.
    public var file: String
    public var location: SourceLocation
    /// What is wrong, without a full stop.
    public var message: String
    /// What could stand there instead.
    public var expected: String?
    /// The known word nearest to the one found, if one is near.
    public var suggestion: String?
    /// The line in question, as written.
    public var source: String
    /// What it is about can be done, and may not have been meant.
    public var isWarning = false
    /// The known words that could stand at this place, for completion.
    var candidates: [String] = []

    init(
        file: String, location: SourceLocation, message: String, expected: String? = nil, suggestion: String? = nil,
        source: String, candidates: [String] = []
    ) {
        self.file = file
        self.location = location
        self.message = message
        self.expected = expected
        self.suggestion = suggestion
        self.source = source
        self.candidates = candidates
    }

    /// A complaint about a place in some other text, as a file of settings; `among` are the words
    /// that could stand in place of `word`.
    public init(
        file: String, location: SourceLocation, message: String, source: String, word: String = "", among: [String] = []
    ) {
        self.init(
            file: file, location: location, message: message,
            suggestion: Suggestion.nearest(to: word, among: among), source: source)
    }

    /// `demo.demo:3:11: error: unknown file system 'ext5'; expected ext3 or ext4`, the line
    /// with a caret under the place, and the suggestion; no line end after the last.
    public var description: String {
        var text = "\(printable(file)):\(location.line):\(location.column): \(isWarning ? "warning" : "error"): \(message)"
        if let expected { text += "; expected \(expected)" }
        text += excerpt
        if let suggestion { text += "\n  did you mean '\(suggestion)'?" }
        return text
    }

    /// The line and the caret under it. A long line is cut to a window around the caret.
    private var excerpt: String {
        let line = source.unicodeScalars.map { printable($0) }
        let caret = min(location.column - 1, line.count)
        let window = Self.window(of: line, around: caret)
        let marked = line[caret..<min(caret + location.length, window.upperBound)]
        let head = window.lowerBound > 0 ? "..." : ""
        let tail = window.upperBound < line.count ? "..." : ""
        let indent = head.count + TextWidth.columns(of: line[window.lowerBound..<caret])
        let underline = max(0, TextWidth.columns(of: marked) - 1)
        var shown = Array(line[window])
        while tail.isEmpty, shown.last == " " { shown.removeLast() }
        guard !shown.isEmpty else { return "" }
        return "\n  \(head)\(String(String.UnicodeScalarView(shown)))\(tail)\n  "
            + String(repeating: " ", count: indent) + "^" + String(repeating: "~", count: underline)
    }

    /// The part of the line to show: all of it where it fits, else up to `columnsBefore` columns
    /// before the caret and as many after it as still fit.
    private static func window(of line: [Unicode.Scalar], around caret: Int) -> Range<Int> {
        let columnsMost = 96
        let columnsBefore = 64
        if line.count <= columnsMost, TextWidth.columns(of: line) <= columnsMost {
            return 0..<line.count
        }
        var (start, end, columns) = (caret, caret, 0)
        while start > 0, columns < columnsBefore {
            start -= 1
            columns += TextWidth.columns(of: line[start])
        }
        while end < line.count, columns < columnsMost {
            columns += TextWidth.columns(of: line[end])
            end += 1
        }
        return start..<end
    }
}

/// Everything that is wrong with a text, in the order of its lines.
public struct Diagnostics: Error, Hashable, Sendable, CustomStringConvertible {
    public var list: [Diagnostic]

    public init(_ list: [Diagnostic]) { self.list = list }

    /// All of them as text, one after the other.
    public var description: String { list.map(\.description).joined(separator: "\n") }
}

/// `a, b or c`
func alternatives(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
}
