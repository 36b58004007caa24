import DirtyMachine

/// Something about a page that is not the same under every kernel of a comparison.
public struct Difference: Hashable, Sendable {
    /// `A m[0]` for what a process's page table says, `db[0]` for the page cache and the disk.
    public let subject: String
    /// `pte`, `page`, `memory` or `disk`.
    public let attribute: String
    /// One text a kernel, nil where that kernel could not follow the script.
    public let values: [String?]
}

extension LockStep {
    /// What the kernels that go on disagree on now: of each mapping the PTEs, of each file the page
    /// cache and the disk.
    public var differences: [Difference] {
        let able = sides.indices.filter { obstacles[$0] == nil }
        guard able.count > 1 else { return [] }
        var order: [ComparedCell] = []
        var table: [ComparedCell: [String?]] = [:]
        for side in able {
            sides[side].machine.forEachComparedCell { cell, text in
                if table[cell] == nil {
                    order.append(cell)
                    table[cell] = sides.indices.map { able.contains($0) ? cell.attribute.untouched : nil }
                }
                table[cell]![side] = text
            }
        }
        return order.compactMap { cell in
            let values = table[cell]!
            guard Set(able.map { values[$0] }).count > 1 else { return nil }
            return Difference(
                subject: cell.subject, attribute: cell.attribute.rawValue, values: values)
        }
    }
}

private struct ComparedCell: Hashable {
    enum Attribute: String {
        case pte, page, memory, disk

        /// What a page has that nothing has touched.
        var untouched: String {
            switch self {
            case .pte: PTE.empty.description
            case .page: "not cached"
            case .memory: "-"
            case .disk: "0"
            }
        }
    }

    let subject: String
    let attribute: Attribute
}

extension Machine {
    /// Visits what there is of pages that something has touched.
    fileprivate func forEachComparedCell(_ visit: (ComparedCell, String) -> Void) {
        for process in state.processes where isAlive(process) {
            for mapping in state.mappings(of: process) where extent(of: mapping) != nil {
                for page in touchedPages(of: mapping, in: process) {
                    guard let entry = page.pte else { continue }
                    let subject = "\(name(of: process)) \(name(of: mapping))[\(page.index)]"
                    visit(ComparedCell(subject: subject, attribute: .pte), entry.description)
                }
            }
        }
        for file in state.files where !isAnonymous(file) {
            for index in cachedPages(file) {
                guard let folio = cachedPage(file, index) else { continue }
                let subject = "\(name(of: file))[\(index)]"
                visit(ComparedCell(subject: subject, attribute: .page), cacheWord(folio))
                visit(ComparedCell(subject: subject, attribute: .memory), "\(contents(folio))")
            }
            for index in writtenPages(file) {
                visit(
                    ComparedCell(subject: "\(name(of: file))[\(index)]", attribute: .disk),
                    "\(state.diskValue(file, index))")
            }
        }
    }

    private func cacheWord(_ folio: Ref<Folio>) -> String {
        switch (isUnderWriteback(folio), isDirty(folio)) {
        case (false, false): "clean"
        case (false, true): "dirty"
        case (true, false): "writeback"
        case (true, true): "writeback, dirty"
        }
    }
}
