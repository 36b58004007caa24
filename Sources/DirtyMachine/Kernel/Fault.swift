// From the page fault exception to the function that handles it: arch/x86/mm/fault.c and
// handle_mm_fault() (model 2.1). `vmf…` registers stand for struct vm_fault.

/// What a fault handler reports beside success.
enum FaultStatus {
    static let handled = 0
    static let sigbus = 1
    static let outOfMemory = 2
}

extension Machine {
    /// User mode: loads or stores, page by page, faulting as often as it takes.
    mutating func user_access(_ t: Ref<Task>, at position: Int, store: Bool) -> Flow {
        switch position {
        case 0:
            let process = self[t, .process]
            guard self[process, .isAlive] else {
                self[t, .outcome] = .SIGKILL
                return .jump(102)
            }
            let (cpu, mm, vpn) = (self[t, .cpu], self[process, .mm], self[t, .cursor])
            let value = storedValue(t)
            switch hardwareAccess(cpu, mm, vpn, store: store ? value : nil) {
            case .fault:
                self[t, .vmfAddress] = vpn
                self[t, .vmfWrite] = store
                return .call(.do_page_fault, then: 101)
            case .done:
                self[t, .value] = store ? value : loadedValue(cpu, mm, vpn)
                self[t, .hasValue] = true
                self[t, .cursor] = vpn + 1
                return .jump(100)
            }
        case 100:
            return self[t, .cursor] > self[t, .last] ? .leave() : .jump(0)
        case 101:
            return self[t, .isKilled] ? .call(.do_exit, then: 102) : .jump(0)
        default:
            self[t, .hasValue] = false
            self[t, .value] = 0
            return .leave()
        }
    }

    /// What a store to the page under the cursor writes: the value given, or the serial number
    /// that the page got when the operation was issued.
    func storedValue(_ t: Ref<Task>) -> UInt32 {
        let serial = self[t, .hasExplicitValue] ? 0 : self[t, .cursor] - self[t, .first]
        return UInt32(truncatingIfNeeded: self[t, .count] + serial)
    }

    mutating func do_page_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:  // E1
            if let wait = mmapReadLock(mm, t) { return wait }
            let vma = state.vma(mm, covering: self[t, .vmfAddress])
            let allowed =
                vma.exists
                && (self[t, .vmfWrite]
                    ? self[vma, .flags].contains(.write)
                    : !self[vma, .flags].isDisjoint(with: .access))
            guard allowed else {
                mmapUnlock(mm, t)
                kill(t, .SIGSEGV)
                return .leave()
            }
            prepareFault(t, vma)
            return .call(.handle_mm_fault, then: 1)
        default:
            mmapUnlock(mm, t)
            clearFault(t)
            switch self[t, .vmfStatus] {
            case FaultStatus.sigbus: kill(t, .SIGBUS)
            case FaultStatus.outOfMemory: kill(t, .SIGKILL)
            default:
                if rules.generation == .v6 { count(.pgfault, 1) }
                countFault(t, for: self[t, .process], isMajor: self[t, .vmfMajor])
            }
            return .leave()
        }
    }

    /// A fresh struct vm_fault for the address and the access in `vmfAddress` and `vmfWrite`.
    mutating func prepareFault(_ t: Ref<Task>, _ vma: Ref<VMA>) {
        self[t, .vmfVMA] = vma
        self[t, .vmfStatus] = FaultStatus.handled
        self[t, .vmfMajor] = false
        self[t, .vmfMadeWritable] = false
        self[t, .vmfReturnedWrite] = false
    }

    mutating func clearFault(_ t: Ref<Task>) {
        self[t, .vmfVMA] = .none
        self[t, .vmfPage] = .none
        self[t, .vmfNewPage] = .none
        self[t, .vmfOriginal] = .empty
        self[t, .vmfSequence] = 0
        self[t, .vmfAnon] = false
        self[t, .vmfDirties] = false
    }

    /// min_flt and maj_flt of a process, and of the operation if that is the one acting.
    mutating func countFault(_ t: Ref<Task>, for process: Ref<Process>, isMajor: Bool) {
        let isOwn = process == self[t, .process]
        if isMajor {
            if isOwn { self[t, .majorFaults] += 1 }
            self[process, .majorFaults] += 1
        } else {
            if isOwn { self[t, .minorFaults] += 1 }
            self[process, .minorFaults] += 1
        }
    }

    /// Marks the task's process for death by a signal; the task runs do_exit() next.
    mutating func kill(_ t: Ref<Task>, _ signal: Outcome) {
        // A sibling may have killed the process meanwhile.
        let process = self[t, .process]
        self[t, .outcome] = self[process, .isAlive] ? signal : .SIGKILL
        if self[process, .isAlive], self[process, .death] == .ok { self[process, .death] = signal }
        self[t, .isKilled] = true
    }

    mutating func handle_mm_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        switch position {
        case 0:  // E2: 2.6 counts the fault when it begins, 6.18 when it is handled.
            count(.pgfault, 1)
            return .call(.handle_pte_fault, then: 101)
        case 100: return .call(.handle_pte_fault, then: 101)
        default: return .leave()
        }
    }

    mutating func handle_pte_fault(_ t: Ref<Task>, at position: Int) -> Flow {
        let (vma, vpn) = (self[t, .vmfVMA], self[t, .vmfAddress])
        let mm = self[vma, .mm]
        switch position {
        case 0:  // E3: without the lock
            let entry = pte(mm, vpn)
            self[t, .vmfOriginal] = entry
            if entry.isFile { return .call(.do_file_page, then: 100) }
            return entry.isNone ? .call(handlerOfAbsentPage(t), then: 100) : .jump(1)
        case 1:  // E4
            if let wait = lockPTL(mm, t) { return wait }
            let entry = pte(mm, vpn)
            if entry != self[t, .vmfOriginal] {
                unlockPTL(mm, t)
                return .leave()
            }
            return self[t, .vmfWrite] && !entry.write ? .call(.do_wp_page, then: 100) : .jump(2)
        case 2:  // E6: somebody else made the entry good meanwhile
            var entry = pte(mm, vpn)
            entry.accessed = true
            if self[t, .vmfWrite] { entry.dirty = true }
            setPTE(mm, vpn, entry)
            if self[t, .vmfWrite] { flushAfterUpgrade(mm, vpn) }
            unlockPTL(mm, t)
            return .leave()
        default: return .leave()
        }
    }

    private func handlerOfAbsentPage(_ t: Ref<Task>) -> KernelFunction {
        let vma = self[t, .vmfVMA]
        guard self[vma, .file].exists else { return .do_anonymous_page }
        if rules.generation == .v2_6 { return .do_no_page }
        if !self[t, .vmfWrite] { return .do_read_fault }
        return self[vma, .flags].contains(.shared) ? .do_shared_fault : .do_cow_fault
    }

    /// The page of the file that a faulting address maps.
    func faultingIndex(_ t: Ref<Task>) -> Int {
        let vma = self[t, .vmfVMA]
        return self[vma, .pgoff] + self[t, .vmfAddress] - self[vma, .start]
    }

    // MARK: Anonymous memory (2.3)

    mutating func do_anonymous_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let (vma, vpn) = (self[t, .vmfVMA], self[t, .vmfAddress])
        let mm = self[vma, .mm]
        switch position {
        case 0:
            guard self[t, .vmfWrite] else {
                self[t, .vmfNewPage] = zeroFolio()
                return .next
            }
            anonVMAPrepare(vma)
            let page = allocateAnonFolio(copying: 0)
            guard page.exists else {
                self[t, .vmfStatus] = FaultStatus.outOfMemory
                return .leave()
            }
            getPage(page)
            self[t, .vmfNewPage] = page
            return .next
        case 1:
            if let wait = lockPTL(mm, t) { return wait }
            guard pte(mm, vpn).isNone else {
                unlockPTL(mm, t)
                if !isZeroFolio(self[t, .vmfNewPage]) { putPage(self[t, .vmfNewPage]) }
                return .leave()
            }
            return .next
        case 2:
            let page = self[t, .vmfNewPage]
            var entry = PTE(page, self[vma, .pageProt])
            entry.accessed = true
            if self[t, .vmfWrite] {
                // By force into a read-only VMA: 2.6 sets D all the same.
                entry.write = self[vma, .flags].contains(.write)
                entry.dirty = entry.write || rules.generation == .v2_6
                self[page, .pins] -= 1
                addRmap(page)
            }
            setPTE(mm, vpn, entry)
            return .next
        default:
            unlockPTL(mm, t)
            return .leave()
        }
    }

    /// anon_vma_prepare(): a VMA gets an identity for its anonymous pages, a neighbour's if the
    /// two might merge one day.
    mutating func anonVMAPrepare(_ vma: Ref<VMA>) {
        guard self[vma, .anonVMA] == 0 else { return }
        let mm = self[vma, .mm]
        let neighbours = [
            state.vma(mm, covering: self[vma, .end]), state.vma(mm, before: self[vma, .start]),
        ]
        for other in neighbours where other.exists && self[other, .anonVMA] != 0 {
            let (low, high) = self[other, .start] < self[vma, .start] ? (other, vma) : (vma, other)
            let difference = self[low, .flags].symmetricDifference(self[high, .flags])
            if self[low, .end] == self[high, .start], haveSameFile(low, high),
                difference.isSubset(of: .access), state.fileEnd(low) == self[high, .pgoff],
                !self[other, .hasForkAncestry]
            {
                self[vma, .anonVMA] = self[other, .anonVMA]
                return
            }
        }
        self[vma, .anonVMA] = newAnonVMA()
    }

    mutating func newAnonVMA() -> Int {
        self[State.system, .anonVMASerial] += 1
        return self[State.system, .anonVMASerial]
    }
}
