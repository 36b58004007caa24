import DirtyMachine
import DirtyScript

/// The VMAs of all processes, and the files.
struct AreaPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        var listing = Listing()
        listing.title = "VMAs and files" + filter
        listing.count = scene.areas.count
        listing.cursor = scene.selection.flatMap { scene.now.index(of: $0, in: scene.areas) }
        listing.showsCursorAlways = true
        listing.empty =
            scene.areaFilter.isEmpty
            ? "no process, no file: type :file db 4 ext4" : "none of them matches; \\ and Esc list all again"
        listing.row = { row(scene.areas[$0]) }
        listing.subject = { index in
            switch scene.areas[index] {
            case .piece(let process, let piece):
                .item(.area(process: scene.now.name(of: process), mapping: piece.mapping))
            case .file(let file): .item(.path(scene.now.name(of: file)))
            }
        }
        if height >= 4 { listing.header = [header] }
        // Who is dead has no VMAs any more: it is told below them what became of it.
        let endings = endings
        let room = height - listing.count - listing.header.count
        if height >= 6 || room > 0 {
            listing.footer = Array(endings.suffix(height >= 6 ? 2 : room))
        } else if let last = endings.last {
            listing.title += "  " + last.text.split { " :".contains($0) }.prefix(4).joined(separator: " ")
        }
        return listing
    }

    /// What the list is filtered by, and how many match.
    private var filter: String {
        scene.areaFilter.isEmpty ? "" : "  \\" + printable(scene.areaFilter) + "  \(scene.areas.count)"
    }

    /// `A killed by SIGBUS: the file has no page there`
    private var endings: [Line] {
        scene.now.state.processes.compactMap { process in
            guard let ending = scene.now.ending(of: process) else { return nil }
            var line = Line("  ")
            line.isChanged = scene.was.isAlive(process)
            line.column(scene.now.name(of: process), 5)
            line.add(ending, ending.hasPrefix("killed") ? Style(.error) : Style(.plain, .dim))
            return line
        }
    }

    private var isWide: Bool { columns >= 62 }
    /// What a wide pane has to spare goes to the names.
    private var nameWidth: Int { isWide ? 6 + min(10, spare / 3) : 6 }
    private var sourceWidth: Int { isWide ? 9 + min(14, spare - spare / 3) : 8 }
    /// Behind the columns that there always are stand the numbers of dirty pages: `D512+ W0+`.
    private var spare: Int { max(0, columns - 58 - 9) }

    /// A column with a blank after it even where its text is clipped.
    private func cell(_ text: String, _ width: Int, _ style: Style = .plain, to line: inout Line) {
        line.column(text, width - 1, style)
        line.add(" ")
    }

    private var header: Line {
        var line = Line()
        let style = Style(.plain, .dim)
        line.pad(width: 2)
        line.column("who", 5, style)
        line.column("name", nameWidth, style)
        line.column("start", 13, style)
        line.column("size", 5, style, right: true)
        line.add(" ")
        line.column("perm", 5, style)
        line.column("maps", sourceWidth, style)
        if isWide { line.add("pte  notify D  W", style) }
        return line
    }

    private func row(_ area: Area) -> Line {
        switch area {
        case .piece(let process, let piece): row(process, piece)
        case .file(let file): row(file)
        }
    }

    private func row(_ process: Ref<Process>, _ piece: VMAPiece) -> Line {
        let now = scene.now
        var line = Line()
        let before = scene.was.pieces(of: process).first { $0.start == piece.start && $0.mapping == piece.mapping }
        func cell(_ text: String, _ old: String?, _ width: Int) {
            let isChanged = old != text
            if isChanged { line.isChanged = true }
            line.add(clipped(text, width - 1), Style(.plain, isChanged ? .changed : []))
            line.pad(width: line.width + max(0, width - text.count))
        }
        self.cell(owners(process), 5, to: &line)
        self.cell(piece.mapping.isEmpty ? "-" : piece.mapping, nameWidth, to: &line)
        line.column(hex(piece.start << 12, 12), 13, Style(.plain, .dim))
        line.column(sizeText(pages: piece.pages), 5, right: true)
        line.add(" ")
        cell(permissions(piece), before.map(permissions), 5)
        // remap_file_pages() has put the pages of a nonlinear VMA in an order of its own.
        let offset = piece.flags.contains(.nonlinear) ? " nonlin" : "+\(piece.pgoff)"
        let source =
            piece.file.exists && !now.isAnonymous(piece.file)
            ? now.name(of: piece.file) + offset : piece.file.exists ? "shm+\(piece.pgoff)" : "anon"
        self.cell(source, sourceWidth, to: &line)
        if isWide {
            cell(piece.pageProt, before?.pageProt, 5)
            cell(piece.isTracked ? "yes" : "no", before.map { $0.isTracked ? "yes" : "no" }, 7)
            line.add(tally(piece))
        }
        return line
    }

    /// A process and the threads that share its address space.
    private func owners(_ process: Ref<Process>) -> String {
        let space = scene.now.space(of: process)
        let names = scene.now.state.processes.filter { scene.now.space(of: $0) == space }
            .map { scene.now.name(of: $0) }
        return names.count > 1 && names.joined(separator: ",").count <= 4
            ? names.joined(separator: ",") : scene.now.name(of: process)
    }

    private func permissions(_ piece: VMAPiece) -> String {
        piece.flags.letters + (piece.flags.contains(.shared) ? "s" : "p")
    }

    /// Pages in use that are looked at for a row of this pane, at each frame.
    private static let mostCounted = 512

    /// How many of its pages are dirty or under writeback; a `+` where there may be more.
    private func tally(_ piece: VMAPiece) -> String {
        let tally = scene.now.tally(of: piece, limit: Self.mostCounted)
        let more = tally.isWhole ? "" : "+"
        return "D\(tally.dirty)\(more) W\(tally.writeback)\(more)"
    }

    private func row(_ file: Ref<File>) -> Line {
        let now = scene.now
        var line = Line()
        line.column("file", 5)
        // A file has no address: its name may have that room, too.
        cell(now.name(of: file), nameWidth + 13, to: &line)
        let size = sizeText(pages: now.size(of: file))
        let old = scene.was.size(of: file)
        let isChanged = old != now.size(of: file)
        line.isChanged = isChanged
        line.column(size, 5, Style(.plain, isChanged ? .changed : []), right: true)
        line.add(" ")
        let fileSystem = now.fileSystem(of: file)
        guard fileSystem != .device else {
            line.add("device" + (columns >= 50 ? " memory" : ""), Style(.plain, .dim))
            return line
        }
        cell(fileSystem.name, 6, to: &line)
        if columns >= 50 { line.add("page cache", Style(.plain, .dim)) }
        return line
    }
}
