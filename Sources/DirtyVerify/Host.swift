import DirtyMachine
import Glibc
import HostKernel

/// The running kernel as a machine for scenarios: a child process for each scenario process, and
/// files without names. One thread uses it; children die with it.
final class Host {
    struct Child {
        let slot: Int
        let pid: pid_t
        /// Virtual page number minus the model's for the same page.
        let shift: Int
        var isAlive = true
    }

    /// A thread of a child. It is made when it first has something to do.
    private struct Thread {
        let process: String
        var slot: Int?
    }

    private let slots: OpaquePointer
    private let descriptor: Int32
    private(set) var children: [String: Child] = [:]
    private var threads: [String: Thread] = [:]
    private(set) var files: [String: HostFile] = [:]
    let abilities: HostAbilities
    private var slotsUsed = 0

    /// The model's first mapping ends just below this virtual page.
    static var topPage: Int { Machine.topPage }

    init(_ abilities: HostAbilities) throws(HostError) {
        var descriptor: Int32 = -1
        guard let slots = host_slots_create(&descriptor) else {
            throw HostError("cannot make shared memory", -errno)
        }
        self.slots = slots
        self.descriptor = descriptor
        self.abilities = abilities
    }

    deinit {
        for child in children.values where child.isAlive { host_kill(child.pid) }
        host_slots_destroy(slots, descriptor)
    }

    // MARK: Set-up

    func addFile(_ declaration: HostFileDeclaration) throws(HostError) {
        files[declaration.name] = try HostFile(declaration, folder: FileSystems.tracked?.folder)
    }

    func addProcess(_ name: String) throws(HostError) {
        let slot = try freeSlot()
        var end: UInt64 = 0
        let pid = host_spawn(slots, descriptor, Int32(slot), &end)
        guard pid > 0 else { throw HostError("cannot make a process", pid) }
        children[name] = Child(slot: slot, pid: pid, shift: Int(end >> 12) - Host.topPage)
    }

    func addThread(_ name: String, of owner: String) {
        threads[name] = Thread(process: process(of: owner))
    }

    /// The process that a process or thread is part of.
    func process(of name: String) -> String { threads[name]?.process ?? name }

    /// The process that a process or thread is part of; nil for a dead one.
    func child(_ name: String) -> Child? {
        guard let child = children[process(of: name)], child.isAlive else { return nil }
        return child
    }

    private func freeSlot() throws(HostError) -> Int {
        guard slotsUsed < Int(HOST_SLOTS) else {
            throw HostError(Executable.tooManyTasks, 0)
        }
        slotsUsed += 1
        return slotsUsed - 1
    }

    /// Whether one more process can be served, beside the threads that have done nothing yet.
    var canFork: Bool { slotsUsed + threads.values.count { $0.slot == nil } < Int(HOST_SLOTS) }

    func pin() { host_pin_to_one_cpu() }

    // MARK: Requests

    /// How a request ended in its child.
    enum Ending {
        /// What the call returned, or minus the error number.
        case done(Int64)
        /// The signal that killed the child; 0 for an exit.
        case died(signal: Int32)
    }

    struct Faults: Equatable {
        var minor = 0
        var major = 0
    }

    struct Answer {
        var ending: Ending
        var faults: Faults
        var value: UInt32
        var isRefused: Bool
    }

    /// Has a process or thread carry out a request. nil for a dead one.
    func run(_ name: String, _ request: host_request) throws(HostError) -> Answer? {
        guard let child = child(name) else { return nil }
        return try run(name, child, slot: try slot(name, child), request)
    }

    private func run(
        _ name: String, _ child: Child, slot: Int, _ request: host_request
    ) throws(HostError) -> Answer {
        var request = request
        var answer = host_answer()
        let error = host_run(slots, Int32(slot), child.pid, &request, &answer)
        if error < 0 || answer.signal >= 0 { children[process(of: name)]?.isAlive = false }
        guard error >= 0 else { throw HostError("a child process does not answer", error) }
        return Answer(
            ending: answer.signal < 0 ? .done(answer.result) : .died(signal: answer.signal),
            faults: Faults(minor: Int(answer.minor), major: Int(answer.major)), value: answer.value,
            isRefused: answer.refused)
    }

    /// The slot that a process or thread serves.
    private func slot(_ name: String, _ child: Child) throws(HostError) -> Int {
        guard let thread = threads[name] else { return child.slot }
        if let slot = thread.slot { return slot }
        let slot = try freeSlot()
        let request = host_request(HOST_THREAD, arguments: [Int64(slot)])
        let ending = try run(thread.process, child, slot: child.slot, request).ending
        guard case .done(let id) = ending else { throw HostError("a thread's process is gone", 0) }
        guard id > 0 else { throw HostError("cannot make a thread", Int32(id)) }
        guard host_await(slots, Int32(slot)) else {
            throw HostError("a thread does not answer", -ETIMEDOUT)
        }
        threads[name]?.slot = slot
        return slot
    }

    /// fork(2): a child of the supervisor with the parent's memory. nil for a dead parent.
    func fork(_ parent: String, _ name: String) throws(HostError) -> Ending? {
        guard let shift = child(parent)?.shift else { return nil }
        let slot = try freeSlot()
        let request = host_request(HOST_FORK, arguments: [Int64(slot)])
        guard let ending = try run(parent, request)?.ending else { return nil }
        if case .done(let pid) = ending, pid > 0 {
            children[name] = Child(slot: slot, pid: pid_t(pid), shift: shift)
            guard host_await(slots, Int32(slot)) else {
                throw HostError("a child process does not answer", -ETIMEDOUT)
            }
        }
        return ending
    }
}

extension host_request {
    init(_ command: host_command, number: Int64 = 0, arguments: [Int64] = []) {
        self.init()
        self.command = command
        self.number = number
        let a = arguments + Array(repeating: 0, count: 6 - arguments.count)
        self.arguments = (a[0], a[1], a[2], a[3], a[4], a[5])
    }
}

/// What this kernel shows to this user, and why not the rest.
public final class HostAbilities {
    let reader: host_reader?
    let readerProblem: String?
    let kpageflags: Int32
    /// Frame numbers in pagemap.
    let seesFrames: Bool
    let cachestatProblem: String?
    let ramfsProblem: String?
    public let kernel: String

    public init() {
        var reader = host_reader()
        var why: UnsafePointer<CChar>?
        let error = host_reader_open(&reader, &why)
        self.reader = error == 0 ? reader : nil
        readerProblem =
            error == 0
            ? nil
            : "\(why.map { String(cString: $0) } ?? "BPF"): \(String(cString: strerror(-error)))"
        kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC)
        var release = [CChar](repeating: 0, count: 256)
        _ = host_uname(&release, 256)
        kernel = release.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        seesFrames = HostAbilities.ownFrame() != 0
        var stat = host_cachestat()
        let file = host_create_memfd()
        let result = host_cachestat(file, 0, 4096, &stat)
        if file >= 0 { close(file) }
        let ramfs = host_create_on_ramfs()
        if ramfs >= 0 { close(ramfs) }
        ramfsProblem = ramfs >= 0 ? nil : String(cString: strerror(-ramfs))
        cachestatProblem = result == 0 ? nil : "cachestat(2): \(String(cString: strerror(-result)))"
    }

    deinit {
        if var reader { host_reader_close(&reader) }
        if kpageflags >= 0 { close(kpageflags) }
    }

    private static func ownFrame() -> UInt64 {
        let page = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 4096)
        defer { page.deallocate() }
        page.storeBytes(of: 1, as: UInt8.self)
        let map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
        defer { if map >= 0 { close(map) } }
        var entry: UInt64 = 0
        guard map >= 0, pread(map, &entry, 8, (Int(bitPattern: page) >> 12) << 3) == 8 else { return 0 }
        return entry & ((1 << 55) - 1)
    }
}
