extension State {
    /// The PTE for a virtual page number; empty where no page table exists.
    func pte(_ mm: Ref<MM>, _ vpn: Int) -> PTE {
        PTE(word: radixValue(self[mm, .pgd], vpn))
    }
}

extension Machine {
    func pte(_ mm: Ref<MM>, _ vpn: Int) -> PTE { state.pte(mm, vpn) }

    mutating func setPTE(_ mm: Ref<MM>, _ vpn: Int, _ pte: PTE) {
        let leaf = state.radixLeaf(self[mm, .pgd], vpn)
        if leaf.exists {
            self[leaf, .slot(vpn & 63)] = pte.word
        } else {
            self[mm, .pgd] = radixStore(self[mm, .pgd], vpn, pte.word, .pageTable, owner: mm.raw)
        }
    }

    /// ptep_get_and_clear(): the xchg that no store of the hardware can slip past.
    mutating func exchangePTE(_ mm: Ref<MM>, _ vpn: Int) -> PTE {
        let old = pte(mm, vpn)
        setPTE(mm, vpn, .empty)
        return old
    }
}
