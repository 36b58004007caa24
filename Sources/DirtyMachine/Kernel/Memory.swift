// Page frames, the page cache and the reverse map's counts: what the kernel functions build on.

extension Machine {
    // MARK: Frames

    /// A free frame, zeroed; none when memory is full.
    mutating func allocateFolio() -> Ref<Folio> {
        let system = State.system
        guard self[system, .framesInUse] < self[system, .frameLimit] else { return .none }
        self[system, .framesInUse] += 1
        if self[system, .freeHead(.folio)] == 0 { halveFreeFrames(to: 0) }
        let isNew = self[system, .freeHead(.folio)] == 0
        let folio = allocate(Folio.self)
        if isNew {
            self[system, .frameCount] += 1
            self[folio, .pfn] = self[system, .frameCount]
        }
        return folio
    }

    mutating func allocateAnonFolio(copying contents: UInt32) -> Ref<Folio> {
        let folio = allocateFolio()
        guard folio.exists else { return folio }
        self[folio, .anon] = true
        self[folio, .anonExclusive] = true
        self[folio, .uptodate] = true
        self[folio, .contents] = contents
        return folio
    }

    /// The page of zeros that loads of untouched anonymous memory map.
    mutating func zeroFolio() -> Ref<Folio> {
        if !self[State.system, .zeroFolio].exists {
            let folio = allocate(Folio.self)
            self[folio, .uptodate] = true
            self[folio, .pins] = 1
            self[State.system, .zeroFolio] = folio
        }
        return self[State.system, .zeroFolio]
    }
    func isZeroFolio(_ folio: Ref<Folio>) -> Bool { folio == self[State.system, .zeroFolio] }

    mutating func getPage(_ page: Ref<Folio>) { self[head(page), .pins] += 1 }

    /// put_page(): the last reference frees the frame.
    mutating func putPage(_ page: Ref<Folio>) {
        let folio = head(page)
        self[folio, .pins] -= 1
        freeIfUnused(folio)
    }

    mutating func freeIfUnused(_ folio: Ref<Folio>) {
        guard !self[folio, .mapping].exists, self[folio, .pins] == 0, !isMapped(folio) else { return }
        freeFrames(folio)
    }

    // MARK: Reverse map

    /// page_add_rmap().
    mutating func addRmap(_ folio: Ref<Folio>) {
        if self[folio, .mapcount] == 0 { self[State.system, mappedCounter(folio)] += 1 }
        self[folio, .mapcount] += 1
    }

    /// page_remove_rmap().
    mutating func removeRmap(_ folio: Ref<Folio>) {
        self[folio, .mapcount] -= 1
        if self[folio, .mapcount] == 0 { self[State.system, mappedCounter(folio)] -= 1 }
    }

    private func mappedCounter(_ folio: Ref<Folio>) -> Field<System, Int> {
        .counter(self[folio, .anon] ? .nr_anon : .nr_mapped)
    }

    // MARK: Page cache

    /// The read of a page, and so of its folio, has ended: contents, and the buffer heads that it was
    /// read through.
    mutating func completeRead(_ page: Ref<Folio>, _ file: Ref<File>) {
        let folio = head(page)
        for page in pages(of: folio) {
            self[page, .contents] = state.diskValue(file, self[page, .index])
            self[page, .buffers] = self[file, .buffers]
        }
        self[folio, .uptodate] = true
    }

    /// Puts a folio where page `index` of the file belongs, all of it.
    mutating func addToPageCache(_ folio: Ref<Folio>, _ file: Ref<File>, _ index: Int) {
        var index = index & ~(pageCount(of: folio) - 1)
        for page in pages(of: folio) {
            self[page, .mapping] = file
            self[page, .index] = index
            self[file, .cache] = radixStore(
                self[file, .cache], index, page.word, .pageCache, owner: file.raw)
            index += 1
        }
    }

    mutating func removeFromPageCache(_ folio: Ref<Folio>) {
        let file = self[folio, .mapping]
        if rules.removalUnaccounts, self[folio, .dirty], self[file, .accountsDirty] {
            count(.nr_dirty, -pageCount(of: folio))
        }
        for page in pages(of: folio) {
            let index = self[page, .index]
            for tag in Tag.allCases where state.radixTag(self[file, .cache], index, tag) {
                setTag(file, index, tag, false)
            }
            self[file, .cache] = radixStore(self[file, .cache], index, 0, .pageCache, owner: file.raw)
            self[page, .mapping] = .none
            if !isLarge(page) { self[page, .index] = 0 }
        }
        self[folio, .isPrepared] = false
        self[folio, .isUnprepared] = false
    }

    mutating func setTag(_ file: Ref<File>, _ index: Int, _ tag: Tag, _ on: Bool) {
        if state.radixTag(self[file, .cache], index, tag) != on {
            radixSetTag(self[file, .cache], index, tag, on)
        }
    }

    /// `time` is that of the store which wrote the value: a ghost, above the value itself.
    mutating func writeDisk(_ file: Ref<File>, _ index: Int, _ value: UInt32, time: Int) {
        self[file, .disk] = radixStore(
            self[file, .disk], index, UInt64(value) | UInt64(time) << 32, .disk, owner: file.raw)
    }

    mutating func count(_ counter: Counter, _ by: Int) { self[State.system, .counter(counter)] += by }

    mutating func allBuffers(_ file: Ref<File>) -> Int { (1 << self[file, .buffers]) - 1 }
}

extension State {
    /// find_get_page() without the reference: the cached folio, or none.
    func findPage(_ file: Ref<File>, _ index: Int) -> Ref<Folio> {
        Ref(word: radixValue(self[file, .cache], index))
    }

    public func diskValue(_ file: Ref<File>, _ index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: radixValue(self[file, .disk], index))
    }
}
