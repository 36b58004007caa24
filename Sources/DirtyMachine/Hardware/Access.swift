// What the CPU does with a load or a store before any kernel code runs: section 0.3 of the
// model. A store through a TLB entry that is already writable and dirty touches neither PTE nor
// kernel; every bug of dirty tracking lives in that sentence.

extension Machine {
    /// How an access ended for the hardware.
    enum AccessResult: Hashable { case done, fault }

    /// One load or store by the CPU of a task.
    mutating func hardwareAccess(_ cpu: Int, _ mm: Ref<MM>, _ vpn: Int, store: UInt32?) -> AccessResult {
        let hit = state.tlbLookup(cpu, mm, vpn)
        guard let value = store else {
            if hit != nil { return .done }
            return hardwareWalk(cpu, mm, vpn, store: nil)
        }
        if let hit, hit.write, hit.dirty {
            // H1: the page table learns nothing.
            storeToMemory(hit.folio, value)
            noteStoreByUser(mm, vpn, hit.folio)
            return .done
        }
        return hardwareWalk(cpu, mm, vpn, store: value)
    }

    /// H2 to H5: walk the page table with a locked update of A and D, fill the TLB, and store.
    private mutating func hardwareWalk(
        _ cpu: Int, _ mm: Ref<MM>, _ vpn: Int, store: UInt32?
    ) -> AccessResult {
        var entry = pte(mm, vpn)
        guard entry.present, store == nil || entry.write else {
            // A fault drops the entry that caused it.
            tlbInvalidate(cpu, mm, vpn..<vpn + 1)
            return .fault
        }
        entry.accessed = true
        if store != nil, rules.tlbWritesDirtyThrough { entry.dirty = true }
        setPTE(mm, vpn, entry)
        tlbFill(cpu, mm, vpn, entry.folio, write: entry.write, dirty: entry.dirty || store != nil)
        if let store {
            storeToMemory(entry.folio, store)
            noteStoreByUser(mm, vpn, entry.folio)
        }
        return .done
    }

    /// What a load returns once the hardware has let it through.
    func loadedValue(_ cpu: Int, _ mm: Ref<MM>, _ vpn: Int) -> UInt32 {
        let folio = state.tlbLookup(cpu, mm, vpn)?.folio ?? pte(mm, vpn).folio
        return self[folio, .contents]
    }

    /// Writes memory, and notes what a file's page was last given, to tell later what was lost.
    mutating func storeToMemory(_ folio: Ref<Folio>, _ value: UInt32) {
        self[folio, .contents] = value
        let file = self[folio, .mapping]
        if file.exists { noteStore(file, self[folio, .index], value) }
    }

}
