import DirtyMachine

// Page tables and TLBs: faults, writeback, and what system calls do to PTEs.

extension CauseRules {
    func entry(_ alteration: Alteration) -> Trail {
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
        case .change_pte_range:
            return Trail(
                bits: area(over: path).map { [Bit($0 + ".prot"), Bit($0 + ".page_prot")] } ?? [],
                because: "mprotect has changed what the VMA allows, and its PTEs follow")
        case .copy_page_range: return copied(alteration)
        case .zap_pte_range, .unmap_region, .unmap_mapping_range, .exit_mmap: return zapped(path)
        case .move_ptes: return moved(alteration)
        case .install_page:
            let isFault = machine.task(inSlot: move.slot).exists && machine.accessedPage(of: machine.task(inSlot: move.slot)) != nil
            return isFault
                ? Trail(accessOf: move.slot, because: "the fault installed the page that the PTE named")
                : Trail(because: "remap_file_pages maps the page that the call names at this address")
        case .try_to_unmap:
            return Trail(bits: [Bit(path + ".present", "1")], because: "reclaim unmaps the page everywhere, and this PTE mapped it")
        case .power_loss: return Trail(because: "all of memory is gone")
        default: break
        }
        if alteration.attribute == "write" || alteration.attribute == "dirty", alteration.new == "1" {
            return access("the fault made the PTE writable")
        }
        return access(alteration.new == "1" ? "the fault installed the PTE" : "the fault replaced the PTE")
    }

    func translation(_ alteration: Alteration) -> Trail {
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

    // MARK: What system calls do to PTEs

    /// fork: the child's PTE is the parent's; that of private memory loses W in both.
    private func copied(_ alteration: Alteration) -> Trail {
        let path = alteration.subject
        let task = machine.task(inSlot: move.slot)
        guard task.exists, machine.process(of: task).exists else { return Trail(because: "fork copies the page table") }
        let parent = machine.name(of: machine.owner(of: machine.space(of: machine.process(of: task))))
        let child = path.prefix { $0 != "." }
        guard child != parent else {
            return Trail(
                bits: [Bit(path + ".write", "1")],
                because: "fork takes W from the PTEs of private memory, so that the next store makes a copy")
        }
        let original = parent + path.dropFirst(child.count)
        return Trail(
            bits: [Bit("\(original).\(alteration.attribute)", alteration.new), Bit(original + ".present", "1")],
            because: "fork copies the PTE of \(parent)")
    }

    /// A PTE is taken away: for whom, and what had put it there.
    private func zapped(_ path: String) -> Trail {
        if calls.contains(.sys_ftruncate), let file = file(behind: path) {
            return Trail(bits: [Bit(file + ".size")], because: "the file has got shorter, and what lies beyond its end is unmapped")
        }
        let because =
            calls.contains(.sys_munmap) ? "munmap takes the PTEs of its range away, and here was one"
            : calls.contains(.do_exit) ? "the process ends, and its PTEs go"
            : calls.contains(.sys_madvise) ? "madvise(MADV_DONTNEED) takes the PTEs of its range away, and here was one"
            : calls.contains(.sys_mremap) ? "mremap unmaps what it does not keep, and here was a PTE"
            : "the range is unmapped, and here was a PTE"
        return Trail(bits: [Bit(path + ".present", "1")], because: because)
    }

    /// mremap: the PTE at the new address is the one that was at the old.
    private func moved(_ alteration: Alteration) -> Trail {
        let path = alteration.subject
        guard alteration.new != "0", alteration.new != "-" else {
            return Trail(bits: [Bit(path + ".present", "1")], because: "mremap takes the PTE, to write it at the new address")
        }
        let task = machine.task(inSlot: move.slot)
        guard task.exists, let (space, vpn) = address(path) else { return Trail(because: "mremap has moved the PTE here") }
        let old = machine.path(of: space, machine.addressBeforeMove(of: vpn, by: task))
        return Trail(bits: [Bit(old + ".present", "0")], because: "mremap has taken the PTE from \(old)")
    }

    // MARK: What a path names

    /// `A.m.pte[0]` or `A.pte[0x7ffff7ff9000]` as an address.
    private func address(_ path: String) -> (space: Ref<MM>, vpn: Int)? {
        let parts = path.split(separator: ".")
        guard let first = parts.first, let last = parts.last, last.hasPrefix("pte["),
            let process = machine.process(named: String(first)), machine.space(of: process).exists
        else { return nil }
        let number = last.dropFirst("pte[".count).dropLast()
        let space = machine.space(of: process)
        if parts.count == 2 { return Int(number.dropFirst(2), radix: 16).map { (space, $0 >> 12) } }
        guard let mapping = machine.mapping(named: String(parts[1]), of: process), let start = machine.extent(of: mapping)?.start,
            let index = Int(number)
        else { return nil }
        return (space, start + index)
    }

    /// The path of the VMA that an entry lies in: `A.m.pte[0]` → `A.vma[0x7ffff7ffd000]`.
    private func area(over path: String) -> String? {
        guard let (space, vpn) = address(path) else { return nil }
        let owner = machine.owner(of: space)
        return machine.vmaViews(of: owner).first { $0.pages.contains(vpn) }.map {
            "\(machine.name(of: owner)).vma[0x\(String($0.pages.lowerBound << 12, radix: 16))]"
        }
    }

    /// The file that the VMA of an entry maps.
    private func file(behind path: String) -> String? {
        guard let (space, vpn) = address(path),
            let view = machine.vmaViews(of: machine.owner(of: space)).first(where: { $0.pages.contains(vpn) }), view.file.exists
        else { return nil }
        return machine.name(of: view.file)
    }

    /// An attribute of the page that a PTE maps: `A.m.pte[0]` → `db.folio[0].dirty`.
    func pageBits(behind entry: String, _ attribute: String, _ value: String) -> [Bit] {
        guard let (space, vpn) = address(entry),
            let view = machine.vmaViews(of: machine.owner(of: space)).first(where: { $0.pages.contains(vpn) })
        else { return [] }
        let page = machine.page(0, at: vpn, in: view.vma)
        guard page.file.exists else { return [] }
        return [Bit("\(machine.name(of: page.file)).folio[\(page.fileIndex)].\(attribute)", value)]
    }
}
