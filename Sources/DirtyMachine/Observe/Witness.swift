// Who still knows of a store that the disk lacks: to tell at which step of a schedule it was lost.

extension Machine {
    /// Whether anything on the way to the disk still knows that a page of a file holds a store
    /// which the disk lacks: flags and buffers, a write that the device has yet to read, a dirty
    /// PTE or one that a task has taken away and not yet answered for. True also where there is
    /// nothing to know.
    public func remembers(_ file: Ref<File>, _ index: Int) -> Bool {
        let page = state.findPage(file, index)
        guard page.exists else {
            let stored = state.radixValue(self[file, .stored], index)
            return stored == 0 || UInt32(truncatingIfNeeded: stored) == state.diskValue(file, index)
        }
        if self[page, .contents] == state.diskValue(file, index) { return true }
        let hasBuffers = self[page, .buffers] > 0
        if self[head(page), .dirty], !hasBuffers || self[page, .dirtyBuffers] != 0 { return true }
        if self[page, .dirtyBuffers] != 0 || self[page, .isInTransaction] { return true }
        let bio = self[page, .bio]
        if bio.exists, !self[bio, .isSampled] || self[bio, .sample] == self[page, .contents] { return true }
        if state.tasks.contains(where: { isAboutToTell(of: page, $0) }) { return true }
        return InvariantChecks(self).mapped.contains { $0.folio == page && $0.entry.dirty }
    }

    /// A clock of a page's own that each store to it moves on: two states with the same time have had
    /// the same latest store. 0 where there was none.
    public func latestStoreTime(_ file: Ref<File>, _ index: Int) -> Int {
        Int(state.radixValue(self[file, .stored], index) >> 33)
    }

    /// Whether a change is the note that there has been a store to some page.
    public func isNoteOfStore(_ change: Change) -> Bool {
        guard change.kind == .node, state.kind(at: change.ref) == .node else { return false }
        return self[Ref<Node>(raw: change.ref), .role] == .stored
    }

    /// Whether fsync or msync has returned 0 though the disk lacked a store that the page had by then.
    public func hasBrokenPromise(_ file: Ref<File>, _ index: Int) -> Bool {
        state.radixValue(self[file, .broken], index) != 0
    }

    /// The task has a dirty PTE in its hands, or is about to dirty the page, or to submit it.
    private func isAboutToTell(of page: Ref<Folio>, _ task: Ref<Task>) -> Bool {
        for entry in [self[task, .rmapOld], self[task, .zapOld]] where entry.dirty && entry.folio == page {
            return true
        }
        let functions = state.stack(of: task).map(\.function)
        if self[task, .dirtyPage].exists, head(self[task, .dirtyPage]) == head(page),
            functions.contains(where: { [.set_page_dirty, .set_page_dirty_buffers].contains($0) })
        {
            return true
        }
        return self[task, .wbcPage] == head(page) && self[page, .asyncBuffers] != 0 && !self[page, .bio].exists
            && !functions.isEmpty
    }

    /// The pages of all files that hold a store which the disk lacks, or are told to.
    public var pagesAheadOfDisk: [(file: Ref<File>, index: Int)] {
        state.files.flatMap { file -> [(file: Ref<File>, index: Int)] in
            guard self[file, .fileSystem].hasDisk, self[file, .device] == .none else { return [] }
            var found: [(file: Ref<File>, index: Int)] = []
            var from = 0
            while let (index, word) = state.radixFirst(self[file, .stored], in: from...State.lastIndex) {
                if UInt32(truncatingIfNeeded: word) != state.diskValue(file, index) {
                    found.append((file, index))
                }
                from = index + 1
            }
            return found
        }
    }
}
