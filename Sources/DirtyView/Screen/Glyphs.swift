/// The state of a page that one cell of a strip shows.
public enum PageGlyph: Int, Hashable, Sendable, CaseIterable {
    /// Neither mapped nor in the page cache.
    case absent
    /// In the page cache, not mapped.
    case cached
    /// Mapped, clean and write-protected.
    case clean
    /// Mapped, clean and writable.
    case cleanWritable
    /// Dirty in the page table, not yet in the folio.
    case entryDirty
    /// Dirty, and the page table entry still writable.
    case dirty
    /// Dirty, and the page table entry already cleaned or gone.
    case dirtyProtected
    case writeback
    /// Under writeback and dirtied again.
    case redirtied
    /// The folio lock is held.
    case locked
    /// Swapped out or migrating.
    case swapped
    /// A rule is broken here.
    case broken
    /// Clean, but a CPU can store to it unseen.
    case unseen

    /// The word for it: what legends print and screen readers speak.
    public var word: String {
        switch self {
        case .absent: "NOT-PRESENT"
        case .cached: "CACHED"
        case .clean: "CLEAN"
        case .cleanWritable: "CLEAN,WRITABLE"
        case .entryDirty: "PTE-DIRTY"
        case .dirty: "DIRTY"
        case .dirtyProtected: "DIRTY,PROTECTED"
        case .writeback: "WRITEBACK"
        case .redirtied: "WRITEBACK,DIRTY"
        case .locked: "LOCKED"
        case .swapped: "SWAPPED"
        case .broken: "RULE-BROKEN"
        case .unseen: "TLB-STALE"
        }
    }
}

/// Signs that are not states of pages: margins, the time line, rules.
public enum Mark: Int, Hashable, Sendable, CaseIterable {
    case changed, cursor, breakpoint, timelineMarker, timelineNow
    case horizontal, vertical, cross
    /// Crossings that lack the arm above, below, at the right or at the left.
    case teeDown, teeUp, teeLeft, teeRight
}

/// Which characters draw the states and the rules. Every set is complete: none loses a meaning
/// that another one has.
public enum GlyphSet: String, Hashable, Sendable, CaseIterable {
    /// ASCII only.
    case ascii
    /// What the fonts of a Linux console contain.
    case blocks
    /// Letters for states, line drawing for rules. A letter is readable from the back row, can be
    /// searched and can be spoken, so this is the choice for capable terminals.
    case letters
    /// Symbols for states, line drawing for rules.
    case unicode

    /// The set that a terminal shows without doubt.
    public static func automatic(isUTF8: Bool, terminalName: String) -> GlyphSet {
        guard isUTF8 else { return .ascii }
        return terminalName == "linux" ? .blocks : .letters
    }

    public subscript(glyph: PageGlyph) -> Unicode.Scalar {
        let table: [Unicode.Scalar] =
            switch self {
            case .ascii, .letters: Self.letterGlyphs
            case .blocks: Self.blockGlyphs
            case .unicode: Self.symbolGlyphs
            }
        return table[glyph.rawValue]
    }

    public subscript(mark: Mark) -> Unicode.Scalar {
        let table: [Unicode.Scalar] =
            switch self {
            case .ascii: Self.asciiMarks
            case .blocks: Self.blockMarks
            case .letters, .unicode: Self.lineMarks
            }
        return table[mark.rawValue]
    }

    // In the order of PageGlyph. None of them is a private-use character, an emoji or a Braille
    // pattern, and all are one cell wide.
    private static let letterGlyphs: [Unicode.Scalar] = [
        ".", "c", "r", "w", "p", "D", "d", "W", "B", "L", "s", "!", "u",
    ]
    private static let blockGlyphs: [Unicode.Scalar] = [
        ".", "c", "░", "▒", "p", "█", "▓", "W", "B", "L", "s", "!", "u",
    ]
    private static let symbolGlyphs: [Unicode.Scalar] = [
        "\u{2219}", "\u{25ab}", "\u{25aa}", "\u{25b8}", "\u{25b4}", "\u{25a0}", "\u{25a1}",
        "\u{21e3}", "\u{21bb}", "\u{25cc}", "s", "\u{2717}", "u",
    ]

    // In the order of Mark.
    private static let asciiMarks: [Unicode.Scalar] = [
        "~", ">", "*", "*", ">", "-", "|", "+", "+", "+", "+", "+",
    ]
    private static let blockMarks: [Unicode.Scalar] = [
        "~", "\u{25ba}", "*", "*", "\u{25ba}", "─", "│", "┼", "┬", "┴", "┤", "├",
    ]
    private static let lineMarks: [Unicode.Scalar] = [
        "~", "\u{25ba}", "\u{25cf}", "\u{25c6}", "\u{25ba}", "─", "│", "┼", "┬", "┴", "┤", "├",
    ]
}
