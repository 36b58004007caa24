import DirtyMachine
import DirtyScript

extension RacePosition {
    /// Where a race stands that a session is in, and for each line the task that it has or leaves
    /// behind. A line whose operation is over has ended, though the device may have its writes still.
    static func of(
        _ race: OpenRace, _ session: Session, _ machine: inout Machine
    ) -> (position: RacePosition, tasks: [Ref<Task>?]) {
        var position = RacePosition()
        if race.outline.isOfScript, session.asksForLast(behind: race.outline).result {
            position.noteLast(session.progress)
        }
        let tasks = race.outline.lines.indices.map { line -> Ref<Task>? in
            let bit: UInt64 = 1 << UInt64(line)
            if race.ended.contains(line) {
                position.begun |= bit
                position.ended |= bit
                return nil
            }
            guard let task = race.tasks[line] else { return nil }
            position.begun |= bit
            if machine.isDone(task) {
                position.noteResult(machine.result(of: task), isLoad: machine.isLoad(task))
                position.ended |= bit
                machine.setAside(task)
            }
            return task
        }
        return (position, tasks)
    }

    private mutating func noteLast(_ progress: Progress) {
        if let last = progress.last { noteResult(last, isLoad: false) }
        lastLoaded = progress.lastLoaded.map { 1 << 32 | UInt64($0) } ?? 0
    }
}
