// What watching costs: the process that is watched, and the one that watches. Rounds are interleaved,
// and ratios are of medians of one run.

import DirtyLive
import Glibc
import HostKernel
import LiveModel

/// A process that stores to pages and syncs them, one request at a time.
final class WatchedWorker {
    static let pages = 2048
    private let slots: OpaquePointer
    private var descriptor: Int32 = -1
    let id: Int32

    init?() {
        guard let slots = host_slots_create(&descriptor) else { return nil }
        self.slots = slots
        var end: UInt64 = 0
        id = host_spawn(slots, descriptor, 0, &end)
        if id <= 0 { return nil }
    }

    deinit {
        host_kill(id)
        var status: Int32 = 0
        waitpid(id, &status, 0)
        host_slots_destroy(slots, descriptor)
    }

    @discardableResult
    func run(_ command: host_command, _ number: Int64, _ arguments: [Int64], store: Bool = false) -> Int64 {
        var request = host_request()
        request.command = command
        request.number = number
        request.store = store
        let a = arguments + Array(repeating: 0, count: 6 - arguments.count)
        request.arguments = (a[0], a[1], a[2], a[3], a[4], a[5])
        var answer = host_answer()
        return host_run(slots, 0, id, &request, &answer) == 0 ? answer.result : -1
    }

    func map(_ pages: Int, flags: Int32, file: Int32) -> Int64 {
        run(
            HOST_CALL, host_nr_mmap,
            [0, Int64(pages) << 12, Int64(PROT_READ | PROT_WRITE), Int64(flags), Int64(file), 0])
    }
}

enum LiveBenchmark {
    private enum Watching: CaseIterable {
        case nobody, tables, events, often

        var name: String {
            switch self {
            case .nobody: "write-protect fault of a process, unwatched"
            case .tables: "the same, looked at 10 times a second"
            case .events: "the same, and events told"
            case .often: "the same, looked at 60 times a second"
            }
        }

        var options: LiveOptions {
            var options = LiveOptions()
            options.timingFolder = nil
            options.whyNoEvents = self == .tables ? "left out" : nil
            options.rate = self == .often ? 60 : 10
            options.share = 0.5
            return options
        }
    }

    static func run(_: [String]) {
        if let missing = LiveSampler.missing() { return print("this host does not show everything: \(missing)") }
        watched()
        million()
    }

    /// Looks while a round lasts: before it, and then as often as the options want.
    private static func watched() {
        let file = host_create_unnamed("/var/tmp")
        let page = [UInt8](repeating: 0, count: 4096)
        for index in 0..<WatchedWorker.pages { pwrite(file, page, 4096, off_t(index * 4096)) }
        guard let worker = WatchedWorker() else { return print("no process can be made") }
        let at = worker.map(WatchedWorker.pages, flags: MAP_SHARED, file: file)
        let bytes = Int64(WatchedWorker.pages) << 12
        func clean() { worker.run(HOST_CALL, host_nr_msync, [at, bytes, Int64(MS_SYNC)]) }
        worker.run(HOST_ACCESS, 0, [at, Int64(WatchedWorker.pages), 0], store: true)
        var figures: [[Double]] = Array(repeating: [], count: Watching.allCases.count)
        var looks: [Double] = []
        for _ in 0..<9 {
            for (index, watching) in Watching.allCases.enumerated() {
                let sampler = watching == .nobody
                    ? nil : try? LiveSampler(processes: [worker.id], title: "", options: watching.options)
                var spent = 0.0
                let repeats = 8
                var latest = sampler?.sample()
                for _ in 0..<repeats {
                    clean()
                    // The time of another process: what has elapsed, not this one's processor time.
                    let start = nanoseconds()
                    worker.run(HOST_ACCESS, 0, [at, Int64(WatchedWorker.pages), 0], store: true)
                    spent += Double(nanoseconds() - start) / Double(WatchedWorker.pages)
                    if let sampler, let last = latest, sampler.untilDue(after: last) == 0 {
                        latest = sampler.sample()
                        looks.append(Double(latest!.cost) / 1000)
                    } else {
                        sampler?.drain()
                    }
                }
                figures[index].append(spent / Double(repeats))
            }
        }
        close(file)
        print("nanoseconds                                       least   median     most  to unwatched")
        for (index, watching) in Watching.allCases.enumerated() {
            row(watching.name, figures[index], index == 0 ? nil : median(figures[0]))
        }
        print("\nmicroseconds")
        if !looks.isEmpty { row("one look at \(WatchedWorker.pages) pages that have changed", looks, nil) }
    }

    /// A million entries of the page of zeros: the page tables are there, the memory is not needed.
    private static func million() {
        let pages = 1 << 20
        guard let worker = WatchedWorker() else { return }
        let at = worker.map(pages, flags: MAP_PRIVATE | MAP_ANONYMOUS, file: -1)
        worker.run(HOST_ACCESS, 0, [at, Int64(pages), 0])
        var options = LiveOptions()
        options.timingFolder = nil
        options.choice = .everything
        guard let sampler = try? LiveSampler(processes: [worker.id], title: "", options: options) else { return }
        let first = sampler.sample()
        let area = first.area(worker.id, at: UInt64(at))
        let present = area.map { $0.tables.reduce(0) { $0 + $1.pages.count { $0.entry.contains(.present) } } } ?? 0
        var looks: [Double] = []
        for _ in 0..<9 {
            worker.run(HOST_ACCESS, 0, [at, 64, 0], store: true)
            looks.append(Double(sampler.sample().cost) / 1000)
        }
        row("first look at \(present) present entries", [Double(first.cost) / 1000], nil)
        row("each further look", looks, nil)
    }
}
