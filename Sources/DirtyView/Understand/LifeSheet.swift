import DirtyMachine
import DirtyScript

/// What has happened to a page of a file, as a list of steps to go to.
struct PageLife: Sendable {
    let name: String
    let events: [LifeEvent]
}

extension Player {
    /// `life`: of the selected page; `life db[0]`.
    mutating func lifeCommand(_ rest: String) {
        var item = selection?.item
        if !rest.isEmpty {
            switch session.item(rest) {
            case .success(let typed): item = typed
            case .failure(let complaint): return complain(complaint.text)
            }
        }
        guard let page = item.flatMap({ filePage($0) }) else { return complain("life of what? A page such as db[0] or A m[0]") }
        let events = session.life(ofPage: page.index, of: page.file, limit: 200)
        openSheet(.life(PageLife(name: "\(session.machine.name(of: page.file))[\(page.index)]", events: events)))
        view = .sheet(row: max(0, events.count - 1))
    }

    /// The file's page behind an item.
    private func filePage(_ item: Item) -> (file: Ref<File>, index: Int)? {
        let machine = session.machine
        switch item {
        case .page(let file, let index): return machine.file(named: file).map { ($0, index) }
        case .mapped(let process, let mapping, let index):
            let page = machine.page(index, of: .mapping(process: process, name: mapping))
            return page.flatMap { $0.file.exists ? ($0.file, $0.fileIndex) : nil }
        default: return nil
        }
    }

    mutating func pressInLife(_ life: PageLife, _ key: Key, _ row: Int) -> Bool {
        guard key == .enter else { return false }
        guard life.events.indices.contains(row) else { return true }
        insight.cameFrom = session.position
        jump(to: life.events[row].position)
        return true
    }
}

struct LifeSheet {
    let life: PageLife
    let position: Int

    func listing(row: Int) -> Listing {
        var listing = Listing()
        listing.title = "The life of \(life.name)"
        listing.count = life.events.count
        listing.cursor = min(row, max(0, life.events.count - 1))
        listing.showsCursorAlways = true
        listing.empty = "nothing has happened to it"
        listing.row = { index in
            let event = life.events[index]
            var line = Line()
            line.column("\(event.position)", 6, Style(.plain, event.position == position ? .bold : .dim), right: true)
            line.add("  " + event.text)
            return line
        }
        return listing
    }
}
