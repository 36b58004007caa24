import Glibc
import HostKernel
import Testing

@testable import DirtyLive

/// A real process that does one thing at a time and faults on nothing but what it is asked to touch.
final class Stepper {
    private let slots: OpaquePointer
    private var descriptor: Int32 = -1
    let id: Int32
    let file: Int32
    /// Faults that getrusage(2) counted so far.
    private(set) var faults = 0

    /// `pages` pages of a new file on a disk, clean and cached; or of a sparse one in memory.
    init(pages: Int, inMemory: Bool = false) throws {
        file = inMemory ? host_create_memfd() : host_create_unnamed("/var/tmp")
        try #require(file >= 0)
        if inMemory {
            try #require(ftruncate(file, pages << 12) == 0)
        } else {
            // One page at a time, so that each gets a folio of its own.
            let page = [UInt8](repeating: 0, count: 4096)
            for _ in 0..<pages { try #require(write(file, page, 4096) == 4096) }
            try #require(fsync(file) == 0)
        }
        slots = try #require(host_slots_create(&descriptor))
        var end: UInt64 = 0
        id = host_spawn(slots, descriptor, 0, &end)
        try #require(id > 0)
    }

    deinit {
        host_kill(id)
        var status: Int32 = 0
        waitpid(id, &status, 0)
        host_slots_destroy(slots, descriptor)
        close(file)
    }

    @discardableResult
    private func run(_ command: host_command, _ number: Int64, _ arguments: [Int64], store: Bool = false) throws -> Int64 {
        var request = host_request()
        request.command = command
        request.number = number
        request.store = store
        request.value = 7
        let a = arguments + Array(repeating: 0, count: 6 - arguments.count)
        request.arguments = (a[0], a[1], a[2], a[3], a[4], a[5])
        var answer = host_answer()
        try #require(host_run(slots, 0, id, &request, &answer) == 0)
        if command == HOST_ACCESS { faults += Int(answer.minor + answer.major) }
        return answer.result
    }

    func load(_ address: UInt64) throws { try run(HOST_ACCESS, 0, [Int64(address), 1, 0]) }
    func store(_ address: UInt64) throws { try run(HOST_ACCESS, 0, [Int64(address), 1, 0], store: true) }

    func map(_ pages: Int, protection: Int32 = PROT_READ | PROT_WRITE, flags: Int32 = MAP_SHARED) throws -> UInt64 {
        let at = try run(
            HOST_CALL, host_nr_mmap, [0, Int64(pages) << 12, Int64(protection), Int64(flags), Int64(file), 0])
        try #require(at > 0)
        return UInt64(at)
    }

    func call(_ number: Int64, _ arguments: Int64...) throws {
        #expect(try run(HOST_CALL, number, arguments) == 0)
    }

    /// Ends it, and waits until it is gone.
    func kill() {
        host_kill(id)
        var info = siginfo_t()
        waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT)
    }
}
