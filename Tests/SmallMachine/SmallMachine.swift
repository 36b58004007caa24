import DirtyExplore

/// The small machine as a transition system.
public struct SmallMachine: TransitionSystem {
    /// One way to lose a store each.
    public enum Bug: String, CaseIterable, Sendable {
        /// mkclean write-protects without flushing the TLBs.
        case noFlush
        /// PG_dirty goes and I/O starts before mkclean, whose result is ignored.
        case order
        /// mkclean skips an empty PTE without waiting for the page table lock.
        case noSync
        /// munmap leaves the reverse map before it flushes.
        case earlyRmap
        /// munmap drops the page table lock before it flushes.
        case lateFlush
        /// The fault does not hold the page lock across its change of the PTE.
        case unlocked
        /// The fault never sets PG_dirty.
        case noDirty
    }

    /// What can be lacking in a state.
    public enum Lacking {
        /// A store is neither on disk nor on its way, and nobody remembers it.
        public static let witness = Properties(0)
        /// The last sync returned before the disk had every store.
        public static let durability = Properties(1)
        /// Nobody can move, and not everybody has finished.
        public static let progress = Properties(2)
    }

    let pages: UInt64
    let stores: UInt64
    let passes: UInt64
    let bug: Bug?

    /// Up to 2 pages, 4 stores of each CPU, and 6 passes of the flusher before the last sync.
    public init(pages: Int, stores: Int, passes: Int, bug: Bug? = nil) {
        precondition((1...2).contains(pages) && (1...4).contains(stores) && (0...6).contains(passes))
        self.pages = UInt64(pages)
        self.stores = UInt64(stores)
        self.passes = UInt64(passes)
        self.bug = bug
    }

    public func makeWalker() -> SmallWalker { SmallWalker(machine: self) }
}

public struct SmallWalker: StateWalker {
    let machine: SmallMachine
    var choice = 0

    init(machine: SmallMachine) { self.machine = machine }

    public mutating func begin(_ successors: inout Successors) {
        var state = SmallState()
        state[.vma] = 1
        state[.rmapped] = 1
        emit(state, &successors)
    }

    public mutating func expand(
        _ image: UnsafeBufferPointer<UInt64>, _ successors: inout Successors
    ) -> Properties {
        let state = SmallState(pages: image[0], rest: image[1])
        if state[.broken] == 1 { return SmallMachine.Lacking.durability }
        choice = 0
        stepCPU(0, state, &successors)
        stepCPU(1, state, &successors)
        stepFlusher(state, &successors)
        stepDevice(state, &successors)
        stepUnmap(state, &successors)
        var lacking = Properties.none
        for page in 0..<machine.pages where isOrphan(state, page) {
            lacking = SmallMachine.Lacking.witness
        }
        if choice == 0, !isFinished(state) { lacking.formUnion(SmallMachine.Lacking.progress) }
        return lacking
    }

    @inline(__always)
    mutating func emit(_ state: SmallState, _ successors: inout Successors) {
        // Two multiplications whose halves are folded: every bit of the state reaches every bit.
        let first = state.pages.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        let mixed = (first.high ^ first.low) ^ state.rest
        let second = mixed.multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        let third = (second.high ^ second.low ^ state.pages)
            .multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
        if successors.isNoneOfLate(third.high ^ third.low) {
            let image = successors.room(for: 2)
            image[0] = state.pages
            image[1] = state.rest
            successors.add(choice: choice, fingerprint: third.high ^ third.low, words: 2)
        }
        choice &+= 1
    }

    private func isFinished(_ state: SmallState) -> Bool {
        state[.cpu(0)] == CPU.end && state[.cpu(1)] == CPU.end && state[.flusher] == Flusher.end
            && state[.unmap] == Unmap.end
    }

    /// A store that nothing remembers.
    private func isOrphan(_ s: SmallState, _ page: UInt64) -> Bool {
        s[.memory, page] != s[.disk, page] && s[.dirty, page] == 0 && s[.inFlight, page] == 0
            && s[.pte, page] & SmallPTE.dirty == 0
            && !(s[.flushed] == page && s[.flushedPTE] != 0)
            && !(s[.unmapped] == page && s[.unmappedPTE] & SmallPTE.dirty != 0)
    }
}
