import DirtyMachine
import DirtyScript

/// Whose pages the page pane shows.
enum Target: Hashable, Sendable {
    /// A mapping of a process, by name.
    case mapping(process: String, name: String)
    /// A file, as the page cache has it.
    case file(String)
}

/// A page of a mapping or file.
struct Selection: Hashable, Sendable {
    var target: Target
    /// Index in the mapping or file.
    var page: Int
}

/// A row of the VMA pane: a mapping's share of a VMA, or a file.
enum Area: Hashable, Sendable {
    case piece(process: Ref<Process>, VMAPiece)
    case file(Ref<File>)
}

extension Machine {
    /// Everything that has pages: the mappings of each address space, then the files.
    var areas: [Area] {
        var seen: Set<Ref<MM>> = []
        var result: [Area] = []
        for process in state.processes where space(of: process).exists {
            guard seen.insert(space(of: process)).inserted else { continue }
            result += pieces(of: process).map { .piece(process: process, $0) }
        }
        return result + state.files.filter { !isAnonymous($0) }.map { .file($0) }
    }

    /// Those of them in which each word of a filter occurs: in the name of the process, the mapping or
    /// the file, in the address, or in the permissions.
    func areas(matching filter: String) -> [Area] {
        let words = filter.lowercased().split(separator: " ")
        return words.isEmpty
            ? areas
            : areas.filter { area in
                let text = filterText(area).lowercased()
                return words.allSatisfy { text.contains($0) }
            }
    }

    private func filterText(_ area: Area) -> String {
        switch area {
        case .file(let file): return "file \(name(of: file)) \(fileSystem(of: file).name)"
        case .piece(let process, let piece):
            let source = !piece.file.exists ? "anon" : isAnonymous(piece.file) ? "shm" : name(of: piece.file)
            let permissions = piece.flags.letters + (piece.flags.contains(.shared) ? "s" : "p")
            return "\(name(of: process)) \(piece.mapping) \(hex(piece.start << 12, 12)) \(permissions) \(source)"
        }
    }

    /// The first page of an area.
    func selection(of area: Area) -> Selection {
        switch area {
        case .piece(let process, let piece):
            Selection(
                target: .mapping(process: name(of: process), name: piece.mapping), page: piece.first)
        case .file(let file):
            Selection(target: .file(name(of: file)), page: 0)
        }
    }

    /// The area that a selected page lies in.
    func index(of selection: Selection, in areas: [Area]) -> Int? {
        areas.firstIndex { area in
            switch (area, selection.target) {
            case (.piece(let process, let piece), .mapping(let owner, let mapping)):
                piece.mapping == mapping && name(of: process) == owner
                    && (piece.first..<piece.first + piece.pages).contains(selection.page)
            case (.file(let file), .file(let wanted)): name(of: file) == wanted
            default: false
            }
        }
    }

    /// The selection that shows a place; by preference in the mapping that is selected already.
    func selection(of place: PagePlace, near current: Target?) -> Selection? {
        switch place {
        case .address(let mm, let vpn):
            guard let mapping = mapping(at: vpn, in: mm), let (start, _) = extent(of: mapping)
            else { return nil }
            return Selection(
                target: .mapping(process: name(of: owner(of: mm)), name: name(of: mapping)),
                page: vpn - start)
        case .file(let file, let index):
            var candidates: [Selection] = []
            for mapper in mappers(of: file, index, limit: 16) {
                guard let mapping = mapping(at: mapper.vpn, in: space(of: mapper.process)),
                    let (start, _) = extent(of: mapping)
                else { continue }
                candidates.append(
                    Selection(
                        target: .mapping(
                            process: name(of: mapper.process), name: name(of: mapping)),
                        page: mapper.vpn - start))
            }
            if let same = candidates.first(where: { $0.target == current }) { return same }
            if let first = candidates.first { return first }
            return isAnonymous(file) ? nil : Selection(target: .file(name(of: file)), page: index)
        }
    }

    /// The number of pages of a target; 0 when there is no such thing.
    func pageCount(of target: Target) -> Int {
        switch target {
        case .file(let name): file(named: name).map { size(of: $0) } ?? 0
        case .mapping(let owner, let name):
            process(named: owner).flatMap { mapping(named: name, of: $0) }.flatMap { extent(of: $0) }?
                .pages ?? 0
        }
    }

    /// A page of a target.
    func page(_ index: Int, of target: Target) -> PageView? {
        switch target {
        case .file(let name):
            return file(named: name).map { page(index, of: $0) }
        case .mapping(let owner, let name):
            guard let process = process(named: owner), let mapping = mapping(named: name, of: process),
                extent(of: mapping) != nil
            else { return nil }
            return page(index, of: mapping, in: process)
        }
    }

    /// The places of a page: its address and its page in the cache.
    func places(of selection: Selection) -> Set<PagePlace> {
        guard let page = page(selection.page, of: selection.target) else { return [] }
        var places: Set<PagePlace> = []
        if page.file.exists { places.insert(.file(page.file, page.fileIndex)) }
        if case .mapping(let owner, _) = selection.target, let process = process(named: owner) {
            places.insert(.address(space(of: process), page.vpn))
        }
        return places
    }
}

extension Session {
    /// The page that happens to matter: what the script focuses, or what was touched last.
    var followedSelection: Selection? {
        if let focus = scriptFocus { return focus }
        // A bounded look back: most moves touch a page, so the first few tell.
        for move in moves.indices.suffix(64).reversed() {
            for change in changes(of: move).reversed() {
                if let place = machine.place(of: change), let found = machine.selection(of: place, near: nil) {
                    return found
                }
            }
        }
        return machine.areas.first.map(machine.selection(of:))
    }

    private var scriptFocus: Selection? {
        guard let operand = progress.focus else { return nil }
        let page = operand.range?.lowerBound ?? 0
        let selection = Selection(
            target: progress.focusProcess.map { .mapping(process: $0, name: operand.name) }
                ?? .file(operand.name), page: page)
        guard machine.pageCount(of: selection.target) > page else { return nil }
        // Where the focus has been unmapped, what becomes of the file's page is worth more.
        if progress.focusProcess != nil, machine.page(page, of: selection.target)?.pte == nil { return nil }
        return selection
    }
}
