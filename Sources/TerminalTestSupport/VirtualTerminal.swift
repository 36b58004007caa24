import DirtyView

/// A terminal in memory: bytes go in, cells come out. It knows the sequences that the terminal
/// types of the tests use and records each other one by name, so that a test can fail on it.
public struct VirtualTerminal {
    /// Where terminals differ without saying so in a sequence.
    public struct Quirks: Hashable, Sendable {
        /// Goes to the next line as soon as the last column is written (no "xenl" in terminfo).
        public var wrapsAtOnce = false
        /// Erased cells take the background colour of the pen ("bce").
        public var erasesWithBackground = false
        /// Bytes above 127 are parts of UTF-8 characters.
        public var isUTF8 = true

        public init(terminal: String = "xterm-256color", isUTF8: Bool = true) {
            wrapsAtOnce = terminal == "ansi"
            erasesWithBackground =
                ["xterm", "xterm-256color", "linux"].contains(terminal)
            self.isUTF8 = isUTF8
        }
    }

    /// Sequences that are not known, each with its bytes readable.
    public internal(set) var unknown: [String] = []
    public internal(set) var isCursorVisible = true
    public internal(set) var isAlternate = false
    /// Cursor keys send application sequences.
    public internal(set) var isKeypadOn = false
    public internal(set) var isMouseOn = false
    public internal(set) var bells = 0

    var screen: VirtualScreen
    var otherScreen: VirtualScreen
    var savedCursor: (column: Int, row: Int, pen: Look) = (0, 0, Look())
    var lastPrinted: Unicode.Scalar = " "
    var graphics = [false, false]
    var shift = 0

    private var state = State.ground
    private var sequence: [UInt8] = []
    private var character: [UInt8] = []
    let quirks: Quirks

    private enum State { case ground, escape, control, string }

    public init(_ size: Size, quirks: Quirks = Quirks()) {
        self.quirks = quirks
        screen = VirtualScreen(size, quirks: quirks)
        otherScreen = screen
    }

    // MARK: What it shows

    public var size: Size { screen.size }
    public var cursor: (column: Int, row: Int) { (screen.column, screen.row) }

    public subscript(column: Int, row: Int) -> ShownCell { screen[column, row] }

    public var lines: [String] {
        (0..<size.rows).map { row in
            var line = String.UnicodeScalarView()
            line.append(contentsOf: (0..<size.columns).map { self[$0, row].scalar })
            while line.last == " " { line.removeLast() }
            return String(line)
        }
    }

    public var text: String { lines.joined(separator: "\n") }

    public mutating func resize(_ size: Size) {
        screen.resize(size)
        otherScreen.resize(size)
    }

    // MARK: Bytes

    public mutating func feed(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { feed(byte) }
    }

    private mutating func feed(_ byte: UInt8) {
        // These work in the middle of a sequence as well, except in a string.
        if state != .string, byte < 0x20, byte != 0x1b { return control(byte) }
        switch state {
        case .ground:
            if byte == 0x1b { begin(.escape) } else { printable(byte) }
        case .escape:
            sequence.append(byte)
            switch byte {
            case UInt8(ascii: "["): begin(.control)
            case UInt8(ascii: "]"), UInt8(ascii: "P"): begin(.string); sequence = [byte]
            case 0x20...0x2f: break
            default: finishEscape()
            }
        case .control:
            sequence.append(byte)
            if (0x40...0x7e).contains(byte), sequence != [UInt8(ascii: "[")] { finishControl() }
        case .string:
            sequence.append(byte)
            // The Linux console's "reset palette" has no end mark.
            let isPaletteReset = sequence == Array("]R".utf8)
            if byte == 0x07 || sequence.suffix(2) == [0x1b, 0x5c] || isPaletteReset {
                finishString()
            }
        }
    }

    private mutating func begin(_ state: State) {
        self.state = state
        sequence = []
    }

    private mutating func control(_ byte: UInt8) {
        switch byte {
        case 0x00: break  // padding
        case 0x07: bells += 1
        case 0x08: screen.move(column: screen.column - 1, row: screen.row)
        case 0x09: screen.tab(1)
        case 0x0a, 0x0b, 0x0c: screen.lineFeed()
        case 0x0d: screen.move(column: 0, row: screen.row)
        case 0x0e: shift = 1
        case 0x0f: shift = 0
        default: unknown.append("control \(byte)")
        }
    }

    private mutating func printable(_ byte: UInt8) {
        if byte < 0x80 {
            if !character.isEmpty { unknown.append("broken UTF-8 \(character)") }
            character = []
            return put(Unicode.Scalar(byte))
        }
        guard quirks.isUTF8 else {
            unknown.append("byte \(byte) outside UTF-8")
            return
        }
        character.append(byte)
        guard character.count == Self.utf8Length(character[0]) else { return }
        if let text = String(validating: character, as: UTF8.self), let only = text.unicodeScalars.first {
            put(only)
        } else {
            unknown.append("broken UTF-8 \(character)")
        }
        character = []
    }

    private static func utf8Length(_ first: UInt8) -> Int {
        switch first {
        case 0xc0..<0xe0: 2
        case 0xe0..<0xf0: 3
        case 0xf0..<0xf8: 4
        default: 1
        }
    }

    mutating func put(_ scalar: Unicode.Scalar) {
        let isGraphic = graphics[shift] && (0x60...0x7e).contains(scalar.value)
        lastPrinted = isGraphic ? Self.lineDrawing[Int(scalar.value) - 0x60] : scalar
        screen.put(lastPrinted)
    }

    /// The special graphics set of the VT100, from ` to ~.
    private static let lineDrawing = Array("◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·".unicodeScalars)

    // MARK: Sequences

    private mutating func finishEscape() {
        state = .ground
        if !escape(String(decoding: sequence, as: UTF8.self)) { report("ESC") }
    }

    private mutating func finishControl() {
        state = .ground
        guard let parsed = ControlSequence(sequence), perform(parsed) else { return report("ESC [") }
    }

    private mutating func finishString() {
        state = .ground
        let text = String(decoding: sequence, as: UTF8.self)
        // Reset palette, set titles, copy to the clipboard: none of them changes a cell.
        let known = ["]R", "]104", "]0;", "]1;", "]2;", "]52;"]
        if !known.contains(where: { text.hasPrefix($0) }) { report("ESC") }
    }

    private mutating func report(_ start: String) {
        let name = sequence.map { byte in
            (0x20...0x7e).contains(byte) ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
        }
        unknown.append("\(start) \(name.joined())")
    }
}

/// A control sequence, taken apart.
struct ControlSequence {
    /// The private mark, as `?`, if there is one.
    var mark: Character?
    var parameters: [Int?]
    var final: Character

    init?(_ bytes: [UInt8]) {
        guard let last = bytes.last else { return nil }
        final = Character(Unicode.Scalar(last))
        var rest = bytes.dropLast()
        if let first = rest.first, (0x3c...0x3f).contains(first) {
            mark = Character(Unicode.Scalar(first))
            rest = rest.dropFirst()
        }
        guard rest.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x3b }) else { return nil }
        parameters = rest.split(separator: 0x3b, omittingEmptySubsequences: false)
            .map { Int(String(decoding: $0, as: UTF8.self)) }
    }

    /// A count: at least 1, which is also the default.
    func count(_ index: Int = 0) -> Int { max(value(index, default: 1), 1) }

    func value(_ index: Int, default missing: Int = 0) -> Int {
        index < parameters.count ? parameters[index] ?? missing : missing
    }
}
