extension Look {
    /// `bold 202`, `0 on 121`, `underline`, `plain`: colours by their index, attributes by their
    /// names. Nil for anything else.
    public init?(words text: String) {
        self.init()
        var isBackground = false
        for word in text.split(separator: " ") {
            switch word {
            case "plain": continue
            case "bold": attributes.insert(.bold)
            case "dim": attributes.insert(.dim)
            case "underline": attributes.insert(.underline)
            case "reverse": attributes.insert(.reverse)
            case "on" where !isBackground: isBackground = true
            default:
                guard let color = UInt8(word), (isBackground ? background : foreground) == nil else { return nil }
                if isBackground { background = color } else { foreground = color }
            }
        }
        if isBackground, background == nil { return nil }
    }

    /// The same look as words.
    public var words: String {
        let names: [(Attributes, String)] = [
            (.bold, "bold"), (.dim, "dim"), (.underline, "underline"), (.reverse, "reverse"),
        ]
        var words = names.filter { attributes.contains($0.0) }.map(\.1)
        if let foreground { words.append("\(foreground)") }
        if let background { words.append("on \(background)") }
        return words.isEmpty ? "plain" : words.joined(separator: " ")
    }
}

extension Role {
    /// The role of a name, as configuration files have it: `dirty`, `writeback`.
    public static func named(_ name: String) -> Role? { allCases.first { "\($0)" == name } }
}
