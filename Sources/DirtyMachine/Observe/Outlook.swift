// What would happen to a store, read off the TLB, the page table and the VMA as they are now.

/// What a store to a page would meet, if its process made it now.
public enum StoreOutlook: Hashable, Sendable {
    /// The TLB lets it through, writable and dirty, though the page table no longer allows it: nobody
    /// learns of it.
    case unseen
    /// The TLB lets it through, writable and dirty as the PTE is: there is nothing left to tell.
    case passes
    /// The PTE is writable: the CPU sets its dirty bit, without a fault.
    case marksEntry
    /// The PTE is writable and dirty: the CPU walks to it and stores, and nothing changes in it.
    case findsDirty
    /// The PTE is there but not writable: do_wp_page().
    case faultsOnProtection
    /// There is no PTE: do_no_page().
    case faultsOnAbsence
    /// The VMA does not allow it, or there is none: SIGSEGV.
    case refused

    /// In a word or two.
    public var word: String {
        switch self {
        case .unseen: "store unseen"
        case .passes: "store passes"
        case .marksEntry: "store sets D"
        case .findsDirty: "store finds D"
        case .faultsOnProtection, .faultsOnAbsence: "store faults"
        case .refused: "no store"
        }
    }

    /// In a few words, behind "a store".
    public var text: String {
        switch self {
        case .unseen: "goes unseen"
        case .passes: "passes, D is set"
        case .marksEntry: "sets D, no fault"
        case .findsDirty: "finds D set"
        case .faultsOnProtection: "faults: read-only"
        case .faultsOnAbsence: "faults: no PTE"
        case .refused: "gets SIGSEGV"
        }
    }
}

extension Machine {
    /// What a store of a process to a virtual page would meet on its CPU.
    public func outlook(ofStoreBy process: Ref<Process>, at vpn: Int) -> StoreOutlook {
        let mm = self[process, .mm]
        guard mm.exists else { return .refused }
        if let hit = state.tlbLookup(self[process, .cpu], mm, vpn), hit.write, hit.dirty {
            return staleness(of: hit) == nil ? .passes : .unseen
        }
        let entry = pte(mm, vpn)
        if entry.present, entry.write { return entry.dirty ? .findsDirty : .marksEntry }
        let vma = state.vma(mm, covering: vpn)
        guard vma.exists, self[vma, .flags].contains(.write) else { return .refused }
        return entry.isMapped ? .faultsOnProtection : .faultsOnAbsence
    }

    /// Whether the kernel takes the store's fault to learn of the dirty page.
    public func isTracked(_ process: Ref<Process>, _ vpn: Int) -> Bool {
        let mm = self[process, .mm]
        let vma = mm.exists ? state.vma(mm, covering: vpn) : .none
        guard vma.exists else { return false }
        let prot = self[vma, .pageProt]
        return self[vma, .flags].isSharedWritable && prot.present && !prot.write
    }
}
