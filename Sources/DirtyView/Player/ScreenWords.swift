import DirtyMachine

/// What the letters and words on the screen mean: the second part of the help.
enum ScreenWords {
    static let entries: [Binding] =
        [
            entry(
                "(N6) (W3b)", "step numbers",
                "The number of the atomic step in the kernel model; docs/steps.md lists them all."),
            entry(
                "E N W D", "step numbers",
                "E: entry of a fault, N: do_no_page, W: do_wp_page, D: set_page_dirty."),
            entry(
                "C M X WB", "step numbers",
                "C: clear_page_dirty_for_io, M: page_mkclean, X: what they need, WB: writeback."),
            entry(
                "Z P F T", "step numbers", "Z: zap of PTEs, P: mprotect, F: fork, T: truncation."),
            entry("> here", "call path", "x the step just taken, > the step that is next in this task, below it the one after."),
            entry("pwuadx", "pte letters", "Present, writable, user, accessed, dirty, executable; - not set, dots: no entry."),
            entry("LURDWMAB", "folio letters", "Locked, uptodate, referenced, dirty, writeback, mapped, anonymous, dirty buffers."),
            entry("dwt", "tag letters", "The page cache's tags DIRTY, WRITEBACK and TOWRITE."),
            entry("2 wd", "maps", "In a file's own listing: how many PTEs map the page, and whether any is writable or dirty."),
        ] + PageWord.allCases.map { word in
            entry(
                String(Character(GlyphSet.letters[word.glyph])) + "  " + word.rawValue, "state", word.meaning, [.pages, .vmas])
        } + [
            entry("!  !LOST", "state", "The latest store to the page is lost: no memory, PTE or disk has it.", [.pages, .vmas]),
            entry("~", "changed", "In the margin: this step changed something in the row; the changed letters are reversed."),
            entry("D1 W0", "D W", "How many pages of the VMA are dirty, and how many are under writeback.", [.vmas]),
            entry("D512+", "D W", "At least so many: more of its pages are in use than are counted at each step; M counts them all.", [.vmas]),
            entry("notify yes", "write-notify", "The mapping is tracked: its PTEs are made read-only, so that the first store faults.", [.vmas]),
            entry(":", "typed line", "In the script, in place of a line number: you typed this one at the prompt.", [.script]),
            entry("*", "break point", "In the margin: a break point is set on it; B lists them all."),
            entry("BREAK 2", "mode", "Where status says PAUSED otherwise: the run has stopped at break point 2."),
            entry("stale", "TLB", "The page table no longer allows what the CPU may still do by this entry.", [.tlb]),
            entry("stores unseen", "TLB", "The PTE is write-protected, and the CPU still stores by its TLB: nobody learns of it.", [.tlb]),
            entry("wd", "TLB", "An entry stays until it is flushed or its place is needed: here no context switch drops it.", [.tlb]),
            entry("mmap_lock (read)", "locks", "On 6.18 a fault mostly takes the lock of its VMA alone; here mmap_lock stands for it.", [.locks]),
            entry("pte page tag buf", "time strips", "A row for each attribute, a column for each step; Enter: for each change.", [.history]),
            entry("INV ok", "invariants", "What holds in every state of a right kernel holds now; ! I1 names what does not."),
            entry("LOST 1", "lost stores", "So many stores are in no memory, no PTE and on no disk any more."),
            entry("expect 3/4", "checks", "How many of the script's expectations checked so far have held."),
            entry("012 9=4", "over time", "Dirty pages and those under writeback over the whole course, 9 for the limit or the most; O shows more.", [.counters]),
            entry("medium large", "sizes of screens", "For lists of panes in the settings. " + PaneSets.explanation),
        ]

    private static func entry(_ sign: String, _ name: String, _ help: String, _ panes: Set<Pane> = []) -> Binding {
        Binding(keys: [], action: .none, name: name, help: help, panes: panes, sign: sign)
    }
}

extension PageWord {
    /// What the word says of a page, in a sentence.
    var meaning: String {
        switch self {
        case .notPresent: "Neither mapped nor in the page cache."
        case .cached: "In the page cache, mapped by nobody."
        case .clean: "Mapped, clean and write-protected: the next store faults."
        case .cleanWritable: "Clean, and a PTE is writable: a store would not fault."
        case .staleTLB: "Clean for kernel and page table, but a CPU's TLB still has it writable and dirty: a store goes unseen."
        case .pteDirty: "Dirty in a PTE; the page itself does not know it yet."
        case .dirty: "The page is dirty, and a PTE is writable."
        case .dirtyProtected: "The page is dirty; all PTEs are cleaned already: the next store faults."
        case .dirtyUnmapped: "The page is dirty, and no PTE maps it."
        case .writeback: "On its way to the disk."
        case .redirtied: "On its way to the disk, and dirty again."
        case .anonymous: "A private page of its own, of no file."
        case .zero: "The page of zeros that all share."
        case .unmapped: "No VMA covers the address any more."
        }
    }
}
