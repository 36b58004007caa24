import DirtyMachine

/// An attribute that one can ask "why" about, with its present value.
public struct WhyQuestion: Hashable, Sendable {
    /// As a person calls it: `page dirty`, `pte write`.
    public let label: String
    /// The present value.
    public let value: String
    /// The attributes whose latest change is asked about.
    public let paths: [String]
    /// A store that is lost: its chain begins where the last copy went.
    public var lost: LostStore?
    /// A kernel function that a task is in: its chain begins with its call.
    public internal(set) var function: KernelFunction?
    /// Whether what lies below the paths counts, too.
    var isPrefix = false
}

extension Session {
    /// What can be asked about an item, the most telling question first.
    public func questions(about item: Item) -> [WhyQuestion] {
        switch item {
        case .page(let file, let index):
            return machine.file(named: file).map { pageQuestions($0, index, word: true) } ?? []
        case .mapped(let process, let mapping, let index):
            return mappedQuestions(process, mapping, index)
        case .area(let process, let mapping):
            return [WhyQuestion(label: "the VMAs of \(process) \(mapping)", value: "", paths: ["\(process).vma"], isPrefix: true)]
        case .task(let name): return taskQuestions(name)
        case .path(let path):
            let value = machine.state.counterText(path)
            return [WhyQuestion(label: path, value: value, paths: [path] + addressPath(path), isPrefix: true)]
        }
    }

    /// Why is each store that is lost lost? Then the bits of the page that lost the first of them.
    public var questionsAboutLosses: [WhyQuestion] {
        let losses = machine.lostStores.map(question(about:))
        guard let page = losses.first?.lost else { return [] }
        return losses + questions(about: .page(file: machine.name(of: page.file), index: page.index)).filter { $0.lost == nil }
    }

    /// Why does a kernel function run? Nothing where no task is in it.
    public func questions(about function: KernelFunction) -> [WhyQuestion] {
        taskIn(function) == nil
            ? [] : [WhyQuestion(label: "\(function.name(machine.rules.generation)) runs", value: "", paths: [], function: function)]
    }

    private func question(about lost: LostStore) -> WhyQuestion {
        WhyQuestion(
            label: "store of \(lost.value) to \(machine.name(of: lost.file))[\(lost.index)] lost", value: "", paths: [], lost: lost)
    }

    /// The answer to a question: the chain of causes, the latest first.
    public func why(_ question: WhyQuestion, limit: Int = 16) -> [Cause] {
        if let lost = question.lost { return whyLost(lost, limit: limit) }
        if let function = question.function { return why(function, limit: limit) }
        return why(question.paths.map { Bit($0, isPrefix: question.isPrefix) }, limit: limit)
    }

    /// `A.m.pte[0].write` by its address.
    private func addressPath(_ path: String) -> [String] {
        let parts = path.split(separator: ".", maxSplits: 3).map(String.init)
        guard parts.count >= 3, parts[2].hasPrefix("pte["), let index = Int(parts[2].dropFirst("pte[".count).dropLast()),
            let entry = machine.entryByAddress(parts[0], parts[1], index)
        else { return [] }
        return [([entry] + parts.dropFirst(3)).joined(separator: ".")]
    }

    private func mappedQuestions(_ process: String, _ mapping: String, _ index: Int) -> [WhyQuestion] {
        guard let owner = machine.process(named: process), let named = machine.mapping(named: mapping, of: owner),
            machine.extent(of: named) != nil
        else { return [] }
        let page = machine.page(index, of: named, in: owner)
        let entry = "\(process).\(mapping).pte[\(index)]"
        let entries = [entry] + [machine.entryByAddress(process, mapping, index)].compactMap { $0 }
        func bit(_ name: String, _ isOn: Bool, _ others: [String] = []) -> WhyQuestion {
            WhyQuestion(
                label: "pte " + name, value: isOn ? "1" : "0",
                paths: ([name] + others).flatMap { name in entries.map { "\($0).\(name)" } })
        }
        let pte = page.pte ?? .empty
        // Without W since it was installed: then that is when it was decided.
        let bits = [
            bit("write", pte.write, ["present"]), bit("dirty", pte.dirty), bit("present", pte.present),
        ]
        guard page.file.exists else { return bits }
        let pages = pageQuestions(page.file, page.fileIndex, word: false)
        let lost = pages.filter { $0.lost != nil }
        let rest = pages.filter { $0.lost == nil }
        switch machine.word(for: page) {
        case .clean, .cleanWritable, .staleTLB, .unmapped: return lost + bits + rest
        case .pteDirty: return lost + [bits[1], bits[0], bits[2]] + rest
        case .notPresent, .cached: return lost + [bits[2]] + rest + bits.prefix(2)
        default: return lost + first(of: rest, for: machine.word(for: page)) + bits
        }
    }

    private func pageQuestions(_ file: Ref<File>, _ index: Int, word: Bool) -> [WhyQuestion] {
        let name = machine.name(of: file)
        let path = "\(name).folio[\(index)]"
        let page = machine.page(index, of: file)
        let folio = page.folio
        func bit(_ label: String, _ attribute: String, _ value: String) -> WhyQuestion {
            WhyQuestion(label: label, value: value, paths: ["\(path).\(attribute)"])
        }
        func flag(_ isOn: Bool) -> String { isOn ? "1" : "0" }
        var questions: [WhyQuestion] = []
        if let lost = machine.lostStores.first(where: { $0.file == file && $0.index == index }) {
            questions.append(question(about: lost))
        }
        let exists = folio.exists
        questions += [
            bit("page dirty", "dirty", flag(exists && machine.isDirty(folio))),
            bit("page writeback", "writeback", flag(exists && machine.isUnderWriteback(folio))),
            bit("page cached", "cached", flag(exists)),
            bit("tag dirty", "tag.dirty", flag(machine.hasTag(.dirty, file, index))),
        ]
        if exists {
            questions.append(bit("value in memory", "value", "\(machine.contents(folio))"))
            let buffers = machine.buffers(folio)
            for buffer in 0..<buffers.count {
                questions.append(bit("buffer \(buffer) dirty", "buffer[\(buffer)].dirty", flag(buffers.dirty >> buffer & 1 == 1)))
            }
            questions.append(bit("page locked", "locked", flag(machine.isLocked(folio))))
        }
        if machine.fileSystem(of: file).hasDisk, index < machine.size(of: file) {
            questions.append(
                WhyQuestion(
                    label: "value on disk", value: "\(machine.state.diskValue(file, index))", paths: ["\(name).disk[\(index)]"]))
        }
        return word ? first(of: questions, for: machine.word(for: page)) : questions
    }

    /// The question that the page's state suggests goes first.
    private func first(of questions: [WhyQuestion], for word: PageWord) -> [WhyQuestion] {
        let label: String
        switch word {
        case .writeback: label = "page writeback"
        case .notPresent, .cached: label = "page cached"
        default: label = "page dirty"
        }
        if questions.first?.lost != nil { return questions }
        return questions.filter { $0.label == label } + questions.filter { $0.label != label }
    }

    /// A task that waits: who has what it waits for.
    private func taskQuestions(_ name: String) -> [WhyQuestion] {
        let waited = machine.locks.filter { lock in lock.waiters.contains { machine.taskName($0) == name } }
        return waited.map {
            WhyQuestion(label: "\(name) waits for the \($0.name)", value: "", paths: [$0.path])
        }
    }
}

extension State {
    /// The value of a counter; empty for every other path.
    fileprivate func counterText(_ path: String) -> String {
        Counter.allCases.first { $0.name == path }.map { "\(counter($0))" } ?? ""
    }
}
