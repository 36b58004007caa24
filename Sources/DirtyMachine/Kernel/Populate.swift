// mmap(2) with MAP_POPULATE (section 9 rule 15): the mapping is filled before the call returns, and
// what goes wrong on the way does not matter.

extension Machine {
    mutating func mm_populate(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            if let wait = mmapReadLock(mm, t) { return wait }
            let binding = self[t, .mapping]
            self[t, .zapAddress] = self[binding, .start]
            self[t, .zapEnd] = self[binding, .start] + self[binding, .pages]
            return .jump(rules.generation == .v6 ? 100 : 102)
        case 1:
            mmapUnlock(mm, t)
            self[t, .gupPage] = .none
            self[t, .page] = .none
            return .leave()
        case 100: return populateNext(t, mm)
        case 101:
            let vma = state.vma(mm, covering: self[t, .zapAddress])
            let isFine = self[t, .result] == GUPStatus.found
            self[t, .zapAddress] = isFine ? self[t, .zapAddress] + 1 : self[vma, .end]
            return .jump(100)
        case 102:
            return .jump(mayPopulate(t, mm) ? 2 : 1)
        default:
            return filemap_populate(t, mm, at: position)
        }
    }

    /// populate_vma_page_range(): as get_user_pages() by force, and for writing where a store would
    /// make a private copy anyway.
    private mutating func populateNext(_ t: Ref<Task>, _ mm: Ref<MM>) -> Flow {
        let vma = state.findVMA(mm, self[t, .zapAddress])
        guard vma.exists, self[vma, .start] < self[t, .zapEnd], self[t, .zapAddress] < self[t, .zapEnd]
        else { return .jump(1) }
        let flags = self[vma, .flags]
        self[t, .zapAddress] = max(self[t, .zapAddress], self[vma, .start])
        setGUP(
            t, self[t, .zapAddress], write: flags.contains(.write) && !flags.contains(.shared),
            force: !flags.isDisjoint(with: .access), get: false)
        return .call(.get_user_pages, then: 101)
    }

    /// 2.6 fills linear mappings by the code of remap_file_pages(): shared ones of a file only, and
    /// none that reach beyond its end.
    private func mayPopulate(_ t: Ref<Task>, _ mm: Ref<MM>) -> Bool {
        let (start, end) = (self[t, .zapAddress], self[t, .zapEnd])
        let vma = state.vma(mm, covering: start)
        guard vma.exists, self[vma, .flags].contains(.shared), end <= self[vma, .end] else { return false }
        let file = self[vma, .file]
        return file.exists && self[vma, .pgoff] + end - self[vma, .start] <= self[file, .size]
    }

    /// filemap_populate() and shmem_populate(): no faults are counted here.
    private mutating func filemap_populate(_ t: Ref<Task>, _ mm: Ref<MM>, at position: Int) -> Flow {
        let vpn = self[t, .zapAddress]
        let vma = state.vma(mm, covering: vpn)
        let (file, index) = (self[vma, .file], self[vma, .pgoff] + vpn - self[vma, .start])
        switch position {
        case 2:  // filemap_getpage()
            guard index < self[file, .size] else { return .jump(1) }
            var page = state.findPage(file, index)
            let isCached = page.exists
            if isCached {
                guard self[page, .uptodate] else { return .blocked(.pageLock, page.raw) }
            } else {
                page = allocateFolio()
                guard page.exists else { return .jump(1) }
                addToPageCache(page, file, index)
                if self[file, .fileSystem].hasDisk {
                    self[page, .lockOwner] = self[t, .slot]
                } else {
                    self[page, .uptodate] = true
                }
            }
            getPage(page)
            self[page, .referenced] = true
            self[t, .page] = page
            return .jump(self[page, .uptodate] ? 4 : 3)
        case 3:
            let page = self[t, .page]
            completeRead(page, file, index)
            unlockPage(page)
            return .next
        case 4:  // install_page()
            if let wait = lockPTL(mm, t) { return wait }
            return .next
        case 5:
            let page = self[t, .page]
            let isWanted = self[page, .mapping] == file && index < self[file, .size]
            if isWanted, pte(mm, vpn).isNone {
                setPTE(mm, vpn, PTE(page, self[vma, .pageProt]))
                addRmap(page)
            }
            return .next
        default:
            unlockPTL(mm, t)
            putPage(self[t, .page])
            self[t, .page] = .none
            self[t, .zapAddress] = vpn + 1
            return .jump(vpn + 1 < self[t, .zapEnd] ? 2 : 1)
        }
    }
}
