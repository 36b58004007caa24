import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyVerify

/// The comparison finds what differs, wherever it is, and counts nothing that was not revealed.
@Suite struct ComparisonTests {
    private let machine: Machine
    private let host: HostState

    init() throws {
        let text = """
            kernel 6.18
            file db 4 ext4 cached
            process A
            process B
            A mmap m db rw shared
            B mmap m db[0..1] r private
            A read m[0]
            B read m[0]
            A write m[1] 7
            """
        let scenario = try ScenarioParser.parse(text, name: "comparison").get()
        var session = try Session(scenario)
        _ = try session.run(keepsHistory: false)
        machine = session.machine
        host = ComparisonTests.host(as: machine)
    }

    /// What a host that agrees with the model in everything would show.
    private static func host(as machine: Machine) -> HostState {
        var state = HostState()
        for file in machine.state.files {
            var found = HostState.FileState()
            found.size = machine.size(of: file)
            found.cached = Set(machine.cachedPages(file))
            found.dirty = Set(machine.cachedPages(file, where: machine.isDirty))
            found.writeback = []
            for index in 0..<found.size where !found.dirty!.contains(index) { found.disk[index] = 0 }
            state.files[machine.name(of: file)] = found
        }
        for process in machine.state.processes {
            var found = HostState.ProcessState()
            found.ptes = [:]
            for view in machine.vmaViews(of: process) {
                found.vmas.append(
                    .init(
                        pages: view.pages,
                        permissions: view.flags.letters + (view.flags.contains(.shared) ? "s" : "p"),
                        file: machine.name(of: view.file), pgoff: view.pgoff))
                for vpn in view.pages {
                    let entry = machine.page(0, at: vpn, in: view.vma).pte ?? .empty
                    let frame = UInt64(entry.folio.raw)
                    found.pageMap[vpn] = .init(word: (entry.isMapped ? 1 << 63 : 0) | 1 << 61 | frame)
                    found.ptes![vpn] = hardware(entry)
                }
            }
            state.processes[machine.name(of: process)] = found
        }
        return state
    }

    private static func hardware(_ entry: PTE) -> HardwarePTE {
        var word: UInt64 = 0
        if entry.present { word |= 1 }
        if entry.write { word |= 2 }
        if entry.user { word |= 4 }
        if entry.accessed { word |= 1 << 5 }
        // The kernel keeps D elsewhere while W is clear.
        if entry.dirty { word |= entry.write ? 1 << 6 : 1 << 58 }
        if !entry.execute { word |= 1 << 63 }
        return HardwarePTE(word: word)
    }

    private func compare(
        _ host: HostState, _ options: StepComparison.Options = .init()
    ) -> Findings {
        var step = StepComparison(line: 1, command: "test")
        step.compare(machine, host, options)
        return step.result
    }

    @Test func equalStatesAreEqual() {
        let result = compare(host)
        #expect(result.differences == [])
        for observable in Observable.allCases
        where ![.outcome, .value, .faults].contains(observable) {
            #expect(result.counts[observable, default: 0] > 0, "\(observable)")
        }
    }

    /// Each kind of disagreement is found, alone, and at its place.
    @Test(arguments: [Observable.size, .cached, .dirty, .writeback, .disk, .vmas, .present, .frames, .ptes])
    func aDifferenceIsFound(in observable: Observable) throws {
        var host = host
        let first = try #require(host.processes["A"]?.vmas.first?.pages.lowerBound)
        switch observable {
        case .size: host.files["db"]!.size = 3
        case .cached: host.files["db"]!.cached!.remove(2)
        case .dirty: host.files["db"]!.dirty!.insert(2)
        case .writeback: host.files["db"]!.writeback!.insert(2)
        case .disk: host.files["db"]!.disk[2] = 9
        case .vmas: host.processes["A"]!.vmas[0].permissions = "r--s"
        case .present: host.processes["A"]!.pageMap[first + 2]!.word ^= 1 << 63
        case .frames: host.processes["A"]!.pageMap[first]!.word ^= 1 << 40
        default: host.processes["A"]!.ptes![first + 1]!.word ^= 2
        }
        let differences = compare(host).differences
        #expect(!differences.isEmpty)
        #expect(differences.allSatisfy { $0.observable == observable })
        if observable == .ptes {
            #expect(differences.first?.place == "A m[1]")
            #expect(differences.first?.model == "PWU.D-")
            #expect(differences.first?.host == "P-U.D-")
        }
    }

    @Test func aBitsCountOnRequestOnly() throws {
        var host = host
        let first = try #require(host.processes["A"]?.vmas.first?.pages.lowerBound)
        host.processes["A"]!.ptes![first]!.word ^= 1 << 5
        #expect(compare(host).differences == [])
        #expect(compare(host).omissions[.ptes] != nil)
        let strict = compare(host, .init(accessed: true))
        #expect(strict.differences.map(\.place) == ["A m[0]"])
    }

    /// What was not revealed is neither equal nor different: it is not counted, and said.
    @Test func whatIsNotRevealedIsNotCompared() {
        var host = host
        host.files["db"]!.dirty = nil
        for name in host.processes.keys { host.processes[name]!.ptes = nil }
        let result = compare(host, .init(readerProblem: "BPF is refused", seesFrames: false))
        #expect(result.counts[.dirty] == nil)
        #expect(result.counts[.ptes] == nil)
        #expect(result.counts[.frames] == nil)
        #expect(result.omissions[.ptes]?.contains("BPF is refused") == true)
        #expect(result.omissions[.dirty] != nil)
        #expect(result.omissions[.frames] != nil)
        #expect(result.differences == [])
        let blind = compare(host, .init(cachestatProblem: "no cachestat"))
        #expect(blind.counts[.cached] == nil)
        #expect(blind.omissions[.cached] == ["no cachestat"])
    }

    @Test func hardwareBitsReadLikeTheModels() {
        #expect(HardwarePTE(word: 0).description == "------")
        #expect(HardwarePTE(word: 0x67 | 1 << 63).description == "PWUAD-")
        #expect(HardwarePTE(word: 0x25).description == "P-UA-X")
        // D kept aside, W clear.
        #expect(HardwarePTE(word: 0x25 | 1 << 58 | 1 << 63).description == "P-UAD-")
        // PROT_NONE: present for the kernel only.
        #expect(HardwarePTE(word: 0x160).description == "---AD-")
    }
}

/// Which scenarios can be carried out, and what stands in the way of the others.
@Suite struct ExecutableTests {
    @Test(arguments: [
        ("kernel 2.6.19", 1), ("rule fault-around 1", 1), ("frames 100", 1),
        ("file g 2 tmpfs mkwrite", 1), ("file g 2 ext4 folio=2", 1),
    ])
    func setUpThatNoHostCanDo(line: String, number: Int) throws {
        let text = line + "\nfile db 1 ext4\nprocess A\nA pread db[0]"
        let scenario = try ScenarioParser.parse(text, name: "x").get()
        #expect(Executable.obstacle(in: scenario)?.line == number)
    }

    @Test(arguments: [
        "crash", "strip db[0]", "journal db", "writeback db start", "W: A pread db[0]",
        "ftruncate",
    ])
    func linesThatNoHostCanDo(line: String) throws {
        let isExecutable = line == "ftruncate"
        let text = "file db 1 ext4\nprocess A\n" + (isExecutable ? "A ftruncate db 3" : line)
        let scenario = try ScenarioParser.parse(text, name: "x").get()
        let statement = try #require(scenario.statements.last)
        #expect((Executable.reason(against: statement) == nil) == isExecutable)
    }

    /// Lines of W, whose label is the only thing in a host's way as long as nobody else acts.
    @Test(arguments: [
        ("W: A write m[0]\nstep W until do_wp_page\nexpect db[0] !dirty\nsay \"x\"\nstep W 2\nfinish W", true),
        ("W: A write m[0]\nfinish W\nW: A write m[0]\nfinish W", true),
        ("W: A write m[0]\nA pread db[0]\nfinish W", false),
        ("W: A write m[0]\nstep device\nfinish W", false),
        ("W: A write m[0]\nV: A pread db[0]\nfinish W\nfinish V", false),
        ("W: A write m[0]\nstep W 2", false),
    ])
    func labelsThatNobodyComesBetween(lines: String, isPlain: Bool) throws {
        let setUp = "file db 1 ext4 cached\nprocess A\nA mmap m db rw shared\n"
        let scenario = try ScenarioParser.parse(setUp + lines + "\nexpect faults minor=1", name: "x").get()
        let plain = Executable.unlabelled(scenario)
        #expect(plain.statements.allSatisfy { Executable.reason(against: $0) == nil } == isPlain)
        #expect((plain == scenario) == !isPlain)
        #expect(plain.statements.last == scenario.statements.last)
        // What is left is a scenario with the same operations on the same lines.
        let operations = { (scenario: Scenario) in
            scenario.statements.filter { if case .operation = $0.command { true } else { false } }.map(\.location)
        }
        #expect(operations(plain) == operations(scenario))
    }
}
