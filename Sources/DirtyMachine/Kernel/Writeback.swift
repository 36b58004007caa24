// Writeback (model 2.8): from the dirty tag to the disk. The device reads memory at some moment
// of its own between submission and completion.

extension Machine {
    /// Writes the dirty pages from wbcIndex to wbcEnd of wbcFile.
    mutating func write_cache_pages(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .wbcFile]
        let page = self[t, .wbcPage]
        switch position {
        case 100:
            return .jump(rules.generation == .v6 && self[t, .wbcSync] ? 0 : 1)
        case 0:  // tag_pages_for_writeback(): later dirtyings must not keep us here for ever
            var index = self[t, .wbcIndex]
            while let found = state.radixFirst(
                self[file, .cache], tagged: .dirty, in: index...max(index, self[t, .wbcEnd])),
                found <= self[t, .wbcEnd]
            {
                let folio = head(state.findPage(file, found))
                setTags(folio, .towrite, true)
                index = nextIndex(of: folio)
                if index > self[t, .wbcEnd] { break }
            }
            return .next
        case 1:  // WB1
            let tag = rules.generation == .v6 && self[t, .wbcSync] ? Tag.towrite : .dirty
            guard self[t, .wbcIndex] <= self[t, .wbcEnd],
                let index = state.radixFirst(
                    self[file, .cache], tagged: tag, in: self[t, .wbcIndex]...self[t, .wbcEnd])
            else {
                self[t, .wbcPage] = .none
                return .leave()
            }
            let found = head(state.findPage(file, index))
            getPage(found)
            self[t, .wbcPage] = found
            self[t, .wbcIndex] = nextIndex(of: found)
            return .next
        case 2:  // WB2
            return lockPage(page, t) ?? .next
        case 3:  // WB3
            guard self[page, .mapping] == file else { return .jump(6) }
            return .jump(rules.writebackRequiresDirty ? 4 : 5)
        case 4:  // WB4
            return self[page, .dirty] ? .next : .jump(6)
        case 5:  // WB5
            if self[page, .writeback] {
                return self[t, .wbcSync] ? .blocked(.writeback, page.raw) : .jump(6)
            }
            return .call(.clear_page_dirty_for_io, then: 101)  // WB6
        case 101:
            return self[t, .result] == 0 ? .jump(6) : .call(writepageMethod(file), then: 7)
        case 6:  // skip
            unlockPage(page)
            putPage(page)
            return .jump(1)
        default:
            let pages = pageCount(of: page)
            putPage(page)
            guard self[t, .wbcBudget] > 0 else { return .jump(1) }
            self[t, .wbcBudget] = max(self[t, .wbcBudget] - pages, 0)
            guard self[t, .wbcBudget] == 0 else { return .jump(1) }
            self[t, .wbcPage] = .none
            return .leave()
        }
    }

    /// a_ops->writepages; before iomap and its like, everybody's loop was the same.
    func writepagesMethod(_ file: Ref<File>) -> KernelFunction {
        guard rules.generation == .v6 else { return .write_cache_pages }
        switch self[file, .fileSystem] {
        case .xfs: return .xfs_vm_writepages
        case .nfs: return .nfs_writepages
        default: return .write_cache_pages
        }
    }

    /// a_ops->writepage.
    func writepageMethod(_ file: Ref<File>) -> KernelFunction {
        if self[file, .data] == .journal, rules.generation == .v2_6 { return .journalled_writepage }
        if self[file, .buffers] > 0 { return .writepage }
        return self[file, .fileSystem] == .nfs ? .nfs_writepage : .iomap_writeback_folio
    }

    /// block_write_full_page(), WB7.
    mutating func writepage(_ t: Ref<Task>, at position: Int) -> Flow {
        let (file, page) = (self[t, .wbcFile], self[t, .wbcPage])
        switch position {
        case 0:  // a
            for page in pages(of: page) {
                if self[page, .index] >= self[file, .size] {
                    self[page, .dirtyBuffers] = 0
                } else if self[page, .buffers] == 0 {
                    self[page, .buffers] = self[file, .buffers]
                    self[page, .dirtyBuffers] = allBuffers(file)
                }
            }
            if self[page, .isInTransaction] {
                // 6.18 commits before it writes in place: here the two are one.
                self[page, .isInTransaction] = false
                self[page, .dirtyBuffers] = allBuffers(file)
            }
            return .next
        case 1:  // b: lock_buffer() waits for a journal commit that is writing them
            if hasBuffersUnderIO(page) { return .blocked(.bufferLock, page.raw) }
            for page in pages(of: page) {
                self[page, .asyncBuffers] = self[page, .dirtyBuffers]
                self[page, .dirtyBuffers] = 0
            }
            return .next
        case 2:  // c
            setPageWriteback(page)
            self[t, .wbcSubmits] = hasBuffersUnderIO(page)
            return .jump(self[t, .wbcSubmits] ? 3 : 4)
        case 3:  // d
            for page in pages(of: page) where self[page, .asyncBuffers] != 0 {
                submitBio(t, page, carriesValue: self[page, .asyncBuffers] & 1 == 1)
            }
            return .next
        case 4:  // e
            unlockPage(page)
            return self[t, .wbcSubmits] ? .leave() : .next
        default:  // f: no buffer was dirty, so nothing is written
            endPageWriteback(page)
            return .leave()
        }
    }

    func hasBuffersUnderIO(_ folio: Ref<Folio>) -> Bool {
        pages(of: folio).contains { self[$0, .asyncBuffers] != 0 }
    }

    /// WB7 where pages have no buffers: what is dirty is written whole.
    mutating func writepageWithoutBuffers(_ t: Ref<Task>, at position: Int) -> Flow {
        let (file, page) = (self[t, .wbcFile], self[t, .wbcPage])
        switch position {
        case 0:
            setPageWriteback(page)
            return .jump(self[page, .index] < self[file, .size] ? 1 : 3)
        case 1:
            for page in pages(of: page) where self[page, .index] < self[file, .size] {
                submitBio(t, page, carriesValue: true)
            }
            return .next
        case 2:
            unlockPage(page)
            return .leave()
        default:  // beyond the end of the file: truncation is on its way
            endPageWriteback(page)
            unlockPage(page)
            return .leave()
        }
    }

    /// ext3 with data=journal: the page's data joins the running transaction, and the commit
    /// writes it. Neither PG_writeback nor the tag tells of that.
    mutating func journalled_writepage(_ t: Ref<Task>, at position: Int) -> Flow {
        let (file, page) = (self[t, .wbcFile], self[t, .wbcPage])
        switch position {
        case 0:
            guard self[page, .checked] || self[page, .buffers] == 0 else {
                return .call(.writepage, then: 100)  // the transaction's own, after its commit
            }
            self[page, .checked] = false
            self[page, .buffers] = self[file, .buffers]
            self[page, .isInTransaction] = true
            return .next
        case 1:
            unlockPage(page)
            return .leave()
        default:
            return .leave()
        }
    }

    private mutating func setPageWriteback(_ folio: Ref<Folio>) {
        self[folio, .writeback] = true
        self[folio, .isPrepared] = false
        setTags(folio, .writeback, true)
        if !self[folio, .dirty] { setTags(folio, .dirty, false) }
        setTags(folio, .towrite, false)
        count(.nr_writeback, pageCount(of: folio))
    }

    private mutating func endPageWriteback(_ folio: Ref<Folio>) {
        self[folio, .writeback] = false
        self[folio, .reclaim] = false
        if self[folio, .mapping].exists { setTags(folio, .writeback, false) }
        count(.nr_writeback, -pageCount(of: folio))
    }

    // MARK: The device: a large folio is a write for each page

    private mutating func submitBio(
        _ t: Ref<Task>, _ page: Ref<Folio>, carriesValue: Bool
    ) {
        let bio = allocate(Bio.self)
        self[bio, .folio] = page
        self[bio, .isHeld] = self[t, .wbcHold]
        self[bio, .owner] = self[t, .slot]
        self[bio, .carriesValue] = carriesValue
        self[page, .bio] = bio
        getPage(page)
        let last = self[State.system, .lastBio]
        if last.exists { self[last, .next] = bio } else { self[State.system, .firstBio] = bio }
        self[State.system, .lastBio] = bio
    }

    /// Pages on their way to the device, oldest first.
    public var pendingBios: [Ref<Bio>] { state.pendingBios }

    /// The write that a page is in, if it is; of a large folio, one that the device can go on with.
    public func bio(of page: Ref<Folio>) -> Ref<Bio>? {
        let bios = pages(of: head(page)).lazy.map { self[$0, .bio] }.filter(\.exists)
        return bios.first(where: deviceCanStep) ?? bios.first
    }

    /// The oldest write that a task has submitted and the device can go on with by itself.
    public func deviceWork(of task: Ref<Task>) -> Ref<Bio>? {
        pendingBios.first { self[$0, .owner] == self[task, .slot] && deviceCanStep($0) }
    }

    /// Whether the device has something to do: a write that waits for `complete` is only read.
    public func deviceCanStep(_ bio: Ref<Bio>) -> Bool {
        !self[bio, .isSampled] || !self[bio, .isHeld]
    }

    /// One step of the device on a page: it reads memory, or it has written the disk and raises
    /// the completion interrupt. False if there is nothing to do, or not until `complete`.
    @discardableResult
    public mutating func stepDevice(_ bio: Ref<Bio>, completing: Bool = false) -> Bool {
        let page = self[bio, .folio]
        if !self[bio, .isSampled] {
            setCause(task: 0, function: .device)
            self[bio, .sample] = self[page, .contents]
            self[bio, .sampleTime] = state.storeTime(of: page)
            self[bio, .isSampled] = true
            return true
        }
        guard completing || !self[bio, .isHeld] else { return false }
        setCause(task: 0, function: .end_page_writeback)
        let file = self[page, .mapping]
        if self[bio, .carriesValue], file.exists {
            noteWrite(file, self[page, .index], time: self[bio, .sampleTime])
            writeDisk(
                file, self[page, .index], self[bio, .sample], time: self[bio, .sampleTime])
            if self[file, .fileSystem] == .xfs {
                let end = min(self[page, .index] + 1, self[file, .size])
                if end > self[file, .diskSize] { self[file, .diskSize] = end }
            }
        }
        unlink(bio)
        self[page, .bio] = .none
        self[page, .asyncBuffers] = 0
        // The last write of a folio ends its writeback.
        let folio = head(page)
        if !pages(of: folio).contains(where: { self[$0, .bio].exists }) { endPageWriteback(folio) }
        putPage(folio)
        return true
    }

    private mutating func unlink(_ bio: Ref<Bio>) {
        let next = self[bio, .next]
        var previous = Ref<Bio>.none
        var at = self[State.system, .firstBio]
        while at != bio {
            previous = at
            at = self[at, .next]
        }
        if previous.exists { self[previous, .next] = next } else { self[State.system, .firstBio] = next }
        if self[State.system, .lastBio] == bio { self[State.system, .lastBio] = previous }
        free(bio)
    }

    // MARK: Waiting and synchronising

    /// Waits until no page from wbcIndex to wbcEnd is under writeback.
    mutating func wait_on_page_writeback_range(_ t: Ref<Task>) -> Flow {
        let file = self[t, .wbcFile]
        guard self[t, .wbcIndex] <= self[t, .wbcEnd],
            let index = state.radixFirst(
                self[file, .cache], tagged: .writeback, in: self[t, .wbcIndex]...self[t, .wbcEnd])
        else { return .leave() }
        return .blocked(.writeback, head(state.findPage(file, index)).raw)
    }

    /// do_fsync(), vfs_fsync_range(): `first` to `last` of wbcFile. 6.18 waits before the file
    /// system's own fsync, 2.6 after it.
    mutating func do_fsync(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .wbcFile]
        switch position {
        case 100:
            guard self[file, .fileSystem].hasDisk else { return .leave() }
            self[t, .wbcSync] = true
            return .call(writepagesMethod(file), then: 101)
        case 101:
            self[t, .wbcIndex] = self[t, .count]
            return rules.generation == .v6 ? .call(.wait_on_page_writeback_range, then: 0) : .jump(0)
        case 0:  // ->fsync
            if rules.generation == .v2_6, !self[file, .inodeLock].isFree {
                return .blocked(.inodeLock, file.raw)
            }
            self[file, .isInodeDirty] = false
            if rules.generation == .v6 { return .leave() }
            guard self[file, .data] == .journal else { return .jump(102) }
            self[t, .commitFile] = file
            self[t, .commitIndex] = 0
            return .call(.journal_commit_transaction, then: 102)
        case 102: return .call(.wait_on_page_writeback_range, then: 103)
        default: return .leave()
        }
    }

    mutating func sys_fsync(_ t: Ref<Task>, at position: Int) -> Flow {
        guard position == 100 else {
            checkPromises(t)
            return .leave()
        }
        notePromises(t, self[t, .file], 0...State.lastIndex)
        setWritebackRange(t, self[t, .file], 0...State.lastIndex)
        return .call(.do_fsync, then: 101)
    }

    /// `count` keeps the range's beginning for the wait that follows the writing.
    mutating func setWritebackRange(_ t: Ref<Task>, _ file: Ref<File>, _ range: ClosedRange<Int>) {
        self[t, .wbcFile] = file
        self[t, .wbcIndex] = range.lowerBound
        self[t, .count] = range.lowerBound
        self[t, .wbcEnd] = range.upperBound
    }

    /// The flusher on a range of one file, `writeback`.
    mutating func wb_writepages(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        switch position {
        case 100:
            guard self[file, .fileSystem].hasDisk else { return .leave() }
            setWritebackRange(t, file, self[t, .first]...self[t, .last])
            self[t, .wbcSync] = !self[t, .wbcHold]
            return .call(writepagesMethod(file), then: 101)
        case 101:
            if self[t, .wbcHold] { return .leave() }
            self[t, .wbcIndex] = self[t, .first]
            return .call(.wait_on_page_writeback_range, then: 102)
        default: return .leave()
        }
    }

    /// `complete`: the device finishes what `writeback … start` left with it.
    mutating func completeHeld(_ t: Ref<Task>) -> Flow {
        let (file, pages) = (self[t, .file], self[t, .first]...self[t, .last])
        for bio in pendingBios {
            let page = self[bio, .folio]
            guard self[page, .mapping] == file, pages.contains(self[page, .index]) else { continue }
            stepDevice(bio, completing: true)
            return .jump(0)
        }
        return .leave()
    }
}

extension State {
    /// The last page index that a file can have.
    static let lastIndex = 1 << 40

    public var pendingBios: [Ref<Bio>] {
        var result: [Ref<Bio>] = []
        var bio = self[State.system, .firstBio]
        while bio.exists {
            result.append(bio)
            bio = self[bio, .next]
        }
        return result
    }
}
