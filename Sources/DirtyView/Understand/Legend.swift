import DirtyMachine
import DirtyScript

/// Every sign that a pane can show, as it looks there, with what it means.
struct Legend {
    let glyphs: GlyphSet
    let columns: Int

    private struct Entry {
        let sign: Line
        let meaning: String

        init(_ sign: String, _ style: Style, _ meaning: String) {
            self.sign = Line(sign, style)
            self.meaning = meaning
        }

        init(_ sign: String, _ meaning: String) { self.init(sign, Style(.plain, .bold), meaning) }
    }

    private static let signColumns = 14

    /// The signs of each pane, under its name.
    private var sections: [(title: String, entries: [Entry])] {
        let dim = Style(.plain, .dim)
        return [
            (
                "States of pages; the first column is their cell in the map",
                PageWord.allCases.map { Entry("\(String(Character(glyphs[$0.glyph]))) \($0.rawValue)", $0.style, $0.meaning) }
                    + [Entry("\(String(Character(glyphs[.broken]))) !LOST", Style(.violation), "The latest store to the page is lost: no memory, PTE or disk has it.")]
            ),
            (
                "PTE: a letter where the bit is set, - where not; dots: no entry",
                [
                    Entry("p", "present"), Entry("w", "write: stores do not fault"), Entry("u", "user"), Entry("a", "accessed"),
                    Entry("d", "dirty: stored to since the bit was cleared"), Entry("x", "execute"),
                ]
            ),
            (
                "Folio: capital letters, - where the flag is clear",
                [
                    Entry("L", "locked"), Entry("U", "uptodate"), Entry("R", "referenced"), Entry("D", "PG_dirty"), Entry("W", "PG_writeback"),
                    Entry("M", "mapped by some PTE"), Entry("A", "anonymous"), Entry("B", "some of its buffers are dirty"),
                ]
            ),
            ("Tags of the page cache", [Entry("d", "DIRTY"), Entry("w", "WRITEBACK"), Entry("t", "TOWRITE: the pass under way has to write it")]),
            ("VMAs", [Entry("rwxs rwxp", "what the VMA allows; s shared, p private"), Entry("notify yes", "tracked: its PTEs are made read-only"),
                      Entry("D1 W0", "pages dirty and under writeback"), Entry("D512+", "at least so many: too many pages in use to be counted at each step; M counts them")]),
            (
                "TLB",
                [Entry("wd", "the CPU may store by the entry, and tells the page table no more"), Entry("yes: …", Style(.dirty, .bold), "stale: the page table no longer allows what the entry does")]
            ),
            (
                "Time strips",
                [
                    Entry("r", Style(.clean), "PTE read-only"), Entry("w", PageWord.cleanWritable.style, "PTE writable and clean"), Entry("u", PageWord.staleTLB.style, "a TLB is writable and dirty though no PTE is: stores go unseen"), Entry("D", Style(.dirty), "PTE writable and dirty; page dirty; its buffer dirty"),
                    Entry("d", Style(.dirty), "PTE dirty, no longer writable; tag DIRTY"), Entry("c", Style(.absent), "page or buffers clean"), Entry("W", Style(.writeback), "under writeback"),
                    Entry("w", Style(.writeback), "row tag: WRITEBACK"), Entry("b", Style(.redirtied), "tags DIRTY and WRITEBACK"), Entry(".", Style(.absent), "no PTE, no page, no value"),
                    Entry("1", Style(.dirty), "value in memory that the disk has not"), Entry("12\(String(Character(glyphs[.horizontal])))", "a value, for as long as it lasts"), Entry("~", "a value that does not last long enough to be written"),
                ]
            ),
            ("Dirty pages over time", [Entry("D", Style(.dirty), "dirty pages"), Entry("W", Style(.writeback), "pages under writeback"), Entry("limit backgr", "the lines of the limits"), Entry("1-9", "faults: 9 where there were most")]),
            ("Call path", [Entry("x", dim, "the step just taken"), Entry(">", "the step that is next"), Entry("underlined", Style(.plain, .underline), "entered by the latest step"), Entry("!", Style(.error), "what the task waits for")]),
            (
                "Everywhere",
                [
                    Entry(String(Character(glyphs[.cursor])), "the selected row"), Entry("~ changed", Style(.plain, .changed), "the latest step changed it"), Entry(String(Character(glyphs[.breakpoint])), "a break point is set on it"),
                    Entry(String(Character(glyphs[.timelineNow])), "time line: where you are"), Entry(String(Character(glyphs[.timelineMarker])), "time line: a chapter begins; a letter is a bookmark"),
                    Entry("*", Style(.plain, [.bold, .underline]), "comparison: it differs between the kernels"), Entry("! I1", Style(.violation), "an invariant is broken"), Entry("text~", "cut: there was no room for the rest"),
                ]
            ),
        ]
    }

    var listing: Listing {
        var lines: [Line] = []
        for (number, section) in sections.enumerated() {
            if number > 0 { lines.append(Line()) }
            lines.append(Line(section.title, Style(.title)))
            for entry in section.entries {
                let text = wrap(entry.meaning, max(12, columns - Self.signColumns - 6))
                var line = Line("  ")
                line.add(entry.sign)
                line.pad(width: Self.signColumns + 2)
                line.add(text.first ?? "")
                lines.append(line)
                for rest in text.dropFirst() { lines.append(Line(String(repeating: " ", count: Self.signColumns + 2) + rest)) }
            }
        }
        var listing = Listing()
        listing.title = "Legend: every sign, as it looks with glyphs \(glyphs.rawValue)"
        listing.count = lines.count
        listing.showsCursorAlways = true
        listing.row = { lines[$0] }
        return listing
    }
}
