import DirtyMachine

/// One attribute that differs between two moments of a session.
public struct MomentDifference: Hashable, Sendable {
    public let path: String
    /// What it was at the earlier and what it is at the later moment.
    public let old: String
    public let new: String
    /// The position right behind the move that changed it last, and who made it; nil where nobody
    /// is known to have.
    public let position: Int?
    public let mover: String
}

extension Session {
    /// Moves that two compared moments can be apart.
    private static let farthest = 200_000

    /// What differs between two positions of the past, the present included; nil where they are too
    /// far apart. What was changed and changed back is not in it.
    public func differences(from first: Int, to last: Int) -> [MomentDifference]? {
        let (first, last) = (max(0, min(first, last)), min(position, max(first, last)))
        guard first < last else { return [] }
        guard last - first <= Self.farthest else { return nil }
        var walker = self
        walker.go(to: last)
        let machine = walker.machine
        var changes: [Change] = []
        var latest: [String: (position: Int, mover: String)] = [:]
        while walker.position > first, let move = walker.moves.last {
            for alteration in walker.latestAlterations where latest[alteration.path] == nil {
                latest[alteration.path] = (walker.position, walker.mover(of: move))
            }
            changes += walker.latestChanges.reversed()
            walker.stepBack()
        }
        return machine.alterations(changes.reversed()).map { alteration in
            let change = latest[alteration.path]
            return MomentDifference(
                path: alteration.path, old: alteration.old, new: alteration.new, position: change?.position,
                mover: change?.mover ?? "")
        }
    }

    /// This session at a later position that it has been at before; nil where the way there is not
    /// known any more.
    public func ahead(to target: Int) -> Session? {
        guard target <= knownMoves else { return nil }
        var copy = self
        return copy.go(to: target) == target ? copy : nil
    }

    /// The command under way, or the one that was carried out last, with the position before it.
    /// Captions and checks are none: they change nothing.
    public var latestCommand: (position: Int, text: String) {
        var end = position
        while end > 0, moves[end - 1].slot == 0, moves[end - 1].frame == nil { end -= 1 }
        guard end > 0 else { return (0, "") }
        return (commandEnd(before: end), statement(atLine: moves[end - 1].line)?.labelledText ?? "")
    }
}
