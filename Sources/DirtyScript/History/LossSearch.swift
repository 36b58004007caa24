import DirtyMachine

// Why a store is lost. Going back: the move with which its last copy went, the moves that took away
// what knew of the store, the store itself, and what let it through without a trace.

extension CauseSearch {
    mutating func chain(fromTheLossOf store: LostStore, limit: Int) -> [Cause] {
        let session = walker
        var loss = walker.position
        while walker.position > earliest, walker.machine.isLost(store) {
            loss = walker.position
            walker.stepBack()
        }
        guard walker.position < loss else { return [] }
        walker = session
        walker.go(to: loss)
        var causes: [Cause] = []
        guard let cause = end(of: store) else { return [] }
        causes.append(cause)
        guard let trail = goBackToTheStore(store, &causes) else { return causes }
        follow(trail, &causes, limit)
        return causes
    }

    /// The move with which the last copy goes; the search stands before it then.
    private mutating func end(of store: LostStore) -> Cause? {
        guard let move = walker.moves.last else { return nil }
        let (position, all) = (walker.position, walker.latestAlterations)
        let isCrash = if case .operation(.crash) = walker.statement(atLine: move.line)?.command { true } else { false }
        walker.stepBack()
        let machine = walker.machine
        let (name, index) = (machine.name(of: store.file), store.index)
        let page = "\(name).folio[\(index)]"
        let entries = machine.mappers(of: store.file, index, limit: 64).map { machine.path(of: machine.space(of: $0.process), $0.vpn) }
        let own = all.filter {
            PagePath.matches($0.subject, page) || $0.path == "\(name).disk[\(index)]"
                || entries.contains($0.subject)
        }
        let copy = own.filter { ["cached", "value"].contains($0.attribute) || $0.attribute.hasPrefix("disk") }
        let isKnown = machine.remembers(store.file, index)
        let because: String
        switch (isCrash, isKnown) {
        case (true, true): because = "the store had not come to the disk when memory went"
        case (true, false): because = "nothing had told the disk of the store, and memory is gone"
        case (false, true): because = "it was the last copy, though the kernel still knew of the store"
        case (false, false): because = "nothing told of a new value in it any more, so it could go"
        }
        return cause(position, move, copy.isEmpty ? own : copy, because)
    }

    /// Gathers the moves that took away what knew of the store, and the store. Returns where to go on
    /// from there; nil where that is too long ago.
    private mutating func goBackToTheStore(_ store: LostStore, _ causes: inout [Cause]) -> Trail? {
        let time = walker.machine.latestStoreTime(store.file, store.index)
        var seen: Set<String> = []
        // What knew of the store at the moment that is looked at, and has been found to lose it later.
        var left: Set<String> = []
        var isLast = !walker.machine.remembers(store.file, store.index)
        var isPromised = walker.machine.hasBrokenPromise(store.file, store.index)
        while walker.position > earliest, let move = walker.moves.last {
            let (position, all) = (walker.position, walker.latestAlterations)
            let changes = walker.latestChanges
            // Copies are for the few moves that may have been it.
            let after = changes.contains(where: walker.machine.isNoteOfStore) ? walker : nil
            walker.stepBack()
            if let after, walker.machine.latestStoreTime(store.file, store.index) != time {
                let rules = CauseRules(machine: after.machine, session: after, move: move)
                let isKnown = after.machine.remembers(store.file, store.index)
                return goOn(from: cause(position, move, value(all, store), ""), to: store, rules, isKnown: isKnown, &causes)
            }
            if isPromised, !walker.machine.hasBrokenPromise(store.file, store.index) {
                isPromised = false
                var promise = cause(position, move, [], "")
                promise.note = "the call returns 0 and so says that the store is on disk, which it is not"
                causes.append(promise)
            }
            let records = records(of: store, all, changes)
            let gone = records.filter { $0.new == "0" && !seen.contains($0.path) }
            seen.formUnion(records.map(\.path))
            let others = left.subtracting(gone.map(\.path)).sorted()
            for record in records { if record.new == "0" { left.insert(record.path) } else { left.remove(record.path) } }
            guard !gone.isEmpty else { continue }
            let because = isLast ? "it was the last to know of the store" : others.first.map { "\($0) still knew of the store" } ?? "what it knew was handed on"
            isLast = false
            causes.append(cause(position, move, gone, because))
        }
        return nil
    }

    /// What a move did to what can know of a store: PG_dirty, the buffers, and the dirty bits of the
    /// PTEs that map the page. The search stands before the move.
    private func records(of store: LostStore, _ all: [Alteration], _ changes: ArraySlice<Change>) -> [Alteration] {
        let machine = walker.machine
        let page = "\(machine.name(of: store.file)).folio[\(store.index)]"
        var entries: Set<String> = []
        if all.contains(where: { $0.attribute == "dirty" && $0.subject.contains(".pte[") }), let folio = machine.cachedPage(store.file, store.index) {
            for case .address(let mm, let vpn)? in changes.map(machine.place(of:)) where machine.entry(mm, vpn).folio == folio {
                entries.insert(machine.path(of: mm, vpn))
            }
        }
        return all.filter {
            switch $0.attribute {
            case "dirty": PagePath.matches($0.subject, page) || $0.subject.hasPrefix(page + ".buffer[") || entries.contains($0.subject)
            case "transaction": PagePath.matches($0.subject, page)
            default: false
            }
        }
    }

    private func value(_ all: [Alteration], _ store: LostStore) -> [Alteration] {
        all.filter { $0.attribute == "value" && $0.new == "\(store.value)" }
    }

    // MARK: What let the store through

    /// The search stands before the store; `rules` are those of right behind it.
    private mutating func goOn(
        from cause: Cause, to lost: LostStore, _ rules: CauseRules, isKnown: Bool, _ causes: inout [Cause]
    ) -> Trail? {
        var store = cause
        let folio = walker.machine.cachedPage(lost.file, lost.index)
        let flags = "\(walker.machine.name(of: lost.file)).folio[\(lost.index)]"
        if let hit = rules.translation(usedBefore: walker.machine, for: folio) {
            let name = "CPU\(hit.cpu)'s TLB entry"
            if walker.machine.staleness(of: hit.entry) != nil {
                store.because = "\(name) let it through and was stale: \(lack(of: hit.entry)); no dirty bit was set"
                causes.append(store)
                return staleness(of: hit, name, &causes)
            }
            store.because = "\(name) had W and D, so that no bit was set: the PTE's dirty bit stands for this store, too"
            causes.append(store)
            return fill(of: hit)
        }
        let trail = isKnown || rules.keepsDirtyInTLB(afterStoreTo: folio)
            ? rules.trail(ofStoreTo: folio, before: walker.machine)
            : Trail(bits: [Bit(flags + ".dirty", "0")], because: "nothing was marked dirty with it")
        store.because = trail.because
        causes.append(store)
        return trail
    }

    /// What the page table no longer has that a TLB entry still has.
    private func lack(of entry: TLBEntry) -> String {
        let pte = walker.machine.entry(entry.mm, entry.vpn)
        if !pte.present { return "there was no PTE any more" }
        if pte.folio != entry.folio { return "the PTE named another page by then" }
        return pte.write ? "the PTE had no D any more" : "the PTE had no W any more"
    }

    /// The move that left the TLB entry behind, and where to go on from: what filled it.
    private mutating func staleness(of hit: UsedTranslation, _ name: String, _ causes: inout [Cause]) -> Trail? {
        while walker.position > earliest, let move = walker.moves.last {
            let (position, all, changes) = (walker.position, walker.latestAlterations, walker.latestChanges)
            walker.stepBack()
            guard walker.machine.staleness(of: hit.entry) == nil else { continue }
            let place = PagePlace.address(hit.entry.mm, hit.entry.vpn)
            let path = walker.machine.path(of: hit.entry.mm, hit.entry.vpn)
            let touches = changes.contains { walker.machine.place(of: $0) == place }
                ? all.filter { $0.subject == path && $0.attribute != "accessed" } : []
            causes.append(cause(position, move, touches, "\(name) stayed as it was, and no flush had come when the store did"))
            return fill(of: hit)
        }
        return nil
    }

    /// Goes back to where the TLB entry was filled as the store found it.
    private mutating func fill(of hit: UsedTranslation) -> Trail? {
        let path = walker.machine.path(of: hit.entry.mm, hit.entry.vpn).replacing(".pte[", with: "[")
        return Trail(bits: [Bit("cpu\(hit.cpu).tlb[\(path)].dirty", "1")], because: "")
    }
}

/// The entry of a CPU's TLB that let a store through, so that it never came to the page table.
struct UsedTranslation {
    let cpu: Int
    let entry: TLBEntry
}
