// do_no_page(): the fault on an absent file page in 2.6.18 to 2.6.20 (model 2.2, N1 to N9).
// From N6 to N9 no page lock is held; that is where bugs B5, B6 and B18 find their window.

extension Machine {
    mutating func do_no_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let (vma, vpn) = (self[t, .vmfVMA], self[t, .vmfAddress])
        let (mm, file) = (self[vma, .mm], self[vma, .file])
        let isShared = self[vma, .flags].contains(.shared)
        switch position {
        case 0:  // N1
            self[t, .vmfSequence] = self[file, .truncateCount]
            self[t, .vmfAnon] = false
            return .call(self[file, .fileSystem].readsPages ? .filemap_nopage : .shmem_nopage, then: 100)
        case 100:  // after N2
            if self[t, .vmfStatus] != FaultStatus.handled { return .leave() }
            if self[t, .vmfWrite] {
                if !isShared { return .jump(1) }
                if self[file, .hasPageMkwrite] { return .call(pageMkwriteMethod(file), then: 101) }
                if locksPageFirst { return .jump(9) }
            }
            return .jump(2)
        case 101:
            return .jump(locksPageFirst && !self[t, .vmfHoldsPageLock] ? 9 : 2)
        case 9:  // S17 locked
            if let wait = lockPage(self[t, .vmfPage], t) { return wait }
            self[t, .vmfHoldsPageLock] = true
            return .jump(2)
        case 1:  // N3: early COW
            anonVMAPrepare(vma)
            let old = self[t, .vmfPage]
            let copy = allocateAnonFolio(copying: self[old, .contents])
            guard copy.exists else {
                self[t, .vmfStatus] = FaultStatus.outOfMemory
                putPage(old)
                return .leave()
            }
            getPage(copy)
            putPage(old)
            self[t, .vmfPage] = copy
            self[t, .vmfAnon] = true
            return .next
        case 2:  // N4
            if let wait = lockPTL(mm, t) { return wait }
            if self[file, .truncateCount] != self[t, .vmfSequence] {
                unlockPTL(mm, t)
                releaseFaultPage(t, self[t, .vmfPage])
                return .jump(0)
            }
            return .next
        case 3:  // N5: a sibling won
            guard pte(mm, vpn).isNone else {
                releaseFaultPage(t, self[t, .vmfPage])
                unlockPTL(mm, t)
                return .leave()
            }
            return .next
        case 4:  // N6
            let page = self[t, .vmfPage]
            var entry = PTE(page, self[vma, .pageProt])
            entry.accessed = true
            if self[t, .vmfWrite] {
                entry.dirty = true
                if self[vma, .flags].contains(.write) { entry.write = true }
            }
            setPTE(mm, vpn, entry)
            self[page, .pins] -= 1
            addRmap(page)
            let dirties = self[t, .vmfWrite] && !self[t, .vmfAnon] && rules.tracks
            if dirties, rules.faultDirties == .under {
                self[t, .dirtyPage] = page
                return .call(.set_page_dirty, then: 6)
            }
            return .jump(dirties ? 5 : 6)
        case 5:  // N7
            getPage(self[t, .vmfPage])
            self[t, .vmfDirties] = true
            return .next
        case 6:  // N8
            unlockPTL(mm, t)
            if !self[t, .vmfDirties] { return self[t, .vmfHoldsPageLock] ? .jump(10) : .leave() }
            return .jump(rules.faultWaitsPageLock && !self[t, .vmfHoldsPageLock] ? 7 : 102)
        case 7:  // S21: let a writeback that has the page locked get past its test-and-clear
            let page = self[t, .vmfPage]
            if self[page, .lockOwner] != 0 { return .blocked(.pageLock, page.raw) }
            return .jump(102)
        case 102:  // N9
            self[t, .dirtyPage] = self[t, .vmfPage]
            return .call(.set_page_dirty, then: 103)
        case 103:  // set_page_dirty_balance()
            let balances = faultBalances(
                newlyDirty: self[t, .result] == 1, madeWritable: self[file, .hasPageMkwrite])
            guard balances else { return .jump(8) }
            dropFaultLock(t)
            return balance(t, self[self[t, .vmfPage], .mapping], then: 8)
        case 10:  // S22, and nothing to dirty
            self[t, .vmfHoldsPageLock] = false
            unlockPage(self[t, .vmfPage])
            return .leave()
        default:
            releaseFaultPage(t, self[t, .vmfPage])
            return .leave()
        }
    }

    /// filemap_nopage(): the cached page, read first if need be; referenced, not locked.
    mutating func filemap_nopage(_ t: Ref<Task>, at position: Int) -> Flow {
        let (file, index) = (self[self[t, .vmfVMA], .file], faultingIndex(t))
        switch position {
        case 0:
            let page: Ref<Folio>
            switch lookupForFault(t, file, index) {
            case .found(let cached):
                if !self[cached, .uptodate] { return .blocked(.pageLock, cached.raw) }
                page = cached
            case .beyondEnd:
                self[t, .vmfStatus] = FaultStatus.sigbus
                return .leave()
            case .outOfMemory:
                self[t, .vmfStatus] = FaultStatus.outOfMemory
                return .leave()
            case .reading(let added):
                self[t, .vmfPage] = added
                return .next
            }
            getPage(page)
            self[page, .referenced] = true
            self[t, .vmfPage] = page
            return .leave()
        default:
            let page = self[t, .vmfPage]
            completeRead(page, file)
            self[page, .referenced] = true
            unlockPage(page)
            return .leave()
        }
    }

    /// shmem_nopage(): a hole becomes a page of zeros.
    mutating func shmem_nopage(_ t: Ref<Task>, at position: Int) -> Flow {
        let (file, index) = (self[self[t, .vmfVMA], .file], faultingIndex(t))
        guard index < self[file, .size] else {
            self[t, .vmfStatus] = FaultStatus.sigbus
            return .leave()
        }
        var page = state.findPage(file, index)
        if let wait = waitInShmem(file, page) { return wait }
        if !page.exists {
            page = allocateFolio()
            guard page.exists else {
                self[t, .vmfStatus] = FaultStatus.outOfMemory
                return .leave()
            }
            self[page, .uptodate] = true
            addToPageCache(page, file, index)
        }
        getPage(page)
        self[page, .referenced] = true
        self[t, .vmfPage] = page
        return .leave()
    }

    /// find_lock_page() in shmem_getpage(): tmpfs has its page locked for a moment, whoever asks for
    /// it. (ramfs does not.) So nobody gets at a page that reclaim has locked.
    func waitInShmem(_ file: Ref<File>, _ page: Ref<Folio>) -> Flow? {
        guard self[file, .fileSystem] == .tmpfs, page.exists, self[page, .lockOwner] != 0 else {
            return nil
        }
        return .blocked(.pageLock, page.raw)
    }

    enum FaultLookup {
        case found(Ref<Folio>)
        case beyondEnd
        case outOfMemory
        /// A page that was not cached: it is now, locked, and its read is under way.
        case reading(Ref<Folio>)
    }

    /// Looks a page up for a fault; a miss starts the read and makes the fault a major one.
    mutating func lookupForFault(_ t: Ref<Task>, _ file: Ref<File>, _ index: Int) -> FaultLookup {
        guard index < self[file, .size] else { return .beyondEnd }
        let cached = state.findPage(file, index)
        if cached.exists { return .found(cached) }
        let folio = allocateFolio(file, index)
        guard folio.exists else { return .outOfMemory }
        self[folio, .lockOwner] = self[t, .slot]
        getPage(folio)
        addToPageCache(folio, file, index)
        self[t, .vmfMajor] = true
        count(.pgmajfault, 1)
        return .reading(page(of: folio, at: index))
    }
}
