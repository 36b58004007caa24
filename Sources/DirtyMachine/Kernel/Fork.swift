// fork(2) (model 2.14, section 9 rules 9 and 10).

extension Machine {
    mutating func sys_fork(_ t: Ref<Task>, at position: Int) -> Flow {
        let (parent, child) = (self[t, .process], self[t, .child])
        let mm = self[parent, .mm]
        switch position {
        case 0:
            if let wait = mmapWriteLock(mm, t) { return wait }
            makeChild(child, of: parent)
            self[t, .cursor] = 0
            return .next
        case 1:  // F3, dup_mmap(): the child's VMA enters the reverse map right after its parent
            let vma = state.findVMA(mm, self[t, .cursor])
            guard vma.exists else { return .jump(2) }
            if let wait = waitForImmap(self[vma, .file]) { return wait }
            self[t, .cursor] = self[vma, .end]
            self[t, .vma] = vma
            duplicate(vma, into: self[child, .mm])
            // F0: what a fault can bring back is not copied.
            let refaults =
                self[vma, .anonVMA] == 0
                && self[vma, .flags].isDisjoint(with: [.pfnmap, .insertPage, .nonlinear])
            return refaults ? .jump(1) : .call(.copy_page_range, then: 1)
        case 2:  // F4
            flushTLB(mm, 0..<State.topPage)
            return .next
        default:  // wake_up_new_task(): not before its page tables are complete
            self[child, .isAlive] = true
            self[t, .vma] = .none
            mmapUnlock(mm, t)
            return .leave()
        }
    }

    private mutating func makeChild(_ child: Ref<Process>, of parent: Ref<Process>) {
        let mm = makeMM(owner: child)
        self[child, .mm] = mm
        var mapping = self[self[parent, .mm], .mappings]
        var last = Ref<Mapping>.none
        while mapping.exists {
            let copy = allocate(Mapping.self)
            self[copy, .name] = self[mapping, .name]
            self[copy, .start] = self[mapping, .start]
            self[copy, .pages] = self[mapping, .pages]
            if last.exists { self[last, .next] = copy } else { self[mm, .mappings] = copy }
            last = copy
            mapping = self[mapping, .next]
        }
    }

    private mutating func duplicate(_ vma: Ref<VMA>, into mm: Ref<MM>) {
        let copy = allocate(VMA.self)
        for field in [Field<VMA, Int>.start, .end, .pgoff, .anonVMA] { self[copy, field] = self[vma, field] }
        self[copy, .flags] = self[vma, .flags]
        self[copy, .pageProt] = self[vma, .pageProt]
        self[copy, .file] = self[vma, .file]
        self[copy, .isReprotected] = self[vma, .isReprotected]
        self[copy, .isFileReadOnly] = self[vma, .isFileReadOnly]
        if rules.generation == .v6, self[vma, .anonVMA] != 0 {
            // anon_vma_fork(): one of its own for each VMA of the child, chained to the parent's.
            self[copy, .anonVMA] = newAnonVMA()
            self[copy, .hasForkAncestry] = true
        }
        link(copy, mm)
        if !rules.forkLinksBehind { exchangeRmapPlaces(vma, copy) }
    }

    /// The wrong order (B16): a walk of the reverse map meets the child before its parent.
    private mutating func exchangeRmapPlaces(_ parent: Ref<VMA>, _ child: Ref<VMA>) {
        guard self[parent, .file].exists else { return }
        unlinkFile(parent)
        unlinkFile(child)
        let serial = self[parent, .serial]
        self[parent, .serial] = self[child, .serial]
        self[child, .serial] = serial
        linkFile(parent)
        linkFile(child)
    }

    mutating func copy_page_range(_ t: Ref<Task>, at position: Int) -> Flow {
        let vma = self[t, .vma]
        let (mm, childMM) = (self[vma, .mm], self[self[t, .child], .mm])
        switch position {
        case 0:
            if let wait = lockPTL(mm, t) { return wait }
            self[t, .zapAddress] = self[vma, .start]
            return .next
        case 1:  // F1
            let end = self[vma, .end]
            guard self[t, .zapAddress] < end,
                let (vpn, _) = state.radixFirst(self[mm, .pgd], in: self[t, .zapAddress]...end - 1)
            else { return .jump(2) }
            copyEntry(vma, vpn, to: childMM)
            self[t, .zapAddress] = vpn + 1
            return .jump(1)
        default:
            unlockPTL(mm, t)
            return .leave()
        }
    }

    private mutating func copyEntry(_ vma: Ref<VMA>, _ vpn: Int, to childMM: Ref<MM>) {
        let mm = self[vma, .mm]
        var entry = pte(mm, vpn)
        guard entry.isMapped else {
            setPTE(childMM, vpn, entry)
            return
        }
        let page = entry.folio
        if self[vma, .flags].isCOW, entry.write {
            entry.write = false
            setPTE(mm, vpn, entry)
        }
        if !isZeroFolio(page), !hasNoStructPage(page) {
            if self[page, .anon] { self[page, .anonExclusive] = false }
            addRmap(page)
        }
        // F2: an anonymous page in a shared VMA stays writable on both sides.
        if self[vma, .flags].contains(.shared) { entry.dirty = false }
        entry.accessed = false
        setPTE(childMM, vpn, entry)
    }
}
