// The switches and what they are in every profile: 2.6.18, as-posted, 2.6.19, 2.6.20, 6.18.

extension Switch {
    /// All of them, by number; the settings of the model come last.
    public static let all: [Switch] = decision + cleaning + others + settings

    // MARK: Why a switch means nothing somewhere

    private static let untracked = Standing.none(
        "2.6.18 does not track dirty pages by write faults")
    private static let noMkclean = Standing.none("2.6.18 has no page_mkclean()")
    private static let mkwriteAlone = Standing.none(
        "2.6.18 asks for page_mkwrite and for nothing else when it decides to take write faults")
    private static let noFaultAround = Standing.none(
        "before 3.15 a load maps the page that it needs and no other")

    // MARK: Which mappings are tracked

    private static let decision = [
        Switch(
            "S01", "helper-name",
            "The flags are tested by name; a helper that hides VM_PFNMAP makes no difference.",
            .flag(\.helperNameIsExact),
            in: [
                .none("2.6.18 has no helper is_shared_writable()"),
                "wrong", "right", "right", "right",
            ]),
        Switch(
            "S02", "follow-page-checks-w",
            "get_user_pages() for writing faults until the PTE has W.",
            .flag(\.followPageChecksW), in: ["right", "right", "right", "right", "right"]),
        Switch(
            "S03a", "wp-test",
            "do_wp_page() reuses the page only where the mapping is shared and writable.",
            .flag(\.wpTestsWrite), in: ["right", "right", "right", "right", "right"]),
        Switch(
            "S03b", "wp-anon-first",
            "do_wp_page() looks for an anonymous page before it looks at the mapping.",
            .flag(\.wpAnonFirst), in: ["wrong", "wrong", "right", "right", "right"]),
        Switch(
            "S04", "decide-before-mmap",
            "The decision comes after the driver's mmap, which may change flags and protection.",
            .flag(\.decidesAfterMmap), in: ["right", "right", "right", "right", "right"]),
        Switch(
            "S05", "prot-policy",
            "What becomes of the protection bits that a driver's mmap has set.",
            [
                .init("overwrite", aliases: ["wrong"]) { $0.protPolicy = .overwrite },
                .init("strip") { $0.protPolicy = .strip },
                .init("keep") { $0.protPolicy = .keep },
                .init("modify") { $0.protPolicy = .modify },
            ], in: ["overwrite", "strip", "keep", "keep", "modify"]),
        Switch(
            "S06", "mkwrite-clause-outside",
            "page_mkwrite makes a mapping tracked only if it is shared and writable.",
            .flag(\.mkwriteClauseInside), in: [mkwriteAlone, "wrong", "right", "right", "right"]),
        Switch(
            "S07", "exclude-pfnmap",
            "Device memory without struct pages is not tracked.",
            .flag(\.excludesPFNMap), in: [mkwriteAlone, "right", "right", "right", "right"]),
        Switch(
            "S08", "exclude-insertpage",
            "Pages that a driver inserted are not tracked; else each costs a fault.",
            .flag(\.excludesInsertPage),
            in: [
                mkwriteAlone, "wrong", "right", "right",
                .none("6.18 has no VM_INSERTPAGE: it went in 3.7"),
            ]),
        Switch(
            "S09", "null-mapping",
            "f_mapping is tested for NULL before its backing device is asked, where one is; else OOPS.",
            .flag(\.testsMapping), in: ["right", "right", "right", "right", "right"]),
        Switch(
            "S10", "bdi-caps",
            "Devices have a backing device of their own, which accounts no dirty pages.",
            .flag(\.devicesHaveCaps), in: ["wrong", "wrong", "wrong", "wrong", "right"]),
    ]

    // MARK: page_mkclean()

    private static let cleaning = [
        Switch(
            "S11", "mkclean-filter",
            "page_mkclean() visits every VM_SHARED mapping, not only those writable just now.",
            [
                .init("right") { $0.mkcleanFilter = .shared },
                .init("all") { $0.mkcleanFilter = .all },
                .init("wrong") { $0.mkcleanFilter = .sharedWritableNow },
            ], in: [noMkclean, "all", "right", "right", "right"]),
        Switch(
            "S12", "mkclean-protect-arg",
            "page_mkclean() takes W always; it does not go by flags read before it has ptl.",
            .flag(\.mkcleanAlwaysProtects), in: [noMkclean, "wrong", "right", "right", "right"]),
        Switch(
            "S13", "mkclean-gate",
            "page_mkclean() is called only where dirty pages are accounted; else for tmpfs, too.",
            .flag(\.mkcleanIsGated), in: [noMkclean, "wrong", "right", "right", "right"]),
        Switch(
            "S14", "mkclean-anon",
            "page_mkclean() spares anonymous pages, which only swap could bring it; else BUG, OOPS.",
            .flag(\.mkcleanSparesAnon), in: [noMkclean, "wrong", "right", "right", "right"]),
        Switch(
            "S15", "mkclean-keeps-d",
            "page_mkclean() takes D as well as W.",
            .flag(\.mkcleanKeepsD, right: false), in: [noMkclean, "right", "right", "right", "right"]),
        Switch(
            "S16", "pte-update-nonatomic",
            "page_mkclean() and mprotect exchange a PTE before they change it.",
            .flag(\.updatesPTEAtomically), in: ["right", "right", "right", "right", "right"]),
    ]


    // MARK: The order of things

    private static let others = [
        Switch(
            "S17", "dirty-under-ptl",
            "Where a write fault dirties the page: after ptl, with the page locked, or under ptl.",
            [
                .init("outside") { $0.faultDirties = .outside },
                .init("locked") { $0.faultDirties = .locked },
                .init("under") { $0.faultDirties = .under },
            ], in: [untracked, "outside", "outside", "outside", "locked"]),
        Switch(
            "S18", "ttfb-lock",
            "try_to_free_buffers() clears PG_dirty before it drops private_lock.",
            .flag(\.ttfbHoldsLock), in: ["right", "wrong", "wrong", "right", "right"]),
        Switch(
            "S19", "mkclean-result-used",
            "Writeback cleans the PTEs first, and redirties the page if one was dirty.",
            .flag(\.mkcleanResultUsed), in: [noMkclean, "wrong", "wrong", "right", "right"]),
        Switch(
            "S20", "mkclean-flush",
            "page_mkclean() flushes the TLBs before the page is written.",
            .flag(\.mkcleanFlushes), in: [noMkclean, "right", "right", "right", "right"]),
        Switch(
            "S21", "fault-waits-page-lock",
            "A write fault waits until the page is unlocked before it dirties it.",
            .flag(\.faultWaitsPageLock), in: [untracked, "wrong", "wrong", "wrong", "right"]),
        Switch(
            "S22", "mkwrite-returns-locked",
            "page_mkwrite returns with the page locked, and the fault keeps it so to its end.",
            .flag(\.mkwriteReturnsLocked), in: ["wrong", "wrong", "wrong", "wrong", "right"]),
        Switch(
            "S23", "mprotect-upgrade",
            "Which PTEs get W back from mprotect without a fault: those with D, none, or any.",
            [
                .init("right") { $0.mprotectUpgrade = .dirty },
                .init("none") { $0.mprotectUpgrade = .none },
                .init("wrong") { $0.mprotectUpgrade = .any },
            ], in: [untracked, "right", "right", "right", "right"]),
        Switch(
            "S24", "msync-walk",
            "msync moves D from the PTEs to the pages, or no PTE escapes writeback anyway.",
            .flag(\.msyncWalks), in: ["right", "wrong", "wrong", "wrong", "right"]),
        Switch(
            "S25", "balance-on-fault",
            "When a fault that dirtied a page balances: never, if it was clean, or always.",
            [
                .init("right") { $0.faultBalances = .always },
                .init("newly-dirty") { $0.faultBalances = .newlyDirty },
                .init("none", aliases: ["wrong"]) { $0.faultBalances = .never },
            ], in: [untracked, "none", "newly-dirty", "newly-dirty", "right"]),
        Switch(
            "S26", "nonlinear-visible",
            "Writeback finds the PTEs of pages that remap_file_pages moved.",
            .flag(\.nonlinearIsVisible), in: ["wrong", "wrong", "wrong", "wrong", "right"]),
        Switch(
            "S27", "zap-flush",
            "When an unmap flushes: after ptl, before ptl is dropped (3.15), or before rmap (6.2).",
            [
                .init("before-rmap", aliases: ["right"]) { $0.zapFlush = .beforeRmap },
                .init("before-ptl") { $0.zapFlush = .beforePTL },
                .init("after-ptl", aliases: ["wrong"]) { $0.zapFlush = .afterPTL },
            ], in: ["after-ptl", "after-ptl", "after-ptl", "after-ptl", "right"]),
        Switch(
            "S28", "mremap-flush",
            "mremap flushes before it drops ptl, and tests the PTE that it exchanged.",
            .flag(\.mremapFlushesUnderPTL), in: ["right", "right", "right", "right", "right"]),
        Switch(
            "S29", "cancel-order",
            "Truncation cancels the dirty bit after it has invalidated the buffers.",
            .flag(\.cancelsAfterInvalidate), in: ["right", "right", "right", "wrong", "right"]),
        Switch(
            "S30", "wb-requires-pg-dirty",
            "Writeback skips a page that is tagged but not dirty.",
            [
                .init("on") { $0.writebackRequiresDirty = true },
                .init("off") { $0.writebackRequiresDirty = false },
            ], in: ["off", "off", "off", "off", "on"]),
    ]

    // MARK: Settings of the model

    private static let settings = [
        Switch(
            "", "fault-around", "Pages that a load maps around the one it needs; 1 is off.",
            .powerOfTwo(1...512) { $0.faultAround = $1 },
            in: [noFaultAround, noFaultAround, noFaultAround, noFaultAround, "16"]),
        Switch(
            "", "tlb-eviction", "A TLB may drop an entry at any moment, as one more move of a search.",
            [.init("on") { $0.tlbEviction = true }, .init("off") { $0.tlbEviction = false }],
            in: ["off", "off", "off", "off", "off"]),
        Switch(
            "", "tlb-dirty",
            "A store sets D in the PTE at once, as x86 does, or when the TLB drops the entry.",
            [
                .init("immediate") { $0.tlbWritesDirtyThrough = true },
                .init("late") { $0.tlbWritesDirtyThrough = false },
            ], in: ["immediate", "immediate", "immediate", "immediate", "immediate"]),
        Switch(
            "", "fork-rmap-order",
            "fork links the child's VMA into the reverse map after its parent's, or before it.",
            [
                .init("after", aliases: ["right"]) { $0.forkLinksBehind = true },
                .init("before", aliases: ["wrong"]) { $0.forkLinksBehind = false },
            ], in: ["after", "after", "after", "after", "after"]),
        Switch(
            "", "madvise-lock",
            "How madvise(MADV_DONTNEED) holds mmap_sem: for writing, or for reading (2.6.23).",
            [
                .init("write") { $0.madviseSharesLock = false },
                .init("read") { $0.madviseSharesLock = true },
            ], in: ["write", "write", "write", "write", "read"]),
        Switch(
            "", "mkclean-sync",
            "page_mkclean() waits for ptl also where it sees an empty PTE (PVMW_SYNC).",
            .flag(\.mkcleanAwaitsLock), in: [untracked, "right", "right", "right", "right"]),
        Switch(
            "", "fault-sets-dirty",
            "A write fault in a tracked mapping dirties the page, and does not leave that to the PTE.",
            .flag(\.faultSetsDirty), in: [untracked, "right", "right", "right", "right"]),
    ]
}
