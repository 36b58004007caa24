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
    /// What comes next came on a long way, when the session stood at this step.
    case reached(Int)

    /// `key s`, `size 80x24`, `tick`, `interrupt`, `press 3 7`, `at 4096`.
    public var text: String {
        switch self {
        case .key(let key): "key \(key)"
        case .size(let size): "size \(size.columns)x\(size.rows)"
        case .tick: "tick"
        case .interrupt: "interrupt"
        case .searchEnd: "search-end"
        case .reached(let position): "at \(position)"
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
        } else if text.hasPrefix("at "), let position = Int(text.dropFirst(3)), position >= 0 {
            self = .reached(position)
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
    /// A long way is gone to its end, unless the log says how far it was gone when the next thing
    /// happened.
    public mutating func replay(_ log: String) {
        var isOnTheWay = false
        for line in log.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let deed = Deed(text: String(line)) else { continue }
            if case .reached(let position) = deed {
                go(asFarAs: position)
                isOnTheWay = true
                continue
            }
            if !isOnTheWay { goAllTheWay() }
            isOnTheWay = false
            switch deed {
            case .key(let key): press(key)
            case .size(let size): resize(size)
            case .tick: passTime()
            case .interrupt: interrupt()
            case .mouse(let mouse): point(mouse)
            case .searchEnd: awaitSearch()
            case .reached: break
            }
        }
        goAllTheWay()
        isFinished = false
    }

    /// Where the session stands on a long way, to be noted with what happens there; nil while none
    /// is being gone.
    public var deedOnTheWay: Deed? {
        journey != nil || awaitedPercent != nil ? .reached(session.position) : nil
    }
}
