/// Something that happened to a player, as a line of text: a list of them repeats a session.
public enum Deed: Hashable, Sendable {
    case key(Key)
    case size(Size)
    /// A tick of playing.
    case tick
    case interrupt

    /// `key s`, `size 80x24`, `tick`, `interrupt`.
    public var text: String {
        switch self {
        case .key(let key): "key \(key)"
        case .size(let size): "size \(size.columns)x\(size.rows)"
        case .tick: "tick"
        case .interrupt: "interrupt"
        }
    }

    public init?(text: String) {
        if text.hasPrefix("key "), let key = Key(named: String(text.dropFirst(4))) {
            self = .key(key)
        } else if text.hasPrefix("size ") {
            let numbers = text.dropFirst(5).split(separator: "x").compactMap { Int($0) }
            guard numbers.count == 2, numbers.allSatisfy({ (0...10_000).contains($0) }) else { return nil }
            self = .size(Size(numbers[0], numbers[1]))
        } else if text == "tick" {
            self = .tick
        } else if text == "interrupt" {
            self = .interrupt
        } else {
            return nil
        }
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
            case nil: continue
            }
            goAllTheWay()
        }
        isFinished = false
    }
}
