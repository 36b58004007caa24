// The end of a process: exit(2), and death by a signal. Killing one thread kills its process; the
// last task that still works on the address space tears it down, as the last mmput() does.

extension Machine {
    mutating func do_exit(_ t: Ref<Task>, at position: Int) -> Flow {
        let process = self[t, .process]
        switch position {
        case 0:
            let mm = self[process, .mm]
            // A sibling may have killed the process meanwhile.
            guard mm.exists, self[process, .isAlive] else { return .leave() }
            for thread in state.processes where self[thread, .mm] == mm {
                self[thread, .isAlive] = false
            }
            self[mm, .users] = 0
            return isLastUser(t) ? .call(.exit_mmap, then: 100) : .leave()
        default: return .leave()
        }
    }

    /// Whether a task is the last to leave the address space of a process that is dead.
    func isLastUser(_ t: Ref<Task>) -> Bool {
        let process = self[t, .process]
        guard process.exists, !self[process, .isAlive] else { return false }
        let mm = self[process, .mm]
        guard mm.exists, self[mm, .users] == 0 else { return false }
        return !state.tasks.contains { other in
            other != t && !self[other, .isDone] && self[other, .process].exists
                && self[self[other, .process], .mm] == mm
        }
    }

    mutating func exit_mmap(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[self[t, .process], .mm]
        switch position {
        case 0:
            detachVMAs(t, mm, 0..<State.topPage)
            return .call(.unmap_region, then: 1)
        default:
            radixFree(self[mm, .pgd])
            for cpu in 0..<cpuCount { tlbInvalidate(cpu, mm, 0..<Int.max) }
            for process in state.processes where self[process, .mm] == mm { bury(process) }
            free(mm)
            return .leave()
        }
    }

    /// Takes a dead process's address space away. Its mappings' names keep their extents: an
    /// operation that names one uses as many serial numbers as if the process were alive.
    mutating func bury(_ process: Ref<Process>) {
        self[process, .formerMappings] = self[self[process, .mm], .mappings]
        self[process, .mm] = .none
        self[process, .isAlive] = false
    }
}
