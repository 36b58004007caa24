import DirtyMachine
import DirtyScript

/// The selected page over the latest steps, one column a step, time to the right: when a bit
/// changed is seen at a glance, and lost data as a value that never reaches the disk.
struct HistoryPane {
    let scene: Scene
    let columns: Int

    private static let names = ["pte", "page", "write", "mem", "disk"]

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "History of the page"
        listing.empty = "no page is selected"
        guard let selection = scene.selection else { return listing }
        let moves = scene.session.moves
        let room = max(1, columns - 8)
        let wanted = max(0, moves.count - room + 1)
        // Long ago there are no changes any more to go back by.
        let first = (wanted...moves.count).first(where: scene.session.keepsChanges) ?? moves.count
        var lines = Self.names.map { name -> Line in
            var line = Line(" ")
            line.column(name, 6, Style(.plain, .dim))
            return line
        }
        // Back through the moves on one scratch copy, then drawn the other way round.
        var machine = scene.now.before([])
        var samples: [[Cell]] = []
        for move in (first...moves.count).reversed() {
            samples.append(Self.sample(selection, machine))
            if move > first { machine.rewind(scene.session.changes(of: move - 1)) }
        }
        for sample in samples.reversed() {
            for row in lines.indices { lines[row].add(sample[row].scalar, sample[row].style) }
        }
        listing.title = "History of page \(selection.page)  steps \(first)-\(moves.count)"
        if height >= 7 {
            lines.append(Line())
            lines.append(
                Line(
                    " pte: r read-only w writable D dirty   page: c clean D dirty   write: W",
                    Style(.plain, .dim)))
        }
        listing.count = lines.count
        listing.row = { lines[$0] }
        return listing
    }

    private static func sample(_ selection: Selection, _ machine: Machine) -> [Cell] {
        let blank = Cell(" ")
        guard let page = machine.page(selection.page, of: selection.target) else {
            return Array(repeating: blank, count: names.count)
        }
        let folio = page.folio
        let (memory, disk) = (machine.memoryText(page), machine.diskText(page))
        let isBehind = memory != "-" && disk != "-" && memory != disk
        let dot = Cell(".", Style(.absent))
        return [
            page.vpn > 0 ? entry(page.pte) : entries(machine.reach(of: page)),
            !folio.exists ? dot : machine.isDirty(folio) ? Cell("D", Style(.dirty)) : Cell("c", Style(.absent)),
            folio.exists && machine.isUnderWriteback(folio) ? Cell("W", Style(.writeback)) : dot,
            digit(memory, isBehind ? .dirty : .plain), digit(disk, .plain),
        ]
    }

    /// Of a file's page, the most that any PTE allows.
    private static func entries(_ reach: Machine.Reach) -> Cell {
        guard reach.mapping > 0 else { return Cell(".", Style(.absent)) }
        if reach.dirty > 0 { return Cell(reach.writable > 0 ? "D" : "d", Style(.dirty)) }
        return Cell(reach.writable > 0 ? "w" : "r", Style(.clean))
    }

    private static func entry(_ pte: PTE?) -> Cell {
        guard let pte, pte.isMapped else { return Cell(".", Style(.absent)) }
        if pte.dirty { return Cell(pte.write ? "D" : "d", Style(.dirty)) }
        return Cell(pte.write ? "w" : "r", Style(.clean))
    }

    /// A value in one cell: the last digit tells neighbours apart.
    private static func digit(_ text: String, _ role: Role) -> Cell {
        text == "-" ? Cell(".", Style(.absent)) : Cell(text.unicodeScalars.last ?? " ", Style(role))
    }
}
