// What a player needs beside the views: where a change took place, who maps a page, which locks
// a task holds, and the machine as it was before its latest changes.

/// A page that a change is about.
public enum PagePlace: Hashable, Sendable {
    /// A virtual page number in an address space.
    case address(Ref<MM>, Int)
    /// A page of a file.
    case file(Ref<File>, Int)
}

/// One mapping of a file's page: an entry of the reverse map.
public struct Mapper: Hashable, Sendable {
    /// The process that owns the address space.
    public let process: Ref<Process>
    public let vma: Ref<VMA>
    public let vpn: Int
    public let pte: PTE
}

extension Machine {
    /// The machine as it was before a run of its latest changes, without a history of its own.
    public func before(_ changes: some BidirectionalCollection<Change>) -> Machine {
        var earlier = self
        earlier.log = ChangeLog()
        earlier.rewind(changes)
        return earlier
    }

    /// Takes the latest changes back in a machine without a history, such as `before` returns.
    public mutating func rewind(_ changes: some BidirectionalCollection<Change>) {
        state.words.own()
        for change in changes.reversed() {
            state.words[Int(change.ref) &+ Int(change.offset)] = change.old
        }
    }

    /// The page that a change is about: of its PTE, of a TLB entry, of the page cache or the disk.
    public func place(of change: Change) -> PagePlace? {
        switch change.kind {
        case .folio:
            let folio = Ref<Folio>(raw: change.ref)
            guard state.kind(at: change.ref) == .folio, self[folio, .mapping].exists else { return nil }
            return .file(self[folio, .mapping], self[folio, .index])
        case .node:
            let node = Ref<Node>(raw: change.ref)
            guard state.kind(at: change.ref) == .node, self[node, .shift] == 0 else { return nil }
            return place(in: node, change)
        case .processor:
            guard change.offset >= 4, change.offset % 2 == 0 else { return nil }
            let flags = change.new & 1 != 0 ? change.new : change.old
            let mm = Ref<MM>(word: state.words[Int(change.ref) &+ Int(change.offset) &+ 1])
            guard flags & 1 != 0, mm.exists, state.kind(at: mm.raw) == .mm else { return nil }
            return .address(mm, Int(flags >> 8))
        default:
            return nil
        }
    }

    /// The pages that a change is about: all of a large folio where its head has something for all.
    public func places(of change: Change) -> [PagePlace] {
        guard let place = place(of: change) else { return [] }
        let folio = Ref<Folio>(raw: change.ref)
        guard change.kind == .folio, isLarge(folio), head(folio) == folio else { return [place] }
        let flipped = change.old ^ change.new
        let isShared =
            change.offset == 0 ? Field<Folio, Int>.lockOwner.extract(flipped) != 0
            : change.offset == 1 && flipped & Folio.flags != 0
        return isShared ? folioIndices(folio).map { .file(self[folio, .mapping], $0) } : [place]
    }

    private func place(in leaf: Ref<Node>, _ change: Change) -> PagePlace? {
        let owner = UInt32(self[leaf, .owner])
        let slot = Int(change.offset) - Node.firstSlot
        if slot >= 0 {
            let key = self[leaf, .base] + slot
            return self[leaf, .role] == .pageTable
                ? .address(Ref(raw: owner), key) : .file(Ref(raw: owner), key)
        }
        let flipped = change.old ^ change.new
        guard self[leaf, .role] == .pageCache, flipped != 0, Tag(rawValue: change.offset &- 2) != nil
        else { return nil }
        return .file(Ref(raw: owner), self[leaf, .base] + flipped.trailingZeroBitCount)
    }

    // MARK: Address spaces

    /// The address space of a process; threads share one.
    public func space(of process: Ref<Process>) -> Ref<MM> { self[process, .mm] }

    /// The process that lends its name to an address space.
    public func owner(of mm: Ref<MM>) -> Ref<Process> { self[mm, .owner] }

    /// The page table's entry for a virtual page, empty where there is none.
    public func entry(_ mm: Ref<MM>, _ vpn: Int) -> PTE {
        mm.exists && state.kind(at: mm.raw) == .mm ? pte(mm, vpn) : .empty
    }

    /// A page of a file as nobody in particular sees it.
    public func page(_ index: Int, of file: Ref<File>) -> PageView {
        PageView(
            index: index, vpn: 0, pte: .empty, folio: state.findPage(file, index), file: file,
            fileIndex: index)
    }

    /// The mapping that owns an address of a space.
    public func mapping(at vpn: Int, in mm: Ref<MM>) -> Ref<Mapping>? {
        guard mm.exists, state.kind(at: mm.raw) == .mm else { return nil }
        return state.mappings(of: self[mm, .owner]).last {
            guard let (start, pages) = extent(of: $0) else { return false }
            return (start..<start + pages).contains(vpn)
        }
    }

    /// The file that a process maps at a virtual page.
    public func file(at vpn: Int, of process: Ref<Process>) -> Ref<File>? {
        let mm = self[process, .mm]
        let vma = mm.exists ? state.vma(mm, covering: vpn) : .none
        return vma.exists && self[vma, .file].exists ? self[vma, .file] : nil
    }

    // MARK: The reverse map

    /// Who maps a page of a file, in the order in which the kernel walks them; `limit` at most.
    public func mappers(of file: Ref<File>, _ index: Int, limit: Int) -> [Mapper] {
        var result: [Mapper] = []
        var cursor: (Int, Int)?
        while result.count < limit {
            let vma = state.nextMapping(of: file, page: index, after: cursor)
            guard vma.exists else { break }
            let vpn = self[vma, .start] + index - self[vma, .pgoff]
            let mm = self[vma, .mm]
            result.append(Mapper(process: self[mm, .owner], vma: vma, vpn: vpn, pte: pte(mm, vpn)))
            cursor = (self[vma, .pgoff], self[vma, .serial])
        }
        return result
    }

    // MARK: Locks

    /// The locks that a task holds, in the kernel's words.
    public func locksHeld(by task: Ref<Task>) -> [String] {
        let slot = self[task, .slot]
        func holds(_ lock: Lock) -> Bool { lock.writer == slot || lock.readers >> UInt64(slot) & 1 == 1 }
        var found: [String] = []
        func add(_ reason: WaitReason, _ object: UInt32, _ suffix: String = "") {
            found.append(name(of: Waiting(reason, object, holder: .none)) + suffix)
        }
        var spaces: [Ref<MM>] = []
        for process in state.processes where self[process, .mm].exists {
            let mm = self[process, .mm]
            if spaces.contains(mm) { continue }
            spaces.append(mm)
            if holds(self[mm, .mmapLock]) {
                add(.mmapLock, mm.raw, self[mm, .mmapLock].writer == slot ? " (write)" : " (read)")
            }
            if holds(self[mm, .ptl]) { add(.ptl, mm.raw) }
        }
        for file in state.files {
            if holds(self[file, .inodeLock]) { add(.inodeLock, file.raw) }
            if holds(self[file, .immapLock]) { add(.immapLock, file.raw) }
            if holds(self[file, .privateLock]) { add(.privateLock, file.raw) }
        }
        var pages: Set<Ref<Folio>> = []
        for field in [Field<Task, Ref<Folio>>.vmfPage, .dirtyPage, .rmapPage, .wbcPage, .page, .zapPage, .gupPage, .populatePage] {
            let page = self[task, field]
            guard page.exists, state.kind(at: page.raw) == .folio else { continue }
            let folio = head(page)
            guard self[folio, .lockOwner] == slot, pages.insert(folio).inserted else { continue }
            add(.pageLock, folio.raw)
        }
        return found
    }
}

extension Machine {
    /// The page that a TLB entry is about, `A.m[2]`; only the process where nothing is mapped there
    /// any more, and `?` where that is gone, too.
    public func name(of entry: TLBEntry) -> String {
        guard state.kind(at: entry.mm.raw) == .mm else { return "?" }
        let process = name(of: owner(of: entry.mm))
        guard let mapping = mapping(at: entry.vpn, in: entry.mm), let (start, _) = extent(of: mapping)
        else { return process }
        return "\(process).\(name(of: mapping))[\(entry.vpn - start)]"
    }

    /// The page that a write to the device is about.
    public func name(ofPageIn bio: Ref<Bio>) -> String {
        let folio = self[bio, .folio]
        let file = self[folio, .mapping]
        return file.exists ? "\(name(of: file))[\(self[folio, .index])]" : "frame \(self[folio, .pfn])"
    }
}
