import DirtyMachine

/// The move of a schedule that dooms it: before it some order of what was left would have gone well, behind
/// it none does any more.
struct Doom: Hashable, Sendable {
    /// Index of the move.
    let move: Int
    /// What it means, in a sentence.
    let text: String
}

/// A race that goes on from where some choices lead, and looks for an end on a way without a flaw.
private struct Remainder: TransitionSystem {
    let system: RaceSystem
    let choices: [RaceChoice]
    let avoided: Properties

    func makeWalker() -> RaceWalker { RaceWalker(system, behind: choices, avoiding: avoided) }
}

extension Explorer {
    /// Searches for the move that dooms a schedule, by halves: what is doomed stays doomed. nil where every
    /// order is bad from the beginning, and where too many states would have to be gone through to know.
    func doom(
        of breach: Breach, _ replay: Replay, _ progress: (SearchProgress) -> SearchLimit?
    ) async -> Doom? {
        // The last state is doomed: the breach is there, or nothing but the script's end leads to it.
        var (open, doomed) = (-1, replay.machines.count - 1)
        while doomed - open > 1 {
            let middle = (open + doomed) / 2
            guard let isDoomed = await isDoomed(Array(replay.choices[..<replay.choicesUpTo[middle]]), progress) else { return nil }
            if isDoomed { doomed = middle } else { open = middle }
        }
        if doomed == 0 { return nil }
        return Doom(move: doomed - 1, text: replay.reason(at: doomed, breach))
    }

    /// nil where it is not known.
    private func isDoomed(
        _ choices: [RaceChoice], _ progress: (SearchProgress) -> SearchLimit?
    ) async -> Bool? {
        var search = options.search
        search.stopping = RaceSystem.Lacking.nothing
        search.maximumStates = min(search.maximumStates, 50_000)
        let end = await Search(Remainder(system: system, choices: choices, avoided: stopping), options: search)
            .run(progress: progress).end
        return switch end {
        case .found: false
        case .exhausted: true
        case .limit: nil
        }
    }
}

extension Replay {
    /// Why nothing goes well from a state on, as far as that can be seen in it.
    func reason(at index: Int, _ breach: Breach) -> String {
        let (there, last) = (machines[index], machines.last!)
        let what =
            if let invariant = breach.invariant { "breaks \(invariant.id)" } else if breach.isDeadlock {
                "ends with nobody able to go on"
            } else { "makes \(breach.text.prefix { $0 != ":" }) fail" }
        let head = "from here on every order of what is left \(what)"
        let pages = last.pagesAheadOfDisk
        for (file, index) in pages {
            if let reason = reason(there, last, file, index) { return head + ": " + reason }
        }
        // Signs of the pages that it is about, or of the counters where an expectation is; none that was there
        // before the race.
        let names = pages.map { "\(there.name(of: $0.file)).folio[\($0.index)]" }
        let signs: [Invariant] = breach.invariant == nil ? [.dirtyCounter, .countersNotNegative] : [.translations, .tracking]
        for invariant in signs {
            let old = machines[0].violations(of: invariant).map(\.subject)
            for sign in there.violations(of: invariant) where !old.contains(sign.subject) {
                let isAbout = breach.invariant == nil || names.contains { (sign.subject + " " + sign.text).contains($0) }
                if isAbout { return head + ": \(sign.subject): \(sign.text)" }
            }
        }
        return head
    }

    /// What can be seen at a page that will lack a store on disk.
    private func reason(_ there: Machine, _ last: Machine, _ file: Ref<File>, _ index: Int) -> String? {
        let name = "\(there.name(of: file))[\(index)]"
        let isStored = there.latestStoreTime(file, index) == last.latestStoreTime(file, index)
        if isStored, !there.remembers(file, index) { return "nothing on the way to the disk knows of the store to \(name) any more" }
        guard let folio = there.cachedPage(file, index), !there.isDirty(folio), there.rules.tracks else { return nil }
        for mapper in there.mappers(of: file, index, limit: 64) {
            let space = there.space(of: mapper.process)
            let (entry, path) = (there.entry(space, mapper.vpn), there.path(of: space, mapper.vpn))
            if isStored, entry.dirty { return "\(name) is not dirty; D in \(path) tells of the store" }
            if !isStored, entry.write {
                return "\(name) is not dirty, but \(path) is writable: a store to it takes no fault"
            }
        }
        return nil
    }
}
