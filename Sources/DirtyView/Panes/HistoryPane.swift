import DirtyMachine
import DirtyScript

/// The time strips of the selected page: one row for each of its attributes, time to the right,
/// now at the end. When a bit changed is seen at a glance, and lost data shows as a value that never
/// reaches the disk.
struct HistoryPane {
    let scene: Scene
    let columns: Int

    private enum Row: String, CaseIterable {
        case pte, page, tag, buffers = "buf", writeback = "write", memory = "mem", disk
    }

    /// Which rows fit: the tag and the buffers give way first.
    private static func rows(_ height: Int) -> [Row] {
        switch height {
        case ..<6: [.pte, .page, .writeback, .memory, .disk]
        case 6, 7: [.pte, .page, .tag, .writeback, .memory, .disk]
        default: Row.allCases
        }
    }

    /// A moment of the page.
    private struct Sample {
        let position: Int
        let cells: [Cell]
    }

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "History of the page"
        listing.empty = "no page is selected"
        guard let selection = scene.selection else { return listing }
        let rows = Self.rows(height)
        let room = max(1, columns - 8)
        let samples = scene.showsEvents ? events(selection, rows, room) : steps(selection, rows, room)
        var lines = rows.map { row -> Line in
            var line = Line(" ")
            line.column(row.rawValue, 6, Style(.plain, .dim))
            return line
        }
        for sample in samples {
            for row in lines.indices { lines[row].add(sample.cells[row].scalar, sample.cells[row].style) }
        }
        let first = samples.first?.position ?? 0
        listing.title = "History of \(selection.item.text)  "
            + (scene.showsEvents ? "\(samples.count) events, steps \(first)-\(scene.session.position)" : "steps \(first)-\(scene.session.position)")
        if height >= lines.count + 1 { lines.append(axis(samples)) }
        if height >= lines.count + 1 {
            lines.append(Line(" r read-only  w writable  D d dirty  c clean  W w write  0-9 values", Style(.plain, .dim)))
        }
        if height >= lines.count + 2 { lines += life(selection, lines: height - lines.count) }
        listing.count = lines.count
        if scene.focus == .history { listing.cursor = scene.cursors[.history] }
        listing.row = { lines[$0] }
        let item = selection.item
        listing.subject = { _ in .item(item) }
        return listing
    }

    // MARK: Moments

    /// One column a step, up to now.
    private func steps(_ selection: Selection, _ rows: [Row], _ room: Int) -> [Sample] {
        let moves = scene.session.moves
        let wanted = max(0, moves.count - room + 1)
        // Long ago there are no changes any more to go back by.
        let first = (wanted...moves.count).first(where: scene.session.keepsChanges) ?? moves.count
        // Back through the moves on one scratch copy, then drawn the other way round.
        var machine = scene.now.before([])
        var samples: [Sample] = []
        for position in (first...moves.count).reversed() {
            samples.append(Sample(position: position, cells: Self.cells(selection, machine, rows)))
            if position > first { machine.rewind(scene.session.changes(of: position - 1)) }
        }
        return samples.reversed()
    }

    /// Moves that one look for events goes back.
    private static let lookBack = 4096

    /// One column for each step that changed one of the rows.
    private func events(_ selection: Selection, _ rows: [Row], _ room: Int) -> [Sample] {
        var machine = scene.now.before([])
        var samples = [Sample(position: scene.session.position, cells: Self.cells(selection, machine, rows))]
        var position = scene.session.position
        let last = max(0, position - Self.lookBack)
        while position > last, samples.count < room, scene.session.keepsChanges(since: position - 1) {
            let changes = scene.session.changes(of: position - 1)
            let isNear = changes.contains { $0.kind != .task && $0.kind != .batch }
            machine.rewind(changes)
            position -= 1
            guard isNear else { continue }
            let cells = Self.cells(selection, machine, rows)
            if cells != samples[samples.count - 1].cells {
                // The column before began with some earlier step: that is found by going on.
                samples[samples.count - 1] = Sample(position: position + 1, cells: samples[samples.count - 1].cells)
                samples.append(Sample(position: position, cells: cells))
            }
        }
        return samples.reversed()
    }

    /// `^65             ^81           now 128^`
    private func axis(_ samples: [Sample]) -> Line {
        var line = Line(" ")
        line.pad(width: 7)
        let end = "\(samples.last?.position ?? 0) now^"
        var column = 0
        while column < samples.count {
            let label = "^\(samples[column].position)"
            if column + label.count + 2 + end.count > samples.count { break }
            line.pad(width: 7 + column)
            line.add(label, Style(.plain, .dim))
            column += max(16, label.count + 2)
        }
        line.pad(width: max(7, 7 + samples.count - end.count))
        line.add(end, Style(.plain, .dim))
        return line
    }

    /// The page's life as one sentence, its latest part where it is long.
    private func life(_ selection: Selection, lines: Int) -> [Line] {
        guard let page = scene.now.page(selection.page, of: selection.target), page.file.exists else { return [] }
        let width = max(20, columns - 2)
        var events = scene.session.life(ofPage: page.fileIndex, of: page.file, limit: 12)
        let name = "\(scene.now.name(of: page.file))[\(page.fileIndex)]"
        let now = scene.isLost(page) ? "LOST" : scene.now.word(for: page).rawValue
        while true {
            let told = events.map { "\($0.text) (\($0.position))" }.joined(separator: ", ")
            let text = events.isEmpty ? "\(name) is \(now), and nothing has happened to it." : "\(name) was \(told); now it is \(now)."
            let wrapped = wrap(text, width)
            if wrapped.count <= lines || events.isEmpty {
                return wrapped.prefix(lines).map { Line(" " + $0, Style(.narration)) }
            }
            events.removeFirst()
        }
    }

    // MARK: Cells

    private static func cells(_ selection: Selection, _ machine: Machine, _ rows: [Row]) -> [Cell] {
        guard let page = machine.page(selection.page, of: selection.target) else { return rows.map { _ in Cell(" ") } }
        return rows.map { cell($0, page, machine) }
    }

    private static func cell(_ row: Row, _ page: PageView, _ machine: Machine) -> Cell {
        let folio = page.folio
        let dot = Cell(".", Style(.absent))
        switch row {
        case .pte: return page.vpn > 0 ? entry(page.pte) : entries(machine.reach(of: page))
        case .page:
            return !folio.exists ? dot : machine.isDirty(folio) ? Cell("D", Style(.dirty)) : Cell("c", Style(.absent))
        case .tag:
            guard page.file.exists else { return dot }
            let (dirty, writeback) = (machine.hasTag(.dirty, page.file, page.fileIndex), machine.hasTag(.writeback, page.file, page.fileIndex))
            if dirty, writeback { return Cell("b", Style(.redirtied)) }
            return dirty ? Cell("d", Style(.dirty)) : writeback ? Cell("w", Style(.writeback)) : dot
        case .buffers:
            guard folio.exists, machine.buffers(folio).count > 0 else { return dot }
            let dirty = machine.buffers(folio).dirty.nonzeroBitCount
            return dirty == 0 ? Cell("c", Style(.absent)) : Cell(dirty == 1 && machine.buffers(folio).count == 1 ? "D" : Unicode.Scalar(UInt8(48 + dirty)), Style(.dirty))
        case .writeback: return folio.exists && machine.isUnderWriteback(folio) ? Cell("W", Style(.writeback)) : dot
        case .memory:
            let (memory, disk) = (machine.memoryText(page), machine.diskText(page))
            return digit(memory, memory != "-" && disk != "-" && memory != disk ? .dirty : .plain)
        case .disk: return digit(machine.diskText(page), .plain)
        }
    }

    /// Of a file's page, the most that any PTE allows.
    private static func entries(_ reach: Machine.Reach) -> Cell {
        guard reach.mapping > 0 else { return Cell(".", Style(.absent)) }
        if reach.dirty > 0 { return Cell(reach.writable > 0 ? "D" : "d", Style(.dirty)) }
        return reach.writable > 0 ? writable : Cell("r", Style(.clean))
    }

    private static func entry(_ pte: PTE?) -> Cell {
        guard let pte, pte.isMapped else { return Cell(".", Style(.absent)) }
        if pte.dirty { return Cell(pte.write ? "D" : "d", Style(.dirty)) }
        return pte.write ? writable : Cell("r", Style(.clean))
    }

    /// Clean and writable: the trap is not armed, so it has not its colour.
    private static let writable = Cell("w", PageWord.cleanWritable.style)

    /// A value in one cell: the last digit tells neighbours apart.
    private static func digit(_ text: String, _ role: Role) -> Cell {
        text == "-" ? Cell(".", Style(.absent)) : Cell(text.unicodeScalars.last ?? " ", Style(role))
    }
}
