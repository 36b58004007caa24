import DirtyMachine

/// The state as tables of text, for `run --at`.
public enum StateText {
    /// Untouched pages of a large mapping are left out.
    static let pagesShown = 64

    public static func lines(_ machine: Machine) -> [String] {
        var lines: [String] = [""]
        for process in machine.state.processes {
            let alive = machine.ending(of: process).map { $0.hasPrefix("killed") ? "  (\($0))" : "  (ended)" } ?? ""
            lines.append("process \(machine.name(of: process))  CPU\(machine.cpu(of: process))\(alive)")
            for piece in machine.pieces(of: process) {
                lines.append(contentsOf: vma(piece, machine))
            }
        }
        for file in machine.state.files where !machine.isAnonymous(file) {
            lines.append(contentsOf: self.file(file, machine))
        }
        let counters = Counter.allCases.map { "\($0.name) \(machine.state.counter($0))" }
        lines.append(counters.joined(separator: "  "))
        return lines
    }

    private static func vma(_ piece: VMAPiece, _ machine: Machine) -> [String] {
        let shared = piece.flags.contains(.mayShare) ? "s" : "p"
        let backing =
            piece.file.exists && !machine.isAnonymous(piece.file)
            ? "\(machine.name(of: piece.file))[\(piece.pgoff)..]" : "anonymous"
        var lines = [
            "  \(hex(piece.address)) \(piece.pages) pages \(piece.flags.letters)\(shared) "
                + "page_prot \(piece.pageProt)  \(piece.mapping)  \(backing)"
                + (piece.isTracked ? "  tracked" : "")
        ]
        for offset in 0..<min(piece.pages, pagesShown) {
            let page = machine.page(piece.first + offset, at: piece.start + offset, in: piece.vma)
            lines.append("    \(pad("\(piece.mapping)[\(page.index)]", 10)) \(row(page, machine))")
        }
        if piece.pages > pagesShown { lines.append("    ... \(piece.pages - pagesShown) more pages") }
        return lines
    }

    private static func row(_ page: PageView, _ machine: Machine) -> String {
        let entry = (page.pte ?? .empty).description
        guard page.folio.exists else { return "\(entry)  \(machine.word(for: page).rawValue)" }
        return "\(entry)  frame \(machine.pfn(page.folio))  value \(machine.contents(page.folio))"
            + "  \(machine.word(for: page).rawValue)"
    }

    private static func file(_ file: Ref<File>, _ machine: Machine) -> [String] {
        let pages = machine.size(of: file)
        var lines = [
            "file \(machine.name(of: file))  \(pages) pages  \(machine.fileSystem(of: file).name)"
        ]
        for index in 0..<min(pages, pagesShown) {
            var words: [String] = []
            if let folio = machine.cachedPage(file, index) {
                words = ["cached value \(machine.contents(folio))"]
                if machine.isDirty(folio) { words.append("dirty") }
                if machine.isUnderWriteback(folio) { words.append("writeback") }
                for tag in Tag.allCases where machine.hasTag(tag, file, index) {
                    words.append("tag:\(tag)")
                }
                let folioPages = machine.folioIndices(folio)
                if folioPages.count > 1 {
                    words.append("folio:\(folioPages.lowerBound)..\(folioPages.upperBound - 1)")
                }
            }
            let disk =
                machine.fileSystem(of: file).hasDisk
                ? "disk \(machine.state.diskValue(file, index))" : "no disk"
            lines.append(
                "    \(pad("\(machine.name(of: file))[\(index)]", 10)) \(pad(disk, 10)) "
                    + (words.isEmpty ? "not cached" : words.joined(separator: " ")))
        }
        if pages > pagesShown { lines.append("    ... \(pages - pagesShown) more pages") }
        return lines
    }

    private static func hex(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }
}
