import DirtyMachine

extension PageWord {
    /// How its state looks.
    var role: Role {
        switch self {
        case .notPresent, .cached, .unmapped: .absent
        case .clean: .clean
        case .pteDirty, .dirty, .dirtyProtected, .dirtyUnmapped: .dirty
        case .writeback: .writeback
        case .redirtied: .redirtied
        case .staleTLB: .error
        // Nothing would tell of a store to it: the trap is not armed, and it has not its colour.
        case .cleanWritable: .plain
        case .anonymous, .zero: .plain
        }
    }

    var style: Style { Style(role, self == .cleanWritable || self == .staleTLB ? .bold : []) }

    /// Its cell in a strip of pages.
    var glyph: PageGlyph {
        switch self {
        case .notPresent, .unmapped: .absent
        case .cached, .zero: .cached
        case .clean: .clean
        case .cleanWritable, .anonymous: .cleanWritable
        case .pteDirty: .entryDirty
        case .dirty: .dirty
        case .dirtyProtected, .dirtyUnmapped: .dirtyProtected
        case .writeback: .writeback
        case .redirtied: .redirtied
        case .staleTLB: .unseen
        }
    }
}

/// The letters of a PTE: lower case, one fixed place a bit, so that `w` is never mistaken for the
/// `W` of writeback. Dots where there is no entry.
func entryLetters(_ pte: PTE?, wide: Bool) -> String {
    let width = wide ? 6 : 5
    guard let pte, !pte.isNone else { return String(repeating: ".", count: width) }
    let bits: [(Bool, Character)] = [
        (pte.present, "p"), (pte.write, "w"), (pte.user, "u"), (pte.accessed, "a"), (pte.dirty, "d"),
        (pte.execute, "x"),
    ]
    return String(bits.prefix(width).map { $0.0 ? $0.1 : "-" })
}

extension Machine {
    /// The letters of a folio: upper case, after page-types. Locked, Uptodate, Referenced, Dirty,
    /// Writeback, Mapped, Anonymous, dirty Buffers; the narrow form has L U D W B.
    func folioLetters(_ folio: Ref<Folio>, wide: Bool) -> String {
        guard folio.exists else { return String(repeating: "-", count: wide ? 8 : 5) }
        let bits: [(on: Bool, letter: Character, isNarrow: Bool)] = [
            (isLocked(folio), "L", true), (isUptodate(folio), "U", true),
            (isReferenced(folio), "R", false), (isDirty(folio), "D", true),
            (isUnderWriteback(folio), "W", true), (mapcount(folio) > 0, "M", false),
            (isAnon(folio), "A", false), (buffers(folio).dirty != 0, "B", true),
        ]
        return String(bits.filter { wide || $0.isNarrow }.map { $0.on ? $0.letter : "-" })
    }

    /// The page cache's tags of a page: d dirty, w writeback, t towrite.
    func tagLetters(_ page: PageView) -> String {
        guard page.file.exists else { return "---" }
        let tags: [(Tag, Character)] = [(.dirty, "d"), (.writeback, "w"), (.towrite, "t")]
        return String(tags.map { hasTag($0.0, page.file, page.fileIndex) ? $0.1 : "-" })
    }

    /// The value in memory; `-` where there is no frame.
    func memoryText(_ page: PageView) -> String {
        page.folio.exists && isUptodate(page.folio) ? "\(contents(page.folio))" : "-"
    }

    /// The value on disk; `-` where there is none.
    func diskText(_ page: PageView) -> String {
        guard page.file.exists, fileSystem(of: page.file).hasDisk,
            !isAnonymous(page.file), page.fileIndex < size(of: page.file)
        else { return "-" }
        return "\(state.diskValue(page.file, page.fileIndex))"
    }
}

/// Hexadecimal digits, at least so many.
func hex(_ number: Int, _ digits: Int = 1) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// `16K`, `1.5M` …: the size of so many pages.
func sizeText(pages: Int) -> String {
    var amount = pages * 4
    var units = "KMGTP"[...]
    while amount >= 10_240 || amount >= 1024 && amount % 1024 == 0, units.count > 1 {
        amount /= 1024
        units = units.dropFirst()
    }
    return "\(amount)\(units.first!)"
}
