import DirtyMachine

/// What makes each kind of change happen: the table behind "why". A rule looks at one change and
/// says which earlier one it follows from, and how. Rules that are not here end the chain: then the
/// command itself is the reason.
struct CauseRules {
    /// The machine right behind the move.
    let machine: Machine
    let session: Session
    let move: Move

    func trail(of alteration: Alteration) -> Trail {
        let (subject, attribute) = (alteration.subject, alteration.attribute)
        if subject.isEmpty { return counter(alteration) }
        if subject.contains(".tlb[") { return translation(alteration) }
        if subject.contains(".pte[") { return entry(alteration) }
        if subject.contains(".buffer[") { return page(alteration, pagePath(subject), "buffer") }
        if subject.contains(".folio[") { return page(alteration, subject, attribute) }
        if attribute.hasPrefix("disk[") {
            let index = attribute.dropFirst("disk[".count).dropLast()
            return Trail(
                bits: [Bit("\(subject).folio[\(index)].sampled", "1"), Bit("\(subject).folio[\(index)].writeback", "1")],
                because: "the device wrote what it had read from memory")
        }
        if subject.contains(".vma[") { return area(alteration) }
        switch attribute {
        case "size": return Trail(because: "the call sets the size of the file")
        case "inode_dirty": return Trail(because: alteration.new == "1" ? "data or size of the file have changed" : "the inode is written")
        case "alive": return Trail(because: alteration.new == "1" ? "the process begins" : "the process ends")
        default: break
        }
        return lock(alteration)
    }

    // MARK: Pages

    private func page(_ alteration: Alteration, _ path: String, _ attribute: String) -> Trail {
        let isOn = alteration.new == "1"
        switch (attribute, isOn) {
        case ("dirty", true), ("buffer", true):
            return dirtied(path)
        case ("dirty", false):
            return Trail(bits: [Bit(path + ".dirty", "1")], because: "the page was dirty, and is to be written or thrown away")
        case ("buffer", false):
            return Trail(bits: bufferBits(path), because: "the buffer was dirty, and somebody wrote it")
        case ("writeback", true):
            return Trail(bits: [Bit(path + ".dirty", "0"), Bit(path + ".dirty", "1")], because: "the page had been dirty and was handed to the device")
        case ("writeback", false):
            return Trail(bits: [Bit(path + ".sampled", "1"), Bit(path + ".writeback", "1")], because: "the device is through with the page")
        case ("sampled", _):
            return Trail(bits: [Bit(path + ".writeback", "1")], because: "the page was under writeback")
        case ("value", _):
            return alteration.function.isAccess ? stored(path) : Trail(because: "the contents were read or written by the kernel")
        case ("tag.dirty", true): return Trail(bits: [Bit(path + ".dirty", "1")], because: "the page is dirty, so that writeback has to find it")
        case ("tag.dirty", false):
            return Trail(bits: [Bit(path + ".writeback", "1"), Bit(path + ".dirty", "0")], because: "the page is being written")
        case ("tag.writeback", _), ("tag.towrite", _):
            return Trail(bits: [Bit(path + ".writeback", alteration.new), Bit(path + ".dirty")], because: "the tag follows the page")
        case ("mapcount", _):
            return Trail(bits: entryPaths(of: path).map { Bit($0 + ".frame") }, because: "a PTE was installed or taken away")
        case ("cached", true), ("uptodate", true), ("buffers", _): return access("the page was needed")
        case ("cached", false) where alteration.function == .power_loss: return Trail(because: "all of memory is gone")
        case ("cached", false) where calls.contains(.sys_ftruncate):
            return Trail(
                bits: (PagePath(path)?.file).map { [Bit($0 + ".size")] } ?? [], because: "the file has got shorter, and the page lies beyond its end")
        case ("cached", false):
            return Trail(bits: [Bit(path + ".dirty", "0")], because: "the page was clean and unmapped, so that it could go")
        case ("locked", true): return Trail(because: "the function locks the page")
        default: return Trail(because: "")
        }
    }

    /// The kernel functions that the task is in, outermost first.
    var calls: [KernelFunction] {
        let task = machine.task(inSlot: move.slot)
        return task.exists ? machine.state.stack(of: task).map(\.function) : []
    }

    /// Who dirties a page has learned of a store: by a fault, from a PTE, or by writing itself.
    private func dirtied(_ path: String) -> Trail {
        let entries = entryPaths(of: path)
        if calls.first?.isAccess == true || operationIsAccess {
            // A file system may mark the page before the PTE lets the store through.
            guard let entry = entryOfFault, entry.isWritable else {
                return Trail(accessOf: move.slot, because: "a store faults, and the page is marked dirty before its PTE gets W")
            }
            return Trail(bits: [Bit(entry.path + ".write", "1")], because: "a fault made its PTE writable, and that is accounted")
        }
        if calls.contains(.sys_write) { return Trail(because: "write(2) has put data into the page") }
        if calls.contains(.driver_unpin) {
            return Trail(bits: [Bit(path + ".pinned", "1")], because: "the driver marks what it has pinned when it lets go of it")
        }
        if calls.contains(.access_process_vm) { return Trail(because: "another process has written to the page, and marks it") }
        return Trail(bits: entries.map { Bit($0 + ".dirty", "1") }, because: "a PTE that maps it was dirty")
    }

    private func stored(_ path: String) -> Trail {
        let entries = entryPaths(of: path)
        let task = machine.task(inSlot: move.slot)
        // The PTE that it went by may be read-only by now: then a TLB has let it through.
        return Trail(
            bits: entries.flatMap { [Bit($0 + ".write", "1")] } + (task.exists ? translations(entries, task) : []),
            because: "the CPU was allowed to store")
    }

    private func translations(_ entries: [String], _ task: Ref<Task>) -> [Bit] {
        let cpu = machine.cpu(of: task)
        return entries.map { Bit("cpu\(cpu).tlb[\($0.replacing(".pte[", with: "["))].write", "1") }
    }

    private func bufferBits(_ path: String) -> [Bit] { (0..<4).map { Bit("\(path).buffer[\($0)].dirty", "1") } }

    /// `db.folio[0].buffer[1]` → `db.folio[0]`
    private func pagePath(_ subject: String) -> String {
        subject.firstRange(of: ".buffer[").map { String(subject[..<$0.lowerBound]) } ?? subject
    }

    /// The paths of the PTEs that may map a page of a file: `db.folio[0]` → `A.m.pte[0]`, …
    private func entryPaths(of path: String) -> [String] {
        guard let page = PagePath(path), let file = machine.file(named: String(page.file)) else { return [] }
        return page.pages.prefix(64).flatMap { index in
            machine.mappers(of: file, index, limit: 64).map { machine.path(of: machine.space(of: $0.process), $0.vpn) }
        }
    }

    // MARK: VMAs

    private func area(_ alteration: Alteration) -> Trail {
        let task = machine.task(inSlot: move.slot)
        guard calls.contains(.sys_fork), machine.process(of: task).exists else { return Trail(because: "the call changed the mapping") }
        // The child has its VMAs at the parent's addresses.
        let parent = machine.name(of: machine.owner(of: machine.space(of: machine.process(of: task))))
        let original = parent + alteration.subject.drop { $0 != "." }
        return Trail(bits: [Bit("\(original).\(alteration.attribute)")], because: "fork copies the VMA of \(parent)")
    }

    // MARK: Counters and locks

    /// A counter follows what it counts, by the same task and shortly before.
    private func counter(_ alteration: Alteration) -> Trail {
        let isMore = (Int(alteration.new) ?? 0) > (Int(alteration.old) ?? 0)
        func pages(_ attribute: String) -> [Bit] {
            machine.state.files.flatMap { file in
                machine.cachedPages(file).prefix(256).map { Bit("\(machine.name(of: file)).folio[\($0)].\(attribute)", isMore ? "1" : "0") }
            }
        }
        switch alteration.attribute {
        case "nr_dirty": return Trail(bits: pages("dirty"), because: "it counts the dirty pages, and there are \(isMore ? "more" : "fewer") now")
        case "nr_writeback": return Trail(bits: pages("writeback"), because: "it counts the pages under writeback, and there are \(isMore ? "more" : "fewer") now")
        case "nr_mapped": return Trail(bits: pages("mapcount").map { Bit($0.path) }, because: "it counts the mapped pages, and there are \(isMore ? "more" : "fewer") now")
        case "pgfault", "pgmajfault": return access("a fault is counted")
        case "tlb_flush": return Trail(because: "the function has changed a page table, so it flushes the TLBs")
        default: return Trail(because: "")
        }
    }

    private func lock(_ alteration: Alteration) -> Trail {
        alteration.new == "free"
            ? Trail(because: "the function is through with what the lock protects")
            : access("the function needs the lock")
    }
}
