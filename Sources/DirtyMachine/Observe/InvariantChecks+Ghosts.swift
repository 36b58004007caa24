// Invariants about what has happened, which the ghosts remember, and about devices.

extension Machine {
    fileprivate func hasFile(of device: DeviceKind) -> Bool {
        var file = self[State.system, .files]
        while file.exists {
            if self[file, .device] == device { return true }
            file = self[file, .next]
        }
        return false
    }
}

extension InvariantChecks {
    // MARK: I2

    func brokenPromises() -> [Finding] {
        m.state.files.flatMap { file -> [Finding] in
            var found: [Finding] = []
            var from = 0
            while let (index, word) = m.state.radixFirst(
                m[file, .broken], in: from...State.lastIndex)
            {
                from = index + 1
                let value = UInt32(truncatingIfNeeded: word)
                found.append(
                    (
                        "\(m.name(of: file)).folio[\(index)]",
                        "a sync returned 0, but the store of \(value) was not on disk"
                    ))
            }
            return found
        }
    }

    // MARK: I9, I12

    func dirtiedUnprepared() -> [Finding] {
        cached.filter { m[$0.head, .dirty] && m[$0.head, .isUnprepared] }.map {
            (m.path(of: $0.folio), "a fault has dirtied the page after the file system's page_mkwrite was undone")
        }
    }

    func changedSilently() -> [Finding] {
        cached.filter { m[$0.folio, .isChangedSilently] }.map {
            (m.path(of: $0.folio), "the page was changed through a mapping that may not be written")
        }
    }

    // MARK: I14, I15

    func privateCopiesOfDevices() -> [Finding] {
        mapped.filter { page in
            guard page.vma.exists, m[page.folio, .anon] else { return false }
            return m[page.vma, .flags].contains([.shared, .pfnmap])
        }.map {
            (m.path(of: $0.mm, $0.vpn), "the PTE maps an anonymous copy of device memory")
        }
    }

    func lostProtectionBits() -> [Finding] {
        var found: [Finding] = []
        guard m.hasFile(of: .customProt) else { return found }
        for process in m.state.processes where m[process, .mm].exists {
            guard m[m[process, .mm], .owner] == process else { continue }
            for vma in m.vmas(of: process) {
                let file = m[vma, .file]
                guard file.exists, m[file, .device] == .customProt, !m[vma, .isReprotected],
                    !m[vma, .pageProt].uncached
                else { continue }
                found.append(
                    (
                        "\(m.name(of: process)) \(m.name(of: file))",
                        "the driver mapped its memory uncached, but vm_page_prot is not"
                    ))
            }
        }
        return found
    }

    // MARK: I16

    func wastedWork() -> [Finding] {
        let (faults, writes) = (m[State.system, .wastedFaults], m[State.system, .wastedWrites])
        var found: [Finding] = []
        if faults > 0 { found.append(("faults", "\(faults) write faults that nothing made necessary")) }
        if writes > 0 { found.append(("writes", "\(writes) pages written that nobody had stored to")) }
        return found
    }
}
