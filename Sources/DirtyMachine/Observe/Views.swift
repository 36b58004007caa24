// What front ends read: the state in terms of names, pages and words of the field.

/// One mapping's share of one VMA.
public struct VMAPiece: Hashable, Sendable {
    /// The mapping's name; empty for addresses that no mapping of the scenario names.
    public let mapping: String
    /// Index of the first page in the mapping, and the number of pages.
    public let first: Int
    public let pages: Int
    public let flags: VMFlags
    /// vm_page_prot as letters: what a new PTE gets; a `u` at the end where it is uncached.
    public let pageProt: String
    /// Virtual page number of the first page.
    public let start: Int
    /// The mapped file, and the page of it that `first` maps; none for anonymous memory.
    public let file: Ref<File>
    public let pgoff: Int
    public let vma: Ref<VMA>
    /// The kernel takes write faults here to learn of dirty pages.
    public let isTracked: Bool

    /// The address of the first byte.
    public var address: UInt64 { UInt64(start) << 12 }
}

/// A page of a mapping as its process sees it.
public struct PageView: Hashable, Sendable {
    /// Index in the mapping.
    public let index: Int
    /// Virtual page number.
    public let vpn: Int
    /// nil where no VMA covers the address, or the address belongs to another mapping now.
    public let pte: PTE?
    /// The frame behind it: what the PTE maps, else what the page cache holds for it; or none.
    public let folio: Ref<Folio>
    /// The file page that the VMA maps here.
    public let file: Ref<File>
    public let fileIndex: Int
}

/// The word for a page's state, worst first: what a person would call it.
public enum PageWord: String, Sendable, CaseIterable {
    case notPresent = "NOT-PRESENT"
    case cached = "CACHED"
    case clean = "CLEAN"
    case cleanWritable = "CLEAN,W"
    case staleTLB = "TLB-STALE"
    case pteDirty = "PTE-DIRTY"
    case dirty = "DIRTY"
    case dirtyProtected = "DIRTY,WP"
    case dirtyUnmapped = "DIRTY,NOPTE"
    case writeback = "WRITEBACK"
    case redirtied = "WB+DIRTY"
    case anonymous = "ANON"
    case zero = "ZERO"
    case unmapped = "UNMAPPED"
}

extension PTE {
    /// As vm_page_prot: `rw-`, with a `u` at the end where it is uncached.
    var protectionLetters: String {
        (present ? "r" : "-") + (write ? "w" : "-") + (execute ? "x" : "-") + (uncached ? "u" : "")
    }
}

extension Machine {
    public func name(of process: Ref<Process>) -> String { names[self[process, .name]] }
    public func name(of file: Ref<File>) -> String {
        self[file, .isAnonymous] ? "shm" : names[self[file, .name]]
    }
    public func name(of mapping: Ref<Mapping>) -> String { names[self[mapping, .name]] }
    public func label(of task: Ref<Task>) -> String { names[self[task, .label]] }

    public func process(named name: String) -> Ref<Process>? {
        guard let number = names.number(of: name) else { return nil }
        return state.processes.first { self[$0, .name] == number }
    }

    public func file(named name: String) -> Ref<File>? {
        guard let number = names.number(of: name), number != 0 else { return nil }
        return state.files.first { self[$0, .name] == number }
    }

    public func mapping(named name: String, of process: Ref<Process>) -> Ref<Mapping>? {
        guard let number = names.number(of: name) else { return nil }
        return state.mappings(of: process).last { self[$0, .name] == number }
    }

    /// Virtual page number of a mapping's first page, and its pages; nil if mmap refused it.
    public func extent(of mapping: Ref<Mapping>) -> (start: Int, pages: Int)? {
        self[mapping, .start] == Mapping.failed
            ? nil : (self[mapping, .start], self[mapping, .pages])
    }

    /// The VMAs of a process, lowest address first.
    public func vmas(of process: Ref<Process>) -> [Ref<VMA>] {
        let mm = self[process, .mm]
        guard mm.exists else { return [] }
        var result: [Ref<VMA>] = []
        var at = 0
        while true {
            let vma = state.findVMA(mm, at)
            guard vma.exists else { return result }
            result.append(vma)
            at = self[vma, .end]
        }
    }

    /// Which mapping names which addresses: a later mapping takes what it was given.
    func ownership(of process: Ref<Process>) -> [(range: Range<Int>, mapping: Ref<Mapping>)] {
        var owned: [(range: Range<Int>, mapping: Ref<Mapping>)] = []
        for mapping in state.mappings(of: process) {
            guard let (start, pages) = extent(of: mapping), pages > 0 else { continue }
            let range = start..<start + pages
            if owned.contains(where: { $0.range.overlaps(range) }) {
                owned = owned.flatMap { piece -> [(range: Range<Int>, mapping: Ref<Mapping>)] in
                    guard piece.range.overlaps(range) else { return [piece] }
                    var rest: [(range: Range<Int>, mapping: Ref<Mapping>)] = []
                    if piece.range.lowerBound < range.lowerBound {
                        rest.append((piece.range.lowerBound..<range.lowerBound, piece.mapping))
                    }
                    if range.upperBound < piece.range.upperBound {
                        rest.append((range.upperBound..<piece.range.upperBound, piece.mapping))
                    }
                    return rest
                }
            }
            owned.append((range, mapping))
        }
        return owned.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// Each mapping's piece in each VMA of a process, lowest address first.
    public func pieces(of process: Ref<Process>) -> [VMAPiece] {
        let owned = ownership(of: process)
        var result: [VMAPiece] = []
        var at = 0
        for vma in vmas(of: process) {
            let range = self[vma, .start]..<self[vma, .end]
            while at < owned.count, owned[at].range.upperBound <= range.lowerBound { at += 1 }
            var next = at
            while next < owned.count, owned[next].range.lowerBound < range.upperBound {
                let piece = owned[next].range.clamped(to: range)
                let mapping = owned[next].mapping
                result.append(
                    self.piece(
                        vma, piece, name(of: mapping), piece.lowerBound - self[mapping, .start]))
                next += 1
            }
        }
        return result
    }

    private func piece(_ vma: Ref<VMA>, _ range: Range<Int>, _ name: String, _ first: Int) -> VMAPiece {
        let prot = self[vma, .pageProt]
        return VMAPiece(
            mapping: name, first: first, pages: range.count, flags: self[vma, .flags],
            pageProt: prot.protectionLetters, start: range.lowerBound, file: self[vma, .file],
            pgoff: self[vma, .pgoff] + range.lowerBound - self[vma, .start], vma: vma,
            isTracked: self[vma, .flags].isSharedWritable && prot.present && !prot.write)
    }

    /// A page of a mapping.
    public func page(_ index: Int, of mapping: Ref<Mapping>, in process: Ref<Process>) -> PageView {
        let vpn = self[mapping, .start] + index
        let mm = self[process, .mm]
        var vma = mm.exists ? state.vma(mm, covering: vpn) : .none
        if !vma.exists, mm.exists { vma = detachedVMA(mm, vpn) }
        let owner = state.mappings(of: process).last {
            guard let (start, pages) = extent(of: $0) else { return false }
            return (start..<start + pages).contains(vpn)
        }
        guard vma.exists, owner == mapping else {
            return PageView(index: index, vpn: vpn, pte: nil, folio: .none, file: .none, fileIndex: 0)
        }
        return page(index, at: vpn, in: vma)
    }

    /// A VMA that a munmap under way has taken out of the address space: its page table entries
    /// are still there, and CPUs still store through them.
    private func detachedVMA(_ mm: Ref<MM>, _ vpn: Int) -> Ref<VMA> {
        for task in state.tasks {
            var vma = self[task, .detached]
            while vma.exists {
                if self[vma, .mm] == mm, (self[vma, .start]..<self[vma, .end]).contains(vpn) { return vma }
                vma = self[vma, .nextDetached]
            }
        }
        return .none
    }

    /// A page of a VMA whose mapping is known.
    public func page(_ index: Int, at vpn: Int, in vma: Ref<VMA>) -> PageView {
        let entry = pte(self[vma, .mm], vpn)
        let file = self[vma, .file]
        var fileIndex = file.exists ? linearIndex(vma, vpn) : 0
        if entry.isFile { fileIndex = entry.fileOffset }
        if self[vma, .flags].contains(.nonlinear), entry.isMapped, !self[entry.folio, .anon] {
            fileIndex = self[entry.folio, .index]
        }
        var folio = entry.folio
        if !folio.exists, file.exists { folio = state.findPage(file, fileIndex) }
        return PageView(
            index: index, vpn: vpn, pte: entry, folio: folio, file: file, fileIndex: fileIndex)
    }

    public func cachedPage(_ file: Ref<File>, _ index: Int) -> Ref<Folio>? {
        let folio = state.findPage(file, index)
        return folio.exists ? folio : nil
    }

    public func hasTag(_ tag: Tag, _ file: Ref<File>, _ index: Int) -> Bool {
        state.radixTag(self[file, .cache], index, tag)
    }

    /// Indices of the cached pages of a file for which a test holds.
    public func cachedPages(_ file: Ref<File>, where test: (Ref<Folio>) -> Bool = { _ in true }) -> [Int] {
        var result: [Int] = []
        var from = 0
        while let (index, word) = state.radixFirst(self[file, .cache], in: from...State.lastIndex) {
            if test(Ref(word: word)) { result.append(index) }
            from = index + 1
        }
        return result
    }

    /// The pages of a file whose value on disk is not 0.
    public func writtenPages(_ file: Ref<File>) -> [Int] {
        var result: [Int] = []
        var from = 0
        while let (index, _) = state.radixFirst(self[file, .disk], in: from...State.lastIndex) {
            if state.diskValue(file, index) != 0 { result.append(index) }
            from = index + 1
        }
        return result
    }

    /// The pages of a mapping that have a PTE, in order: what a sparse report lists.
    public func touchedPages(of mapping: Ref<Mapping>, in process: Ref<Process>) -> [PageView] {
        let name = name(of: mapping)
        var result: [PageView] = []
        for piece in pieces(of: process) where piece.mapping == name {
            var from = piece.start
            let last = piece.start + piece.pages - 1
            while from <= last,
                let (vpn, _) = state.radixFirst(self[self[process, .mm], .pgd], in: from...last)
            {
                result.append(page(piece.first + vpn - piece.start, at: vpn, in: piece.vma))
                from = vpn + 1
            }
        }
        return result
    }

    /// What a person would call the state of a page. A file's page is in one state, whoever looks
    /// at it: it is writable or dirty in a page table when any PTE that maps it is.
    public func word(for page: PageView) -> PageWord {
        guard let own = page.pte else { return .unmapped }
        let folio = page.folio
        guard folio.exists else { return .notPresent }
        if isZeroFolio(folio) { return .zero }
        if self[folio, .anon] { return .anonymous }
        let entries = reach(of: folio, own)
        if isUnderWriteback(folio) {
            return isDirty(folio) || entries.storing > 0 ? .redirtied : .writeback
        }
        if isDirty(folio) {
            return entries.writable > 0 ? .dirty : entries.mapping > 0 ? .dirtyProtected : .dirtyUnmapped
        }
        if entries.dirty > 0 { return .pteDirty }
        if takesUnseenStores(folio) { return .staleTLB }
        if entries.mapping == 0 { return .cached }
        return entries.writable > 0 ? .cleanWritable : .clean
    }

    /// Whether some CPU still stores to a frame by an entry of its TLB that is writable and dirty, while
    /// the PTE is not, so that nobody would learn of the store.
    public func takesUnseenStores(_ folio: Ref<Folio>) -> Bool {
        (0..<cpuCount).contains { cpu in
            state.tlb(of: cpu) { $0.folio == folio && $0.write && $0.dirty && staleness(of: $0) != nil }
        }
    }

    /// What the page tables say of a frame.
    public struct Reach: Hashable, Sendable {
        /// PTEs that map it, and how many of them are writable, dirty, or both.
        public var mapping = 0, writable = 0, dirty = 0, storing = 0
    }

    /// The PTEs that map a page, counted through the reverse map.
    public func reach(of page: PageView) -> Reach { reach(of: page.folio, page.pte ?? .empty) }

    private func reach(of folio: Ref<Folio>, _ own: PTE) -> Reach {
        var reach = Reach()
        func count(_ entry: PTE) {
            guard entry.isMapped, entry.folio == folio else { return }
            reach.mapping += 1
            if entry.write { reach.writable += 1 }
            if entry.dirty { reach.dirty += 1 }
            if entry.write, entry.dirty { reach.storing += 1 }
        }
        // A frame that its file has let go of is known through the PTE at hand alone.
        let file = folio.exists ? self[folio, .mapping] : .none
        guard file.exists, !self[folio, .anon] else {
            count(own)
            return reach
        }
        let index = self[folio, .index]
        var cursor: (Int, Int)?
        while true {
            let vma = state.nextMapping(of: file, page: index, after: cursor)
            guard vma.exists else { break }
            count(pte(self[vma, .mm], self[vma, .start] + index - self[vma, .pgoff]))
            cursor = (self[vma, .pgoff], self[vma, .serial])
        }
        for vma in state.nonlinearMappings(of: file) {
            var from = self[vma, .start]
            while let vpn = state.address(of: folio, in: vma, from: from) {
                count(pte(self[vma, .mm], vpn))
                from = vpn + 1
            }
        }
        return reach
    }
}

/// A store that neither disk, page cache nor any live PTE still has.
public struct LostStore: Hashable, Sendable {
    public let file: Ref<File>
    public let index: Int
    /// The value that was stored.
    public let value: UInt32
}

extension Machine {
    /// The stores that are gone for good.
    public var lostStores: [LostStore] {
        var lost: [LostStore] = []
        var stores: [(key: Int, value: UInt64)] = []
        var file = self[State.system, .files]
        while file.exists {
            if !self[file, .isAnonymous] {
                state.radixEntries(self[file, .stored], into: &stores)
                for (index, word) in stores {
                    // A truncation that is under way has thrown away what is beyond on purpose.
                    let value = UInt32(truncatingIfNeeded: word)
                    if index < self[file, .size], !survives(value, file, index) {
                        lost.append(LostStore(file: file, index: index, value: value))
                    }
                }
            }
            file = self[file, .next]
        }
        return lost
    }

    /// Whether a store is among those that are gone for good.
    public func isLost(_ store: LostStore) -> Bool {
        let (file, index) = (store.file, store.index)
        let word = state.radixValue(self[file, .stored], index)
        return word != 0 && UInt32(truncatingIfNeeded: word) == store.value && index < self[file, .size]
            && !survives(store.value, file, index)
    }

    private func survives(_ value: UInt32, _ file: Ref<File>, _ index: Int) -> Bool {
        let cached = state.findPage(file, index)
        if cached.exists, isUptodate(cached), self[cached, .contents] == value { return true }
        if self[file, .fileSystem].hasDisk, state.diskValue(file, index) == value { return true }
        let isElsewhere = state.nonlinearMappings(of: file).contains { vma in
            cached.exists && state.address(of: cached, in: vma, from: self[vma, .start]) != nil
                && self[cached, .contents] == value
        }
        if isElsewhere { return true }
        var cursor: (Int, Int)?
        while true {
            let vma = state.nextMapping(of: file, page: index, after: cursor)
            guard vma.exists else { return false }
            let entry = pte(self[vma, .mm], self[vma, .start] + index - self[vma, .pgoff])
            if entry.isMapped, !self[entry.folio, .anon], self[entry.folio, .contents] == value {
                return true
            }
            cursor = (self[vma, .pgoff], self[vma, .serial])
        }
    }
}
