// Throttling: who dirties pages has to stop when there are too many (model 2.5). Only where a
// scenario sets thresholds; whether a write fault comes here at all is switch S25.

extension Machine {
    /// Sets the thresholds, in pages. `ratelimit` is how many pages a CPU dirties between two looks
    /// at the counters; without it, what the kernel derives from memory and CPUs.
    public mutating func setDirtyThresholds(background: Int, limit: Int, ratelimit: Int? = nil) {
        setCause(task: 0, function: .scenario)
        let derived = self[State.system, .frameLimit] / (32 * cpuCount)
        self[State.system, .dirtyBackground] = background < limit ? background : limit / 2
        self[State.system, .dirtyLimit] = limit
        self[State.system, .ratelimitPages] = ratelimit ?? min(max(derived, 16), 1024)
    }

    func throttles(_ file: Ref<File>) -> Bool {
        self[State.system, .dirtyLimit] > 0 && file.exists && self[file, .accountsDirty]
    }

    /// Goes through balance_dirty_pages_ratelimited() on the way to a position.
    mutating func balance(_ t: Ref<Task>, _ file: Ref<File>, pages: Int = 1, then position: Int) -> Flow {
        guard throttles(file) else { return .jump(position) }
        self[t, .balanceFile] = file
        self[t, .balancePages] = pages
        return .call(.balance_dirty_pages_ratelimited, then: position)
    }

    /// Whether a write fault balances (S25). page_mkwrite has mostly dirtied the page already, and
    /// then set_page_dirty() says nothing of it.
    func faultBalances(newlyDirty: Bool, madeWritable: Bool) -> Bool {
        switch rules.faultBalances {
        case .never: false
        case .newlyDirty: newlyDirty
        case .always: newlyDirty || madeWritable
        }
    }

    /// 6.18 counts pages for their task and its CPU when they become dirty, not when it balances.
    mutating func countDirtied(_ t: Ref<Task>, _ file: Ref<File>, _ pages: Int) {
        guard rules.generation == .v6, throttles(file) else { return }
        self[processor(self[t, .cpu]), .dirtied] += pages
        if self[t, .process].exists { self[self[t, .process], .dirtied] += pages }
    }

    mutating func balance_dirty_pages_ratelimited(_ t: Ref<Task>, at position: Int) -> Flow {
        guard position == 0 else { return .leave() }
        let cpu = processor(self[t, .cpu])
        let ratelimit = self[State.system, .ratelimitPages]
        let isExceeded = self[State.system, .dirtyExceeded]
        if rules.generation == .v2_6 {
            self[cpu, .dirtied] += self[t, .balancePages]
            guard self[cpu, .dirtied] >= (isExceeded ? min(8, ratelimit) : ratelimit) else {
                return .leave()
            }
        } else {
            let process = self[t, .process]
            let own = process.exists ? self[process, .dirtied] : 0
            guard own >= min(isExceeded ? 8 : 32, ratelimit) || self[cpu, .dirtied] >= ratelimit else {
                return .leave()
            }
            if process.exists { self[process, .dirtied] = 0 }
        }
        self[cpu, .dirtied] = 0
        return .call(.balance_dirty_pages, then: 100)
    }

    /// Over the limit there is writing to do before the task may go on. 2.6 lets the task itself
    /// write, a chunk at a time; 6.18 leaves that to the flusher, which here runs in the place of
    /// the task that waits for it.
    mutating func balance_dirty_pages(_ t: Ref<Task>, at position: Int) -> Flow {
        let (dirty, writeback) = (state.counter(.nr_dirty), state.counter(.nr_writeback))
        let background = self[State.system, .dirtyBackground]
        let page = self[t, .balancePage]
        switch position {
        case 0:
            guard dirty + writeback > self[State.system, .dirtyLimit] else {
                self[State.system, .dirtyExceeded] = false
                self[State.system, .flusherIsWoken] = dirty > background
                return .leave()
            }
            self[State.system, .dirtyExceeded] = true
            let file = dirtyFile(self[t, .balanceFile])
            guard dirty > 0, file.exists else { return .jump(1) }
            self[t, .wbcFile] = file
            self[t, .wbcIndex] = 0
            self[t, .wbcEnd] = State.lastIndex
            self[t, .wbcSync] = false
            let ratelimit = self[State.system, .ratelimitPages]
            self[t, .wbcBudget] =
                rules.generation == .v2_6 ? ratelimit + ratelimit / 2 : max(dirty - background, 1)
            return .call(writepagesMethod(file), then: 1)
        case 1:  // blk_congestion_wait(), io_schedule_timeout()
            self[t, .wbcBudget] = 0
            // With nothing to wait for, the kernel would come back every 100 ms for ever.
            guard let bio = pendingBios.first else { return .leave() }
            self[t, .balancePage] = self[bio, .folio]
            getPage(self[t, .balancePage])
            return .next
        case 2:
            if let wait = waitForWriteback(page) { return wait }
            putPage(page)
            self[t, .balancePage] = .none
            return .jump(0)
        default:
            return .leave()
        }
    }

    /// A file with pages to write: first the one that was just dirtied.
    private func dirtyFile(_ first: Ref<File>) -> Ref<File> {
        ([first] + state.files).first {
            self[$0, .accountsDirty]
                && state.radixFirst(self[$0, .cache], tagged: .dirty, in: 0...State.lastIndex) != nil
        } ?? .none
    }

    /// The background threshold was passed: the flusher has been woken and may run.
    public var flusherIsWoken: Bool { self[State.system, .flusherIsWoken] }
}
