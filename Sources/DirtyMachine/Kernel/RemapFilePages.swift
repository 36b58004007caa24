// remap_file_pages(2) (model 2.11). In 2.6.18 to 2.6.20 the pages of a file may stand in a VMA in
// any order, "nonlinear". The reverse map goes by offset and cannot find them there, so neither
// does page_mkclean() (B9). Later kernels map a piece of its own instead (S26).

extension Machine {
    mutating func sys_remap_file_pages(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        let first = self[t, .first]
        switch position {
        case 0:
            return mmapReadLock(mm, t) ?? .next
        case 1:
            let vma = state.vma(mm, covering: first)
            guard canRemap(t, mm, vma) else {
                self[t, .outcome] = .EINVAL
                return .jump(6)
            }
            let isReady =
                self[vma, .flags].contains(.nonlinear) || linearIndex(vma, first) == self[t, .count]
            return isReady && !emulatesRemap(vma) ? populateRemapped(t, vma) : .next
        case 2:  // a lock that is held shared cannot be upgraded
            mmapUnlock(mm, t)
            return .next
        case 3:
            return mmapWriteLock(mm, t) ?? .next
        case 4:
            let vma = state.vma(mm, covering: first)
            guard canRemap(t, mm, vma) else {
                self[t, .outcome] = .EINVAL
                return .jump(6)
            }
            if emulatesRemap(vma) {
                if let wait = waitToSplit(mm, at: first, self[t, .last] + 1) { return wait }
                self[t, .file] = self[vma, .file]
                self[t, .vmFlags] = self[vma, .flags]
                detachVMAs(t, mm, first..<self[t, .last] + 1)
                return .call(.unmap_region, then: 5)
            }
            if let wait = waitForImmap(self[vma, .file]) { return wait }
            makeNonlinear(vma)
            return populateRemapped(t, vma)
        case 5:  // MAP_FIXED
            if let wait = waitForImmap(self[t, .file]) { return wait }
            mapRemapped(t, mm)
            return .next
        case 6:
            mmapUnlock(mm, t)
            let fills = rules.generation == .v6 && self[t, .outcome] == .ok
            // Faults that fill a mapping are minor, also where a page is read (section 9 rule 15).
            self[t, .populates] = fills
            return fills ? .call(.mm_populate, then: 101) : .leave()
        case 100:
            if self[t, .result] != 0 {
                self[t, .outcome] = Outcome(rawValue: UInt8(self[t, .result])) ?? .EINVAL
            }
            return .jump(6)
        default:
            return .leave()
        }
    }

    /// Shared, and within one VMA; 6.18 also takes several that are alike.
    private func canRemap(_ t: Ref<Task>, _ mm: Ref<MM>, _ vma: Ref<VMA>) -> Bool {
        guard vma.exists, self[vma, .file].exists, self[vma, .flags].contains(.shared) else { return false }
        var end = self[vma, .end]
        while rules.generation == .v6, end <= self[t, .last] {
            let next = state.vma(mm, covering: end)
            guard next.exists, self[next, .file] == self[vma, .file],
                self[next, .flags] == self[vma, .flags]
            else { return false }
            end = self[next, .end]
        }
        return self[t, .last] < end
    }

    /// S26: where dirty pages are accounted they must be found, so a linear VMA is made. Since 4.0
    /// there is nothing else.
    private func emulatesRemap(_ vma: Ref<VMA>) -> Bool {
        rules.generation == .v6
            || rules.nonlinearIsVisible && self[self[vma, .file], .accountsDirty]
    }

    /// Which page of its file a linear VMA has at an address.
    func linearIndex(_ vma: Ref<VMA>, _ vpn: Int) -> Int {
        self[vma, .pgoff] + vpn - self[vma, .start]
    }

    private mutating func makeNonlinear(_ vma: Ref<VMA>) {
        guard !self[vma, .flags].contains(.nonlinear) else { return }
        unlinkFile(vma)
        self[vma, .flags].insert(.nonlinear)
        linkFile(vma)
    }

    private mutating func mapRemapped(_ t: Ref<Task>, _ mm: Ref<MM>) {
        let vma = allocate(VMA.self)
        self[vma, .start] = self[t, .first]
        self[vma, .end] = self[t, .last] + 1
        self[vma, .pgoff] = self[t, .count]
        self[vma, .file] = self[t, .file]
        self[vma, .flags] = self[t, .vmFlags]
        let isTracked = wantsWriteNotify(self[t, .vmFlags], self[t, .file])
        self[vma, .pageProt] =
            (isTracked ? self[t, .vmFlags].subtracting(.shared) : self[t, .vmFlags]).protection
        link(vma, mm)
        mergeWithNeighbours(vma)
    }

    private mutating func populateRemapped(_ t: Ref<Task>, _ vma: Ref<VMA>) -> Flow {
        setPopulate(t, vma, self[t, .first], self[t, .last] + 1, from: self[t, .count])
        return .call(.filemap_populate, then: 100)
    }

    mutating func setPopulate(
        _ t: Ref<Task>, _ vma: Ref<VMA>, _ start: Int, _ end: Int, from index: Int
    ) {
        self[t, .populateVMA] = vma
        self[t, .populateAddress] = start
        self[t, .populateEnd] = end
        self[t, .populateIndex] = index
    }

    // MARK: ->populate

    /// filemap_populate() and shmem_populate(): puts pages at addresses, read first if need be.
    /// That is no fault. Returns 0, or what went wrong.
    mutating func filemap_populate(_ t: Ref<Task>, at position: Int) -> Flow {
        let (file, index) = (self[self[t, .populateVMA], .file], self[t, .populateIndex])
        let page = self[t, .populatePage]
        switch position {
        case 0:
            let rest = self[t, .populateEnd] - self[t, .populateAddress]
            guard index + rest <= self[file, .size] else { return .leave(Int(Outcome.EINVAL.rawValue)) }
            var found = state.findPage(file, index)
            if found.exists, !self[found, .uptodate] { return .blocked(.pageLock, found.raw) }
            if let wait = waitInShmem(file, found) { return wait }
            let mustRead = !found.exists && self[file, .fileSystem].readsPages
            if !found.exists {
                found = allocateFolio()
                guard found.exists else { return .leave(Int(Outcome.ENOMEM.rawValue)) }
                if mustRead { self[found, .lockOwner] = self[t, .slot] }
                self[found, .uptodate] = !mustRead
                addToPageCache(found, file, index)
            }
            getPage(found)
            self[found, .referenced] = true
            self[t, .populatePage] = found
            return mustRead ? .next : .call(.install_page, then: 100)
        case 1:
            completeRead(page, file)
            unlockPage(page)
            return .call(.install_page, then: 100)
        default:
            self[t, .populatePage] = .none
            if self[t, .result] != 0 {
                putPage(page)
                return .leave(self[t, .result])
            }
            self[t, .populateAddress] += 1
            self[t, .populateIndex] += 1
            return self[t, .populateAddress] < self[t, .populateEnd] ? .jump(0) : .leave(0)
        }
    }

    /// Puts populatePage at populateAddress, in place of what is there.
    mutating func install_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let (vma, vpn) = (self[t, .populateVMA], self[t, .populateAddress])
        let (mm, page) = (self[vma, .mm], self[t, .populatePage])
        switch position {
        case 0:
            if let wait = lockPTL(mm, t) { return wait }
            // Truncated meanwhile?
            let file = self[vma, .file]
            guard self[page, .mapping] == file, self[page, .index] < self[file, .size] else {
                unlockPTL(mm, t)
                return .leave(Int(Outcome.EINVAL.rawValue))
            }
            return .next
        case 1:  // zap_pte()
            let old = exchangePTE(mm, vpn)
            guard old.isMapped else { return .jump(4) }
            self[t, .zapOld] = old
            self[t, .zapPage] = old.folio
            getPage(old.folio)
            return .next
        case 2:
            flushTLBPage(mm, vpn)
            let old = self[t, .zapPage]
            guard self[t, .zapOld].dirty, !self[old, .anon] else { return .jump(3) }
            self[t, .dirtyPage] = old
            return .call(.set_page_dirty, then: 3)
        case 3:
            removeRmap(self[t, .zapPage])
            putPage(self[t, .zapPage])
            self[t, .zapPage] = .none
            self[t, .zapOld] = .empty
            return .next
        case 4:
            setPTE(mm, vpn, PTE(page, self[vma, .pageProt]))
            self[page, .pins] -= 1
            addRmap(page)
            return .next
        default:
            unlockPTL(mm, t)
            return .leave(0)
        }
    }

    /// A fault on an entry that remembers a page of the file. It is a major one whatever it takes,
    /// and a store faults once more if the mapping is tracked.
    mutating func do_file_page(_ t: Ref<Task>, at position: Int) -> Flow {
        switch position {
        case 100:
            let vpn = self[t, .vmfAddress]
            setPopulate(
                t, self[t, .vmfVMA], vpn, vpn + 1, from: self[t, .vmfOriginal].fileOffset)
            return .call(.filemap_populate, then: 101)
        default:
            switch self[t, .result] {
            case 0: self[t, .vmfMajor] = true
            case Int(Outcome.ENOMEM.rawValue): self[t, .vmfStatus] = FaultStatus.outOfMemory
            default: self[t, .vmfStatus] = FaultStatus.sigbus
            }
            return .leave()
        }
    }
}

extension State {
    /// The nonlinear VMAs of a file (i_mmap_nonlinear).
    func nonlinearMappings(of file: Ref<File>) -> [Ref<VMA>] {
        var result: [Ref<VMA>] = []
        var vma = self[file, .immapNonlinear]
        while vma.exists {
            result.append(vma)
            vma = self[vma, .fileRight]
        }
        return result
    }

    /// The first address from `vpn` on where a VMA maps a page.
    func address(of page: Ref<Folio>, in vma: Ref<VMA>, from vpn: Int) -> Int? {
        var from = vpn
        let last = self[vma, .end] - 1
        while from <= last,
            let (found, word) = radixFirst(self[self[vma, .mm], .pgd], in: from...last)
        {
            let entry = PTE(word: word)
            if entry.isMapped, entry.folio == page { return found }
            from = found + 1
        }
        return nil
    }
}
