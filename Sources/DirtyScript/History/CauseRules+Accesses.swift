import DirtyMachine

// Loads and stores: what let them through, or did not.

extension CauseRules {
    /// A load or store that did not go through: what the page table said.
    func trail(ofAccessBefore before: Machine) -> Trail {
        let isStore = move.frame?.function == .user_store
        let what = isStore ? "store" : "load"
        guard let access = target(before) else { return Trail(because: "it is the program's own \(what)") }
        let space = access.space
        let (path, entry) = (before.path(of: space, access.vpn), before.entry(space, access.vpn))
        guard entry.isMapped else {
            let mappings = before.name(of: before.owner(of: space)) + ".vma"
            return Trail(
                bits: [Bit(path + ".present", "0"), Bit(mappings, isPrefix: true)],
                because: "the \(what) found no PTE")
        }
        if isStore, !entry.write {
            return Trail(
                bits: [Bit(path + ".write", "0"), Bit(path + ".present", "1")],
                because: "the store found the PTE without its write bit")
        }
        return Trail(because: "it is the program's own \(what)")
    }

    /// The page that the task's access is about, and the CPU that it is made on. `folio` is what it
    /// has stored to: a task that begins and ends with its only step is known on neither side of it.
    private func target(_ before: Machine, folio: Ref<Folio>? = nil) -> Access? {
        for then in [before, machine] {
            let task = then.task(inSlot: move.slot)
            guard task.exists, then.process(of: task).exists, let vpn = then.accessedPage(of: task) else { continue }
            let space = before.space(of: then.process(of: task))
            return space.exists ? Access(space: space, vpn: vpn, cpu: then.cpu(of: task)) : nil
        }
        guard let folio, case .operation(.write(let name, let operand, _)) = session.statement(atLine: move.line)?.command,
            let process = before.process(named: name), let mapping = before.mapping(named: operand.name, of: process),
            let (start, count) = before.extent(of: mapping)
        else { return nil }
        let (space, cpu) = (before.space(of: process), before.cpu(of: process))
        let pages = operand.range.map { start + $0.lowerBound..<start + $0.upperBound + 1 } ?? start..<start + count
        let cached = before.state.tlb(of: cpu).first { $0.mm == space && pages.contains($0.vpn) && $0.folio == folio }
        guard let vpn = cached?.vpn ?? pages.first(where: { before.entry(space, $0).folio == folio }) else { return nil }
        return Access(space: space, vpn: vpn, cpu: cpu)
    }

    /// The PTE that the task's fault is about, and whether a store may go by it by now.
    var entryOfFault: (path: String, isWritable: Bool)? {
        guard let access = target(machine) else { return nil }
        return (machine.path(of: access.space, access.vpn), machine.entry(access.space, access.vpn).write)
    }

    private struct Access {
        let space: Ref<MM>
        let vpn: Int
        let cpu: Int
    }

    /// The TLB entry that let the store of this move to a page through without a look at the page
    /// table; nil where it walked there.
    func translation(usedBefore before: Machine, for folio: Ref<Folio>?) -> UsedTranslation? {
        guard move.frame?.function == .user_store, let access = target(before, folio: folio) else { return nil }
        return before.state.tlb(of: access.cpu).first { $0.mm == access.space && $0.vpn == access.vpn && $0.write && $0.dirty }
            .map { UsedTranslation(cpu: access.cpu, entry: $0) }
    }

    /// What let the store of this move to a page through.
    func trail(ofStoreTo folio: Ref<Folio>?, before: Machine) -> Trail {
        guard move.frame?.function == .user_store, let access = target(before, folio: folio) else {
            return Trail(because: "the kernel or a device wrote it, for the call")
        }
        return Trail(
            bits: [Bit(before.path(of: access.space, access.vpn) + ".write", "1")],
            because: keepsDirtyInTLB(afterStoreTo: folio)
                ? "the PTE allowed it, and the CPU set D in its TLB alone: the PTE was to get it later" : "the PTE allowed it")
    }

    /// Whether the store of this move has left its mark in a TLB and not in the page table.
    func keepsDirtyInTLB(afterStoreTo folio: Ref<Folio>?) -> Bool {
        guard move.frame?.function == .user_store, !machine.rules.tlbWritesDirtyThrough else { return false }
        return (0..<machine.cpuCount).contains { cpu in
            machine.state.tlb(of: cpu).contains { $0.folio == folio && $0.dirty && !machine.entry($0.mm, $0.vpn).dirty }
        }
    }

    /// The access that the task was about, where it was one; else the command itself.
    func access(_ because: String) -> Trail {
        calls.first?.isAccess == true || operationIsAccess
            ? Trail(accessOf: move.slot, because: because) : Trail(because: because + ", for the call")
    }

    /// Whether the move belongs to a load or a store, though its task may have ended with it.
    var operationIsAccess: Bool {
        guard case .operation(let operation) = session.statement(atLine: move.line)?.command else { return false }
        switch operation {
        case .read, .write: return true
        default: return false
        }
    }
}
