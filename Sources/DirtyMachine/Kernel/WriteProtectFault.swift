// do_wp_page(): a store to a page that is present but not writable (model 2.4). For a tracked
// mapping this is the trap that the 2006 patch sets. Entered with ptl held.

extension Machine {
    mutating func do_wp_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let (vma, vpn) = (self[t, .vmfVMA], self[t, .vmfAddress])
        let mm = self[vma, .mm]
        switch position {
        case 0:  // W1, W2
            let page = self[t, .vmfOriginal].folio
            self[t, .vmfPage] = page
            if self[vma, .flags].hasNoPages {
                return rules.generation == .v6 ? .jump(9) : .call(.wp_page_copy, then: 102)
            }
            if staysShared(vma, page) {
                if self[self[vma, .file], .hasPageMkwrite] { return .jump(1) }
                return .jump(locksPageFirst ? 10 : 3)
            }
            return self[page, .anon] ? .jump(2) : .call(.wp_page_copy, then: 102)
        case 1:  // W3a: page_mkwrite may sleep, so ptl is dropped
            getPage(self[t, .vmfPage])
            unlockPTL(mm, t)
            return .call(pageMkwriteMethod(self[vma, .file]), then: 100)
        case 100:
            guard self[t, .result] == 1 else { return .jump(5) }
            return .jump(locksPageFirst && !self[t, .vmfHoldsPageLock] ? 11 : 4)
        case 4:  // back under ptl: is the entry still the same?
            if let wait = lockPTL(mm, t) { return wait }
            let page = self[t, .vmfPage]
            guard pte(mm, vpn) == self[t, .vmfOriginal] else {
                unlockPTL(mm, t)
                releaseFaultPage(t, page)
                return .leave()
            }
            self[t, .vmfMadeWritable] = self[self[vma, .file], .hasPageMkwrite]
            return .jump(3)
        case 5:  // truncated meanwhile
            putPage(self[t, .vmfPage])
            return .leave()
        case 2:  // W4: an anonymous page that nobody shares is reused
            let page = self[t, .vmfPage]
            // 6.18 counts references, so that a page which a driver holds is copied.
            let isOurs =
                self[page, .mapcount] == 1 && (rules.generation == .v2_6 || self[page, .pins] == 0)
            guard !isZeroFolio(page), self[page, .anonExclusive] || isOurs else {
                return .call(.wp_page_copy, then: 102)
            }
            self[page, .anonExclusive] = true
            return .jump(3)
        case 3:  // W3b and W-reuse
            var entry = self[t, .vmfOriginal]
            entry.accessed = true
            entry.dirty = true
            if self[vma, .flags].contains(.write) { entry.write = true }
            setPTE(mm, vpn, entry)
            flushAfterUpgrade(mm, vpn)
            self[t, .vmfReturnedWrite] = true
            let page = self[t, .vmfPage]
            noteReuse(t, page)
            let dirties = rules.tracks && staysShared(vma, page)
            if dirties, rules.faultDirties == .under {
                self[t, .dirtyPage] = page
                return .call(.set_page_dirty, then: 6)
            }
            if dirties, !hasReference(t) { getPage(page) }
            self[t, .vmfDirties] = dirties
            return .jump(6)
        case 6:
            unlockPTL(mm, t)
            return .jump(101)
        case 101:  // W-after
            guard self[t, .vmfDirties] else { return hasReference(t) ? .jump(8) : .leave() }
            let holdsLock = self[t, .vmfHoldsPageLock]
            if rules.generation == .v2_6 {
                return .jump(rules.faultWaitsPageLock && !holdsLock ? 7 : 103)
            }
            let locksNow =
                rules.faultDirties == .locked && rules.faultWaitsPageLock && !holdsLock
            return locksNow ? .jump(7) : .call(.fault_dirty_shared_page, then: 102)
        case 7:  // 6.18 locks the page now; 2.6 with S21 waits until it is unlocked
            let page = self[t, .vmfPage]
            if rules.generation == .v6 {
                if let wait = lockPage(page, t) { return wait }
                self[t, .vmfHoldsPageLock] = true
                return .call(.fault_dirty_shared_page, then: 102)
            }
            if self[page, .lockOwner] != 0 { return .blocked(.pageLock, page.raw) }
            return .jump(103)
        case 103:
            self[t, .dirtyPage] = self[t, .vmfPage]
            return .call(.set_page_dirty, then: 104)
        case 104:  // set_page_dirty_balance()
            let balances = faultBalances(
                newlyDirty: self[t, .result] == 1, madeWritable: self[t, .vmfMadeWritable])
            guard balances else { return .jump(8) }
            dropFaultLock(t)
            return balance(t, self[self[t, .vmfPage], .mapping], then: 8)
        case 8:
            releaseFaultPage(t, self[t, .vmfPage])
            return .leave()
        case 9:  // wp_pfn_shared(): no struct page, nothing to track
            var entry = self[t, .vmfOriginal]
            entry.accessed = true
            entry.dirty = true
            entry.write = true
            setPTE(mm, vpn, entry)
            flushAfterUpgrade(mm, vpn)
            return .jump(6)
        case 10:  // S17 locked, on 2.6: the page lock is taken outside ptl
            getPage(self[t, .vmfPage])
            unlockPTL(mm, t)
            return .jump(11)
        case 11:
            let page = self[t, .vmfPage]
            if let wait = lockPage(page, t) { return wait }
            self[t, .vmfHoldsPageLock] = true
            return .jump(4)
        default:
            return .leave()
        }
    }

    /// W2: a store to a shared mapping goes to the page itself. S03a asks whether the mapping is
    /// writable at all, S03b whether a page that a poke has made private is still in there. The
    /// name of the helper (S01) hides a test for VM_PFNMAP, whose pages never come here.
    private func staysShared(_ vma: Ref<VMA>, _ page: Ref<Folio>) -> Bool {
        let flags = self[vma, .flags]
        if !rules.helperNameIsExact, flags.contains(.pfnmap) { return false }
        let isShared = rules.wpTestsWrite ? flags.isSharedWritable : flags.contains(.shared)
        return isShared && !(rules.wpAnonFirst && self[page, .anon])
    }

    /// S17 on 2.6; 6.18 has its own way.
    var locksPageFirst: Bool {
        rules.generation == .v2_6 && rules.tracks && rules.faultDirties == .locked
    }

    private func hasReference(_ t: Ref<Task>) -> Bool {
        self[t, .vmfMadeWritable] || self[t, .vmfHoldsPageLock]
    }

    /// Lets go of the page that a fault worked on, and of its lock if the fault has it.
    mutating func releaseFaultPage(_ t: Ref<Task>, _ page: Ref<Folio>) {
        dropFaultLock(t)
        putPage(page)
    }

    mutating func dropFaultLock(_ t: Ref<Task>) {
        guard self[t, .vmfHoldsPageLock] else { return }
        self[t, .vmfHoldsPageLock] = false
        unlockPage(self[t, .vmfPage])
    }

    /// W5: the store goes to a private copy. Entered with ptl held.
    mutating func wp_page_copy(_ t: Ref<Task>, at position: Int) -> Flow {
        let (vma, vpn) = (self[t, .vmfVMA], self[t, .vmfAddress])
        let mm = self[vma, .mm]
        let old = self[t, .vmfPage]
        switch position {
        case 0:
            getPage(old)
            unlockPTL(mm, t)
            return .next
        case 1:
            anonVMAPrepare(vma)
            let copy = allocateAnonFolio(copying: self[old, .contents])
            guard copy.exists else {
                self[t, .vmfStatus] = FaultStatus.outOfMemory
                putPage(old)
                return .leave()
            }
            getPage(copy)
            self[t, .vmfNewPage] = copy
            return .next
        case 2:
            if let wait = lockPTL(mm, t) { return wait }
            guard pte(mm, vpn) == self[t, .vmfOriginal] else {
                unlockPTL(mm, t)
                putPage(self[t, .vmfNewPage])
                putPage(old)
                return .leave()
            }
            return .next
        case 3:
            // The old entry is gone from all TLBs before the new one appears, so that no two
            // CPUs see two pages.
            let copy = self[t, .vmfNewPage]
            var entry = PTE(copy, self[vma, .pageProt])
            entry.accessed = true
            entry.dirty = true
            if self[vma, .flags].contains(.write) { entry.write = true }
            setPTE(mm, vpn, .empty)
            flushTLBPage(mm, vpn)
            setPTE(mm, vpn, entry)
            if !isZeroFolio(old), !hasNoStructPage(old) { removeRmap(old) }
            self[copy, .pins] -= 1
            addRmap(copy)
            self[t, .vmfReturnedWrite] = true
            return .next
        default:
            unlockPTL(mm, t)
            putPage(old)
            return .leave()
        }
    }

    /// vm_ops->page_mkwrite.
    func pageMkwriteMethod(_ file: Ref<File>) -> KernelFunction {
        switch self[file, .fileSystem] {
        case .xfs where rules.generation == .v6: .iomap_page_mkwrite
        case .nfs: .nfs_vm_page_mkwrite
        case .ramfs where rules.generation == .v6: .filemap_page_mkwrite
        default: .page_mkwrite
        }
    }

    /// ->page_mkwrite: the file system prepares for a page that becomes dirty, and makes it so.
    /// Returns 1, with the page locked where the kernel's convention says so; 0 if the page was
    /// truncated meanwhile.
    mutating func page_mkwrite(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .vmfPage]
        let file = self[self[t, .vmfVMA], .file]
        switch position {
        case 0:
            if let wait = lockPage(page, t) { return wait }
            guard self[page, .mapping] == file else {
                unlockPage(page)
                // No file system prepares an anonymous page (S03b).
                if self[page, .anon] { self[t, .vmfStatus] = FaultStatus.sigbus }
                return .leave(0)
            }
            return .jump(self[file, .fileSystem] == .nfs ? 3 : 1)
        case 3:  // NFS: the server is to see one version of the page at a time
            return waitForWriteback(page) ?? .jump(1)
        case 1:  // block_commit_write(): every buffer of the folio
            if isDeviceMemory(page) { return .next }  // a driver makes a note for itself
            let folio = head(page)
            for page in pages(of: folio) {
                self[page, .buffers] = self[file, .buffers]
                if self[file, .data] == .journal {
                    self[page, .isInTransaction] = true
                } else {
                    self[page, .dirtyBuffers] = allBuffers(file)
                }
            }
            self[folio, .isPrepared] = true
            self[t, .dirtyPage] = folio
            return .call(.set_page_dirty, then: 2)
        default:  // wait_for_stable_page(): nothing to wait for on these devices
            self[t, .vmfHoldsPageLock] = rules.mkwriteReturnsLocked
            if !rules.mkwriteReturnsLocked { unlockPage(page) }
            return .leave(1)
        }
    }
}
