// mmap(2), and how VMAs are made, split and merged (model 1.2, 1.3, section 9 rule 3).

extension Machine {
    mutating func sys_mmap(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            return mmapWriteLock(mm, t) ?? .next
        case 1:
            if let wait = waitForImmap(self[t, .file]) { return wait }
            self[t, .outcome] = do_mmap(t, mm)
            return .next
        case 2:
            mmapUnlock(mm, t)
            if self[t, .outcome] == .OOPS { return oops(t) }
            guard self[t, .populates], self[t, .outcome] == .ok else { return .leave() }
            return .call(.mm_populate, then: 100)
        default:
            return .leave()
        }
    }

    private mutating func do_mmap(_ t: Ref<Task>, _ mm: Ref<MM>) -> Outcome {
        var flags = VMFlags(Access(rawValue: UInt8(self[t, .protection])))
        flags.formUnion([.mayRead, .mayWrite, .mayExec])
        var file = self[t, .file]
        let pages = self[t, .last] - self[t, .first] + 1
        guard pages > 0 else { return .EINVAL }
        if self[t, .isShared] {
            flags.formUnion([.shared, .mayShare])
            if self[t, .isReadOnlyDescriptor] {
                if flags.contains(.write) { return .EACCES }
                flags.subtract([.mayWrite, .shared])
            }
            if self[t, .isAnonymous] { file = makeFile(0, size: pages, .tmpfs, isAnonymous: true) }
        } else if flags.contains(.write) {
            flags.insert(.account)
        }
        guard let start = state.unmappedArea(mm, pages: pages) else { return .ENOMEM }
        guard let (mapped, prot, driverProt) = callMmap(flags, file) else { return .OOPS }
        let vma = allocate(VMA.self)
        self[vma, .start] = start
        self[vma, .end] = start + pages
        // Private anonymous memory counts its offsets from its address, so that neighbours fit.
        self[vma, .pgoff] = file.exists ? self[t, .first] : start
        self[vma, .file] = file
        self[vma, .isFileReadOnly] = file.exists && self[t, .isReadOnlyDescriptor]
        self[vma, .flags] = mapped
        self[vma, .pageProt] = prot
        link(vma, mm)
        if !mapped.isDisjoint(with: [.pfnmap, .insertPage]) { installDevicePages(vma, driverProt) }
        let binding = self[t, .mapping]
        self[binding, .start] = start
        self[binding, .pages] = pages
        mergeWithNeighbours(vma)
        return .ok
    }

    // MARK: Linking

    mutating func link(_ vma: Ref<VMA>, _ mm: Ref<MM>) {
        self[State.system, .vmaSerial] += 1
        self[vma, .serial] = self[State.system, .vmaSerial]
        self[vma, .mm] = mm
        linkAddress(vma)
        linkFile(vma)
    }

    private mutating func linkAddress(_ vma: Ref<VMA>) {
        let mm = self[vma, .mm]
        self[mm, .vmas] = insert(vma, into: self[mm, .vmas], AddressOrder.self)
        self[mm, .vmaCount] += 1
    }

    mutating func unlinkAddress(_ vma: Ref<VMA>) {
        let mm = self[vma, .mm]
        self[mm, .vmas] = remove(vma, from: self[mm, .vmas], AddressOrder.self)
        self[mm, .vmaCount] -= 1
    }

    mutating func linkFile(_ vma: Ref<VMA>) {
        let file = self[vma, .file]
        guard file.exists else { return }
        if self[vma, .flags].contains(.nonlinear) {
            let last = state.nonlinearMappings(of: file).last ?? .none
            self[vma, .fileLeft] = last
            if last.exists { self[last, .fileRight] = vma } else { self[file, .immapNonlinear] = vma }
        } else {
            self[file, .immap] = insert(vma, into: self[file, .immap], FileOrder.self)
        }
    }

    mutating func unlinkFile(_ vma: Ref<VMA>) {
        let file = self[vma, .file]
        guard file.exists else { return }
        if self[vma, .flags].contains(.nonlinear) {
            let (before, after) = (self[vma, .fileLeft], self[vma, .fileRight])
            if before.exists { self[before, .fileRight] = after } else { self[file, .immapNonlinear] = after }
            if after.exists { self[after, .fileLeft] = before }
            self[vma, .fileLeft] = .none
            self[vma, .fileRight] = .none
        } else {
            self[file, .immap] = remove(vma, from: self[file, .immap], FileOrder.self)
        }
    }

    /// Changes a VMA's bounds in both trees.
    mutating func resize(_ vma: Ref<VMA>, _ start: Int, _ end: Int) {
        unlinkAddress(vma)
        unlinkFile(vma)
        self[vma, .pgoff] += start - self[vma, .start]
        self[vma, .start] = start
        self[vma, .end] = end
        linkAddress(vma)
        linkFile(vma)
    }

    // MARK: Splitting and merging

    /// split_vma(): the part from `vpn` on becomes a VMA of its own, which is returned.
    @discardableResult
    mutating func split(_ vma: Ref<VMA>, at vpn: Int) -> Ref<VMA> {
        let upper = allocate(VMA.self)
        let (start, end) = (self[vma, .start], self[vma, .end])
        self[upper, .flags] = self[vma, .flags]
        self[upper, .pageProt] = self[vma, .pageProt]
        self[upper, .file] = self[vma, .file]
        self[upper, .anonVMA] = self[vma, .anonVMA]
        self[upper, .hasForkAncestry] = self[vma, .hasForkAncestry]
        self[upper, .isReprotected] = self[vma, .isReprotected]
        self[upper, .isFileReadOnly] = self[vma, .isFileReadOnly]
        self[upper, .start] = vpn
        self[upper, .end] = end
        self[upper, .pgoff] = self[vma, .pgoff] + vpn - start
        resize(vma, start, vpn)
        link(upper, self[vma, .mm])
        return upper
    }

    /// vma_merge(): joins a VMA with the neighbours that are like it; the lower one wins when both
    /// fit but not with each other. Returns the VMA that now covers it.
    @discardableResult
    mutating func mergeWithNeighbours(_ vma: Ref<VMA>) -> Ref<VMA> {
        var vma = vma
        let mm = self[vma, .mm]
        let below = state.vma(mm, before: self[vma, .start])
        if below.exists, canMerge(below, vma) { vma = merge(below, vma) }
        return mergeWithNext(vma)
    }

    @discardableResult
    mutating func mergeWithNext(_ vma: Ref<VMA>) -> Ref<VMA> {
        let above = state.vma(self[vma, .mm], covering: self[vma, .end])
        return above.exists && canMerge(vma, above) ? merge(vma, above) : vma
    }

    /// vm_file is the open file, not the inode.
    func haveSameFile(_ a: Ref<VMA>, _ b: Ref<VMA>) -> Bool {
        self[a, .file] == self[b, .file] && self[a, .isFileReadOnly] == self[b, .isFileReadOnly]
    }

    private func canMerge(_ low: Ref<VMA>, _ high: Ref<VMA>) -> Bool {
        self[low, .flags] == self[high, .flags] && self[low, .pageProt] == self[high, .pageProt]
            && fit(low, high)
    }

    /// Whether two VMAs can become one as soon as their flags are the same.
    func fit(_ low: Ref<VMA>, _ high: Ref<VMA>) -> Bool {
        guard self[low, .end] == self[high, .start], haveSameFile(low, high),
            self[low, .flags].isDisjoint(with: [.pfnmap, .insertPage]),
            state.fileEnd(low) == self[high, .pgoff]
        else { return false }
        let (a, b) = (self[low, .anonVMA], self[high, .anonVMA])
        if a == b { return true }
        if a == 0 { return !self[high, .hasForkAncestry] }
        return b == 0 && !self[low, .hasForkAncestry]
    }

    private mutating func merge(_ low: Ref<VMA>, _ high: Ref<VMA>) -> Ref<VMA> {
        let end = self[high, .end]
        if self[low, .anonVMA] == 0 {
            self[low, .anonVMA] = self[high, .anonVMA]
            self[low, .hasForkAncestry] = self[high, .hasForkAncestry]
        }
        unlinkAddress(high)
        unlinkFile(high)
        free(high)
        resize(low, self[low, .start], end)
        return low
    }
}
