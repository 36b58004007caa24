/// One translation that a CPU has cached.
public struct TLBEntry: Hashable, Sendable {
    public let mm: Ref<MM>
    /// Virtual page number.
    public let vpn: Int
    public let folio: Ref<Folio>
    /// The CPU may store through this entry …
    public let write: Bool
    /// … without telling the page table again.
    public let dirty: Bool
}

// An entry is two words: flags and page number, then mm and frame.
extension State {
    func entryOffset(_ mm: Ref<MM>, _ vpn: Int) -> Int {
        4 + 2 * ((vpn + Int(mm.raw >> 2) * 11) % Processor.entries)
    }

    func word<R: Record>(_ ref: Ref<R>, _ offset: Int) -> UInt64 {
        words[Int(ref.raw) &+ offset]
    }

    /// The entry for an address, or nil on a miss.
    func tlbLookup(_ cpu: Int, _ mm: Ref<MM>, _ vpn: Int) -> TLBEntry? {
        tlbEntry(cpu, at: entryOffset(mm, vpn)).flatMap { $0.mm == mm && $0.vpn == vpn ? $0 : nil }
    }

    fileprivate func tlbEntry(_ cpu: Int, at offset: Int) -> TLBEntry? {
        let flags = word(processor(cpu), offset)
        guard flags & 1 != 0 else { return nil }
        let refs = word(processor(cpu), offset + 1)
        return TLBEntry(
            mm: Ref(word: refs), vpn: Int(flags >> 8), folio: Ref(word: refs >> 32),
            write: flags & 2 != 0, dirty: flags & 4 != 0)
    }

    /// Whether a CPU has an entry of some kind.
    func tlb(of cpu: Int, has test: (TLBEntry) -> Bool) -> Bool {
        let first = Int(processor(cpu).raw)
        for offset in stride(from: 4, to: Processor.words, by: 2) where words[first &+ offset] & 1 != 0 {
            if let entry = tlbEntry(cpu, at: offset), test(entry) { return true }
        }
        return false
    }

    /// All valid entries of a CPU.
    public func tlb(of cpu: Int) -> [TLBEntry] {
        stride(from: 4, to: Processor.words, by: 2).compactMap { tlbEntry(cpu, at: $0) }
    }
}

extension Machine {
    /// Entries that a TLB may drop as a move of its own; none unless `tlb-eviction` is on.
    public var evictableTLBEntries: [(cpu: Int, entry: TLBEntry)] {
        guard rules.tlbEviction else { return [] }
        return (0..<cpuCount).flatMap { cpu in state.tlb(of: cpu).map { (cpu, $0) } }
    }

    /// The hardware drops an entry that it no longer has room for.
    public mutating func evictTLBEntry(cpu: Int, _ entry: TLBEntry) {
        setCause(task: 0, function: .device)
        tlbInvalidate(cpu, entry.mm, entry.vpn..<entry.vpn + 1)
    }

    private mutating func tlbWrite(_ cpu: Int, _ offset: Int, _ flags: UInt64, _ refs: UInt64) {
        let processor = state.processor(cpu)
        write(processor.raw, UInt8(offset), flags, .processor)
        write(processor.raw, UInt8(offset + 1), refs, .processor)
    }

    mutating func tlbFill(
        _ cpu: Int, _ mm: Ref<MM>, _ vpn: Int, _ folio: Ref<Folio>, write: Bool, dirty: Bool
    ) {
        let offset = state.entryOffset(mm, vpn)
        writeDirtyBack(cpu, offset)
        let flags = UInt64(vpn) << 8 | 1 | (write ? 2 : 0) | (dirty ? 4 : 0)
        tlbWrite(cpu, offset, flags, folio.word << 32 | mm.word)
    }

    private mutating func drop(_ cpu: Int, _ offset: Int) {
        writeDirtyBack(cpu, offset)
        tlbWrite(cpu, offset, 0, 0)
    }

    /// Where a TLB keeps D to itself, the PTE hears of it when the entry goes: if it is still there.
    private mutating func writeDirtyBack(_ cpu: Int, _ offset: Int) {
        guard !rules.tlbWritesDirtyThrough, let entry = state.tlbEntry(cpu, at: offset), entry.dirty
        else { return }
        var pte = pte(entry.mm, entry.vpn)
        guard pte.present, pte.folio == entry.folio else { return }
        pte.dirty = true
        setPTE(entry.mm, entry.vpn, pte)
    }

    /// The CPU drops its own entry for an address.
    mutating func tlbInvalidate(_ cpu: Int, _ mm: Ref<MM>, _ vpns: Range<Int>) {
        if vpns.count < Processor.entries {
            for vpn in vpns where state.tlbLookup(cpu, mm, vpn) != nil {
                drop(cpu, state.entryOffset(mm, vpn))
            }
        } else {
            for offset in stride(from: 4, to: Processor.words, by: 2) {
                let refs = state.word(state.processor(cpu), offset + 1)
                let flags = state.word(state.processor(cpu), offset)
                if flags & 1 != 0, Ref<MM>(word: refs) == mm, vpns.contains(Int(flags >> 8)) {
                    drop(cpu, offset)
                }
            }
        }
    }

    /// flush_tlb_range(): no CPU has an entry for these pages afterwards. One atomic step.
    mutating func flushTLB(_ mm: Ref<MM>, _ vpns: Range<Int>) {
        self[State.system, .counter(.tlb_flush)] += 1
        for cpu in 0..<cpuCount { tlbInvalidate(cpu, mm, vpns) }
    }

    /// flush_tlb_page().
    mutating func flushTLBPage(_ mm: Ref<MM>, _ vpn: Int) { flushTLB(mm, vpn..<vpn + 1) }

    /// What ptep_set_access_flags() does once a PTE allows more than before. 2.6 flushes the page. On
    /// x86, 6.18 leaves the TLBs alone: the CPU that faulted has dropped its entry by that, and another
    /// one that still has a read-only entry walks the page table again before it faults.
    mutating func flushAfterUpgrade(_ mm: Ref<MM>, _ vpn: Int) {
        if rules.generation == .v2_6 { flushTLBPage(mm, vpn) }
    }
}
