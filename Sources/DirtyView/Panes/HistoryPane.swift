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
    private struct Sample: Equatable {
        let position: Int
        let cells: [Cell]
        /// The values in memory and on disk, which may have more digits than a cell.
        let values: [Row: String]

        /// Whether it looks like another one.
        func isLike(_ other: Sample) -> Bool { cells == other.cells && values == other.values }
    }

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.hasMargin = false
        listing.title = "History of the page"
        listing.empty = "no page is selected"
        guard let selection = scene.selection else { return listing }
        let rows = Self.rows(height)
        let room = max(1, columns - 8)
        var samples = scene.showsEvents ? events(selection, rows, room) : steps(selection, rows, room)
        let strip = Strip(samples.flatMap(\.values.values), eachIsWide: scene.showsEvents, glyph: scene.glyphs[.horizontal])
        samples.removeFirst(max(0, samples.count - max(1, (room - strip.tail) / strip.cell)))
        var lines = rows.enumerated().map { index, row -> Line in
            var line = Line(" ")
            line.column(row.rawValue, 6, Style(.plain, .dim))
            strip.draw(samples.map { ($0.cells[index], $0.values[row]) }, on: &line)
            return line
        }
        let first = samples.first?.position ?? 0
        listing.title = "History of \(selection.item.text)  "
            + (scene.showsEvents ? "\(samples.count) events, steps \(first)-\(scene.session.position)" : "steps \(first)-\(scene.session.position)")
        if height >= lines.count + 1 { lines.append(axis(samples, cell: strip.cell)) }
        if height >= lines.count + 1 {
            let isLong = strip.isWide && !scene.showsEvents
            let legends = [
                " r read-only  w writable  D d dirty  c clean  W w write  " + (isLong ? "12- value  ~ too short" : "0-9 values"),
                " r read-only w writable D d dirty c clean W w write" + (isLong ? " ~ too short" : ""),
                " r ro w writable Dd dirty c clean Ww write",
            ]
            lines.append(Line(legends.first { $0.count <= columns } ?? legends[2], Style(.plain, .dim)))
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
            samples.append(Self.sample(position, selection, machine, rows))
            if position > first { machine.rewind(scene.session.changes(of: position - 1)) }
        }
        return samples.reversed()
    }

    /// Moves that one look for events goes back.
    private static let lookBack = 4096

    /// One column for each step that changed one of the rows.
    private func events(_ selection: Selection, _ rows: [Row], _ room: Int) -> [Sample] {
        var machine = scene.now.before([])
        var samples = [Self.sample(scene.session.position, selection, machine, rows)]
        var position = scene.session.position
        let last = max(0, position - Self.lookBack)
        while position > last, samples.count < room, scene.session.keepsChanges(since: position - 1) {
            let changes = scene.session.changes(of: position - 1)
            let isNear = changes.contains { $0.kind != .task && $0.kind != .batch }
            machine.rewind(changes)
            position -= 1
            guard isNear else { continue }
            let sample = Self.sample(position, selection, machine, rows)
            if let latest = samples.last, !sample.isLike(latest) {
                // The column before began with some earlier step: that is found by going on.
                samples[samples.count - 1] = Sample(position: position + 1, cells: latest.cells, values: latest.values)
                samples.append(sample)
            }
        }
        return samples.reversed()
    }

    /// `^65             ^81           now 128^`
    private func axis(_ samples: [Sample], cell: Int) -> Line {
        var line = Line(" ")
        line.pad(width: 7)
        let end = "\(samples.last?.position ?? 0) now^"
        let width = samples.count * cell
        var column = 0
        while column < samples.count {
            let label = "^\(samples[column].position)"
            if column * cell + label.count + 2 + end.count > width { break }
            line.pad(width: 7 + column * cell)
            line.add(label, Style(.plain, .dim))
            column += (max(16, label.count + 2) + cell - 1) / cell
        }
        // It points at the first column of the latest cell.
        line.pad(width: max(7, 7 + width - cell + 1 - end.count))
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

    private static func sample(_ position: Int, _ selection: Selection, _ machine: Machine, _ rows: [Row]) -> Sample {
        guard let page = machine.page(selection.page, of: selection.target) else {
            return Sample(position: position, cells: rows.map { _ in Cell(" ") }, values: [:])
        }
        return Sample(
            position: position, cells: rows.map { cell($0, page, machine) },
            values: [.memory: machine.memoryText(page), .disk: machine.diskText(page)])
    }

    private static func cell(_ row: Row, _ page: PageView, _ machine: Machine) -> Cell {
        let folio = page.folio
        let dot = Cell(".", Style(.absent))
        switch row {
        case .pte:
            if folio.exists, machine.takesUnseenStores(folio) { return Cell("u", PageWord.staleTLB.style) }
            return page.vpn > 0 ? entry(page.pte) : entries(machine.reach(of: page))
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

    /// A value in one cell: what has no room in it is written over several of them.
    private static func digit(_ text: String, _ role: Role) -> Cell {
        text == "-" ? Cell(".", Style(.absent)) : Cell(text.unicodeScalars.count == 1 ? text.unicodeScalars.first! : "~", Style(role))
    }
}

/// How the cells of a row become a line: values of more than one digit are written whole.
private struct Strip {
    /// Columns of a cell.
    let cell: Int
    /// Columns behind the strip, for the present values.
    let tail: Int
    /// Whether some value has more than one digit.
    let isWide: Bool
    /// What goes on behind a number for as long as the value lasts.
    private let glyph: Unicode.Scalar

    init(_ values: [String], eachIsWide: Bool, glyph: Unicode.Scalar) {
        let digits = values.map(\.unicodeScalars.count).max() ?? 1
        isWide = digits > 1
        cell = isWide && eachIsWide ? digits + 1 : 1
        tail = isWide && !eachIsWide ? digits + 1 : 0
        self.glyph = glyph
    }

    func draw(_ row: [(cell: Cell, value: String?)], on line: inout Line) {
        var index = 0
        while index < row.count {
            let (cell, value) = row[index]
            let digits = value?.unicodeScalars.count ?? 0
            // Where any number has more digits than one, all are written as numbers.
            guard isWide, digits > 0, value != "-" else {
                line.add(cell.scalar, cell.style)
                line.pad(width: line.width + self.cell - 1)
                index += 1
                continue
            }
            // The run of the same value in the same colour.
            let end = row[index...].firstIndex { $0.value != value || $0.cell.style != cell.style } ?? row.count
            let text = value ?? ""
            if self.cell > 1 {
                line.column(text, self.cell, cell.style)
                index += 1
                continue
            }
            let room = end - index
            // Something stands between two numbers, or they would be read as one.
            let fits = digits < room || digits == room && end == row.count
            line.add(fits ? text : String(repeating: "~", count: room), cell.style)
            if fits { for _ in digits..<room { line.add(glyph, cell.style) } }
            index = end
        }
        if tail > 0, let value = row.last?.value, value != "-" { line.add(" " + value, row.last!.cell.style) }
    }
}
