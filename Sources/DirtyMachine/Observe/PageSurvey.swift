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
        guard let (start, count) = extent(of: mapping) else { return runs.words }
        let mm = self[process, .mm]
        /// Looks at the pages of the mapping from `part` that are in a tree under other keys.
        func survey(_ part: Range<Int>, _ root: Ref<Node>, offset: Int, _ view: (Int) -> PageView) {
            var page = part.lowerBound
            while page < part.upperBound,
                let (key, _) = state.radixFirst(root, in: page + offset...part.upperBound - 1 + offset)
            {
                runs.note(word(for: view(key - offset)), at: key - offset)
                page = runs.next(after: key - offset)
            }
        }
        func survey(_ part: Range<Int>, _ vma: Ref<VMA>, _ view: (Int) -> PageView) {
            let part = part.clamped(to: pages)
            guard !part.isEmpty else { return }
            for run in runs.run(of: part.lowerBound)...runs.run(of: part.upperBound - 1) {
                runs.note(.notPresent, at: max(part.lowerBound, pages.lowerBound + run * length))
            }
            survey(part, self[mm, .pgd], offset: start, view)
            let file = self[vma, .file]
            if file.exists {
                survey(part, self[file, .cache], offset: self[vma, .pgoff] + start - self[vma, .start], view)
            }
        }
        let name = name(of: mapping)
        for piece in pieces(of: process) where piece.mapping == name && piece.start - piece.first == start {
            survey(piece.first..<piece.first + piece.pages, piece.vma) {
                self.page($0, at: start + $0, in: piece.vma)
            }
        }
        // What a munmap under way has detached is seen until it is gone.
        for task in state.tasks {
            var vma = self[task, .detached]
            while vma.exists {
                let range = (self[vma, .start]..<self[vma, .end]).clamped(to: start..<start + count)
                if self[vma, .mm] == mm, self.mapping(at: range.lowerBound, in: mm) == mapping {
                    survey(range.lowerBound - start..<range.upperBound - start, vma) {
                        self.page($0, of: mapping, in: process)
                    }
                }
                vma = self[vma, .nextDetached]
            }
        }
        return runs.words
    }

    /// How many pages of a piece of a VMA are dirty and under writeback; nil where more pages than
    /// `limit` have a PTE or are cached, so that counting would take long.
    public func tally(of piece: VMAPiece, limit: Int) -> (dirty: Int, writeback: Int)? {
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
            if looked == limit { return nil }
            looked += 1
            switch word(for: page(piece.first + vpn - piece.start, at: vpn, in: piece.vma)) {
            case .pteDirty, .dirty, .dirtyProtected, .dirtyUnmapped: dirty += 1
            case .writeback: writeback += 1
            case .redirtied: (dirty, writeback) = (dirty + 1, writeback + 1)
            default: break
            }
            from = vpn + 1
        }
        return (dirty, writeback)
    }

    /// Dirty pages beyond which writeback begins in the background, and beyond which whoever
    /// dirties pages has to wait; nil where there is no limit.
    public var dirtyThresholds: (background: Int, limit: Int)? {
        let limit = self[State.system, .dirtyLimit]
        return limit > 0 ? (self[State.system, .dirtyBackground], limit) : nil
    }
}
