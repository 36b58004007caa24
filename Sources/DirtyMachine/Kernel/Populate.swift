// mmap(2) with MAP_POPULATE (section 9 rule 15): the mapping is filled before the call returns, and
// what goes wrong on the way does not matter.

extension Machine {
    mutating func mm_populate(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            if let wait = mmapReadLock(mm, t) { return wait }
            let binding = self[t, .mapping]
            let start = binding.exists ? self[binding, .start] : self[t, .first]
            self[t, .zapAddress] = start
            self[t, .zapEnd] = binding.exists ? start + self[binding, .pages] : self[t, .last] + 1
            return .jump(rules.generation == .v6 ? 100 : 102)
        case 1:
            mmapUnlock(mm, t)
            self[t, .gupPage] = .none
            self[t, .page] = .none
            return .leave()
        case 100: return populateNext(t, mm)
        case 101:
            let vma = state.vma(mm, covering: self[t, .zapAddress])
            let isFine = self[t, .result] == GUPStatus.found
            self[t, .zapAddress] = isFine ? self[t, .zapAddress] + 1 : self[vma, .end]
            return .jump(100)
        case 102:
            guard mayPopulate(t, mm) else { return .jump(1) }
            let (start, end) = (self[t, .zapAddress], self[t, .zapEnd])
            let vma = state.vma(mm, covering: start)
            setPopulate(t, vma, start, end, from: linearIndex(vma, start))
            return .call(.filemap_populate, then: 1)
        default:
            return .leave()
        }
    }

    /// populate_vma_page_range(): as get_user_pages() by force, and for writing where a store would
    /// make a private copy anyway.
    private mutating func populateNext(_ t: Ref<Task>, _ mm: Ref<MM>) -> Flow {
        let vma = state.findVMA(mm, self[t, .zapAddress])
        guard vma.exists, self[vma, .start] < self[t, .zapEnd], self[t, .zapAddress] < self[t, .zapEnd]
        else { return .jump(1) }
        let flags = self[vma, .flags]
        self[t, .zapAddress] = max(self[t, .zapAddress], self[vma, .start])
        setGUP(
            t, self[t, .zapAddress], write: flags.contains(.write) && !flags.contains(.shared),
            force: !flags.isDisjoint(with: .access), get: false)
        return .call(.get_user_pages, then: 101)
    }

    /// 2.6 fills linear mappings by the code of remap_file_pages(): shared ones of a file only, and
    /// none that reach beyond its end.
    private func mayPopulate(_ t: Ref<Task>, _ mm: Ref<MM>) -> Bool {
        let (start, end) = (self[t, .zapAddress], self[t, .zapEnd])
        let vma = state.vma(mm, covering: start)
        guard vma.exists, self[vma, .flags].contains(.shared), end <= self[vma, .end] else { return false }
        let file = self[vma, .file]
        return file.exists && self[vma, .pgoff] + end - self[vma, .start] <= self[file, .size]
    }
}
