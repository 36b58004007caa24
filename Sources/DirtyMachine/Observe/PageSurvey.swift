// Many pages at a glance: a mapping or file cut into runs of pages, each with the worst state that
// any of its pages is in. Only pages that something has touched are looked at.

extension PageWord {
    /// How much it matters in a crowd: unwritten data first, and of that what a CPU may add to.
    public var severity: Int {
        switch self {
        case .dirty: 12
        case .redirtied: 11
        case .pteDirty: 10
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
        let (name, mm) = (name(of: mapping), self[process, .mm])
        for piece in pieces(of: process) where piece.mapping == name {
            let part = (piece.first..<piece.first + piece.pages).clamped(to: pages)
            guard !part.isEmpty else { continue }
            // A run that a piece begins or ends in is looked at once for each.
            for run in runs.run(of: part.lowerBound)...runs.run(of: part.upperBound - 1) {
                runs.note(.notPresent, at: max(part.lowerBound, pages.lowerBound + run * length))
            }
            /// From a page of the mapping to the keys of a tree.
            func survey(_ root: Ref<Node>, offset: Int) {
                var page = part.lowerBound
                while page < part.upperBound,
                    let (key, _) = state.radixFirst(root, in: page + offset...part.upperBound - 1 + offset)
                {
                    let found = key - offset
                    let view = self.page(found, at: piece.start + found - piece.first, in: piece.vma)
                    runs.note(word(for: view), at: found)
                    page = runs.next(after: found)
                }
            }
            survey(self[mm, .pgd], offset: piece.start - piece.first)
            if piece.file.exists { survey(self[piece.file, .cache], offset: piece.pgoff - piece.first) }
        }
        return runs.words
    }

    /// Dirty pages beyond which writeback begins in the background, and beyond which whoever
    /// dirties pages has to wait; nil where there is no limit.
    public var dirtyThresholds: (background: Int, limit: Int)? {
        let limit = self[State.system, .dirtyLimit]
        return limit > 0 ? (self[State.system, .dirtyBackground], limit) : nil
    }
}
