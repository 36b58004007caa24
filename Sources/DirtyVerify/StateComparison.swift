import DirtyMachine

// The model's files and address spaces beside the host's.

extension StepComparison {
    struct Options {
        /// Compare A bits too. Reclaim and DAMON clear them whenever they like.
        var accessed = false
        /// Why entries cannot be read; nil when they can.
        var readerProblem: String?
        var cachestatProblem: String?
        var seesFrames = true
    }

    mutating func compare(_ machine: Machine, _ host: HostState, _ options: Options) {
        for file in machine.state.files where !machine.isAnonymous(file) {
            compareFile(machine, file, host.files[machine.name(of: file)], options)
        }
        var frames = FramePairs()
        for process in machine.state.processes {
            let name = machine.name(of: process)
            guard let state = host.processes[name] else { continue }
            check(.vmas, name, model: machine.isAlive(process), host: state.isAlive) {
                $0 ? "alive" : "dead"
            }
            guard machine.isAlive(process), state.isAlive else { continue }
            compareVMAs(machine, process, state)
            comparePages(machine, process, state, options, &frames)
        }
        if !options.seesFrames { omit(.frames, "frame numbers need CAP_SYS_ADMIN") }
        if let problem = options.readerProblem {
            omit(.ptes, problem)
        } else if !options.accessed {
            omit(.ptes, "A bits: only with --accessed, others clear them too")
        }
    }

    // MARK: Files

    private mutating func compareFile(
        _ machine: Machine, _ file: Ref<File>, _ host: HostState.FileState?, _ options: Options
    ) {
        guard let host else { return }
        let name = machine.name(of: file)
        let size = machine.size(of: file)
        check(.size, name, model: size, host: host.size) { "\($0) pages" }
        let pages = max(size, host.size)
        let hasDisk = machine.fileSystem(of: file).hasDisk
        if let problem = options.cachestatProblem {
            for observable in [Observable.cached, .dirty, .writeback, .disk] {
                omit(observable, problem)
            }
            return
        }
        for index in 0..<pages {
            let folio = machine.cachedPage(file, index)
            let place = "\(name)[\(index)]"
            func word(_ yes: String) -> (Bool) -> String { { $0 ? yes : "not " + yes } }
            if let cached = host.cached {
                check(
                    .cached, place, model: folio != nil, host: cached.contains(index), word("cached"))
            }
            if let dirty = host.dirty {
                // The index's tag where there is one, else the folio's flag.
                let model =
                    hasDisk
                    ? machine.hasTag(.dirty, file, index) : folio.map(machine.isDirty) ?? false
                check(.dirty, place, model: model, host: dirty.contains(index), word("dirty"))
            } else {
                omit(.dirty, "tmpfs: /proc/kpageflags needs root")
            }
            if let writeback = host.writeback {
                check(
                    .writeback, place, model: folio.map(machine.isUnderWriteback) ?? false,
                    host: writeback.contains(index), word("under writeback"))
            }
            if hasDisk, let value = host.disk[index] {
                check(.disk, place, model: machine.state.diskValue(file, index), host: value)
            }
        }
        if !hasDisk {
            omit(.disk, "tmpfs has none")
        } else if host.disk.count < host.size {
            omit(.disk, "pages while they are dirty")
        }
    }

    // MARK: Address spaces

    private mutating func compareVMAs(
        _ machine: Machine, _ process: Ref<Process>, _ host: HostState.ProcessState
    ) {
        let model = machine.vmaViews(of: process).map { view -> HostState.VMA in
            let isFile = view.file.exists && !machine.isAnonymous(view.file)
            return HostState.VMA(
                pages: view.pages,
                permissions: view.flags.letters + (view.flags.contains(.mayShare) ? "s" : "p"),
                file: isFile ? machine.name(of: view.file) : nil, pgoff: isFile ? view.pgoff : 0)
        }
        let name = machine.name(of: process)
        func text(_ vmas: [HostState.VMA]) -> String {
            vmas.isEmpty ? "none" : vmas.map { Self.describe($0) }.joined(separator: ", ")
        }
        check(.vmas, name, model: model, host: host.vmas, text)
    }

    /// Pages below the first mapping's end, permissions, and what is mapped.
    private static func describe(_ vma: HostState.VMA) -> String {
        let first = Machine.topPage - vma.pages.upperBound
        let place = "top-\(first + vma.pages.count)…\(first) \(vma.permissions)"
        return vma.file.map { "\(place) \($0)[\(vma.pgoff)…]" } ?? place
    }

    private mutating func comparePages(
        _ machine: Machine, _ process: Ref<Process>, _ host: HostState.ProcessState,
        _ options: Options, _ frames: inout FramePairs
    ) {
        let name = machine.name(of: process)
        let pieces = machine.pieces(of: process)
        for view in machine.vmaViews(of: process) {
            for vpn in view.pages {
                guard let entry = machine.page(0, at: vpn, in: view.vma).pte else { continue }
                func place() -> String {
                    let piece = pieces.first { ($0.start..<$0.start + $0.pages).contains(vpn) }
                    guard let piece, !piece.mapping.isEmpty else { return "\(name) page \(vpn)" }
                    return "\(name) \(piece.mapping)[\(piece.first + vpn - piece.start)]"
                }
                guard let map = host.pageMap[vpn] else { continue }
                check(.present, place(), model: entry.isMapped, host: map.isPresent) {
                    $0 ? "present" : "absent"
                }
                if options.seesFrames, entry.isMapped, map.isPresent {
                    let fits = frames.add(entry.folio, map.frame, place())
                    check(.frames, place(), model: "as the kernel", host: fits)
                }
                guard let hardware = host.ptes?[vpn] else { continue }
                check(
                    .ptes, place(), model: bits(entry.description, options),
                    host: bits(hardware.description, options))
            }
        }
    }

    /// The six characters, A masked unless it is wanted.
    private func bits(_ text: String, _ options: Options) -> String {
        guard !options.accessed else { return text }
        var characters = Array(text)
        characters[3] = "."
        return String(characters)
    }
}

/// Which of the model's pages is which frame: two entries share the one if and only if they share
/// the other.
private struct FramePairs {
    private var frames: [Ref<Folio>: (frame: UInt64, place: String)] = [:]
    private var folios: [UInt64: (folio: Ref<Folio>, place: String)] = [:]

    /// `as the kernel`, or what is wrong.
    mutating func add(_ folio: Ref<Folio>, _ frame: UInt64, _ place: String) -> String {
        if let known = frames[folio], known.frame != frame { return "a page other than \(known.place)'s" }
        if let known = folios[frame], known.folio != folio { return "the same page as \(known.place)" }
        frames[folio] = (frame, place)
        folios[frame] = (folio, place)
        return "as the kernel"
    }
}
