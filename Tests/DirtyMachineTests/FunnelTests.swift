import Testing

@testable import DirtyMachine

@Suite struct FunnelTests {
    @Test func writesAreLoggedAndTakenBack() {
        var m = Machine()
        let page = m.allocateFolio()
        let (count, state) = (m.log.count, m.state)
        m.setCause(task: 0, function: .scenario)
        m[page, .dirty] = true
        m[page, .mapcount] = 3
        m[page, .dirty] = true
        #expect(m.log.count == count + 2, "a write that changes nothing is none")
        #expect(m.log.last?.old == 0 | 1 << 2)
        #expect(m.log.last?.new == 1 << 2 | 3 << 16)
        m.undo(to: count)
        #expect(m.state == state)
    }

    @Test func neighbouringFieldsDoNotTouchEachOther() {
        var m = Machine()
        let page = m.allocateFolio()
        m[page, .mapcount] = (1 << 24) - 1
        m[page, .pins] = 5
        m[page, .dirty] = true
        m[page, .mapcount] = 0
        #expect(m[page, .pins] == 5)
        #expect(m[page, .dirty])
        #expect(!m[page, .writeback])
        m[page, .contents] = 0xffff_ffff
        #expect(m[page, .index] == 0)
    }

    @Test func freedRecordsComeBackEmpty() {
        var m = Machine()
        let file = m.addFile("db", pages: 1, .ext4)
        let vma = m.allocate(VMA.self)
        for offset in 1..<VMA.words { m.write(vma.raw, UInt8(offset), ~0, .vma) }
        m.free(vma)
        #expect(m.state.kind(at: vma.raw) == .free)
        let other = m.allocate(Bio.self)
        #expect(other.raw != vma.raw, "another kind does not take it")
        let again = m.allocate(VMA.self)
        #expect(again == vma)
        for offset in 1..<VMA.words { #expect(m.state.word(again, offset) == 0) }
        #expect(m.name(of: file) == "db")
    }

    @Test func framesKeepTheirNumbers() {
        var m = Machine(frames: 3)
        let pages = (0..<3).map { _ in m.allocateFolio() }
        #expect(pages.map { m.pfn($0) } == [1, 2, 3])
        #expect(!m.allocateFolio().exists, "memory is full")
        m.getPage(pages[1])
        m.putPage(pages[1])
        let again = m.allocateFolio()
        #expect(m.pfn(again) == 2)
    }

    @Test func undoShrinksTheArena() {
        var m = Machine()
        let (count, size) = (m.log.count, m.state.byteCount)
        _ = m.addFile("db", pages: 200, .ext4, cached: true)
        #expect(m.state.byteCount > size)
        m.undo(to: count)
        #expect(m.state.byteCount == size)
    }

    @Test func withoutRecordingThereIsNoLog() {
        var m = Machine()
        let count = m.log.count
        m.isRecording = false
        _ = m.addProcess("A")
        #expect(m.log.count == count)
    }
}
