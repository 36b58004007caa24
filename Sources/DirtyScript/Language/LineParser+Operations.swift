/// Operations: what is simulated.
extension LineParser {
    /// `first` is the process or thread, or the kernel's own operation.
    mutating func operation(_ first: Token) throws(Diagnostic) -> Operation {
        if declarations.space(of: first.text) != nil { return try taskOperation(of: first.text) }
        switch first.text {
        case "writeback":
            let pages = try fileOperand()
            var start = false
            try options(["start"]) { _, _, _ throws(Diagnostic) in start = true }
            return .writeback(pages, start: start)
        case "complete": return .complete(try fileOperand())
        case "reclaim": return .reclaim(try fileOperand())
        case "evict": return .evict(try fileOperand())
        case "journal": return .journal(file: try file())
        case "strip": return .strip(try fileOperand())
        case "crash": return .crash
        default: preconditionFailure("\(first.text) is in the vocabulary of operations")
        }
    }

    private mutating func taskOperation(of owner: String) throws(Diagnostic) -> Operation {
        switch try choose("operation", from: Vocabulary.taskOperations, .operation).text {
        case "mmap": return try mmap(of: owner)
        case "munmap": return .munmap(P: owner, try mapping(of: owner))
        case "mprotect": return .mprotect(P: owner, try mapping(of: owner), try protection())
        case "madvise":
            let pages = try mapping(of: owner)
            _ = try choose("advice", from: ["dontneed"])
            return .madviseDontneed(P: owner, pages)
        case "mremap": return try mremap(of: owner)
        case "remap": return try remap(of: owner)
        case "msync":
            return .msync(
                P: owner, try mapping(of: owner), try choose("mode", Operation.MsyncMode.self))
        case "read": return .read(P: owner, try mapping(of: owner))
        case "write": return .write(P: owner, try mapping(of: owner), value: try optionalValue())
        case "pread": return .pread(P: owner, try filePage())
        case "pwrite":
            let page = try filePage()
            declarations.resized.insert(page.name)
            return .pwrite(P: owner, page, value: try optionalValue())
        case "fsync": return .fsync(P: owner, file: try file())
        case "ftruncate":
            let file = try file()
            declarations.resized.insert(file)
            return .ftruncate(
                P: owner, file: file, pages: try number("number of pages", 0...Limits.pages))
        case "poke":
            let target = try task()
            return .poke(P: owner, Q: target, try mapping(of: target), value: try optionalValue())
        case "peek":
            let target = try task()
            return .peek(P: owner, Q: target, try mapping(of: target))
        case "pin":
            return .pin(
                P: owner, try mapping(of: owner), try choose("kind of pin", Operation.PinMode.self))
        case "unpin": return .unpin(P: owner, try mapping(of: owner))
        case "pinwrite":
            return .pinwrite(P: owner, try mapping(of: owner), value: try optionalValue())
        case "fork": return try fork(of: owner)
        case "exit": return .exit(P: owner)
        case let word: preconditionFailure("\(word) is in the vocabulary of operations")
        }
    }

    private mutating func mmap(of owner: String) throws(Diagnostic) -> Operation {
        let name = try newMapping(of: owner)
        let (source, pages) = try mappingSource()
        let protection = try protection()
        let shared = try choose("kind of mapping", from: ["shared", "private"]).text == "shared"
        var populate = false
        var readOnly = false
        let isFile = if case .file = source { true } else { false }
        try options(isFile ? ["populate", "rdonly"] : ["populate"]) {
            _, key, _ throws(Diagnostic) in
            if key == "populate" { populate = true } else { readOnly = true }
        }
        setPages(pages, ofMapping: name, of: owner)
        return .mmap(
            P: owner, name: name, source: source, protection: protection, shared: shared,
            populate: populate,
            readOnlyDescriptor: readOnly)
    }

    /// What is mapped, and how many pages that is, where that can be told.
    private mutating func mappingSource() throws(Diagnostic) -> (
        Operation.MappingSource, pages: Int?
    ) {
        let token = position < tokens.count ? tokens[position] : nil
        let word = token?.text ?? ""
        if let token, word == Vocabulary.anonymous || word.hasPrefix("\(Vocabulary.anonymous)[") {
            return try anonymousMemory(token)
        }
        var names = (declarations.files + declarations.devices).sorted()
        names.append("\(Vocabulary.anonymous)[")
        if let token, token.text.isEmpty {
            throw unknown("file", token, expected: nil, candidates: names)
        }
        let operand = try fileOperand(devices: true)
        return (.file(operand), operand.range?.count ?? wholeSize(of: operand.name))
    }

    /// `anon[4]`
    private mutating func anonymousMemory(_ token: Token) throws(Diagnostic) -> (
        Operation.MappingSource, pages: Int?
    ) {
        position += 1
        let end = token.text.utf8.count - 1
        let prefix = Vocabulary.anonymous.utf8.count + 1
        guard end >= prefix, token.text.hasSuffix("]") else {
            throw error(
                "anonymous memory needs a size", at: token,
                expected: "\(Vocabulary.anonymous)[4] or another number of pages")
        }
        let pages = try number(token.part(prefix..<end), "number of pages", 1...Limits.pages)
        return (.anonymous(pages: pages), pages)
    }

    /// The pages of a whole file as declared; nil once it may have another size.
    private func wholeSize(of name: String) -> Int? {
        switch declarations.names[name]?.thing {
        case .device(let pages): pages
        // In a race, a line further down may change the size first. An empty file maps nothing.
        case .file(let pages):
            runsLater || declarations.resized.contains(name) || pages == 0 ? nil : pages
        default: nil
        }
    }

    /// `rw` and the like, or `none`.
    private mutating func protection() throws(Diagnostic) -> Protection {
        let expected = "letters out of r, w and x, or none"
        let token = try take("protection", expected: expected, candidates: Vocabulary.protections)
        if token.text == "none" { return [] }
        let letters: [Character: Protection] = ["r": .read, "w": .write, "x": .execute]
        var protection: Protection = []
        let isWellFormed = token.text.allSatisfy { letter in
            letters[letter].map { protection.insert($0).inserted } ?? false
        }
        guard isWellFormed, !protection.isEmpty else {
            // Of a few letters, none is nearer than another: the words are for completion alone.
            let candidates = token.text.isEmpty ? Vocabulary.protections : []
            throw unknown("protection", token, expected: expected, candidates: candidates)
        }
        return protection
    }

    private mutating func mremap(of owner: String) throws(Diagnostic) -> Operation {
        let mapping = try mapping(of: owner)
        guard mapping.range == nil else {
            throw error("mremap takes the whole mapping", at: lastTaken, expected: mapping.name)
        }
        let pages = try number("number of pages", 0...Limits.pages)
        // Whether the call succeeds is known only at run time: the mapping has one of the two sizes.
        if let space = declarations.space(of: owner),
            let old = declarations.spaces[space][mapping.name]?.pages
        {
            setPages(max(old, pages), ofMapping: mapping.name, of: owner)
        }
        return .mremap(P: owner, name: mapping.name, pages: pages)
    }

    private mutating func remap(of owner: String) throws(Diagnostic) -> Operation {
        let pages = try mapping(of: owner)
        let file = try fileOperand(devices: true)
        if let to = pages.range?.count, let from = file.range?.count, to != from {
            throw error(
                "both ranges have to be equally long", at: lastTaken,
                expected: to == 1 ? "one page" : "\(to) pages")
        }
        return .remapFilePages(P: owner, pages, file: file)
    }

    private mutating func fork(of owner: String) throws(Diagnostic) -> Operation {
        let child = try newName("process")
        guard let space = declarations.space(of: owner) else {
            preconditionFailure("\(owner) is a task")
        }
        try declareProcess(child, mappings: declarations.spaces[space])
        return .fork(P: owner, child: child.text, cpu: try cpu())
    }
}
