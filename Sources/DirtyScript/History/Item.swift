import DirtyMachine

/// A thing whose history can be asked about: what a watch point watches, and what "the step before
/// that touched it" means. Things go by name, so that an item outlives the records behind it.
public enum Item: Hashable, Sendable {
    /// A page of a file, as the page cache and the disk have it: `db[0]`.
    case page(file: String, index: Int)
    /// A page of a mapping: its PTE, its TLB entries and the page behind it: `A m[0]`.
    case mapped(process: String, mapping: String, index: Int)
    /// The VMAs of a mapping: bounds, permission, vm_page_prot: `A m`.
    case area(process: String, mapping: String)
    /// A task, by label, process or kernel actor: every step that it takes.
    case task(String)
    /// Everything on the screen whose path begins with this: `nr_dirty`, `A.m.pte[0].write`,
    /// `db.folio[2]`, `cpu0.tlb`.
    case path(String)

    /// As it is typed after `watch`.
    public var text: String {
        switch self {
        case .page(let file, let index): "\(file)[\(index)]"
        case .mapped(let process, let mapping, let index): "\(process) \(mapping)[\(index)]"
        case .area(let process, let mapping): "\(process) \(mapping)"
        case .task(let name): name
        case .path(let path): path
        }
    }
}

/// What a move did to an item: one attribute of it.
public struct Touch: Hashable, Sendable {
    public let path: String
    public let old: String
    public let new: String
    /// The kernel function that did it.
    public let function: KernelFunction
    /// Slot of its task, 0 for the device and the scenario itself.
    public let slot: Int

    /// `db.folio[0].dirty 0 -> 1`
    public var text: String { "\(path) \(old) -> \(new)" }

    init(_ alteration: Alteration) {
        self.init(
            path: alteration.path, old: alteration.old, new: alteration.new,
            function: alteration.function, slot: alteration.task)
    }

    init(path: String, old: String, new: String, function: KernelFunction, slot: Int) {
        self.path = path
        self.old = old
        self.new = new
        self.function = function
        self.slot = slot
    }

    /// Whether a path is this one or lies below it: `db.folio[0]` holds `db.folio[0].dirty`.
    static func path(_ path: String, isBelow whole: String) -> Bool {
        guard path.hasPrefix(whole) else { return false }
        guard let next = path.dropFirst(whole.count).first else { return true }
        return next == "." || next == "["
    }
}

extension Session {
    /// What the latest move did to an item; nil where it has not touched it. The steps of a task
    /// touch it even where they change nothing that others can see.
    public func latestTouch(of item: Item) -> [Touch]? {
        guard let move = moves.last else { return nil }
        switch item {
        case .task(let name):
            return mover(of: move) == name ? latestAlterations.map(Touch.init) : nil
        case .path(let path):
            return touches { PagePath.matches($0, path, below: true) }
        case .page(let file, let index):
            guard touchesPlace(machine.file(named: file).map { [.file($0, index)] }) else { return nil }
            return touches { Self.isAbout($0, file, index) }
        case .mapped(let process, let mapping, let index):
            let page = mappedPage(process, mapping, index)
            guard touchesPlace(page?.places) else { return nil }
            let entry = "\(process).\(mapping).pte[\(index)]"
            let translation = ".tlb[\(process).\(mapping)[\(index)]]"
            return touches { path in
                Touch.path(path, isBelow: entry) || path.contains(translation)
                    || page.flatMap(\.file).map { Self.isAbout(path, $0.name, $0.index) } ?? false
            }
        case .area(let process, let mapping):
            return touchesOfArea(process, mapping)
        }
    }

    private func touches(_ isMeant: (String) -> Bool) -> [Touch]? {
        let found = latestAlterations.filter { isMeant($0.path) }
        return found.isEmpty ? nil : found.map(Touch.init)
    }

    private static func isAbout(_ path: String, _ file: String, _ index: Int) -> Bool {
        PagePath.matches(path, "\(file).folio[\(index)]", below: true) || path == "\(file).disk[\(index)]"
    }

    /// A look at the places first, which is much cheaper than words. Yes where they are not known.
    private func touchesPlace(_ places: [PagePlace]?) -> Bool {
        guard let places, !places.isEmpty else { return true }
        return latestChanges.contains { machine.places(of: $0).contains(where: places.contains) }
    }

    private struct MappedPage {
        var places: [PagePlace]
        var file: (name: String, index: Int)?
    }

    private func mappedPage(_ process: String, _ mapping: String, _ index: Int) -> MappedPage? {
        guard let owner = machine.process(named: process), machine.space(of: owner).exists,
            let named = machine.mapping(named: mapping, of: owner), machine.extent(of: named) != nil
        else { return nil }
        let page = machine.page(index, of: named, in: owner)
        var result = MappedPage(places: [.address(machine.space(of: owner), page.vpn)])
        if page.file.exists {
            result.places.append(.file(page.file, page.fileIndex))
            result.file = (machine.name(of: page.file), page.fileIndex)
        }
        return result
    }

    /// VMAs come and go, so they are compared as they were and as they are.
    private func touchesOfArea(_ process: String, _ mapping: String) -> [Touch]? {
        let changes = latestChanges
        guard changes.contains(where: { $0.kind == .vma || $0.kind == .mm || $0.kind == .process }) else {
            return nil
        }
        let (old, new) = (
            machine.before(changes).areaText(process, mapping), machine.areaText(process, mapping)
        )
        guard old != new else { return nil }
        let cause = changes.last { $0.kind == .vma || $0.kind == .mm }
        return [
            Touch(
                path: "\(process).\(mapping).vma", old: old, new: new,
                function: cause?.function ?? .scenario, slot: Int(cause?.task ?? 0))
        ]
    }

    /// Who made a move: a label, a process, a kernel actor, `device` or `TLB`.
    public func mover(of move: Move) -> String {
        if case .eviction = move.choice { return "TLB" }
        if move.frame?.function == .device { return "device" }
        guard let statement = statement(atLine: move.line) else { return "" }
        switch statement.command {
        case .step(let label, _), .finish(let label): return label
        case .operation(let operation):
            return statement.label ?? operation.actor ?? statement.text.prefix { $0 != " " }.description
        default: return ""
        }
    }

}

extension Machine {
    /// What the PTE of a page was called while an mremap had moved it and the name not yet come after:
    /// `A.pte[0x7ffff7ff9000]`.
    func entryByAddress(_ process: String, _ mapping: String, _ index: Int) -> String? {
        guard let owner = self.process(named: process), let named = self.mapping(named: mapping, of: owner),
            let start = extent(of: named)?.start
        else { return nil }
        return "\(process).pte[0x\(String((start + index) << 12, radix: 16))]"
    }

    /// The VMAs of a mapping in a few words: `m[0..3] rw-s page_prot r--`.
    func areaText(_ process: String, _ mapping: String) -> String {
        guard let owner = self.process(named: process), space(of: owner).exists else { return "none" }
        let pieces = pieces(of: owner).filter { $0.mapping == mapping }
        guard !pieces.isEmpty else { return "none" }
        return pieces.map { piece in
            let kind = piece.flags.contains(.shared) ? "s" : "p"
            return "\(mapping)[\(piece.first)..\(piece.first + piece.pages - 1)] "
                + "\(piece.flags.letters)\(kind) page_prot \(piece.pageProt)"
        }.joined(separator: ", ")
    }
}

// MARK: Typed items

extension Session {
    /// The item that somebody has typed, or what is wrong with it.
    public func item(_ text: String) -> Result<Item, Complaint> {
        let words = text.split(separator: " ").map(String.init)
        let declarations = declarations
        let spaces = declarations.processes + declarations.threads
        switch words.count {
        case 1: return item(word: words[0], declarations, spaces)
        case 2:
            guard spaces.contains(words[0]) else {
                return .failure(Complaint(unknown: "process", words[0], among: spaces))
            }
            guard let (name, index) = Self.operand(words[1]) else {
                return .failure(Complaint("'\(words[1])' is no page: write m or m[2]"))
            }
            let mappings = declarations.mappings(of: words[0])
            guard mappings.contains(name) else {
                return .failure(Complaint(unknown: "mapping of \(words[0])", name, among: mappings))
            }
            guard let index else { return .success(.area(process: words[0], mapping: name)) }
            return .success(.mapped(process: words[0], mapping: name, index: index))
        default:
            return .failure(
                Complaint("watch what? A page db[0], A m[0], a mapping A m, a counter, a task, or a path of 'What changed'"))
        }
    }

    private func item(word: String, _ declarations: Declarations, _ spaces: [String]) -> Result<Item, Complaint> {
        let files = declarations.files + declarations.devices
        if Vocabulary.counters.contains(word) { return .success(.path(word)) }
        if spaces.contains(word) || declarations.labels.contains(word)
            || Vocabulary.kernelOperations.contains(word) || word == "device"
        {
            return .success(.task(word))
        }
        if let (name, index) = Self.operand(word), files.contains(name) {
            guard let index else { return .success(.path(name)) }
            guard let file = machine.file(named: name), index < machine.size(of: file) else {
                return .failure(Complaint("\(name) has no page \(index)"))
            }
            return .success(.page(file: name, index: index))
        }
        // A path: its first part has to name something.
        let head = word.prefix { $0 != "." && $0 != "[" }.description
        let isKnown = files.contains(head) || spaces.contains(head) || head == "frame" || head == "shm"
            || (head.hasPrefix("cpu") && Int(head.dropFirst(3)).map { (0..<machine.cpuCount).contains($0) } ?? false)
        guard isKnown, word.contains(".") || word.contains("[") else {
            return .failure(
                Complaint(
                    unknown: "thing to watch", head, among: files + spaces + Vocabulary.counters + declarations.labels))
        }
        return .success(.path(KernelWords(machine.rules.generation).inReports(word)))
    }

    /// `m` or `m[2]`
    private static func operand(_ word: String) -> (name: String, index: Int?)? {
        guard let bracket = word.firstIndex(of: "[") else { return (word, nil) }
        guard word.hasSuffix("]"), let index = Int(word[word.index(after: bracket)...].dropLast()), index >= 0
        else { return nil }
        return (String(word[..<bracket]), index)
    }
}

/// What is wrong with something typed, in one sentence.
public struct Complaint: Error, Hashable, Sendable {
    public let text: String

    public init(_ text: String) { self.text = text }

    init(unknown what: String, _ word: String, among candidates: [String]) {
        let guess = Suggestion.nearest(to: word, among: candidates)
        text = "unknown \(what) '\(printable(word))'" + (guess.map { "; did you mean '\($0)'?" } ?? "")
    }
}
