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

/// A word from outside, quoted for a message: safe to show, and cut where it gets long.
func quoted(_ word: String) -> String {
    let most = 40
    let scalars = word.unicodeScalars
    guard scalars.count > most else { return "'\(printable(word))'" }
    return "'\(printable(String(String.UnicodeScalarView(scalars.prefix(most)))))...'"
}
