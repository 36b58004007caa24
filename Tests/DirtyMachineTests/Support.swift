import SeededRandom
import Testing

@testable import DirtyMachine

typealias SeededGenerator = SplitMix

extension Profile {
    /// The journaling file system of the profile's time.
    var journalingFileSystem: FileSystem { self == .v6_18 ? .ext4 : .ext3 }
}

/// How an operation that ran to its end came out.
struct Report {
    var outcome: Outcome
    var minor: Int
    var major: Int
    var value: UInt32?
    var faults: Int { minor + major }
}

/// A machine with the handles that tests need: whole operations, single steps, and what a page
/// looks like.
struct Bench {
    var m: Machine

    init(
        _ profile: Profile, cpus: Int = 2, frames: Int = 4096,
        _ change: (inout Rules) -> Void = { _ in }
    ) {
        var rules = profile.rules
        change(&rules)
        m = Machine(rules: rules, cpus: cpus, frames: frames)
    }

    // MARK: Whole operations

    /// Runs an operation to its end; the device helps where it waits, and afterwards finishes what
    /// was submitted.
    @discardableResult
    mutating func run(_ request: Request) -> Report {
        let task = m.begin(request)
        finish(task)
        drainDevice()
        return report(task)
    }

    /// Steps a task to its end. Only the device may help it.
    mutating func finish(_ task: Ref<Task>) {
        while true {
            switch m.step(task) {
            case .finished: return
            case .stepped: continue
            case .blocked(let waiting):
                guard waiting.reason == .writeback, let bio = m.pendingBios.first else {
                    Issue.record("stuck: \(m.name(of: waiting))")
                    return
                }
                m.stepDevice(bio)
            }
        }
    }

    mutating func drainDevice() {
        while let bio = m.pendingBios.first(where: { m.deviceCanStep($0) }) { m.stepDevice(bio) }
    }

    /// Collects a finished task.
    mutating func report(_ task: Ref<Task>) -> Report {
        let result = m.result(of: task)
        m.collect(task)
        return Report(
            outcome: result.outcome, minor: result.minorFaults, major: result.majorFaults,
            value: result.value)
    }

    // MARK: Shorthand for requests

    /// Maps file pages, or anonymous memory with `Ref<File>.none`; returns the first page.
    mutating func mmap(
        _ process: Ref<Process>, _ file: Ref<File>, _ pages: ClosedRange<Int>,
        _ access: Access = [.read, .write], shared: Bool = true, readOnlyDescriptor: Bool = false,
        populate: Bool = false
    ) -> Int {
        let task = m.begin(
            .mmap(
                process, name: "m", file: file, pages: pages, access, shared: shared,
                readOnlyDescriptor: readOnlyDescriptor, populate: populate))
        finish(task)
        let start = m[m[task, .mapping], .start]
        _ = report(task)
        return start
    }

    @discardableResult
    mutating func load(_ process: Ref<Process>, _ vpn: Int) -> Report {
        run(.access(process, pages: vpn...vpn, store: false, value: nil))
    }

    @discardableResult
    mutating func store(_ process: Ref<Process>, _ vpn: Int, _ value: UInt32? = nil) -> Report {
        run(.access(process, pages: vpn...vpn, store: true, value: value))
    }

    @discardableResult
    mutating func mprotect(
        _ process: Ref<Process>, _ pages: ClosedRange<Int>, _ access: Access
    ) -> Report {
        run(.mprotect(process, pages: pages, access))
    }

    /// Forks; the child's name is `child`.
    mutating func fork(_ process: Ref<Process>, _ child: String = "C", cpu: Int? = nil) -> Ref<Process> {
        run(.fork(process, child: child, cpu: cpu))
        return m.process(named: child)!
    }

    // MARK: Single steps

    /// Steps a task until its next step is one of these.
    mutating func step(_ task: Ref<Task>, until function: KernelFunction, _ position: Int) {
        for _ in 0..<500 {
            let top = m.state.stack(of: task).last
            if top == StackFrame(function: function, position: position) { return }
            if m.step(task) != .stepped {
                Issue.record("never reached \(function) \(position): at \(String(describing: top))")
                return
            }
        }
        Issue.record("never reached \(function) \(position)")
    }

    // MARK: What a page looks like

    func pte(_ process: Ref<Process>, _ vpn: Int) -> String { m.pte(m[process, .mm], vpn).description }

    func folio(_ file: Ref<File>, _ index: Int = 0) -> Ref<Folio> { m.state.findPage(file, index) }

    /// `D` PG_dirty, `T` tag.DIRTY, `W` PG_writeback; `-` is cached and clean, empty is not cached.
    func page(_ file: Ref<File>, _ index: Int = 0) -> String {
        let folio = folio(file, index)
        guard folio.exists else { return "" }
        let letters =
            (m.isDirty(folio) ? "D" : "") + (m.hasTag(.dirty, file, index) ? "T" : "")
            + (m.isUnderWriteback(folio) ? "W" : "")
        return letters.isEmpty ? "-" : letters
    }

    var nrDirty: Int { m.state.counter(.nr_dirty) }
}
