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
        if subject.contains(".vma[") { return Trail(because: "the call changed the mapping") }
        return lock(alteration)
    }

    // MARK: Accesses

    /// A load or store that did not go through: what the page table said.
    func trail(ofAccessBefore before: Machine) -> Trail {
        let isStore = move.frame?.function == .user_store
        let what = isStore ? "store" : "load"
        guard let (path, mapping, entry) = target(before) else { return Trail(because: "the program's own \(what)") }
        guard entry.isMapped else {
            return Trail(
                bits: [Bit(path + ".present", "0"), Bit(mapping, isPrefix: true)],
                because: "the \(what) found no PTE")
        }
        if isStore, !entry.write {
            return Trail(
                bits: [Bit(path + ".write", "0"), Bit(path + ".present", "1")],
                because: "the store found the PTE without its write bit")
        }
        return Trail(because: "the program's own \(what)")
    }

    /// The PTE that the task's access is about: its path, that of the VMAs of its process, and what
    /// it was.
    private func target(_ before: Machine) -> (path: String, mapping: String, entry: PTE)? {
        // A task begins with its first step, so it may not have been there before.
        let then = before.task(inSlot: move.slot).exists ? before : machine
        let task = then.task(inSlot: move.slot)
        guard task.exists, then.process(of: task).exists, let vpn = then.accessedPage(of: task) else { return nil }
        let space = before.space(of: then.process(of: task))
        guard space.exists else { return nil }
        let owner = before.name(of: before.owner(of: space))
        return (before.path(of: space, vpn), "\(owner).vma", before.entry(space, vpn))
    }

    /// The access that the task was about, where it was one; else the command itself.
    private func access(_ because: String) -> Trail {
        let task = machine.task(inSlot: move.slot)
        let isAccess = task.exists && machine.state.stack(of: task).first?.function.isAccess == true
        return isAccess || operationIsAccess
            ? Trail(accessOf: move.slot, because: because) : Trail(because: because + ", for the call")
    }

    /// Whether the move belongs to a load or a store, though its task may have ended with it.
    private var operationIsAccess: Bool {
        guard case .operation(let operation) = session.statement(atLine: move.line)?.command else { return false }
        switch operation {
        case .read, .write: return true
        default: return false
        }
    }

    // MARK: Page tables and TLBs

    private func entry(_ alteration: Alteration) -> Trail {
        let path = alteration.subject
        switch alteration.function {
        case .user_load, .user_store:
            return Trail(
                bits: [Bit(path + ".write", "1"), Bit(path + ".present", "1")],
                because: "the CPU's access went through the PTE as it stood")
        case .page_mkclean, .page_mkclean_one:
            return Trail(
                bits: pageBits(behind: path, "dirty", "1"),
                because: "the page was dirty and is to be written: its PTEs are cleaned first")
        case .msync_page_range:
            return Trail(bits: [Bit(path + ".dirty", "1")], because: "msync walks the page table for dirty PTEs")
        case .change_pte_range: return Trail(because: "mprotect gives the PTEs the new permission")
        case .copy_page_range: return Trail(because: "fork copies the page table")
        case .zap_pte_range, .unmap_region, .unmap_mapping_range, .exit_mmap:
            return Trail(because: "the pages are unmapped")
        case .try_to_unmap: return Trail(because: "reclaim unmaps the page everywhere")
        default: break
        }
        if alteration.attribute == "write" || alteration.attribute == "dirty", alteration.new == "1" {
            return access("the fault made the PTE writable")
        }
        return access(alteration.new == "1" ? "the fault installed the PTE" : "the fault replaced the PTE")
    }

    private func translation(_ alteration: Alteration) -> Trail {
        // `cpu0.tlb[A.m[0]]`: the page's PTE is `A.m.pte[0]`.
        let page = alteration.subject.drop { $0 != "[" }.dropFirst().dropLast()
        guard let bracket = page.lastIndex(of: "[") else { return Trail(because: "the CPU walked the page table") }
        let path = page[..<bracket] + ".pte" + page[bracket...]
        if alteration.new == "1" {
            return Trail(
                bits: [Bit(path + ".write", "1"), Bit(path + ".present", "1")],
                because: "the CPU walked the page table and kept what it found")
        }
        return Trail(
            bits: [Bit(path + ".write", "0"), Bit(path + ".present", "0")],
            because: "the page table had changed, so the TLBs were flushed")
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
        case ("value", _): return stored(alteration, path)
        case ("tag.dirty", true): return Trail(bits: [Bit(path + ".dirty", "1")], because: "the page is dirty, so that writeback has to find it")
        case ("tag.dirty", false):
            return Trail(bits: [Bit(path + ".writeback", "1"), Bit(path + ".dirty", "0")], because: "the page is being written")
        case ("tag.writeback", _), ("tag.towrite", _):
            return Trail(bits: [Bit(path + ".writeback", alteration.new), Bit(path + ".dirty")], because: "the tag follows the page")
        case ("mapcount", _):
            return Trail(bits: entryPaths(of: path).map { Bit($0 + ".frame") }, because: "a PTE was installed or taken away")
        case ("cached", true), ("uptodate", true), ("buffers", _): return access("the page was needed")
        case ("cached", false):
            return Trail(bits: [Bit(path + ".dirty", "0")], because: "the page was clean and unmapped, so that it could go")
        case ("locked", true): return Trail(because: "the function locks the page")
        default: return Trail(because: "")
        }
    }

    /// Who dirties a page has learned of a store: by a fault, from a PTE, or by writing itself.
    private func dirtied(_ path: String) -> Trail {
        let entries = entryPaths(of: path)
        let task = machine.task(inSlot: move.slot)
        let isFault = task.exists && machine.state.stack(of: task).first?.function.isAccess == true || operationIsAccess
        if isFault {
            return Trail(
                bits: entries.flatMap { [Bit($0 + ".write", "1"), Bit($0 + ".dirty", "1")] }, accessOf: nil,
                because: "a fault made a PTE of it writable, and that is accounted")
        }
        if case .operation(.pwrite) = session.statement(atLine: move.line)?.command {
            return Trail(because: "write(2) has put data into the page")
        }
        return Trail(bits: entries.map { Bit($0 + ".dirty", "1") }, because: "a PTE that maps it was dirty")
    }

    private func stored(_ alteration: Alteration, _ path: String) -> Trail {
        guard alteration.function.isAccess else { return Trail(because: "the contents were read or written by the kernel") }
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
        guard let mark = path.firstRange(of: ".folio["), let file = machine.file(named: String(path[..<mark.lowerBound])),
            let index = Int(path[mark.upperBound...].prefix { $0 != "]" })
        else { return [] }
        return machine.mappers(of: file, index, limit: 64).map { machine.path(of: machine.space(of: $0.process), $0.vpn) }
    }

    /// An attribute of the page that a PTE maps: `A.m.pte[0]` → `db.folio[0].dirty`.
    private func pageBits(behind entry: String, _ attribute: String, _ value: String) -> [Bit] {
        let parts = entry.split(separator: ".")
        guard parts.count == 3, let process = machine.process(named: String(parts[0])),
            let mapping = machine.mapping(named: String(parts[1]), of: process), machine.extent(of: mapping) != nil,
            let index = Int(parts[2].dropFirst("pte[".count).dropLast())
        else { return [] }
        let page = machine.page(index, of: mapping, in: process)
        guard page.file.exists else { return [] }
        return [Bit("\(machine.name(of: page.file)).folio[\(page.fileIndex)].\(attribute)", value)]
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
        case "nr_dirty": return Trail(bits: pages("dirty"), because: "the number of dirty pages")
        case "nr_writeback": return Trail(bits: pages("writeback"), because: "the number of pages under writeback")
        case "nr_mapped": return Trail(bits: pages("mapcount").map { Bit($0.path) }, because: "the number of mapped pages")
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
