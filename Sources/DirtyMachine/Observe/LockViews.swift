// Locks as front ends show them: who has each, and who waits for it.

/// A lock that somebody has or waits for.
public struct LockView: Hashable, Sendable {
    /// In the kernel's words: `page table lock of A`.
    public let name: String
    /// Its path among the alterations: `A.ptl`, `db.folio[0].locked`.
    public let path: String
    /// Held for writing, or a lock that only one can have.
    public let isExclusive: Bool
    public let holders: [Ref<Task>]
    public let waiters: [Ref<Task>]
}

extension Machine {
    /// Every lock that somebody has or waits for: address spaces, then files, then pages. A page
    /// under writeback that somebody waits for is among them, and the device has it.
    public var locks: [LockView] {
        let tasks = state.tasks.filter { !self[$0, .isDone] }
        var waiters: [Waiting: [Ref<Task>]] = [:]
        for task in tasks.reversed() {
            guard let wait = wouldWait(task) else { continue }
            waiters[Waiting(wait.reason, wait.object, holder: .none), default: []].append(task)
        }
        var result: [LockView] = []
        func add(_ reason: WaitReason, _ object: UInt32, _ path: String, _ holders: [Int], isExclusive: Bool = true) {
            let key = Waiting(reason, object, holder: .none)
            let waiting = waiters.removeValue(forKey: key) ?? []
            guard !holders.isEmpty || !waiting.isEmpty else { return }
            result.append(
                LockView(
                    name: name(of: key), path: path, isExclusive: isExclusive,
                    holders: holders.map { task(inSlot: $0) }.filter(\.exists), waiters: waiting))
        }
        func add(_ reason: WaitReason, _ object: UInt32, _ path: String, _ lock: Lock) {
            let readers = (0..<56).filter { lock.readers >> UInt64($0) & 1 == 1 }
            add(reason, object, path, lock.writer != 0 ? [lock.writer] : readers, isExclusive: lock.writer != 0 || readers.isEmpty)
        }
        let words = KernelWords(rules.generation)
        var spaces: Set<Ref<MM>> = []
        for process in state.processes where self[process, .mm].exists {
            let mm = self[process, .mm]
            guard spaces.insert(mm).inserted else { continue }
            let owner = name(of: self[mm, .owner])
            add(.mmapLock, mm.raw, "\(owner).\(words.mmap)", self[mm, .mmapLock])
            add(.ptl, mm.raw, "\(owner).ptl", self[mm, .ptl])
        }
        for file in state.files {
            let name = name(of: file)
            add(.inodeLock, file.raw, "\(name).\(words.inode)", self[file, .inodeLock])
            add(.immapLock, file.raw, "\(name).i_mmap_lock", self[file, .immapLock])
            add(.privateLock, file.raw, "\(name).private_lock", self[file, .privateLock])
        }
        for page in lockedPages(tasks, waiters.keys) {
            add(.pageLock, page.raw, path(of: page) + ".locked", self[page, .lockOwner] == 0 ? [] : [self[page, .lockOwner]])
        }
        // What is left: writeback, which the device ends, and buffers.
        for wait in waiters.keys.sorted(by: { ($0.reason.rawValue, $0.object) < ($1.reason.rawValue, $1.object) }) {
            let holder = holder(of: wait.reason, wait.object)
            let page = Ref<Folio>(raw: wait.object)
            add(wait.reason, wait.object, path(of: page) + ".writeback", holder.exists ? [self[holder, .slot]] : [])
        }
        return result
    }

    /// Pages that a task has locked or waits for, found through the tasks: a file can have millions.
    private func lockedPages(_ tasks: [Ref<Task>], _ waits: some Sequence<Waiting>) -> [Ref<Folio>] {
        var pages: Set<Ref<Folio>> = []
        let registers: [Field<Task, Ref<Folio>>] = [
            .vmfPage, .vmfNewPage, .dirtyPage, .rmapPage, .wbcPage, .page, .zapPage, .gupPage, .populatePage,
        ]
        for task in tasks {
            for register in registers {
                let page = self[task, register]
                if page.exists, state.kind(at: page.raw) == .folio, self[page, .lockOwner] != 0 { pages.insert(page) }
            }
        }
        for wait in waits where wait.reason == .pageLock { pages.insert(Ref(raw: wait.object)) }
        return pages.sorted { $0.raw < $1.raw }
    }

    /// The virtual page that a task's load or store is about; nil for every other operation.
    public func accessedPage(of task: Ref<Task>) -> Int? {
        guard [.read, .write].contains(self[task, .operation]), !self[task, .isDone] else { return nil }
        return self[task, .cursor]
    }

    /// Whether a CPU may still do by its TLB what the page table no longer allows, in a few words;
    /// nil where the two agree.
    public func staleness(of entry: TLBEntry) -> String? {
        let pte = self.entry(entry.mm, entry.vpn)
        if !pte.present { return entry.write ? "no PTE, may store" : "no PTE" }
        if pte.folio != entry.folio { return entry.write ? "old frame, may store" : "old frame" }
        if entry.write, !pte.write { return entry.dirty ? "stores unseen" : "W is gone" }
        if entry.dirty, !pte.dirty { return "D is gone" }
        return nil
    }
}
