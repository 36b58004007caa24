import DirtyMachine
import DirtyScript
import LiveModel

extension Verifier {
    /// Carries a scenario out on both sides and tells after each operation what every page of every
    /// mapping looks like there and here. It goes on to the first operation that differs.
    public func beside(_ scenario: Scenario, report: (BesideStep) throws -> Void) throws -> Verification {
        try run(scenario) { run, step in try report(run.beside(step)) }
    }
}

extension VerifierRun {
    /// Both sides as they are after a step.
    func beside(_ step: VerifiedStep) -> BesideStep {
        let outcomes = step.findings.differences.first { $0.observable == .outcome || $0.observable == .faults }
        func faults(_ pair: (minor: Int, major: Int)?) -> String { pair.map { "  \($0.minor)+\($0.major) faults" } ?? "" }
        let host = step.outcome + faults(step.faults)
        return BesideStep(
            line: step.line, command: step.command, modelOutcome: outcomes == nil ? host : modelOutcome,
            hostOutcome: host, rows: rows,
            differences: step.findings.differences.map { "\($0.observable.rawValue) of \($0.place): model \($0.model), kernel \($0.host)" })
    }

    private var rows: [BesideStep.Row] {
        let machine = session.machine
        var rows: [BesideStep.Row] = []
        for process in machine.state.processes where machine.isAlive(process) {
            let name = machine.name(of: process)
            guard let host = state.processes[name], host.isAlive else { continue }
            let pieces = machine.pieces(of: process)
            for view in machine.vmaViews(of: process) {
                for vpn in view.pages.prefix(Self.mostRows) {
                    let page = machine.page(0, at: vpn, in: view.vma)
                    let piece = pieces.first { ($0.start..<$0.start + $0.pages).contains(vpn) }
                    let place = piece.map { "\(name) \($0.mapping)[\($0.first + vpn - $0.start)]" } ?? "\(name) \(vpn)"
                    rows.append(
                        BesideStep.Row(place: place, model: side(page, machine), host: side(vpn, page, host, machine)))
                }
            }
        }
        return rows
    }

    /// Pages of a VMA that are told; a scenario's files are small.
    private static let mostRows = 256

    private func side(_ page: PageView, _ machine: Machine) -> BesideStep.Side {
        let entry = page.pte.map { $0.isMapped ? $0.description.lowercased() : "......" } ?? "......"
        var cache = "---"
        if page.file.exists, !machine.isAnonymous(page.file) {
            let folio = machine.cachedPage(page.file, page.fileIndex)
            let isDirty = machine.fileSystem(of: page.file).hasDisk
                ? machine.hasTag(.dirty, page.file, page.fileIndex) : folio.map(machine.isDirty) ?? false
            cache = letters(
                folio != nil, isDirty, folio.map(machine.isUnderWriteback) ?? false)
        }
        return BesideStep.Side(entry: entry, cache: cache, word: machine.word(for: page).rawValue)
    }

    /// The machine's page at the same place.
    private func side(
        _ vpn: Int, _ page: PageView, _ host: HostState.ProcessState, _ machine: Machine
    ) -> BesideStep.Side {
        var live = LivePage.nothing
        if let hardware = host.ptes?[vpn] {
            live = LivePage(x86: hardware.word, isHuge: false)
        } else if let entry = host.pageMap[vpn] {
            live = LivePage(pagemap: entry.word)
        }
        if let entry = host.pageMap[vpn], entry.isPresent, !entry.isFilePage { live.entry.insert(.anonymous) }
        var cache = "---"
        if page.file.exists, !machine.isAnonymous(page.file), let file = state.files[machine.name(of: page.file)] {
            let index = page.fileIndex
            live.cache = [.isKnown, .hasTags]
            if file.cached?.contains(index) ?? false { live.cache.insert(.cached) }
            if file.dirty?.contains(index) ?? false { live.cache.insert(.dirty) }
            if file.writeback?.contains(index) ?? false { live.cache.insert(.writeback) }
            cache = letters(file.cached?.contains(index), file.dirty?.contains(index), file.writeback?.contains(index))
        }
        return BesideStep.Side(entry: live.entryLetters, cache: cache, word: live.stateText)
    }

    private func letters(_ cached: Bool?, _ dirty: Bool?, _ writeback: Bool?) -> String {
        func letter(_ on: Bool?, _ letter: String) -> String { on.map { $0 ? letter : "-" } ?? "?" }
        return letter(cached, "c") + letter(dirty, "d") + letter(writeback, "w")
    }
}
