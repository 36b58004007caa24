// page_mkclean(): take W and D from every PTE that maps a page, so that the next store faults
// (model 2.6). The page is locked.

extension Machine {
    /// Cleans the PTEs of `rmapPage`; returns how many were writable or dirty.
    mutating func page_mkclean(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .rmapPage]
        switch position {
        case 0:  // M1: without any lock
            self[t, .cleaned] = 0
            if self[page, .anon], !rules.mkcleanSparesAnon {
                self[t, .outcome] = .OOPS  // S14: BUG_ON(PageAnon(page)) in page_mkclean_file()
                return .leave(0)
            }
            return isMapped(page) ? .next : .leave(0)
        case 1:  // M2
            return self[page, .mapping].exists ? .next : .leave(0)
        case 2:  // M3
            if let wait = lockImmapForWalk(self[page, .mapping], t) { return wait }
            self[t, .rmapPgoff] = -1
            self[t, .rmapSerial] = 0
            return .next
        case 3:  // the next VMA; vm_flags are read without mmap_sem
            let vma = nextRmapVMA(t, page)
            guard vma.exists else { return .jump(4) }
            self[t, .rmapProtects] = protects(vma, page)
            return visits(vma) ? .call(.page_mkclean_one, then: 3) : .jump(3)
        default:  // M4
            unlockImmap(self[page, .mapping], t)
            self[t, .rmapVMA] = .none
            self[t, .rmapProtects] = false
            return .leave(self[t, .cleaned])
        }
    }

    /// Steps the walk of the reverse map to the next VMA that maps a page of a folio.
    mutating func nextRmapVMA(_ t: Ref<Task>, _ page: Ref<Folio>) -> Ref<VMA> {
        let cursor = self[t, .rmapPgoff] < 0 ? nil : (self[t, .rmapPgoff], self[t, .rmapSerial])
        let vma = state.nextMapping(
            of: self[page, .mapping], pages: self[page, .index]...nextIndex(of: page) - 1,
            after: cursor)
        self[t, .rmapVMA] = vma
        if vma.exists {
            self[t, .rmapPgoff] = self[vma, .pgoff]
            self[t, .rmapSerial] = self[vma, .serial]
            if isLarge(page) { self[t, .rmapAddress] = addresses(of: page, in: vma).lowerBound }
        }
        return vma
    }

    /// S11. Only VM_SHARED never changes: a VMA that is read-only now may have been writable,
    /// and may become so again.
    private func visits(_ vma: Ref<VMA>) -> Bool {
        switch rules.mkcleanFilter {
        case .all: true
        case .shared: self[vma, .flags].contains(.shared)
        case .sharedWritableNow: self[vma, .flags].isSharedWritable
        }
    }

    /// Whether W goes as well as D: always, where dirty pages are accounted at all. S12 goes by
    /// what vm_flags say at this moment, before ptl is taken.
    private func protects(_ vma: Ref<VMA>, _ page: Ref<Folio>) -> Bool {
        guard self[self[page, .mapping], .accountsDirty] else { return false }
        if rules.mkcleanAlwaysProtects { return true }
        return self[vma, .flags].isSharedWritable && !self[vma, .flags].contains(.pfnmap)
    }

    /// Where the walk's VMA maps the page.
    func rmapAddress(_ t: Ref<Task>) -> Int {
        let (vma, page) = (self[t, .rmapVMA], self[t, .rmapPage])
        if isLarge(page) || self[vma, .flags].contains(.nonlinear) { return self[t, .rmapAddress] }
        return self[vma, .start] + self[page, .index] - self[vma, .pgoff]
    }

    /// page_vma_mapped_walk(): the first address of the walk's VMA, from `vpn` on, where an entry that
    /// passes maps a page of the folio.
    func nextOfFolio(_ t: Ref<Task>, from vpn: Int, where passes: (PTE) -> Bool = { _ in true }) -> Int? {
        let (vma, folio) = (self[t, .rmapVMA], self[t, .rmapPage])
        let end = isLarge(folio) ? addresses(of: folio, in: vma).upperBound : rmapAddress(t) + 1
        var vpn = vpn
        while vpn < end {
            let entry = pte(self[vma, .mm], vpn)
            if entry.isMapped, head(entry.folio) == folio, passes(entry) { return vpn }
            vpn += 1
        }
        return nil
    }

    /// Whether the page table has nothing at the walk's addresses, seen without the lock.
    private func hasNoEntry(_ t: Ref<Task>, from vpn: Int) -> Bool {
        let (vma, folio) = (self[t, .rmapVMA], self[t, .rmapPage])
        let end = isLarge(folio) ? addresses(of: folio, in: vma).upperBound : vpn + 1
        return (vpn..<end).allSatisfy { pte(self[vma, .mm], $0).isNone }
    }

    /// Steps the walk to the next of these addresses; false if there is none.
    private mutating func goOnToClean(_ t: Ref<Task>, from vpn: Int) -> Bool {
        let protects = self[t, .rmapProtects]
        guard let next = nextOfFolio(t, from: vpn, where: { $0.dirty || $0.write && protects })
        else { return false }
        if isLarge(self[t, .rmapPage]) { self[t, .rmapAddress] = next }
        return true
    }

    /// After an entry is clean: on to the next one of a large folio, with ptl held all the while.
    private mutating func cleanNext(_ t: Ref<Task>) -> Flow {
        guard isLarge(self[t, .rmapPage]), goOnToClean(t, from: self[t, .rmapAddress] + 1) else {
            return .jump(4)
        }
        self[t, .cleaned] += 1
        return .jump(1)
    }

    mutating func page_mkclean_one(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .rmapVMA], .mm]
        let vpn = rmapAddress(t)
        switch position {
        case 0:  // page_check_address()
            if !rules.mkcleanAwaitsLock, hasNoEntry(t, from: vpn) { return .leave() }
            if let wait = lockPTL(mm, t) { return wait }
            guard goOnToClean(t, from: vpn) else {
                unlockPTL(mm, t)
                return .leave()
            }
            return .next
        case 1:  // X1
            // S16: else the hardware may set D before the entry is written back.
            self[t, .rmapOld] = rules.updatesPTEAtomically ? exchangePTE(mm, vpn) : pte(mm, vpn)
            guard rules.mkcleanFlushes else { return .jump(3) }
            return .jump(rules.mkcleanFlushesBeforeSet ? 2 : 3)
        case 2:  // X2 of 2.6.20 and later, X3 of 2.6.19
            flushTLBPage(mm, vpn)
            return rules.mkcleanFlushesBeforeSet ? .jump(3) : cleanNext(t)
        case 3:  // X3 of 2.6.20 and later, X2 of 2.6.19
            var entry = self[t, .rmapOld]
            if self[t, .rmapProtects] { entry.write = false }
            if !rules.mkcleanKeepsD { entry.dirty = false }
            setPTE(mm, vpn, entry)
            self[t, .rmapOld] = .empty
            return rules.mkcleanFlushes && !rules.mkcleanFlushesBeforeSet ? .jump(2) : cleanNext(t)
        default:
            unlockPTL(mm, t)
            self[t, .cleaned] += 1
            return .leave()
        }
    }
}
