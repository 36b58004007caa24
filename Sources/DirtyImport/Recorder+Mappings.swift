/// mmap and the calls on what it has mapped.
extension Recorder {
    /// The pages that a call on `(address, length, …)` means.
    func span(_ call: SystemCall) -> Range<UInt64>? {
        guard let address = call[0], let length = call[1] else { return nil }
        return Page.span(address: address, length: length)
    }

    mutating func mmap(_ call: SystemCall, _ address: UInt64, _ process: Int) throws(ImportError) {
        guard let length = call[1], let protection = call[2], let flags = call[3],
            let descriptor = call[4],
            let offset = call[5], let range = Page.span(address: address, length: length)
        else { return warn("this mmap cannot be right and is left out") }
        // Whatever was there is gone, as with MAP_FIXED; the simulator chooses its own addresses.
        try unmap(range, by: process)
        guard flags & MapFlags.anonymous == 0, descriptor <= UInt64(Int32.max),
            let entry = processes[process]?.descriptors[Int(descriptor)],
            let open = files.open[entry.open]
        else { return }
        let type = flags & MapFlags.type
        let shared = type == MapFlags.shared || type == MapFlags.sharedValidate
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard offset % Page.size == 0, !overflow, end <= UInt64(Int64.max) else {
            return warn("this mmap cannot be right and is left out")
        }
        guard !shared || !open.isReadOnly || protection & ProtectionFlags.write == 0 else {
            return warn("this mmap cannot be right and is left out")
        }
        files.update(open.file) {
            $0.isMapped = true
            if shared, protection & ProtectionFlags.write != 0 { $0.isSharedWritable = true }
            $0.learn(sizeAtLeast: end)
        }
        // Private mappings are mostly the code and data of libraries.
        guard shared || files.isTaken(open.file) else { return }
        guard Page.count(end) <= options.limits.pagesPerFile else {
            // An error only if the file turns out to be one of those that are taken.
            return files.update(open.file) { $0.tooLargeAt = $0.tooLargeAt ?? line }
        }
        let first = Int(offset / Page.size)
        let kind = Event.MappingKind(
            letters: letters(protection), shared: shared, populates: flags & MapFlags.populate != 0,
            readOnlyDescriptor: open.isReadOnly)
        try map(
            file: open.file, pages: first...first + Page.count(length) - 1, at: range, kind,
            by: process)
    }

    mutating func protect(_ call: SystemCall, _ process: Int) throws(ImportError) {
        guard let range = span(call), let protection = call[2] else { return }
        for part in processes[process]?.space.overlapping(range) ?? [] {
            let wantsWrite = part.kind.shared && protection & ProtectionFlags.write != 0
            guard !wantsWrite || !part.kind.readOnlyDescriptor else {
                return warn("this mprotect cannot be right and is left out")
            }
            if wantsWrite {
                files.update(part.file) { $0.isSharedWritable = true }
            }
            try record(
                .mprotect(part.eventPart, letters: letters(protection)), file: part.file,
                by: process)
        }
        let letters = letters(protection)
        processes[process]?.space.protect(range, letters: letters)
        try checkMappings(process)
    }

    mutating func msync(_ call: SystemCall, _ process: Int) throws(ImportError) {
        guard let range = span(call), let flags = call[2] else { return }
        let mode: String
        // MS_SYNC writes and waits, with MS_INVALIDATE or without; no flag at all is as MS_ASYNC.
        if flags & MsyncFlags.sync != 0 {
            mode = "sync"
        } else if flags & MsyncFlags.invalidate != 0 {
            mode = "invalidate"
        } else {
            mode = "async"
        }
        for part in processes[process]?.space.overlapping(range) ?? [] {
            try record(.msync(part.eventPart, mode: mode), file: part.file, by: process)
        }
    }

    /// MADV_DONTNEED drops page table entries. The other kinds of advice change nothing that is
    /// simulated, but one.
    mutating func advise(_ call: SystemCall, _ process: Int) throws(ImportError) {
        guard let range = span(call), let advice = call[2] else { return }
        let parts = processes[process]?.space.overlapping(range) ?? []
        switch advice {
        case Advice.dontNeed:
            for part in parts { try record(.discard(part.eventPart), file: part.file, by: process) }
        case Advice.remove where !parts.isEmpty:
            warn("madvise(MADV_REMOVE) is not simulated and left out")
        default: break
        }
    }

    /// A part of a mapping, and private memory, of which the simulator may not have one VMA, are
    /// shown as munmap and mmap. What differs: page table entries are not moved, so that the first
    /// access to a page afterwards faults again; which pages are dirty is the same.
    mutating func remap(_ call: SystemCall, _ address: UInt64, _ process: Int) throws(ImportError) {
        guard let oldAddress = call[0], let oldLength = call[1], let newLength = call[2],
            let range = Page.span(address: address, length: newLength), oldAddress % Page.size == 0
        else { return warn("this mremap cannot be right and is left out") }
        guard let segment = processes[process]?.space.find(oldAddress) else {
            return try unmap(range, by: process)
        }
        let old = Page.span(address: oldAddress, length: oldLength)
        if old == segment.start..<segment.end, segment.isWhole, segment.kind.shared {
            return try resize(segment, to: range, process)
        }
        if let old { try unmap(old, remapped: true, by: process) }
        try unmap(range, by: process)
        let first = segment.filePages.lowerBound + segment.page(of: oldAddress)
        let (last, overflow) = first.addingReportingOverflow(Page.count(newLength) - 1)
        guard !overflow, last < options.limits.pagesPerFile else {
            return files.update(segment.file) { $0.tooLargeAt = $0.tooLargeAt ?? line }
        }
        try map(file: segment.file, pages: first...last, at: range, segment.kind, by: process)
    }

    /// What lay at the new place is gone; the simulator chooses its own addresses.
    private mutating func resize(
        _ segment: AddressSpace.Segment, to range: Range<UInt64>, _ process: Int
    ) throws(ImportError) {
        var moved = segment
        (moved.start, moved.end) = (range.lowerBound, range.upperBound)
        let first = segment.filePages.lowerBound
        let (last, overflow) = first.addingReportingOverflow(moved.pages - 1)
        guard !overflow, last < options.limits.pagesPerFile else {
            return files.update(segment.file) { $0.tooLargeAt = $0.tooLargeAt ?? line }
        }
        moved.filePages = first...last
        _ = processes[process]?.space.remove(segment.start..<segment.end)
        try unmap(range, by: process)
        processes[process]?.space.insert(moved)
        try record(
            .mremap(mapping: segment.mapping, pages: moved.pages), file: segment.file, by: process)
    }

    private func letters(_ protection: UInt64) -> String {
        var letters = ""
        if protection & ProtectionFlags.read != 0 { letters += "r" }
        if protection & ProtectionFlags.write != 0 { letters += "w" }
        if protection & ProtectionFlags.execute != 0 { letters += "x" }
        return letters.isEmpty ? "none" : letters
    }
}
