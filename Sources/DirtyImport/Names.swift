import DirtyScript

/// Names and texts of a scenario made from what a trace contains, which may be anything.
enum Names {
    static let lengthMax = Limits.nameLength

    /// Words that would make a line of the scenario mean something else, were they names.
    private static let reserved = Set(
        Vocabulary.commands + Vocabulary.outcomes + Vocabulary.counters
            + ["anon", "value", "faults", "disk", "lost", "invariant", "invariants"])

    /// The last component of a path as a legal name that is not in `taken`.
    static func file(path: [UInt8], taken: Set<String>) -> String {
        let component = path[((path.lastIndex(of: .slash) ?? -1) + 1)...]
        var name = String(
            decoding: component.prefix(lengthMax).map { isNameByte($0) ? $0 : UInt8(ascii: "_") },
            as: UTF8.self)
        if name.allSatisfy({ $0 == "_" }) { name = "unnamed" }
        if let first = name.utf8.first, !isLetter(first) { name = "f" + name }
        // Processes and mappings have the short names: A, P27, m1.
        if reserved.contains(name) || isShort(name) {
            name = String(name.prefix(lengthMax - 5)) + "_file"
        }
        var candidate = String(name.prefix(lengthMax))
        var number = 2
        while taken.contains(candidate) {
            let suffix = "_\(number)"
            candidate = name.prefix(lengthMax - suffix.count) + suffix
            number += 1
        }
        return candidate
    }

    /// A to Z, then P27, P28 …
    static func process(_ index: Int) -> String {
        index < 26 ? String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index))) : "P\(index + 1)"
    }

    /// Text that does nothing to a terminal: what is no plain character is escaped, what is long is
    /// cut.
    static func safe(_ bytes: [UInt8], lengthMax: Int = 200) -> String {
        var text = ""
        for scalar in String(decoding: bytes.prefix(lengthMax * 4), as: UTF8.self).unicodeScalars
            .prefix(lengthMax)
        {
            if isPlain(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return bytes.count > text.utf8.count ? text + "…" : text
    }

    /// A string of the scenario language.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || byte.decimalDigit != nil || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-")
    }

    private static func isShort(_ name: String) -> Bool {
        guard let first = name.utf8.first,
            first == UInt8(ascii: "m") || first == UInt8(ascii: "P") || name.utf8.count == 1
        else { return false }
        return name.utf8.dropFirst().allSatisfy { $0.decimalDigit != nil }
    }

    private static func isPlain(_ scalar: UnicodeScalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter, .decimalNumber,
            .otherNumber,
            .dashPunctuation, .openPunctuation, .closePunctuation, .otherPunctuation, .mathSymbol,
            .currencySymbol:
            return true
        default: return false
        }
    }
}

/// 1284 as 1,284.
func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var index = digits.count - 3
    while index > (number < 0 ? 1 : 0) {
        digits.insert(",", at: index)
        index -= 3
    }
    return String(digits)
}
