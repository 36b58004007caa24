/// Something that happened to a player, as a line of text: a list of them repeats a session.
public enum Deed: Hashable, Sendable {
    case key(Key)
    case size(Size)
    /// A tick of playing.
    case tick
    case interrupt
    case mouse(Mouse)
    /// A search has come to its end.
    case searchEnd

    /// `key s`, `size 80x24`, `tick`, `interrupt`, `press 3 7`.
    public var text: String {
        switch self {
        case .key(let key): "key \(key)"
        case .size(let size): "size \(size.columns)x\(size.rows)"
        case .tick: "tick"
        case .interrupt: "interrupt"
        case .searchEnd: "search-end"
        case .mouse(let mouse): "\(mouse.action.rawValue) \(mouse.column) \(mouse.row)"
        }
    }

    public init?(text: String) {
        if text.hasPrefix("key "), let key = Key(named: String(text.dropFirst(4))) {
            self = .key(key)
        } else if text.hasPrefix("size ") {
            let numbers = text.dropFirst(5).split(separator: "x").compactMap { Int($0) }
            guard numbers.count == 2, numbers.allSatisfy({ (0...10_000).contains($0) }) else { return nil }
            self = .size(Size(numbers[0], numbers[1]))
        } else if let mouse = Mouse(text: text) {
            self = .mouse(mouse)
        } else if text == "tick" {
            self = .tick
        } else if text == "interrupt" {
            self = .interrupt
        } else if text == "search-end" {
            self = .searchEnd
        } else {
            return nil
        }
    }
}

extension Mouse {
    /// `press 3 7`, `wheelUp 3 7`: what it did, the column and the row.
    fileprivate init?(text: String) {
        let words = text.split(separator: " ")
        guard words.count == 3, let action = Action(rawValue: String(words[0])),
            let column = Int(words[1]), let row = Int(words[2])
        else { return nil }
        self.init(action, column: column, row: row)
    }
}

extension Player {
    /// Does again what was done. The last line of a log can be torn; what is no deed is left out.
    public mutating func replay(_ log: String) {
        for line in log.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            switch Deed(text: String(line)) {
            case .key(let key): press(key)
            case .size(let size): resize(size)
            case .tick: passTime()
            case .interrupt: interrupt()
            case .mouse(let mouse): point(mouse)
            case .searchEnd: awaitSearch()
            case nil: continue
            }
            goAllTheWay()
        }
        isFinished = false
    }
}
