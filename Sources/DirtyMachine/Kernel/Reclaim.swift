// Reclaim and eviction of one page (model 2.16).

extension Machine {
    mutating func kswapd_shrink_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        let page = self[t, .page]
        switch position {
        case 0:
            guard self[t, .cursor] <= self[t, .last],
                let (_, word) = state.radixFirst(
                    self[file, .cache], in: self[t, .cursor]...self[t, .last])
            else { return .leave() }
            let found = head(Ref(word: word))
            self[t, .cursor] = nextIndex(of: found)
            guard self[found, .lockOwner] == 0, !self[found, .writeback], isEvictable(file) else {
                return .jump(0)
            }
            _ = lockPage(found, t)
            getPage(found)
            self[t, .page] = found
            return isMapped(found) ? .call(.try_to_unmap, then: 100) : .jump(100)
        case 100:
            if self[page, .dirty] {
                let writes =
                    rules.reclaimWrites
                    && (self[file, .fileSystem].hasDisk || self[file, .fileSystem] == .tmpfs)
                if writes { return .call(.pageout, then: 101) }
                return .jump(rules.generation == .v6 && self[file, .fileSystem].hasDisk ? 3 : 2)
            }
            return self[page, .buffers] > 0 ? .call(.try_to_free_buffers, then: 1) : .jump(1)
        case 101: return .jump(4)
        case 1:  // remove_mapping(): the references are counted before the dirty bit is read
            // Buffers that could not be freed hold a reference.
            if self[page, .pins] == 1, self[page, .buffers] == 0, !self[page, .dirty], !isMapped(page) {
                removeFromPageCache(page)
            }
            return .next
        case 2:
            unlockPage(page)
            return .jump(4)
        case 3:  // left to the flusher
            self[page, .reclaim] = true
            return .jump(2)
        default:
            putPage(page)
            self[t, .page] = .none
            return .jump(0)
        }
    }

    /// There is nowhere to write ramfs's pages to; since 2.6.28 reclaim does not even look at them.
    private func isEvictable(_ file: Ref<File>) -> Bool {
        rules.generation == .v2_6 || self[file, .fileSystem] != .ramfs
    }

    /// pageout(): 2.6 writes the page and leaves it under writeback.
    mutating func pageout(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .page]
        switch position {
        case 100:
            // is_page_cache_freeable(): a fault or a driver may have the page since it was unmapped.
            guard self[page, .mapcount] == 0, self[page, .pins] == 1 else { return .jump(0) }
            self[t, .wbcFile] = self[t, .file]
            self[t, .wbcPage] = self[t, .page]
            return .call(.clear_page_dirty_for_io, then: 101)
        case 101:
            guard self[t, .result] != 0 else { return .jump(0) }
            if self[self[t, .wbcFile], .fileSystem].hasDisk {
                return .call(writepageMethod(self[t, .file]), then: 102)
            }
            // shmem_writepage() finds no swap, and gives the page back dirty.
            self[t, .dirtyPage] = self[t, .page]
            return .call(.set_page_dirty, then: 0)
        case 0:
            unlockPage(self[t, .page])
            return .leave()
        default: return .leave()
        }
    }

    /// try_to_unmap(): takes the page, or every page of the folio, out of every page table.
    mutating func try_to_unmap(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .page]
        let mm = self[t, .rmapVMA].exists ? self[self[t, .rmapVMA], .mm] : Ref<MM>.none
        switch position {
        case 0:
            if let wait = lockImmapForWalk(self[page, .mapping], t) { return wait }
            self[t, .rmapPage] = page
            self[t, .rmapPgoff] = -1
            self[t, .rmapSerial] = 0
            return .next
        case 1:
            return nextRmapVMA(t, page).exists ? .next : .jump(8)
        case 2:
            if let wait = lockPTL(mm, t) { return wait }
            guard let vpn = nextOfFolio(t, from: rmapAddress(t)) else {
                unlockPTL(mm, t)
                return .jump(1)
            }
            if isLarge(page) { self[t, .rmapAddress] = vpn }
            return .next
        case 3:  // ptep_clear_flush()
            self[t, .rmapOld] = exchangePTE(mm, rmapAddress(t))
            return .next
        case 4:
            let vpn = rmapAddress(t)
            flushTLBPage(mm, vpn)
            let vma = self[t, .rmapVMA]
            if self[vma, .flags].contains(.nonlinear), linearIndex(vma, vpn) != self[page, .index] {
                setPTE(mm, vpn, PTE(fileOffset: self[page, .index]))
            }
            return .jump(100)
        case 100:
            guard self[t, .rmapOld].dirty else { return .jump(5) }
            self[t, .dirtyPage] = page
            return .call(.set_page_dirty, then: 5)
        case 5:
            removeRmap(self[t, .rmapOld].folio)
            self[t, .rmapOld] = .empty
            // The rest of a large folio follows under the same lock.
            guard isLarge(page), let next = nextOfFolio(t, from: rmapAddress(t) + 1) else { return .next }
            self[t, .rmapAddress] = next
            return .jump(3)
        case 6:
            unlockPTL(mm, t)
            return .jump(self[self[t, .rmapVMA], .flags].contains(.nonlinear) ? 9 : 1)
        case 8:
            // The kernel unmaps by a cursor whatever it meets in a nonlinear VMA. Here it is the
            // page that reclaim came for.
            let last = self[t, .rmapVMA]
            let vma = last.exists ? self[last, .fileRight] : self[self[page, .mapping], .immapNonlinear]
            self[t, .rmapVMA] = vma
            guard vma.exists else { return .jump(7) }
            self[t, .rmapAddress] = self[vma, .start]
            return .next
        case 9:
            let vma = self[t, .rmapVMA]
            if let wait = lockPTL(mm, t) { return wait }
            guard let vpn = state.address(of: page, in: vma, from: self[t, .rmapAddress]) else {
                unlockPTL(mm, t)
                return .jump(8)
            }
            self[t, .rmapAddress] = vpn
            return .jump(3)
        default:
            unlockImmap(self[page, .mapping], t)
            self[t, .rmapVMA] = .none
            return .leave()
        }
    }

    /// `evict`: drops clean pages that nobody maps; EBUSY for the others, and for a folio of which the
    /// range has only a part.
    mutating func invalidate_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        let page = self[t, .page]
        switch position {
        case 0:
            guard self[t, .cursor] <= self[t, .last],
                let (_, word) = state.radixFirst(
                    self[file, .cache], in: self[t, .cursor]...self[t, .last])
            else { return .leave() }
            let found = head(Ref(word: word))
            self[t, .cursor] = nextIndex(of: found)
            let isBusy =
                self[found, .lockOwner] != 0 || self[found, .dirty] || self[found, .writeback]
                || isMapped(found) || self[found, .pins] > 0
            let isPart =
                self[found, .index] < self[t, .first] || nextIndex(of: found) - 1 > self[t, .last]
            if isBusy || isPart {
                self[t, .outcome] = .EBUSY
                return .jump(0)
            }
            _ = lockPage(found, t)
            self[t, .page] = found
            return self[found, .buffers] > 0 ? .call(.try_to_free_buffers, then: 1) : .jump(1)
        default:
            let isBusy =
                self[page, .buffers] > 0 || self[page, .dirty] || isMapped(page)
                || self[page, .pins] > 0
            unlockPage(page)
            if isBusy {
                self[t, .outcome] = .EBUSY
            } else {
                removeFromPageCache(page)
                freeIfUnused(page)
            }
            return .jump(0)
        }
    }
}
