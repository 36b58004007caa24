/// A key press, in terms that do not depend on the terminal it came from.
public enum Key: Hashable, Sendable {
    /// A printable character, the blank included.
    case character(Unicode.Scalar)
    /// A letter (in upper case) or one of `@[\]^_` together with the control key.
    case control(Character)
    case up, down, left, right
    case pageUp, pageDown, home, end
    case enter, escape, tab, backTab, backspace, delete
    /// Function keys count from 1.
    case function(Int)
    /// A key that moves, with Shift, Alt or Ctrl held down, by its name: `Ctrl-Right`. Nothing is bound
    /// to them unless the user does so, but they are told by their names.
    case held(String)
    /// A key that has no name here.
    case other

    /// The key that sends this scalar: control characters are keys, not text.
    public init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x08, 0x7f: self = .backspace
        case 0x09: self = .tab
        case 0x0a, 0x0d: self = .enter
        case 0x1b: self = .escape
        case 0..<0x20: self = .control(Character(Unicode.Scalar(UInt8(scalar.value) + 0x40)))
        case 0x80..<0xa0: self = .other
        default: self = .character(scalar)
        }
    }
}

extension Key {
    private static let bases = ["Up", "Down", "Right", "Left", "Home", "End", "Ins", "Del", "PgUp", "PgDn"]

    /// The key of a terminal's numbers: 1 for Shift, 2 for Alt and 4 for Ctrl, and one of Up, Down, Right,
    /// Left, Home, End, Insert, Delete, Page Up and Page Down, from 0.
    public init(held modifiers: Int, base: Int) {
        guard Self.bases.indices.contains(base), (0..<8).contains(modifiers) else {
            self = .other
            return
        }
        let names = [(4, "Ctrl-"), (2, "Alt-"), (1, "Shift-")].filter { modifiers & $0.0 != 0 }.map(\.1)
        self = .held(names.joined() + Self.bases[base])
    }

    /// How a sentence begins that is about it.
    var phrase: String { self == .other ? "this key" : description }

    /// The key of a name as help pages show it; the case of names of more than one letter does not
    /// matter. Nil for what no terminal can send as a key of its own.
    public init?(named name: String) {
        if name.unicodeScalars.count == 1 {
            guard case .character(let scalar) = Key(name.unicodeScalars.first!) else { return nil }
            self = .character(scalar)
            return
        }
        let wanted = name.lowercased()
        if let key = Self.named.first(where: { $0.description.lowercased() == wanted }) {
            self = key
        } else if wanted.hasPrefix("f"), let number = Int(wanted.dropFirst()), (1...12).contains(number) {
            self = .function(number)
        } else if wanted.hasPrefix("ctrl-"), let letter = wanted.uppercased().dropFirst(5).unicodeScalars.first,
            wanted.unicodeScalars.count == 6, ("@"..."_").contains(letter),
            case .control(let control) = Key(Unicode.Scalar(UInt8(letter.value) - 0x40))
        {
            self = .control(control)
        } else {
            return nil
        }
    }

    private static let named: [Key] = [
        .character(" "), .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .tab,
        .backTab, .backspace, .delete, Key(held: 0, base: 6),
    ] + (1..<8).flatMap { held in bases.indices.map { Key(held: held, base: $0) } }
}

extension Key: CustomStringConvertible {
    /// The name as help pages and prompts show it, such as `s`, `Ctrl-L`, `PgDn` or `F1`.
    public var description: String {
        switch self {
        case .character(" "): "Space"
        case .character(let scalar): String(scalar)
        case .control(let letter): "Ctrl-\(letter)"
        case .up: "Up"
        case .down: "Down"
        case .left: "Left"
        case .right: "Right"
        case .pageUp: "PgUp"
        case .pageDown: "PgDn"
        case .home: "Home"
        case .end: "End"
        case .enter: "Enter"
        case .escape: "Esc"
        case .tab: "Tab"
        case .backTab: "Shift-Tab"
        case .backspace: "Backspace"
        case .delete: "Del"
        case .function(let number): "F\(number)"
        case .held(let name): name
        case .other: "?"
        }
    }
}
