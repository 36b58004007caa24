/// Writes JSON with the keys in the order given: reports are compared byte for byte.
public struct JSONWriter {
    public private(set) var text = ""

    public init() {}

    public mutating func object(_ members: [(String, (inout JSONWriter) -> Void)]) {
        text += "{"
        for (position, member) in members.enumerated() {
            if position > 0 { text += "," }
            string(member.0)
            text += ":"
            member.1(&self)
        }
        text += "}"
    }

    public mutating func array<S: Sequence>(_ elements: S, _ write: (inout JSONWriter, S.Element) -> Void) {
        text += "["
        var isFirst = true
        for element in elements {
            if !isFirst { text += "," }
            isFirst = false
            write(&self, element)
        }
        text += "]"
    }

    public mutating func number(_ value: some BinaryInteger) { text += String(value) }
    /// A number with three decimals.
    public mutating func decimal(thousandths: Int) {
        let part = String(thousandths % 1000)
        text += String(thousandths / 1000) + "." + String(repeating: "0", count: 3 - part.count) + part
    }
    public mutating func bool(_ value: Bool) { text += value ? "true" : "false" }
    public mutating func null() { text += "null" }

    public mutating func string(_ value: String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
