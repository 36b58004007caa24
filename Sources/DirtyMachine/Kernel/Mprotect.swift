// mprotect(2) (model 2.12). A dirty page gets its W back at once, a clean one by a fault: that is
// why a writeback between two mprotects must not overlook a mapping that is read-only just now.

extension Machine {
    mutating func sys_mprotect(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            return mmapWriteLock(mm, t) ?? .next
        case 1:  // the next VMA; split to the range
            let (cursor, end) = (self[t, .cursor], self[t, .last] + 1)
            guard cursor < end else { return .jump(2) }
            var vma = state.vma(mm, covering: cursor)
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
            if self[vma, .start] < cursor || self[vma, .end] > end,
                let wait = waitForImmap(self[vma, .file])
            {
                return wait
            }
            if self[vma, .start] < cursor { vma = split(vma, at: cursor) }
            if self[vma, .end] > end { split(vma, at: end) }
            self[t, .vma] = vma
            return .call(.mprotect_fixup, then: 1)
        case 2:
            self[t, .vma] = .none
            mmapUnlock(mm, t)
            return self[t, .hasOopsed] ? oops(t) : .leave()
        default:
            return .leave()
        }
    }

    mutating func mprotect_fixup(_ t: Ref<Task>, at position: Int) -> Flow {
        let vma = self[t, .vma]
        let mm = self[vma, .mm]
        switch position {
        case 0:  // P1
            let access = VMFlags(Access(rawValue: UInt8(self[t, .protection])))
            var flags = self[vma, .flags].subtracting(.access).union(access)
            if access.contains(.write) {
                if !flags.contains(.shared) { flags.insert(.account) }
            } else if rules.generation == .v6, !self[vma, .file].exists, self[vma, .anonVMA] == 0 {
                flags.remove(.account)  // nothing was ever stored there: the charge is given back
            }
            self[vma, .flags] = flags
            return .next
        case 1:  // P2: under mmap_sem only
            guard let prot = protectionAfterMprotect(vma) else {
                self[t, .hasOopsed] = true
                self[t, .cursor] = self[t, .last] + 1
                return .leave()
            }
            self[vma, .pageProt] = prot
            if rules.protPolicy != .modify { self[vma, .isReprotected] = true }
            self[t, .zapAddress] = self[vma, .start]
            self[t, .zapEnd] = self[vma, .end]
            self[t, .mustFlush] = false
            return .call(.change_pte_range, then: 100)
        case 100:
            return .jump(rules.generation == .v2_6 || self[t, .mustFlush] ? 2 : 3)
        case 2:  // P4: after all page table locks were dropped
            flushTLB(mm, self[vma, .start]..<self[vma, .end])
            return .next
        default:
            if let wait = waitForImmap(self[vma, .file]) { return wait }
            self[t, .mustFlush] = false
            self[t, .cursor] = self[vma, .end]
            mergeWithNeighbours(vma)
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
            return .next
        case 1:
            let start = self[t, .zapAddress]
            let limit = min(self[t, .zapEnd], (start | 511) + 1)
            guard start < limit,
                let (vpn, _) = state.radixFirst(self[mm, .pgd], in: start...limit - 1)
            else {
                self[t, .zapAddress] = limit
                return .next
            }
            guard pte(mm, vpn).isMapped else {
                self[t, .zapAddress] = vpn + 1
                return vpn + 1 < limit ? .jump(1) : .next
            }
            guard rules.updatesPTEAtomically else {
                // S16: the hardware may set D before the entry is written back.
                self[t, .zapOld] = pte(mm, vpn)
                self[t, .zapAddress] = vpn
                return .jump(3)
            }
            changePTE(t, vpn, from: exchangePTE(mm, vpn))
            return self[t, .zapAddress] < limit ? .jump(1) : .next
        case 3:
            let vpn = self[t, .zapAddress]
            changePTE(t, vpn, from: self[t, .zapOld])
            self[t, .zapOld] = .empty
            return .jump(1)
        default:
            unlockPTL(mm, t)
            return self[t, .zapAddress] < self[t, .zapEnd] ? .jump(0) : .leave()
        }
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
