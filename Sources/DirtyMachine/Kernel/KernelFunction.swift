/// The functions that tasks run. Where 2.6 and 6.18 name the same work differently, one case
/// carries both names.
public enum KernelFunction: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case none
    /// Not the kernel: the scenario itself, the device, and user mode.
    case scenario, device, user_load, user_store
    // Faults
    case do_page_fault, handle_mm_fault, handle_pte_fault
    case do_no_page, filemap_nopage, shmem_nopage
    case do_read_fault, do_cow_fault, do_shared_fault, do_fault_around, filemap_fault, finish_fault
    case fault_dirty_shared_page
    case do_anonymous_page, do_wp_page, wp_page_copy
    case page_mkwrite, iomap_page_mkwrite, nfs_vm_page_mkwrite, filemap_page_mkwrite
    // Dirty state
    case set_page_dirty, set_page_dirty_buffers, set_page_dirty_nobuffers, noop_dirty_folio
    case journalled_set_page_dirty
    case balance_dirty_pages_ratelimited, balance_dirty_pages
    case clear_page_dirty_for_io, page_mkclean, page_mkclean_one, test_clear_page_dirty
    case cancel_dirty_page
    // Writeback
    case write_cache_pages, xfs_vm_writepages, nfs_writepages
    case writepage, journalled_writepage, nfs_writepage, iomap_writeback_folio
    case wait_on_page_writeback_range, end_page_writeback
    case try_to_free_buffers, journal_commit_transaction
    // System calls
    case sys_mmap, sys_munmap, sys_mprotect, sys_madvise, sys_msync, sys_fsync, do_fsync
    case sys_remap_file_pages, filemap_populate, install_page, do_file_page
    case sys_read, sys_write, sys_ftruncate, sys_fork, do_exit
    case mprotect_fixup, change_pte_range, msync_page_range, unmap_region, zap_pte_range
    case copy_page_range, exit_mmap
    case sys_mremap, move_ptes, mm_populate
    case unmap_mapping_range, truncate_inode_pages, truncate_complete_page
    // Pages of an address space for the kernel's own use
    case get_user_pages, follow_page, access_process_vm, set_page_dirty_lock
    case driver_pin, driver_unpin, dma_write
    // Kernel threads
    case wb_writepages, kswapd_shrink_page, try_to_unmap, pageout, invalidate_page, strip_page
    case power_loss
    // Large folios
    case truncate_inode_partial_folio

    /// The function's name in a generation of the kernel.
    public func name(_ generation: Rules.Generation) -> String {
        let names = KernelFunction.table[Int(rawValue)]
        return generation == .v6 ? names.modern : names.classic
    }

    /// Asking an enum for its own name is slow, and reports ask often.
    private static let table = allCases.map(\.spelling)

    /// Both names, for `step … until`.
    public var names: (classic: String, modern: String) { KernelFunction.table[Int(rawValue)] }

    private var spelling: (classic: String, modern: String) {
        switch self {
        case .user_load: ("load", "load")
        case .user_store: ("store", "store")
        case .do_page_fault: ("do_page_fault", "exc_page_fault")
        case .handle_mm_fault: ("__handle_mm_fault", "handle_mm_fault")
        case .page_mkwrite: ("page_mkwrite", "ext4_page_mkwrite")
        case .wp_page_copy: ("do_wp_page_copy", "wp_page_copy")
        case .set_page_dirty: ("set_page_dirty", "folio_mark_dirty")
        case .set_page_dirty_buffers: ("__set_page_dirty_buffers", "block_dirty_folio")
        case .journalled_set_page_dirty:
            ("ext3_journalled_set_page_dirty", "ext4_journalled_dirty_folio")
        case .journalled_writepage: ("ext3_journalled_writepage", "ext3_journalled_writepage")
        case .nfs_writepage: ("nfs_writepage", "nfs_do_writepage")
        case .set_page_dirty_nobuffers: ("__set_page_dirty_nobuffers", "filemap_dirty_folio")
        case .clear_page_dirty_for_io: ("clear_page_dirty_for_io", "folio_clear_dirty_for_io")
        case .page_mkclean: ("page_mkclean", "folio_mkclean")
        case .page_mkclean_one: ("page_mkclean_one", "page_vma_mkclean_one")
        case .cancel_dirty_page: ("cancel_dirty_page", "folio_cancel_dirty")
        case .write_cache_pages: ("write_cache_pages", "ext4_writepages")
        case .writepage: ("block_write_full_page", "ext4_bio_write_folio")
        case .wait_on_page_writeback_range:
            ("wait_on_page_writeback_range", "filemap_fdatawait_range")
        case .end_page_writeback: ("end_page_writeback", "folio_end_writeback")
        case .journal_commit_transaction:
            ("journal_commit_transaction", "jbd2_journal_commit_transaction")
        case .do_fsync: ("do_fsync", "vfs_fsync_range")
        case .sys_read: ("generic_file_read", "filemap_read")
        case .sys_write: ("generic_file_write", "generic_perform_write")
        case .truncate_complete_page: ("truncate_complete_page", "truncate_inode_folio")
        case .wb_writepages: ("pdflush", "wb_workfn")
        case .kswapd_shrink_page: ("shrink_page_list", "shrink_folio_list")
        case .invalidate_page: ("invalidate_mapping_pages", "invalidate_mapping_pages")
        case .get_user_pages: ("get_user_pages", "__get_user_pages")
        case .follow_page: ("follow_page", "follow_page_pte")
        case .access_process_vm: ("access_process_vm", "__access_remote_vm")
        case .mm_populate: ("sys_remap_file_pages", "__mm_populate")
        case .strip_page: ("pagevec_strip", "filemap_release_folio")
        default: (String(describing: self), String(describing: self))
        }
    }

    /// The function of a name in either generation.
    public static func named(_ name: String) -> KernelFunction? {
        allCases.first {
            let names = $0.names
            return $0 != .none && (names.classic == name || names.modern == name
                || String(describing: $0) == name)
        }
    }
}
