// `crash`: memory is gone, what was on disk stays.

extension Machine {
    mutating func powerLoss(_ t: Ref<Task>) -> Flow {
        var inFlight: [Ref<Folio>] = []
        for task in state.tasks where task != t && !self[task, .isDone] {
            inFlight += folios(of: task)
            abandon(task)
        }
        for process in state.processes where self[process, .mm].exists {
            let mm = self[process, .mm]
            inFlight += abandonPins(of: mm)
            for thread in state.processes where self[thread, .mm] == mm { bury(thread) }
            tearDown(mm)
        }
        for bio in pendingBios { free(bio) }
        self[State.system, .firstBio] = .none
        self[State.system, .lastBio] = .none
        for file in state.files { forgetCache(file) }
        // What is left now was neither cached nor mapped: a task had it in its hands.
        for page in inFlight where state.kind(at: page.raw) == .folio && !isZeroFolio(page) {
            freeFrames(head(page))
        }
        if self[State.system, .zeroFolio].exists { self[zeroFolio(), .pins] = 1 }
        for cpu in 0..<cpuCount {
            for offset in 4..<Processor.words {
                write(state.processor(cpu).raw, UInt8(offset), 0, .processor)
            }
        }
        for counter in [Counter.nr_dirty, .nr_writeback, .nr_mapped, .nr_anon] {
            self[State.system, .counter(counter)] = 0
        }
        for cpu in 0..<cpuCount { self[processor(cpu), .dirtied] = 0 }
        self[State.system, .dirtyExceeded] = false
        self[State.system, .flusherIsWoken] = false
        self[State.system, .powerLosses] += 1
        return .leave()
    }

    /// A task that power took in the middle of its work.
    private mutating func abandon(_ task: Ref<Task>) {
        for level in 0..<self[task, .depth] {
            self[task, .frame(level)] = .none
        }
        self[task, .depth] = 0
        self[task, .wait] = .nothing
        self[task, .waitObject] = 0
        self[task, .outcome] = .SIGKILL
        self[task, .isDone] = true
        dropPromises(task)
        var vma = self[task, .detached]
        while vma.exists {
            let next = self[vma, .nextDetached]
            free(vma)
            vma = next
        }
        for list in [Field<Task, Ref<Batch>>.gather, .delayed] {
            var batch = self[task, list]
            while batch.exists {
                let next = self[batch, .next]
                free(batch)
                batch = next
            }
        }
    }

    /// The pages that a task's registers and batches name; some may have been freed since.
    private func folios(of task: Ref<Task>) -> [Ref<Folio>] {
        var result = [
            self[task, .vmfPage], self[task, .vmfNewPage], self[task, .wbcPage], self[task, .page],
            self[task, .zapPage], self[task, .gupPage], self[task, .populatePage],
            self[task, .balancePage],
        ]
        for list in [Field<Task, Ref<Batch>>.gather, .delayed] {
            var batch = self[task, list]
            while batch.exists {
                result += (0..<self[batch, .count]).map { self[batch, .folio($0)] }
                batch = self[batch, .next]
            }
        }
        return result.filter(\.exists)
    }

    private mutating func tearDown(_ mm: Ref<MM>) {
        freeAnonymousFolios(mm)
        while true {
            let vma = state.findVMA(mm, 0)
            guard vma.exists else { break }
            unlinkAddress(vma)
            free(vma)
        }
        radixFree(self[mm, .pgd])
        free(mm)
    }

    private mutating func freeAnonymousFolios(_ mm: Ref<MM>) {
        var from = 0
        while let (vpn, word) = state.radixFirst(self[mm, .pgd], in: from...State.topPage) {
            let page = PTE(word: word).folio
            setPTE(mm, vpn, .empty)
            if page.exists, !isZeroFolio(page), self[page, .mapcount] > 0 {
                self[page, .mapcount] -= 1
                let folio = head(page)
                if !self[folio, .mapping].exists, !isMapped(folio) { freeFrames(folio) }
            }
            from = vpn + 1
        }
    }

    private mutating func forgetCache(_ file: Ref<File>) {
        while let (_, word) = state.radixFirst(self[file, .cache], in: 0...State.lastIndex) {
            let folio = head(Ref(word: word))
            removeFromPageCache(folio)
            freeFrames(folio)
        }
        if self[file, .device] != .none { powerUp(file) }
        self[file, .immap] = .none
        self[file, .immapNonlinear] = .none
        self[file, .isInodeDirty] = false
        noteWriteReturns(file)
        for lock in [Field<File, Lock>.immapLock, .privateLock, .inodeLock] {
            self[file, lock] = Lock(word: 0)
        }
    }

    /// A device keeps its memory, but not what was in it.
    private mutating func powerUp(_ device: Ref<File>) {
        for index in 0..<self[device, .size] {
            let folio = allocateFolio()
            self[folio, .uptodate] = true
            addToPageCache(folio, device, index)
        }
        while let (index, _) = state.radixFirst(self[device, .stored], in: 0...State.lastIndex) {
            self[device, .stored] = radixStore(
                self[device, .stored], index, 0, .stored, owner: device.raw)
        }
    }
}
