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
                self[thread, .death] = self[process, .death]
            }
            self[mm, .users] = 0
            guard isLastUser(t) else { return .leave() }
            self[t, .exitMM] = mm
            return .call(.exit_mmap, then: 100)
        default: return .leave()
        }
    }

    /// Whether a task is the last to leave the address space of a process that is dead.
    func isLastUser(_ t: Ref<Task>) -> Bool {
        let process = self[t, .process]
        guard process.exists, !self[process, .isAlive] else { return false }
        return isUnused(self[process, .mm], apartFrom: t)
    }

    /// Whether nobody but this task is left in an address space: mm_users has come down to it.
    func isUnused(_ mm: Ref<MM>, apartFrom t: Ref<Task>) -> Bool {
        guard mm.exists, self[mm, .users] == 0 else { return false }
        return !state.tasks.contains { other in
            guard other != t, !self[other, .isDone] else { return false }
            let process = self[other, .process]
            return self[other, .remoteMM] == mm || process.exists && self[process, .mm] == mm
        }
    }

    mutating func exit_mmap(_ t: Ref<Task>, at position: Int) -> Flow {
        let mm = self[t, .exitMM]
        switch position {
        case 0:
            detachVMAs(t, mm, 0..<State.topPage)
            return .call(.unmap_region, then: 100)
        case 100:  // the driver's files are closed after the memory is gone
            return .jump(firstPin(of: mm) == nil ? 3 : 1)
        case 1:
            guard let mapping = firstPin(of: mm) else { return .jump(3) }
            return releasePin(t, take(self[mapping, .pins], from: mapping), then: 2)
        case 2:
            putPage(self[t, .gupPage])
            self[t, .gupPage] = .none
            return .jump(100)
        default:
            radixFree(self[mm, .pgd])
            for cpu in 0..<cpuCount { tlbInvalidate(cpu, mm, 0..<Int.max) }
            for process in state.processes where self[process, .mm] == mm { bury(process) }
            free(mm)
            self[t, .exitMM] = .none
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
