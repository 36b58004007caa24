import DirtyMachine

// Why a kernel function runs. Going back: the move with which it was called, the one with which its
// caller was, and so on to the access that faulted, or to the command.

extension CauseSearch {
    mutating func chain(fromTheCallOf function: KernelFunction, by slot: Int, limit: Int) -> [Cause] {
        var path = functions(ofSlot: slot)
        guard let level = path.lastIndex(of: function) else { return [] }
        path.removeLast(path.count - level - 1)
        var causes: [Cause] = []
        while causes.count < limit, walker.position > earliest, let move = walker.moves.last {
            guard move.slot == slot else {
                walker.stepBack()
                continue
            }
            let position = walker.position
            // Copies are for the few moves that may have been the entry to the kernel.
            let isAccess = move.frame?.function.isAccess == true
            let after = isAccess ? walker : nil
            walker.stepBack()
            let before = functions(ofSlot: slot)
            let kept = zip(path, before).prefix { $0 == $1 }.count
            guard kept < path.count else { continue }
            let entered = path[kept...].filter { !$0.isAccess }.map(name).joined(separator: ", which calls ")
            path.removeLast(path.count - kept)
            var cause = cause(position, move, [], "")
            cause.note = (path.last.map { name($0) + " calls " } ?? "the call enters ") + entered
            if entered.isEmpty {
                cause.note = "the program makes the access"
                return causes + [cause]
            }
            if let after {
                // The CPU enters the kernel: why it had to is a question of the page table.
                let rules = CauseRules(machine: after.machine, session: after, move: move)
                let trail = rules.trail(ofAccessBefore: walker.machine)
                let access = move.frame?.function == .user_store ? "store" : "load"
                cause.note = "the \(access) cannot go through: the CPU enters \(entered)"
                cause.because = trail.because
                causes.append(cause)
                follow(trail, &causes, limit)
                return causes
            }
            cause.because = path.isEmpty ? "the command asks for it" : "\(name(path[path.count - 1])) had come to that"
            causes.append(cause)
            if path.isEmpty { break }
        }
        return causes
    }

    private func name(_ function: KernelFunction) -> String { function.name(walker.machine.rules.generation) }

    private func functions(ofSlot slot: Int) -> [KernelFunction] {
        let task = walker.machine.task(inSlot: slot)
        return task.exists ? walker.machine.state.stack(of: task).map(\.function) : []
    }
}
