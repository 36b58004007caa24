/// A JSON text as a tree of values: just enough to read recordings again. Whole numbers are exact;
/// the depth is bounded, so no text can exhaust the stack.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Int128)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// nil where the text is no JSON, or has a fraction in it.
    init?(_ text: some StringProtocol) {
        var parser = Parser(bytes: Array(text.utf8))
        guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
        self = value
    }

    subscript(name: String) -> JSONValue { if case .object(let members) = self { members[name] ?? .null } else { .null } }
    var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var truth: Bool? { if case .bool(let truth) = self { truth } else { nil } }

    func whole<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        if case .number(let number) = self { T(exactly: number) } else { nil }
    }

    /// `0x7f…` as a number.
    var address: UInt64? {
        guard let text, text.hasPrefix("0x") else { return nil }
        return UInt64(text.dropFirst(2), radix: 16)
    }

    private struct Parser {
        let bytes: [UInt8]
        var at = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        private static let deepest = 16

        var isAtEnd: Bool {
            mutating get {
                skip()
                return at == bytes.count
            }
        }

        private mutating func skip() {
            while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            skip()
            guard at < bytes.count, bytes[at] == UInt8(character.value) else { return false }
            at += 1
            return true
        }

        private mutating func word(_ word: StaticString) -> Bool {
            let count = word.utf8CodeUnitCount
            let isThere = word.withUTF8Buffer { bytes[at...].prefix(count).elementsEqual($0) }
            if isThere { at += count }
            return isThere
        }

        mutating func value(depth: Int) -> JSONValue? {
            skip()
            guard at < bytes.count, depth < Self.deepest else { return nil }
            switch bytes[at] {
            case UInt8(ascii: "{"): return object(depth)
            case UInt8(ascii: "["): return array(depth)
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "t"): return word("true") ? .bool(true) : nil
            case UInt8(ascii: "f"): return word("false") ? .bool(false) : nil
            case UInt8(ascii: "n"): return word("null") ? .null : nil
            default: return number()
            }
        }

        private mutating func number() -> JSONValue? {
            let start = at
            if bytes[at] == UInt8(ascii: "-") { at += 1 }
            while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
            return Int128(String(decoding: bytes[start..<at], as: UTF8.self)).map { .number($0) }
        }

        private mutating func array(_ depth: Int) -> JSONValue? {
            at += 1
            var elements: [JSONValue] = []
            if take("]") { return .array([]) }
            repeat {
                guard let element = value(depth: depth + 1) else { return nil }
                elements.append(element)
            } while take(",")
            return take("]") ? .array(elements) : nil
        }

        private mutating func object(_ depth: Int) -> JSONValue? {
            at += 1
            var members: [String: JSONValue] = [:]
            if take("}") { return .object([:]) }
            repeat {
                skip()
                guard let name = string(), take(":"), let member = value(depth: depth + 1) else { return nil }
                members[name] = member
            } while take(",")
            return take("}") ? .object(members) : nil
        }

        private mutating func string() -> String? {
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
            at += 1
            var units: [UInt8] = []
            while at < bytes.count {
                let byte = bytes[at]
                at += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard at < bytes.count, let escaped = escape() else { return nil }
                    units += Array(String(Character(escaped)).utf8)
                default: units.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> Unicode.Scalar? {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{c}"
            case UInt8(ascii: "u"):
                guard at + 4 <= bytes.count else { return nil }
                defer { at += 4 }
                return UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
                    .flatMap { Unicode.Scalar($0) }
            default: return Unicode.Scalar(byte)
            }
        }
    }
}
