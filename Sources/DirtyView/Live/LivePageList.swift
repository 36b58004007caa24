import LiveModel

/// Which pages of an area are listed: all of a small one; of a large one those in page tables that
/// exist; or only those that are different from the sample before.
struct LivePageList {
    let area: LiveArea
    let before: LiveSample?
    let isSparse: Bool
    /// Pages, where they are picked one by one.
    private let picked: [Int]?
    /// Rows before each table, where the list is sparse.
    private var starts: [Int] = []
    let count: Int

    /// Beyond so many pages only those in page tables are listed.
    static let mostListed = 1 << 16
    private static let mostPicked = 1 << 16

    init(_ area: LiveArea, before: LiveSample?, onlyChanged: Bool) {
        self.area = area
        self.before = before
        isSparse = area.pageCount > Self.mostListed
        if onlyChanged {
            let picked = Self.changed(area, before)
            self.picked = picked
            count = picked.count
            return
        }
        picked = nil
        var rows = 0
        if isSparse {
            for table in area.tables {
                starts.append(rows)
                rows += table.pages.count
            }
        }
        count = isSparse ? rows : area.pageCount
    }

    /// The page before: nil where that was not watched.
    func was(_ page: Int) -> LivePage? { before?.page(area.process, at: area.start + UInt64(page) << 12) }

    func page(at row: Int) -> Int {
        if let picked { return picked.indices.contains(row) ? picked[row] : 0 }
        guard isSparse else { return row }
        let table = (starts.lastIndex { $0 <= row }) ?? 0
        return area.tables.indices.contains(table) ? area.tables[table].first + row - starts[table] : 0
    }

    /// The row of a page, or the one nearest to it.
    func row(of page: Int) -> Int {
        if let picked { return picked.firstIndex { $0 >= page } ?? max(0, picked.count - 1) }
        guard isSparse else { return page }
        guard let table = area.tables.lastIndex(where: { $0.first <= page }) else { return 0 }
        return starts[table] + min(page - area.tables[table].first, area.tables[table].pages.count - 1)
    }

    private static func changed(_ area: LiveArea, _ before: LiveSample?) -> [Int] {
        guard let old = before?.areas.first(where: { $0.process == area.process && $0.start < area.end && area.start < $0.end && $0.isWatched })
        else { return [] }
        let shift = (Int(area.start) - Int(old.start)) >> 12
        var firsts = Set(area.tables.map(\.first))
        firsts.formUnion(old.tables.map { $0.first - shift })
        var result: [Int] = []
        for first in firsts.sorted() {
            let new = area.table(of: max(0, first)).map { area.tables[$0] }
            let was = old.table(of: max(0, first) + shift).map { old.tables[$0] }
            if shift == 0, new == was { continue }
            for page in max(0, first)..<max(0, min(area.pageCount, first + 512)) where page + shift >= 0 {
                if area.page(page) != old.page(page + shift) { result.append(page) }
            }
            if result.count > mostPicked { break }
        }
        return result
    }
}

/// States of an area's pages, counted.
struct LiveCounts {
    var present = 0
    var dirty = 0
    var writeback = 0

    init(_ area: LiveArea) {
        for table in area.tables {
            for page in table.pages {
                if page.entry.contains(.present) { present += 1 }
                if page.isDirtyInCache || page.entry.contains(.dirty) { dirty += 1 }
                if page.isUnderWriteback { writeback += 1 }
            }
        }
    }
}
