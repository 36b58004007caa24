// set_page_dirty() and its file systems' versions (model 2.5). Buffers, PG_dirty, tag and counter
// change in separate steps: B3 and B5 live between them.

extension Machine {
    /// Dirties `dirtyPage`. Returns 1 if it was clean.
    mutating func set_page_dirty(_ t: Ref<Task>, at position: Int) -> Flow {
        guard position == 0 else { return .leave(self[t, .result]) }
        let page = head(self[t, .dirtyPage])
        if !rules.faultSetsDirty, state.stack(of: t).contains(where: { $0.function == .handle_mm_fault }) {
            return .leave(0)
        }
        self[t, .dirtyPage] = page
        // folio_mark_dirty() does this; write(2) goes through mark_buffer_dirty() instead.
        if self[t, .operation] != .pwrite { self[page, .reclaim] = false }
        let file = self[page, .mapping]  // D1
        guard file.exists, !isDeviceMemory(page) else {
            let was = self[page, .dirty]
            self[page, .dirty] = true
            return .leave(was ? 0 : 1)
        }
        self[t, .dirtyMapping] = file
        return .call(dirtyMethod(file), then: 100)
    }

    /// a_ops->set_page_dirty.
    private func dirtyMethod(_ file: Ref<File>) -> KernelFunction {
        guard self[file, .fileSystem].hasDisk else {
            return rules.generation == .v6 ? .noop_dirty_folio : .set_page_dirty_nobuffers
        }
        if self[file, .data] == .journal { return .journalled_set_page_dirty }
        return self[file, .buffers] > 0 ? .set_page_dirty_buffers : .set_page_dirty_nobuffers
    }

    /// data=journal: the buffers are the transaction's business. PG_checked tells writepage that
    /// it has not heard of this data yet; 6.18 tells it in page_mkwrite.
    mutating func journalled_set_page_dirty(_ t: Ref<Task>, at position: Int) -> Flow {
        guard position == 0 else { return .leave(self[t, .result]) }
        if rules.generation == .v2_6 { self[self[t, .dirtyPage], .checked] = true }
        return .call(.set_page_dirty_nobuffers, then: 100)
    }

    /// set_page_dirty_lock(): for a page got by get_user_pages(), which may have lost its file.
    mutating func set_page_dirty_lock(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .gupPage]
        switch position {
        case 0:
            if let wait = lockPage(page, t) { return wait }
            self[t, .dirtyPage] = page
            return .call(.set_page_dirty, then: 1)
        default:
            unlockPage(page)
            return .leave()
        }
    }

    mutating func set_page_dirty_buffers(_ t: Ref<Task>, at position: Int) -> Flow {
        let (page, file) = (self[t, .dirtyPage], self[t, .dirtyMapping])
        switch position {
        case 0:  // D2
            if rules.generation == .v6 {
                if let wait = lockPrivate(file, t) { return wait }
            } else if !privateLockIsFree(file) {
                return .blocked(.privateLock, file.raw)
            }
            for page in pages(of: page) where self[page, .buffers] > 0 && dirtiesBuffers(t, page) {
                self[page, .dirtyBuffers] = (1 << self[page, .buffers]) - 1
            }
            return .next
        case 1:  // D3
            let was = testSetPageDirty(t, page)
            if rules.generation == .v6 { unlockPrivate(file, t) }
            return was ? .leave(0) : .next
        case 2:
            accountDirtied(t, page)
            return .next
        default:  // D5
            self[file, .isInodeDirty] = true
            return .leave(1)
        }
    }

    /// write(2) dirties the buffers of what it has written, everybody else all of the folio's.
    private func dirtiesBuffers(_ t: Ref<Task>, _ page: Ref<Folio>) -> Bool {
        let isWriting = self[t, .operation] == .pwrite && !self[t, .wbcPage].exists
        return !isLarge(page) || !isWriting || page == self[t, .page]
    }

    mutating func set_page_dirty_nobuffers(_ t: Ref<Task>, at position: Int) -> Flow {
        let (page, file) = (self[t, .dirtyPage], self[t, .dirtyMapping])
        switch position {
        case 0:  // D3
            return testSetPageDirty(t, page) ? .leave(0) : .next
        case 1:
            accountDirtied(t, page)
            return .next
        default:  // D5
            self[file, .isInodeDirty] = true
            return .leave(1)
        }
    }

    /// D3: was the page dirty before? Whether the file system knew of it is noted for I9.
    private mutating func testSetPageDirty(_ t: Ref<Task>, _ page: Ref<Folio>) -> Bool {
        if self[page, .dirty] { return true }
        self[page, .dirty] = true
        let file = self[page, .mapping]
        self[page, .isUnprepared] =
            file.exists && self[file, .hasPageMkwrite] && !self[page, .isPrepared]
            && state.stack(of: t).contains { $0.function == .do_page_fault }
        return false
    }

    /// D4, under tree_lock: nothing happens if the page has been truncated meanwhile.
    private mutating func accountDirtied(_ t: Ref<Task>, _ page: Ref<Folio>) {
        let file = self[page, .mapping]
        guard file.exists else { return }
        if self[file, .accountsDirty] { count(.nr_dirty, pageCount(of: page)) }
        countDirtied(t, file, pageCount(of: page))
        setTags(page, .dirty, true)
    }

    /// 6.18's tmpfs: PG_dirty and nothing else.
    mutating func noop_dirty_folio(_ t: Ref<Task>) -> Flow {
        let page = self[t, .dirtyPage]
        let was = self[page, .dirty]
        self[page, .dirty] = true
        return .leave(was ? 0 : 1)
    }
}
