// ftruncate(2) (model 2.15).

extension Machine {
    mutating func sys_ftruncate(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        let size = self[t, .newSize]
        switch position {
        case 0:
            return lockInode(file, t) ?? .next
        case 1:  // T1
            self[t, .first] = self[file, .size]
            self[file, .size] = size
            return size < self[t, .first] ? .call(.unmap_mapping_range, then: 100) : .jump(102)  // T2
        case 100:
            self[t, .cursor] = size
            return .call(.truncate_inode_pages, then: 101)  // T3
        case 101:
            // A private fault that had its page before T1 may have mapped a copy after T2. 2.6
            // keeps it out by truncate_count; later kernels unmap once more.
            return rules.generation == .v6 ? .call(.unmap_mapping_range, then: 102) : .jump(102)
        case 102:  // xfs logs the new size: what was written beyond the old one has to be there first
            let diskSize = self[file, .diskSize]
            guard rules.generation == .v6, self[file, .fileSystem] == .xfs, size > diskSize,
                self[t, .first] != diskSize
            else { return .jump(104) }
            self[t, .cursor] = diskSize
            setWritebackRange(t, file, diskSize...size - 1)
            self[t, .wbcSync] = true
            return .call(writepagesMethod(file), then: 103)
        case 103:
            self[t, .wbcIndex] = self[t, .cursor]
            return .call(.wait_on_page_writeback_range, then: 104)
        case 104: return .jump(size < self[t, .first] ? 2 : 3)
        case 2:  // T4
            forgetDiskBlocks(file, from: size)
            return .next
        default:
            if self[file, .fileSystem] == .xfs { self[file, .diskSize] = size }
            unlockInode(file, t)
            return .leave()
        }
    }

    private mutating func forgetDiskBlocks(_ file: Ref<File>, from size: Int) {
        forgetPromises(file, from: size)
        while let (index, _) = state.radixFirst(self[file, .disk], in: size...State.lastIndex) {
            writeDisk(file, index, 0, time: 0)
        }
        while let (index, _) = state.radixFirst(self[file, .stored], in: size...State.lastIndex) {
            self[file, .stored] = radixStore(
                self[file, .stored], index, 0, .stored, owner: file.raw)
        }
    }

    /// Zaps every mapping of the pages from newSize on, private copies included.
    mutating func unmap_mapping_range(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        switch position {
        case 0:
            if let wait = lockImmapForWalk(file, t) { return wait }
            if rules.generation == .v2_6 { self[file, .truncateCount] += 1 }
            self[t, .rmapPgoff] = -1
            self[t, .rmapSerial] = 0
            return .next
        case 1:
            let from = self[t, .newSize]
            let cursor = self[t, .rmapPgoff] < 0 ? nil : (self[t, .rmapPgoff], self[t, .rmapSerial])
            let vma = state.nextMapping(of: file, pages: from...State.lastIndex, after: cursor)
            guard vma.exists else { return .jump(3) }
            self[t, .rmapPgoff] = self[vma, .pgoff]
            self[t, .rmapSerial] = self[vma, .serial]
            let start = max(self[vma, .start], self[vma, .start] + from - self[vma, .pgoff])
            setZap(t, vma, start, self[vma, .end])
            return .call(.zap_pte_range, then: 1)
        case 3:  // the nonlinear ones, all of each
            let last = self[t, .rmapVMA]
            let vma = last.exists ? self[last, .fileRight] : self[file, .immapNonlinear]
            self[t, .rmapVMA] = vma
            guard vma.exists else { return .jump(2) }
            setNonlinearZap(t, vma, self[vma, .start], self[vma, .end], from: self[t, .newSize])
            return .call(.zap_pte_range, then: 3)
        default:
            unlockImmap(file, t)
            return .leave()
        }
    }

    mutating func truncate_inode_pages(_ t: Ref<Task>, at position: Int) -> Flow {
        let file = self[t, .file]
        let page = self[t, .page]
        switch position {
        case 0:
            guard
                let (_, word) = state.radixFirst(
                    self[file, .cache], in: self[t, .cursor]...State.lastIndex)
            else {
                self[t, .page] = .none
                return .leave()
            }
            self[t, .page] = head(Ref(word: word))
            self[t, .cursor] = nextIndex(of: self[t, .page])
            getPage(self[t, .page])
            return .next
        case 1:
            return lockPage(page, t) ?? .next
        case 2:
            if let wait = waitForWriteback(page) { return wait }
            let isPart = isLarge(page) && self[page, .index] < self[t, .newSize]
            return .call(isPart ? .truncate_inode_partial_folio : .truncate_complete_page, then: 3)
        default:
            unlockPage(page)
            putPage(page)
            return .jump(0)
        }
    }

    /// A large folio of which the file keeps the front: it is split if it is clean and nobody else
    /// has it, and stays whole if it is dirty. Nobody maps it any more then, not even the front.
    mutating func truncate_inode_partial_folio(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .page]
        switch position {
        case 0:
            guard self[page, .mapping].exists else { return .leave() }
            for page in pages(of: page) where self[page, .index] >= self[t, .newSize] {
                self[page, .contents] = 0
                self[page, .dirtyBuffers] = 0
            }
            return isMapped(page) ? .call(.try_to_unmap, then: 100) : .jump(100)
        case 100:
            if self[page, .dirty] { return .leave() }
            return self[page, .buffers] > 0 ? .call(.try_to_free_buffers, then: 101) : .jump(101)
        case 101:
            let isOurs = self[page, .buffers] == 0 && self[page, .pins] == 1
            return isOurs ? .jump(1) : .call(.truncate_complete_page, then: 102)
        case 1:
            splitFolio(page, at: self[t, .newSize])
            self[t, .cursor] = self[t, .newSize]  // the rear is still in the cache
            return .leave()
        default:
            return .leave()
        }
    }

    /// Throws `page` away. Which comes first, the buffers or the dirty bit, is switch S29.
    mutating func truncate_complete_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .page]
        switch position {
        case 100:
            // truncate_cleanup_folio(): a fault that held the page's lock may have mapped it again.
            return rules.generation == .v6 && isMapped(page)
                ? .call(.try_to_unmap, then: 103) : .jump(103)
        case 103:
            return rules.cancelsAfterInvalidate ? .jump(0) : .call(cancel, then: 102)
        case 0:  // do_invalidatepage()
            if hasBuffersUnderIO(page) { return .blocked(.bufferLock, page.raw) }
            if self[page, .isInTransaction] {
                // journal_unmap_buffer(): a buffer that leaves the transaction dirty is dirty for
                // the VM again, and its page with it (B15).
                self[page, .isInTransaction] = false
                self[t, .dirtyPage] = page
                self[t, .dirtyMapping] = self[page, .mapping]
                return .call(.set_page_dirty_nobuffers, then: 0)
            }
            self[page, .checked] = false
            for page in pages(of: page) {
                self[page, .buffers] = 0
                self[page, .dirtyBuffers] = 0
            }
            return rules.cancelsAfterInvalidate ? .call(cancel, then: 101) : .jump(1)
        case 101: return .jump(1)
        case 102: return .jump(0)
        default:
            self[page, .uptodate] = false
            if self[page, .mapping].exists { removeFromPageCache(page) }
            return .leave()
        }
    }

    private var cancel: KernelFunction {
        rules.hasCancelDirty ? .cancel_dirty_page : .test_clear_page_dirty
    }
}
