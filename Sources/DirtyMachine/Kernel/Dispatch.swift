extension Machine {
    /// Runs one position of a kernel function for a task.
    mutating func run(_ function: KernelFunction, _ t: Ref<Task>, at position: Int) -> Flow {
        switch function {
        case .user_load: user_access(t, at: position, store: false)
        case .user_store: user_access(t, at: position, store: true)
        case .do_page_fault: do_page_fault(t, at: position)
        case .handle_mm_fault: handle_mm_fault(t, at: position)
        case .handle_pte_fault: handle_pte_fault(t, at: position)
        case .do_no_page: do_no_page(t, at: position)
        case .filemap_nopage: filemap_nopage(t, at: position)
        case .shmem_nopage: shmem_nopage(t, at: position)
        case .do_read_fault: do_read_fault(t, at: position)
        case .do_cow_fault: do_cow_fault(t, at: position)
        case .do_shared_fault: do_shared_fault(t, at: position)
        case .do_fault_around: do_fault_around(t)
        case .filemap_fault: filemap_fault(t, at: position)
        case .finish_fault: finish_fault(t, at: position)
        case .fault_dirty_shared_page: fault_dirty_shared_page(t, at: position)
        case .do_anonymous_page: do_anonymous_page(t, at: position)
        case .do_wp_page: do_wp_page(t, at: position)
        case .wp_page_copy: wp_page_copy(t, at: position)
        case .page_mkwrite, .iomap_page_mkwrite, .nfs_vm_page_mkwrite, .filemap_page_mkwrite:
            page_mkwrite(t, at: position)
        case .set_page_dirty: set_page_dirty(t, at: position)
        case .set_page_dirty_buffers: set_page_dirty_buffers(t, at: position)
        case .set_page_dirty_nobuffers: set_page_dirty_nobuffers(t, at: position)
        case .journalled_set_page_dirty: journalled_set_page_dirty(t, at: position)
        case .balance_dirty_pages_ratelimited: balance_dirty_pages_ratelimited(t, at: position)
        case .balance_dirty_pages: balance_dirty_pages(t, at: position)
        case .noop_dirty_folio: noop_dirty_folio(t)
        case .clear_page_dirty_for_io: clear_page_dirty_for_io(t, at: position)
        case .page_mkclean: page_mkclean(t, at: position)
        case .page_mkclean_one: page_mkclean_one(t, at: position)
        case .test_clear_page_dirty: test_clear_page_dirty(t, at: position)
        case .cancel_dirty_page: cancel_dirty_page(t, at: position)
        case .write_cache_pages, .xfs_vm_writepages, .nfs_writepages:
            write_cache_pages(t, at: position)
        case .writepage: writepage(t, at: position)
        case .journalled_writepage: journalled_writepage(t, at: position)
        case .nfs_writepage, .iomap_writeback_folio: writepageWithoutBuffers(t, at: position)
        case .wait_on_page_writeback_range: wait_on_page_writeback_range(t)
        case .try_to_free_buffers: try_to_free_buffers(t, at: position)
        case .journal_commit_transaction: journal_commit_transaction(t, at: position)
        case .sys_mmap: sys_mmap(t, at: position)
        case .sys_munmap: sys_munmap(t, at: position)
        case .sys_mprotect: sys_mprotect(t, at: position)
        case .sys_madvise: sys_madvise(t, at: position)
        case .sys_msync: sys_msync(t, at: position)
        case .sys_fsync: sys_fsync(t, at: position)
        case .do_fsync: do_fsync(t, at: position)
        case .sys_remap_file_pages: sys_remap_file_pages(t, at: position)
        case .filemap_populate: filemap_populate(t, at: position)
        case .install_page: install_page(t, at: position)
        case .do_file_page: do_file_page(t, at: position)
        case .sys_read: sys_read(t, at: position)
        case .sys_write: sys_write(t, at: position)
        case .sys_ftruncate: sys_ftruncate(t, at: position)
        case .sys_mremap: sys_mremap(t, at: position)
        case .move_ptes: move_ptes(t, at: position)
        case .mm_populate: mm_populate(t, at: position)
        case .get_user_pages: get_user_pages(t, at: position)
        case .follow_page: follow_page(t, at: position)
        case .access_process_vm: access_process_vm(t, at: position)
        case .set_page_dirty_lock: set_page_dirty_lock(t, at: position)
        case .driver_pin: driver_pin(t, at: position)
        case .driver_unpin: driver_unpin(t, at: position)
        case .dma_write: dma_write(t)
        case .sys_fork: sys_fork(t, at: position)
        case .do_exit: do_exit(t, at: position)
        case .mprotect_fixup: mprotect_fixup(t, at: position)
        case .change_pte_range: change_pte_range(t, at: position)
        case .msync_page_range: msync_page_range(t, at: position)
        case .unmap_region: unmap_region(t, at: position)
        case .zap_pte_range: zap_pte_range(t, at: position)
        case .copy_page_range: copy_page_range(t, at: position)
        case .exit_mmap: exit_mmap(t, at: position)
        case .unmap_mapping_range: unmap_mapping_range(t, at: position)
        case .truncate_inode_pages: truncate_inode_pages(t, at: position)
        case .truncate_complete_page: truncate_complete_page(t, at: position)
        case .truncate_inode_partial_folio: truncate_inode_partial_folio(t, at: position)
        case .wb_writepages: wb_writepages(t, at: position)
        case .kswapd_shrink_page: kswapd_shrink_page(t, at: position)
        case .try_to_unmap: try_to_unmap(t, at: position)
        case .pageout: pageout(t, at: position)
        case .invalidate_page: invalidate_page(t, at: position)
        case .strip_page: strip_page(t, at: position)
        case .end_page_writeback: completeHeld(t)
        case .power_loss: powerLoss(t)
        case .none, .scenario, .device: .leave()
        }
    }

    /// Where a function begins: most with an atomic step, some with control flow.
    func entry(of function: KernelFunction) -> Int {
        switch function {
        case .handle_mm_fault: rules.generation == .v6 ? 100 : 0
        case .do_read_fault, .do_shared_fault, .fault_dirty_shared_page,
            .clear_page_dirty_for_io, .write_cache_pages, .xfs_vm_writepages,
            .nfs_writepages, .do_fsync, .sys_fsync, .wb_writepages,
            .journal_commit_transaction, .unmap_region, .truncate_complete_page, .sys_read,
            .pageout, .get_user_pages, .move_ptes, .do_file_page:
            100
        default: 0
        }
    }
}
