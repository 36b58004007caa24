// The invariants as predicates. "W1" to "W4" are the windows of tracking in which it may be
// false for a moment.

extension Machine {
    typealias Finding = (subject: String, text: String)

    /// A PTE that is not empty, with where it is.
    struct MappedPage {
        let mm: Ref<MM>
        let vpn: Int
        let entry: PTE
        /// None while a munmap is under way there.
        let vma: Ref<VMA>
        var folio: Ref<Folio> { entry.folio }
    }

    // MARK: What there is

    /// Every address space once.
    private var addressSpaces: [Ref<MM>] {
        var result: [Ref<MM>] = []
        for process in state.processes {
            let mm = self[process, .mm]
            if mm.exists, !result.contains(mm) { result.append(mm) }
        }
        return result
    }

    /// All PTEs but those of the zero page.
    private var mappedPages: [MappedPage] {
        addressSpaces.flatMap { mm -> [MappedPage] in
            var result: [MappedPage] = []
            var from = 0
            while let (vpn, word) = state.radixFirst(self[mm, .pgd], in: from...State.topPage) {
                let entry = PTE(word: word)
                if !isZeroFolio(entry.folio) {
                    let vma = state.vma(mm, covering: vpn)
                    result.append(MappedPage(mm: mm, vpn: vpn, entry: entry, vma: vma))
                }
                from = vpn + 1
            }
            return result
        }
    }

    private struct CachedPage {
        let file: Ref<File>
        let index: Int
        let folio: Ref<Folio>
    }

    private var cachedPages: [CachedPage] {
        state.files.flatMap { file -> [CachedPage] in
            var result: [CachedPage] = []
            var from = 0
            while let (index, word) = state.radixFirst(
                self[file, .cache], in: from...State.lastIndex)
            {
                result.append(CachedPage(file: file, index: index, folio: Ref(word: word)))
                from = index + 1
            }
            return result
        }
    }

    /// Whether a task is in a function at one of some positions, and what it says of itself holds.
    private func isAnyTask(
        in function: KernelFunction, at positions: Set<Int>? = nil,
        where test: (Ref<Task>) -> Bool = { _ in true }
    ) -> Bool {
        countTasks(in: function, at: positions, where: test) > 0
    }

    private func countTasks(
        in function: KernelFunction, at positions: Set<Int>? = nil,
        where test: (Ref<Task>) -> Bool
    ) -> Int {
        state.tasks.count { task in
            state.stack(of: task).contains {
                $0.function == function && positions?.contains($0.position) != false
            } && test(task)
        }
    }

    // MARK: I1

    /// The memory of a clean page that nobody maps is nowhere else: a different disk means that
    /// the store is lost when the page goes. Also what has gone already.
    func lostWrites() -> [Finding] {
        // What power took from memory is a matter of durability, not of this.
        let gone = self[State.system, .powerLosses] > 0 ? [] : lostStores
        let lost: [Finding] = gone.map {
            ("\(name(of: $0.file)).folio[\($0.index)]", "the store of \($0.value) is nowhere any more")
        }
        return lost + cachedPages.filter(isForgotten).map {
            let disk = state.diskValue($0.file, $0.index)
            return (
                path(of: $0.folio),
                "nothing says that the page is dirty, but memory has \(self[$0.folio, .contents]) "
                    + "and the disk \(disk)"
            )
        }
    }

    private func isForgotten(_ page: CachedPage) -> Bool {
        let folio = page.folio
        guard self[page.file, .fileSystem].hasDisk, page.index < self[page.file, .size],
            self[folio, .uptodate],
            self[folio, .contents] != state.diskValue(page.file, page.index)
        else { return false }
        // Whoever holds a reference or the lock may be about to do something about it.
        return !self[folio, .dirty] && !self[folio, .writeback] && self[folio, .dirtyBuffers] == 0
            && self[folio, .mapcount] == 0 && self[folio, .pins] == 0
            && self[folio, .lockOwner] == 0 && !isInAnyTLB(folio)
    }

    private func isInAnyTLB(_ folio: Ref<Folio>) -> Bool {
        (0..<cpuCount).contains { cpu in state.tlb(of: cpu).contains { $0.folio == folio } }
    }

    // MARK: I3

    /// 2.6.18 does not track, so there it says nothing.
    func untrackedWritablePages() -> [Finding] {
        guard rules.tracking == .writeNotify else { return [] }
        return mappedPages.filter(isWritableUnnoticed).map {
            (path(of: $0.mm, $0.vpn), "the PTE is writable, but \(path(of: $0.folio)) is not dirty")
        }
    }

    private func isWritableUnnoticed(_ page: MappedPage) -> Bool {
        let folio = page.folio
        let file = self[folio, .mapping]  // W4: none after truncation
        guard page.entry.write, file.exists, page.vma.exists, !self[folio, .dirty],
            self[page.vma, .flags].contains(.shared),
            self[file, .hasPageMkwrite] || self[file, .accountsDirty]
        else { return false }
        // W1: from the PTE's installation to the end of the same fault.
        let isFaulting = isAnyTask(in: .do_page_fault) {
            self[$0, .vmfWrite] && self[$0, .vmfAddress] == page.vpn
                && self[self[$0, .process], .mm] == page.mm
        }
        // W2: PG_dirty is cleared first and the PTEs after it, with the page locked.
        let isBeingCleaned =
            isAnyTask(in: .clear_page_dirty_for_io, at: [1]) { self[$0, .wbcPage] == folio }
            || isAnyTask(in: .test_clear_page_dirty, at: [1, 100]) { self[$0, .page] == folio }
        return !isFaulting && !isBeingCleaned && !(page.entry.dirty && wasCancelled(folio))
    }

    /// W3: try_to_free_buffers() has cancelled the dirty bit of a page whose buffers were clean,
    /// but left the tag: until it is next written or unmapped, PTE and tag know better.
    private func wasCancelled(_ folio: Ref<Folio>) -> Bool {
        let file = self[folio, .mapping]
        return rules.hasCancelDirty && self[folio, .buffers] == 0 && file.exists
            && hasTag(.dirty, file, self[folio, .index])
    }

    // MARK: I4

    func dirtyPagesWithoutTag() -> [Finding] {
        cachedPages.filter {
            // 6.18's tmpfs has no tags.
            self[$0.folio, .dirty] && !hasTag(.dirty, $0.file, $0.index)
                && (self[$0.file, .fileSystem].hasDisk || rules.generation == .v2_6)
                && pendingAccounts($0.folio) == 0
        }.map { (path(of: $0.folio), "the page is dirty, but not tagged DIRTY") }
    }

    /// Tasks between D3 and D4: they have set PG_dirty, and tag and counter are still to come.
    private func pendingAccounts(_ folio: Ref<Folio>) -> Int {
        countTasks(in: .set_page_dirty_buffers, at: [2]) { self[$0, .dirtyPage] == folio }
            + countTasks(in: .set_page_dirty_nobuffers, at: [1]) { self[$0, .dirtyPage] == folio }
    }

    /// With the page locked, the bit goes before the tag.
    func taggedPagesThatAreClean() -> [Finding] {
        cachedPages.filter {
            hasTag(.dirty, $0.file, $0.index) && !self[$0.folio, .dirty]
                && self[$0.folio, .lockOwner] == 0 && !wasCancelled($0.folio)
        }.map { (path(of: $0.folio), "the page is tagged DIRTY, but not dirty") }
    }

    func writebackTagMismatches() -> [Finding] {
        cachedPages.filter {
            hasTag(.writeback, $0.file, $0.index) != self[$0.folio, .writeback]
        }.map {
            let isOn = self[$0.folio, .writeback]
            return (
                path(of: $0.folio),
                isOn
                    ? "the page is under writeback, but not tagged WRITEBACK"
                    : "the page is tagged WRITEBACK, but not under writeback"
            )
        }
    }

    // MARK: I5 to I7

    /// Late by one between the change of PG_dirty and that of the counter.
    func dirtyCounterMismatch() -> [Finding] {
        let pages = cachedPages.filter { self[$0.file, .accountsDirty] }
        let dirty = pages.count { self[$0.folio, .dirty] }
        let toCome = accountsToCome
        let toGo =
            countTasks(in: .clear_page_dirty_for_io, at: [1]) { _ in true }
            + countTasks(in: .test_clear_page_dirty, at: [1]) { _ in true }
            + countTasks(in: .cancel_dirty_page, at: [1]) { _ in true }
        let counter = state.counter(.nr_dirty)
        guard counter != dirty - toCome + toGo else { return [] }
        return [("nr_dirty", "nr_dirty is \(counter), but \(dirty) pages are dirty")]
    }

    /// Increments of nr_dirty that tasks between D3 and D4 are about to make.
    private var accountsToCome: Int {
        cachedPages.reduce(0) {
            $0 + (self[$1.file, .accountsDirty] ? pendingAccounts($1.folio) : 0)
        }
    }

    /// A page that is cleaned before D4 is counted down before it is counted up.
    func negativeCounters() -> [Finding] {
        Counter.allCases.filter {
            state.counter($0) + ($0 == .nr_dirty ? accountsToCome : 0) < 0
        }.map {
            ($0.name, "\($0.name) is \(state.counter($0))")
        }
    }

    func writebackCounterMismatch() -> [Finding] {
        let pages = cachedPages.count { self[$0.folio, .writeback] }
        let counter = state.counter(.nr_writeback)
        guard counter != pages else { return [] }
        return [("nr_writeback", "nr_writeback is \(counter), but \(pages) pages are under writeback")]
    }

    // MARK: I8

    /// False between D2 and D3.
    func dirtyBuffersOfCleanPages() -> [Finding] {
        cachedPages.filter { page in
            self[page.folio, .dirtyBuffers] != 0 && !self[page.folio, .dirty]
                && self[page.folio, .lockOwner] == 0
                && !isAnyTask(in: .set_page_dirty_buffers, at: [1]) {
                    self[$0, .dirtyPage] == page.folio
                }
        }.map { (path(of: $0.folio), "a buffer is dirty, but the page is not") }
    }

    // MARK: I11, I13

    /// False between P1 and P3 of an mprotect, which has mmap_sem for writing.
    func writableWithoutPermission() -> [Finding] {
        mappedPages.filter { page in
            guard page.entry.write, page.vma.exists, !self[page.vma, .flags].contains(.write)
            else { return false }
            return !isAnyTask(in: .mprotect_fixup) { self[$0, .vma] == page.vma }
        }.map { (path(of: $0.mm, $0.vpn), "the PTE is writable, but the VMA is not") }
    }

    /// An anonymous page in a shared VMA is shared on purpose.
    func sharedWritableAnonymousPages() -> [Finding] {
        let pages = mappedPages.filter {
            self[$0.folio, .anon]
                && !($0.vma.exists && self[$0.vma, .flags].contains(.shared))
        }
        var owners: [Ref<Folio>: Set<Ref<MM>>] = [:]
        for page in pages { owners[page.folio, default: []].insert(page.mm) }
        return pages.filter { $0.entry.write && owners[$0.folio]!.count > 1 }.map {
            (
                path(of: $0.mm, $0.vpn),
                "the PTE is writable, but another address space maps \(path(of: $0.folio)) too"
            )
        }
    }

    // MARK: I17, I19, I20

    func mkcleanOfAnonymousPages() -> [Finding] {
        state.tasks.filter { task in
            self[self[task, .rmapPage], .anon]
                && state.stack(of: task).contains { $0.function == .page_mkclean }
        }.map { (path(of: self[$0, .rmapPage]), "page_mkclean() is at work on an anonymous page") }
    }

    /// Under ptl a PTE goes before the reverse map does, on 6.18 for as long as the flush takes;
    /// and page_mkclean() takes the PTE away while it changes it.
    func wrongMapcounts() -> [Finding] {
        var expected: [Ref<Folio>: Int] = [:]
        for page in cachedPages { expected[page.folio] = 0 }
        for page in mappedPages { expected[page.folio, default: 0] += 1 }
        for task in state.tasks {
            for folio in pendingRemovals(task) { expected[folio, default: 0] += 1 }
        }
        return expected.filter { self[$0.key, .mapcount] != $0.value }
            .sorted { $0.key.raw < $1.key.raw }
            .map {
                let count = self[$0.key, .mapcount]
                return (path(of: $0.key), "mapcount is \(count), but \($0.value) PTEs map the page")
            }
    }

    /// Pages that a task has taken out of a page table but not yet out of the reverse map.
    private func pendingRemovals(_ task: Ref<Task>) -> [Ref<Folio>] {
        var result: [Ref<Folio>] = []
        for frame in state.stack(of: task) {
            switch frame.function {
            case .page_mkclean_one, .try_to_unmap:
                if !self[task, .rmapOld].isNone { result.append(self[task, .rmapPage]) }
            case .zap_pte_range:
                let page = self[task, .zapPage]
                if page.exists, frame.position != 3 || delaysRmap(task) { result.append(page) }
                var batch = self[task, .delayed]
                while batch.exists {
                    result += (0..<self[batch, .count]).map { self[batch, .folio($0)] }
                    batch = self[batch, .next]
                }
            default: break
            }
        }
        return result
    }

    /// False while a truncation is under way.
    func mappedBeyondTheEnd() -> [Finding] {
        mappedPages.filter { page in
            guard page.vma.exists, self[page.vma, .file].exists else { return false }
            let file = self[page.vma, .file]
            let index = self[page.vma, .pgoff] + page.vpn - self[page.vma, .start]
            return index >= self[file, .size]
                && !isAnyTask(in: .sys_ftruncate) { self[$0, .file] == file }
        }.map {
            let file = self[$0.vma, .file]
            return (
                path(of: $0.mm, $0.vpn),
                "the PTE maps a page beyond the end of \(name(of: file)), which has "
                    + "\(self[file, .size]) pages"
            )
        }
    }
}
