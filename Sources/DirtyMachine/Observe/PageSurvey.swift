// Many pages at a glance: a mapping or file cut into runs of pages, each with the worst state that
// any of its pages is in. Only pages that something has touched are looked at.

extension PageWord {
    /// How much it matters in a crowd: unwritten data first, and of that what a CPU may add to.
    public var severity: Int {
        switch self {
        case .dirty: 13
        case .redirtied: 12
        case .pteDirty: 11
        case .staleTLB: 10
        case .dirtyProtected: 9
        case .dirtyUnmapped: 8
        case .writeback: 7
        case .cleanWritable: 6
        case .clean: 5
        case .cached: 4
        case .anonymous: 3
        case .zero: 2
        case .notPresent: 1
        case .unmapped: 0
        }
    }

    fileprivate static let worst = PageWord.dirty
}

/// The worst word of each run.
private struct Runs {
    /// The pages that are looked at, and how many of them make a run.
    let pages: Range<Int>
    let length: Int
    var words: [PageWord]

    init(_ pages: Range<Int>, of length: Int, _ word: PageWord) {
        self.pages = pages
        self.length = length
        words = Array(repeating: word, count: (pages.count + length - 1) / length)
    }

    func run(of page: Int) -> Int { (page - pages.lowerBound) / length }

    mutating func note(_ word: PageWord, at page: Int) {
        if word.severity > words[run(of: page)].severity { words[run(of: page)] = word }
    }

    /// The next page that could make a difference.
    func next(after page: Int) -> Int {
        var run = run(of: page)
        if words[run] != .worst { return page + 1 }
        repeat { run += 1 } while run < words.count && words[run] == .worst
        return pages.lowerBound + run * length
    }
}

extension Machine {
    /// The worst word of each run of so many pages of a file.
    public func worstWords(of file: Ref<File>, pages: Range<Int>, run length: Int) -> [PageWord] {
        var runs = Runs(pages, of: length, .notPresent)
        var page = pages.lowerBound
        while page < pages.upperBound,
            let (found, _) = state.radixFirst(self[file, .cache], in: page...pages.upperBound - 1)
        {
            runs.note(word(for: self.page(found, of: file)), at: found)
            page = runs.next(after: found)
        }
        return runs.words
    }

    /// The worst word of each run of so many pages of a mapping.
    public func worstWords(
        of mapping: Ref<Mapping>, in process: Ref<Process>, pages: Range<Int>, run length: Int
    ) -> [PageWord] {
        var runs = Runs(pages, of: length, .unmapped)
        guard let (start, _) = extent(of: mapping) else { return runs.words }
        let mm = self[process, .mm]
        for part in parts(of: mapping, in: process) {
            let range = part.pages.clamped(to: pages)
            guard !range.isEmpty else { continue }
            for run in runs.run(of: range.lowerBound)...runs.run(of: range.upperBound - 1) {
                runs.note(.notPresent, at: max(range.lowerBound, pages.lowerBound + run * length))
            }
            for tree in trees(of: part, start: start, mm) {
                var page = range.lowerBound
                while page < range.upperBound, let found = tree.first(in: page..<range.upperBound, of: state) {
                    runs.note(word(for: view(found, of: part, mapping, process, start)), at: found)
                    page = runs.next(after: found)
                }
            }
        }
        return runs.words
    }

    // MARK: Page by page

    /// Goes through pages of a file in order: each page that is cached, and between these the stretches
    /// that nothing has touched, each as one. `visit` tells whether to go on.
    public func survey(_ file: Ref<File>, pages: Range<Int>, _ visit: (Range<Int>, PageWord) -> Bool) {
        _ = survey(pages, [Tree(root: self[file, .cache], offset: 0)], { self.page($0, of: file) }, visit)
    }

    /// Goes through pages of a mapping in order: each page that has a PTE or is cached, and between
    /// these the stretches that nothing has touched, each as one. `visit` tells whether to go on.
    public func survey(
        _ mapping: Ref<Mapping>, in process: Ref<Process>, pages: Range<Int>, _ visit: (Range<Int>, PageWord) -> Bool
    ) {
        guard let (start, _) = extent(of: mapping) else { return }
        let mm = self[process, .mm]
        var page = pages.lowerBound
        for part in parts(of: mapping, in: process).sorted(by: { $0.pages.lowerBound < $1.pages.lowerBound }) {
            let range = part.pages.clamped(to: page..<pages.upperBound)
            guard !range.isEmpty else { continue }
            if page < range.lowerBound, !visit(page..<range.lowerBound, .unmapped) { return }
            let goesOn = survey(
                range, trees(of: part, start: start, mm), { view($0, of: part, mapping, process, start) }, visit)
            guard goesOn else { return }
            page = range.upperBound
        }
        if page < pages.upperBound { _ = visit(page..<pages.upperBound, .unmapped) }
    }

    private func survey(
        _ pages: Range<Int>, _ trees: [Tree], _ view: (Int) -> PageView, _ visit: (Range<Int>, PageWord) -> Bool
    ) -> Bool {
        var page = pages.lowerBound
        while page < pages.upperBound {
            let next = trees.compactMap { $0.first(in: page..<pages.upperBound, of: state) }.min() ?? pages.upperBound
            if next > page, !visit(page..<next, .notPresent) { return false }
            if next < pages.upperBound, !visit(next..<next + 1, word(for: view(next))) { return false }
            page = next + 1
        }
        return true
    }

    /// Pages of a mapping that one VMA has, or had until a munmap detached it, which is seen until it
    /// is gone.
    private struct Part {
        let pages: Range<Int>
        let vma: Ref<VMA>
        var isDetached = false
    }

    private func parts(of mapping: Ref<Mapping>, in process: Ref<Process>) -> [Part] {
        guard let (start, count) = extent(of: mapping) else { return [] }
        let (mm, name) = (self[process, .mm], name(of: mapping))
        var parts = pieces(of: process).filter { $0.mapping == name && $0.start - $0.first == start }
            .map { Part(pages: $0.first..<$0.first + $0.pages, vma: $0.vma) }
        for task in state.tasks {
            var vma = self[task, .detached]
            while vma.exists {
                let range = (self[vma, .start]..<self[vma, .end]).clamped(to: start..<start + count)
                if self[vma, .mm] == mm, self.mapping(at: range.lowerBound, in: mm) == mapping {
                    parts.append(Part(pages: range.lowerBound - start..<range.upperBound - start, vma: vma, isDetached: true))
                }
                vma = self[vma, .nextDetached]
            }
        }
        return parts
    }

    /// A tree in which a page of a mapping is found under another key.
    private struct Tree {
        let root: Ref<Node>
        let offset: Int

        /// The first of these pages that is in the tree.
        func first(in pages: Range<Int>, of state: State) -> Int? {
            state.radixFirst(root, in: pages.lowerBound + offset...pages.upperBound - 1 + offset).map { $0.0 - offset }
        }
    }

    /// The page table, and the page cache of what is mapped.
    private func trees(of part: Part, start: Int, _ mm: Ref<MM>) -> [Tree] {
        let table = Tree(root: self[mm, .pgd], offset: start)
        let file = self[part.vma, .file]
        guard file.exists else { return [table] }
        return [table, Tree(root: self[file, .cache], offset: self[part.vma, .pgoff] + start - self[part.vma, .start])]
    }

    private func view(
        _ page: Int, of part: Part, _ mapping: Ref<Mapping>, _ process: Ref<Process>, _ start: Int
    ) -> PageView {
        part.isDetached ? self.page(page, of: mapping, in: process) : self.page(page, at: start + page, in: part.vma)
    }

    /// How many pages of a piece of a VMA are dirty and under writeback. Of those that have a PTE or are
    /// cached no more than `limit` are looked at; `isWhole` tells whether these were all.
    public func tally(of piece: VMAPiece, limit: Int) -> (dirty: Int, writeback: Int, isWhole: Bool) {
        let pages = piece.start..<piece.start + piece.pages
        let (table, cache) = (self[self[piece.vma, .mm], .pgd], piece.file.exists ? self[piece.file, .cache] : .none)
        // A nonlinear VMA shows what its PTEs say.
        let offset = piece.pgoff - piece.start
        let hasOrder = !piece.flags.contains(.nonlinear)
        var (dirty, writeback, looked) = (0, 0, 0)
        var from = pages.lowerBound
        while from < pages.upperBound {
            let mapped = state.radixFirst(table, in: from...pages.upperBound - 1)?.0
            let cached = hasOrder && cache.exists
                ? state.radixFirst(cache, in: from + offset...pages.upperBound - 1 + offset).map { $0.0 - offset } : nil
            guard let vpn = [mapped, cached].compactMap({ $0 }).min() else { break }
            if looked == limit { return (dirty, writeback, false) }
            looked += 1
            switch word(for: page(piece.first + vpn - piece.start, at: vpn, in: piece.vma)) {
            case .pteDirty, .dirty, .dirtyProtected, .dirtyUnmapped: dirty += 1
            case .writeback: writeback += 1
            case .redirtied: (dirty, writeback) = (dirty + 1, writeback + 1)
            default: break
            }
            from = vpn + 1
        }
        return (dirty, writeback, true)
    }

    /// Dirty pages beyond which writeback begins in the background, and beyond which whoever
    /// dirties pages has to wait; nil where there is no limit.
    public var dirtyThresholds: (background: Int, limit: Int)? {
        let limit = self[State.system, .dirtyLimit]
        return limit > 0 ? (self[State.system, .dirtyBackground], limit) : nil
    }
}
