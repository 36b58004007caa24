/// One line being typed, with what was typed before.
struct LineEditor: Hashable, Sendable {
    private(set) var scalars: [Unicode.Scalar] = []
    private(set) var cursor = 0
    private(set) var history: [String] = []
    /// Where in the history the user is; its end is the line being typed.
    private var place = 0
    private var draft = ""

    private static let limit = 4096
    private static let historyLimit = 500

    var text: String { String(String.UnicodeScalarView(scalars)) }

    mutating func clear() {
        set("")
        place = history.count
        draft = ""
    }

    mutating func set(_ text: String) {
        scalars = Array(text.unicodeScalars.prefix(Self.limit))
        cursor = scalars.count
    }

    /// Notes a line that was entered.
    mutating func remember(_ line: String) {
        guard !line.isEmpty, history.last != line else { return }
        history.append(line)
        if history.count > Self.historyLimit { history.removeFirst() }
    }

    /// Replaces a part of the line; the cursor stands behind the new text.
    mutating func replace(_ range: Range<Int>, with text: String) {
        let new = Array(text.unicodeScalars)
        guard scalars.count - range.count + new.count <= Self.limit else { return }
        scalars.replaceSubrange(range, with: new)
        cursor = range.lowerBound + new.count
    }

    /// Handles a key that edits. False if it means nothing here.
    mutating func press(_ key: Key) -> Bool {
        switch key {
        case .character(let scalar): replace(cursor..<cursor, with: String(scalar))
        case .backspace: if cursor > 0 { replace(cursor - 1..<cursor, with: "") }
        case .delete, .control("D"):
            if cursor < scalars.count {
                scalars.remove(at: cursor)
            }
        case .left, .control("B"): cursor = max(0, cursor - 1)
        case .right, .control("F"): cursor = min(scalars.count, cursor + 1)
        case .home, .control("A"): cursor = 0
        case .end, .control("E"): cursor = scalars.count
        case .control("U"): replace(0..<cursor, with: "")
        case .control("K"): scalars.removeLast(scalars.count - cursor)
        case .control("W"): replace(wordStart..<cursor, with: "")
        case .up, .control("P"): recall(place - 1)
        case .down, .control("N"): recall(place + 1)
        default: return false
        }
        return true
    }

    private var wordStart: Int {
        var at = cursor
        while at > 0, scalars[at - 1] == " " { at -= 1 }
        while at > 0, scalars[at - 1] != " " { at -= 1 }
        return at
    }

    private mutating func recall(_ target: Int) {
        guard (0...history.count).contains(target) else { return }
        if place == history.count { draft = text }
        place = target
        set(target == history.count ? draft : history[target])
    }
}
