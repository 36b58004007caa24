// How an operation of the scenario language becomes a task. Operands are resolved by now: names
// are records, page numbers are virtual page numbers or file indices.

/// An operation with its operands resolved.
public enum Request: Hashable, Sendable {
    case access(Ref<Process>, pages: ClosedRange<Int>, store: Bool, value: UInt32?)
    case mmap(
        Ref<Process>, name: String, file: Ref<File>, pages: ClosedRange<Int>, Access, shared: Bool,
        readOnlyDescriptor: Bool, populate: Bool = false)
    case munmap(Ref<Process>, pages: ClosedRange<Int>)
    case mprotect(Ref<Process>, pages: ClosedRange<Int>, Access)
    /// Names the mapping, for that is what moves.
    case mremap(Ref<Process>, Ref<Mapping>, pages: Int)
    case madviseDontneed(Ref<Process>, pages: ClosedRange<Int>)
    /// The pages from `index` on of the file that is mapped there.
    case remap(Ref<Process>, pages: ClosedRange<Int>, index: Int)
    case msync(Ref<Process>, pages: ClosedRange<Int>, MsyncMode)
    case pread(Ref<Process>, Ref<File>, indices: ClosedRange<Int>)
    case pwrite(Ref<Process>, Ref<File>, indices: ClosedRange<Int>, value: UInt32?)
    case fsync(Ref<Process>, Ref<File>)
    case ftruncate(Ref<Process>, Ref<File>, pages: Int)
    case poke(Ref<Process>, target: Ref<Process>, pages: ClosedRange<Int>, value: UInt32?)
    case peek(Ref<Process>, target: Ref<Process>, pages: ClosedRange<Int>)
    // Pins are known by the mapping and its page: the address may go, the page stays.
    case pin(Ref<Process>, Ref<Mapping>, pages: ClosedRange<Int>, write: Bool)
    case unpin(Ref<Process>, Ref<Mapping>, pages: ClosedRange<Int>)
    case pinwrite(Ref<Process>, Ref<Mapping>, pages: ClosedRange<Int>, value: UInt32?)
    case fork(Ref<Process>, child: String, cpu: Int?)
    case exit(Ref<Process>)
    case writeback(Ref<File>, indices: ClosedRange<Int>, start: Bool)
    case complete(Ref<File>, indices: ClosedRange<Int>)
    case reclaim(Ref<File>, indices: ClosedRange<Int>)
    case evict(Ref<File>, indices: ClosedRange<Int>)
    case strip(Ref<File>, indices: ClosedRange<Int>)
    case journal(Ref<File>)
    case crash

    /// Who acts; none for the kernel itself.
    public var process: Ref<Process> {
        switch self {
        case .access(let p, _, _, _), .mmap(let p, _, _, _, _, _, _, _), .munmap(let p, _),
            .mprotect(let p, _, _), .madviseDontneed(let p, _), .msync(let p, _, _),
            .pread(let p, _, _), .pwrite(let p, _, _, _), .fsync(let p, _), .ftruncate(let p, _, _),
            .mremap(let p, _, _), .poke(let p, _, _, _), .peek(let p, _, _), .pin(let p, _, _, _),
            .unpin(let p, _, _), .pinwrite(let p, _, _, _), .fork(let p, _, _), .exit(let p),
            .remap(let p, _, _):
            p
        default: .none
        }
    }
}

extension Mapping {
    /// Where a mapping that mmap refused "begins": MAP_FAILED, an address that nothing covers.
    public static let failed = (1 << 52) - 1
}

extension Machine {
    /// Begins an operation as a task; no atomic step of it has been taken yet.
    ///
    /// An operation of a process that is dead, or on addresses that mmap refused, is over at once.
    /// `serial` is the first serial number of its stores, where they were given out before; `place`
    /// a record that was set aside for it.
    public mutating func begin(
        _ request: Request, label: String = "", line: Int = 0, serial: Int? = nil,
        in place: Ref<Task> = .none
    ) -> Ref<Task> {
        setCause(task: 0, function: .scenario)
        let process = request.process
        let labelNumber = names.intern(label)
        let (kind, function) = entryPoint(request)
        let t = beginTask(kind, process: process, label: labelNumber, line: line, in: place)
        setCause(task: self[t, .slot], function: .scenario)
        setArguments(t, request, serial)
        if process.exists, !self[process, .isAlive] {
            // The child of a dead parent is a name that stands for nobody.
            if case .fork(_, let child, let cpu) = request { _ = makeProcess(child, cpu: cpu) }
            finishAtOnce(t, .ESRCH)
        } else if self[t, .target].exists, !self[self[t, .target], .isAlive] {
            finishAtOnce(t, .ESRCH)
        } else if kind != .read, kind != .write, isAddressRange(kind),
            self[t, .first] >= Mapping.failed
        {
            finishAtOnce(t, .EINVAL)
        } else {
            if case .mmap(_, let name, _, _, _, _, _, _) = request { bindMapping(t, name) }
            if case .fork(_, let child, let cpu) = request {
                self[t, .child] = makeProcess(child, cpu: cpu)
            }
            push(function, on: t)
            settle(t)
        }
        return t
    }

    private mutating func finishAtOnce(_ t: Ref<Task>, _ outcome: Outcome) {
        self[t, .outcome] = outcome
        self[t, .isDone] = true
    }

    private func isAddressRange(_ kind: OperationKind) -> Bool {
        [.munmap, .mprotect, .madvise, .msync, .mremap, .remap].contains(kind)
    }

    private func entryPoint(_ request: Request) -> (OperationKind, KernelFunction) {
        switch request {
        case .access(_, _, let store, _): store ? (.write, .user_store) : (.read, .user_load)
        case .mmap: (.mmap, .sys_mmap)
        case .munmap: (.munmap, .sys_munmap)
        case .mprotect: (.mprotect, .sys_mprotect)
        case .mremap: (.mremap, .sys_mremap)
        case .poke: (.poke, .access_process_vm)
        case .peek: (.peek, .access_process_vm)
        case .pin: (.pin, .driver_pin)
        case .unpin: (.unpin, .driver_unpin)
        case .pinwrite: (.pinwrite, .dma_write)
        case .madviseDontneed: (.madvise, .sys_madvise)
        case .msync: (.msync, .sys_msync)
        case .remap: (.remap, .sys_remap_file_pages)
        case .pread: (.pread, .sys_read)
        case .pwrite: (.pwrite, .sys_write)
        case .fsync: (.fsync, .sys_fsync)
        case .ftruncate: (.ftruncate, .sys_ftruncate)
        case .fork: (.fork, .sys_fork)
        case .exit: (.exit, .do_exit)
        case .writeback: (.writeback, .wb_writepages)
        case .complete: (.complete, .end_page_writeback)
        case .reclaim: (.reclaim, .kswapd_shrink_page)
        case .evict: (.evict, .invalidate_page)
        case .strip: (.strip, .strip_page)
        case .journal: (.journal, .journal_commit_transaction)
        case .crash: (.crash, .power_loss)
        }
    }

    private mutating func setArguments(_ t: Ref<Task>, _ request: Request, _ serial: Int?) {
        switch request {
        case .access(_, let pages, let store, let value):
            setRange(t, pages)
            if store { setStoredValue(t, value, serial ?? nextSerials(value == nil ? pages.count : 0)) }
        case .mmap(_, _, let file, let pages, let access, let shared, let readOnly, let populate):
            setRange(t, pages)
            self[t, .file] = file
            self[t, .protection] = UInt64(access.rawValue)
            self[t, .isShared] = shared
            self[t, .isAnonymous] = !file.exists
            self[t, .isReadOnlyDescriptor] = readOnly
            self[t, .populates] = populate
        case .mremap(_, let mapping, let pages):
            let extent = mapping.exists ? extent(of: mapping) : nil
            let start = extent?.start ?? Mapping.failed
            setRange(t, start...start + max((extent?.pages ?? 1) - 1, 0))
            self[t, .mapping] = mapping
            self[t, .newSize] = pages
        case .poke(_, let target, let pages, let value):
            setRange(t, pages)
            self[t, .target] = target
            setStoredValue(t, value, serial ?? nextSerials(value == nil ? pages.count : 0))
        case .peek(_, let target, let pages):
            setRange(t, pages)
            self[t, .target] = target
        case .pin(_, let mapping, let pages, let write):
            setRange(t, pages)
            self[t, .mapping] = mapping
            self[t, .newAddress] = mapping.exists ? self[mapping, .start] : Mapping.failed
            self[t, .boolean] = write
        case .unpin(_, let mapping, let pages):
            setRange(t, pages)
            self[t, .mapping] = mapping
        case .pinwrite(_, let mapping, let pages, let value):
            setRange(t, pages)
            self[t, .mapping] = mapping
            setStoredValue(t, value, serial ?? nextSerials(value == nil ? pages.count : 0))
        case .mprotect(_, let pages, let access):
            setRange(t, pages)
            self[t, .protection] = UInt64(access.rawValue)
        case .msync(_, let pages, let mode):
            setRange(t, pages)
            self[t, .mode] = UInt64(mode.rawValue)
        case .remap(_, let pages, let index):
            setRange(t, pages)
            self[t, .count] = index
        case .munmap(_, let pages), .madviseDontneed(_, let pages):
            setRange(t, pages)
        case .pwrite(_, let file, let indices, let value):
            setRange(t, indices)
            self[t, .file] = file
            setStoredValue(t, value, serial ?? nextSerials(value == nil ? indices.count : 0))
        case .ftruncate(_, let file, let pages):
            self[t, .file] = file
            self[t, .newSize] = pages
        case .writeback(let file, let indices, let start):
            setRange(t, indices)
            self[t, .file] = file
            self[t, .wbcHold] = start
        case .pread(_, let file, let indices), .complete(let file, let indices),
            .reclaim(let file, let indices), .evict(let file, let indices),
            .strip(let file, let indices):
            setRange(t, indices)
            self[t, .file] = file
        case .fsync(_, let file), .journal(let file):
            self[t, .file] = file
            self[t, .last] = State.lastIndex
        case .fork, .exit, .crash:
            break
        }
    }

    private mutating func setRange(_ t: Ref<Task>, _ range: ClosedRange<Int>) {
        self[t, .first] = range.lowerBound
        self[t, .last] = range.upperBound
        self[t, .cursor] = range.lowerBound
    }

    private mutating func setStoredValue(_ t: Ref<Task>, _ value: UInt32?, _ serial: Int) {
        self[t, .count] = value.map(Int.init) ?? serial
        self[t, .hasExplicitValue] = value != nil
    }

    /// Gives out serial numbers before their stores begin, one for each page that a store without a
    /// value of its own writes. Returns the first.
    public mutating func takeSerials(_ count: Int) -> Int {
        setCause(task: 0, function: .scenario)
        return nextSerials(count)
    }

    private mutating func nextSerials(_ count: Int) -> Int {
        let first = self[State.system, .nextSerial]
        self[State.system, .nextSerial] = first + count
        return first
    }

    /// The name exists from now on, even if mmap refuses.
    private mutating func bindMapping(_ t: Ref<Task>, _ name: String) {
        let binding = allocate(Mapping.self)
        self[binding, .name] = names.intern(name)
        self[binding, .start] = Mapping.failed
        let mm = self[self[t, .process], .mm]
        var last = self[mm, .mappings]
        if last.exists {
            while self[last, .next].exists { last = self[last, .next] }
            self[last, .next] = binding
        } else {
            self[mm, .mappings] = binding
        }
        self[t, .mapping] = binding
    }
}
