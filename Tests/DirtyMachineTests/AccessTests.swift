import Testing

@testable import DirtyMachine

/// The hardware's loads and stores, for every PTE, TLB entry and access, against a separate
/// reading of the rules.
@Suite struct AccessTests {
    struct Case: CustomTestStringConvertible {
        var present, write, accessed, dirty: Bool
        /// nil for a miss; else W and D of the entry.
        var tlb: (write: Bool, dirty: Bool)?
        var store: Bool

        var testDescription: String {
            "\(present ? "P" : "-")\(write ? "W" : "-")\(accessed ? "A" : "-")\(dirty ? "D" : "-")"
                + " tlb \(tlb.map { ($0.write ? "W" : "-") + ($0.dirty ? "D" : "-") } ?? "miss")"
                + " \(store ? "store" : "load")"
        }

        static let all: [Case] = (0..<16).flatMap { bits in
            [nil, (false, false), (false, true), (true, false), (true, true)].flatMap {
                (tlb: (Bool, Bool)?) in
                [false, true].map { store in
                    Case(
                        present: bits & 1 != 0, write: bits & 2 != 0, accessed: bits & 4 != 0,
                        dirty: bits & 8 != 0, tlb: tlb.map { (write: $0.0, dirty: $0.1) },
                        store: store)
                }
            }
        }

        /// What must come of it: fault or not, A and D of the PTE, and the TLB entry.
        var expected: (faults: Bool, accessed: Bool, dirty: Bool, tlb: (write: Bool, dirty: Bool)?) {
            if let tlb {
                // A hit serves every load, and a store if it may write and has said so before (H1).
                if !store || tlb.write && tlb.dirty { return (false, accessed, dirty, tlb) }
            }
            // The walk: not present, or a store to what is not writable (H2, H3, H4).
            guard present, write || !store else { return (true, accessed, dirty, nil) }
            let isDirty = dirty || store
            return (false, true, isDirty, (write, isDirty))
        }
    }

    @Test(arguments: Case.all)
    func access(_ one: Case) {
        var m = Machine()
        let file = m.addFile("db", pages: 1, .ext4, cached: true)
        let mm = m[m.addProcess("A"), .mm]
        let (page, vpn) = (m.state.findPage(file, 0), 0x1234)
        var entry = PTE(page, PTE(word: PTE.userBit))
        (entry.present, entry.write) = (one.present, one.write)
        (entry.accessed, entry.dirty) = (one.accessed, one.dirty)
        m.setPTE(mm, vpn, entry)
        if let tlb = one.tlb { m.tlbFill(0, mm, vpn, page, write: tlb.write, dirty: tlb.dirty) }

        let result = m.hardwareAccess(0, mm, vpn, store: one.store ? 7 : nil)
        let expected = one.expected
        #expect((result == .fault) == expected.faults)
        let after = m.pte(mm, vpn)
        #expect((after.accessed, after.dirty) == (expected.accessed, expected.dirty))
        #expect((after.present, after.write) == (one.present, one.write))
        let tlb = m.state.tlbLookup(0, mm, vpn)
        #expect(tlb?.write == expected.tlb?.write)
        #expect(tlb?.dirty == expected.tlb?.dirty)
        #expect(m.contents(page) == (one.store && !expected.faults ? 7 : 0))
        #expect(m.state.tlb(of: 1).isEmpty, "the other CPU sees nothing")
    }

    @Test func flushReachesEveryCPUAndOnlyTheRange() {
        var m = Machine(cpus: 3)
        let file = m.addFile("db", pages: 1, .ext4, cached: true)
        let (mm, other) = (m[m.addProcess("A"), .mm], m[m.addProcess("B"), .mm])
        let page = m.state.findPage(file, 0)
        for cpu in 0..<3 {
            for vpn in [0x10, 0x11, 0x12] { m.tlbFill(cpu, mm, vpn, page, write: true, dirty: true) }
            m.tlbFill(cpu, other, 0x11, page, write: true, dirty: true)
        }
        m.flushTLBPage(mm, 0x11)
        for cpu in 0..<3 {
            #expect(m.state.tlbLookup(cpu, mm, 0x11) == nil)
            #expect(m.state.tlbLookup(cpu, mm, 0x10) != nil)
            #expect(m.state.tlbLookup(cpu, other, 0x11) != nil)
        }
        m.flushTLB(mm, 0..<State.topPage)
        for cpu in 0..<3 { #expect(m.state.tlb(of: cpu).map(\.mm) == [other]) }
        #expect(m.state.counter(.tlb_flush) == 2)
    }
}
