@testable import DirtyMachine

/// A choice that the outside world makes: what to begin, and who acts next.
enum Move: Hashable {
    case process(String, threadOf: Ref<Process>?)
    case begin(Request)
    case step(Ref<Task>)
    case device(Ref<Bio>)
    case collect(Ref<Task>)
}

extension Machine {
    mutating func play(_ move: Move) {
        switch move {
        case .process(let name, nil): _ = addProcess(name)
        case .process(let name, let leader?): _ = addThread(name, of: leader)
        case .begin(let request): _ = begin(request)
        case .step(let task): _ = step(task)
        case .device(let bio): stepDevice(bio)
        case .collect(let task): collect(task)
        }
    }
}

/// Random operations of a few processes on two files, interleaved step by step.
struct RandomWalk {
    let seed: UInt64
    let profile: Profile
    var m: Machine
    private(set) var moves: [Move] = []
    private(set) var began: [Request] = []
    private var random: SeededGenerator
    private var born = 0
    private let crashes: Bool
    private let files: [Ref<File>]
    /// What only mmap takes.
    private let devices: [Ref<File>]
    /// Tasks at a time; 1 keeps operations from racing.
    let concurrency: Int
    /// Whether pokes, pins, mremap and populate come up.
    private let remotes: Bool
    /// Pages of the first file's folios.
    private let folio: Int

    init(
        seed: UInt64, _ profile: Profile, concurrency: Int = 4, frames: Int = 4096,
        devices: Bool = false, remotes: Bool = true, folio: Int = 1,
        _ change: (inout Rules) -> Void = { _ in }
    ) {
        var rules = profile.rules
        change(&rules)
        (self.seed, self.profile, self.concurrency) = (seed, profile, concurrency)
        (self.remotes, self.folio) = (remotes, folio)
        random = SeededGenerator(seed: seed)
        m = Machine(rules: rules, cpus: 2, frames: frames)
        if seed % 4 == 2 {
            m.setDirtyThresholds(background: folio, limit: 2 * folio, ratelimit: 1)
        }
        crashes = random.chance(10)
        // The files themselves must fit into memory.
        let cached = random.chance(70) && frames > 16
        let (fileSystem, data, memory) = RandomWalk.fileSystems(seed, profile)
        files = [
            m.addFile(
                "db", pages: random.pick(folio > 1 ? [4, 8, 10, 13] : [1, 1, 2, 5]), fileSystem,
                cached: cached, buffers: random.pick([1, 1, 4]), mkwrite: random.chance(20),
                data: data, folio: folio),
            m.addFile(
                "shm", pages: random.number(1...3), memory,
                cached: random.chance(50) && frames > 16),
        ]
        var drivers: [Ref<File>] = []
        for kind in DeviceKind.allCases.dropFirst() where devices {
            drivers.append(
                m.addDevice(
                    "dev\(kind.rawValue)", pages: 2, kind, mkwrite: random.chance(30),
                    hasMapping: random.chance(80)))
        }
        self.devices = drivers
    }

    /// Every other walk is on the journaling file system; the rest share the others.
    private static func fileSystems(
        _ seed: UInt64, _ profile: Profile
    ) -> (FileSystem, DataMode, FileSystem) {
        switch seed % 8 {
        case 1: (.xfs, .ordered, .ramfs)
        case 3: (.nfs, .ordered, .ramfs)
        case 5: (profile.journalingFileSystem, .journal, .tmpfs)
        case 7: (profile.journalingFileSystem, .writeback, .ramfs)
        default: (profile.journalingFileSystem, .ordered, .tmpfs)
        }
    }

    var description: String {
        "\(profile.rawValue), seed \(seed), move \(moves.count): \(m.state.tasks.map { stack($0) })"
    }

    private func stack(_ task: Ref<Task>) -> String {
        "\(m[task, .operation]): "
            + m.state.stack(of: task).map { "\($0.function) \($0.position)" }.joined(separator: " > ")
    }

    // MARK: Walking

    /// Makes one move; false if nothing can move any more.
    @discardableResult
    mutating func move() -> Bool {
        let alive = m.state.processes.filter { m.isAlive($0) }
        if alive.count < 2 {
            born += 1
            let leader = alive.first.flatMap { random.chance(50) ? $0 : nil }
            make(.process("P\(born)", threadOf: leader))
            return true
        }
        let tasks = m.state.tasks
        if let done = tasks.first(where: { m.isDone($0) }) {
            make(.collect(done))
            return true
        }
        let bios = m.pendingBios.filter { m.deviceCanStep($0) }
        if tasks.count < concurrency, random.chance(tasks.isEmpty ? 100 : 15),
            let request = request(alive)
        {
            began.append(request)
            make(.begin(request))
            return true
        }
        if !bios.isEmpty, random.chance(25) {
            make(.device(random.pick(bios)))
            return true
        }
        // A blocked task is tried as well: that must do nothing.
        for task in tasks.shuffled(using: &random) {
            make(.step(task))
            if m.waiting(task) == nil { return true }
        }
        if let bio = bios.first {
            make(.device(bio))
            return true
        }
        return completeWhatIsHeld()
    }

    /// Runs everything that has begun to its end; false on a deadlock.
    mutating func quiesce() -> Bool {
        while true {
            let tasks = m.state.tasks
            if tasks.isEmpty, m.pendingBios.isEmpty { return true }
            var moved = false
            for task in tasks {
                if m.isDone(task) {
                    make(.collect(task))
                    moved = true
                } else {
                    make(.step(task))
                    moved = moved || m.waiting(task) == nil
                }
            }
            for bio in m.pendingBios where m.deviceCanStep(bio) {
                make(.device(bio))
                moved = true
            }
            if !moved, !completeWhatIsHeld() { return false }
        }
    }

    private mutating func completeWhatIsHeld() -> Bool {
        guard let held = m.pendingBios.first, m.state.tasks.count < Task.maximumCount else {
            return false
        }
        let file = m[m[held, .folio], .mapping]
        guard !m.state.tasks.contains(where: { m[$0, .operation] == .complete }) else { return false }
        make(.begin(.complete(file, indices: 0...State.lastIndex)))
        return true
    }

    private mutating func make(_ move: Move) {
        moves.append(move)
        m.play(move)
    }

    // MARK: Choosing

    private mutating func request(_ alive: [Ref<Process>]) -> Request? {
        // Now and then a process does two things at once.
        let isBusy = random.chance(15)
        let idle = alive.filter { process in
            isBusy || !m.state.tasks.contains { m.process(of: $0) == process }
        }
        if idle.isEmpty || random.chance(30) { return kernelRequest() }
        let process = random.pick(idle)
        let file = random.pick(files)
        let vmas = m.vmas(of: process)
        if vmas.isEmpty || vmas.count < 6 && random.chance(12) { return mapping(process) }
        if random.chance(55) { return access(process, random.pick(vmas)) }
        let pages = range(in: random.pick(vmas), slack: random.chance(15) ? 2 : 0)
        if remotes, random.chance(25), let request = remote(process, alive) { return request }
        if remotes, seed % 2 == 1, random.chance(8) {
            return .remap(process, pages: pages, index: random.number(0...2))
        }
        switch random.number(0...14) {
        case 0: return .munmap(process, pages: pages)
        case 1, 2, 3:
            return .mprotect(
                process, pages: pages, random.pick([[], .read, [.read, .write], [.read, .write]]))
        case 4: return .madviseDontneed(process, pages: pages)
        case 5: return .msync(process, pages: pages, random.pick(MsyncMode.allCases))
        case 6, 7:
            return .ftruncate(
                process, files[0], pages: random.pick(folio > 1 ? [3, 6, 8, 13] : [0, 1, 2, 5]))
        case 14: return .pread(process, file, indices: indices(file))
        case 8, 9: return .pwrite(process, file, indices: indices(file), value: nil)
        case 10, 11: return .fsync(process, files[0])
        case 12: return .ftruncate(process, file, pages: random.pick([0, 1, 2, 5]))
        default:
            if alive.count > 3 || random.chance(10) { return .exit(process) }
            born += 1
            return .fork(process, child: "P\(born)", cpu: nil)
        }
    }

    /// Mostly one that does not kill the process.
    private mutating func access(_ process: Ref<Process>, _ vma: Ref<VMA>) -> Request {
        let isReckless = random.chance(2)
        let file = m[vma, .file]
        var pages = range(in: vma, slack: isReckless ? 1 : 0)
        if file.exists, !isReckless {
            let limit = m[vma, .start] + m.size(of: file) - m[vma, .pgoff] - 1
            pages = min(pages.lowerBound, max(m[vma, .start], limit))...min(
                pages.upperBound, max(m[vma, .start], limit))
        }
        let mayStore = isReckless || m[vma, .flags].contains(.write)
        return .access(process, pages: pages, store: mayStore && random.chance(75), value: nil)
    }

    private mutating func mapping(_ process: Ref<Process>) -> Request {
        var file = random.chance(80) ? random.pick(files) : Ref<File>.none
        if !devices.isEmpty, random.chance(30) { file = random.pick(devices) }
        let readOnly = random.chance(10)
        let access: Access = readOnly || random.chance(20) ? .read : [.read, .write]
        let first = file.exists && random.chance(30) ? random.number(0...2) : 0
        return .mmap(
            process, name: "m", file: file,
            pages: first...first + random.number(0...(folio > 1 ? 11 : 4)), access,
            shared: random.chance(70), readOnlyDescriptor: readOnly, populate: remotes && random.chance(20))
    }

    /// Operations on pages past their addresses, and one on addresses past their pages.
    private mutating func remote(_ process: Ref<Process>, _ alive: [Ref<Process>]) -> Request? {
        switch random.number(0...5) {
        case 0, 1:
            return .mremap(
                process, random.pick(m.state.mappings(of: process)), pages: random.number(0...6))
        case 2: return tracing(process, alive)
        default: return pinning(process)
        }
    }

    private mutating func tracing(_ process: Ref<Process>, _ alive: [Ref<Process>]) -> Request? {
        let target = random.pick(alive)
        let vmas = m.vmas(of: target)
        guard !vmas.isEmpty else { return nil }
        let pages = range(in: random.pick(vmas), slack: random.chance(10) ? 1 : 0)
        return random.chance(70)
            ? .poke(process, target: target, pages: pages, value: nil)
            : .peek(process, target: target, pages: pages)
    }

    private mutating func pinning(_ process: Ref<Process>) -> Request? {
        let mappings = m.state.mappings(of: process)
        if let mapping = mappings.first(where: { !m.pins(of: $0).isEmpty }), random.chance(75) {
            let index = m[m.pins(of: mapping)[0], .index]
            return random.chance(60)
                ? .pinwrite(process, mapping, pages: index...index, value: nil)
                : .unpin(process, mapping, pages: index...index)
        }
        guard !mappings.isEmpty else { return nil }
        let mapping = random.pick(mappings)
        let last = max(m.extent(of: mapping)?.pages ?? 1, 1) - 1
        let first = random.number(0...last)
        return .pin(process, mapping, pages: first...first + random.number(0...1), write: random.chance(75))
    }

    private mutating func kernelRequest() -> Request {
        let file = files[0]
        switch random.number(0...(crashes ? 40 : 39)) {
        case 0...9: return .writeback(file, indices: indices(file), start: random.chance(20))
        case 10...15: return .reclaim(random.pick(files), indices: 0...9)
        case 16...20: return .evict(random.pick(files), indices: 0...9)
        case 21...29: return .strip(file, indices: 0...9)
        case 30...39: return .journal(file)
        default: return .crash
        }
    }

    private mutating func indices(_ file: Ref<File>) -> ClosedRange<Int> {
        let first = random.number(0...max(0, m.size(of: file) - 1))
        return first...first + random.number(0...1)
    }

    private mutating func range(in vma: Ref<VMA>, slack: Int) -> ClosedRange<Int> {
        let (start, end) = (m[vma, .start] - slack, m[vma, .end] - 1 + slack)
        let first = random.number(start...end)
        return first...min(end, first + random.number(0...2))
    }
}

extension RandomWalk {
    /// A walk under rules of which about a third are set to something, each at random.
    static func withRandomRules(seed: UInt64, _ profile: Profile) -> RandomWalk {
        RandomWalk(seed: seed, profile, concurrency: 5, devices: true) { rules in
            rules.randomize(seed: seed, profile)
        }
    }

    /// The state before anything was declared.
    var unplayed: State {
        var machine = m
        machine.undo(to: 0)
        return machine.state
    }
}

extension Rules {
    mutating func randomize(seed: UInt64, _ profile: Profile) {
        var random = SeededGenerator(seed: seed &* 31)
        for knob in Switch.all where random.chance(35) {
            guard case .value = knob.standing(in: profile) else { continue }
            let words = knob.words.isEmpty ? ["1", "4", "16"] : knob.words
            _ = set(knob.name, random.pick(words), in: profile)
        }
    }
}
