import DirtyExplore

// Who does what next. Every `emit` is one atomic step.

enum CPU {
    static let pick: UInt64 = 0
    static let store: UInt64 = 1
    static let findVMA: UInt64 = 2
    static let readPTE: UInt64 = 3
    static let lockPage: UInt64 = 4
    static let dirty: UInt64 = 5
    static let waitForWriteback: UInt64 = 6
    static let takePTL: UInt64 = 7
    static let setPTE: UInt64 = 8
    static let dropPTL: UInt64 = 9
    static let dirtyAgain: UInt64 = 10
    static let leave: UInt64 = 11
    static let end: UInt64 = 12
}

enum Flusher {
    static let next: UInt64 = 0
    static let lockPage: UInt64 = 1
    static let waitForWriteback: UInt64 = 2
    static let look: UInt64 = 3
    static let takePTL: UInt64 = 4
    static let takePTE: UInt64 = 5
    static let flush0: UInt64 = 6
    static let flush1: UInt64 = 7
    static let putPTE: UInt64 = 8
    static let dropPTL: UInt64 = 9
    static let redirty: UInt64 = 10
    static let clear: UInt64 = 11
    static let setWriteback: UInt64 = 12
    static let unlockPage: UInt64 = 13
    static let submit: UInt64 = 14
    static let wait: UInt64 = 15
    static let lookAtRmap: UInt64 = 16
    static let end: UInt64 = 17
}

enum Unmap {
    static let lock: UInt64 = 0
    static let detach: UInt64 = 1
    static let unlock: UInt64 = 2
    static let takePTL: UInt64 = 3
    static let takePTE: UInt64 = 4
    static let moveDirty: UInt64 = 5
    static let dropEarly: UInt64 = 6
    static let flush0: UInt64 = 7
    static let flush1: UInt64 = 8
    static let dropPTL: UInt64 = 9
    static let leaveRmap: UInt64 = 10
    static let end: UInt64 = 11
}

extension SmallWalker {
    private typealias Bits = SmallState.Bits

    /// A step that only goes on to another place.
    @inline(__always)
    private mutating func go(
        _ who: SmallState.Bits, _ place: UInt64, _ state: SmallState, _ successors: inout Successors
    ) {
        var state = state
        state[who] = place
        emit(state, &successors)
    }

    @inline(__always)
    mutating func stepCPU(_ cpu: UInt64, _ before: SmallState, _ successors: inout Successors) {
        var s = before
        let me = Bits.cpu(cpu)
        let page = s[.page(cpu)]
        let writable = SmallPTE.present | SmallPTE.write
        switch s[me] {
        case CPU.pick:
            if s[.stores(cpu)] == machine.stores {
                s[.stores(cpu)] = 0
                s[.done] &+= 1
                return go(me, CPU.end, s, &successors)
            }
            for page in 0..<machine.pages {
                s[.page(cpu)] = page
                go(me, CPU.store, s, &successors)
            }
        case CPU.store:  // TLB hit, hardware walk, or fault
            if s[.tlb(cpu), page] == SmallPTE.all {
                s[.memory, page] &+= 1
                s[.stores(cpu)] &+= 1
                s[.page(cpu)] = 0
                go(me, CPU.pick, s, &successors)
            } else if s[.pte, page] & writable == writable {
                s[.pte, page] |= SmallPTE.dirty
                s[.tlb(cpu), page] = SmallPTE.all
                emit(s, &successors)
            } else {
                s[.tlb(cpu), page] = 0
                go(me, CPU.findVMA, s, &successors)
            }
        case CPU.findVMA:
            guard s[.mmapWriter] == 0 else { return }
            if s[.vma] == 1 {
                s[.mmapReaders] &+= 1
                go(me, CPU.readPTE, s, &successors)
            } else {  // SIGSEGV
                s[.page(cpu)] = 0
                s[.stores(cpu)] = 0
                s[.done] &+= 1
                go(me, CPU.end, s, &successors)
            }
        case CPU.readPTE:  // without its lock
            if s[.pte, page] & writable == writable {
                s[.mmapReaders] &-= 1
                go(me, CPU.store, s, &successors)
            } else {
                s[.original(cpu)] = s[.pte, page]
                go(me, CPU.lockPage, s, &successors)
            }
        case CPU.lockPage:
            guard s[.locked, page] == 0 else { return }
            s[.locked, page] = 1
            go(me, CPU.dirty, s, &successors)
        case CPU.dirty:
            if machine.bug != .noDirty { s[.dirty, page] = 1 }
            go(me, CPU.waitForWriteback, s, &successors)
        case CPU.waitForWriteback:
            guard s[.writeback, page] == 0 else { return }
            if machine.bug == .unlocked { s[.locked, page] = 0 }
            go(me, CPU.takePTL, s, &successors)
        case CPU.takePTL:
            guard s[.ptl] == 0 else { return }
            s[.ptl] = 1
            go(me, CPU.setPTE, s, &successors)
        case CPU.setPTE:  // if it is still the one that was read
            if s[.pte, page] == s[.original(cpu)] { s[.pte, page] = SmallPTE.all }
            s[.original(cpu)] = 0
            go(me, CPU.dropPTL, s, &successors)
        case CPU.dropPTL:
            s[.ptl] = 0
            go(me, CPU.dirtyAgain, s, &successors)
        case CPU.dirtyAgain:
            if machine.bug != .noDirty, machine.bug != .unlocked { s[.dirty, page] = 1 }
            go(me, CPU.leave, s, &successors)
        case CPU.leave:
            if machine.bug != .unlocked { s[.locked, page] = 0 }
            s[.mmapReaders] &-= 1
            go(me, CPU.store, s, &successors)
        default: break
        }
    }

    @inline(__always)
    mutating func stepFlusher(_ before: SmallState, _ successors: inout Successors) {
        var s = before
        let me = Bits.flusher
        let page = s[.flushed]
        switch s[me] {
        case Flusher.next:
            if page == machine.pages {
                s[.flushed] = 0
                if s[.pass] < machine.passes {
                    s[.pass] &+= 1
                    emit(s, &successors)
                } else {
                    go(me, Flusher.wait, s, &successors)
                }
            } else if s[.pass] < machine.passes || s[.done] == 2 {
                if s[.dirty, page] == 1 { return go(me, Flusher.lockPage, s, &successors) }
                s[.flushed] &+= 1
                emit(s, &successors)
            }
        case Flusher.lockPage:
            guard s[.locked, page] == 0 else { return }
            s[.locked, page] = 1
            go(me, Flusher.waitForWriteback, s, &successors)
        case Flusher.waitForWriteback:
            if s[.writeback, page] == 0 { go(me, Flusher.look, s, &successors) }
        case Flusher.look:
            if s[.dirty, page] == 0 { return skip(s, &successors) }
            if machine.bug == .order {
                s[.dirty, page] = 0
                s[.inFlight, page] = 1
                go(me, Flusher.setWriteback, s, &successors)
            } else {
                go(me, s[.rmapped] == 1 ? Flusher.takePTL : Flusher.clear, s, &successors)
            }
        case Flusher.takePTL:
            if machine.bug == .noSync, s[.pte, page] == 0 {
                return go(me, Flusher.clear, s, &successors)
            }
            guard s[.ptl] == 0 else { return }
            s[.ptl] = 1
            go(me, Flusher.takePTE, s, &successors)
        case Flusher.takePTE:
            guard s[.pte, page] & (SmallPTE.write | SmallPTE.dirty) != 0 else {
                s[.flushedPTE] = 0
                return go(me, Flusher.dropPTL, s, &successors)
            }
            s[.flushedPTE] = s[.pte, page]
            s[.pte, page] = 0
            go(me, machine.bug == .noFlush ? Flusher.putPTE : Flusher.flush0, s, &successors)
        case Flusher.flush0:
            s[.tlb(0), page] = 0
            go(me, Flusher.flush1, s, &successors)
        case Flusher.flush1:
            s[.tlb(1), page] = 0
            go(me, Flusher.putPTE, s, &successors)
        case Flusher.putPTE:
            s[.pte, page] = SmallPTE.present
            go(me, Flusher.dropPTL, s, &successors)
        case Flusher.dropPTL:
            s[.ptl] = 0
            go(me, machine.bug == .order ? Flusher.unlockPage : Flusher.redirty, s, &successors)
        case Flusher.redirty:
            if s[.flushedPTE] != 0 {
                s[.flushedPTE] = 0
                s[.dirty, page] = 1
            }
            go(me, Flusher.clear, s, &successors)
        case Flusher.clear:
            if s[.dirty, page] == 0 { return skip(s, &successors) }
            s[.dirty, page] = 0
            s[.inFlight, page] = 1
            go(me, Flusher.setWriteback, s, &successors)
        case Flusher.setWriteback:
            s[.writeback, page] = 1
            go(me, machine.bug == .order ? Flusher.submit : Flusher.unlockPage, s, &successors)
        case Flusher.unlockPage:
            if machine.bug == .order {
                s[.flushedPTE] = 0
                return skip(s, &successors)
            }
            s[.locked, page] = 0
            go(me, Flusher.submit, s, &successors)
        case Flusher.submit:
            s[.submitted, page] = 1
            if machine.bug == .order { return go(me, Flusher.lookAtRmap, s, &successors) }
            s[.flushed] &+= 1
            go(me, Flusher.next, s, &successors)
        case Flusher.lookAtRmap:
            if s[.rmapped] == 0 { return skip(s, &successors) }
            go(me, Flusher.takePTL, s, &successors)
        case Flusher.wait:
            if page == machine.pages {
                s[.flushed] = 0
                for page in 0..<machine.pages where s[.memory, page] != s[.disk, page] {
                    s[.broken] = 1
                }
                go(me, Flusher.end, s, &successors)
            } else if s[.writeback, page] == 0 {
                s[.flushed] &+= 1
                emit(s, &successors)
            }
        default: break
        }
    }

    /// The flusher lets go of its page and goes on to the next.
    @inline(__always)
    private mutating func skip(_ state: SmallState, _ successors: inout Successors) {
        var s = state
        s[.locked, s[.flushed]] = 0
        s[.flushed] &+= 1
        go(.flusher, Flusher.next, s, &successors)
    }

    @inline(__always)
    mutating func stepDevice(_ before: SmallState, _ successors: inout Successors) {
        if before[.device] == 1 {
            var s = before
            s[.writeback, s[.devicePage]] = 0
            s[.devicePage] = 0
            return go(.device, 0, s, &successors)
        }
        for page in 0..<machine.pages where before[.submitted, page] == 1 {
            var s = before
            s[.disk, page] = s[.memory, page]
            s[.submitted, page] = 0
            s[.inFlight, page] = 0
            s[.devicePage] = page
            go(.device, 1, s, &successors)
        }
    }

    @inline(__always)
    mutating func stepUnmap(_ before: SmallState, _ successors: inout Successors) {
        var s = before
        let me = Bits.unmap
        switch s[me] {
        case Unmap.lock:
            guard s[.mmapWriter] == 0, s[.mmapReaders] == 0 else { return }
            s[.mmapWriter] = 1
            go(me, Unmap.detach, s, &successors)
        case Unmap.detach:
            s[.vma] = 0
            go(me, Unmap.unlock, s, &successors)
        case Unmap.unlock:
            s[.mmapWriter] = 0
            go(me, Unmap.takePTL, s, &successors)
        case Unmap.takePTL:
            guard s[.ptl] == 0 else { return }
            s[.ptl] = 1
            go(me, Unmap.takePTE, s, &successors)
        case Unmap.takePTE:
            let page = s[.unmapped]
            if page < machine.pages {
                s[.unmappedPTE] = s[.pte, page]
                s[.pte, page] = 0
                return go(me, Unmap.moveDirty, s, &successors)
            }
            s[.unmapped] = 0
            if machine.bug == .earlyRmap { s[.rmapped] = 0 }
            go(me, machine.bug == .lateFlush ? Unmap.dropEarly : Unmap.flush0, s, &successors)
        case Unmap.moveDirty:
            if s[.unmappedPTE] & SmallPTE.dirty != 0 { s[.dirty, s[.unmapped]] = 1 }
            s[.unmappedPTE] = 0
            s[.unmapped] &+= 1
            go(me, Unmap.takePTE, s, &successors)
        case Unmap.dropEarly:
            s[.ptl] = 0
            go(me, Unmap.flush0, s, &successors)
        case Unmap.flush0:
            for page in 0..<machine.pages { s[.tlb(0), page] = 0 }
            go(me, Unmap.flush1, s, &successors)
        case Unmap.flush1:
            for page in 0..<machine.pages { s[.tlb(1), page] = 0 }
            go(
                me, machine.bug == .lateFlush ? Unmap.leaveRmap : Unmap.dropPTL, s, &successors)
        case Unmap.dropPTL:
            s[.ptl] = 0
            go(me, Unmap.leaveRmap, s, &successors)
        case Unmap.leaveRmap:
            s[.rmapped] = 0
            go(me, Unmap.end, s, &successors)
        default: break
        }
    }
}
