// Which invariants a change concerns. A search looks at millions of states, most of which differ from
// the one before in nothing that most invariants speak of: there they hold because they held.
//
// A field that a check begins to read needs its place here, and a function whose position is a window
// does too: searches in the tests look at every state both ways.

/// A set of invariants.
public struct InvariantSet: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public init(_ invariant: Invariant) { rawValue = 1 << UInt32(InvariantSet.ordered.firstIndex(of: invariant)!) }

    public init(_ invariants: some Sequence<Invariant>) {
        self = invariants.reduce(into: []) { $0.formUnion(InvariantSet($1)) }
    }

    public static let all = InvariantSet(Invariant.allCases)

    /// In the order of the literature.
    private static let ordered = Invariant.allCases

    public func contains(_ invariant: Invariant) -> Bool { isSuperset(of: InvariantSet(invariant)) }

    /// Each member, in the order of the literature.
    func forEach(_ body: (Invariant) -> Void) {
        var rest = rawValue
        while rest != 0 {
            body(InvariantSet.ordered[rest.trailingZeroBitCount])
            rest &= rest &- 1
        }
    }
}

extension InvariantSet {
    static let noLostWrite = InvariantSet(Invariant.noLostWrite)
    static let durability = InvariantSet(Invariant.durability)
    static let tracking = InvariantSet(Invariant.tracking)
    static let translations = InvariantSet(Invariant.translations)
    static let dirtyIsTagged = InvariantSet(Invariant.dirtyIsTagged)
    static let taggedIsDirty = InvariantSet(Invariant.taggedIsDirty)
    static let writebackIsTagged = InvariantSet(Invariant.writebackIsTagged)
    static let dirtyCounter = InvariantSet(Invariant.dirtyCounter)
    static let countersNotNegative = InvariantSet(Invariant.countersNotNegative)
    static let writebackCounter = InvariantSet(Invariant.writebackCounter)
    static let buffers = InvariantSet(Invariant.buffers)
    static let mkwrite = InvariantSet(Invariant.mkwrite)
    static let permission = InvariantSet(Invariant.permission)
    static let noSilentChange = InvariantSet(Invariant.noSilentChange)
    static let cowPrivacy = InvariantSet(Invariant.cowPrivacy)
    static let device = InvariantSet(Invariant.device)
    static let protectionBits = InvariantSet(Invariant.protectionBits)
    static let cost = InvariantSet(Invariant.cost)
    static let mkcleanOfFilePages = InvariantSet(Invariant.mkcleanOfFilePages)
    static let throttle = InvariantSet(Invariant.throttle)
    static let mapcount = InvariantSet(Invariant.mapcount)
    static let truncation = InvariantSet(Invariant.truncation)
}

/// What every word and every function of the stacks means to the invariants.
public struct InvariantScope: Sendable {
    /// The bits of a word that some invariants read.
    fileprivate struct Reading {
        var bits: UInt64
        var readers: InvariantSet
        /// They ask whether it is 0, and nothing else.
        var asksForZero = false
    }

    /// The readings of all words, one word's behind the other's.
    private var readings = Run<Reading>()
    /// Where the readings of a word begin: 256 words for each kind of record.
    private var starts = Run<UInt32>()
    /// The words of tasks that windows are recognised by, stacks aside.
    private var taskWords = Run<(offset: Int, bits: UInt64)>()
    /// For each function, what it matters to that a task is in it.
    private var windows = Run<Window>()

    private struct Window {
        /// Whether a task is in the function at all.
        var anywhere = InvariantSet()
        /// Whether it is at one of these positions, bits.
        var somewhere = InvariantSet()
        var positions: UInt64 = 0
    }

    /// What only others read than these invariants is left out of account.
    public init(of invariants: InvariantSet = .all) {
        var table = [[Reading]](repeating: [], count: RecordKind.allCases.count * 256)
        var readings = Readings()
        readings.noteAll()
        for (place, reading) in readings.found where !reading.readers.isDisjoint(with: invariants) {
            table[place].append(reading)
        }
        for word in table {
            starts.append(UInt32(self.readings.count))
            for reading in word { self.readings.append(reading) }
        }
        starts.append(UInt32(self.readings.count))
        for offset in 0..<Task.words {
            let bits = table[Int(RecordKind.task.rawValue) * 256 + offset].reduce(0) { $0 | $1.bits }
            if bits != 0, offset != Int(Field<Task, Ref<Task>>.next.offset) { taskWords.append((offset, bits)) }
        }
        setWindows()
    }

    private mutating func setWindows() {
        windows.grow(to: 256, Window())
        func set(_ function: KernelFunction, at positions: Set<Int> = [], _ readers: InvariantSet) {
            let number = Int(function.rawValue)
            if positions.isEmpty { windows[number].anywhere.formUnion(readers) } else {
                windows[number].somewhere.formUnion(readers)
                for position in positions { windows[number].positions |= 1 << UInt64(position & 63) }
            }
        }
        set(.handle_mm_fault, [.tracking])
        set(.clear_page_dirty_for_io, at: [1], [.tracking, .dirtyCounter])
        set(.test_clear_page_dirty, at: [1, 100], [.tracking, .dirtyCounter])
        set(.cancel_dirty_page, at: [1], [.dirtyCounter])
        set(.mprotect_fixup, [.translations, .permission])
        set(.set_page_dirty_buffers, at: [1, 2], [.dirtyIsTagged, .dirtyCounter, .countersNotNegative, .buffers])
        set(.set_page_dirty_nobuffers, at: [1], [.dirtyIsTagged, .dirtyCounter, .countersNotNegative])
        set(.page_mkclean, [.mkcleanOfFilePages])
        for function in [KernelFunction.page_mkclean_one, .try_to_unmap, .move_ptes, .install_page] {
            set(function, [.mapcount])
        }
        set(.zap_pte_range, [.mapcount])
        set(.zap_pte_range, at: [3], [.mapcount])
        set(.sys_ftruncate, [.truncation])
    }

    /// What changes mean to the invariants.
    public struct Concern: Hashable, Sendable {
        /// Those whose verdict may be another one now.
        public var invariants = InvariantSet()
        /// How the sum of all that any of them reads, tasks aside, has changed. Machines of one origin that
        /// agree in that sum and in `windows(in:)`, by 64 bits, agree in all verdicts.
        public var difference: UInt64 = 0
    }

    /// The invariants whose verdict may be another one after the changes in a machine's log.
    public func concerned(by machine: inout Machine) -> InvariantSet { concern(of: &machine).invariants }

    /// The same of some changes that have led to a machine's state.
    public func concerned(by changes: ArraySlice<Change>, in machine: borrowing Machine) -> InvariantSet {
        changes.withUnsafeBufferPointer { concern(of: $0, machine.state) }.invariants
    }

    /// What the changes in a machine's log mean.
    public func concern(of machine: inout Machine) -> Concern {
        concern(of: UnsafeBufferPointer(start: machine.log.elements, count: machine.log.count), machine.state)
    }

    @inline(__always)
    private func concern(of changes: UnsafeBufferPointer<Change>, _ state: borrowing State) -> Concern {
        var concern = Concern()
        for change in changes {
            let offset = Int(change.offset)
            if change.kind == .task, offset >= 3, offset <= 6 {
                noteFrames(change, &concern)
                continue
            }
            let differing = change.old ^ change.new
            var (bits, flags): (UInt64, UInt64) = (0, 0)
            if change.kind == .node {
                concern.invariants.formUnion(InvariantScope.readers(ofNode: change.ref, offset, state))
                bits = ~0
            } else {
                let place = Int(change.kind.rawValue) &* 256 &+ offset
                for index in Int(starts[place])..<Int(starts[place &+ 1]) {
                    let reading = readings[index]
                    if reading.bits & differing != 0 { concern.invariants.formUnion(reading.readers) }
                    if reading.asksForZero { flags |= reading.bits } else { bits |= reading.bits }
                }
                // What tasks say is asked for where they are in a window.
                if change.kind == .task { continue }
            }
            let place = (UInt64(change.ref) &+ UInt64(change.offset)) &<< 1
            if differing & bits != 0 {
                concern.difference &+= StateCodec.mix(place, change.new & bits)
                    &- StateCodec.mix(place, change.old & bits)
            }
            if flags != 0 {
                let (was, isNow) = (change.old & flags != 0, change.new & flags != 0)
                if was != isNow {
                    let mark = StateCodec.mix(place | 1, 1)
                    concern.difference = isNow ? concern.difference &+ mark : concern.difference &- mark
                }
            }
        }
        return concern
    }

    /// What the invariants see of the tasks: which of them are in windows, and what they say there. To be
    /// added to the sum of what has changed.
    public func windows(in machine: inout Machine) -> UInt64 {
        var sum: UInt64 = 0
        var task = machine[State.system, .tasks]
        while task.exists {
            var frames: UInt64 = 0
            for word in 3...6 {
                var rest = machine.state.words[Int(task.raw) &+ word]
                while rest != 0 {
                    let seen = seen(of: rest & 0xffff)
                    if seen != 0 { frames = StateCodec.mix(frames, seen) }
                    rest &>>= 16
                }
            }
            sum &+= frames == 0 ? 1 : StateCodec.mix(frames, registers(of: task, &machine))
            task = machine[task, .next]
        }
        return StateCodec.mix(sum, 7)
    }

    private func registers(of task: Ref<Task>, _ machine: inout Machine) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<taskWords.count {
            let word = taskWords[index]
            sum = (sum ^ machine.state.words[Int(task.raw) &+ word.offset] & word.bits) &* 0x9e37_79b9_7f4a_7c15
            sum ^= sum &>> 29
        }
        return sum
    }

    /// Four frames of a stack, of which few change at a time.
    @inline(__always)
    private func noteFrames(_ change: Change, _ concern: inout Concern) {
        var differing = change.old ^ change.new
        while differing != 0 {
            let shift = UInt64(differing.trailingZeroBitCount & ~15)
            let (before, after) = (change.old &>> shift & 0xffff, change.new &>> shift & 0xffff)
            let isOther = (before ^ after) & 0xff != 0
            concern.invariants.formUnion(readers(of: before, isOther).union(readers(of: after, isOther)))
            differing &= ~(0xffff &<< shift)
        }
    }

    /// What the invariants see of a frame: its function and position, if these are a window.
    @inline(__always)
    private func seen(of frame: UInt64) -> UInt64 {
        let window = windows[Int(truncatingIfNeeded: frame & 0xff)]
        if window.positions &>> (frame &>> 8 & 63) & 1 != 0 { return frame }
        return window.anywhere.isEmpty ? 0 : frame & 0xff
    }

    /// Who cares that a frame comes or goes, or moves within its function.
    @inline(__always)
    private func readers(of frame: UInt64, _ isOther: Bool) -> InvariantSet {
        let window = windows[Int(truncatingIfNeeded: frame & 0xff)]
        let isWatched = window.positions &>> (frame &>> 8 & 63) & 1 != 0
        return (isOther ? window.anywhere : []).union(isWatched ? window.somewhere : [])
    }

    /// Who reads a word of a tree's node. One that has been freed does not tell which tree it was.
    @inline(__always)
    private static func readers(ofNode raw: UInt32, _ offset: Int, _ state: borrowing State) -> InvariantSet {
        guard Int(raw) < state.wordCount, state.kind(at: raw) == .node, offset >= 2 else { return .all }
        switch state[Ref<Node>(raw: raw), .role] {
        case .pageTable: return .ofMappings
        case .pageCache where offset < Node.firstSlot:
            return [.dirtyIsTagged, .taggedIsDirty, .writebackIsTagged, .tracking]
        case .pageCache: return .ofPages
        case .disk: return [.noLostWrite]
        case .stored: return [.noLostWrite, .durability]
        }
    }
}

/// Who reads what, trees and stacks aside.
private struct Readings {
    var found: [(place: Int, reading: InvariantScope.Reading)] = []

    mutating func noteAll() {
        noteSystem()
        noteAddressSpaces()
        noteFiles()
        notePages()
        noteTasks()
    }

    private mutating func bits(_ kind: RecordKind, _ offset: Int, _ bits: UInt64, _ readers: InvariantSet) {
        found.append((Int(kind.rawValue) * 256 + offset, InvariantScope.Reading(bits: bits, readers: readers)))
    }

    private mutating func words(_ kind: RecordKind, _ offsets: some Sequence<Int>, _ readers: InvariantSet) {
        for offset in offsets { bits(kind, offset, ~0, readers) }
    }

    private mutating func field<R, V>(_ field: Field<R, V>, _ readers: InvariantSet) {
        bits(R.kind, Int(field.offset), field.mask << UInt64(field.shift), readers)
    }

    /// A field of which nobody asks more than whether it is 0.
    private mutating func zero<R, V>(_ field: Field<R, V>, _ readers: InvariantSet) {
        self.field(field, readers)
        found[found.count - 1].reading.asksForZero = true
    }

    private mutating func noteSystem() {
        for counter in Counter.allCases {
            // Nothing but the sign.
            bits(.system, Int(Field<System, Int>.counter(counter).offset), 1 << 63, [.countersNotNegative])
        }
        field(Field<System, Int>.counter(.nr_dirty), [.countersNotNegative, .dirtyCounter, .throttle])
        field(Field<System, Int>.counter(.nr_writeback), [.writebackCounter, .throttle])
        field(Field<System, Int>.dirtyLimit, [.throttle])
        field(Field<System, Int>.ratelimitPages, [.throttle])
        field(Field<System, Int>.powerLosses, [.noLostWrite])
        field(Field<System, Int>.wastedFaults, [.cost])
        field(Field<System, Int>.wastedWrites, [.cost])
        field(Field<System, Ref<Process>>.processes, .ofMappings)
        field(Field<System, Ref<File>>.files, .all)
        field(Field<System, Ref<Task>>.tasks, .ofTasks)
        field(Field<System, Ref<Folio>>.zeroFolio, .ofMappings)
        words(.processor, 4..<Processor.words, [.noLostWrite, .translations])
    }

    private mutating func noteAddressSpaces() {
        words(.process, [2], .ofMappings)
        words(.mm, [1, 2], .ofMappings)
        zero(Field<MM, Lock>.ptl, [.translations])
        words(.vma, 0..<VMA.words, .ofMappings)
    }

    private mutating func noteFiles() {
        bits(.file, 0, ~(1 << UInt64(Field<File, Bool>.isInodeDirty.shift)), .all)
        field(Field<File, Ref<File>>.next, .all)
        field(Field<File, Int>.size, [.noLostWrite, .translations, .truncation])
        field(Field<File, Ref<Node>>.cache, .ofPages)
        field(Field<File, Ref<Node>>.disk, [.noLostWrite])
        words(.file, [4, 9], [.noLostWrite])
        field(Field<File, Ref<Node>>.broken, [.durability])
    }

    private mutating func notePages() {
        zero(Field<Folio, Int>.lockOwner, [.noLostWrite, .taggedIsDirty, .buffers])
        zero(Field<Folio, Int>.buffers, [.tracking, .taggedIsDirty])
        zero(Field<Folio, Int>.dirtyBuffers, [.noLostWrite, .buffers])
        field(Field<Folio, Int>.order, .all)
        field(Field<Folio, Bool>.uptodate, [.noLostWrite])
        field(
            Field<Folio, Bool>.dirty,
            [.noLostWrite, .tracking, .dirtyIsTagged, .taggedIsDirty, .dirtyCounter, .buffers, .mkwrite])
        field(Field<Folio, Bool>.writeback, [.noLostWrite, .writebackIsTagged, .writebackCounter])
        field(
            Field<Folio, Bool>.anon,
            [.noLostWrite, .cowPrivacy, .device, .mkcleanOfFilePages, .mapcount, .truncation])
        field(Field<Folio, Bool>.isInTransaction, [.noLostWrite])
        field(Field<Folio, Bool>.isChangedSilently, [.noSilentChange])
        field(Field<Folio, Bool>.isUnprepared, [.mkwrite])
        field(Field<Folio, Int>.mapcount, [.noLostWrite, .translations, .mapcount])
        zero(Field<Folio, Int>.pins, [.noLostWrite])
        field(Field<Folio, Ref<File>>.mapping, .all)
        field(Field<Folio, Int>.index, .all)
        field(Field<Folio, UInt32>.contents, [.noLostWrite])
    }

    /// The registers that a window is recognised by.
    private mutating func noteTasks() {
        field(Field<Task, Ref<Task>>.next, .ofTasks)
        field(Field<Task, Bool>.vmfWrite, [.tracking])
        field(Field<Task, Int>.vmfAddress, [.tracking])
        field(Field<Task, Ref<VMA>>.vmfVMA, [.tracking])
        field(Field<Task, Ref<Folio>>.wbcPage, [.tracking, .dirtyCounter])
        field(Field<Task, Ref<Folio>>.page, [.tracking, .dirtyCounter])
        field(
            Field<Task, Ref<Folio>>.dirtyPage,
            [.dirtyIsTagged, .dirtyCounter, .countersNotNegative, .buffers])
        field(Field<Task, Ref<VMA>>.vma, [.translations, .permission])
        field(Field<Task, Ref<File>>.file, [.truncation])
        field(Field<Task, Ref<Folio>>.rmapPage, [.mkcleanOfFilePages])
        field(Field<Task, PTE>.rmapOld, [.mapcount])
        field(Field<Task, Ref<Folio>>.zapPage, [.mapcount])
        field(Field<Task, PTE>.zapOld, [.mapcount])
        field(Field<Task, Ref<Batch>>.delayed, [.mapcount])
        words(.batch, 0..<Batch.words, [.mapcount])
    }
}

extension InvariantSet {
    /// Those that look at the pages of files.
    fileprivate static let ofPages: InvariantSet = [
        .noLostWrite, .dirtyIsTagged, .taggedIsDirty, .writebackIsTagged, .dirtyCounter, .countersNotNegative,
        .writebackCounter, .buffers, .mkwrite, .noSilentChange, .mapcount,
    ]
    /// Those that look at what is mapped. A store is lost where nobody maps the page any more.
    fileprivate static let ofMappings: InvariantSet = [
        .noLostWrite, .tracking, .translations, .permission, .cowPrivacy, .device, .protectionBits, .mapcount,
        .truncation,
    ]
    /// Those that know windows by tasks, or count these.
    fileprivate static let ofTasks: InvariantSet = [
        .tracking, .translations, .dirtyIsTagged, .dirtyCounter, .countersNotNegative, .buffers, .permission,
        .mkcleanOfFilePages, .throttle, .mapcount, .truncation,
    ]
}
