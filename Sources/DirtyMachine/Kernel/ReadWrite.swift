// read(2) and write(2) of one page (model 2.18). Neither looks at any PTE.

extension Machine {
    mutating func sys_read(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        let index = self[t, .cursor]
        switch position {
        case 100:
            return index > self[t, .last] ? .leave() : .jump(0)
        case 0:
            self[t, .hasValue] = false
            guard index < self[file, .size] else { return .leave() }
            let page = state.findPage(file, index)
            if page.exists {
                guard self[head(page), .uptodate] else { return .blocked(.pageLock, head(page).raw) }
                if let wait = waitInShmem(file, page) { return wait }
                return finishRead(t, page)
            }
            guard self[file, .fileSystem].readsPages else {  // a hole stays one
                self[t, .value] = 0
                self[t, .hasValue] = true
                self[t, .cursor] += 1
                return .jump(100)
            }
            let added = allocateFolio(file, index)
            guard added.exists else {
                self[t, .outcome] = .ENOMEM
                return .leave()
            }
            self[added, .lockOwner] = self[t, .slot]
            addToPageCache(added, file, index)
            self[t, .page] = self.page(of: added, at: index)
            return .next
        default:
            let page = self[t, .page]
            completeRead(page, file)
            unlockPage(page)
            return finishRead(t, page)
        }
    }

    private mutating func finishRead(_ t: Ref<Task>, _ page: Ref<Folio>) -> Flow {
        let folio = head(page)
        if !self[folio, .writeback] { self[folio, .reclaim] = false }  // taken for PG_readahead
        self[folio, .referenced] = true
        self[t, .value] = self[page, .contents]
        self[t, .hasValue] = true
        self[t, .cursor] += 1
        return .jump(100)
    }

    mutating func sys_write(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        let index = self[t, .cursor]
        let page = self[t, .page]
        switch position {
        case 0:
            return lockInode(file, t) ?? .next
        case 1:  // find or create the page, locked
            var found = state.findPage(file, index)
            if found.exists {
                if let wait = lockPage(found, t) { return wait }
            } else {
                found = allocateFolio()  // of order 0: the call is about one page
                guard found.exists else {
                    self[t, .outcome] = .ENOMEM
                    return .jump(7)
                }
                self[found, .lockOwner] = self[t, .slot]
                addToPageCache(found, file, index)
            }
            getPage(found)
            self[t, .page] = found
            return .next
        case 2:  // prepare: a whole page is written, so nothing is read
            let folio = head(page)
            self[folio, .isPrepared] = self[file, .fileSystem].hasDisk
            for page in pages(of: folio) where self[page, .buffers] == 0 {
                self[page, .buffers] = self[file, .buffers]
            }
            return .next
        case 3:  // copy
            let value = storedValue(t)
            self[page, .contents] = value
            self[head(page), .uptodate] = true
            noteWriteCall(file, index, value)
            self[t, .value] = value
            self[t, .hasValue] = true
            self[t, .dirtyPage] = page
            if self[file, .data] == .journal {
                self[page, .isInTransaction] = true
                // The commit makes the page dirty, as far as ext3 is concerned.
                if rules.generation == .v2_6 { return .next }
            }
            return .call(.set_page_dirty, then: 4)  // commit
        case 4:  // i_size is updated before the page is unlocked
            if index >= self[file, .size] { self[file, .size] = index + 1 }
            return .next
        case 5:
            unlockPage(page)
            putPage(page)
            self[t, .cursor] = index + 1
            return balance(t, file, then: self[t, .cursor] > self[t, .last] ? 7 : 1)
        default:
            noteWriteReturns(file)
            unlockInode(file, t)
            return .leave()
        }
    }
}
