/// Writes JSON with the keys in the order given: reports are compared byte for byte.
public struct JSONWriter {
    /// UTF-8: a report of a long trace has hundreds of megabytes, and strings are slow to append to.
    private var bytes: [UInt8] = []

    /// What was written so far.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    public init() {}

    private mutating func add(_ byte: UInt8) { bytes.append(byte) }
    private mutating func add(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    public mutating func object(_ members: [(String, (inout JSONWriter) -> Void)]) {
        add("{")
        for (position, member) in members.enumerated() {
            if position > 0 { add(",") }
            string(member.0)
            add(":")
            member.1(&self)
        }
        add("}")
    }

    public mutating func array<S: Sequence>(_ elements: S, _ write: (inout JSONWriter, S.Element) -> Void) {
        add("[")
        var isFirst = true
        for element in elements {
            if !isFirst { add(",") }
            isFirst = false
            write(&self, element)
        }
        add("]")
    }

    public mutating func number(_ value: some BinaryInteger) { bytes.append(contentsOf: String(value).utf8) }
    /// A number with three decimals.
    public mutating func decimal(thousandths: Int) {
        let part = String(thousandths % 1000)
        number(thousandths / 1000)
        add(".")
        for _ in part.utf8.count..<3 { add("0") }
        bytes.append(contentsOf: part.utf8)
    }
    public mutating func bool(_ value: Bool) { value ? add("true") : add("false") }
    public mutating func null() { add("null") }

    public mutating func string(_ value: String) {
        add("\"")
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): add("\\\"")
            case UInt8(ascii: "\\"): add("\\\\")
            case UInt8(ascii: "\n"): add("\\n")
            case UInt8(ascii: "\t"): add("\\t")
            case UInt8(ascii: "\r"): add("\\r")
            case ..<0x20, 0x7f:
                let digits = String(byte, radix: 16)
                add("\\u")
                for _ in digits.utf8.count..<4 { add("0") }
                bytes.append(contentsOf: digits.utf8)
            default: add(byte)
            }
        }
        add("\"")
    }
}
