// Buffer heads behind the VM's back: try_to_free_buffers() and the journal (model 2.8, 2.9).

extension Machine {
    /// Drops the clean buffers of `page`, which is locked; returns 1 if it did.
    mutating func try_to_free_buffers(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .page]
        let file = self[page, .mapping]
        switch position {
        case 0:
            if self[page, .writeback] { return .leave(0) }
            if let wait = lockPrivate(file, t) { return wait }
            let areBusy = pages(of: page).contains {
                self[$0, .dirtyBuffers] != 0 || self[$0, .asyncBuffers] != 0
            }
            guard !areBusy, !self[page, .isInTransaction] else {
                unlockPrivate(file, t)
                return .leave(0)
            }
            for page in pages(of: page) { self[page, .buffers] = 0 }
            if rules.ttfbHoldsLock { return .call(cancelFunction, then: 1) }
            // S18: between here and the clearing of PG_dirty a sibling may dirty the page (B3).
            unlockPrivate(file, t)
            return .call(.test_clear_page_dirty, then: 100)
        case 1:
            unlockPrivate(file, t)
            return .leave(1)
        default:
            return .leave(1)
        }
    }

    /// page_mkclean() takes ptl, so it may not run under private_lock: a kernel that tracks and
    /// holds the lock must cancel instead.
    private var cancelFunction: KernelFunction {
        rules.tracks ? .cancel_dirty_page : .test_clear_page_dirty
    }

    /// `strip`: reclaim frees the clean buffers of pages that may still be mapped.
    mutating func strip_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        switch position {
        case 0:
            guard self[t, .cursor] <= self[t, .last] else { return .leave() }
            guard
                let (_, word) = state.radixFirst(
                    self[file, .cache], in: self[t, .cursor]...self[t, .last])
            else { return .leave() }
            let page = head(Ref(word: word))
            self[t, .cursor] = nextIndex(of: page)
            guard self[page, .buffers] > 0, self[page, .lockOwner] == 0 else { return .jump(0) }
            _ = lockPage(page, t)
            self[t, .page] = page
            return .call(.try_to_free_buffers, then: 1)
        default:
            unlockPage(self[t, .page])
            return .jump(0)
        }
    }

    /// A commit. With data=ordered it writes dirty data buffers itself, and PG_dirty, tag and PTEs
    /// stay as they are; with data=journal it writes the transaction's pages to the log, and leaves
    /// them dirty for a later writeback. Since jbd2 it goes through the file system's writepages.
    mutating func journal_commit_transaction(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .commitFile].exists ? self[t, .commitFile] : self[t, .file]
        let isJournalled = self[file, .data] == .journal
        let page = self[t, .page]
        switch position {
        case 100:
            guard self[file, .fileSystem].journalsData else {
                self[t, .outcome] = .EINVAL
                return .leave()
            }
            if rules.generation == .v6 { return .call(.wb_writepages, then: 101) }
            return .jump(self[file, .data] == .writeback ? 101 : 0)
        case 0:
            return takeForCommit(t, file)
        case 1:  // the device reads memory
            self[t, .value] = self[page, .contents]
            self[t, .valueTime] = state.storeTime(of: page)
            return .next
        case 2:  // and has written the disk
            if self[t, .boolean], self[page, .mapping] == file {
                writeDisk(file, self[page, .index], self[t, .value], time: self[t, .valueTime])
            }
            self[t, .value] = 0
            self[t, .valueTime] = 0
            guard isJournalled else { return .next }
            // What is in the log has yet to be written in its place.
            self[t, .dirtyPage] = page
            self[t, .dirtyMapping] = file
            return .call(.set_page_dirty_nobuffers, then: 3)
        case 3:
            if isJournalled { self[page, .dirtyBuffers] = allBuffers(file) }
            self[page, .asyncBuffers] = 0
            putPage(page)
            return .jump(0)
        default:
            self[t, .commitFile] = .none
            self[t, .commitIndex] = 0
            return .leave()
        }
    }

    /// The next page that a commit has to write.
    private mutating func takeForCommit(_ t: Ref<Task>, _ file: Ref<File>) -> Flow {
        let isJournalled = self[file, .data] == .journal
        var from = self[t, .commitIndex]
        while let (index, word) = state.radixFirst(self[file, .cache], in: from...State.lastIndex) {
            let page = Ref<Folio>(word: word)
            if isJournalled ? self[page, .isInTransaction] : self[page, .dirtyBuffers] != 0 {
                if self[page, .writeback] { return .blocked(.writeback, page.raw) }
                if self[page, .asyncBuffers] != 0 { return .blocked(.bufferLock, page.raw) }
                self[t, .commitIndex] = index + 1
                self[t, .page] = page
                getPage(page)
                let buffers = isJournalled ? allBuffers(file) : self[page, .dirtyBuffers]
                self[t, .boolean] = buffers & 1 == 1
                self[page, .asyncBuffers] = buffers
                if isJournalled {
                    self[page, .isInTransaction] = false
                } else {
                    self[page, .dirtyBuffers] = 0
                }
                return .next
            }
            from = index + 1
        }
        return .jump(101)
    }
}
