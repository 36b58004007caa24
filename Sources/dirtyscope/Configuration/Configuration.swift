import DirtyView

/// What the user has set in the file of settings; what is not set is nil, or as it is by itself.
struct Configuration {
    var theme: Theme?
    var colors: [Role: Look] = [:]
    var glyphs: GlyphSet?
    var color: Bool?
    var speed: Double?
    var plain: Bool?
    var mouse: Bool?
    var hint: Bool?
    var keyLine: Bool?
    var keys = KeyMap.standard
    var talkKeys = KeyMap.talking
    var panes = PaneSets()
    /// What the player says about mistakes in the file, whose settings are left as they are by
    /// themselves; nil where there are none.
    var trouble: String?
    /// Where each setting was made, by its name: the line in the file.
    var lines: [String: Int] = [:]

    /// The settings that stand at the top of the file, with what they are for.
    static let settings: [(name: String, help: String)] = [
        ("theme", "How states look: \(Theme.all.map(\.name).joined(separator: ", "))."),
        ("glyphs", "Which characters draw them: \(GlyphSet.allCases.map(\.rawValue).joined(separator: ", "))."),
        ("color", "true or false; NO_COLOR and the command line come before it."),
        ("speed", "How fast to play; 1 is two steps a second."),
        ("plain", "Lines instead of panes, always."),
        ("mouse", "Whether clicks select and the wheel scrolls; then the terminal's own selection needs Shift."),
        ("hint", "Whether a first run says how to begin."),
        ("key-line", "Whether the latest key is shown to those who look on, as in a talk; ':set keys on' does the same."),
    ]

    /// The tables of the file.
    static let tables: [(name: String, help: String)] = [
        ("colors", "Looks of roles with 256 colours: attributes, a colour, and 'on' a colour."),
        ("keys", "A key or a list of keys for a command; [] for none. Ctrl-C, Ctrl-L and Ctrl-Z stay."),
        ("talk", "The same for the keys of a talk; digits are numbers of beats there."),
        ("panes", "Which panes stand on a screen of a size, from the top left to the bottom right. " + PaneSets.explanation),
    ]

    /// The theme with the user's own colours.
    func theme(_ wished: Theme?) -> Theme { (wished ?? theme ?? .fill).with(colors) }
}
