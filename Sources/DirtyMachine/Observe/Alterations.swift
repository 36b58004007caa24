/// A change as a person reads it: which thing, which attribute of it, from what to what.
public struct Alteration: Hashable, Sendable {
    /// The thing: `A.m.pte[1]`, `db.folio[2]`, or empty for a counter.
    public let subject: String
    /// The attribute: `write`, `dirty`, `nr_dirty`.
    public let attribute: String
    public let old: String
    public let new: String
    /// Slot of the task that caused it, 0 for the device and the scenario.
    public let task: Int
    public let function: KernelFunction

    /// The stable path: `A.m.pte[1].write`.
    public var path: String { subject.isEmpty ? attribute : subject + "." + attribute }
}

/// A word of the arena, as record and offset.
private struct Place: Hashable {
    let ref: UInt32
    let offset: UInt8
}

extension Machine {
    /// What a run of changes amounts to, in the order in which things were first touched.
    /// What was changed and changed back is not in it.
    public func alterations(_ changes: some Sequence<Change>) -> [Alteration] {
        var order: [Place] = []
        var net: [Place: Change] = [:]
        for change in changes where change.kind != .task && change.kind != .batch {
            let place = Place(ref: change.ref, offset: change.offset)
            if let first = net[place] {
                net[place] = Change(
                    ref: change.ref, offset: change.offset, kind: change.kind, task: change.task,
                    function: change.function, old: first.old, new: change.new)
            } else {
                order.append(place)
                net[place] = change
            }
        }
        return order.flatMap { place -> [Alteration] in
            var change = net[place]!
            // A record that was free had the free list's link in word 1.
            if place.offset == 1, let head = net[Place(ref: place.ref, offset: 0)],
                RecordKind(rawValue: UInt8(truncatingIfNeeded: head.old)) == .free
            {
                change = Change(
                    ref: change.ref, offset: 1, kind: change.kind, task: change.task,
                    function: change.function, old: 0, new: change.new)
            }
            guard change.old != change.new else { return [] }
            let partner = Place(ref: place.ref, offset: place.offset + 1)
            return describe(change, partner: net[partner])
        }
    }

    /// One changed word as alterations of its attributes. Bookkeeping gives none.
    private func describe(_ change: Change, partner: Change?) -> [Alteration] {
        switch change.kind {
        case .system: describeCounter(change)
        case .folio: describeFolio(change)
        case .node: describeNode(change)
        case .vma: describeVMA(change)
        case .mm: describeMM(change)
        case .file: describeFile(change)
        case .process: describeProcess(change)
        case .processor: describeTLB(change, refs: partner)
        case .bio: describeBio(change)
        case .pin: describePin(change)
        case .free, .mapping, .batch, .task: []
        }
    }

    private func alteration(
        _ change: Change, _ subject: String, _ attribute: String, _ old: String, _ new: String
    ) -> Alteration? {
        old == new
            ? nil
            : Alteration(
                subject: subject, attribute: attribute, old: old, new: new, task: Int(change.task),
                function: change.function)
    }

    private func fields<R, V>(
        _ change: Change, _ subject: String, _ list: [(String, Field<R, V>)],
        _ text: (V) -> String
    ) -> [Alteration] {
        list.compactMap { name, field in
            guard field.offset == change.offset else { return nil }
            let (old, new) = (field.extract(change.old), field.extract(change.new))
            return alteration(change, subject, name, text(old), text(new))
        }
    }

    private func flag(_ on: Bool) -> String { on ? "1" : "0" }

    // MARK: Records

    private func describeCounter(_ change: Change) -> [Alteration] {
        fields(change, "", Counter.allCases.map { ($0.name, .counter($0)) }) { "\(Int($0))" }
    }

    /// The path of a page: by file and index, or by frame number while it has no file.
    public func path(of folio: Ref<Folio>) -> String {
        let file = self[folio, .mapping]
        return file.exists
            ? "\(name(of: file)).folio[\(self[folio, .index])]" : "frame[\(self[folio, .pfn])]"
    }

    /// `3`, or `0..7` for the head of a large folio: the pages of the file that a folio holds.
    func indicesText(of folio: Ref<Folio>) -> String {
        let first = self[folio, .index]
        return isLarge(folio) && head(folio) == folio ? "\(first)..\(nextIndex(of: folio) - 1)" : "\(first)"
    }

    private func describeFolio(_ change: Change) -> [Alteration] {
        let folio = Ref<Folio>(raw: change.ref)
        guard state.kind(at: change.ref) == .folio else { return [] }
        let page = path(of: folio)
        // What the head of a large folio has for all of its pages.
        let file = self[folio, .mapping]
        let subject = file.exists ? "\(name(of: file)).folio[\(indicesText(of: folio))]" : page
        let flags: [(String, Field<Folio, Bool>)] = [
            ("uptodate", .uptodate), ("referenced", .referenced), ("dirty", .dirty),
            ("writeback", .writeback), ("exclusive", .anonExclusive), ("reclaim", .reclaim),
            ("checked", .checked), ("transaction", .isInTransaction),
        ]
        var result = fields(change, subject, flags, flag)
        result += fields(change, subject, [("locked", .lockOwner)]) { (owner: Int) in flag(owner != 0) }
        result += fields(change, page, [("mapcount", Field<Folio, Int>.mapcount)]) { "\($0)" }
        result += fields(change, page, [("value", Field<Folio, UInt32>.contents)]) { "\($0)" }
        result += fields(change, page, [("buffers", Field<Folio, Int>.buffers)]) { "\($0)" }
        for buffer in 0..<4 {
            let dirty = Field<Folio, Bool>(0, bits: UInt8(48 + buffer), 1)
            result += fields(change, page + ".buffer[\(buffer)]", [("dirty", dirty)], flag)
        }
        return result
    }

    private func describeNode(_ change: Change) -> [Alteration] {
        let node = Ref<Node>(raw: change.ref)
        guard state.kind(at: change.ref) == .node, self[node, .shift] == 0 else { return [] }
        let owner = UInt32(self[node, .owner])
        switch (self[node, .role], Int(change.offset) - Node.firstSlot) {
        case (.pageTable, let slot) where slot >= 0:
            return describePTE(change, Ref(raw: owner), self[node, .base] + slot)
        case (.pageCache, let slot) where slot >= 0:
            let subject = "\(name(of: Ref<File>(raw: owner))).folio[\(self[node, .base] + slot)]"
            return [alteration(change, subject, "cached", flag(change.old != 0), flag(change.new != 0))]
                .compactMap { $0 }
        case (.disk, let slot) where slot >= 0:
            let subject = name(of: Ref<File>(raw: owner))
            let attribute = "disk[\(self[node, .base] + slot)]"
            // Above the value stands the time of its store, which is nobody's business here.
            let (old, new) = (UInt32(word: change.old), UInt32(word: change.new))
            return [alteration(change, subject, attribute, "\(old)", "\(new)")].compactMap { $0 }
        case (.pageCache, _):
            guard let tag = Tag(rawValue: change.offset &- 2) else { return [] }
            return (0..<64).compactMap { slot in
                let (old, new) = (change.old >> UInt64(slot) & 1, change.new >> UInt64(slot) & 1)
                guard old != new else { return nil }
                let subject = "\(name(of: Ref<File>(raw: owner))).folio[\(self[node, .base] + slot)]"
                return alteration(change, subject, "tag." + tag.name, "\(old)", "\(new)")
            }
        default: return []
        }
    }

    /// `A.m.pte[1]`: by the mapping that owns the address, else by the page number.
    public func path(of mm: Ref<MM>, _ vpn: Int) -> String {
        let process = self[mm, .owner]
        let owner = state.mappings(of: process).last {
            guard let (start, pages) = extent(of: $0) else { return false }
            return (start..<start + pages).contains(vpn)
        }
        guard let owner else { return "\(name(of: process)).pte[\(hexAddress(vpn))]" }
        return "\(name(of: process)).\(name(of: owner)).pte[\(vpn - self[owner, .start])]"
    }

    private func describePTE(_ change: Change, _ mm: Ref<MM>, _ vpn: Int) -> [Alteration] {
        let subject = path(of: mm, vpn)
        let (old, new) = (PTE(word: change.old), PTE(word: change.new))
        let bits: [(String, KeyPath<PTE, Bool>)] = [
            ("present", \.present), ("write", \.write), ("user", \.user),
            ("accessed", \.accessed), ("dirty", \.dirty), ("exec", \.execute),
        ]
        var result = bits.compactMap { name, bit in
            alteration(change, subject, name, flag(old[keyPath: bit]), flag(new[keyPath: bit]))
        }
        if old.folio != new.folio {
            result += [alteration(change, subject, "frame", frame(old), frame(new))].compactMap { $0 }
        }
        func offset(_ pte: PTE) -> String { pte.isFile ? "\(pte.fileOffset)" : "-" }
        result += [alteration(change, subject, "file offset", offset(old), offset(new))]
            .compactMap { $0 }
        return result
    }

    private func frame(_ pte: PTE) -> String {
        pte.folio.exists ? "\(self[pte.folio, .pfn])" : "-"
    }

    private func describeVMA(_ change: Change) -> [Alteration] {
        let vma = Ref<VMA>(raw: change.ref)
        guard state.kind(at: change.ref) == .vma, self[vma, .mm].exists else { return [] }
        let process = self[self[vma, .mm], .owner]
        let subject = "\(name(of: process)).vma[\(hexAddress(self[vma, .start]))]"
        var result = fields(change, subject, [("prot", Field<VMA, VMFlags>.flags)]) { $0.letters }
        result += fields(change, subject, [("page_prot", Field<VMA, PTE>.pageProt)]) {
            $0.protectionLetters
        }
        result += fields(change, subject, [("start", Field<VMA, Int>.start), ("end", .end)], hexAddress)
        return result
    }

    /// `write:W`, `read:A,B` or `free`. A holder that has ended by now has no name any more.
    private func holder(_ lock: Lock) -> String {
        if lock.isFree { return "free" }
        let slots = lock.writer != 0 ? [lock.writer] : (0..<56).filter { lock.readers >> UInt64($0) & 1 == 1 }
        let names = slots.filter { task(inSlot: $0).exists }.map { taskName(slot: $0) }
        let mode = lock.writer != 0 ? "write" : "read"
        return names.isEmpty ? mode : mode + ":" + names.joined(separator: ",")
    }

    private func describeMM(_ change: Change) -> [Alteration] {
        guard state.kind(at: change.ref) == .mm else { return [] }
        let mm = Ref<MM>(raw: change.ref)
        let list: [(String, Field<MM, Lock>)] = [(KernelWords(rules.generation).mmap, .mmapLock), ("ptl", .ptl)]
        return fields(change, name(of: self[mm, .owner]), list, holder)
    }

    private func describeFile(_ change: Change) -> [Alteration] {
        let subject = name(of: Ref<File>(raw: change.ref))
        let locks: [(String, Field<File, Lock>)] = [
            ("i_mmap_lock", .immapLock), ("private_lock", .privateLock),
            (KernelWords(rules.generation).inode, .inodeLock),
        ]
        return fields(change, subject, locks, holder)
            + fields(change, subject, [("size", Field<File, Int>.size)]) { "\($0)" }
            + fields(change, subject, [("inode_dirty", Field<File, Bool>.isInodeDirty)], flag)
    }

    private func describeProcess(_ change: Change) -> [Alteration] {
        fields(
            change, name(of: Ref<Process>(raw: change.ref)),
            [("alive", Field<Process, Bool>.isAlive)], flag)
    }

    private func describeBio(_ change: Change) -> [Alteration] {
        guard state.kind(at: change.ref) == .bio else { return [] }
        let folio = self[Ref<Bio>(raw: change.ref), .folio]
        guard folio.exists else { return [] }
        return fields(change, path(of: folio), [("sampled", Field<Bio, Bool>.isSampled)], flag)
    }

    private func describeTLB(_ change: Change, refs: Change?) -> [Alteration] {
        // The first word of an entry tells flags and page, the second whose it is.
        guard change.offset >= 4, change.offset % 2 == 0 else { return [] }
        let processor = Ref<Processor>(raw: change.ref)
        let stride = (Processor.words + State.alignment - 1) / State.alignment * State.alignment
        let cpu = (Int(change.ref) - Int(state.processor(0).raw)) / stride
        let now = state.word(processor, Int(change.offset) + 1)
        func entry(_ flags: UInt64, _ refs: UInt64) -> (path: String, bits: [Bool])? {
            let mm = Ref<MM>(word: refs)
            guard flags & 1 != 0, state.kind(at: mm.raw) == .mm else { return nil }
            let page = path(of: mm, Int(flags >> 8)).replacingPTE()
            return ("cpu\(cpu).tlb[\(page)]", [true, flags & 2 != 0, flags & 4 != 0])
        }
        let names = ["valid", "write", "dirty"]
        let (old, new) = (entry(change.old, refs?.old ?? now), entry(change.new, refs?.new ?? now))
        var result: [Alteration] = []
        if let old, old.path != new?.path {
            result += zip(names, old.bits).compactMap {
                alteration(change, old.path, $0, flag($1), "0")
            }
        }
        if let new {
            let before = old?.path == new.path ? old!.bits : [false, false, false]
            result += zip(names, zip(before, new.bits)).compactMap {
                alteration(change, new.path, $0, flag($1.0), flag($1.1))
            }
        }
        return result
    }

    private func describePin(_ change: Change) -> [Alteration] {
        guard change.offset == 2 else { return [] }
        func pinned(_ word: UInt64) -> (path: String, folio: Ref<Folio>)? {
            let folio = Ref<Folio>(word: word)
            return state.kind(at: folio.raw) == .folio ? (path(of: folio), folio) : nil
        }
        if let new = pinned(change.new) {
            return [alteration(change, new.path, "pinned", "0", "1")].compactMap { $0 }
        }
        guard let old = pinned(change.old) else { return [] }
        return [alteration(change, old.path, "pinned", "1", "0")].compactMap { $0 }
    }

    // MARK: Names

    func hexAddress(_ vpn: Int) -> String { "0x" + String(vpn << 12, radix: 16) }

    /// How a task is called: its label, else its process, else what kernel actor it is.
    public func taskName(slot: Int) -> String {
        if slot == 0 { return "device" }
        let task = task(inSlot: slot)
        return task.exists ? taskName(task) : "task\(slot)"
    }

    public func taskName(_ task: Ref<Task>) -> String {
        let label = label(of: task)
        if !label.isEmpty { return label }
        let process = self[task, .process]
        return process.exists ? name(of: process) : "\(self[task, .operation])"
    }
}

extension Field {
    /// This field's value in a word.
    func extract(_ word: UInt64) -> Value { Value(word: (word >> UInt64(shift)) & mask) }
}

extension String {
    /// `A.m.pte[1]` as an address: `A.m[1]`.
    fileprivate func replacingPTE() -> String {
        guard let range = self.firstRange(of: ".pte[") else { return self }
        return String(self[..<range.lowerBound]) + "[" + String(self[range.upperBound...])
    }
}
