// get_user_pages(): how the kernel gets at pages of an address space as a store or a load there
// would, without the hardware's help (model 2.17, section 9 rule 17). What it returns is a page,
// not an address: whoever writes through it later asks no PTE (B14).

/// How get_user_pages() ends.
enum GUPStatus {
    static let found = 0
    static let fault = 1
    static let outOfMemory = 2
}

extension Machine {
    /// The arguments of get_user_pages() for one page of an address space whose mmap_sem the caller
    /// holds: its own, or `remoteMM` if there is one.
    mutating func setGUP(_ t: Ref<Task>, _ vpn: Int, write: Bool, force: Bool, get: Bool) {
        self[t, .vmfAddress] = vpn
        self[t, .gupWrite] = write
        self[t, .gupForce] = force
        self[t, .gupGet] = get
        self[t, .gupPage] = .none
    }

    private func gupSpace(_ t: Ref<Task>) -> Ref<MM> {
        self[t, .remoteMM].exists ? self[t, .remoteMM] : self[self[t, .process], .mm]
    }

    /// Returns a `GUPStatus`; the page is in `gupPage`, with a reference if that was asked for.
    mutating func get_user_pages(_ t: Ref<Task>, at position: Int) -> Flow {
        switch position {
        case 100:
            let vma = state.vma(gupSpace(t), covering: self[t, .vmfAddress])
            guard vma.exists, mayGet(t, vma) else { return .leave(GUPStatus.fault) }
            self[t, .vmfVMA] = vma
            return .call(.follow_page, then: 101)
        case 101:
            let vma = self[t, .vmfVMA]
            clearFault(t)
            if self[t, .result] == 1 { return .leave(GUPStatus.found) }
            self[t, .vmfWrite] = self[t, .gupWrite]
            prepareFault(t, vma)
            return .call(.handle_mm_fault, then: 102)
        default:
            let vma = self[t, .vmfVMA]
            clearFault(t)
            switch self[t, .vmfStatus] {
            case FaultStatus.sigbus: return .leave(GUPStatus.fault)
            case FaultStatus.outOfMemory: return .leave(GUPStatus.outOfMemory)
            default: break
            }
            countGUPFault(t)
            // COW is broken; a VMA that may not be written will never give the PTE its W.
            if rules.gupDropsWrite, self[t, .vmfReturnedWrite] { self[t, .gupWrite] = false }
            self[t, .vmfVMA] = vma
            return .call(.follow_page, then: 101)
        }
    }

    /// 2.6 charges the process whose memory it is, 6.18 the one that asks. A populating mmap starts
    /// reads and comes back for the pages, so its faults are minor ones.
    private mutating func countGUPFault(_ t: Ref<Task>) {
        var payer = self[t, .process]
        if rules.generation == .v6 {
            count(.pgfault, 1)
        } else if self[t, .target].exists {
            payer = self[t, .target]
        }
        countFault(t, for: payer, isMajor: self[t, .vmfMajor] && !self[t, .populates])
    }

    /// check_vma_flags(): may the pages of a VMA be had this way?
    private func mayGet(_ t: Ref<Task>, _ vma: Ref<VMA>) -> Bool {
        let (flags, force) = (self[vma, .flags], self[t, .gupForce])
        guard self[t, .gupWrite] else {
            return flags.contains(.read) || force && flags.contains(.mayRead)
        }
        if rules.gupDropsWrite { return flags.contains(force ? .mayWrite : .write) }
        // 3.15: no more anonymous pages in shared mappings.
        return flags.contains(.write) || force && flags.isCOW
    }

    /// The page that is mapped at `vmfAddress`, if the PTE suffices for the access. Returns 1 then.
    mutating func follow_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let vma = self[t, .vmfVMA]
        let mm = self[vma, .mm]
        switch position {
        case 0:
            if let wait = lockPTL(mm, t) { return wait }
            let entry = pte(mm, self[t, .vmfAddress])
            let isForWrite = self[t, .gupWrite]
            guard entry.isMapped, !isForWrite || canFollowWrite(t, vma, entry) else {
                unlockPTL(mm, t)
                return .leave(0)
            }
            let page = entry.folio
            self[t, .gupPage] = page
            if self[t, .gupGet] { getPage(page) }
            self[head(page), .referenced] = true
            guard isForWrite, !entry.dirty, !self[head(page), .dirty] else { return .next }
            self[t, .dirtyPage] = page
            return .call(.set_page_dirty, then: 1)
        default:
            unlockPTL(mm, t)
            return .leave(1)
        }
    }

    /// S02. D is no proof that a page is a private copy: 6.18 asks for an exclusive anonymous page.
    private func canFollowWrite(_ t: Ref<Task>, _ vma: Ref<VMA>, _ entry: PTE) -> Bool {
        if entry.write || !rules.followPageChecksW { return true }
        guard !rules.gupDropsWrite, self[t, .gupForce] else { return false }
        let (flags, page) = (self[vma, .flags], entry.folio)
        return flags.isDisjoint(with: [.shared, .mayShare, .write]) && flags.contains(.mayWrite)
            && self[page, .anon] && self[page, .anonExclusive]
    }
}
