import DirtyMachine
import DirtyScript

/// The selected mapping's or file's pages on every side, field by field, so that what differs
/// between the kernels can be marked in each of them.
///
/// Frame numbers are left out: which frame a kernel happens to take says nothing.
struct ComparisonPages {
    let scenes: [Scene]
    let target: Target
    /// Columns of one side, the margins included, and of the narrowest: all show the same fields.
    let columns: Int
    let narrowest: Int

    /// A column of the table: its width, and what a page has there.
    private struct Field {
        let title: String
        let width: Int
        var right = false
        let text: (Machine, PageView) -> String
    }

    private var indexWidth: Int {
        max(2, "\(max(0, (scenes.map { $0.now.pageCount(of: target) }.max() ?? 1) - 1))".count)
    }

    /// The fields that fit, the most telling ones first to stay. The state word has the rest.
    private var fields: [Field] {
        let entry = Field(title: "pte", width: 6) { entryLetters($1.pte, wide: true) }
        let wide = Field(title: "folio", width: 8) { $0.folioLetters($1.folio, wide: true) }
        let narrow = Field(title: "folio", width: 5) { $0.folioLetters($1.folio, wide: false) }
        let tags = Field(title: "tag", width: 3) { $0.tagLetters($1) }
        let memory = Field(title: "mem", width: 3, right: true) { $0.memoryText($1) }
        let disk = Field(title: "disk", width: 4, right: true) { $0.diskText($1) }
        switch narrowest - indexWidth {
        // Behind them is room for the longest state word.
        case 46...: return [entry, wide, tags, memory, disk]
        case 37...: return [entry, narrow, memory, disk]
        case 31...: return [entry, memory, disk]
        case 22...: return [entry]
        default: return []
        }
    }

    var header: Line {
        var line = Line()
        let style = Style(.plain, .dim)
        line.pad(width: 2)
        line.column("#", indexWidth, style, right: true)
        line.add(" ")
        for field in fields {
            line.column(field.title, field.width, style, right: field.right)
            line.add(" ")
        }
        line.add("state", style)
        return line
    }

    /// One line a side for the VMA that a page lies in: what it allows, and what its new PTEs get,
    /// which is where the trap is set.
    func area(of index: Int) -> [Line] {
        let pieces = scenes.map { $0.piece(index, of: target) }
        let differs = areaDiffers(at: index)
        return scenes.indices.map { side in
            guard let piece = pieces[side] else { return Line(" " + targetName, Style(.plain, .dim)) }
            let shared = piece.flags.contains(.mayShare) ? "s" : "p"
            var line = Line(" \(targetName) \(piece.flags.letters)\(shared)")
            line.add(columns >= 34 ? "  page_prot " : " new ", Style(.plain, .dim))
            line.add(
                piece.pageProt + (differs ? "*" : ""),
                Style(.plain, differs ? [.bold, .underline] : []))
            return line
        }
    }

    /// Whether new PTEs get something else under one of the kernels.
    func areaDiffers(at index: Int) -> Bool {
        Set(scenes.map { $0.piece(index, of: target)?.pageProt }).count > 1
    }

    private var targetName: String {
        switch target {
        case .mapping(let process, let name): "\(process) \(name)"
        case .file(let name): "file \(name)"
        }
    }

    /// One line a side for a page; `isSelected` puts the cursor there.
    func rows(_ index: Int, isSelected: Bool) -> [Line] {
        let pages = scenes.map { $0.now.page(index, of: target) }
        let before = scenes.map { $0.was.page(index, of: target) }
        let fields = fields
        let texts = zip(scenes, pages).map { scene, page in
            page.map { page in fields.map { $0.text(scene.now, page) } }
        }
        let words = zip(scenes, pages).map { scene, page in page.map { stateText($0, scene) } }
        let differs = fields.indices.map { field in Set(texts.map { $0?[field] }).count > 1 }
        let wordsDiffer = Set(words).count > 1
        return scenes.indices.map { side in
            let scene = scenes[side]
            var body = Line()
            body.column("\(index)", indexWidth, right: true)
            body.add(" ")
            if let page = pages[side], let text = texts[side], let word = words[side] {
                for (number, field) in fields.enumerated() {
                    let old = before[side].map { field.text(scene.was, $0) }
                    let isChanged = old != nil && old != text[number]
                    var style = Style(.plain, isChanged ? .changed : [])
                    if isChanged { body.isChanged = true }
                    if differs[number] { style.emphasis.formUnion([.bold, .underline]) }
                    body.column(text[number], field.width, style, right: field.right)
                    body.add(" ")
                }
                var style = scene.isLost(page) ? Style(.violation) : scene.now.word(for: page).style
                // Two words can have the same colour.
                if wordsDiffer { style.emphasis.formUnion([.bold, .underline]) }
                let room = max(0, columns - 3 - body.width)
                body.add(clipped(word, room), style)
            } else {
                body.add("not mapped", Style(.absent))
            }
            return framed(
                body, scene, isSelected: isSelected, differs: wordsDiffer || differs.contains(true))
        }
    }

    /// Whether a page's row has a mark.
    func rowDiffers(_ index: Int) -> Bool {
        let fields = fields
        let rows = scenes.map { scene in
            scene.now.page(index, of: target).map { page in
                fields.map { $0.text(scene.now, page) } + [stateText(page, scene)]
            }
        }
        return Set(rows).count > 1
    }

    private func stateText(_ page: PageView, _ scene: Scene) -> String {
        scene.isLost(page) ? "!LOST" : scene.now.word(for: page).rawValue
    }

    /// `>` the cursor and `~` changed at the left, `*` differs at the right.
    private func framed(_ body: Line, _ scene: Scene, isSelected: Bool, differs: Bool) -> Line {
        var line = Line()
        let emphasis: Emphasis = isSelected ? .selected : []
        line.add(isSelected ? scene.glyphs[.cursor] : " ", Style(.plain, emphasis))
        line.add(body.isChanged ? scene.glyphs[.changed] : " ", Style(.plain, .bold))
        line.add(body)
        line.pad(width: columns - 1)
        line = line.clipped(to: columns - 1)
        line.add(differs ? "*" : " ", Style(.plain, .bold))
        return line
    }
}

extension Scene {
    /// The piece of a mapping in the VMA that has a page of it; none for a file's own pages.
    fileprivate func piece(_ index: Int, of target: Target) -> VMAPiece? {
        guard case .mapping(let owner, let name) = target, let process = now.process(named: owner)
        else { return nil }
        return now.pieces(of: process).first {
            $0.mapping == name && ($0.first..<$0.first + $0.pages).contains(index)
        }
    }
}
