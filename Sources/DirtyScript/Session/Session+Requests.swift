import DirtyMachine

// From names to records: an operation as the machine takes it.

extension Session {
    /// Performs a set-up statement. Returns what is wrong, if anything.
    mutating func perform(setUp statement: Statement) -> String? {
        switch statement.command {
        case .file(let declaration):
            guard let fileSystem = FileSystem.allCases.first(where: { $0.name == declaration.fileSystem })
            else { return "file system '\(declaration.fileSystem)' is not simulated yet" }
            let file = machine.addFile(
                declaration.name, pages: declaration.pages, fileSystem, cached: declaration.cached,
                buffers: declaration.buffers, mkwrite: declaration.mkwrite,
                data: DataMode(declaration.data), folio: declaration.folio)
            return file.exists
                ? nil : "the page frames do not suffice to cache '\(declaration.name)'; raise 'frames'"
        case .device(let declaration):
            guard let kind = DeviceKind.allCases.first(where: { $0.name == declaration.kind })
            else { return "no device is of kind '\(declaration.kind)'" }
            let device = machine.addDevice(
                declaration.name, pages: declaration.pages, kind, mkwrite: declaration.mkwrite,
                hasMapping: declaration.hasMapping)
            return device.exists
                ? nil : "the page frames do not suffice for '\(declaration.name)'; raise 'frames'"
        case .dirty(let background, let limit):
            machine.setDirtyThresholds(background: background, limit: limit)
            return nil
        case .process(let name, let cpu):
            _ = machine.addProcess(name, cpu: cpu)
            return nil
        case .thread(let name, let leader, let cpu):
            guard let process = machine.process(named: leader) else { return "no process '\(leader)'" }
            _ = machine.addThread(name, of: process, cpu: cpu)
            return nil
        default:
            return nil
        }
    }

    /// Resolves the operands of an operation.
    func request(_ operation: Operation) throws(CannotBegin) -> Request {
        switch operation {
        case .mmap(let p, let name, let source, let protection, let shared, let populate, let readOnly):
            let process = try process(p)
            switch source {
            case .file(let operand):
                let file = try file(operand.name)
                return .mmap(
                    process, name: name, file: file, pages: indices(operand, of: file),
                    Access(protection), shared: shared, readOnlyDescriptor: readOnly,
                    populate: populate)
            case .anonymous(let pages):
                return .mmap(
                    process, name: name, file: .none, pages: 0...max(pages - 1, 0),
                    Access(protection), shared: shared, readOnlyDescriptor: readOnly,
                    populate: populate)
            }
        case .munmap(let p, let operand):
            return .munmap(try process(p), pages: try addresses(operand, p))
        case .mprotect(let p, let operand, let protection):
            return .mprotect(try process(p), pages: try addresses(operand, p), Access(protection))
        case .madviseDontneed(let p, let operand):
            return .madviseDontneed(try process(p), pages: try addresses(operand, p))
        case .msync(let p, let operand, let mode):
            let modes: [Operation.MsyncMode: MsyncMode] = [
                .sync: .sync, .async: .async, .invalidate: .invalidate,
            ]
            return .msync(try process(p), pages: try addresses(operand, p), modes[mode]!)
        case .read(let p, let operand):
            return .access(try process(p), pages: try addresses(operand, p), store: false, value: nil)
        case .write(let p, let operand, let value):
            return .access(try process(p), pages: try addresses(operand, p), store: true, value: value)
        case .pread(let p, let operand):
            let file = try file(operand.name)
            return .pread(try process(p), file, indices: indices(operand, of: file))
        case .pwrite(let p, let operand, let value):
            let file = try file(operand.name)
            return .pwrite(try process(p), file, indices: indices(operand, of: file), value: value)
        case .fsync(let p, let name):
            return .fsync(try process(p), try file(name))
        case .ftruncate(let p, let name, let pages):
            return .ftruncate(try process(p), try file(name), pages: pages)
        case .mremap(let p, let name, let pages):
            return .mremap(try process(p), try mapping(name, p) ?? .none, pages: pages)
        case .poke(let p, let q, let operand, let value):
            return .poke(
                try process(p), target: try process(q), pages: try addresses(operand, q), value: value)
        case .peek(let p, let q, let operand):
            return .peek(try process(p), target: try process(q), pages: try addresses(operand, q))
        case .pin(let p, let operand, let mode):
            let (mapping, pages) = try pinned(operand, p)
            return .pin(try process(p), mapping, pages: pages, write: mode == .write)
        case .unpin(let p, let operand):
            let (mapping, pages) = try pinned(operand, p)
            return .unpin(try process(p), mapping, pages: pages)
        case .pinwrite(let p, let operand, let value):
            let (mapping, pages) = try pinned(operand, p)
            return .pinwrite(try process(p), mapping, pages: pages, value: value)
        case .fork(let p, let child, let cpu):
            return .fork(try process(p), child: child, cpu: cpu)
        case .exit(let p):
            return .exit(try process(p))
        case .writeback(let operand, let start):
            let file = try file(operand.name)
            return .writeback(file, indices: indices(operand, of: file), start: start)
        case .complete(let operand):
            let file = try file(operand.name)
            return .complete(file, indices: indices(operand, of: file))
        case .reclaim(let operand):
            let file = try file(operand.name)
            return .reclaim(file, indices: indices(operand, of: file))
        case .evict(let operand):
            let file = try file(operand.name)
            return .evict(file, indices: indices(operand, of: file))
        case .strip(let operand):
            let file = try file(operand.name)
            return .strip(file, indices: indices(operand, of: file))
        case .journal(let name):
            return .journal(try file(name))
        case .crash:
            return .crash
        case .remapFilePages(let p, let operand, let pages):
            return try remap(try process(p), operand, p, pages)
        }
    }

    /// remap_file_pages names no file: it is the one that is mapped there.
    private func remap(
        _ process: Ref<Process>, _ operand: Operand, _ name: String, _ pages: Operand
    ) throws(CannotBegin) -> Request {
        let range = try addresses(operand, name)
        let file = try file(pages.name)
        if let mapped = machine.file(at: range.lowerBound, of: process), mapped != file {
            throw CannotBegin(
                message: "'\(operand.name)' does not map '\(pages.name)'", word: pages.name,
                expected: machine.name(of: mapped), candidates: [machine.name(of: mapped)])
        }
        if let count = pages.range?.count, count != range.count {
            throw CannotBegin(
                message: "'\(operand.name)' has \(range.count) pages there, not \(count)",
                word: pages.name)
        }
        return .remap(process, pages: range, index: pages.range?.lowerBound ?? 0)
    }

    private func process(_ name: String) throws(CannotBegin) -> Ref<Process> {
        guard let process = machine.process(named: name) else {
            throw CannotBegin(
                message: "there is no process '\(name)' yet", word: name,
                expected: "a process that has begun by now",
                candidates: machine.state.processes.map { machine.name(of: $0) })
        }
        return process
    }

    private func file(_ name: String) throws(CannotBegin) -> Ref<File> {
        guard let file = machine.file(named: name) else {
            throw CannotBegin(
                message: "there is no file '\(name)' yet", word: name,
                expected: "a file declared before",
                candidates: machine.state.files.map { machine.name(of: $0) })
        }
        return file
    }

    /// File indices: the range given, or all of the file as it is now.
    func indices(_ operand: Operand, of file: Ref<File>) -> ClosedRange<Int> {
        operand.range ?? 0...max(machine.size(of: file) - 1, 0)
    }

    /// Virtual page numbers. The name keeps its meaning when the mapping is split or unmapped.
    func addresses(_ operand: Operand, _ name: String) throws(CannotBegin) -> ClosedRange<Int> {
        guard let mapping = try mapping(operand.name, name) else { return operand.range ?? 0...0 }
        guard let (start, pages) = machine.extent(of: mapping) else { return failedAddresses(operand) }
        let range = operand.range ?? 0...max(pages - 1, 0)
        return start + range.lowerBound...start + range.upperBound
    }

    /// A mapping of a process, alive or dead. nil: an operation of a dead process ends with ESRCH
    /// whatever it names.
    private func mapping(_ mapping: String, _ name: String) throws(CannotBegin) -> Ref<Mapping>? {
        let process = try process(name)
        if let known = machine.mapping(named: mapping, of: process)
            ?? machine.state.formerMappings(of: process).last(where: { machine.name(of: $0) == mapping })
        {
            return known
        }
        guard machine.isAlive(process) else { return nil }
        let known = machine.state.mappings(of: process).map { machine.name(of: $0) }
        throw CannotBegin(
            message: "'\(name)' has no mapping '\(mapping)' yet", word: mapping,
            expected: known.isEmpty
                ? "a mapping, and '\(name)' has none by now"
                : "a mapping that it has by now: " + alternatives(known),
            candidates: known)
    }

    /// Pins go by the mapping's name and its pages, not by addresses.
    private func pinned(
        _ operand: Operand, _ name: String
    ) throws(CannotBegin) -> (Ref<Mapping>, ClosedRange<Int>) {
        guard let mapping = try mapping(operand.name, name) else { return (.none, operand.range ?? 0...0) }
        let pages = machine.extent(of: mapping)?.pages ?? 1
        return (mapping, operand.range ?? 0...max(pages - 1, 0))
    }

    private func failedAddresses(_ operand: Operand) -> ClosedRange<Int> {
        let range = operand.range ?? 0...0
        return Mapping.failed + range.lowerBound...Mapping.failed + range.upperBound
    }
}

extension DataMode {
    init(_ mode: FileDeclaration.DataMode) {
        switch mode {
        case .ordered: self = .ordered
        case .writeback: self = .writeback
        case .journal: self = .journal
        }
    }
}

extension Access {
    init(_ protection: Protection) { self.init(rawValue: protection.rawValue) }
}
