// mprotect(2) (model 2.12). A dirty page gets its W back at once, a clean one by a fault: that is
// why a writeback between two mprotects must not overlook a mapping that is read-only just now.

extension Machine {
    mutating func sys_mprotect(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            return mmapWriteLock(mm, t) ?? .next
        case 1:  // the next VMA; its bounds are moved to the range's before any flag changes
            let (cursor, end) = (self[t, .cursor], self[t, .last] + 1)
            guard cursor < end else { return .jump(2) }
            let vma = state.vma(mm, covering: cursor)
            guard vma.exists else {
                self[t, .outcome] = .ENOMEM
                return .jump(2)
            }
            let access = VMFlags(Access(rawValue: UInt8(self[t, .protection])))
            let flags = self[vma, .flags]
            guard !access.contains(.write) || flags.contains(.mayWrite) else {
                self[t, .outcome] = .EACCES
                return .jump(2)
            }
            if flags.intersection(.access) == access {
                self[t, .cursor] = self[vma, .end]
                return .jump(1)
            }
            let piece = cursor..<min(end, self[vma, .end])
            if let wait = waitToModify(vma, piece, access) { return wait }
            self[t, .vma] = modifyFlags(vma, piece, access)
            self[t, .zapEnd] = piece.upperBound
            return .call(.mprotect_fixup, then: 1)
        case 2:
            self[t, .vma] = .none
            mmapUnlock(mm, t)
            return self[t, .hasOopsed] ? oops(t) : .leave()
        default:
            return .leave()
        }
    }

    /// The VMA's flags once a piece of it has another protection.
    private func flags(_ vma: Ref<VMA>, with access: VMFlags) -> VMFlags {
        var flags = self[vma, .flags].subtracting(.access).union(access)
        if access.contains(.write) {
            if !flags.contains(.shared) { flags.insert(.account) }
        } else if rules.generation == .v6, !self[vma, .file].exists, self[vma, .anonVMA] == 0 {
            flags.remove(.account)  // nothing was ever stored there: the charge is given back
        }
        return flags
    }

    /// The neighbours of a piece of a VMA that are already what the piece is to become.
    private func alikeNeighbours(
        _ vma: Ref<VMA>, _ piece: Range<Int>, _ access: VMFlags
    ) -> (below: Ref<VMA>, above: Ref<VMA>) {
        let (mm, flags) = (self[vma, .mm], flags(vma, with: access))
        var below = Ref<VMA>.none
        var above = Ref<VMA>.none
        if piece.lowerBound == self[vma, .start] { below = state.vma(mm, before: piece.lowerBound) }
        if piece.upperBound == self[vma, .end] { above = state.vma(mm, covering: piece.upperBound) }
        let fitsBelow = below.exists && self[below, .flags] == flags && fit(below, vma)
        let fitsAbove = above.exists && self[above, .flags] == flags && fit(vma, above)
        return (fitsBelow ? below : .none, fitsAbove ? above : .none)
    }

    /// Where bounds move, the reverse map changes.
    private func waitToModify(_ vma: Ref<VMA>, _ piece: Range<Int>, _ access: VMFlags) -> Flow? {
        let (below, above) = alikeNeighbours(vma, piece, access)
        let isWhole = piece == self[vma, .start]..<self[vma, .end]
        return isWhole && !below.exists && !above.exists ? nil : waitForImmap(self[vma, .file])
    }

    /// vma_modify_flags(), in 2.6 vma_merge() or split_vma(): the piece goes over to a neighbour
    /// that is already what it is to become, or else gets a VMA of its own. Returns the VMA that
    /// covers it then; that of a neighbour reaches further.
    private mutating func modifyFlags(
        _ vma: Ref<VMA>, _ piece: Range<Int>, _ access: VMFlags
    ) -> Ref<VMA> {
        let (below, above) = alikeNeighbours(vma, piece, access)
        var vma = vma
        if self[vma, .start] < piece.lowerBound { vma = split(vma, at: piece.lowerBound) }
        if self[vma, .end] > piece.upperBound { split(vma, at: piece.upperBound) }
        let alike = below.exists ? below : above
        guard alike.exists else { return vma }
        self[vma, .flags] = self[alike, .flags]
        self[vma, .pageProt] = self[alike, .pageProt]
        return mergeWithNeighbours(vma)
    }

    /// Changes the part of the VMA from the cursor to zapEnd.
    mutating func mprotect_fixup(_ t: Ref<Task>, at position: Int) -> Flow {
        let vma = self[t, .vma]
        let mm = self[vma, .mm]
        switch position {
        case 0:  // P1
            let access = VMFlags(Access(rawValue: UInt8(self[t, .protection])))
            self[vma, .flags] = flags(vma, with: access)
            return .next
        case 1:  // P2: under mmap_sem only
            guard let prot = protectionAfterMprotect(vma) else {
                self[t, .hasOopsed] = true
                self[t, .cursor] = self[t, .last] + 1
                return .leave()
            }
            self[vma, .pageProt] = prot
            if rules.protPolicy != .modify { self[vma, .isReprotected] = true }
            self[t, .zapAddress] = self[t, .cursor]
            self[t, .mustFlush] = false
            return .call(.change_pte_range, then: 100)
        case 100:
            return .jump(rules.generation == .v2_6 || self[t, .mustFlush] ? 2 : 101)
        case 2:  // P4: after all page table locks were dropped
            flushTLB(mm, self[t, .cursor]..<self[t, .zapEnd])
            return .jump(101)
        default:
            self[t, .mustFlush] = false
            self[t, .cursor] = self[vma, .end]
            return .leave()
        }
    }

    /// P3.
    mutating func change_pte_range(_ t: Ref<Task>, at position: Int) -> Flow {
        let vma = self[t, .vma]
        let mm = self[vma, .mm]
        switch position {
        case 0:
            if let wait = lockPTL(mm, t) { return wait }
            guard let table = nextPageTable(t, mm) else {
                unlockPTL(mm, t)
                return .leave()
            }
            self[t, .zapAddress] = table
            return .jump(101)
        case 101:  // under ptl nobody adds an entry, so the next one can be told
            let start = self[t, .zapAddress]
            let limit = min(self[t, .zapEnd], (start | 511) + 1)
            let next = nextMappedEntry(mm, start..<limit)
            self[t, .zapAddress] = next ?? limit
            return .jump(next == nil ? 2 : 1)
        case 1:
            let vpn = self[t, .zapAddress]
            guard rules.updatesPTEAtomically else {
                // S16: the hardware may set D before the entry is written back.
                self[t, .zapOld] = pte(mm, vpn)
                return .jump(3)
            }
            changePTE(t, vpn, from: exchangePTE(mm, vpn))
            return .jump(102)
        case 3:
            changePTE(t, self[t, .zapAddress], from: self[t, .zapOld])
            self[t, .zapOld] = .empty
            return .jump(102)
        case 102:  // behind the last entry of a page table another begins, which is not ours yet
            return .jump(self[t, .zapAddress] & 511 == 0 ? 2 : 101)
        default:
            unlockPTL(mm, t)
            return self[t, .zapAddress] < self[t, .zapEnd] ? .jump(0) : .leave()
        }
    }

    private func nextMappedEntry(_ mm: Ref<MM>, _ range: Range<Int>) -> Int? {
        var from = range.lowerBound
        while from < range.upperBound,
            let (vpn, word) = state.radixFirst(self[mm, .pgd], in: from...range.upperBound - 1)
        {
            if PTE(word: word).isMapped { return vpn }
            from = vpn + 1
        }
        return nil
    }

    private mutating func changePTE(_ t: Ref<Task>, _ vpn: Int, from old: PTE) {
        let vma = self[t, .vma]
        var entry = old.modified(self[vma, .pageProt])
        if upgrades(vma, entry) { entry.write = true }
        setPTE(self[vma, .mm], vpn, entry)
        if rules.generation == .v2_6 || loses(old, entry) { self[t, .mustFlush] = true }
        self[t, .zapAddress] = vpn + 1
    }

    /// pte_needs_flush(): a TLB may hold more than the entry allows now.
    private func loses(_ old: PTE, _ new: PTE) -> Bool {
        old.word & ~new.word & PTE.protectionBits & ~PTE.protNoneBit != 0
    }

    /// May this entry become writable without a fault (S23, MM_CP_TRY_CHANGE_WRITABLE)?
    private func upgrades(_ vma: Ref<VMA>, _ entry: PTE) -> Bool {
        let (flags, file) = (self[vma, .flags], self[vma, .file])
        guard entry.present else { return false }
        // S06: where page_mkwrite alone makes a mapping accountable, read-only and private ones
        // get W back as well.
        let isMisled = !rules.mkwriteClauseInside && file.exists && self[file, .hasPageMkwrite]
        guard flags.contains(.write) || isMisled else { return false }
        if flags.contains(.shared) || isMisled {
            guard wantsWriteNotify(flags, file) else { return false }
            switch rules.mprotectUpgrade {
            case .dirty: return entry.dirty
            case .any: return true
            case .none: return false
            }
        }
        let page = entry.folio
        return rules.generation == .v6 && self[page, .anon] && self[page, .anonExclusive]
    }
}
