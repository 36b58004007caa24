// Locks as the kernel takes them. Each `lock…` either takes the lock or says whom to wait for;
// it never half-takes it.

extension Machine {
    private func bit(_ task: Ref<Task>) -> UInt64 { 1 << UInt64(self[task, .slot]) }

    /// Takes a lock exclusively. False if somebody else has it.
    private mutating func take<R>(_ ref: Ref<R>, _ field: Field<R, Lock>, _ task: Ref<Task>) -> Bool {
        var lock = self[ref, field]
        guard lock.isFree else { return false }
        lock.writer = self[task, .slot]
        self[ref, field] = lock
        return true
    }

    private mutating func takeShared<R>(
        _ ref: Ref<R>, _ field: Field<R, Lock>, _ task: Ref<Task>
    ) -> Bool {
        var lock = self[ref, field]
        guard lock.writer == 0 else { return false }
        lock.readers |= bit(task)
        self[ref, field] = lock
        return true
    }

    private mutating func release<R>(_ ref: Ref<R>, _ field: Field<R, Lock>, _ task: Ref<Task>) {
        var lock = self[ref, field]
        if lock.writer == self[task, .slot] { lock.writer = 0 } else { lock.readers &= ~bit(task) }
        self[ref, field] = lock
    }

    // MARK: mmap_sem

    /// nil when taken; else what to return from the kernel function.
    mutating func mmapReadLock(_ mm: Ref<MM>, _ task: Ref<Task>) -> Flow? {
        takeShared(mm, .mmapLock, task) ? nil : .blocked(.mmapLock, mm.raw)
    }
    mutating func mmapWriteLock(_ mm: Ref<MM>, _ task: Ref<Task>) -> Flow? {
        take(mm, .mmapLock, task) ? nil : .blocked(.mmapLock, mm.raw)
    }
    mutating func mmapUnlock(_ mm: Ref<MM>, _ task: Ref<Task>) { release(mm, .mmapLock, task) }
    /// downgrade_write(): from exclusive to shared.
    mutating func mmapDowngrade(_ mm: Ref<MM>, _ task: Ref<Task>) {
        mmapUnlock(mm, task)
        _ = takeShared(mm, .mmapLock, task)
    }

    // MARK: page_table_lock

    mutating func lockPTL(_ mm: Ref<MM>, _ task: Ref<Task>) -> Flow? {
        take(mm, .ptl, task) ? nil : .blocked(.ptl, mm.raw)
    }
    mutating func unlockPTL(_ mm: Ref<MM>, _ task: Ref<Task>) { release(mm, .ptl, task) }

    // MARK: Locks of a file

    /// i_mmap_lock_write() on 6.18.
    mutating func lockImmap(_ file: Ref<File>, _ task: Ref<Task>) -> Flow? {
        take(file, .immapLock, task) ? nil : .blocked(.immapLock, file.raw)
    }
    /// For a walk that looks VMAs up and changes none: rmap_walk_file() and unmap_mapping_pages() take
    /// i_mmap_rwsem for reading on 6.18, so that several may walk at once. 2.6 has a spinlock.
    mutating func lockImmapForWalk(_ file: Ref<File>, _ task: Ref<Task>) -> Flow? {
        guard rules.generation == .v6 else { return lockImmap(file, task) }
        return takeShared(file, .immapLock, task) ? nil : .blocked(.immapLock, file.raw)
    }
    /// For a change of the reverse map that is over within one atomic step.
    func waitForImmap(_ file: Ref<File>) -> Flow? {
        file.exists && !self[file, .immapLock].isFree ? .blocked(.immapLock, file.raw) : nil
    }
    mutating func unlockImmap(_ file: Ref<File>, _ task: Ref<Task>) { release(file, .immapLock, task) }

    mutating func lockPrivate(_ file: Ref<File>, _ task: Ref<Task>) -> Flow? {
        take(file, .privateLock, task) ? nil : .blocked(.privateLock, file.raw)
    }
    mutating func unlockPrivate(_ file: Ref<File>, _ task: Ref<Task>) {
        release(file, .privateLock, task)
    }
    /// For a critical section that is over within one atomic step.
    func privateLockIsFree(_ file: Ref<File>) -> Bool { self[file, .privateLock].isFree }

    mutating func lockInode(_ file: Ref<File>, _ task: Ref<Task>) -> Flow? {
        take(file, .inodeLock, task) ? nil : .blocked(.inodeLock, file.raw)
    }
    mutating func unlockInode(_ file: Ref<File>, _ task: Ref<Task>) { release(file, .inodeLock, task) }

    // MARK: PG_locked

    mutating func lockPage(_ page: Ref<Folio>, _ task: Ref<Task>) -> Flow? {
        let folio = head(page)
        guard self[folio, .lockOwner] == 0 else { return .blocked(.pageLock, folio.raw) }
        self[folio, .lockOwner] = self[task, .slot]
        return nil
    }
    mutating func unlockPage(_ page: Ref<Folio>) { self[head(page), .lockOwner] = 0 }

    /// wait_on_page_writeback().
    func waitForWriteback(_ page: Ref<Folio>) -> Flow? {
        let folio = head(page)
        return self[folio, .writeback] ? .blocked(.writeback, folio.raw) : nil
    }

    // MARK: Who holds a lock

    func holder(of reason: WaitReason, _ object: UInt32) -> Ref<Task> {
        let slot: Int
        switch reason {
        case .nothing, .writeback: return .none
        case .mmapLock: slot = firstHolder(self[Ref<MM>(raw: object), .mmapLock])
        case .ptl: slot = firstHolder(self[Ref<MM>(raw: object), .ptl])
        case .immapLock: slot = firstHolder(self[Ref<File>(raw: object), .immapLock])
        case .privateLock: slot = firstHolder(self[Ref<File>(raw: object), .privateLock])
        case .inodeLock: slot = firstHolder(self[Ref<File>(raw: object), .inodeLock])
        case .bufferLock:
            return state.tasks.first {
                self[$0, .page].raw == object
                    && state.stack(of: $0).contains { $0.function == .journal_commit_transaction }
            } ?? .none
        case .pageLock: slot = self[Ref<Folio>(raw: object), .lockOwner]
        }
        return task(inSlot: slot)
    }

    private func firstHolder(_ lock: Lock) -> Int {
        lock.writer != 0 ? lock.writer : lock.readers.trailingZeroBitCount
    }
}
