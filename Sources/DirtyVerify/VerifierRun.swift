import DirtyMachine
import DirtyScript
import Glibc

/// One run of a scenario on both sides.
struct VerifierRun {
    private let host: Host
    private(set) var session: Session
    private(set) var state = HostState()
    /// What the latest operation came to in the model.
    private(set) var modelOutcome = ""
    private(set) var result = Verification()
    private var compareOptions = StepComparison.Options()
    private var hasEnded = false
    private let start = VerifierRun.seconds

    init(
        _ scenario: Scenario, _ abilities: HostAbilities, _ options: Verifier.Options
    ) throws {
        let placed = VerifierRun.placed(scenario)
        session = try Session(Executable.unlabelled(placed.scenario), kernel: .v6_18, rules: options.rules)
        host = try Host(abilities)
        compareOptions.accessed = options.accessed
        compareOptions.readerProblem = abilities.readerProblem
        compareOptions.cachestatProblem = abilities.cachestatProblem
        compareOptions.seesFrames = abilities.seesFrames
        if !abilities.kernel.hasPrefix("6.18.") {
            result.add("this kernel is \(abilities.kernel), the model's is 6.18")
        }
        for note in placed.notes { result.add(note) }
        host.pin()
        try setUp()
        state = try observe()
        checkFolios()
    }

    /// Carries out the next operation. nil at the end, and after a step that differed.
    mutating func next() throws -> VerifiedStep? {
        guard !hasEnded else { return nil }
        let before = session
        var conclusions: [Conclusion] = []
        while !hasEnded {
            if let statement = session.currentStatement {
                if let reason = Executable.reason(against: statement) {
                    return stop(statement.location.line, reason)
                }
            }
            switch session.advance(.script, &conclusions) {
            case .moved: break
            case .atEnd: hasEnded = true
            case .blocked(let blocked): return stop(at: before, blocked.message)
            case .refused(let problem): return stop(at: before, problem.message)
            }
            var step: VerifiedStep?
            if session.progress.race != nil, let race = session.currentStatement {
                return stop(race.location.line, Executable.reason(against: race) ?? "a race")
            }
            for conclusion in conclusions {
                if let expectation = conclusion.expectation, !expectation.passed {
                    result.failedExpectations.append(
                        "line \(conclusion.statement.location.line): \(conclusion.statement.text): "
                            + "found \(expectation.found)")
                }
                if let reason = Executable.reason(against: conclusion.statement) {
                    return stop(conclusion.statement.location.line, reason)
                }
                if case .operation(let operation) = conclusion.statement.command {
                    step = try verify(operation, conclusion, before)
                }
            }
            conclusions.removeAll()
            if let step {
                session.forgetHistory()
                return step
            }
        }
        return nil
    }

    // MARK: One step

    private mutating func verify(
        _ operation: Operation, _ conclusion: Conclusion, _ before: Session
    ) throws -> VerifiedStep? {
        let statement = conclusion.statement
        let line = statement.location.line
        if let reason = readaheadProblem(operation, before) { return stop(line, reason) }
        let found: HostResult
        do {
            found = try host.perform(operation, before, state)
        } catch let error as CannotExecute {
            return stop(line, error.reason)
        }
        result.operations += 1
        var step = StepComparison(line: line, command: statement.text)
        if let model = conclusion.result {
            compare(model, found, &step)
            modelOutcome = "\(model.outcome.name)  \(model.minorFaults)+\(model.majorFaults) faults"
        }
        state = try observe()
        step.compare(session.machine, state, compareOptions)
        result.findings.add(step.result)
        if !step.result.differences.isEmpty {
            result.verdict = .differs
            hasEnded = true
            let seconds = VerifierRun.seconds - start
            if seconds > 25 {
                result.add("the run took \(seconds) s: the flusher may have cleaned pages (30 s)")
            }
        }
        return VerifiedStep(
            line: line, command: statement.text, outcome: found.outcome,
            faults: found.faults.map { ($0.minor, $0.major) }, findings: step.result)
    }

    private func compare(_ model: TaskResult, _ found: HostResult, _ step: inout StepComparison) {
        step.check(.outcome, "outcome", model: model.outcome.name, host: found.outcome)
        if found.isLoad {
            step.check(.value, "value", model: model.value, host: found.value) {
                $0.map(String.init) ?? "none"
            }
        }
        if let faults = found.faults {
            step.check(
                .faults, "faults",
                model: Host.Faults(minor: model.minorFaults, major: model.majorFaults), host: faults
            ) { "minor=\($0.minor) major=\($0.major)" }
        }
    }

    /// Populating and executable mappings read ahead whatever was advised; how much depends on the
    /// disk. Where all pages are cached there is nothing to read.
    private func readaheadProblem(_ operation: Operation, _ before: Session) -> String? {
        func hasCold(_ file: String) -> Bool {
            guard let known = state.files[file], let cached = known.cached else { return false }
            return host.files[file]?.isInMemory == false && cached.count < known.size
        }
        switch operation {
        case .mmap(let p, _, .file(let operand), _, _, true, _):
            let isDead = state.processes[host.process(of: p)]?.isAlive != true
            return !isDead && hasCold(operand.name) ? "populating cold pages reads ahead" : nil
        case .remapFilePages(_, _, let file):
            return hasCold(file.name) ? "remap_file_pages populates: cold pages are read ahead" : nil
        case .read(let p, let operand), .write(let p, let operand, _), .peek(_, let p, let operand),
            .poke(_, let p, let operand, _):
            guard let pages = before.pages(of: operand, in: host.process(of: p)) else { return nil }
            for vma in state.processes[host.process(of: p)]?.vmas ?? [] where vma.permissions.contains("x") {
                if vma.pages.overlaps(pages.lowerBound..<pages.upperBound + 1), let file = vma.file,
                    hasCold(file)
                {
                    return "an executable mapping of cold pages reads ahead"
                }
            }
            return nil
        default: return nil
        }
    }

    private mutating func stop(at session: Session, _ reason: String) -> VerifiedStep? {
        stop(session.currentStatement?.location.line ?? 0, reason)
    }

    private mutating func stop(_ line: Int, _ reason: String) -> VerifiedStep? {
        result.verdict = .notExecuted(line: line, reason: reason)
        hasEnded = true
        return nil
    }

    // MARK: Set-up and observation

    /// The scenario with its files on the file system that they have on this host.
    private static func placed(_ scenario: Scenario) -> (scenario: Scenario, notes: [String]) {
        guard let tracked = FileSystems.tracked else { return (scenario, []) }
        var placed = scenario
        var notes: [String] = []
        for index in placed.statements.indices {
            guard case .file(var file) = placed.statements[index].command,
                !["tmpfs", "ramfs", tracked.name].contains(file.fileSystem)
            else { continue }
            notes.append("'\(file.name)', \(file.fileSystem) in the scenario, is on \(tracked.name)")
            file.fileSystem = tracked.name
            placed.statements[index].command = .file(file)
        }
        return (placed, notes)
    }

    private mutating func setUp() throws {
        for statement in session.statements {
            switch statement.command {
            case .file(let file):
                let isInMemory = ["tmpfs", "ramfs"].contains(file.fileSystem)
                try host.addFile(
                    HostFileDeclaration(
                        name: file.name, pages: file.pages, isInMemory: isInMemory,
                        isRamfs: file.fileSystem == "ramfs", isCached: file.cached))
            // Those declared later wait until then, which makes no difference to anybody.
            case .process(let name, _): try host.addProcess(name)
            case .thread(let name, let owner, _): host.addThread(name, of: owner)
            default: break
            }
        }
    }

    private func observe() throws -> HostState {
        var sizes: [String: Int] = [:]
        for file in session.machine.state.files where !session.machine.isAnonymous(file) {
            sizes[session.machine.name(of: file)] = session.machine.size(of: file)
        }
        return try host.observe(sizes: sizes, readsDisk: true)
    }

    /// Folios of more than one page behave otherwise; files are written so that there are none.
    private mutating func checkFolios() {
        for (name, file) in host.files where host.hasLargeFolios(file, state.files[name]?.cached ?? []) {
            result.add("'\(name)' has large folios on this host: expect differences")
        }
    }

    private static var seconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec
    }
}
