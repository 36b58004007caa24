// Clearing PG_dirty (model 2.7): before a write, and when a page's data is no longer wanted.

extension Machine {
    /// Prepares `wbcPage` for a write; returns 1 if it was dirty. Where the order of the PTEs
    /// and PG_dirty is the wrong way round, 2.6.19 loses data (B1).
    mutating func clear_page_dirty_for_io(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .wbcPage]
        let accounts = self[self[t, .wbcFile], .accountsDirty]
        let cleans = cleansPTEs(of: self[t, .wbcFile])
        switch position {
        case 100:
            if cleans, rules.mkcleanResultUsed {
                self[t, .rmapPage] = page
                return .call(.page_mkclean, then: 101)
            }
            return .jump(0)
        case 101:
            guard self[t, .result] != 0, accounts else { return .jump(0) }
            // A PTE was dirty: whatever the buffers say, all of the page must be written.
            self[t, .dirtyPage] = page
            return .call(.set_page_dirty, then: 102)
        case 102: return .jump(0)
        case 0:
            guard self[page, .dirty] else { return .leave(0) }
            self[page, .dirty] = false
            if cleans, !rules.mkcleanResultUsed {
                self[t, .rmapPage] = page
                return .call(.page_mkclean, then: 1)
            }
            return accounts ? .next : .leave(1)
        default:
            if accounts { count(.nr_dirty, -pageCount(of: page)) }
            return .leave(1)
        }
    }

    /// S13: whether clearing PG_dirty cleans the PTEs of a file's pages as well.
    private func cleansPTEs(of file: Ref<File>) -> Bool {
        rules.tracks && (self[file, .accountsDirty] || !rules.mkcleanIsGated)
    }

    /// test_clear_page_dirty() of 2.6.18 and 2.6.19, on `page`; returns 1 if it was dirty.
    mutating func test_clear_page_dirty(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .page]
        let file = self[page, .mapping]
        switch position {
        case 0:
            guard self[page, .dirty] else { return .leave(0) }
            self[page, .dirty] = false
            if file.exists { setTag(file, self[page, .index], .dirty, false) }
            guard file.exists else { return .leave(1) }
            return self[file, .accountsDirty] || cleansPTEs(of: file) ? .next : .leave(1)
        case 1:
            if self[file, .accountsDirty] { count(.nr_dirty, -1) }
            guard rules.tracks else { return .leave(1) }
            // The PTEs' dirty bits go, and what they said is ignored (B2).
            self[t, .rmapPage] = page
            return .call(.page_mkclean, then: 100)
        default:
            return .leave(1)
        }
    }

    /// cancel_dirty_page(): neither tag nor PTEs are touched.
    mutating func cancel_dirty_page(_ t: Ref<Task>, at position: Int) -> Flow {
        let page = self[t, .page]
        let file = self[page, .mapping]
        switch position {
        case 0:
            guard self[page, .dirty] else { return .leave(0) }
            self[page, .dirty] = false
            return file.exists && self[file, .accountsDirty] ? .next : .leave(1)
        default:
            count(.nr_dirty, -pageCount(of: page))
            return .leave(1)
        }
    }
}
