// Folios of more than one page, which 6.18 makes where the file system can (model 2.2, 7.3): a run of
// page records, one behind the other. The first, the head, has what the kernel keeps once for all of
// them: flags, lock, references. Contents, mapcount, buffers and the write under way belong to each
// page. A page of order 0 is its own head.

/// The pages of a folio, from the head on.
struct FolioPages: RandomAccessCollection {
    let head: Ref<Folio>
    let count: Int
    var startIndex: Int { 0 }
    var endIndex: Int { count }
    subscript(index: Int) -> Ref<Folio> { Ref(raw: head.raw &+ UInt32(index &* Folio.words)) }
}

extension State {
    /// page_folio(): the head of the folio that a page belongs to. A folio is aligned in its file,
    /// so a page's index tells how far it is from its head; it keeps the index when it leaves the file.
    @inline(__always)
    func head(_ page: Ref<Folio>) -> Ref<Folio> {
        let order = self[page, .order]
        if order == 0 { return page }
        let distance = self[page, .index] & ((1 << order) - 1)
        return Ref(raw: page.raw &- UInt32(distance &* Folio.words))
    }

    func pages(of folio: Ref<Folio>) -> FolioPages { FolioPages(head: folio, count: pageCount(of: folio)) }

    /// folio_nr_pages().
    public func pageCount(of folio: Ref<Folio>) -> Int { 1 << self[folio, .order] }

    /// folio_next_index(): the page of the file that comes behind a folio.
    func nextIndex(of folio: Ref<Folio>) -> Int { self[folio, .index] + pageCount(of: folio) }
}

extension Machine {
    @inline(__always)
    func head(_ page: Ref<Folio>) -> Ref<Folio> { state.head(page) }
    func pages(of folio: Ref<Folio>) -> FolioPages { state.pages(of: folio) }
    func pageCount(of folio: Ref<Folio>) -> Int { state.pageCount(of: folio) }
    func nextIndex(of folio: Ref<Folio>) -> Int { state.nextIndex(of: folio) }
    func isLarge(_ page: Ref<Folio>) -> Bool { self[page, .order] > 0 }

    /// folio_mapped().
    func isMapped(_ folio: Ref<Folio>) -> Bool { pages(of: folio).contains { self[$0, .mapcount] > 0 } }

    /// The page of a folio that holds page `index` of the file.
    func page(of folio: Ref<Folio>, at index: Int) -> Ref<Folio> {
        pages(of: folio)[index & (pageCount(of: folio) - 1)]
    }

    mutating func setTags(_ folio: Ref<Folio>, _ tag: Tag, _ on: Bool) {
        let file = self[folio, .mapping]
        for index in self[folio, .index]..<nextIndex(of: folio) { setTag(file, index, tag, on) }
    }

    // MARK: Frames

    /// A folio for page `index` of a file: the largest aligned block, up to what the file has, that
    /// ends within the file, has nothing cached yet, and finds free frames. None when memory is full.
    mutating func allocateFolio(_ file: Ref<File>, _ index: Int) -> Ref<Folio> {
        var order = self[file, .folioOrder]
        while order > 0 {
            let first = index & ~((1 << order) - 1)
            let last = first + (1 << order) - 1
            if last < self[file, .size],
                state.radixFirst(self[file, .cache], in: first...last) == nil
            {
                let folio = allocateFrames(order)
                if folio.exists { return folio }
            }
            order -= 1
        }
        return allocateFolio()
    }

    private mutating func allocateFrames(_ order: Int) -> Ref<Folio> {
        let system = State.system
        let count = 1 << order
        guard self[system, .framesInUse] + count <= self[system, .frameLimit] else { return .none }
        if self[system, .freeFolios(order)] == 0 { halveFreeFrames(to: order) }
        var folio = Ref<Folio>(raw: UInt32(self[system, .freeFolios(order)]))
        if folio.exists {
            self[system, .freeFolios(order)] = Int(state.word(folio, 1))
            write(folio.raw, 1, 0, .folio)
        } else {
            folio = makeFrames(count)
        }
        self[system, .framesInUse] += count
        for page in FolioPages(head: folio, count: count) {
            write(page.raw, 0, state.word(page, 0) | UInt64(RecordKind.folio.rawValue), .folio)
            self[page, .order] = order
        }
        return folio
    }

    /// Frames that nobody had so far, in a row.
    private mutating func makeFrames(_ count: Int) -> Ref<Folio> {
        let top = self[State.system, .top]
        let size = count * Folio.words
        state.words.grow(to: top + size)
        self[State.system, .top] = top + size
        let run = FolioPages(head: Ref(raw: UInt32(top)), count: count)
        for page in run {
            self[State.system, .frameCount] += 1
            self[page, .pfn] = self[State.system, .frameCount]
        }
        return run.head
    }

    /// Where no free block has just this order: halves the smallest larger one, as the buddy
    /// allocator does, until one has.
    mutating func halveFreeFrames(to order: Int) {
        let larger = (order + 1..<Folio.orders).first { self[State.system, .freeFolios($0)] != 0 }
        guard var size = larger else { return }
        let block = Ref<Folio>(raw: UInt32(self[State.system, .freeFolios(size)]))
        self[State.system, .freeFolios(size)] = Int(state.word(block, 1))
        while size > order {
            size -= 1
            putFreeFrames(FolioPages(head: block, count: 1 << (size + 1))[1 << size], size)
        }
        putFreeFrames(block, order)
    }

    private mutating func putFreeFrames(_ block: Ref<Folio>, _ order: Int) {
        write(block.raw, 1, UInt64(self[State.system, .freeFolios(order)]), .folio)
        self[State.system, .freeFolios(order)] = Int(block.raw)
    }

    /// Gives the frames of a folio back. They keep their numbers.
    mutating func freeFrames(_ folio: Ref<Folio>) {
        let order = self[folio, .order]
        self[State.system, .framesInUse] -= 1 << order
        guard order > 0 else {
            free(folio, keeping: Folio.identity)
            return
        }
        for page in pages(of: folio).reversed() {
            for offset in (1..<Folio.words).reversed() { write(page.raw, UInt8(offset), 0, .folio) }
            write(page.raw, 0, state.word(page, 0) & Folio.identity, .folio)
        }
        if folio.raw >= oldRecords { putFreeFrames(folio, order) }
    }

    // MARK: Mapping and splitting

    /// The addresses of a VMA at which the pages of a folio belong; empty where it maps none of them.
    func addresses(of folio: Ref<Folio>, in vma: Ref<VMA>) -> Range<Int> {
        let offset = self[vma, .start] - self[vma, .pgoff]
        let first = max(self[folio, .index] + offset, self[vma, .start])
        return first..<max(first, min(nextIndex(of: folio) + offset, self[vma, .end]))
    }

    /// The addresses that a fault may fill with all of a folio: if that lies within the VMA, the
    /// file and one page table.
    func addressesOfWhole(_ folio: Ref<Folio>, in vma: Ref<VMA>) -> Range<Int>? {
        let range = addresses(of: folio, in: vma)
        guard range.count == pageCount(of: folio),
            range.lowerBound & ~511 == (range.upperBound - 1) & ~511,
            nextIndex(of: folio) <= self[self[vma, .file], .size]
        else { return nil }
        return range
    }

    /// try_folio_split_to_order(): the block that has page `index` is halved until that page stands
    /// alone; the other halves are folios of their own. The folio is locked, clean, mapped nowhere, and
    /// nobody else has a reference; lock and reference stay with the first page.
    mutating func splitFolio(_ folio: Ref<Folio>, at index: Int) {
        var block = folio
        while isLarge(block) {
            let order = self[block, .order] - 1
            let both = pages(of: block)
            for page in both { self[page, .order] = order }
            let upper = both[1 << order]
            self[upper, .uptodate] = self[folio, .uptodate]
            self[upper, .referenced] = self[folio, .referenced]
            if index >= self[upper, .index] { block = upper }
        }
    }
}
