// Every mutation of the machine passes through `write(_:_:_:kind:)`. Undo, highlighting, the
// JSON report and "why" all read the log that it keeps.

extension Machine {
    public internal(set) subscript<R, V>(_ ref: Ref<R>, _ field: Field<R, V>) -> V {
        // Every step goes through here several times: as calls, these accesses would be what a
        // simulated fault mostly costs.
        @inline(__always) get { state[ref, field] }
        @inline(__always) set {
            let at = Int(ref.raw) &+ Int(field.offset)
            let old = state.words[at]
            let keep = ~(field.mask &<< UInt64(field.shift))
            write(
                ref.raw, field.offset,
                (old & keep) | ((newValue.word & field.mask) &<< UInt64(field.shift)), R.kind)
        }
    }

    /// The funnel: changes one word and records how to take it back.
    @inline(__always)
    mutating func write(_ ref: UInt32, _ offset: UInt8, _ new: UInt64, _ kind: RecordKind) {
        let at = Int(ref) &+ Int(offset)
        let old = state.words[at]
        if old == new { return }
        if isRecording {
            log.append(
                Change(
                    ref: ref, offset: offset, kind: kind, task: causeTask, function: causeFunction,
                    old: old, new: new))
        }
        state.words[at] = new
    }

    /// Takes back the newest changes until `count` are left. The inverse of running forward.
    public mutating func undo(to count: Int) {
        state.words.own()
        let (changes, words) = (log.elements, state.words.elements)
        let top = Int(State.system.raw) &+ Int(Field<System, Int>.top.offset)
        var at = log.count
        while at > count {
            at &-= 1
            let place = Int(changes[at].ref) &+ Int(changes[at].offset)
            words[place] = changes[at].old
            if place == top { state.words.shrink(to: Int(changes[at].old)) }
        }
        if log.count > count { log.shrink(to: count) }
    }

    /// Forgets how the machine came to be as it is. There is no way back from here.
    public mutating func forgetHistory() { log.removeAll() }

    /// Forgets the oldest so many changes.
    public mutating func forgetOldest(_ count: Int) { log.removeFirst(count) }

    // MARK: Records

    /// A fresh record, all zero but for its kind. Reuses freed records first.
    mutating func allocate<R: Record>(_: R.Type = R.self) -> Ref<R> {
        let system = State.system
        let head = Field<System, Int>.freeHead(R.kind)
        let free = self[system, head]
        if free != 0 {
            let ref = Ref<R>(raw: UInt32(free))
            self[system, head] = Int(state.words[free + 1])
            write(ref.raw, 1, 0, R.kind)
            // A folio keeps its frame number while it is free.
            write(ref.raw, 0, (state.words[free] & ~0xff) | UInt64(R.kind.rawValue), R.kind)
            return ref
        }
        let top = self[system, .top]
        let size = (R.words + State.alignment - 1) / State.alignment * State.alignment
        state.words.grow(to: top + size)
        self[system, .top] = top + size
        write(UInt32(top), 0, UInt64(R.kind.rawValue), R.kind)
        return Ref(raw: UInt32(top))
    }

    /// Gives a record back. `keeping` are the bits of word 0 that survive.
    mutating func free<R: Record>(_ ref: Ref<R>, keeping: UInt64 = 0) {
        for offset in (1..<R.words).reversed() { write(ref.raw, UInt8(offset), 0, R.kind) }
        write(ref.raw, 0, state.words[Int(ref.raw)] & keeping & ~0xff, R.kind)
        if ref.raw < oldRecords { return }
        let head = Field<System, Int>.freeHead(R.kind)
        write(ref.raw, 1, UInt64(self[State.system, head]), R.kind)
        self[State.system, head] = Int(ref.raw)
    }
}
