import DirtyMachine

/// What the next command is going to do, found by letting a copy of the session do it.
struct Foresight {
    let before: Session
    let command: Statement
    /// The session as it is right behind the command, its checks included.
    private(set) var after: Session
    private(set) var result: TaskResult?
    /// What each move changed, in their order; moves that change nothing telling are left out.
    private(set) var changes: [[Alteration]] = []
    /// The pages that the device wrote, by file and index.
    private(set) var written: Set<String> = []
    /// The kernel functions that it went through, each once.
    private(set) var path: [String] = []

    /// Moves that are looked ahead at most.
    static let limit = 20_000

    /// nil if the command cannot be brought to its end.
    init?(_ session: Session, command index: Int) {
        guard session.statements.indices.contains(index) else { return nil }
        before = session
        command = session.statements[index]
        var session = session
        var moves = 0
        while session.progress.cursor <= index {
            var conclusions: [Conclusion] = []
            guard moves < Self.limit, case .moved = session.advance(.script, &conclusions) else { return nil }
            moves += 1
            let alterations = session.latestAlterations
            written.formUnion(alterations.compactMap(\.pageWritten))
            let telling = alterations.filter(\.isTelling)
            if !telling.isEmpty { changes.append(telling) }
            let command = session.statements[index]
            guard let conclusion = conclusions.first(where: { $0.statement == command }) else { continue }
            result = conclusion.result
            var names: [String] = []
            Self.collect(
                session.machine.calls(in: session.changes(of: conclusion)), session.machine.rules.generation, &names)
            path = names
        }
        after = session
    }

    private static func collect(_ nodes: [CallNode], _ generation: Rules.Generation, _ names: inout [String]) {
        for node in nodes {
            let name = node.function == .device ? "the device" : node.function.name(generation)
            // Loads and stores of user mode are no functions of the kernel.
            let isKernels = node.function != .user_load && node.function != .user_store
            if isKernels, !names.contains(name) { names.append(name) }
            collect(node.callees, generation, &names)
        }
    }

    /// The answer, in words; nil where the question does not fit the command.
    func answer(to prediction: Prediction) -> String? {
        let machine = after.machine
        switch prediction {
        case .next: return changes.first?.first?.shown ?? Self.nothing
        case .faults: return result.map { "\($0.minorFaults + $0.majorFaults)" }
        case .outcome: return result?.outcome.name
        case .value: return result.map { $0.value.map { "\($0)" } ?? "none: it fails" }
        case .writes: return written.isEmpty ? Self.nothing : written.sorted().joined(separator: ", ")
        case .disk(let page): return after.diskValue(page).map { "\($0)" }
        case .survives(let page): return survival(page)
        case .page(let page): return after.stateOfPage(page)
        case .pte(let process, let page): return after.wordsForPTE(process, page)
        case .counter(let name):
            return Counter.allCases.first { $0.name == name }.map { "\(machine.state.counter($0))" }
        }
    }

    static let nothing = "nothing"

    /// What comes back when power fails right behind the command: a run of its own tells.
    private func survival(_ page: Operand) -> String? {
        guard let index = page.range?.lowerBound, before.machine.file(named: page.name) != nil else { return nil }
        var session = after
        if case .operation(.crash) = command.command {} else {
            guard case .success = session.type("crash") else { return nil }
            var moves = 0
            while moves < Self.limit, !session.progress.lastIsCrash, case .moved = session.advance() { moves += 1 }
        }
        let isLost = session.machine.lostStores.contains {
            $0.index == index && session.machine.name(of: $0.file) == page.name
        }
        let value = session.diskValue(page)
        return (isLost ? "no" : "yes") + (value.map { ": value \($0) is on the disk" } ?? ": it has no disk")
    }
}

extension Progress {
    fileprivate var lastIsCrash: Bool { lastCommand?.text == "crash" }
}

extension Session {
    /// The value of one page on disk; nil where there is no disk.
    func diskValue(_ page: Operand) -> UInt32? {
        guard let index = page.range?.lowerBound, let file = machine.file(named: page.name),
            machine.fileSystem(of: file).hasDisk
        else { return nil }
        return machine.state.diskValue(file, index)
    }

    /// `clean`, `dirty` … of a page of a file.
    func stateOfPage(_ page: Operand) -> String? {
        guard let index = page.range?.lowerBound, let file = machine.file(named: page.name) else { return nil }
        guard let folio = machine.cachedPage(file, index) else { return "not in memory" }
        switch (machine.isUnderWriteback(folio), machine.isDirty(folio)) {
        case (true, true): return "under writeback, and dirty again"
        case (true, false): return "under writeback"
        case (false, true): return "dirty"
        case (false, false): return "clean"
        }
    }

    /// `read-only, clean` … of the PTE of a page of a mapping.
    func wordsForPTE(_ name: String, _ page: Operand) -> String? {
        guard let index = page.range?.lowerBound, let process = machine.process(named: name) else { return nil }
        guard let mapping = machine.mapping(named: page.name, of: process), machine.extent(of: mapping) != nil,
            let entry = machine.page(index, of: mapping, in: process).pte
        else { return "gone, with its mapping" }
        return entry.present
            ? (entry.write ? "writable" : "read-only") + ", " + (entry.dirty ? "dirty" : "clean") : "empty"
    }
}

extension Alteration {
    /// Whether it is about what this is all about: who may write, and who knows of it.
    fileprivate var isTelling: Bool {
        ["present", "write", "dirty", "writeback", "cached", "nr_dirty", "nr_writeback"].contains(attribute)
            || attribute.hasPrefix("tag.") || attribute.hasPrefix("disk[")
    }

    /// The page whose contents the device takes or has, as `db[0]`.
    fileprivate var pageWritten: String? {
        if attribute == "sampled", new == "1" { return subject.replacing(".folio", with: "") }
        return attribute.hasPrefix("disk[") ? subject + attribute.dropFirst(4) : nil
    }

    /// As the panes write it: `A.m.pte[0] write 0 -> 1`.
    var shown: String { (subject.isEmpty ? "" : subject + " ") + "\(attribute) \(old) -> \(new)" }
}
