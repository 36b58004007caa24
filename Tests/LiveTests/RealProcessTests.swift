import DirtyMachine
import Glibc
import HostKernel
import LiveModel
import Testing

@testable import DirtyLive

/// What this machine lets `attach` see.
enum LiveHost {
    static let missing = LiveSampler.missing()
    static let why = Comment(rawValue: "this host does not show everything: \(missing ?? "")")
}

/// Real processes, step by step, on a kernel that shows everything.
@Suite(.enabled(if: LiveHost.missing == nil, LiveHost.why), .serialized)
struct RealProcessTests {
    private func watch(_ stepper: Stepper, _ choice: LiveOptions.Choice = .shared) throws -> LiveSampler {
        var options = LiveOptions()
        options.choice = choice
        options.timingFolder = nil
        return try LiveSampler(processes: [stepper.id], title: "stepper", options: options)
    }

    /// `pwud` and the page cache's letters of each page. A bits are cleared by others, too.
    private func letters(_ sample: LiveSample, _ process: Int32, _ address: UInt64, _ pages: Int) -> [String] {
        (0..<pages).map { index in
            guard let page = sample.page(process, at: address + UInt64(index) << 12) else { return "unmapped" }
            let bits = Array(page.entryLetters)
            return String([bits[0], bits[1], bits[2], bits[4]]) + " " + page.cacheLetters
        }
    }

    @Test func `each step shows in the page table, the page cache and the events`() throws {
        let stepper = try Stepper(pages: 4)
        let sampler = try watch(stepper)
        let at = try stepper.map(4)
        var sample = sampler.sample()
        let id = stepper.id
        #expect(letters(sample, id, at, 4) == Array(repeating: ".... c--", count: 4))
        #expect(sample.page(id, at: at)?.word == .cached)

        try stepper.load(at)
        sample = sampler.sample()
        #expect(letters(sample, id, at, 4) == Array(repeating: "p-u- c--", count: 4), "fault-around, write-protected")
        #expect(sample.page(id, at: at)?.word == .clean)

        try stepper.store(at + 0x1000)
        sample = sampler.sample()
        #expect(letters(sample, id, at, 4) == ["p-u- c--", "pwud cd-", "p-u- c--", "p-u- c--"])
        #expect(sample.page(id, at: at + 0x1000)?.word == .dirty)
        #expect(sample.page(id, at: at + 0x1000)?.folio.contains(.dirty) == true)
        #expect(sample.page(id, at: at + 0x1000)?.mapCount == 1)

        try stepper.store(at + 0x2000)
        try stepper.store(at + 0x2000)
        sample = sampler.sample()
        #expect(letters(sample, id, at, 4) == ["p-u- c--", "pwud cd-", "pwud cd-", "p-u- c--"])
        let key = try #require(sample.area(id, at: at)?.key)
        #expect(sample.accounts[key]?.writeProtects == 2)

        try stepper.call(host_nr_msync, Int64(at), 4 << 12, Int64(MS_SYNC))
        sample = sampler.sample()
        #expect(letters(sample, id, at, 4) == Array(repeating: "p-u- c--", count: 4), "cleaned and armed again")
        let kinds = sample.events.map(\.kind)
        let file = try #require(sample.area(id, at: at)?.file)
        #expect(kinds.first == .call("msync", [at, 4 << 12, UInt64(MS_SYNC)]))
        #expect(kinds.last == .returned("msync", 0))
        #expect(kinds.contains(.written(file, page: 1, pages: 2)))

        try stepper.store(at + 0x1000)
        try stepper.call(host_nr_mprotect, Int64(at), 1 << 12, Int64(PROT_READ))
        sample = sampler.sample()
        #expect(letters(sample, id, at, 4) == ["p-u- c--", "pwud cd-", "p-u- c--", "p-u- c--"])
        #expect(sample.area(id, at: at)?.permissions == "r--s")
        #expect(sample.area(id, at: at)?.pageCount == 1)
        #expect(sample.area(id, at: at + 0x1000)?.pageCount == 3)

        try stepper.call(host_nr_munmap, Int64(at), 4 << 12)
        sample = sampler.sample()
        #expect(letters(sample, id, at, 4) == Array(repeating: "unmapped", count: 4))

        // All faults were told, and nothing else: the process counted the same.
        let account = try #require(sample.accounts[key])
        #expect(account.absentLoads == 1)
        #expect(account.writeProtects == 3)
        #expect(account.absentStores == 0)
        #expect(account.refused == 0)
        #expect(stepper.faults == 4)
        #expect(account.dirtied == 3)
        #expect(account.written == 2)
        #expect(account.cleaned == 2)
        #expect(sample.lostEvents == 0)
    }

    @Test func `a page gets dirty, is written, and gets dirty again, in this order`() throws {
        let stepper = try Stepper(pages: 2)
        let sampler = try watch(stepper)
        let at = try stepper.map(2)
        _ = sampler.sample()
        for _ in 0..<3 {
            try stepper.store(at)
            try stepper.call(host_nr_fsync, Int64(stepper.file))
        }
        let sample = sampler.sample()
        let story = sample.events.compactMap { event -> String? in
            switch event.kind {
            case .fault(let fault, let address, _): address == at ? fault.rawValue : "elsewhere"
            case .dirtied(_, let page, let pages): "dirty \(page)+\(pages)"
            case .written(_, let page, let pages): "written \(page)+\(pages)"
            case .call(let name, _): name
            default: nil
            }
        }
        #expect(
            story == [
                "absent-store", "dirty 0+1", "fsync", "written 0+1", "write-protect", "dirty 0+1", "fsync",
                "written 0+1", "write-protect", "dirty 0+1", "fsync", "written 0+1",
            ])
        #expect(zip(sample.events, sample.events.dropFirst()).allSatisfy { $0.time <= $1.time })
        #expect(sample.events.allSatisfy { $0.process == stepper.id })
    }

    @Test func `a store that is not allowed is told as refused`() throws {
        let stepper = try Stepper(pages: 1)
        let sampler = try watch(stepper)
        let at = try stepper.map(1, protection: PROT_READ)
        try stepper.load(at)
        _ = sampler.sample()
        try stepper.store(at)  // the process dies of it
        let sample = sampler.sample()
        let refused = sample.events.count { if case .fault(.refused, at, _) = $0.kind { true } else { false } }
        #expect(refused >= 1)
        #expect(sample.processes[0].hasEnded)
        #expect(sampler.isOver)
    }

    @Test func `a mapping of 1 TiB costs what is in it`() throws {
        let stepper = try Stepper(pages: 1 << 28, inMemory: true)
        let sampler = try watch(stepper)
        let at = try stepper.map(1 << 28, flags: MAP_SHARED | MAP_NORESERVE)
        for page: UInt64 in [0, 1 << 18, 1 << 27, 1 << 28 - 1] { try stepper.store(at + page << 12) }
        let sample = sampler.sample()
        let area = try #require(sample.area(stepper.id, at: at))
        #expect(area.pageCount == 1 << 28)
        #expect(area.tables.count == 4)
        let written = area.tables.flatMap { table in
            table.pages.indices.filter { table.pages[$0].entry.isSuperset(of: [.present, .write, .dirty]) }
                .map { table.first + $0 }
        }
        #expect(written == [0, 1 << 18, 1 << 27, 1 << 28 - 1])
        // tmpfs has no tags; the folio's own flag tells.
        #expect(area.page(1 << 27).cacheLetters == "c??")
        #expect(area.page(1 << 27).word == .dirty)
    }

    @Test func `a private copy is anonymous, an entry without access is protected`() throws {
        let stepper = try Stepper(pages: 2)
        let sampler = try watch(stepper, .files)
        let at = try stepper.map(2, flags: MAP_PRIVATE)
        try stepper.load(at)
        try stepper.store(at)
        try stepper.call(host_nr_mprotect, Int64(at) + 4096, 4096, Int64(PROT_NONE))
        let sample = sampler.sample()
        let page = try #require(sample.page(stepper.id, at: at))
        #expect(page.word == .anonymous)
        #expect(page.entry.isSuperset(of: [.present, .write, .dirty]))
        let other = try #require(sample.page(stepper.id, at: at + 4096))
        #expect(other.entry.contains(.protected))
        #expect(!other.entry.contains(.present))
        // Its frame is still the page cache's, under no disguise.
        #expect(other.folio.contains(.mapped))
        #expect(other.mapCount == 1)
    }

    @Test func `the end of a process is noticed, and its number means nobody else`() throws {
        let stepper = try Stepper(pages: 1)
        let sampler = try watch(stepper)
        #expect(!sampler.isOver)
        #expect(sampler.sample().processes.map(\.hasEnded) == [false])
        stepper.kill()
        let sample = sampler.sample()
        #expect(sample.processes.map(\.hasEnded) == [true])
        #expect(sample.areas.isEmpty)
        #expect(sampler.isOver)
        #expect(throws: LiveError.self) { try watch(stepper) }
    }

    @Test func `a program that is started is seen from its exec to its end`() throws {
        let program = try StartedProgram(["/bin/true"], output: nil, toStandardError: false)
        let sampler = try LiveSampler(processes: [program.id], title: "true", options: LiveOptions())
        var events = sampler.sample().events
        try program.run()
        while !sampler.isOver { events += sampler.sample().events }
        events += sampler.sample().events
        #expect(events.contains { $0.kind == .exec && $0.process == program.id })
        #expect(events.last { $0.process == program.id }?.kind == .exit)
        #expect(program.finish() == 0)
    }

    @Test func `a program that does not exist is told`() throws {
        let program = try StartedProgram(["/nowhere/nothing"], output: nil, toStandardError: false)
        #expect { try program.run() } throws: { ($0 as? LiveError)?.isMissing == true }
    }

    @Test func `a file shows who maps it`() throws {
        let stepper = try Stepper(pages: 3)
        let at = try stepper.map(3)
        try stepper.load(at)
        try stepper.store(at + 0x1000)
        var options = LiveOptions()
        options.timingFolder = nil
        let sampler = try LiveSampler(file: "/proc/self/fd/\(stepper.file)", options: options)
        let sample = sampler.sample()
        #expect(sample.processes.map(\.id) == [stepper.id])
        let file = try #require(sample.areas.first { $0.process == 0 })
        #expect((0..<3).map { file.page($0).word } == [.clean, .dirty, .clean])
        #expect(sample.area(stepper.id, at: at)?.isWatched == true)
    }
}
