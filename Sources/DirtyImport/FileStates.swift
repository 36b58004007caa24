/// What must be true of each file's pages after what the trace has shown so far: the prediction
/// that captions tell and that `expect` lines check. It is made from the trace and from the rules
/// of the kernel alone, not read from the simulator.
struct FileStates {
    struct State {
        /// Stored to through a shared mapping, and not written to disk since.
        var mapped = PageSet()
        /// Written with write(2), and not written to disk since.
        var written = PageSet()
        /// The page that got a value last, and that value.
        var latest: (page: Int, value: Int)?

        var dirty: PageSet {
            var union = mapped
            for run in written.runs { union.insert(run) }
            return union
        }

        mutating func clean(_ pages: ClosedRange<Int>) {
            mapped.remove(pages)
            written.remove(pages)
        }
    }

    /// A page in one process's page table.
    struct Place: Hashable {
        var process: Int
        var mapping: Int
        var page: Int
    }

    /// Whether the kernel learns of a store as it happens. 2.6.18 does not, and what the patch as it
    /// was posted learns is what people study; nothing is promised for them.
    let tracksStores: Bool
    /// msync(MS_SYNC) of the 2.6 kernels writes the whole file, whatever the range.
    private let syncsWholeFile: Bool

    private(set) var states: [Int: State] = [:]
    /// The serial number of the last store.
    private var serial = 0
    /// PTEs that are writable and dirty, and those that writing the page has write-protected
    /// again. Only some of the first: one example is all that a story needs.
    private var writable: [Place: Int] = [:]
    private var protected: [Place: Int] = [:]

    init(kernel: String) {
        tracksStores = ["2.6.19", "2.6.20", "6.18"].contains(kernel)
        syncsWholeFile = kernel != "6.18"
    }

    subscript(file: Int) -> State { states[file] ?? State() }

    /// Dirty pages of all files.
    var dirtyCount: Int { states.values.reduce(0) { $0 + $1.dirty.count } }

    /// The pages of the file that a sync of this part of a mapping writes when they are dirty; nil
    /// where msync has nothing to do. A shared mapping that was made through a read-only descriptor
    /// does not count as shared to msync.
    func synced(by part: Event.Part, _ cast: Cast) -> ClosedRange<Int>? {
        guard cast.isSyncable(part.mapping) else { return nil }
        return syncsWholeFile ? Self.all : cast.filePages(of: part)
    }

    func isProtected(_ place: Place) -> Bool { protected[place] != nil }

    /// A PTE through which the page was stored to since it was written.
    func writablePlace(file: Int, page: Int) -> Place? {
        writable.filter { $0.value == file && $0.key.page == page }.map(\.key).min {
            ($0.process, $0.mapping) < ($1.process, $1.mapping)
        }
    }

    mutating func follow(_ event: Event, _ cast: Cast) {
        guard let file = event.file else {
            switch event.action {
            case .syncAll: for file in cast.files { clean(file, Self.all) }
            case .exit: forget { $0.process == event.process }
            default: break
            }
            return
        }
        switch event.action {
        case .write(let part):
            serial += part.pages.count
            guard cast.isShared(part.mapping) else { return }
            let pages = cast.filePages(of: part)
            states[file, default: State()].mapped.insert(pages)
            states[file]!.latest = (pages.upperBound, serial)
            for page in pages.prefix(Self.placesMax) where writable.count < Self.placesMax {
                let place = Place(process: event.process, mapping: part.mapping, page: page)
                protected[place] = nil
                writable[place] = file
            }
        case .pwrite(let pages):
            serial += pages.count
            states[file, default: State()].written.insert(pages)
            states[file]!.latest = (pages.upperBound, serial)
        case .ftruncate(let pages):
            states[file]?.clean(pages...Int.max - 1)
            if let latest = states[file]?.latest, latest.page >= pages {
                states[file]!.latest = nil
            }
            forgetPlaces(of: file)
        case .msync(let part, mode: "sync"):
            if let pages = synced(by: part, cast) { clean(file, pages) }
        case .fsync: clean(file, Self.all)
        case .writeback(let pages): clean(file, pages ?? Self.all)
        case .mremap(let mapping, let pages):
            // Page table entries are moved as they are; those that are cut off are gone.
            let end = cast.firstFilePage(of: mapping) + pages
            forget { $0.process == event.process && $0.mapping == mapping && $0.page >= end }
        case .munmap(let part, _), .mprotect(let part, _), .discard(let part):
            forget { $0.process == event.process && $0.mapping == part.mapping }
        default: break
        }
    }

    private mutating func clean(_ file: Int, _ pages: ClosedRange<Int>) {
        states[file]?.clean(pages)
        for (place, of) in writable where of == file && pages.contains(place.page) {
            writable[place] = nil
            protected[place] = file
        }
    }

    private mutating func forget(_ isGone: (Place) -> Bool) {
        writable = writable.filter { !isGone($0.key) }
        protected = protected.filter { !isGone($0.key) }
    }

    private mutating func forgetPlaces(of file: Int) {
        writable = writable.filter { $0.value != file }
        protected = protected.filter { $0.value != file }
    }

    static let all = 0...Int.max - 1
    private static let placesMax = 256
}
