import DirtyMachine

/// How a run ended.
public enum RunEnd: Hashable, Sendable {
    /// At the end of the script, or after the moves asked for.
    case finished
    /// A task that had to go on cannot, or the script asks for what cannot be done.
    case stuck(Diagnostic)
}

extension Session {
    /// Runs forward, to the end or for at most `limit` moves, and hands every statement that
    /// comes to its end to `report`, together with the session as it is then.
    ///
    /// `keepsHistory` false forgets the way back as it goes, so that a long run needs no more
    /// memory than a short one.
    public mutating func run(
        limit: Int = .max, keepsHistory: Bool = true,
        report: (Conclusion, Session) throws -> Void = { _, _ in }
    ) rethrows -> RunEnd {
        var conclusions: [Conclusion] = []
        var moved = 0
        while moved < limit {
            switch advance(.script, &conclusions) {
            case .moved: moved += 1
            case .atEnd: return .finished
            case .blocked(let blocked): return .stuck(diagnostic(blocked))
            case .refused(let problem): return .stuck(problem)
            }
            for conclusion in conclusions { try report(conclusion, self) }
            let isBetweenCommands =
                !conclusions.isEmpty && progress.running == nil && progress.race == nil
            conclusions.removeAll(keepingCapacity: true)
            if !keepsHistory, isBetweenCommands { forgetHistory() }
        }
        return .finished
    }
}
