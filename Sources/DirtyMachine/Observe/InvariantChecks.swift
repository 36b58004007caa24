// The invariants as predicates. "W1" to "W4" are the windows of tracking in which it may be
// false for a moment.

/// Looks at one state of a machine: what is cached, what is mapped, and where the tasks are.
///
/// A class, because the checks hand themselves to many closures, and a machine is dear to copy.
final class InvariantChecks {
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

    struct CachedPage {
        let file: Ref<File>
        let index: Int
        let folio: Ref<Folio>
        /// The page that has the flags, lock and references: itself, unless it is one of a large folio.
        let head: Ref<Folio>
    }

    let m: Machine
    /// All PTEs but those of the zero page and of frames without struct page.
    private(set) lazy var mapped = InvariantChecks.mappedPages(m)
    /// Pages of files; a driver looks after its own.
    private(set) lazy var cached = InvariantChecks.cachedPages(m)

    // Each is looked at when the first check asks for it: a search asks for few at a time.
    init(_ machine: Machine) { m = machine }

    // The trees are read into arrays first: a machine that a closure holds is copied, and searches
    // look at millions of states.

    private static func cachedPages(_ m: Machine) -> [CachedPage] {
        var result: [CachedPage] = []
        result.reserveCapacity(8)
        var entries: [(key: Int, value: UInt64)] = []
        var file = m[State.system, .files]
        while file.exists {
            if m[file, .device] == .none {
                m.state.radixEntries(m[file, .cache], into: &entries)
                for (index, word) in entries {
                    let page = Ref<Folio>(word: word)
                    result.append(
                        CachedPage(file: file, index: index, folio: page, head: m.head(page)))
                }
            }
            file = m[file, .next]
        }
        return result
    }

    private static func mappedPages(_ m: Machine) -> [MappedPage] {
        var result: [MappedPage] = []
        result.reserveCapacity(8)
        var entries: [(key: Int, value: UInt64)] = []
        var process = m[State.system, .processes]
        while process.exists {
            let mm = m[process, .mm]
            if mm.exists, m.state.firstProcess(of: mm) == process {
                m.state.radixEntries(m[mm, .pgd], into: &entries)
                for (vpn, word) in entries {
                    let entry = PTE(word: word)
                    if entry.isMapped, !m.isZeroFolio(entry.folio), !m.hasNoStructPage(entry.folio) {
                        let vma = m.state.vma(mm, covering: vpn)
                        result.append(MappedPage(mm: mm, vpn: vpn, entry: entry, vma: vma))
                    }
                }
            }
            process = m[process, .next]
        }
        return result
    }

    // MARK: Tasks

    /// Whether a task is in a function at one of some positions, and what it says of itself holds.
    private func isAnyTask(
        in function: KernelFunction, at positions: ClosedRange<Int> = 0...255,
        where test: (Ref<Task>) -> Bool = { _ in true }
    ) -> Bool {
        var found = false
        forEachTask(in: function, at: positions) { found = found || test($0) }
        return found
    }

    private func forEachTask(
        in function: KernelFunction, at positions: ClosedRange<Int> = 0...255, _ body: (Ref<Task>) -> Void
    ) {
        var task = m[State.system, .tasks]
        while task.exists {
            if isIn(task, function, positions) { body(task) }
            task = m[task, .next]
        }
    }

    private func isIn(_ task: Ref<Task>, _ function: KernelFunction, _ positions: ClosedRange<Int> = 0...255) -> Bool {
        // Nearly always it is not: four frames are asked at a time.
        guard m.state.mayBe(task, in: function) else { return false }
        for level in 0..<m[task, .depth] {
            let frame = m.state.frame(of: task, level)
            if frame.function == function, positions.contains(frame.position) { return true }
        }
        return false
    }

    // MARK: I1

    /// The memory of a clean page that nobody maps is nowhere else: a different disk means that
    /// the store is lost when the page goes. Also what has gone already.
    func lostWrites() -> [Finding] {
        // What power took from memory is a matter of durability, not of this.
        let gone = m[State.system, .powerLosses] > 0 ? [] : m.lostStores
        let lost: [Finding] = gone.map {
            ("\(m.name(of: $0.file)).folio[\($0.index)]", "the store of \($0.value) is nowhere any more")
        }
        return lost + cached.filter(isForgotten).map {
            let disk = m.state.diskValue($0.file, $0.index)
            return (
                m.path(of: $0.folio),
                "nothing says that the page is dirty, but memory has \(m[$0.folio, .contents]) "
                    + "and the disk \(disk)"
            )
        }
    }

    private func isForgotten(_ page: CachedPage) -> Bool {
        let (folio, head) = (page.folio, page.head)
        guard m[page.file, .fileSystem].hasDisk, page.index < m[page.file, .size],
            m[head, .uptodate],
            m[folio, .contents] != m.state.diskValue(page.file, page.index)
        else { return false }
        // Whoever holds a reference or the lock may be about to do something about it.
        return !m[head, .dirty] && !m[head, .writeback] && m[folio, .dirtyBuffers] == 0
            && !m[folio, .isInTransaction] && m[folio, .mapcount] == 0 && m[head, .pins] == 0
            && m[head, .lockOwner] == 0 && !isInAnyTLB(folio)
    }

    private func isInAnyTLB(_ folio: Ref<Folio>) -> Bool {
        (0..<m.cpuCount).contains { cpu in m.state.tlb(of: cpu) { $0.folio == folio } }
    }

    // MARK: I3

    /// 2.6.18 does not track, so there it says nothing.
    func untrackedWritablePages() -> [Finding] {
        guard m.rules.tracks else { return [] }
        return mapped.filter(isWritableUnnoticed).map {
            (m.path(of: $0.mm, $0.vpn), "the PTE is writable, but \(m.path(of: $0.folio)) is not dirty")
        }
    }

    private func isWritableUnnoticed(_ page: MappedPage) -> Bool {
        let folio = page.folio
        let file = m[folio, .mapping]  // W4: none after truncation
        guard page.entry.write, file.exists, !m.isDeviceMemory(folio), page.vma.exists, !m[m.head(folio), .dirty],
            m[page.vma, .flags].contains(.shared),
            m[file, .hasPageMkwrite] || m[file, .accountsDirty]
        else { return false }
        // W1: from the PTE's installation to the end of the same fault.
        let isFaulting = isAnyTask(in: .handle_mm_fault) {
            m[$0, .vmfWrite] && m[$0, .vmfAddress] == page.vpn && m[m[$0, .vmfVMA], .mm] == page.mm
        }
        // W2: PG_dirty is cleared first and the PTEs after it, with the page locked.
        let isBeingCleaned =
            isAnyTask(in: .clear_page_dirty_for_io, at: 1...1) { m[$0, .wbcPage] == folio }
            || isAnyTask(in: .test_clear_page_dirty, at: 1...100) { m[$0, .page] == folio }
        return !isFaulting && !isBeingCleaned && !(page.entry.dirty && wasCancelled(folio))
    }

    /// W3: try_to_free_buffers() has cancelled the dirty bit of a page whose buffers were clean,
    /// but left the tag: until it is next written or unmapped, PTE and tag know better.
    private func wasCancelled(_ folio: Ref<Folio>) -> Bool {
        let file = m[folio, .mapping]
        return m.rules.tracks && m.rules.ttfbHoldsLock && m[folio, .buffers] == 0 && file.exists
            && m[file, .buffers] > 0 && m.hasTag(.dirty, file, m[folio, .index])
    }

    // MARK: I3'

    /// Through an entry that is writable and dirty its CPU stores without a look at the page table.
    func staleTranslations() -> [Finding] {
        guard m.rules.tracks else { return [] }
        let cpus = (0..<m.cpuCount).filter { m.state.tlb(of: $0, has: isStale) }
        return cpus.flatMap { cpu in
            m.state.tlb(of: cpu).filter(isStale).map {
                (
                    m.path(of: $0.mm, $0.vpn),
                    "the TLB of CPU \(cpu) lets it store to \(m.path(of: $0.folio)), but the PTE does not"
                )
            }
        }
    }

    private func isStale(_ translation: TLBEntry) -> Bool {
        let (mm, folio) = (translation.mm, translation.folio)
        let file = m[folio, .mapping]
        guard translation.write, translation.dirty, file.exists, !m.isDeviceMemory(folio),
            m[file, .hasPageMkwrite] || m[file, .accountsDirty], m[folio, .index] < m[file, .size]
        else { return false }
        let entry = m.pte(mm, translation.vpn)
        if entry.isMapped, entry.folio == folio {
            if entry.write { return false }
            // P4 is still to come: page_mkclean() meets a dirty PTE, and flushes itself.
            let isProtecting = isAnyTask(in: .mprotect_fixup) { m[m[$0, .vma], .mm] == mm }
            if entry.dirty, isProtecting { return false }
        }
        // Whoever has ptl is about to flush, and keeps page_mkclean() waiting: provided that M1
        // sends it there.
        return m[mm, .ptl].isFree || !m.isMapped(m.head(folio))
    }

    // MARK: I4

    func dirtyPagesWithoutTag() -> [Finding] {
        cached.filter {
            // 6.18's tmpfs has no tags.
            m[$0.head, .dirty] && !m.hasTag(.dirty, $0.file, $0.index)
                && (m[$0.file, .fileSystem].hasDisk || m.rules.generation == .v2_6)
                && pendingAccounts($0.head) == 0
        }.map { (m.path(of: $0.folio), "the page is dirty, but not tagged DIRTY") }
    }

    /// Tasks between D3 and D4: they have set PG_dirty, and tag and counter are still to come.
    private func pendingAccounts(_ folio: Ref<Folio>) -> Int {
        var count = 0
        forEachPendingAccount { if $0 == folio { count += 1 } }
        return count
    }

    private func forEachPendingAccount(_ body: (Ref<Folio>) -> Void) {
        forEachTask(in: .set_page_dirty_buffers, at: 2...2) { body(m[$0, .dirtyPage]) }
        forEachTask(in: .set_page_dirty_nobuffers, at: 1...1) { body(m[$0, .dirtyPage]) }
    }

    /// With the page locked, the bit goes before the tag. A page that ext3 has handed to its
    /// journal keeps the tag until it is written in its place.
    func taggedPagesThatAreClean() -> [Finding] {
        cached.filter {
            m.hasTag(.dirty, $0.file, $0.index) && !m[$0.head, .dirty]
                && m[$0.head, .lockOwner] == 0 && !wasCancelled($0.folio)
                && !(m[$0.file, .data] == .journal && m.rules.generation == .v2_6)
        }.map { (m.path(of: $0.folio), "the page is tagged DIRTY, but not dirty") }
    }

    func writebackTagMismatches() -> [Finding] {
        cached.filter {
            m.hasTag(.writeback, $0.file, $0.index) != m[$0.head, .writeback]
        }.map {
            let isOn = m[$0.head, .writeback]
            return (
                m.path(of: $0.folio),
                isOn
                    ? "the page is under writeback, but not tagged WRITEBACK"
                    : "the page is tagged WRITEBACK, but not under writeback"
            )
        }
    }

    // MARK: I5 to I7

    /// Late by one between the change of PG_dirty and that of the counter.
    func dirtyCounterMismatch() -> [Finding] {
        let dirty = cached.count { m[$0.file, .accountsDirty] && m[$0.head, .dirty] }
        let toCome = accountsToCome
        let toGo =
            pagesToCount(in: .clear_page_dirty_for_io, .wbcPage)
            + pagesToCount(in: .test_clear_page_dirty, .page)
            + pagesToCount(in: .cancel_dirty_page, .page)
        let counter = m.state.counter(.nr_dirty)
        guard counter != dirty - toCome + toGo else { return [] }
        return [("nr_dirty", "nr_dirty is \(counter), but \(dirty) pages are dirty")]
    }

    /// Pages of folios that tasks in a function have cleaned and are about to take off nr_dirty,
    /// where it counts them.
    private func pagesToCount(in function: KernelFunction, _ folio: Field<Task, Ref<Folio>>) -> Int {
        var pages = 0
        forEachTask(in: function, at: 1...1) { task in
            let file = m[m[task, folio], .mapping]
            if file.exists, m[file, .accountsDirty] { pages += m.pageCount(of: m[task, folio]) }
        }
        return pages
    }

    /// Increments of nr_dirty that tasks between D3 and D4 are about to make.
    private var accountsToCome: Int {
        var count = 0
        forEachPendingAccount { folio in
            for page in cached where page.head == folio && m[page.file, .accountsDirty] { count += 1 }
        }
        return count
    }

    /// A page that is cleaned before D4 is counted down before it is counted up.
    func negativeCounters() -> [Finding] {
        Counter.allCases.filter {
            m.state.counter($0) + ($0 == .nr_dirty ? accountsToCome : 0) < 0
        }.map {
            ($0.name, "\($0.name) is \(m.state.counter($0))")
        }
    }

    func writebackCounterMismatch() -> [Finding] {
        let pages = cached.count { m[$0.head, .writeback] }
        let counter = m.state.counter(.nr_writeback)
        guard counter != pages else { return [] }
        return [("nr_writeback", "nr_writeback is \(counter), but \(pages) pages are under writeback")]
    }

    // MARK: I8

    /// False between D2 and D3.
    func dirtyBuffersOfCleanPages() -> [Finding] {
        cached.filter { page in
            m[page.folio, .dirtyBuffers] != 0 && !m[page.head, .dirty]
                && m[page.head, .lockOwner] == 0
                && !isAnyTask(in: .set_page_dirty_buffers, at: 1...1) {
                    m[$0, .dirtyPage] == page.head
                }
        }.map { (m.path(of: $0.folio), "a buffer is dirty, but the page is not") }
    }

    // MARK: I11, I13

    /// False between P1 and P3 of an mprotect, which has mmap_sem for writing.
    func writableWithoutPermission() -> [Finding] {
        mapped.filter { page in
            guard page.entry.write, page.vma.exists, !m[page.vma, .flags].contains(.write)
            else { return false }
            return !isAnyTask(in: .mprotect_fixup) { m[$0, .vma] == page.vma }
        }.map { (m.path(of: $0.mm, $0.vpn), "the PTE is writable, but the VMA is not") }
    }

    /// An anonymous page in a shared VMA is shared on purpose.
    func sharedWritableAnonymousPages() -> [Finding] {
        let pages = mapped.filter {
            m[$0.folio, .anon]
                && !($0.vma.exists && m[$0.vma, .flags].contains(.shared))
        }
        var owners: [Ref<Folio>: Set<Ref<MM>>] = [:]
        for page in pages { owners[page.folio, default: []].insert(page.mm) }
        return pages.filter { $0.entry.write && owners[$0.folio]!.count > 1 }.map {
            (
                m.path(of: $0.mm, $0.vpn),
                "the PTE is writable, but another address space maps \(m.path(of: $0.folio)) too"
            )
        }
    }

    // MARK: I18

    /// Every CPU may dirty some pages before it looks at the counters, and every task a folio before
    /// it gets there.
    func runawayDirtyPages() -> [Finding] {
        let limit = m[State.system, .dirtyLimit]
        let folio = m.state.files.map { 1 << m[$0, .folioOrder] }.max() ?? 1
        let bound =
            limit + (m[State.system, .ratelimitPages] + folio - 1) * m.cpuCount + m.state.taskCount * folio
        let pages = m.state.counter(.nr_dirty) + m.state.counter(.nr_writeback)
        guard limit > 0, pages > bound else { return [] }
        return [("nr_dirty", "\(pages) pages are dirty or under writeback, but the limit is \(limit)")]
    }

    // MARK: I17, I19, I20

    func mkcleanOfAnonymousPages() -> [Finding] {
        var found: [Finding] = []
        forEachTask(in: .page_mkclean) { task in
            let page = m[task, .rmapPage]
            if m[page, .anon] { found.append((m.path(of: page), "page_mkclean() is at work on an anonymous page")) }
        }
        return found
    }

    /// Under ptl a PTE goes before the reverse map does, on 6.18 for as long as the flush takes;
    /// and page_mkclean() takes the PTE away while it changes it.
    func wrongMapcounts() -> [Finding] {
        if cached.count + mapped.count <= 16 { return wrongMapcountsOfFew() }
        // By record: a dictionary of all pages would be most of what a check costs.
        var expected = [Int32](repeating: -1, count: m.state.wordCount / State.alignment)
        func slot(_ folio: Ref<Folio>) -> Int { Int(folio.raw) / State.alignment }
        for page in cached { expected[slot(page.folio)] = 0 }
        func expect(_ folio: Ref<Folio>) { expected[slot(folio)] = max(0, expected[slot(folio)]) + 1 }
        for page in mapped { expect(page.folio) }
        forEachPendingRemoval(expect)
        return expected.indices.compactMap { slot in
            guard expected[slot] >= 0 else { return nil }
            let folio = Ref<Folio>(raw: UInt32(slot * State.alignment))
            let count = m[folio, .mapcount]
            guard count != expected[slot] else { return nil }
            return (m.path(of: folio), "mapcount is \(count), but \(expected[slot]) PTEs map the page")
        }
    }

    /// The same where there are few pages: without anything for each record there is.
    private func wrongMapcountsOfFew() -> [Finding] {
        var expected: [(folio: Ref<Folio>, count: Int)] = []
        expected.reserveCapacity(20)
        func expect(_ folio: Ref<Folio>, _ count: Int) {
            if let known = expected.firstIndex(where: { $0.folio == folio }) {
                expected[known].count += count
            } else {
                expected.append((folio, count))
            }
        }
        for page in cached { expect(page.folio, 0) }
        for page in mapped { expect(page.folio, 1) }
        forEachPendingRemoval { expect($0, 1) }
        return expected.filter { m[$0.folio, .mapcount] != $0.count }
            .sorted { $0.folio.raw < $1.folio.raw }
            .map {
                let count = m[$0.folio, .mapcount]
                return (m.path(of: $0.folio), "mapcount is \(count), but \($0.count) PTEs map the page")
            }
    }

    /// Pages that a task has taken out of a page table but not yet out of the reverse map.
    private func forEachPendingRemoval(_ body: (Ref<Folio>) -> Void) {
        for function in [KernelFunction.page_mkclean_one, .try_to_unmap] {
            forEachTask(in: function) { if !m[$0, .rmapOld].isNone { body(m[$0, .rmapOld].folio) } }
        }
        forEachTask(in: .move_ptes) { if m[$0, .zapPage].exists { body(m[$0, .zapPage]) } }
        forEachTask(in: .install_page) { if !m[$0, .zapOld].isNone { body(m[$0, .zapPage]) } }
        forEachTask(in: .zap_pte_range) { task in
            let page = m[task, .zapPage]
            if page.exists, !isIn(task, .zap_pte_range, 3...3) || m.delaysRmap(task) { body(page) }
            var batch = m[task, .delayed]
            while batch.exists {
                for place in 0..<m[batch, .count] { body(m[batch, .folio(place)]) }
                batch = m[batch, .next]
            }
        }
    }

    /// False while a truncation is under way.
    func mappedBeyondTheEnd() -> [Finding] {
        mapped.filter { page in
            guard page.vma.exists, m[page.vma, .file].exists else { return false }
            let file = m[page.vma, .file]
            let index = m[page.vma, .flags].contains(.nonlinear) && !m[page.folio, .anon]
                ? m[page.folio, .index] : m.linearIndex(page.vma, page.vpn)
            return index >= m[file, .size]
                && !isAnyTask(in: .sys_ftruncate) { m[$0, .file] == file }
        }.map {
            let file = m[$0.vma, .file]
            return (
                m.path(of: $0.mm, $0.vpn),
                "the PTE maps a page beyond the end of \(m.name(of: file)), which has "
                    + "\(m[file, .size]) pages"
            )
        }
    }
}
