/// Text from outside, made safe to show in a terminal: control characters, escape sequences,
/// bidirectional overrides and everything else without a shape of its own become `?`; tabs and
/// line ends become one blank. One scalar stays one scalar, so columns keep their meaning.
public func printable(_ text: String) -> String {
    var safe = String.UnicodeScalarView()
    safe.append(contentsOf: text.unicodeScalars.lazy.map { printable($0) })
    return String(safe)
}

/// One scalar, made safe to show in a terminal.
public func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    // Nearly everything is ASCII, and looking up a category is slow.
    if (0x20..<0x7f).contains(scalar.value) { return scalar }
    switch scalar {
    case "\t", "\n": return " "
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
        .unassigned:
        return "?"
    case .spaceSeparator:
        return " "
    default:
        return scalar
    }
}

/// Whether the scalar occupies exactly one cell on every terminal, and so can stand in a grid.
@inlinable
public func isNarrow(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7e, 0xa1...0xac, 0xae...0x2ff, 0x370...0x482, 0x48a...0x590: true
    case 0x1e00...0x1fff, 0x2010...0x2027, 0x2030...0x205e, 0x2070...0x20bf: true
    case 0x2100...0x2319, 0x2500...0x25fc, 0x25ff...0x2612, 0x2715...0x2718: true
    default: false
    }
}

/// A word from outside, quoted for a message: safe to show, and cut where it gets long.
func quoted(_ word: String) -> String {
    let most = 40
    let scalars = word.unicodeScalars
    guard scalars.count > most else { return "'\(printable(word))'" }
    return "'\(printable(String(String.UnicodeScalarView(scalars.prefix(most)))))...'"
}
