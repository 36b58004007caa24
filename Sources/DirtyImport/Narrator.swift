/// Tells the story of a recording: captions, chapters, where to look, and `expect` lines that would
/// fail if the kernel behaved otherwise.
///
/// The first moment of each kind opens a chapter and is explained; later ones get a short caption,
/// and after ``captionsMax`` of a kind none, so that a long trace stays readable.
struct Narrator {
    /// The kinds of moments that are worth a word.
    enum Moment: String {
        case mapping, firstStore = "first store", sync, storeAgain = "store again", unmap, fork
        case secondFile = "second file"
        /// A sync that finds nothing dirty, one that finds only what write(2) wrote, MS_ASYNC.
        case idleSync, fileSync, async
        case truncate, fileWrite, exit
    }

    private let cast: Cast
    private var states: FileStates
    private let kernel: String
    private var told: [Moment: Int] = [:]
    /// Lines to write after the operations that the caption is about.
    private var pending: [String] = []
    private var mappedFiles: Set<Int> = []
    /// The last sync's word, for the caption of the store after it.
    private var lastSync = "the sync"

    init(cast: Cast, options: ImportOptions) {
        self.cast = cast
        kernel = options.kernel
        states = FileStates(kernel: options.kernel)
    }

    // MARK: Start and end

    func start(program: String) -> [String] {
        let who = program.isEmpty ? "a real program" : "a real program, \(program)"
        return chapter("start")
            + say(
                "This is a recorded run of \(who). Its stores and system calls are what"
                    + " happened; what the kernel does about them is simulated here, step by step.")
    }

    func end() -> [String] {
        var lines = chapter("end")
        let disks = cast.files.filter(cast.hasDisk)
        let dirty = disks.filter(cast.isNamed).reduce(0) { $0 + states[$1].dirty.count }
        let gone = disks.reduce(0) { $0 + states[$1].dirty.count } - dirty
        if states.tracksStores, !disks.isEmpty {
            let excepted = gone == 0 ? "" : " of files that still have a name"
            let rest =
                dirty == 0
                ? "Every page\(excepted) is clean: what was stored is on disk, or was truncated away."
                : "The trace ends with \(plural(dirty, "dirty page"))\(excepted):"
                    + " until the kernel writes \(dirty == 1 ? "it" : "them"), a power"
                    + " failure loses \(dirty == 1 ? "it" : "them")."
            lines += say(rest + " No store has been lost by the kernel.")
            lines += dirtyCount()
        } else {
            lines += say("no store is lost: each is on disk, in the page cache or in a page table")
        }
        return lines + ["expect lost 0", "expect invariants"]
    }

    // MARK: Around events

    /// What is said before `events`, which one system call has made, or which are one.
    mutating func before(_ events: ArraySlice<Event>) -> [String] {
        let event = events.first!
        let process = cast.processNames[event.process]!
        switch event.action {
        case .mmap(let mapping, let pages, let kind):
            return mapped(process, event.file!, mapping, pages, kind)
        case .write(let part) where cast.isShared(part.mapping):
            return stored(process, event, part)
        case .pwrite where cast.hasDisk(event.file!):
            guard tell(.fileWrite, atMost: 1) else { return [] }
            return say(
                "\(process) writes to \(name(event.file!)) with write(2): the data goes to the page"
                    + " cache, and the kernel knows at once which pages are dirty.")
        case .msync(_, mode: "sync"): return msync(process, events)
        case .msync(_, mode: "async"): return msyncAsync(process, events)
        case .fsync(let promised) where !promised:
            return synced(process, "fsync", [event.file!: FileStates.all])
        case .syncAll:
            let files = cast.files.map { ($0, FileStates.all) }
            return synced(process, "sync", Dictionary(uniqueKeysWithValues: files))
        case .munmap(_, let remapped) where !remapped: return unmapped(process, events)
        case .ftruncate(let pages): return truncated(process, event.file!, pages)
        case .fork(let child):
            guard tell(.fork) else { return [] }
            return chapter(first: .fork)
                + say(
                    "\(process) forks \(cast.processNames[child]!), which has the same mappings in"
                        + " a page table of its own.")
        case .exit: return exited(process)
        default: return []
        }
    }

    /// Takes the events into account and says what must be true now.
    mutating func after(_ events: ArraySlice<Event>) -> [String] {
        for event in events { states.follow(event, cast) }
        defer { pending = [] }
        return pending.map { line in
            line == Self.countMark ? dirtyCount().first ?? "" : line
        }.filter { !$0.isEmpty }
    }

    private mutating func mapped(
        _ process: String, _ file: Int, _ mapping: Int, _ pages: ClosedRange<Int>,
        _ kind: Event.MappingKind
    ) -> [String] {
        guard kind.shared, kind.letters.contains("w") else { return [] }
        let isNew = mappedFiles.insert(file).inserted
        let size = plural(pages.count, "page")
        if isNew, mappedFiles.count == 2, tell(.secondFile) {
            pending.append("focus \(process) \(cast.mapping(mapping))")
            return chapter(first: .secondFile)
                + say(
                    "A second file: \(process) maps \(size) of \(name(file)), shared and writable."
                        + " Each file's dirty pages are its own, and each is synced for itself.")
        }
        guard tell(.mapping) else { return [] }
        guard told[.mapping] == 1 else {
            return say("\(process) maps \(size) of \(name(file)), shared and writable.")
        }
        let place = "\(process) \(cast.mapping(mapping))"
        pending.append("focus \(place)")
        if !kind.populates { pending.append("expect \(place)[0] absent") }
        return chapter(first: .mapping)
            + say(
                "\(process) maps \(size) of \(name(file)), shared and writable: memory and file are"
                    + " one, the file's pages in the page cache."
                    + (kind.populates ? "" : " The page table has none of them yet."))
    }

    private mutating func stored(_ process: String, _ event: Event, _ part: Event.Part) -> [String]
    {
        let file = event.file!
        guard states.tracksStores, cast.hasDisk(file) else { return [] }
        let page = cast.filePages(of: part).lowerBound
        let place = FileStates.Place(process: event.process, mapping: part.mapping, page: page)
        let operand = "\(process) \(cast.mapping(part.mapping))[\(part.pages.lowerBound)]"
        if tell(.firstStore, atMost: 1) {
            let others = event.stores - part.pages.count
            pending += [
                "expect \(operand) present write dirty", "expect \(name(file))[\(page)] dirty",
                "pause",
            ]
            return chapter(first: .firstStore) + ["focus \(operand)"]
                + say(
                    "The first store through a mapping, to page \(page) of \(name(file)). The PTE"
                        + " does not allow it, so it faults: the kernel marks the page dirty, then"
                        + " lets it through."
                        + (others > 0 ? " \(plural(others, "more store")) take\(others == 1 ? "s" : "") no fault." : ""))
        }
        guard part.pages.count == 1, states.isProtected(place), tell(.storeAgain, atMost: 1) else {
            return []
        }
        pending += [
            "expect faults minor=1 major=0", "expect \(operand) present write dirty",
            "expect \(name(file))[\(page)] dirty", "pause",
        ]
        return chapter(first: .storeAgain) + ["focus \(operand)"]
            + say(
                "Page \(page) again. Writing it for \(lastSync) took the PTE's write permission"
                    + " away, so this store faults too: that is how the kernel learns that the page"
                    + " on disk is old once more.")
    }

    // MARK: Syncs

    private mutating func msync(_ process: String, _ events: ArraySlice<Event>) -> [String] {
        var ranges: [Int: ClosedRange<Int>] = [:]
        for case (.msync(let part, _), let file?) in events.lazy.map({ ($0.action, $0.file) }) {
            guard let pages = states.synced(by: part, cast) else { continue }
            // Of mappings with gaps between them this may cover too much, which only matters to
            // the count: then nothing is counted.
            if let old = ranges[file], old != pages { return [] }
            ranges[file] = pages
        }
        return synced(process, "msync(MS_SYNC)", ranges)
    }

    private mutating func synced(
        _ process: String, _ call: String, _ ranges: [Int: ClosedRange<Int>]
    ) -> [String] {
        let files = ranges.keys.filter(cast.hasDisk).sorted()
        guard !files.isEmpty else { return [] }
        let target = call.hasPrefix("fsync") ? " of \(name(files[0]))" : ""
        guard states.tracksStores else {
            guard tell(.sync) else { return [] }
            return chapter(first: .sync) + say("\(process) calls \(call)\(target).")
        }
        let mapped = files.reduce(0) { $0 + states[$1].mapped.count(in: ranges[$1]!) }
        let dirty = files.reduce(0) { $0 + states[$1].dirty.count(in: ranges[$1]!) }
        guard dirty > 0 else {
            guard tell(.idleSync, atMost: 3) else { return [] }
            pending.append(Self.countMark)
            return say("\(process) calls \(call)\(target): nothing is dirty there, nothing to write.")
        }
        // A sync of what write(2) wrote is not what this story is about.
        guard tell(mapped > 0 ? .sync : .fileSync) else { return [] }
        let isFirst = told[.sync] == 1 && mapped > 0
        if isFirst { lastSync = call }
        for file in files { check(file, ranges[file]!, isFirst: isFirst) }
        pending.append(Self.countMark)
        if isFirst { pending.append("pause") }
        let pages = plural(dirty, "dirty page")
        let origin =
            mapped == 0
            ? ", written with write(2)"
            : mapped < dirty ? ", \(mapped) of them stored to through mappings" : ""
        let left = files.reduce(0) { $0 + states[$1].dirty.count } - dirty
        let rest = left > 0 ? " \(plural(left, "page")) elsewhere in the file stay\(left == 1 ? "s" : "") dirty." : ""
        guard isFirst else {
            return say("\(process) calls \(call)\(target): it writes \(pages)\(origin).\(rest)")
        }
        return chapter(first: .sync)
            + say(
                "\(process) calls \(call)\(target): \(pages)\(origin). For each the kernel takes"
                    + " write permission from the PTEs, so that it sees the next store, and writes"
                    + " the page to disk.\(rest)")
    }

    /// What must be true after a sync of `pages`.
    private mutating func check(_ file: Int, _ pages: ClosedRange<Int>, isFirst: Bool) {
        guard let latest = states[file].latest, pages.contains(latest.page),
            states[file].dirty.contains(latest.page)
        else { return }
        pending.append("expect \(name(file))[\(latest.page)] cached !dirty !writeback")
        pending.append("expect disk \(name(file))[\(latest.page)] \(latest.value)")
        if isFirst, let place = states.writablePlace(file: file, page: latest.page) {
            let index = latest.page - cast.firstFilePage(of: place.mapping)
            pending.append(
                "expect \(cast.processNames[place.process]!) \(cast.mapping(place.mapping))"
                    + "[\(index)] present !write !dirty")
        }
    }

    private mutating func msyncAsync(_ process: String, _ events: ArraySlice<Event>) -> [String] {
        guard states.tracksStores, tell(.async, atMost: 3) else { return [] }
        pending.append(Self.countMark)
        return say(
            "\(process) calls msync(MS_ASYNC), which writes nothing: the kernel knows which pages"
                + " are dirty and will write them in its own time.")
    }

    // MARK: Mappings and files that go

    private mutating func unmapped(_ process: String, _ events: ArraySlice<Event>) -> [String] {
        var left: [Int: PageSet] = [:]
        for case (.munmap(let part, _), let file?) in events.lazy.map({ ($0.action, $0.file) })
        where cast.isShared(part.mapping) && cast.hasDisk(file) {
            for run in states[file].mapped.within(cast.filePages(of: part)) {
                left[file, default: PageSet()].insert(run)
            }
        }
        let count = left.values.reduce(0) { $0 + $1.count }
        guard count > 0, tell(.unmap) else { return [] }
        let isFirst = told[.unmap] == 1
        let what =
            plural(count, "dirty page") + " of "
            + (left.count == 1 ? name(left.first!.key) : plural(left.count, "file"))
        if states.tracksStores {
            for (file, pages) in left.sorted(by: { $0.key < $1.key }).prefix(3) {
                pending.append("expect \(name(file))[\(pages.runs[0].lowerBound)] cached dirty")
            }
        }
        guard isFirst, states.tracksStores else {
            return (isFirst ? chapter(first: .unmap) : [])
                + say("\(process) unmaps \(what).")
        }
        return chapter(first: .unmap)
            + say(
                "\(process) unmaps \(what). That writes nothing and loses nothing: the"
                    + " page\(count == 1 ? " stays" : "s stay") dirty in the page cache, and the"
                    + " kernel writes \(count == 1 ? "it" : "them") when it likes.")
    }

    private mutating func truncated(_ process: String, _ file: Int, _ pages: Int) -> [String] {
        guard cast.hasDisk(file) else { return [] }
        let cut = states[file].dirty.count(in: pages...Int.max - 1)
        guard cut > 0, tell(.truncate) else { return [] }
        pending.append(Self.countMark)
        return say(
            "\(process) cuts \(name(file)) to \(plural(pages, "page")):"
                + " \(plural(cut, "dirty page")) beyond go unwritten, as they should.")
    }

    private mutating func exited(_ process: String) -> [String] {
        guard tell(.exit) else { return [] }
        let files = cast.files.filter { cast.hasDisk($0) && cast.isNamed($0) }
        let dirty = files.reduce(0) { $0 + states[$1].mapped.count }
        let rest =
            dirty == 0
            ? "" : " while stores to \(plural(dirty, "page")) are in the page cache alone"
        return say("\(process) exits\(rest).")
    }

    // MARK: Words

    private func name(_ file: Int) -> String { cast.fileNames[file]! }

    private func dirtyCount() -> [String] {
        guard states.tracksStores, cast.files.allSatisfy(cast.hasDisk) else { return [] }
        return ["expect nr_dirty == \(states.dirtyCount)"]
    }

    /// Counts a moment; false: enough has been said of its kind.
    private mutating func tell(_ moment: Moment, atMost limit: Int = captionsMax) -> Bool {
        guard told[moment, default: 0] < limit else { return false }
        told[moment, default: 0] += 1
        return true
    }

    /// A chapter for the first moment of a kind.
    private func chapter(first moment: Moment) -> [String] {
        told[moment] == 1 ? chapter(moment.rawValue) : []
    }

    private func chapter(_ name: String) -> [String] { ["", "chapter \(Names.quoted(name))"] }

    private func say(_ text: String) -> [String] { ["say \(Names.quoted(text))"] }

    private static let captionsMax = 12
    private static let countMark = "#count"
}

func plural(_ number: Int, _ word: String) -> String {
    "\(grouped(number)) \(word)\(number == 1 ? "" : "s")"
}
