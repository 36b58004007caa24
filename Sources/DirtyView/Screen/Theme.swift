/// How many colours a back end may use.
public enum ColorLevel: Int, Hashable, Sendable, CaseIterable {
    case mono = 0
    case eight = 8
    case sixteen = 16
    case indexed = 256

    /// The highest level that a terminal with this many colours supports.
    public init(colors: Int) {
        self = Self.allCases.last { $0.rawValue <= colors } ?? .mono
    }

    /// Applies the user's wishes in their order: the explicit choice, `NO_COLOR` (which counts when
    /// it is present and not empty, whatever its value), then what the terminal can do.
    public func wished(color: Bool?, noColor: String?) -> ColorLevel {
        let wanted = color ?? (noColor ?? "").isEmpty
        return wanted ? self : .mono
    }
}

/// Video attributes. Blinking is not among them.
public struct Attributes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let bold = Attributes(rawValue: 1)
    public static let dim = Attributes(rawValue: 2)
    public static let underline = Attributes(rawValue: 4)
    public static let reverse = Attributes(rawValue: 8)
}

/// How a style looks in the end. A colour is an index of the 256-colour palette; nil is the
/// user's own colour.
public struct Look: Hashable, Sendable {
    public var attributes: Attributes
    public var foreground: UInt8?
    public var background: UInt8?

    public init(
        _ attributes: Attributes = [], foreground: UInt8? = nil, background: UInt8? = nil
    ) {
        self.attributes = attributes
        self.foreground = foreground
        self.background = background
    }

    public var hasColor: Bool { foreground != nil || background != nil }
}

/// Maps roles to looks. It repeats with colour what the text says already.
public struct Theme: Hashable, Sendable {
    public let name: String
    private let indexed: [Role: Look]
    private let named: [Role: Look]

    private init(_ name: String, indexed: [Role: Look], named: [Role: Look]) {
        self.name = name
        self.indexed = indexed
        self.named = named
    }

    /// The same with other looks for some roles, where there are 256 colours.
    public func with(_ looks: [Role: Look]) -> Theme {
        looks.isEmpty ? self : Theme(name, indexed: indexed.merging(looks) { $1 }, named: named)
    }

    /// The look of a style at a colour level. A changed value is reversed, a selected one bold.
    public func look(_ style: Style, at level: ColorLevel) -> Look {
        let colored: [Role: Look] =
            switch level {
            case .mono: [:]
            case .eight, .sixteen: named
            case .indexed: indexed
            }
        var look = colored[style.role] ?? Self.uncolored[style.role] ?? Look()
        if style.emphasis.contains(.changed) { look.attributes.formSymmetricDifference(.reverse) }
        if !style.emphasis.isDisjoint(with: [.selected, .bold]) { look.attributes.insert(.bold) }
        if style.emphasis.contains(.underline) { look.attributes.insert(.underline) }
        // Dim letters on a filled cell would be hard to read.
        if style.emphasis.contains(.dim), look.background == nil { look.attributes.insert(.dim) }
        return look
    }

    /// Every theme, the default one first.
    public static let all = [fill, dark, light, system, mono]

    public static func named(_ name: String) -> Theme? { all.first { $0.name == name } }

    /// Filled cells with black text. Both colours of such a cell are ours and the rest of the
    /// screen keeps the user's, so it suits light and dark backgrounds alike.
    public static let fill = Theme("fill", indexed: indexedFill, named: namedFill)

    /// Coloured letters for dark backgrounds.
    public static let dark = Theme(
        "dark", indexed: letters(clean: 33, dirty: 202, writeback: 121, violation: 218, absent: 244),
        named: namedFill)

    /// Coloured letters for light backgrounds.
    public static let light = Theme(
        "light", indexed: letters(clean: 17, dirty: 166, writeback: 23, violation: 88, absent: 245),
        named: namedFill)

    /// Letters in the named colours, so that the user's own colour scheme rules.
    public static let system = Theme("system", indexed: namedLetters, named: namedLetters)

    /// Attributes only.
    public static let mono = Theme("mono", indexed: [:], named: [:])

    // MARK: Tables

    private static let black: UInt8 = 0

    /// What each role looks like without colour; a theme overrides some of it.
    private static let uncolored: [Role: Look] = [
        .dirty: Look(.reverse),
        .writeback: Look(.underline),
        .redirtied: Look([.reverse, .underline]),
        .violation: Look([.reverse, .bold]),
        .error: Look([.reverse, .bold]),
        .title: Look(.bold),
        .focusedTitle: Look([.reverse, .bold]),
        .status: Look(.bold),
        .prompt: Look(.bold),
    ]

    // The five colours were searched for the largest smallest distance under normal sight and three
    // colour-vision deficiencies, at a contrast with black text of 4.5 or more.
    private static let indexedFill: [Role: Look] = [
        .clean: Look(foreground: black, background: 33),
        .dirty: Look(foreground: black, background: 202),
        .writeback: Look(foreground: black, background: 121),
        .redirtied: Look(.underline, foreground: black, background: 202),
        .violation: Look(.bold, foreground: black, background: 218),
        .error: Look(.bold, foreground: black, background: 218),
        .absent: Look(.dim),
        .chrome: Look(.dim),
    ]

    // With eight colours, clean stays the user's own: a fourth colour would be too near to another.
    private static let namedFill: [Role: Look] = [
        .dirty: Look(foreground: black, background: 3),
        .writeback: Look(foreground: black, background: 6),
        .redirtied: Look(.underline, foreground: black, background: 3),
        .violation: Look(.bold, foreground: 7, background: 1),
        .error: Look(.bold, foreground: 7, background: 1),
    ]

    private static let namedLetters: [Role: Look] = [
        .dirty: Look(foreground: 3),
        .writeback: Look(foreground: 6),
        .redirtied: Look(.underline, foreground: 3),
        .violation: Look([.reverse, .bold], foreground: 1),
        .error: Look([.reverse, .bold], foreground: 1),
    ]

    private static func letters(
        clean: UInt8, dirty: UInt8, writeback: UInt8, violation: UInt8, absent: UInt8
    ) -> [Role: Look] {
        [
            .clean: Look(foreground: clean),
            .dirty: Look(foreground: dirty),
            .writeback: Look(foreground: writeback),
            .redirtied: Look(.underline, foreground: dirty),
            .violation: Look(.bold, foreground: violation),
            .error: Look(.bold, foreground: violation),
            .absent: Look(foreground: absent),
            .chrome: Look(.dim),
        ]
    }
}
