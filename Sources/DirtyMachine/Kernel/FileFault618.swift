// The do_fault() family of 6.18 (model 2.2 and section 9): fault-around for loads, and for
// stores the page lock held from page_mkwrite to the dirtying of the page.

extension Machine {
    mutating func do_read_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        switch position {
        case 100:
            let isDevice = self[self[self[t, .vmfVMA], .file], .device] != .none
            return rules.faultAround > 1 && !isDevice
                ? .call(.do_fault_around, then: 101) : .call(.filemap_fault, then: 102)
        case 101:
            return self[t, .result] == 1 ? .leave() : .call(.filemap_fault, then: 102)
        case 102:
            if self[t, .vmfStatus] != FaultStatus.handled { return .leave() }
            return .call(.finish_fault, then: 0)
        default:
            unlockPage(self[t, .vmfPage])
            putPage(self[t, .vmfPage])
            return .leave()
        }
    }

    /// filemap_map_pages(): maps what is cached around the address, in one hold of the lock.
    /// Returns 1 if that included the address itself.
    mutating func do_fault_around(_ t: Ref<Task>) -> Flow {
        let (vma, vpn) = (self[t, .vmfVMA], self[t, .vmfAddress])
        let (mm, file) = (self[vma, .mm], self[vma, .file])
        if let wait = lockPTL(mm, t) { return wait }
        let table = vpn & ~511
        let window = max(vpn & ~(rules.faultAround - 1), self[vma, .start], table)
        let fileLimit = self[vma, .start] + self[file, .size] - self[vma, .pgoff] - 1
        let last = min(window + rules.faultAround - 1, table + 511, self[vma, .end] - 1, fileLimit)
        var at = window
        while at <= last {
            let page = state.findPage(file, linearIndex(vma, at))
            let folio = head(page)
            // PG_reclaim shares its bit with PG_readahead, and such pages are for ->fault.
            guard page.exists, self[folio, .uptodate], self[folio, .lockOwner] == 0,
                !self[folio, .reclaim]
            else {
                at += 1
                continue
            }
            guard isLarge(folio) else {
                if pte(mm, at).isNone { mapAround(vma, at, page) }
                at += 1
                continue
            }
            // A large folio is mapped even beyond the window, unless the file ends with it.
            let all = addresses(of: folio, in: vma)
            let isLast = nextIndex(of: folio) == self[file, .size]
            let whole = isLast ? nil : addressesOfWhole(folio, in: vma)
            for vpn in whole ?? at..<min(all.upperBound, last + 1) where pte(mm, vpn).isNone {
                mapAround(vma, vpn, self.page(of: folio, at: linearIndex(vma, vpn)))
            }
            at = all.upperBound
        }
        let mapped = !pte(mm, vpn).isNone
        unlockPTL(mm, t)
        return .leave(mapped ? 1 : 0)
    }

    private mutating func mapAround(_ vma: Ref<VMA>, _ vpn: Int, _ page: Ref<Folio>) {
        setPTE(self[vma, .mm], vpn, readEntry(vma, page))
        addRmap(page)
        self[head(page), .referenced] = true
    }

    /// set_pte_range() for a load. Where stores are not tracked, the entry of a dirty page is
    /// writable and dirty at once.
    private func readEntry(_ vma: Ref<VMA>, _ page: Ref<Folio>) -> PTE {
        var entry = PTE(page, self[vma, .pageProt])
        entry.accessed = true
        if entry.write, self[head(page), .dirty] { entry.dirty = true }
        return entry
    }

    /// filemap_fault() and shmem_fault(): the page, referenced and locked.
    mutating func filemap_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        let (file, index) = (self[self[t, .vmfVMA], .file], faultingIndex(t))
        switch position {
        case 0:
            if !self[file, .fileSystem].readsPages { return shmem_fault(t, file, index) }
            switch lookupForFault(t, file, index) {
            case .found(let page):
                if let wait = lockPage(page, t) { return wait }
                getPage(page)
                self[head(page), .referenced] = true
                self[t, .vmfPage] = page
                return .leave()
            case .beyondEnd:
                self[t, .vmfStatus] = FaultStatus.sigbus
                return .leave()
            case .outOfMemory:
                self[t, .vmfStatus] = FaultStatus.outOfMemory
                return .leave()
            case .reading(let page):
                self[t, .vmfPage] = page
                return .next
            }
        default:
            let page = self[t, .vmfPage]
            completeRead(page, file)
            self[head(page), .referenced] = true
            return .leave()
        }
    }

    private mutating func shmem_fault(_ t: Ref<Task>, _ file: Ref<File>, _ index: Int) -> Flow {
        let cached = state.findPage(file, index)
        if cached.exists, index < self[file, .size], self[cached, .lockOwner] != 0 {
            return .blocked(.pageLock, cached.raw)
        }
        let flow = shmem_nopage(t, at: 0)
        if self[t, .vmfStatus] == FaultStatus.handled { _ = lockPage(self[t, .vmfPage], t) }
        return flow
    }

    /// Installs the entry for vmfNewPage if there is one, else for vmfPage, and then for all of its
    /// folio or for no other page of it. Returns 1 when somebody else was faster.
    mutating func finish_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        let (vma, vpn) = (self[t, .vmfVMA], self[t, .vmfAddress])
        let mm = self[vma, .mm]
        switch position {
        case 0:
            if let wait = lockPTL(mm, t) { return wait }
            guard pte(mm, vpn).isNone else {
                unlockPTL(mm, t)
                return .leave(1)
            }
            return .next
        case 1:
            let copy = self[t, .vmfNewPage]
            let page = copy.exists ? copy : self[t, .vmfPage]
            if isLarge(page), let range = vacantAddresses(of: head(page), in: vma) {
                for vpn in range {
                    install(t, vpn, self.page(of: head(page), at: linearIndex(vma, vpn)))
                }
            } else {
                install(t, vpn, page)
            }
            if rules.faultDirties == .under, self[t, .vmfWrite], !copy.exists {
                self[t, .dirtyPage] = page
                return .call(.set_page_dirty, then: 2)
            }
            return .next
        default:
            unlockPTL(mm, t)
            return .leave(0)
        }
    }

    /// set_pte_range(), of one page.
    private mutating func install(_ t: Ref<Task>, _ vpn: Int, _ page: Ref<Folio>) {
        let (vma, copy) = (self[t, .vmfVMA], self[t, .vmfNewPage])
        var entry = readEntry(vma, page)
        if self[t, .vmfWrite] {
            entry.dirty = true
            if self[vma, .flags].contains(.write) { entry.write = true }
        }
        setPTE(self[vma, .mm], vpn, entry)
        if copy.exists { self[copy, .pins] -= 1 }
        addRmap(page)
    }

    /// Where all of a folio can be mapped at once: nothing may be there yet.
    private func vacantAddresses(of folio: Ref<Folio>, in vma: Ref<VMA>) -> Range<Int>? {
        guard let range = addressesOfWhole(folio, in: vma) else { return nil }
        return range.allSatisfy { pte(self[vma, .mm], $0).isNone } ? range : nil
    }

    mutating func do_shared_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[self[t, .vmfVMA], .file]
        switch position {
        case 100:
            return .call(.filemap_fault, then: 101)
        case 101:
            if self[t, .vmfStatus] != FaultStatus.handled { return .leave() }
            self[t, .vmfHoldsPageLock] = true
            return self[file, .hasPageMkwrite] ? .jump(0) : .call(.finish_fault, then: 103)
        case 0:
            unlockPage(self[t, .vmfPage])
            self[t, .vmfHoldsPageLock] = false
            return .call(pageMkwriteMethod(file), then: 102)
        case 102:
            return self[t, .result] == 1 ? .call(.finish_fault, then: 103) : .jump(1)
        case 1:  // truncated meanwhile: try again
            putPage(self[t, .vmfPage])
            return .jump(100)
        case 103:
            return self[t, .result] == 0 ? .call(.fault_dirty_shared_page, then: 104) : .jump(2)
        case 2:
            releaseFaultPage(t, self[t, .vmfPage])
            return .leave()
        default:
            return .leave()
        }
    }

    /// The page is locked from before its PTE became writable until it is dirty; S17, S21 and S22
    /// open that up.
    mutating func fault_dirty_shared_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .vmfPage]
        switch position {
        case 100:
            switch (rules.faultDirties, self[t, .vmfHoldsPageLock]) {
            case (.under, _): return .jump(0)
            case (.locked, true): return .jump(101)
            case (.locked, false): return .jump(rules.faultWaitsPageLock ? 1 : 101)
            case (.outside, true): return .jump(2)
            case (.outside, false): return .jump(102)
            }
        case 101:
            self[t, .dirtyPage] = page
            return .call(.set_page_dirty, then: 0)
        case 102:
            return .jump(rules.faultWaitsPageLock ? 3 : 101)
        case 1:
            if let wait = lockPage(page, t) { return wait }
            self[t, .vmfHoldsPageLock] = true
            return .jump(101)
        case 2:
            unlockPage(page)
            self[t, .vmfHoldsPageLock] = false
            return .jump(102)
        case 3:
            if self[head(page), .lockOwner] != 0 { return .blocked(.pageLock, head(page).raw) }
            return .jump(101)
        case 0:
            let file = self[page, .mapping]
            let balances = faultBalances(
                newlyDirty: self[t, .result] == 1, madeWritable: self[file, .hasPageMkwrite])
            releaseFaultPage(t, page)
            guard balances, throttles(file) else { return .leave() }
            // maybe_unlock_mmap_for_io(): nobody is to wait for the address space meanwhile.
            if [.read, .write].contains(self[t, .operation]) {
                mmapUnlock(self[self[t, .process], .mm], t)
                self[t, .vmfVMA] = .none
            }
            return balance(t, file, then: 103)
        default:
            return .leave()
        }
    }

    mutating func do_cow_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        switch position {
        case 0:
            anonVMAPrepare(self[t, .vmfVMA])
            let copy = allocateAnonFolio(copying: 0)
            guard copy.exists else {
                self[t, .vmfStatus] = FaultStatus.outOfMemory
                return .leave()
            }
            getPage(copy)
            self[t, .vmfNewPage] = copy
            return .call(.filemap_fault, then: 100)
        case 100:
            return .jump(self[t, .vmfStatus] == FaultStatus.handled ? 1 : 2)
        case 1:
            self[self[t, .vmfNewPage], .contents] = self[self[t, .vmfPage], .contents]
            return .call(.finish_fault, then: 3)
        case 2:
            putPage(self[t, .vmfNewPage])
            return .leave()
        default:
            if self[t, .result] == 1 { putPage(self[t, .vmfNewPage]) }
            unlockPage(self[t, .vmfPage])
            putPage(self[t, .vmfPage])
            return .leave()
        }
    }
}
