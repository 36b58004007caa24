@testable import DirtyMachine

/// One page of a file or device that U, and its thread V, map shared and writable.
struct SwitchScene {
    static let valueA: UInt32 = 0xA
    static let valueX: UInt32 = 0xE
    var bench: Bench
    let file: Ref<File>
    let u: Ref<Process>
    let v: Ref<Process>
    private(set) var at = 0

    /// With rules as `rule NAME VALUE` sets them.
    init(_ profile: Profile, _ settings: [String: String] = [:]) {
        self.init(profile, settings) { bench in
            bench.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true)
        }
    }

    init(
        _ profile: Profile, _ settings: [String: String], maps: Bool = true,
        file make: (inout Bench) -> Ref<File>
    ) {
        bench = Bench(profile, cpus: 2) { rules in
            for (name, value) in settings {
                let verdict = rules.set(name, value, in: profile)
                precondition(verdict == .accepted, "\(name) \(value): \(verdict)")
            }
        }
        file = make(&bench)
        u = bench.m.addProcess("U", cpu: 0)
        v = bench.m.addThread("V", of: u, cpu: 1)
        if maps { at = bench.mmap(u, file, 0...0) }
    }

    var page: ClosedRange<Int> { at...at }
    var disk: UInt32 { bench.m.state.diskValue(file, 0) }
    var memory: UInt32 { bench.m.contents(bench.folio(file)) }
    var vma: Ref<VMA> { bench.m.state.vma(bench.m[u, .mm], covering: at) }
    var pageProt: String { bench.m.pieces(of: u)[0].pageProt }

    func breaks(_ invariant: Invariant) -> Bool { bench.m.violates(invariant) }

    mutating func store(_ value: UInt32 = SwitchScene.valueX) -> Report { bench.store(u, at, value) }

    /// Read-only and back.
    mutating func protectAndBack() {
        bench.mprotect(u, page, .read)
        bench.mprotect(u, page, [.read, .write])
    }

    /// Steps a task until it must wait, or ends.
    mutating func runUntilBlocked(_ task: Ref<Task>) -> WaitReason? {
        while true {
            switch bench.m.step(task) {
            case .stepped: continue
            case .finished: return nil
            case .blocked(let waiting):
                guard waiting.reason == .writeback, let bio = bench.m.pendingBios.first else {
                    return waiting.reason
                }
                bench.m.stepDevice(bio)
            }
        }
    }

    /// A write fault that asks for no permission, as get_user_pages() with force makes it.
    mutating func forcedWriteFault(_ process: Ref<Process>) {
        bench.m.setCause(task: 0, function: .scenario)
        let task = bench.m.beginTask(.write, process: process, label: 0, line: 0)
        bench.m[task, .vmfVMA] = vma
        bench.m[task, .vmfAddress] = at
        bench.m[task, .vmfWrite] = true
        bench.m.push(.handle_mm_fault, on: task)
        bench.m.settle(task)
        bench.finish(task)
        bench.m[task, .vmfVMA] = .none
        _ = bench.report(task)
    }

    mutating func dropPage() {
        if bench.m.isAlive(u) { bench.run(.madviseDontneed(u, pages: page)) }
        bench.run(.reclaim(file, indices: 0...0))
    }
}
