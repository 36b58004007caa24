/// A list of entries, filtered by what is typed: the help of every screen, and the palette.
struct Help: Hashable, Sendable {
    var filter = ""
    var row = 0

    /// What has become of it with a key.
    enum Outcome: Hashable, Sendable {
        case open, closed
        case run(Action)
    }

    /// Takes a key. `closing` are the keys that close the list while nothing is typed; `height` is how
    /// many entries a page has.
    mutating func press(
        _ key: Key, closing: Set<Key> = [.function(1), .character("?"), .character("q")], height: Int = 10,
        entries: (String) -> [Binding]
    ) -> Outcome {
        if filter.isEmpty, key == .escape || closing.contains(key) { return .closed }
        switch key {
        // The search is open already.
        case .character("/") where filter.isEmpty: break
        case .escape: self = Help()
        case .up: row -= 1
        case .down: row += 1
        case .pageUp: row -= height
        case .pageDown: row += height
        case .home: row = 0
        case .end: row = .max
        case .backspace: self = Help(filter: String(filter.dropLast()))
        case .enter:
            let entries = entries(filter)
            // What explains the screen cannot be run.
            guard entries.indices.contains(row), entries[row].action != .none else { break }
            return .run(entries[row].action)
        case .character(let scalar) where filter.unicodeScalars.count < KeyTable.longestFilter:
            self = Help(filter: filter + String(scalar))
        default: break
        }
        row = min(max(0, row), max(0, entries(filter).count - 1))
        return .open
    }
}
