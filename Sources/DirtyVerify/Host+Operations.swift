import DirtyMachine
import DirtyScript
import Glibc
import HostKernel

/// What came of an operation on the running kernel.
struct HostResult {
    /// `ok`, a signal's name or an error's.
    var outcome: String
    /// What a load returned; nil for other operations, and where nothing was returned.
    var value: UInt32?
    var isLoad = false
    /// nil for what no process is charged with.
    var faults: Host.Faults?
}

/// An operation that a host cannot carry out as the model does.
struct CannotExecute: Error {
    let reason: String
}

/// MREMAP_MAYMOVE, which Swift does not see.
private let mayMove: Int64 = 1

// The scenario's operations as system calls and accesses.

extension Host {
    /// Carries an operation out. `session` is the model as it was before it: it knows what operands
    /// name. `state` is what the host showed then.
    func perform(
        _ operation: Operation, _ session: Session, _ state: HostState
    ) throws -> HostResult {
        switch operation {
        case .read(let p, let operand):
            return try access(p, operand, session, nil)
        case .write(let p, let operand, let value):
            return try access(p, operand, session, Store(value, session))
        case .mmap(let p, _, let source, let protection, let shared, let populate, let readOnly):
            return try mmap(p, source, protection, shared, populate, readOnly, session, state)
        case .munmap(let p, let operand):
            return try call(p, host_nr_munmap, operand, session)
        case .mprotect(let p, let operand, let protection):
            return try call(p, host_nr_mprotect, operand, session, protection.bits)
        case .madviseDontneed(let p, let operand):
            return try call(p, host_nr_madvise, operand, session, Int64(MADV_DONTNEED))
        case .msync(let p, let operand, let mode):
            let flags = [.sync: MS_SYNC, .async: MS_ASYNC, .invalidate: MS_INVALIDATE][mode]!
            return try call(p, host_nr_msync, operand, session, Int64(flags))
        case .mremap(let p, let name, let pages):
            let operand = Operand(name: name)
            return try call(p, host_nr_mremap, operand, session, Int64(pages) << 12, mayMove)
        case .remapFilePages(let p, let operand, let file):
            let first = session.indices(of: file)?.lowerBound ?? 0
            try advise(p, state, MADV_NORMAL)
            let result = try call(
                p, host_nr_remap_file_pages, operand, session, 0, Int64(first))
            try advise(p, state, MADV_RANDOM)
            return result
        case .pread(let p, let operand):
            return try transfer(p, operand, session, nil)
        case .pwrite(let p, let operand, let value):
            return try transfer(p, operand, session, Store(value, session))
        case .fsync(let p, let name):
            return try call(p, host_nr_fsync, [Int64(try file(name).readWrite)])
        case .ftruncate(let p, let name, let pages):
            return try call(p, host_nr_ftruncate, [Int64(try file(name).readWrite), Int64(pages) << 12])
        case .poke(let p, let q, let operand, let value):
            return try trace(p, q, operand, session, Store(value, session))
        case .peek(let p, let q, let operand):
            return try trace(p, q, operand, session, nil)
        case .fork(let p, let child, _):
            guard canFork else { throw CannotExecute(reason: Executable.tooManyTasks) }
            guard let ending = try fork(p, child) else { return HostResult(outcome: "ESRCH") }
            return HostResult(outcome: name(ending))
        case .exit(let p):
            guard let answer = try run(p, host_request(HOST_EXIT)) else {
                return HostResult(outcome: "ESRCH")
            }
            return HostResult(outcome: name(answer.ending))
        case .writeback(let operand, start: false):
            return try writeback(operand, session)
        case .reclaim(let operand):
            return try reclaim(operand, session, state)
        case .evict(let operand):
            return try evict(operand, session)
        default:
            throw CannotExecute(reason: "no user program can ask for this")
        }
    }

    private func file(_ name: String) throws -> HostFile {
        guard let file = files[name] else { throw CannotExecute(reason: "no file '\(name)'") }
        return file
    }

    // MARK: Addresses

    /// The host's address of a virtual page of the model. What mmap refused lies at MAP_FAILED.
    private func address(_ vpn: Int, _ p: String) -> Int64 {
        if vpn >= Mapping.failed { return -1 + (Int64(vpn - Mapping.failed) << 12) }
        return Int64(vpn + (child(p)?.shift ?? 0)) << 12
    }

    private func pages(
        _ operand: Operand, _ p: String, _ session: Session
    ) throws(CannotExecute) -> ClosedRange<Int> {
        // The session, as it was before, may not know a new thread.
        let pages = session.pages(of: operand, in: process(of: p)) ?? 0...0
        guard pages.upperBound < Host.topPage || pages.lowerBound >= Mapping.failed else {
            throw CannotExecute(reason: "above the first mapping is memory of the process's own")
        }
        return pages
    }

    // MARK: Of a process

    /// The value of a store, or the first of a series.
    private struct Store {
        let value: UInt32
        let isSerial: Bool

        init(_ value: UInt32?, _ session: Session) {
            self.value = value ?? UInt32(truncatingIfNeeded: session.machine.nextSerial)
            isSerial = value == nil
        }

        func value(_ page: Int) -> UInt32 { value &+ (isSerial ? UInt32(page) : 0) }
    }

    private func dead(isLoad: Bool = false) -> HostResult {
        HostResult(outcome: "ESRCH", isLoad: isLoad, faults: Faults())
    }

    private func access(
        _ p: String, _ operand: Operand, _ session: Session, _ store: Store?
    ) throws -> HostResult {
        let pages = try pages(operand, p, session)
        var request = host_request(
            HOST_ACCESS,
            arguments: [
                address(pages.lowerBound, p), Int64(pages.count), store?.isSerial == true ? 1 : 0,
            ])
        request.store = store != nil
        request.value = store?.value ?? 0
        guard let answer = try run(p, request) else { return dead(isLoad: store == nil) }
        var result = HostResult(
            outcome: name(answer.ending), isLoad: store == nil, faults: answer.faults)
        if store == nil, case .done = answer.ending { result.value = answer.value }
        return result
    }

    private func call(
        _ p: String, _ number: Int64, _ operand: Operand, _ session: Session, _ rest: Int64...
    ) throws -> HostResult {
        let pages = try pages(operand, p, session)
        return try call(
            p, number, [address(pages.lowerBound, p), Int64(pages.count) << 12] + rest)
    }

    private func call(_ p: String, _ number: Int64, _ arguments: [Int64]) throws -> HostResult {
        let request = host_request(HOST_CALL, number: number, arguments: arguments)
        guard let answer = try run(p, request) else { return dead() }
        return HostResult(outcome: name(answer.ending), faults: answer.faults)
    }

    private func mmap(
        _ p: String, _ source: Operation.MappingSource, _ protection: Protection, _ shared: Bool,
        _ populate: Bool, _ readOnly: Bool, _ session: Session, _ state: HostState
    ) throws -> HostResult {
        var flags = shared ? MAP_SHARED : MAP_PRIVATE
        if populate { flags |= MAP_POPULATE }
        var (descriptor, offset, count): (Int32, Int, Int) = (-1, 0, 0)
        var readsDisk = false
        switch source {
        case .anonymous(let pages):
            flags |= MAP_ANONYMOUS
            count = pages
        case .file(let operand):
            let file = try file(operand.name)
            let indices = session.indices(of: operand) ?? 0...0
            (offset, count) = (indices.lowerBound, indices.count)
            descriptor = readOnly ? file.readOnly : file.readWrite
            readsDisk = !file.isInMemory
        }
        let length = Int64(count) << 12
        let request = host_request(
            HOST_CALL, number: host_nr_mmap,
            arguments: [
                0, length, protection.bits, Int64(flags), Int64(descriptor), Int64(offset) << 12,
            ])
        if populate { try advise(p, state, MADV_NORMAL) }
        guard let answer = try run(p, request) else { return dead() }
        if populate { try advise(p, state, MADV_RANDOM) }
        if readsDisk, case .done(let start) = answer.ending, start > 0 {
            _ = try call(p, host_nr_madvise, [start, length, Int64(MADV_RANDOM)])
        }
        return HostResult(outcome: name(answer.ending), faults: answer.faults)
    }

    /// MADV_RANDOM: faults shall read the page that they are for, and no others. But a mapping that
    /// is filled as it is made, and merges with its neighbours first, must find them like itself.
    private func advise(_ p: String, _ state: HostState, _ advice: Int32) throws {
        for vma in state.processes[process(of: p)]?.vmas ?? [] {
            guard let name = vma.file, files[name]?.isInMemory == false else { continue }
            let range = [address(vma.pages.lowerBound, p), Int64(vma.pages.count) << 12]
            _ = try call(p, host_nr_madvise, range + [Int64(advice)])
        }
    }

    /// read(2) and write(2), page by page.
    private func transfer(
        _ p: String, _ operand: Operand, _ session: Session, _ store: Store?
    ) throws -> HostResult {
        let file = try file(operand.name)
        return try pageByPage(session.indices(of: operand) ?? 0...0, isLoad: store == nil) { i, index in
            var request = host_request(
                HOST_TRANSFER, number: store == nil ? host_nr_pread : host_nr_pwrite,
                arguments: [Int64(file.readWrite), 0, 4096, Int64(index) << 12])
            request.value = store?.value(i) ?? 0
            return try run(p, request)
        }
    }

    private func trace(
        _ p: String, _ q: String, _ operand: Operand, _ session: Session, _ store: Store?
    ) throws -> HostResult {
        guard child(p)?.pid != child(q)?.pid || child(p) == nil else {
            throw CannotExecute(reason: "no process can trace itself")
        }
        return try pageByPage(try pages(operand, q, session), isLoad: store == nil) { i, vpn in
            guard let target = child(q) else { return nil }
            var request = host_request(
                HOST_TRACE, arguments: [Int64(target.pid), address(vpn, q)])
            request.store = store != nil
            request.value = store?.value(i) ?? 0
            let answer = try run(p, request)
            if let answer, answer.isRefused {
                throw CannotExecute(reason: "ptrace(2) is refused: \(name(answer.ending))")
            }
            // PEEKDATA returns 0; "something was read" is what counts.
            if case .done(0) = answer?.ending { return answer.map { var a = $0; a.ending = .done(8); return a } }
            return answer
        }
    }

    /// One request a page, up to the first that fails; faults add up, the last value counts.
    private func pageByPage(
        _ pages: ClosedRange<Int>, isLoad: Bool, _ body: (Int, Int) throws -> Answer?
    ) throws -> HostResult {
        var result = HostResult(outcome: "ok", isLoad: isLoad, faults: Faults())
        for (i, page) in pages.enumerated() {
            guard let answer = try body(i, page) else { return dead(isLoad: isLoad) }
            result.outcome = name(answer.ending)
            result.faults!.minor += answer.faults.minor
            result.faults!.major += answer.faults.major
            result.value = nil
            guard case .done(let got) = answer.ending, got >= 0 else { return result }
            if isLoad, got > 0 { result.value = answer.value }
        }
        return result
    }

    // MARK: Of the kernel

    private func writeback(_ operand: Operand, _ session: Session) throws -> HostResult {
        let file = try file(operand.name)
        let indices = session.indices(of: operand) ?? 0...0
        // A length of 0 would mean "to the end".
        let error = host_sync_range(
            file.readWrite, UInt64(indices.lowerBound) << 12, UInt64(indices.count) << 12)
        // tmpfs refuses what the flusher would not even try.
        return HostResult(outcome: error == 0 || file.isInMemory ? "ok" : errorName(-error))
    }

    private func reclaim(_ operand: Operand, _ session: Session, _ state: HostState) throws -> HostResult {
        let file = try file(operand.name)
        let known = state.files[operand.name]
        for index in session.indices(of: operand) ?? 0...0 {
            guard known?.cached?.contains(index) ?? false, index < file.size else { continue }
            let mappers = state.mappers(of: index, in: operand.name)
            guard let mapper = mappers.first else {
                _ = host_visit(file.readOnly, UInt64(index) << 12, true, nil)
                continue
            }
            guard mappers.count == 1 else {
                throw CannotExecute(
                    reason: "\(operand.name)[\(index)] is mapped \(mappers.count) times, and "
                        + "MADV_PAGEOUT leaves such pages alone")
            }
            _ = try call(
                mapper.process, host_nr_madvise,
                [address(mapper.vpn, mapper.process), 4096, Int64(MADV_PAGEOUT)])
        }
        return HostResult(outcome: "ok")
    }

    private func evict(_ operand: Operand, _ session: Session) throws -> HostResult {
        let file = try file(operand.name)
        if file.isRamfs { throw CannotExecute(reason: "no system call drops a page of one file on ramfs") }
        var isBusy = false
        for index in session.indices(of: operand) ?? 0...0 {
            var stat = host_cachestat()
            let offset = UInt64(index) << 12
            guard host_cachestat(file.readWrite, offset, 4096, &stat) == 0 else {
                throw CannotExecute(reason: "cachestat(2) is refused")
            }
            if stat.cached > 0, file.isInMemory {
                // fadvise(2) does nothing there.
                _ = host_visit(file.readOnly, offset, true, nil)
            } else if stat.dirty == 0, stat.writeback == 0 {
                // On a dirty page this call would begin writeback.
                _ = host_drop(file.readWrite, offset, 4096)
            }
            _ = host_cachestat(file.readWrite, offset, 4096, &stat)
            if stat.cached > 0 { isBusy = true }
        }
        return HostResult(outcome: isBusy ? "EBUSY" : "ok")
    }

    // MARK: Names

    private func name(_ ending: Ending) -> String {
        switch ending {
        case .done(let result) where result < 0 && result > -4096: errorName(Int32(-result))
        case .done: "ok"
        case .died(let signal): signal == 0 ? "ok" : signalName(signal)
        }
    }

    private func signalName(_ signal: Int32) -> String {
        [SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGKILL: "SIGKILL"][signal] ?? "signal \(signal)"
    }

    private func errorName(_ error: Int32) -> String {
        [
            EPERM: "EPERM", ESRCH: "ESRCH", EIO: "EIO", ENOMEM: "ENOMEM", EACCES: "EACCES",
            EFAULT: "EFAULT", EBUSY: "EBUSY", ENODEV: "ENODEV", EINVAL: "EINVAL", EFBIG: "EFBIG",
            ENOSPC: "ENOSPC", EAGAIN: "EAGAIN", EOPNOTSUPP: "EOPNOTSUPP",
        ][error] ?? "error \(error)"
    }
}

extension Protection {
    fileprivate var bits: Int64 {
        (contains(.read) ? Int64(PROT_READ) : 0) | (contains(.write) ? Int64(PROT_WRITE) : 0)
            | (contains(.execute) ? Int64(PROT_EXEC) : 0)
    }
}
