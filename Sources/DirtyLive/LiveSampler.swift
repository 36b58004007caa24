import Glibc
import HostKernel
import LiveModel

/// Looks at processes from outside: nobody is stopped, nothing is written to them.
public final class LiveSampler {
    public private(set) var header: LiveHeader
    private let options: LiveOptions
    private let reader = AreaReader()
    private let events: EventReader
    private var processes: [WatchedProcess] = []
    private var ledger = LiveLedger()
    private let start: UInt64
    private var number = 0
    /// The areas of the look before: what an event between the two may be about.
    private var lastAreas: [LiveArea] = []
    private let file: FileTarget?
    public private(set) var keeper: RateKeeper
    /// Looks a second that are wanted, which may be changed at any time.
    public var rate: Double {
        get { header.rate }
        set {
            guard newValue != header.rate else { return }
            header.rate = newValue
            keeper.want(rate: newValue)
        }
    }

    /// Watches processes, from where they are now.
    public convenience init(processes: [Int32], title: String, options: LiveOptions) throws(LiveError) {
        try self.init(processes, file: nil, title: title, options)
    }

    /// Watches a file, and every process that maps it, now or later.
    public convenience init(file path: String, options: LiveOptions) throws(LiveError) {
        let file = try FileTarget(path)
        try self.init([], file: file, title: "file \(path)", options)
    }

    private init(_ ids: [Int32], file: FileTarget?, title: String, _ options: LiveOptions) throws(LiveError) {
        self.options = options
        self.file = file
        events = EventReader(unless: options.whyNoEvents)
        keeper = RateKeeper(rate: options.rate, share: options.share)
        header = LiveHeader(kernel: Self.kernel, title: title, rate: options.rate)
        var times: [UInt64] = [0, 0, 0]
        if let folder = options.timingFolder, host_fault_times(folder, &times) == 0 {
            header.faultTimes = FaultTimes(
                absentLoad: times[0], absentStore: times[1], writeProtect: times[2])
        }
        start = host_now()
        for id in ids {
            let process = try WatchedProcess(id)
            add(process)
            guard process.areas() != nil else {
                throw LiveError("process \(id): /proc/\(id)/maps may not be read: \(errorText(errno))")
            }
        }
        if let file { findMappers(of: file, force: true) }
        header.sources = sources
    }

    /// Why something that the hardware and the kernel know is not to be had here, seen on a file that
    /// this process maps for it; nil where everything is.
    public static func missing() -> String? {
        let file = Descriptor(host_create_memfd())
        guard let file, ftruncate(file.number, 4096) == 0,
            let page = mmap(nil, 4096, PROT_READ, MAP_SHARED, file.number, 0), page != MAP_FAILED
        else { return "no memory to look at" }
        defer { munmap(page, 4096) }
        do {
            let sampler = try LiveSampler(processes: [getpid()], title: "", options: LiveOptions())
            _ = sampler.sample()
            return sampler.header.sources.first { $0.obstacle != nil }.map { "\($0.name): \($0.obstacle!)" }
        } catch {
            return error.message
        }
    }

    private static var kernel: String {
        var name = [CChar](repeating: 0, count: 256)
        guard host_uname(&name, 256) == 0 else { return "Linux" }
        return "Linux " + String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private var sources: [LiveSource] {
        [
            LiveSource(
                name: "pte", means: "page tables, copied by a BPF program", obstacle: reader.tables.obstacle),
            LiveSource(
                name: "present", means: reader.tables.canRead ? "the same" : "/proc/PID/pagemap",
                obstacle: reader.pagemapObstacle),
            LiveSource(
                name: "folio", means: "/proc/kpageflags, /proc/kpagecount", obstacle: reader.frames.obstacle),
            LiveSource(name: "cache", means: "cachestat(2)", obstacle: reader.cacheObstacle),
            LiveSource(
                name: "smaps", means: "/proc/PID/smaps",
                obstacle: processes.lazy.compactMap(\.smapsObstacle).first),
            LiveSource(name: "events", means: "tracepoints, by BPF programs", obstacle: events.obstacle),
        ]
    }

    private func add(_ process: WatchedProcess) {
        if let identity = reader.tables.canRead ? reader.tables.identity(process.pidfd) : nil {
            process.outerID = identity.tgid
            process.addressSpace = identity.addressSpace
            events.watch(identity.tgid, span: nil)
        }
        processes.append(process)
    }

    /// Empties the ring of events between two samples. New mappings are noticed at once, so that what
    /// becomes of their files is told from then on.
    public func drain() {
        guard events.drain(), file == nil else { return }
        for process in processes where !process.process.hasEnded {
            for area in process.areas() ?? [] where options.wants(area) { events.watch(area.file) }
        }
    }

    /// Nanoseconds until the next look is due.
    public func untilDue(after sample: LiveSample) -> UInt64 {
        let due = start + sample.time + keeper.interval
        let now = host_now()
        return due > now ? due - now : 0
    }

    // MARK: A look

    public func sample() -> LiveSample {
        let began = host_now()
        number += 1
        var sample = LiveSample(number: number, time: began - start)
        if let file { findMappers(of: file, force: false) }
        reader.begin()
        // What came before the look is told with it; what comes during it belongs to the next one.
        let raw = events.take()
        var found: [LiveArea] = []
        for process in processes { found += look(at: process, now: began) }
        sample.areas = found
        if let file { sample.areas.insert(contentsOf: file.area(found, reader), at: 0) }
        reader.finish()
        sample.events = tell(raw, now: found)
        sample.accounts = ledger.accounts
        sample.lostEvents = events.lost
        lastAreas = found
        sample.processes = processes.map(\.process)
        sample.notes = reader.notes
        header.sources = sources
        sample.cost = host_now() - began
        keeper.note(cost: sample.cost)
        sample.rate = keeper.rate
        return sample
    }

    private func look(at process: WatchedProcess, now: UInt64) -> [LiveArea] {
        guard !process.process.hasEnded else { return [] }
        if process.hasEnded {
            process.markEnded()
            return []
        }
        if reader.tables.canRead, let identity = reader.tables.identity(process.pidfd),
            identity.addressSpace != process.addressSpace
        {
            process.addressSpace = identity.addressSpace
            process.noteExec()
        }
        process.refresh()
        guard var areas = process.areas() else { return [] }
        let totals = process.totals(now: now)
        var span: Range<UInt64>?
        for index in areas.indices {
            areas[index].totals = totals[areas[index].start]
            let isWanted = file.map { $0.file == areas[index].file } ?? options.wants(areas[index])
            guard isWanted else { continue }
            reader.read(&areas[index], of: process)
            events.watch(areas[index].file)
            span = (span?.lowerBound ?? areas[index].start)..<areas[index].end
        }
        if let id = process.outerID { events.watch(id, span: span) }
        return file == nil ? areas : areas.filter(\.isWatched)
    }

    /// Raw events as what they mean for the mappings before and now.
    private func tell(_ raw: [host_event], now: [LiveArea]) -> [LiveEvent] {
        let ids = Dictionary(
            processes.compactMap { process in process.outerID.map { ($0, process) } }, uniquingKeysWith: { $1 })
        let before = lastAreas.filter(\.isWatched)
        let after = now.filter(\.isWatched)
        /// A new mapping is known only now, an old one only from before.
        func area(_ process: Int32, _ address: UInt64) -> LiveArea? {
            before.first { $0.process == process && $0.contains(address) }
                ?? after.first { $0.process == process && $0.contains(address) }
        }
        // Which mappings show a file, and which of its pages.
        var mappers: [LiveFile: [(pages: Range<UInt64>, key: MappingKey)]] = [:]
        for area in after + before {
            let first = area.offset >> 12
            let mapper = (first..<first + UInt64(area.pageCount), area.key)
            if mappers[area.file]?.contains(where: { $0 == mapper }) != true { mappers[area.file, default: []].append(mapper) }
        }
        var result: [LiveEvent] = []
        for item in raw {
            let process = ids[item.tgid]
            guard var event = item.liveEvent(since: start, process: process?.id ?? Int32(truncatingIfNeeded: item.tgid))
            else { continue }
            switch event.kind {
            case .fault(let fault, let address, let instruction):
                guard let area = area(event.process, address) else { continue }
                event.mapping = area.key
                if fault == .writeProtect, !area.isWritable {
                    event.kind = .fault(.refused, address: address, instruction: instruction)
                }
            case .fork(let child): if options.followsForks { follow(child) }
            default: break
            }
            ledger.note(event) { file, page in
                let keys = Set((mappers[file] ?? []).filter { $0.pages.contains(page) }.map(\.key))
                // Who dirtied it is known; written it is for all who map it.
                let own = keys.filter { $0.process == event.process }
                if case .dirtied = event.kind, !own.isEmpty { return Array(own) }
                return Array(keys)
            }
            result.append(event)
        }
        return result
    }

    private func follow(_ id: Int32) {
        guard !processes.contains(where: { $0.id == id && !$0.process.hasEnded }),
            let child = try? WatchedProcess(id)
        else { return }
        add(child)
    }

    private func findMappers(of file: FileTarget, force: Bool) {
        for process in file.newMappers(known: Set(processes.filter { !$0.hasEnded }.map(\.id)), force: force) {
            add(process)
        }
    }

    /// Whether there is nobody left to look at.
    public var isOver: Bool { file == nil && processes.allSatisfy(\.process.hasEnded) }
}
