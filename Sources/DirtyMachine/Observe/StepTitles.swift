// What each atomic step does, in a few words, under the label that the literature on these races
// gives it: N for do_no_page(), W for do_wp_page(), D for set_page_dirty(), C and M and X for the
// cleaning of a page, WB for writeback, Z for a zap, P for mprotect, F for fork, T for truncation.

/// A name for one atomic step.
public struct StepTitle: Hashable, Sendable {
    /// `N6`, `D4`; empty for a step that has no label.
    public let label: String
    /// What the step does, in the present tense; at most 60 characters.
    public let text: String

    public init(label: String, text: String) {
        self.label = label
        self.text = text
    }
}

/// The title of the step that a task takes next. Control flow has none of its own.
public func title(of frame: StackFrame, generation: Rules.Generation) -> StepTitle {
    let titles = StepTitle.titles(of: frame.function, generation)
    guard titles.indices.contains(frame.position), !titles[frame.position].text.isEmpty else {
        return StepTitle(label: "", text: frame.function.name(generation))
    }
    return titles[frame.position]
}

private func step(_ label: String, _ text: String) -> StepTitle {
    StepTitle(label: label, text: text)
}
private func step(_ text: String) -> StepTitle { StepTitle(label: "", text: text) }

extension StepTitle {
    /// Titles of the positions from 0 on. An empty text stands for a position that does not exist.
    static func titles(of function: KernelFunction, _ generation: Rules.Generation) -> [StepTitle] {
        if let only = soleGeneration(of: function), only != generation { return [] }
        return faultTitles(function, generation) ?? dirtyTitles(function, generation)
            ?? writebackTitles(function, generation) ?? callTitles(function, generation)
            ?? unmapTitles(function, generation) ?? remoteTitles(function, generation) ?? []
    }

    /// The generation that alone takes steps in a function; nil when both do.
    private static func soleGeneration(of function: KernelFunction) -> Rules.Generation? {
        switch function {
        case .handle_mm_fault, .do_no_page, .filemap_nopage, .shmem_nopage,
            .msync_page_range, .journal_commit_transaction,
            .journalled_writepage, .filemap_populate, .install_page, .pageout:
            .v2_6
        case .do_read_fault, .do_cow_fault, .do_shared_fault, .do_fault_around, .filemap_fault,
            .finish_fault, .fault_dirty_shared_page, .noop_dirty_folio, .iomap_page_mkwrite,
            .filemap_page_mkwrite, .truncate_inode_partial_folio, .xfs_vm_writepages, .nfs_writepages, .iomap_writeback_folio:
            .v6
        default: nil
        }
    }

    // MARK: Accesses and faults

    private static func faultTitles(
        _ function: KernelFunction, _ generation: Rules.Generation
    ) -> [StepTitle]? {
        let isModern = generation == .v6
        switch function {
        case .user_load: return [step("load through the TLB or the page table")]
        case .user_store: return [step("store through the TLB or the page table")]
        case .do_page_fault:
            // 6.18 mostly takes the VMA's own lock; here mmap_lock stands for it.
            return [
                step(
                    "E1",
                    isModern
                        ? "lock the VMA (by mmap_lock), check the permission"
                        : "take mmap_sem, find the VMA, check the permission"),
                step(
                    isModern
                        ? "unlock the VMA (mmap_lock), count the fault"
                        : "release mmap_sem, count the fault for the task"),
            ]
        case .handle_mm_fault: return [step("E2", "count it in pgfault")]
        case .handle_pte_fault:
            return [
                step("E3", "read the PTE without its lock"),
                step("E4", "take ptl, see if the PTE has changed"),
                step("E6", "the PTE is good by now: set A, release ptl"),
            ]
        case .do_no_page:
            return [
                step("N1", "sample truncate_count"), step("N3", "copy the page for a private store"),
                step("N4", "take ptl, compare truncate_count"),
                step("N5", "see if a sibling was faster"),
                step("N6", "install the PTE, add it to the reverse map"),
                step("N7", "keep the page, to dirty it"), step("N8", "release ptl"),
                step("N9", "wait until nobody has the page locked"),
                step("N9", "drop the reference to the page"),
                step("lock the page, before ptl is taken"),
                step("unlock the page"),
            ]
        case .filemap_nopage:
            return [
                step("N2", "find the page in the cache, or start to read it"),
                step("N2", "the read is complete: unlock the page"),
            ]
        case .shmem_nopage: return [step("N2", "find the page, or make one of zeros")]
        case .do_read_fault: return [step("unlock the page")]
        case .do_fault_around: return [step("map the cached pages around, under ptl")]
        case .filemap_fault:
            return [
                step("find and lock the page, or start to read it"), step("the read is complete"),
            ]
        case .finish_fault:
            return [
                step("take ptl, see if a sibling was faster"),
                step("install the PTE, add it to the reverse map"), step("release ptl"),
            ]
        case .do_shared_fault:
            return [
                step("unlock the page for page_mkwrite"),
                step("the page was truncated: start again"),
                step("a sibling was faster: unlock the page"),
            ]
        case .fault_dirty_shared_page:
            return [
                step("unlock the page if it is locked, drop it"), step("lock the page"),
                step("unlock the page before it is dirtied"),
                step("wait until nobody has the page locked"),
            ]
        case .do_cow_fault:
            return [
                step("allocate the private copy"), step("copy the page"),
                step("there is nothing to copy: free the page"), step("unlock the file's page"),
            ]
        case .do_anonymous_page:
            return [
                step("allocate a page of zeros"), step("take ptl, see if a sibling was faster"),
                step("install the PTE"), step("release ptl"),
            ]
        case .do_wp_page:
            return [
                step("W1", "look at the page and the VMA: reuse or copy?"),
                step("W3a", "release ptl for page_mkwrite"),
                step("W4", "see if anybody shares the anonymous page"),
                // x86 has not flushed here since 3.8: nobody can do more by an old entry.
                step("W3b", "make the PTE writable and dirty" + (isModern ? "" : ", flush the TLBs")),
                step("W3a", "take ptl again, compare the PTE"),
                step("W3a", "the page was truncated: try again"), step("release ptl"),
                step(isModern ? "lock the page" : "wait until nobody has the page locked"),
                step("drop the reference to the page"),
                step(isModern ? "make the PTE of a frame without struct page writable" : ""),
                step(isModern ? "" : "keep the page, release ptl"),
                step(isModern ? "" : "lock the page"),
            ]
        case .wp_page_copy:
            return [
                step("W5", "keep the old page, release ptl"), step("W5", "allocate a page and copy"),
                step("W5", "take ptl again, compare the PTE"),
                step("W5", "clear the PTE, flush the TLBs, map the copy"),
                step("W5", "release ptl, drop the old page"),
            ]
        case .page_mkwrite, .iomap_page_mkwrite, .nfs_vm_page_mkwrite, .filemap_page_mkwrite:
            return [
                step("lock the page, check its mapping"),
                step(function == .page_mkwrite ? "mark every buffer dirty" : "prepare to dirty the page"),
                step("return, with or without the page's lock"),
                step(
                    function == .nfs_vm_page_mkwrite
                        ? "wait until the page is not under writeback" : ""),
            ]
        default: return nil
        }
    }

    // MARK: Dirty state

    private static func dirtyTitles(
        _ function: KernelFunction, _ generation: Rules.Generation
    ) -> [StepTitle]? {
        let lock = KernelWords(generation)
        let isModern = generation == .v6
        let account = step("D4", "count it in nr_dirty, tag it DIRTY")
        let inode = step("D5", "mark the inode dirty")
        switch function {
        case .set_page_dirty: return [step("D1", "read the page's mapping")]
        case .set_page_dirty_buffers:
            return [step("D2", "mark every buffer dirty"), step("D3", "set PG_dirty"), account, inode]
        case .set_page_dirty_nobuffers: return [step("D3", "set PG_dirty"), account, inode]
        case .balance_dirty_pages_ratelimited:
            return [step("count the page; now and then look at the thresholds")]
        case .balance_dirty_pages:
            return [
                step("compare nr_dirty and nr_writeback with the limit"),
                step("choose a page under writeback to wait for"),
                step("wait until it is written"),
            ]
        case .journalled_set_page_dirty:
            return [step(isModern ? "go on to the page" : "set PG_checked for the journal")]
        case .noop_dirty_folio: return [step("D3", "set PG_dirty and nothing else")]
        case .clear_page_dirty_for_io:
            // 2.6.19 clears PG_dirty first (C1), 2.6.20 and later last (C3).
            return [
                step(isModern ? "C3" : "C1/C3", "test and clear PG_dirty"),
                step("C3", "take it off nr_dirty"),
            ]
        case .page_mkclean:
            return [
                step("M1", "see, without a lock, if the page is mapped"),
                step("M2", "see if it is still in a file"), step("M3", "take \(lock.immap)"),
                step("M3", "go to the next VMA that maps it"), step("M4", "release \(lock.immap)"),
            ]
        case .page_mkclean_one:
            // 2.6.19 writes the PTE before it flushes.
            return [
                step("M3", "take ptl, look at the PTE"),
                step("X1", "exchange the PTE for an empty one"),
                step(isModern ? "X2" : "X2/X3", "flush the TLBs"),
                step(isModern ? "X3" : "X2/X3", "write the PTE back, cleaned"), step("release ptl"),
            ]
        case .test_clear_page_dirty:
            return [step("clear PG_dirty and the tag DIRTY"), step("take it off nr_dirty")]
        case .cancel_dirty_page:
            return [step("clear PG_dirty, keep tag and PTEs"), step("take it off nr_dirty")]
        case .try_to_free_buffers:
            return [step("take \(lock.bufferRing), detach the clean buffers"), step("release \(lock.bufferRing)")]
        case .strip_page:
            return [step("lock the next page that has buffers"), step("unlock the page")]
        default: return nil
        }
    }

    // MARK: Writeback and reclaim

    private static func writebackTitles(
        _ function: KernelFunction, _ generation: Rules.Generation
    ) -> [StepTitle]? {
        let lock = KernelWords(generation)
        switch function {
        case .write_cache_pages, .xfs_vm_writepages, .nfs_writepages:
            return [
                step("WB1", generation == .v6 ? "copy the tags DIRTY to TOWRITE" : ""),
                step("WB1", "look up the next tagged page"), step("WB2", "lock the page"),
                step("WB3", "see if it is still in the file"),
                step("WB4", "skip it unless PG_dirty is set"),
                step("WB5", "wait for a writeback under way, or skip"),
                step("skip the page: unlock it"), step("drop the reference to the page"),
            ]
        case .writepage:
            return [
                step("WB7a", "make sure that the page has buffers"),
                step("WB7b", "lock the dirty buffers, clear BH_Dirty"),
                step("WB7c", "set PG_writeback, drop the tag DIRTY"),
                step("WB7d", "hand the page to the device"), step("WB7e", "unlock the page"),
                step("WB7f", "no buffer was dirty: end the writeback at once"),
            ]
        case .journalled_writepage:
            return [step("WB7", "join the running transaction"), step("WB7e", "unlock the page")]
        case .nfs_writepage, .iomap_writeback_folio:
            return [
                step("WB7c", "set PG_writeback, drop the tag DIRTY"),
                step("WB7d", "hand the page to the device"), step("WB7e", "unlock the page"),
                step("WB7f", "beyond the end of the file: end the writeback"),
            ]
        case .wait_on_page_writeback_range: return [step("wait until no page is under writeback")]
        case .end_page_writeback: return [step("WB8", "complete what the device holds")]
        case .do_fsync: return [step("call the file system's fsync")]
        case .journal_commit_transaction:
            return [
                step("J", "take the next page's buffers"),
                step("J", "the device reads memory"), step("J", "the device has written the disk"),
                step("J", "release its buffers"),
            ]
        case .kswapd_shrink_page:
            return [
                step("lock the next page that is free"),
                step("drop the page if nobody uses it and it is clean"), step("unlock the page"),
                step(generation == .v6 ? "set PG_reclaim: the flusher has to write it" : ""),
                step("drop the reference to the page"),
            ]
        case .try_to_unmap:
            return [
                step("take \(lock.immap)"), step("go to the next VMA that maps it"),
                step("take ptl, look at the PTE"), step("exchange the PTE for an empty one"),
                step("flush the TLBs"), step("take the page out of the reverse map"),
                step("release ptl"), step("release \(lock.immap)"),
                step("go to the next nonlinear VMA, if there is any"),
                step(generation == .v6 ? "" : "take ptl, look for the page in the nonlinear VMA"),
            ]
        case .pageout:
            return [step("the page is not under writeback: unlock it")]
        case .invalidate_page:
            return [
                step("lock the next page if nobody uses it"),
                step("drop the page if it is still clean and unused"),
            ]
        case .power_loss: return [step("memory is gone, the disk stays")]
        default: return nil
        }
    }

    // MARK: System calls

    private static func callTitles(
        _ function: KernelFunction, _ generation: Rules.Generation
    ) -> [StepTitle]? {
        let lock = KernelWords(generation)
        let (take, release) = (step("take \(lock.mmap)"), step("release \(lock.mmap)"))
        let (takeInode, releaseInode) = (step("take \(lock.inode)"), step("release \(lock.inode)"))
        switch function {
        case .sys_mmap: return [take, step("make the VMA, decide about tracking, merge it"), release]
        case .sys_munmap: return [take, step("take the VMAs out of the address space"), release]
        case .sys_mprotect: return [take, step("go to the next VMA; split it, or merge its piece"), release]
        case .sys_madvise: return [take, step("go to the next VMA"), release]
        case .sys_msync:
            return [
                take, step("go to the next VMA"), step("release \(lock.mmap) for the I/O"),
                step("take \(lock.mmap) again"), release,
                step(generation == .v6 ? "" : "release \(lock.mmap) to balance"),
            ]
        case .sys_remap_file_pages:
            let isModern = generation == .v6
            return [
                take, step("look at the VMA"), release, step("take \(lock.mmap) for writing"),
                step(
                    isModern
                        ? "take the old piece out of the address space"
                        : "make the VMA nonlinear: off i_mmap"),
                step("map a piece of its own there"), release,
            ]
        case .filemap_populate:
            return [
                step("find the page in the cache, or start to read it"),
                step("the read is complete: unlock the page"),
            ]
        case .install_page:
            return [
                step("take ptl, see if the page was truncated"),
                step("exchange the old PTE for an empty one"),
                step("flush the TLBs for the old PTE"),
                step("take the old page out of the reverse map"),
                step("install the PTE, add it to the reverse map"), step("release ptl"),
            ]
        case .msync_page_range:
            return [
                step("take ptl"), step("clear D of the next dirty PTE"), step("flush the TLBs"),
                step("release ptl"),
            ]
        case .mprotect_fixup:
            return [
                step("P1", "set vm_flags"), step("P2", "set vm_page_prot"),
                step("P4", "flush the TLBs for the range"),
            ]
        case .change_pte_range:
            return [
                step("P3", "take ptl"), step("P3", "change the next PTE"), step("P3", "release ptl"),
                step("P3", "write the changed PTE over whatever is there now"),
            ]
        case .sys_read:
            return [
                step("copy the page out, or start to read it"),
                step("the read is complete: copy the page out"),
            ]
        case .sys_write:
            return [
                takeInode, step("find or make the page, lock it"), step("prepare its buffers"),
                step("copy the data in"), step("extend i_size if need be"), step("unlock the page"),
                step(""), releaseInode,
            ]
        case .sys_ftruncate:
            return [
                takeInode, step("T1", "set i_size"), step("T4", "free the blocks on disk"),
                releaseInode,
            ]
        case .sys_fork:
            return [
                step("take \(lock.mmap), make the child's address space"),
                step("F3", "copy the next VMA, into the reverse map too"),
                step("F4", "flush the parent's TLBs"), step("start the child, release \(lock.mmap)"),
            ]
        case .copy_page_range:
            return [step("take ptl"), step("F1", "copy the next PTE"), step("release ptl")]
        case .do_exit: return [step("the process is dead")]
        default: return nil
        }
    }

    // MARK: Pages by get_user_pages(), and moving them

    private static func remoteTitles(
        _ function: KernelFunction, _ generation: Rules.Generation
    ) -> [StepTitle]? {
        let lock = KernelWords(generation)
        switch function {
        case .follow_page:
            return [step("take ptl: does the PTE suffice? Take the page"), step("release ptl")]
        case .access_process_vm:
            return [
                step("take \(lock.mmap) of the other process"),
                step("copy to or from the page, past all PTEs"), step("drop the reference to the page"),
                step("release \(lock.mmap) of the other process"),
            ]
        case .set_page_dirty_lock: return [step("lock the page"), step("unlock the page")]
        case .driver_pin:
            return [
                step("take \(lock.mmap)"), step("give back a page that was pinned"),
                step("release \(lock.mmap)"),
            ]
        case .driver_unpin:
            return [step("take the next pin"), step("drop the reference to the page")]
        case .dma_write: return [step("the device stores to memory, past all PTEs")]
        case .sys_mremap:
            return [
                step("take \(lock.mmap)"), step("shrink, grow in place, or make a VMA elsewhere"),
                step("take what was left behind out of the address space"),
                step("release \(lock.mmap)"),
            ]
        case .move_ptes:
            return [
                step("take \(lock.immap)"), step("take ptl, find the next page table"),
                step("read the PTE: is it dirty?"), step("exchange the old PTE for an empty one"),
                step(generation == .v2_6 ? "flush the old address" : ""), step("write the PTE at the new address"),
                step("flush the old addresses, still under ptl"), step("release ptl"),
                step("flush the old addresses"),
            ]
        case .mm_populate: return [step("take \(lock.mmap)"), step("release \(lock.mmap)")]
        default: return nil
        }
    }

    // MARK: Unmapping and truncation

    private static func unmapTitles(
        _ function: KernelFunction, _ generation: Rules.Generation
    ) -> [StepTitle]? {
        let lock = KernelWords(generation)
        switch function {
        case .unmap_region: return [step("take the VMA out of the reverse map, free it")]
        case .zap_pte_range:
            return [
                step("take ptl, find the next page table"),
                step("Z1", "exchange the next PTE for an empty one"),
                step("Z3", "take the page out of the reverse map"),
                step("Z4", "queue the page for freeing"),
                step("Z5", "flush the TLBs, still under ptl"),
                step("Z3", "take a flushed page out of the reverse map"),
                step("release ptl"), step("Z5", "flush the TLBs"), step("Z6", "free the queued pages"),
            ]
        case .exit_mmap:
            return [
                step("take all VMAs out of the address space"),
                step("take the next page that is still pinned"), step("drop the reference to it"),
                step("free the page tables and the address space"),
            ]
        case .unmap_mapping_range:
            return [
                step(
                    "T2",
                    generation == .v6
                        ? "take \(lock.immap)" : "take \(lock.immap), bump truncate_count"),
                step("T2", "go to the next VMA beyond the new end"), step("T2", "release \(lock.immap)"),
                step("T2", "go to the next nonlinear VMA, if there is any"),
            ]
        case .truncate_inode_pages:
            return [
                step("T3", "look up the next page beyond the new end"), step("T3", "lock the page"),
                step("T3", "wait until it is not under writeback"), step("T3", "unlock the page"),
            ]
        case .truncate_inode_partial_folio:
            return [
                step("T3", "zero what lies beyond the new end"),
                step("T3", "split the folio where the file ends"),
            ]
        case .truncate_complete_page:
            return [step("T3", "throw its buffers away"), step("T3", "take it out of the page cache")]
        default: return nil
        }
    }
}
