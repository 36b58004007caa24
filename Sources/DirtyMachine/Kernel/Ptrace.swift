// ptrace(2) POKEDATA and PEEKDATA: access_process_vm(), which works on another process's pages with
// FOLL_FORCE (model 2.17, rows O15 and O16).

extension Machine {
    /// One word in each page of the range; each is a ptrace call of its own.
    mutating func access_process_vm(_ t: Ref<Task>, at position: Int) -> Flow {
        let target = self[t, .target]
        let isPoke = self[t, .operation] == .poke
        switch position {
        case 0:
            guard self[self[t, .process], .isAlive] else { return end(t, .SIGKILL) }
            guard self[target, .isAlive] else { return end(t, .ESRCH) }
            let mm = self[target, .mm]
            if let wait = mmapReadLock(mm, t) { return wait }
            self[t, .remoteMM] = mm
            setGUP(t, self[t, .cursor], write: isPoke, force: true, get: true)
            return .call(.get_user_pages, then: 100)
        case 100:
            if self[t, .result] == GUPStatus.found { return .jump(1) }
            _ = end(t, .EIO)
            return .jump(3)
        case 1:  // through the kernel's own mapping of the page
            let page = self[t, .gupPage]
            if isPoke {
                storeToMemory(page, storedValue(t))
                // I12: a file may change through a mapping that may be written, and no other.
                let vma = state.vma(self[t, .remoteMM], covering: self[t, .cursor])
                if !vma.exists || !self[vma, .flags].isSharedWritable { noteSilentChange(page) }
            }
            self[t, .value] = self[page, .contents]
            self[t, .hasValue] = true
            return isPoke ? .call(.set_page_dirty_lock, then: 2) : .jump(2)
        case 2:
            putPage(self[t, .gupPage])
            self[t, .cursor] += 1
            return .next
        case 3:  // mmput(): the target may have died meanwhile
            let mm = self[t, .remoteMM]
            mmapUnlock(mm, t)
            self[t, .remoteMM] = .none
            self[t, .gupPage] = .none
            guard isUnused(mm, apartFrom: t) else { return .jump(101) }
            self[t, .exitMM] = mm
            return .call(.exit_mmap, then: 101)
        default:
            let isOver = self[t, .outcome] != .ok || self[t, .cursor] > self[t, .last]
            return isOver ? .leave() : .jump(0)
        }
    }

    private mutating func end(_ t: Ref<Task>, _ outcome: Outcome) -> Flow {
        self[t, .outcome] = outcome
        return .leave()
    }
}
