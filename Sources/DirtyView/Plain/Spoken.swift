import DirtyMachine
import DirtyScript

/// Where a player stands and what has just happened, a fact a line and always in one order: for
/// screen readers, for terminals that cannot move their cursor, and for pipes. Roles are words.
struct Spoken {
    /// What has been said already, so that only what is new is said.
    struct Memory: Sendable {
        var chapter = 0
        var caption = ""
        var selected = ""
        var health: [String] = []
    }

    private let player: Player
    private let scene: Scene

    /// Changes that are said one by one; the pane `changes` has them all.
    private static let changeLimit = 40

    init(_ player: Player) {
        self.player = player
        scene = player.scene
    }

    func lines(_ memory: inout Memory) -> [String] {
        let progress = player.session.progress
        var lines = [place]
        if progress.chapterNumber != memory.chapter {
            memory.chapter = progress.chapterNumber
            if memory.chapter > 0 { lines.append("chapter \(memory.chapter): \(printable(progress.chapter))") }
        }
        let isCaption = progress.caption != memory.caption && !progress.caption.isEmpty
        if player.session.position > 0, !isCaption { lines.append(words.now) }
        lines += changes
        let selected = selectedPage
        if selected != memory.selected, !selected.isEmpty { lines.append(selected) }
        memory.selected = selected
        let health = health
        lines += health.filter { !memory.health.contains($0) }
        if !memory.health.isEmpty, health.isEmpty { lines.append("all rules hold again") }
        memory.health = health
        lines += progress.newFailures.map { "failed: " + printable(player.session.sentence($0)) }
        if isCaption {
            lines.append("says: " + printable(progress.caption))
        }
        memory.caption = progress.caption
        if progress.pause != nil { lines.append("pause") }
        lines.append(words.next)
        return lines
    }

    private var place: String {
        let outline = player.outline
        let more = outline.isComplete ? "" : " or more"
        return "step \(player.session.position) of \(outline.total)\(more)"
    }

    /// The two lines at the bottom of the screen, with their first word set off by a colon.
    private var words: (now: String, next: String) {
        let painter = FramePainter(player: player, layout: Layout(Size(200, 60), focus: player.focus, isZoomed: false), scene: scene)
        func sentence(_ line: Line) -> String {
            let text = line.text
            guard let gap = text.firstRange(of: "  "), text[..<gap.lowerBound].allSatisfy(\.isLetter) else { return text }
            return text[..<gap.lowerBound] + ": " + text[gap.upperBound...].drop { $0 == " " }
        }
        return (sentence(painter.now), sentence(painter.next))
    }

    private var changes: [String] {
        let all = scene.alterations
        let words = KernelWords(scene.generation)
        var lines = all.prefix(Self.changeLimit).map { change in
            let change = words.onScreen(change)
            let isFlag = ChangesPane.flags.contains(change.attribute)
            func value(_ text: String) -> String { isFlag ? text == "0" ? "no" : "yes" : printable(text) }
            let subject = change.subject.isEmpty ? "" : printable(change.subject) + " "
            return "changed: \(subject)\(change.attribute) \(value(change.old)) -> \(value(change.new))"
        }
        if all.count > lines.count { lines.append("changed: \(all.count - lines.count) more; 'changes' lists them") }
        return lines
    }

    /// `page A m[0]: DIRTY. The page is dirty, and a PTE is writable. …`
    private var selectedPage: String {
        guard let selection = scene.selection, let page = scene.now.page(selection.page, of: selection.target)
        else { return "" }
        let word = scene.now.word(for: page)
        let name =
            switch selection.target {
            case .mapping(let process, let mapping): "\(process) \(mapping)[\(selection.page)]"
            case .file(let file): "\(file)[\(selection.page)]"
            }
        var text = "page \(name): \(word.rawValue). \(word.meaning)"
        if case .mapping = selection.target {
            let letters = entryLetters(page.pte, wide: true)
            text += letters.contains("p") ? " PTE \(letters)." : " No PTE."
        }
        let folio = page.folio.exists ? scene.now.folioIndices(page.folio) : 0..<1
        if folio.count > 1 { text += " In a folio of pages \(folio.lowerBound) to \(folio.upperBound - 1)." }
        return text + " Memory \(scene.now.memoryText(page)), disk \(scene.now.diskText(page))."
    }

    private var health: [String] {
        scene.health.violations.map { "broken: \($0.invariant.id) \($0.invariant.name): \($0.invariant.statement)" }
            + scene.health.lost.map { "lost: \(scene.now.name(of: $0.file))[\($0.index)] value \($0.value)" }
    }

    /// A pane as lines: its title, and all of its rows.
    func pane(_ pane: Pane) -> [String] {
        lines(of: player.listing(pane, scene, columns: 200, height: Self.paneRows))
    }

    /// The list that lies over the panes, if one does.
    var sheet: [String] {
        let row = player.sheetRow ?? 0
        guard case .why(let answer)? = player.insight.sheet else {
            return lines(of: player.sheetListing(scene, columns: 80, height: Self.paneRows))
        }
        return WhySheet(answer: answer, position: player.session.position, columns: 80, generation: scene.generation).spoken(row: row)
    }

    private func lines(of listing: Listing) -> [String] {
        var lines = [printable(listing.title)] + listing.header.map(\.text)
        if listing.count == 0 { lines.append(listing.empty) }
        let top = listing.top(height: Self.paneRows)
        for row in top..<min(listing.count, top + Self.paneRows) {
            let line = listing.row(row)
            let isSelected = row == listing.cursor
            lines.append((listing.hasMargin ? (isSelected ? ">" : " ") + (line.isChanged ? "~" : " ") : "") + line.text)
        }
        if listing.count > Self.paneRows { lines.append("\(listing.count - Self.paneRows) more rows") }
        return (lines + listing.footer.map(\.text)).map(trimmed)
    }

    private static let paneRows = 100

    private func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
