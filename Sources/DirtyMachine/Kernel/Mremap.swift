// mremap(2) with MREMAP_MAYMOVE (model 2.19, section 9 rule 16). PTEs move with all their bits; S28
// is when the TLBs lose the old addresses, and B8 is what happens when that comes too late.

extension Machine {
    mutating func sys_mremap(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        let (start, end) = (self[t, .first], self[t, .last] + 1)
        switch position {
        case 0:
            guard self[t, .newSize] > 0 else {
                self[t, .outcome] = .EINVAL
                return .leave()
            }
            return mmapWriteLock(mm, t) ?? .next
        case 1:
            let newEnd = start + self[t, .newSize]
            self[t, .newAddress] = start
            if rules.generation == .v6, !state.vma(mm, covering: start).exists {
                return fail(t, .EFAULT)
            }
            if newEnd == end { return .jump(3) }
            return newEnd < end ? shrink(t, mm, newEnd..<end) : grow(t, mm, newEnd)
        case 2:  // what was left behind
            if let wait = waitToSplit(mm, at: start, end) { return wait }
            detachVMAs(t, mm, start..<end)
            return .call(.unmap_region, then: 3)
        default:
            if self[t, .outcome] == .ok { rename(t, mm) }
            mmapUnlock(mm, t)
            return .leave()
        }
    }

    private mutating func fail(_ t: Ref<Task>, _ outcome: Outcome) -> Flow {
        self[t, .outcome] = outcome
        return .jump(3)
    }

    private mutating func shrink(_ t: Ref<Task>, _ mm: Ref<MM>, _ range: Range<Int>) -> Flow {
        if let wait = waitToSplit(mm, at: range.lowerBound, range.upperBound) { return wait }
        detachVMAs(t, mm, range)
        guard self[t, .detached].exists else { return .jump(3) }
        if rules.generation == .v6 { mmapDowngrade(mm, t) }
        return .call(.unmap_region, then: 3)
    }

    /// In place if nothing lies above, else at a new address.
    private mutating func grow(_ t: Ref<Task>, _ mm: Ref<MM>, _ newEnd: Int) -> Flow {
        let (start, end) = (self[t, .first], self[t, .last] + 1)
        let vma = state.vma(mm, covering: start)
        guard vma.exists, end <= self[vma, .end] else { return fail(t, .EFAULT) }
        if let wait = waitForImmap(self[vma, .file]) { return wait }
        let above = state.findVMA(mm, self[vma, .end])
        let limit = above.exists ? self[above, .start] : State.topPage
        if end == self[vma, .end], newEnd <= limit {
            resize(vma, self[vma, .start], newEnd)
            if rules.generation == .v6 { mergeWithNext(vma) }
            return .jump(3)
        }
        guard let area = state.unmappedArea(mm, pages: newEnd - start) else { return fail(t, .ENOMEM) }
        self[t, .newAddress] = area
        copyVMA(vma, from: start, to: area..<area + newEnd - start)
        self[t, .boolean] = takesRmapLock(mm, start, area)
        self[t, .zapMM] = mm
        self[t, .zapAddress] = start
        self[t, .zapEnd] = end
        self[t, .mustFlush] = false
        self[t, .zapFoundDirty] = false
        return .call(.move_ptes, then: 2)
    }

    /// copy_vma(): a VMA like the old one from `start` on, merged with its neighbours where it fits.
    private mutating func copyVMA(_ vma: Ref<VMA>, from start: Int, to range: Range<Int>) {
        let copy = allocate(VMA.self)
        self[copy, .start] = range.lowerBound
        self[copy, .end] = range.upperBound
        self[copy, .file] = self[vma, .file]
        self[copy, .isFileReadOnly] = self[vma, .isFileReadOnly]
        self[copy, .flags] = self[vma, .flags]
        self[copy, .pageProt] = self[vma, .pageProt]
        self[copy, .anonVMA] = self[vma, .anonVMA]
        self[copy, .hasForkAncestry] = self[vma, .hasForkAncestry]
        // Offsets stay; private memory without any page can take those of its new address.
        let keepsOffset = self[vma, .file].exists || self[vma, .anonVMA] != 0
        self[copy, .pgoff] =
            keepsOffset ? self[vma, .pgoff] + start - self[vma, .start] : range.lowerBound
        link(copy, self[vma, .mm])
        mergeWithNeighbours(copy)
    }

    /// A walk of the reverse map that comes to the new VMA before the old one would miss the page.
    private func takesRmapLock(_ mm: Ref<MM>, _ old: Int, _ new: Int) -> Bool {
        let (source, copy) = (state.vma(mm, covering: old), state.vma(mm, covering: new))
        guard self[source, .file].exists else { return false }
        return rules.generation == .v2_6 || !FileOrder.precedes(source, copy, state)
    }

    /// The mapping's name goes with it. Where another name knew those addresses, it is the newer.
    private mutating func rename(_ t: Ref<Task>, _ mm: Ref<MM>) {
        let mapping = self[t, .mapping]
        let grows = self[t, .newSize] > self[mapping, .pages]
        self[mapping, .start] = self[t, .newAddress]
        self[mapping, .pages] = self[t, .newSize]
        guard grows, self[mapping, .next].exists else { return }
        if self[mm, .mappings] == mapping {
            self[mm, .mappings] = self[mapping, .next]
        } else {
            var before = self[mm, .mappings]
            while self[before, .next] != mapping { before = self[before, .next] }
            self[before, .next] = self[mapping, .next]
        }
        var last = self[mapping, .next]
        while self[last, .next].exists { last = self[last, .next] }
        self[last, .next] = mapping
        self[mapping, .next] = .none
    }

    /// Moves the entries from zapAddress to zapEnd of zapMM to `newAddress`, one page table after the
    /// other.
    mutating func move_ptes(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[t, .zapMM]
        let vpn = self[t, .zapAddress]
        switch position {
        case 100:
            return .jump(self[t, .boolean] ? 0 : 1)
        case 0:  // against truncation and walks of the reverse map
            let file = self[state.vma(mm, covering: self[t, .first]), .file]
            return lockImmap(file, t) ?? .next
        case 1:
            if let wait = lockPTL(mm, t) { return wait }
            self[t, .zapAddress] = nextPageTable(t, mm) ?? self[t, .zapEnd]
            return .jump(101)
        case 101:  // the next entry of this page table
            return nextEntry(t, mm)
        case 2:  // S28: looked at before the exchange, D may still come
            if pte(mm, vpn).dirty { self[t, .zapFoundDirty] = true }
            return .next
        case 3:
            let old = exchangePTE(mm, vpn)
            if !self[t, .mustFlush] { self[t, .zapFlushStart] = vpn }
            self[t, .mustFlush] = true
            self[t, .zapOld] = old
            if !isZeroFolio(old.folio), !hasNoStructPage(old.folio) { self[t, .zapPage] = old.folio }
            return .jump(rules.mremapFlushesEachPTE && rules.mremapFlushesUnderPTL ? 4 : 5)
        case 4:  // ptep_clear_flush()
            flushTLBPage(mm, vpn)
            self[t, .mustFlush] = false
            return .next
        case 5:
            setPTE(mm, self[t, .newAddress] + vpn - self[t, .first], self[t, .zapOld])
            self[t, .zapOld] = .empty
            self[t, .zapPage] = .none
            self[t, .zapAddress] = vpn + 1
            return .jump((vpn + 1) & 511 == 0 ? 102 : 101)
        case 102:
            return .jump(rules.mremapFlushesUnderPTL && self[t, .mustFlush] ? 6 : 7)
        case 6:
            flushZapped(t)
            return .next
        case 7:
            unlockPTL(mm, t)
            if self[t, .boolean] {
                unlockImmap(self[state.vma(mm, covering: self[t, .first]), .file], t)
            }
            return .jump(103)
        case 103:
            if self[t, .zapFoundDirty] { return .jump(8) }
            if vpn < self[t, .zapEnd] { return .jump(100) }
            return self[t, .mustFlush] ? .jump(8) : .leave()
        default:
            flushZapped(t)
            self[t, .zapFoundDirty] = false
            return .jump(103)
        }
    }

    private mutating func nextEntry(_ t: Ref<Task>, _ mm: Ref<MM>) -> Flow {
        let start = self[t, .zapAddress]
        let limit = min(self[t, .zapEnd], (start | 511) + 1)
        guard start < limit, let (vpn, _) = state.radixFirst(self[mm, .pgd], in: start...limit - 1)
        else {
            self[t, .zapAddress] = limit
            return .jump(102)
        }
        self[t, .zapAddress] = vpn
        return .jump(rules.mremapFlushesUnderPTL ? 3 : 2)
    }
}
