/// Something that a process did to a file or to a mapping of one.
struct Event: Equatable {
    /// Pages of a mapping, counted as the mapping was made.
    struct Part: Equatable {
        var mapping: Int
        var pages: ClosedRange<Int>
        var isWhole: Bool
    }

    enum Action: Equatable {
        case mmap(mapping: Int, pages: ClosedRange<Int>, MappingKind)
        case munmap(Part, remapped: Bool)
        /// A whole mapping, which has so many pages then.
        case mremap(mapping: Int, pages: Int)
        case mprotect(Part, letters: String)
        case discard(Part)
        case msync(Part, mode: String)
        case read(Part)
        case write(Part)
        case pread(ClosedRange<Int>)
        case pwrite(ClosedRange<Int>)
        case ftruncate(pages: Int)
        /// `promised`: the descriptor was opened with O_SYNC or O_DSYNC, so the write itself syncs.
        case fsync(promised: Bool)
        case writeback(ClosedRange<Int>?)
        case syncAll
        case fork(child: Int)
        case exit
    }

    struct MappingKind: Equatable {
        var letters: String
        var shared: Bool
        var populates: Bool
        var readOnlyDescriptor: Bool
    }

    var process: Int
    /// nil for what concerns a process and not one file.
    var file: Int?
    var action: Action
    /// The line of the trace, for errors and to tell calls apart.
    var line: Int
    var loads = 0
    var stores = 0
    /// How often a read or write of the file has been repeated.
    var times = 1

    /// The part of a mapping that a load or store touches.
    var accessed: Part? {
        switch action {
        case .read(let part), .write(let part): part
        default: nil
        }
    }

    /// Keeps the first pages of a load or store.
    mutating func shorten(to count: Int) {
        guard var part = accessed else { return }
        part.pages = part.pages.lowerBound...part.pages.lowerBound + count - 1
        if case .read = action { action = .read(part) } else { action = .write(part) }
    }

    /// Whether both are what one system call did to several mappings.
    func isOfSameCall(as other: Event) -> Bool {
        guard line == other.line, process == other.process else { return false }
        switch (action, other.action) {
        case (.msync(_, let mode), .msync(_, let otherMode)): return mode == otherMode
        case (.munmap(_, let remapped), .munmap(_, let otherRemapped)):
            return remapped == otherRemapped
        default: return self == other
        }
    }
}

/// The events of a trace in their order. Accesses to a page between two other events are one event
/// with a count: to the page tables only the first load and the first store make a difference.
struct EventLog {
    private struct PageKey: Hashable {
        var process: Int
        var mapping: Int
        var page: Int
    }

    /// Where the load and the store of a page are counted.
    private struct Folded {
        var read: Int?
        var write: Int?
    }

    private(set) var events: [Event] = []
    private let foldedPagesMax: Int
    private var folded: [PageKey: Folded] = [:]
    /// Accesses before this event belong to an earlier fold.
    private var foldStart = 0
    private var last: (key: PageKey, folded: Folded)?

    init(limits: ImportLimits) {
        foldedPagesMax = limits.foldedPages
    }

    /// `ordered`: the event must not move against the accesses around it.
    mutating func append(_ event: Event, ordered: Bool = true) {
        if ordered { endFold() }
        if !mergeTransfer(event) { events.append(event) }
    }

    mutating func access(
        _ segment: AddressSpace.Segment, page: Int, store: Bool, process: Int, line: Int
    ) {
        let key = PageKey(process: process, mapping: segment.mapping, page: page)
        var state: Folded
        if let last, last.key == key {
            state = last.folded
        } else {
            if folded.count >= foldedPagesMax { endFold() }
            state = folded[key] ?? Folded()
        }
        // After a store, a load of the page finds nothing left to do, so the event of the store
        // counts it.
        if let index = state.write ?? (store ? nil : state.read) {
            if store { events[index].stores += 1 } else { events[index].loads += 1 }
        } else {
            let index = begin(segment, page: page, store: store, process: process, line: line)
            if store { state.write = index } else { state.read = index }
            folded[key] = state
        }
        last = (key, state)
    }

    /// Adds the first access to a page, to the event before it where that ends at the page before.
    private mutating func begin(
        _ segment: AddressSpace.Segment, page: Int, store: Bool, process: Int, line: Int
    ) -> Int {
        let previous = events.count - 1
        if previous >= foldStart, events[previous].process == process {
            switch (events[previous].action, store) {
            case (.read(var part), false)
            where part.mapping == segment.mapping && part.pages.upperBound + 1 == page:
                part.pages = part.pages.lowerBound...page
                events[previous].action = .read(part)
                events[previous].loads += 1
                return previous
            case (.write(var part), true)
            where part.mapping == segment.mapping && part.pages.upperBound + 1 == page:
                part.pages = part.pages.lowerBound...page
                events[previous].action = .write(part)
                events[previous].stores += 1
                return previous
            default: break
            }
        }
        let part = Event.Part(mapping: segment.mapping, pages: page...page, isWhole: false)
        var event = Event(
            process: process, file: segment.file, action: store ? .write(part) : .read(part),
            line: line)
        if store { event.stores = 1 } else { event.loads = 1 }
        events.append(event)
        return events.count - 1
    }

    /// Folds a read or write of a file into the one before: the same pages again, or the pages that
    /// follow.
    private mutating func mergeTransfer(_ event: Event) -> Bool {
        guard let previous = events.indices.last, events[previous].process == event.process,
            events[previous].file == event.file
        else { return false }
        let joined: ClosedRange<Int>
        switch (events[previous].action, event.action) {
        case (.pread(let old), .pread(let new)), (.pwrite(let old), .pwrite(let new)):
            // Buffered output goes on in the page where the write before ended.
            guard (old.lowerBound...old.upperBound + 1).contains(new.lowerBound),
                new.upperBound >= old.upperBound
            else { return false }
            joined = old.lowerBound...new.upperBound
        default: return false
        }
        if case .pread = event.action { events[previous].action = .pread(joined) }
        if case .pwrite = event.action { events[previous].action = .pwrite(joined) }
        events[previous].times += 1
        return true
    }

    /// Leaves out the events of files that `keep` refuses.
    mutating func compact(keep: (Int) -> Bool) {
        endFold()
        events.removeAll { event in event.file.map { !keep($0) } ?? false }
        foldStart = events.count
    }

    private mutating func endFold() {
        folded.removeAll(keepingCapacity: true)
        last = nil
        foldStart = events.count
    }
}
