// Which mappings take write faults so that the kernel learns of their dirty pages, and what becomes
// of vm_page_prot (model 1.2, 1.3): the heart of the 2006 patch, and most of its review.

extension Machine {
    /// What asking about a mapping came to.
    enum Decision { case tracked, untracked, oops }

    /// vma_wants_writenotify() and its forerunners, asked while vm_page_prot is as the flags, or
    /// the driver's mmap, made it.
    func wantsWriteNotify(_ flags: VMFlags, _ file: Ref<File>, _ prot: PTE) -> Decision {
        let hasMkwrite = file.exists && self[file, .hasPageMkwrite]
        // 2.6.18: only for the sake of page_mkwrite.
        guard rules.tracks else { return hasMkwrite ? .tracked : .untracked }
        // S06: page_mkwrite counted for read-only and private mappings, too.
        if hasMkwrite, !rules.mkwriteClauseInside || flags.isSharedWritable { return .tracked }
        guard flags.isSharedWritable, file.exists else { return .untracked }
        // The driver has changed the protection: leave it alone. Cache attributes do not count
        // where they can be kept.
        if rules.protPolicy == .keep, prot != flags.protection { return .untracked }
        if rules.excludesPFNMap, flags.contains(.pfnmap) { return .untracked }
        if rules.excludesInsertPage, flags.contains(.insertPage) { return .untracked }
        if self[file, .lacksMapping] { return rules.testsMapping ? .untracked : .oops }
        return self[file, .accountsDirty] ? .tracked : .untracked
    }

    /// Asked of a mapping whose protection comes from its flags alone, as mprotect makes it.
    func wantsWriteNotify(_ flags: VMFlags, _ file: Ref<File>) -> Bool {
        wantsWriteNotify(flags, file, flags.protection) == .tracked
    }

    /// The protection of a mapping that has or has not become tracked at mmap time. To notice a
    /// store, look the flags up without VM_SHARED: that is the whole trick.
    private func decided(_ flags: VMFlags, _ file: Ref<File>, _ prot: PTE) -> PTE? {
        switch wantsWriteNotify(flags, file, prot) {
        case .oops: return nil
        case .untracked: return prot
        case .tracked:
            var downgraded = flags.subtracting(.shared).protection
            switch rules.protPolicy {
            case .overwrite, .keep: break
            case .strip:
                downgraded = prot
                downgraded.write = false
            case .modify: downgraded.uncached = prot.uncached
            }
            return downgraded
        }
    }

    /// The driver's part of mmap(2) and the decision, in the order of switch S04: flags and
    /// vm_page_prot of the new mapping, and the protection of what the driver itself installed.
    /// nil is an oops.
    func callMmap(
        _ flags: VMFlags, _ file: Ref<File>
    ) -> (flags: VMFlags, prot: PTE, driverProt: PTE)? {
        var (flags, prot) = (flags, flags.protection)
        let before = flags
        if !rules.decidesAfterMmap {
            guard let early = decided(flags, file, prot) else { return nil }
            prot = early
        }
        switch file.exists ? self[file, .device] : .none {
        case .none, .mkwrite: break
        case .pfnmap: flags.insert(.pfnmap)
        case .insertpage: flags.insert(.insertPage)
        case .customProt: prot.uncached = true
        }
        let driverProt = prot
        if rules.decidesAfterMmap {
            // 2.6.18 asks with the flags as they were before.
            guard let late = decided(rules.tracks ? flags : before, file, prot) else { return nil }
            prot = late
        }
        return (flags, prot, driverProt)
    }

    /// vm_page_prot after mprotect: from the flags, so that before pgprot_modify() cache
    /// attributes are lost. nil is an oops.
    func protectionAfterMprotect(_ vma: Ref<VMA>) -> PTE? {
        let (flags, file) = (self[vma, .flags], self[vma, .file])
        let decision = wantsWriteNotify(flags, file, flags.protection)
        guard decision != .oops else { return nil }
        var prot = (decision == .tracked ? flags.subtracting(.shared) : flags).protection
        if rules.protPolicy == .modify { prot.uncached = self[vma, .pageProt].uncached }
        return prot
    }

    /// remap_pfn_range() and vm_insert_page(): the driver's mmap installs all entries at once.
    mutating func installDevicePages(_ vma: Ref<VMA>, _ prot: PTE) {
        for vpn in self[vma, .start]..<self[vma, .end] {
            let index = self[vma, .pgoff] + vpn - self[vma, .start]
            let page = state.findPage(self[vma, .file], index)
            guard page.exists else { return }
            setPTE(self[vma, .mm], vpn, PTE(page, prot))
            if !self[vma, .flags].contains(.pfnmap) { addRmap(page) }
        }
    }

    /// Whether a frame is a driver's, which the VM does not look after: page->mapping is NULL.
    func isDeviceMemory(_ page: Ref<Folio>) -> Bool {
        let file = self[page, .mapping]
        return file.exists && self[file, .device] != .none
    }

    /// A frame without struct page: neither the reverse map nor references count it.
    func hasNoStructPage(_ page: Ref<Folio>) -> Bool {
        let file = self[page, .mapping]
        return file.exists && self[file, .device] == .pfnmap
    }

    /// The kernel stumbles in the middle of a system call: the process is killed.
    mutating func oops(_ t: Ref<Task>) -> Flow {
        kill(t, .OOPS)
        return .call(.do_exit, then: 110)
    }
}
