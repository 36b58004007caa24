// Which invariants a change concerns. A search looks at millions of states, most of which differ from
// the one before in nothing that most invariants speak of: there they hold because they held.
//
// A field that a check begins to read needs its place here, and a function whose position is a window
// does too: searches in the tests look at every state both ways.

/// A set of invariants.
public struct InvariantSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public init(_ invariant: Invariant) { rawValue = 1 << UInt32(InvariantSet.ordered.firstIndex(of: invariant)!) }

    public init(_ invariants: some Sequence<Invariant>) {
        self = invariants.reduce(into: []) { $0.formUnion(InvariantSet($1)) }
    }

    public static let all = InvariantSet(Invariant.allCases)

    /// In the order of the literature.
    private static let ordered = Invariant.allCases

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
    }

    /// The readings of all words, one word's behind the other's.
    private var readings: [Reading] = []
    /// Where the readings of a word begin: 256 words for each kind of record.
    private var starts: [UInt32] = []
    /// For each function, what it matters to that a task is in it.
    private var windows = [Window](repeating: Window(), count: 256)

    private struct Window {
        /// Whether a task is in the function at all.
        var anywhere = InvariantSet()
        /// Whether it is at one of these positions, bits.
        var somewhere = InvariantSet()
        var positions: UInt64 = 0
    }

    public init() {
        var table = [[Reading]](repeating: [], count: RecordKind.allCases.count * 256)
        var readings = Readings()
        readings.noteAll()
        for (place, reading) in readings.found { table[place].append(reading) }
        starts.reserveCapacity(table.count + 1)
        for word in table {
            starts.append(UInt32(self.readings.count))
            self.readings += word
        }
        starts.append(UInt32(self.readings.count))
        setWindows()
    }

    private mutating func setWindows() {
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
        /// How the sum of all that any of them reads has changed. Machines of one origin that agree in that
        /// sum, by 64 bits, agree in all verdicts.
        public var difference: UInt64 = 0
    }

    /// The invariants whose verdict may be another one after the changes in a machine's log.
    public func concerned(by machine: borrowing Machine) -> InvariantSet { concern(of: machine).invariants }

    /// What the changes in a machine's log mean.
    public func concern(of machine: borrowing Machine) -> Concern {
        var concern = Concern()
        for change in machine.log {
            let offset = Int(change.offset)
            if change.kind == .task, offset >= 3, offset <= 6 {
                noteFrames(change, &concern)
                continue
            }
            var bits: UInt64 = 0
            if change.kind == .node {
                concern.invariants.formUnion(InvariantScope.readers(ofNode: change.ref, offset, machine.state))
                bits = ~0
            } else {
                let place = Int(change.kind.rawValue) &* 256 &+ offset
                let differing = change.old ^ change.new
                for index in Int(starts[place])..<Int(starts[place &+ 1]) {
                    bits |= readings[index].bits
                    if readings[index].bits & differing != 0 {
                        concern.invariants.formUnion(readings[index].readers)
                    }
                }
            }
            if (change.old ^ change.new) & bits != 0 {
                let place = (UInt64(change.ref) &+ UInt64(change.offset)) &<< 2
                concern.difference &+= StateCodec.mix(place, change.new & bits)
                    &- StateCodec.mix(place, change.old & bits)
            }
        }
        return concern
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
            let (old, new) = (seen(of: before), seen(of: after))
            if old != new {
                let place = (UInt64(change.ref) &+ UInt64(change.offset)) &<< 2 | shift &>> 4
                concern.difference &+= StateCodec.mix(place, new) &- StateCodec.mix(place, old)
            }
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

    private mutating func noteSystem() {
        for counter in Counter.allCases { field(Field<System, Int>.counter(counter), [.countersNotNegative]) }
        field(Field<System, Int>.counter(.nr_dirty), [.dirtyCounter, .throttle])
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
        field(Field<MM, Lock>.ptl, [.translations])
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
        field(Field<Folio, Int>.lockOwner, [.noLostWrite, .taggedIsDirty, .buffers])
        field(Field<Folio, Int>.buffers, [.tracking, .taggedIsDirty])
        field(Field<Folio, Int>.dirtyBuffers, [.noLostWrite, .buffers])
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
        field(Field<Folio, Int>.pins, [.noLostWrite])
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
