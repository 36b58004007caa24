// msync(2) (model 2.10). 2.6.18 walks the page table, the only way for it to learn of stores;
// from 2.6.19 on the kernel knows already.

/// MS_SYNC, MS_ASYNC, MS_INVALIDATE.
public enum MsyncMode: UInt8, Sendable, CaseIterable { case sync, async, invalidate }

extension Machine {
    mutating func sys_msync(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        let mode = MsyncMode(rawValue: UInt8(self[t, .mode])) ?? .sync
        switch position {
        case 0:
            return mmapReadLock(mm, t) ?? .next
        case 1:  // the next VMA
            let (cursor, end) = (self[t, .cursor], self[t, .last] + 1)
            guard cursor < end else { return .jump(4) }
            let vma = state.findVMA(mm, cursor)
            guard vma.exists, self[vma, .start] < end else {
                self[t, .foundHole] = true
                return .jump(4)
            }
            if self[vma, .start] > cursor {
                self[t, .foundHole] = true
                self[t, .cursor] = self[vma, .start]
            }
            self[t, .vma] = vma
            let isSharedFile = self[vma, .file].exists && self[vma, .flags].contains(.shared)
            guard isSharedFile, mode != .invalidate else { return .jump(101) }
            if mode == .sync { notePromises(t, of: vma, upTo: end) }
            if rules.msyncWalks, rules.generation == .v2_6 {
                self[t, .zapAddress] = self[t, .cursor]
                self[t, .zapEnd] = min(self[vma, .end], end)
                self[t, .balancePages] = 0
                return .call(.msync_page_range, then: 100)
            }
            return .jump(100)
        case 100:
            if mode == .sync { return .jump(2) }
            let mustBalance = self[t, .balancePages] > 0 && throttles(self[self[t, .vma], .file])
            return .jump(mustBalance ? 5 : 101)
        case 101:
            self[t, .cursor] = self[self[t, .vma], .end]
            return .jump(1)
        case 2:  // mmap_sem is dropped for the I/O
            let vma = self[t, .vma]
            let file = self[vma, .file]
            let pieceEnd = min(self[vma, .end], self[t, .last] + 1)
            let offset = self[vma, .pgoff] - self[vma, .start]
            let range =
                rules.generation == .v6
                ? self[t, .cursor] + offset...pieceEnd + offset - 1 : 0...State.lastIndex
            setWritebackRange(t, file, range)
            self[t, .cursor] = pieceEnd
            self[t, .vma] = .none
            mmapUnlock(mm, t)
            return .call(.do_fsync, then: 3)
        case 3:
            checkPromises(t)
            return mmapReadLock(mm, t) ?? .jump(1)
        case 5:  // the dirty pages that the walk has found
            let vma = self[t, .vma]
            let file = self[vma, .file]
            self[t, .cursor] = self[vma, .end]
            self[t, .vma] = .none
            mmapUnlock(mm, t)
            return balance(t, file, pages: self[t, .balancePages], then: 3)
        default:
            mmapUnlock(mm, t)
            self[t, .vma] = .none
            if self[t, .foundHole] { self[t, .outcome] = .ENOMEM }
            return .leave()
        }
    }

    /// 2.6.18: moves the dirty bit of every PTE to its page.
    mutating func msync_page_range(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .vma], .mm]
        switch position {
        case 0:
            return lockPTL(mm, t) ?? .next
        case 1:
            var from = self[t, .zapAddress]
            while from < self[t, .zapEnd],
                let (vpn, word) = state.radixFirst(self[mm, .pgd], in: from...self[t, .zapEnd] - 1)
            {
                var entry = PTE(word: word)
                if entry.dirty, !self[entry.folio, .anon] {
                    entry.dirty = false  // W stays
                    setPTE(mm, vpn, entry)
                    self[t, .zapAddress] = vpn
                    self[t, .dirtyPage] = entry.folio
                    return .next
                }
                from = vpn + 1
            }
            return .jump(3)
        case 2:
            flushTLBPage(mm, self[t, .zapAddress])
            self[t, .zapAddress] += 1
            return .call(.set_page_dirty, then: 101)
        case 101:
            self[t, .balancePages] += self[t, .result]
            return .jump(1)
        default:
            unlockPTL(mm, t)
            return .leave()
        }
    }
}
