@testable import DirtyMachine

extension Machine {
    /// What a quiet machine must not have.
    var leaks: [String] {
        let m = self
        var found: [String] = []
        func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
            if !condition { found.append(text()) }
        }
        var folios: Set<Ref<Folio>> = []
        for file in m.state.files {
            for lock in [Field<File, Lock>.immapLock, .privateLock, .inodeLock] {
                expect(m[file, lock].isFree, "a lock of \(m.name(of: file))")
            }
            for index in m.cachedPages(file) { folios.insert(m.state.findPage(file, index)) }
        }
        let spaces = Set(m.state.processes.map { m[$0, .mm] }).filter(\.exists)
        for mm in spaces {
            expect(m[mm, .mmapLock].isFree, "mmap_sem")
            expect(m[mm, .ptl].isFree, "ptl")
            let users = m.state.processes.count { m[$0, .mm] == mm && m.isAlive($0) }
            expect(m[mm, .users] == users, "users \(m[mm, .users]) of \(users)")
            var from = 0
            while let (vpn, word) = m.state.radixFirst(m[mm, .pgd], in: from...State.topPage) {
                expect(m.state.vma(mm, covering: vpn).exists, "a PTE without a VMA")
                folios.insert(PTE(word: word).folio)
                from = vpn + 1
            }
        }
        var pins: [Ref<Folio>: Int] = [:]
        for process in m.state.processes where m[m[process, .mm], .owner] == process {
            for pin in m.state.mappings(of: process).flatMap(m.pins(of:)) {
                pins[m[pin, .folio], default: 0] += 1
            }
        }
        folios.formUnion(pins.keys)
        let zero = m[State.system, .zeroFolio]
        folios.remove(zero)
        folios.remove(.none)
        // A folio is in use or locked as a whole.
        let heads = Set(folios.map(m.head))
        folios.formUnion(heads.flatMap { m.pages(of: $0) })
        for folio in heads {
            let pins = m.pages(of: folio).reduce(0) { $0 + pins[$1, default: 0] }
            expect(
                m[folio, .pins] == pins,
                "\(m.path(of: folio)) has \(m[folio, .pins]) references")
            expect(m[folio, .lockOwner] == 0, "\(m.path(of: folio)) is locked")
            expect(!m.hasBuffersUnderIO(folio), "\(m.path(of: folio)) has locked buffers")
        }
        expect(m[State.system, .taskSlots] == 0, "task slots")
        expect(
            m[State.system, .framesInUse] == folios.count,
            "\(m[State.system, .framesInUse]) frames in use, \(folios.count) found")
        let mapped = folios.filter { m[$0, .mapcount] > 0 }
        expect(
            m.state.counter(.nr_anon) == mapped.count { m[$0, .anon] }, "nr_anon")
        expect(
            m.state.counter(.nr_mapped) == mapped.count { !m[$0, .anon] }, "nr_mapped")
        if zero.exists {
            expect(m[zero, .pins] == 1 + pins[zero, default: 0], "pins of the zero page")
        }
        found += m.violations(of: .mapcount).map(\.text)
        found += m.violations(of: .writebackCounter).map(\.text)
        return found
    }
}
