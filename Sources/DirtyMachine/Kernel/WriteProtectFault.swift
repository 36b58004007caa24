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
            let isAnon = self[page, .anon]
            let isShared = self[vma, .flags].isSharedWritable
            if isShared, !(rules.wpAnonFirst && isAnon) {
                return .jump(self[self[vma, .file], .hasPageMkwrite] ? 1 : 3)
            }
            return isAnon ? .jump(2) : .call(.wp_page_copy, then: 102)
        case 1:  // W3a: page_mkwrite may sleep, so ptl is dropped
            getPage(self[t, .vmfPage])
            unlockPTL(mm, t)
            return .call(pageMkwriteMethod(self[vma, .file]), then: 100)
        case 100:
            return .jump(self[t, .result] == 1 ? 4 : 5)
        case 4:  // back under ptl: is the entry still the same?
            if let wait = lockPTL(mm, t) { return wait }
            let page = self[t, .vmfPage]
            guard pte(mm, vpn) == self[t, .vmfOriginal] else {
                unlockPTL(mm, t)
                if rules.mkwriteReturnsLocked { unlockPage(page) }
                putPage(page)
                return .leave()
            }
            self[t, .vmfMadeWritable] = true
            return .jump(3)
        case 5:  // truncated meanwhile
            putPage(self[t, .vmfPage])
            return .leave()
        case 2:  // W4: an anonymous page that nobody shares is reused
            let page = self[t, .vmfPage]
            guard !isZeroFolio(page), self[page, .anonExclusive] || self[page, .mapcount] == 1 else {
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
            flushTLBPage(mm, vpn)
            let page = self[t, .vmfPage]
            let dirties = !self[page, .anon] && rules.tracks
            if dirties, !self[t, .vmfMadeWritable] { getPage(page) }
            self[t, .vmfDirties] = dirties
            return .jump(6)
        case 6:
            unlockPTL(mm, t)
            return .jump(101)
        case 101:  // W-after
            guard self[t, .vmfDirties] else {
                return self[t, .vmfMadeWritable] ? .jump(8) : .leave()
            }
            if rules.generation == .v2_6 { return .jump(rules.faultWaitsPageLock ? 7 : 103) }
            return self[t, .vmfMadeWritable]
                ? .call(.fault_dirty_shared_page, then: 102) : .jump(7)
        case 7:  // 6.18 locks the page now; 2.6 with S21 waits until it is unlocked
            let page = self[t, .vmfPage]
            if rules.generation == .v6 {
                if let wait = lockPage(page, t) { return wait }
                return .call(.fault_dirty_shared_page, then: 102)
            }
            if self[page, .lockOwner] != 0 { return .blocked(.pageLock, page.raw) }
            return .jump(103)
        case 103:
            self[t, .dirtyPage] = self[t, .vmfPage]
            return .call(.set_page_dirty, then: 8)
        case 8:
            putPage(self[t, .vmfPage])
            return .leave()
        default:
            return .leave()
        }
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
            if !isZeroFolio(old) { removeRmap(old) }
            self[copy, .pins] -= 1
            addRmap(copy)
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
                return .leave(0)
            }
            return .jump(self[file, .fileSystem] == .nfs ? 3 : 1)
        case 3:  // NFS: the server is to see one version of the page at a time
            return waitForWriteback(page) ?? .jump(1)
        case 1:  // block_commit_write(): every buffer of the page
            self[page, .buffers] = self[file, .buffers]
            if self[file, .data] == .journal {
                self[page, .isInTransaction] = true
            } else {
                self[page, .dirtyBuffers] = allBuffers(file)
            }
            self[t, .dirtyPage] = page
            return .call(.set_page_dirty, then: 2)
        default:  // wait_for_stable_page(): nothing to wait for on these devices
            if !rules.mkwriteReturnsLocked { unlockPage(page) }
            return .leave(1)
        }
    }
}
