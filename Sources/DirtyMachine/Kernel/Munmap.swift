// munmap(2), madvise(MADV_DONTNEED) and exit: taking PTEs away (model 2.13). The order of the
// flush, the page table lock and the reverse map is switch S27; B7 lives in it.

extension Machine {
    mutating func sys_munmap(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            return mmapWriteLock(mm, t) ?? .next
        case 1:
            if let wait = waitToSplit(mm, at: self[t, .first], self[t, .last] + 1) { return wait }
            detachVMAs(t, mm, self[t, .first]..<self[t, .last] + 1)
            guard self[t, .detached].exists else { return .jump(2) }
            if rules.generation == .v6 { mmapDowngrade(mm, t) }
            return .call(.unmap_region, then: 2)
        default:
            mmapUnlock(mm, t)
            return .leave()
        }
    }

    /// A split changes the reverse map, so nobody may be walking it.
    func waitToSplit(_ mm: Ref<MM>, at bounds: Int...) -> Flow? {
        for vpn in bounds {
            let vma = state.vma(mm, covering: vpn)
            if vma.exists, self[vma, .start] < vpn, let wait = waitForImmap(self[vma, .file]) {
                return wait
            }
        }
        return nil
    }

    /// detach_vmas_to_be_unmapped(): out of the tree by address, but not yet out of the reverse
    /// map. The list runs from the lowest to the highest.
    mutating func detachVMAs(_ t: Ref<Task>, _ mm: Ref<MM>, _ range: Range<Int>) {
        var last = Ref<VMA>.none
        while true {
            var vma = state.findVMA(mm, range.lowerBound)
            guard vma.exists, self[vma, .start] < range.upperBound else { return }
            if self[vma, .start] < range.lowerBound { vma = split(vma, at: range.lowerBound) }
            if self[vma, .end] > range.upperBound { split(vma, at: range.upperBound) }
            unlinkAddress(vma)
            if last.exists { self[last, .nextDetached] = vma } else { self[t, .detached] = vma }
            last = vma
        }
    }

    /// unmap_region(): empties the page tables of the detached VMAs, then takes the VMAs out of
    /// the reverse map.
    mutating func unmap_region(_ t: Ref<Task>, at position: Int) -> Flow {
        switch position {
        case 100:
            self[t, .vma] = self[t, .detached]
            return .jump(101)
        case 101:
            let vma = self[t, .vma]
            guard vma.exists else { return .jump(102) }
            setZap(t, vma, self[vma, .start], self[vma, .end])
            self[t, .vma] = self[vma, .nextDetached]
            return .call(.zap_pte_range, then: 101)
        case 102:
            return self[t, .detached].exists ? .jump(0) : .leave()
        default:  // unlink_file_vma()
            let vma = self[t, .detached]
            if let wait = waitForImmap(self[vma, .file]) { return wait }
            unlinkFile(vma)
            self[t, .detached] = self[vma, .nextDetached]
            free(vma)
            return .jump(102)
        }
    }

    mutating func setZap(_ t: Ref<Task>, _ vma: Ref<VMA>, _ start: Int, _ end: Int) {
        self[t, .zapMM] = self[vma, .mm]
        self[t, .zapAddress] = start
        self[t, .zapEnd] = end
        self[t, .zapNonlinear] = .none
    }

    /// A zap that leaves a nonlinear VMA's order as it is, and pages below `index` alone.
    mutating func setNonlinearZap(
        _ t: Ref<Task>, _ vma: Ref<VMA>, _ start: Int, _ end: Int, from index: Int
    ) {
        setZap(t, vma, start, end)
        self[t, .zapNonlinear] = vma
        self[t, .zapFirstIndex] = index
    }

    /// Which page of its file stands at an address of a nonlinear VMA.
    private func indexOfEntry(_ entry: PTE, _ vma: Ref<VMA>, _ vpn: Int) -> Int {
        self[entry.folio, .anon] ? linearIndex(vma, vpn) : self[entry.folio, .index]
    }

    /// The next entry that the zap is about.
    private func nextToZap(_ t: Ref<Task>, _ mm: Ref<MM>, _ range: Range<Int>) -> Int? {
        let vma = self[t, .zapNonlinear]
        var from = range.lowerBound
        while from < range.upperBound,
            let (vpn, word) = state.radixFirst(self[mm, .pgd], in: from...range.upperBound - 1)
        {
            let entry = PTE(word: word)
            if !vma.exists
                || entry.isMapped && indexOfEntry(entry, vma, vpn) >= self[t, .zapFirstIndex]
            {
                return vpn
            }
            from = vpn + 1
        }
        return nil
    }

    /// Zaps zapAddress to zapEnd of zapMM, one page table after the other.
    mutating func zap_pte_range(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[t, .zapMM]
        let page = self[t, .zapPage]
        switch position {
        case 0:  // on to the next page table that has entries
            if let wait = lockPTL(mm, t) { return wait }
            guard let table = nextPageTable(t, mm) else {
                unlockPTL(mm, t)
                return .leave()
            }
            self[t, .zapAddress] = table
            return .jump(108)
        case 108:  // under ptl nobody adds an entry, so the next one can be told
            let start = self[t, .zapAddress]
            let limit = min(self[t, .zapEnd], (start | 511) + 1)
            let next = nextToZap(t, mm, start..<limit)
            self[t, .zapAddress] = next ?? limit
            return .jump(next == nil ? 103 : 1)
        case 1:  // Z1
            let vpn = self[t, .zapAddress]
            let old = exchangePTE(mm, vpn)
            self[t, .zapAddress] = vpn + 1
            guard old.isMapped else { return .jump(107) }
            let vma = self[t, .zapNonlinear]
            if vma.exists, indexOfEntry(old, vma, vpn) != linearIndex(vma, vpn) {
                setPTE(mm, vpn, PTE(fileOffset: self[old.folio, .index]))
            }
            if !self[t, .mustFlush] { self[t, .zapFlushStart] = vpn }
            self[t, .mustFlush] = true
            if isZeroFolio(old.folio) || hasNoStructPage(old.folio) { return .jump(107) }
            self[t, .zapOld] = old
            self[t, .zapPage] = old.folio
            getPage(old.folio)
            if old.accessed, !self[old.folio, .anon] { self[head(old.folio), .referenced] = true }
            return .jump(100)
        case 100:  // Z2
            let old = self[t, .zapOld]
            if old.dirty, !self[page, .anon] {
                self[t, .zapFoundDirty] = true
                self[t, .dirtyPage] = page
                return .call(.set_page_dirty, then: 101)
            }
            return .jump(2)
        case 101:
            return .jump(rules.zapFlush == .beforeRmap ? 3 : 2)
        case 2:  // Z3
            removeRmap(page)
            return .next
        case 3:  // Z4
            gather(t, page, delaysRmap(t) ? .delayed : .gather)
            self[t, .zapPage] = .none
            self[t, .zapOld] = .empty
            return .jump(107)
        case 107:  // the last entry of a page table was zapped: the next table is not ours yet
            return .jump(self[t, .zapAddress] & 511 == 0 ? 103 : 108)
        case 103:  // the end of this page table
            let early = self[t, .zapFoundDirty] && rules.zapFlush != .afterPTL
            return .jump(early ? 4 : 6)
        case 4:  // Z5, before the lock is released
            flushZapped(t)
            return .jump(104)
        case 104:
            return .jump(self[t, .delayed].exists ? 5 : 6)
        case 5:  // Z3, after the flush
            let delayed = takeGathered(t, .delayed)
            removeRmap(delayed)
            gather(t, delayed, .gather)
            return .jump(104)
        case 6:
            unlockPTL(mm, t)
            return .jump(105)
        case 105:
            if self[t, .mustFlush] { return .jump(7) }
            return .jump(self[t, .gather].exists ? 8 : 106)
        case 7:  // Z5
            flushZapped(t)
            return .jump(self[t, .gather].exists ? 8 : 106)
        case 8:  // Z6
            while self[t, .gather].exists { putPage(takeGathered(t, .gather)) }
            return .jump(106)
        default:
            self[t, .zapFoundDirty] = false
            return self[t, .zapAddress] < self[t, .zapEnd] ? .jump(0) : .leave()
        }
    }

    /// 6.2: the page that is being zapped stays in the reverse map until the TLBs are flushed.
    func delaysRmap(_ t: Ref<Task>) -> Bool {
        rules.zapFlush == .beforeRmap && self[t, .zapOld].dirty && !self[self[t, .zapPage], .anon]
    }

    /// Where a walk from zapAddress to zapEnd next meets a page table that is not empty: ranges
    /// without one cost nothing (pmd_none_or_clear_bad() and its like). Asked under ptl: an entry
    /// may be away for a moment in the hands of page_mkclean().
    func nextPageTable(_ t: Ref<Task>, _ mm: Ref<MM>) -> Int? {
        let (start, end) = (self[t, .zapAddress], self[t, .zapEnd])
        guard start < end, let (vpn, _) = state.radixFirst(self[mm, .pgd], in: start...end - 1) else {
            return nil
        }
        return max(start, vpn & ~511)
    }

    mutating func flushZapped(_ t: Ref<Task>) {
        flushTLB(self[t, .zapMM], self[t, .zapFlushStart]..<self[t, .zapAddress])
        self[t, .mustFlush] = false
    }

    // MARK: mmu_gather

    private mutating func gather(
        _ t: Ref<Task>, _ page: Ref<Folio>, _ list: Field<Task, Ref<Batch>>
    ) {
        var batch = self[t, list]
        if !batch.exists || self[batch, .count] == Batch.capacity {
            let fresh = allocate(Batch.self)
            self[fresh, .next] = batch
            self[t, list] = fresh
            batch = fresh
        }
        let count = self[batch, .count]
        self[batch, .folio(count)] = page
        self[batch, .count] = count + 1
    }

    private mutating func takeGathered(
        _ t: Ref<Task>, _ list: Field<Task, Ref<Batch>>
    ) -> Ref<Folio> {
        let batch = self[t, list]
        let last = self[batch, .count] - 1
        let page = self[batch, .folio(last)]
        self[batch, .folio(last)] = .none
        self[batch, .count] = last
        if last == 0 {
            self[t, list] = self[batch, .next]
            free(batch)
        }
        return page
    }

    // MARK: madvise

    mutating func sys_madvise(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            let wait = rules.madviseSharesLock ? mmapReadLock(mm, t) : mmapWriteLock(mm, t)
            return wait ?? .next
        case 1:
            let (cursor, end) = (self[t, .cursor], self[t, .last] + 1)
            guard cursor < end else { return .jump(2) }
            let vma = state.findVMA(mm, cursor)
            guard vma.exists, self[vma, .start] < end else {
                self[t, .foundHole] = true
                return .jump(2)
            }
            if self[vma, .start] > cursor { self[t, .foundHole] = true }
            if self[vma, .flags].contains(.pfnmap) {
                self[t, .outcome] = .EINVAL
                return .jump(2)
            }
            let pieceEnd = min(self[vma, .end], end)
            if self[vma, .flags].contains(.nonlinear) {
                setNonlinearZap(t, vma, max(self[vma, .start], cursor), pieceEnd, from: 0)
            } else {
                setZap(t, vma, max(self[vma, .start], cursor), pieceEnd)
            }
            self[t, .cursor] = pieceEnd
            return .call(.zap_pte_range, then: 1)
        default:
            mmapUnlock(mm, t)
            if self[t, .foundHole], self[t, .outcome] == .ok { self[t, .outcome] = .ENOMEM }
            return .leave()
        }
    }
}
