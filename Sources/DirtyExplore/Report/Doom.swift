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
        let what = breach.invariant.map { "breaks \($0.id)" } ?? (breach.isDeadlock ? "ends with nobody able to go on" : "lets an expectation fail")
        let head = "from here on every order of what is left \(what)"
        for (file, index) in last.pagesAheadOfDisk
        where !there.remembers(file, index) && there.latestStoreTime(file, index) == last.latestStoreTime(file, index) {
            return head + ": nothing on the way to the disk knows of the store to \(there.name(of: file))[\(index)] any more"
        }
        for (file, index) in last.pagesAheadOfDisk {
            guard let folio = there.cachedPage(file, index), !there.isDirty(folio) else { continue }
            for mapper in there.mappers(of: file, index, limit: 64) {
                let space = there.space(of: mapper.process)
                if there.entry(space, mapper.vpn).write {
                    return head + ": \(there.name(of: file))[\(index)] is not dirty, but "
                        + "\(there.path(of: space, mapper.vpn)) is writable: a store to it goes unnoticed"
                }
            }
        }
        let signs: [Invariant] = [.translations, .tracking, .dirtyIsTagged, .dirtyCounter, .mapcount, .truncation]
        for invariant in signs where invariant != breach.invariant {
            if let sign = there.violations(of: invariant).first { return head + ": \(sign.subject): \(sign.text)" }
        }
        return head
    }
}
