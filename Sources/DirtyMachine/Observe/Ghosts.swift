// What no kernel knows but a checker must: when each store happened, which stores a call has
// promised to be on disk, which faults and writes were for nothing. Kernel functions only report
// here; nothing here decides what they do.

extension State {
    /// The time of the store that a page's contents come from: the last one to that page of the
    /// file, or, where that one was lost, the one on disk.
    func storeTime(of page: Ref<Folio>) -> Int {
        let file = self[page, .mapping]
        guard file.exists else { return 0 }
        let stored = radixValue(self[file, .stored], self[page, .index])
        if stored != 0, UInt32(truncatingIfNeeded: stored) == self[page, .contents] {
            return Int(stored >> 33)
        }
        return diskTime(file, self[page, .index])
    }

    func diskTime(_ file: Ref<File>, _ index: Int) -> Int {
        Int(radixValue(self[file, .disk], index) >> 32)
    }
}

extension Machine {
    /// A store to a page of a file: the value, a mark that there is one, and the time. Every page
    /// has a clock of its own, so that stores to two of them leave the same behind in either order.
    mutating func noteStore(_ file: Ref<File>, _ index: Int, _ value: UInt32) {
        let latest = state.radixValue(self[file, .stored], index) >> 33
        let time = (max(latest, UInt64(state.diskTime(file, index))) + 1) & 0x7fff_ffff
        self[file, .stored] = radixStore(
            self[file, .stored], index, UInt64(value) | 1 << 32 | time << 33, .stored,
            owner: file.raw)
        if self[file, .unreturned].exists { setUnreturned(file, index, 0) }
    }

    /// A write(2) has copied a value into a page. To others it counts when the call returns; until
    /// then they are owed what was there before. Only one such call at a time has i_mutex.
    mutating func noteWriteCall(_ file: Ref<File>, _ index: Int, _ value: UInt32) {
        let before = state.radixValue(self[file, .stored], index)
        noteStore(file, index, value)
        setUnreturned(file, index, before | 1 << 32)
    }

    mutating func noteWriteReturns(_ file: Ref<File>) {
        if self[file, .unreturned].exists { radixFree(self[file, .unreturned]) }
        self[file, .unreturned] = .none
    }

    private mutating func setUnreturned(_ file: Ref<File>, _ index: Int, _ word: UInt64) {
        self[file, .unreturned] = radixStore(
            self[file, .unreturned], index, word, .stored, owner: file.raw)
    }

    // MARK: I12

    /// A store of user mode that the hardware has let through. While an mprotect has mmap_sem, a
    /// store may still go by what was allowed before.
    mutating func noteStoreByUser(_ mm: Ref<MM>, _ vpn: Int, _ page: Ref<Folio>) {
        guard self[page, .mapping].exists, self[mm, .mmapLock].writer == 0 else { return }
        let vma = state.vma(mm, covering: vpn)
        if vma.exists, !self[vma, .flags].contains(.write) { noteSilentChange(page) }
    }

    /// A file page has got other contents by a way that nobody may write by.
    mutating func noteSilentChange(_ page: Ref<Folio>) {
        if self[page, .mapping].exists { self[page, .isChangedSilently] = true }
    }

    // MARK: I16

    /// A write fault ends in reuse: for nothing if the PTE was dirty already, or the page is a
    /// driver's, which nobody writes back.
    mutating func noteReuse(_ t: Ref<Task>, _ page: Ref<Folio>) {
        guard !self[page, .anon] else { return }
        if self[t, .vmfOriginal].dirty || isDeviceMemory(page) {
            self[State.system, .wastedFaults] += 1
        }
    }

    /// The device has written a page: for nothing if the disk had that store before.
    mutating func noteWrite(_ file: Ref<File>, _ index: Int, time: Int) {
        if time <= state.diskTime(file, index) { self[State.system, .wastedWrites] += 1 }
    }

    // MARK: I2

    /// What must be on disk when fsync or msync returns 0: the stores that CPUs have done, and what
    /// calls of write(2) have written that had returned by then. A kernel that does not track
    /// promises what it can know: pages that are dirty already, and those of the PTEs that msync
    /// walks.
    mutating func notePromises(
        _ t: Ref<Task>, _ file: Ref<File>, _ range: ClosedRange<Int>, goesOn: Bool = false,
        where isPromised: (Machine, Int) -> Bool = { _, _ in false }
    ) {
        if !goesOn { dropPromises(t) }
        guard self[file, .fileSystem].hasDisk else { return }
        self[t, .promisedFile] = file
        var from = range.lowerBound
        while from <= range.upperBound,
            let (index, stored) = state.radixFirst(self[file, .stored], in: from...range.upperBound)
        {
            from = index + 1
            let earlier = state.radixValue(self[file, .unreturned], index)
            let word = earlier != 0 ? earlier : stored
            guard index < self[file, .size], Int(word >> 33) > state.diskTime(file, index)
            else { continue }
            let page = state.findPage(file, index)
            if rules.tracks || page.exists && self[head(page), .dirty] || isPromised(self, index) {
                addPromise(t, index, word)
            }
        }
    }

    mutating func notePromises(_ t: Ref<Task>, of vma: Ref<VMA>, upTo end: Int) {
        let start = max(self[vma, .start], self[t, .cursor])
        let last = min(self[vma, .end], end) - 1
        guard start <= last else { return }
        let file = self[vma, .file]
        if self[vma, .flags].contains(.nonlinear) {
            let entries = entriesByIndex(vma, start...last)
            dropPromises(t)
            for index in entries.keys.sorted() {
                notePromises(t, file, index...index, goesOn: true) { entries[$1]?.dirty == true }
            }
            return
        }
        let offset = self[vma, .pgoff] - self[vma, .start]
        notePromises(t, file, start + offset...last + offset) { machine, index in
            machine.pte(machine[vma, .mm], index - offset).dirty
        }
    }

    /// What a part of a nonlinear VMA maps, by the page of the file.
    private func entriesByIndex(_ vma: Ref<VMA>, _ pages: ClosedRange<Int>) -> [Int: PTE] {
        var result: [Int: PTE] = [:]
        var from = pages.lowerBound
        while from <= pages.upperBound,
            let (vpn, word) = state.radixFirst(self[self[vma, .mm], .pgd], in: from...pages.upperBound)
        {
            let entry = PTE(word: word)
            if entry.isMapped, !self[entry.folio, .anon] {
                let index = self[entry.folio, .index]
                if result[index]?.dirty != true { result[index] = entry }
            }
            from = vpn + 1
        }
        return result
    }

    private mutating func addPromise(_ t: Ref<Task>, _ index: Int, _ word: UInt64) {
        self[t, .promises] = radixStore(
            self[t, .promises], index, word, .stored, owner: self[t, .promisedFile].raw)
    }

    /// The call is about to return 0: has it kept what it promised?
    mutating func checkPromises(_ t: Ref<Task>) {
        let file = self[t, .promisedFile]
        var from = 0
        while let (index, word) = state.radixFirst(self[t, .promises], in: from...State.lastIndex) {
            from = index + 1
            if state.diskTime(file, index) < Int(word >> 33) {
                self[file, .broken] = radixStore(
                    self[file, .broken], index, word, .stored, owner: file.raw)
            }
        }
        dropPromises(t)
    }

    mutating func dropPromises(_ t: Ref<Task>) {
        if self[t, .promises].exists { radixFree(self[t, .promises]) }
        self[t, .promises] = .none
        self[t, .promisedFile] = .none
    }

    /// What is truncated during the call is not promised any more.
    mutating func forgetPromises(_ file: Ref<File>, from size: Int) {
        for task in state.tasks where self[task, .promisedFile] == file {
            while let (index, _) = state.radixFirst(
                self[task, .promises], in: size...State.lastIndex)
            {
                self[task, .promises] = radixStore(
                    self[task, .promises], index, 0, .stored, owner: file.raw)
            }
        }
    }
}
