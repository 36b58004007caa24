/// What a kernel does differently from another, as data: one field for each difference.
///
/// The fields with an S number are review points of "mm: tracking shared dirty pages" and its
/// follow-ups: `Switch.all` names them and says what they are in every profile. The others tell
/// the generations of the code apart. The values here are those of 6.18.
public struct Rules: Hashable, Sendable {
    // MARK: Generations of the code

    /// Which functions there are: 2.6's do_no_page() and friends, or 6.18's do_fault() family.
    public enum Generation: UInt8, Hashable, Sendable { case v2_6, v6 }
    public var generation = Generation.v6
    /// Write faults are how the kernel learns of dirty pages; page_mkclean() exists. 2.6.18 takes
    /// them only for the sake of page_mkwrite, and asks the PTEs in msync, unmap and reclaim.
    public var tracks = true
    /// page_mkclean_one() clears the entry, flushes, and then writes the new one (2.6.20), or
    /// writes the new one before the flush (2.6.19).
    public var mkcleanFlushesBeforeSet = true
    /// Truncation uses cancel_dirty_page() (2.6.20), which keeps the tag and the PTEs; before,
    /// test_clear_page_dirty().
    public var hasCancelDirty = true
    /// Reclaim writes dirty file pages itself.
    public var reclaimWrites = false
    /// A page that leaves the cache dirty is taken off nr_dirty (2.6.24).
    public var removalUnaccounts = true
    /// get_user_pages() asks for reading once a write fault has said VM_FAULT_WRITE, and breaks COW
    /// by force in shared mappings, too. Later kernels look for an exclusive anonymous page.
    public var gupDropsWrite = false
    /// mremap flushes after each PTE that it takes, not after a page table's worth of them.
    public var mremapFlushesEachPTE = false

    // MARK: Which mappings are tracked

    /// S01: the name of a helper hides that it tests VM_PFNMAP too.
    public var helperNameIsExact = true
    /// S04: the decision comes after ->mmap, which may change flags and protection.
    public var decidesAfterMmap = true
    /// S05: what becomes of the protection that ->mmap has set.
    public enum ProtPolicy: Hashable, Sendable { case overwrite, strip, keep, modify }
    public var protPolicy = ProtPolicy.modify
    /// S06: page_mkwrite makes only shared writable mappings tracked.
    public var mkwriteClauseInside = true
    /// S07, S08: device memory without struct pages, and a driver's own pages, are not tracked.
    public var excludesPFNMap = true
    public var excludesInsertPage = true
    /// S09: f_mapping is tested before its backing device is asked.
    public var testsMapping = true
    /// S10: devices have a backing device that says that nothing is to be accounted.
    public var devicesHaveCaps = true

    // MARK: The fault

    /// S02: get_user_pages() for writing accepts no PTE without W.
    public var followPageChecksW = true
    /// S03a: do_wp_page() reuses the page of a mapping that is shared and writable, not merely
    /// shared.
    public var wpTestsWrite = true
    /// S03b: do_wp_page() looks for anonymous pages first.
    public var wpAnonFirst = true
    /// S17: where a write fault calls set_page_dirty(): after ptl is dropped, with the page locked,
    /// or with ptl held.
    public enum FaultDirties: Hashable, Sendable { case outside, locked, under }
    public var faultDirties = FaultDirties.locked
    /// S21: after it made the PTE writable, a 2.6 fault waits for the page lock before it dirties
    /// the page.
    public var faultWaitsPageLock = true
    /// S22: page_mkwrite returns with the page locked.
    public var mkwriteReturnsLocked = true
    /// S25: when a fault that dirtied a page balances.
    public enum FaultBalance: Hashable, Sendable { case never, newlyDirty, always }
    public var faultBalances = FaultBalance.always
    /// Pages that a load maps around the one it needs; 1 is off.
    public var faultAround = 16

    // MARK: page_mkclean()

    /// S11: which VMAs page_mkclean() visits.
    public enum MkcleanFilter: Hashable, Sendable { case shared, all, sharedWritableNow }
    public var mkcleanFilter = MkcleanFilter.shared
    /// S12: W goes whatever vm_flags said before ptl was taken.
    public var mkcleanAlwaysProtects = true
    /// S13: only for mappings that account dirty pages.
    public var mkcleanIsGated = true
    /// S14: an anonymous page does not reach page_mkclean_file().
    public var mkcleanSparesAnon = true
    /// S15: page_mkclean() clears W only and leaves D.
    public var mkcleanKeepsD = false
    /// S16: a PTE is exchanged for nothing before it is changed; reaches mprotect too.
    public var updatesPTEAtomically = true
    /// S19: clear_page_dirty_for_io() runs page_mkclean() first and redirties the page when a
    /// PTE was dirty; else it clears PG_dirty first and ignores the result.
    public var mkcleanResultUsed = true
    /// S20: page_mkclean() flushes the TLBs.
    public var mkcleanFlushes = true

    // MARK: Everything else

    /// S18: private_lock is held over the whole of try_to_free_buffers().
    public var ttfbHoldsLock = true
    /// S23: which PTEs get W back from mprotect without a fault.
    public enum MprotectUpgrade: Hashable, Sendable { case dirty, none, any }
    public var mprotectUpgrade = MprotectUpgrade.dirty
    /// S24: msync of 2.6 walks the page table and moves D to the page.
    public var msyncWalks = true
    /// S26: writeback finds the PTEs of a remapped page.
    public var nonlinearIsVisible = true
    /// S27: when an unmap flushes the TLBs.
    public enum ZapFlush: Hashable, Sendable { case afterPTL, beforePTL, beforeRmap }
    public var zapFlush = ZapFlush.beforeRmap
    /// S28: mremap flushes before it drops ptl, and tests the entry that it exchanged.
    public var mremapFlushesUnderPTL = true
    /// S29: truncation invalidates the buffers before it cancels the dirty bit.
    public var cancelsAfterInvalidate = true
    /// S30: writeback skips a page whose PG_dirty is clear though its tag is set.
    public var writebackRequiresDirty = true
    /// A TLB may drop an entry at any moment, as a move of its own.
    public var tlbEviction = false
    /// A store sets D in the PTE at once, as x86 does; else the TLB keeps it until its entry goes.
    public var tlbWritesDirtyThrough = true
    /// fork links the child's VMA behind its parent's in the reverse map; else before it.
    public var forkLinksBehind = true
    /// madvise(MADV_DONTNEED) holds mmap_sem for reading, so that faults of other threads run
    /// beside it.
    public var madviseSharesLock = true
    /// page_mkclean() takes ptl even where it sees an empty PTE, and so waits for whoever is about
    /// to flush or to put it back.
    public var mkcleanAwaitsLock = true
    /// A write fault dirties the page; else only the PTE knows.
    public var faultSetsDirty = true
}
