/// Declaring names, and using them.
extension LineParser {
    // MARK: Declaring

    /// A new global name.
    mutating func newName(_ what: String) throws(Diagnostic) -> Token {
        let token = try take("name of the \(what)")
        try checkName(token, what: what)
        return token
    }

    func checkName(_ token: Token, what: String) throws(Diagnostic) {
        guard token.kind == .word else {
            throw unexpected(token, expected: "the name of a \(what)")
        }
        let bytes = token.text.utf8
        let isWellFormed =
            bytes.first.map(isLetter) ?? false
            && bytes.allSatisfy {
                isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
        guard isWellFormed else {
            throw error(
                "invalid name \(quoted(token.text))", at: token,
                expected: "a letter, then letters, digits, '_' or '-'")
        }
        guard bytes.count <= Limits.nameLength else {
            throw error("this name is longer than \(Limits.nameLength) characters", at: token)
        }
    }

    mutating func declare(_ token: Token, as thing: Declarations.Thing) throws(Diagnostic) {
        try checkIsFree(token, for: thing)
        declarations.names[token.text] = Declarations.Name(thing: thing, line: line.number)
    }

    /// One name is one thing, over the whole scenario. A label may come again.
    func checkIsFree(_ token: Token, for thing: Declarations.Thing) throws(Diagnostic) {
        let reserved: Set<String>
        switch thing {
        case .process, .thread: reserved = Vocabulary.reservedForTasks
        case .file, .device: reserved = Vocabulary.reservedForFiles
        case .label: reserved = []
        }
        if reserved.contains(token.text) {
            throw error(
                "\(quoted(token.text)) is a word of the language and cannot name \(thing.kind)",
                at: token)
        }
        if let taken = declarations.names[token.text], thing != .label || taken.thing != .label {
            throw error(
                "\(quoted(token.text)) is already \(taken.thing.kind), since line \(taken.line)",
                at: token)
        }
        if let line = declarations.mappingLines[token.text] {
            throw error(
                "\(quoted(token.text)) is already a mapping, since line \(line)", at: token)
        }
    }

    /// A new mapping of a process. Its size is not known before the rest of its line is read; it
    /// is declared anyway, so that a mistake there is reported once.
    mutating func newMapping(of task: String) throws(Diagnostic) -> String {
        let token = try newName("mapping")
        guard let space = declarations.space(of: task) else {
            preconditionFailure("\(task) is a task")
        }
        if let taken = declarations.names[token.text] {
            throw error(
                "\(quoted(token.text)) is already \(taken.thing.kind), since line \(taken.line)",
                at: token)
        }
        if let mapping = declarations.spaces[space][token.text] {
            throw error(
                "\(task) has a mapping \(quoted(token.text)) already, since line \(mapping.line)",
                at: token)
        }
        declarations.spaces[space][token.text] = Declarations.Mapping(pages: nil, line: line.number)
        if declarations.mappingLines[token.text] == nil {
            declarations.mappingLines[token.text] = line.number
        }
        return token.text
    }

    mutating func setPages(_ pages: Int?, ofMapping name: String, of task: String) {
        guard let space = declarations.space(of: task) else {
            preconditionFailure("\(task) is a task")
        }
        declarations.spaces[space][name]?.pages = pages
    }

    // MARK: Using

    mutating func task(_ what: String = "process") throws(Diagnostic) -> String {
        // The names to choose from are many: they are listed where somebody has to choose.
        if position < tokens.count, declarations.space(of: tokens[position].text) != nil {
            position += 1
            return lastTaken.text
        }
        let token = try take(what, expected: nameList(tasks, what), candidates: tasks)
        guard declarations.space(of: token.text) != nil else {
            throw unknown(what, token, among: tasks)
        }
        return token.text
    }

    mutating func file() throws(Diagnostic) -> String {
        let token = try takeName("file", among: declarations.files)
        guard case .file = declarations.names[token.text]?.thing else {
            throw unknown("file", token, among: declarations.files)
        }
        return token.text
    }

    /// Pages of a file, or of a file or device.
    mutating func fileOperand(devices: Bool = false) throws(Diagnostic) -> Operand {
        let names =
            devices ? (declarations.files + declarations.devices).sorted() : declarations.files
        let token = try takeName("file", among: names)
        let (name, range) = try operand(token)
        switch declarations.names[name.text]?.thing {
        case .file: break
        case .device where devices: break
        default: throw unknown("file", name, among: names)
        }
        return Operand(name: name.text, range: range?.pages)
    }

    /// Exactly one page of a file.
    mutating func filePage() throws(Diagnostic) -> Operand {
        let operand = try fileOperand()
        guard operand.range?.count == 1 else {
            throw error(
                "this takes one page", at: lastTaken, expected: "\(operand.name)[0] or another page"
            )
        }
        return operand
    }

    /// Pages of a mapping of a process or thread. An index that the mapping never had is an error;
    /// where only the run can tell the size, so is the judgement left to it.
    mutating func mapping(of task: String) throws(Diagnostic) -> Operand {
        let names = declarations.mappings(of: task)
        let token = try takeName("mapping of \(task)", among: names)
        let (name, range) = try operand(token)
        guard let space = declarations.space(of: task),
            let mapping = declarations.spaces[space][name.text]
        else {
            throw unknown("mapping of \(task)", name, among: names)
        }
        if let range, let pages = mapping.pages, range.pages.upperBound >= pages {
            throw error(
                "\(task)'s \(quoted(name.text)) has no page \(range.pages.upperBound)",
                at: range.token,
                expected: pages == 1 ? "0, its only page" : "0 to \(pages - 1)")
        }
        return Operand(name: name.text, range: range?.pages)
    }

    private mutating func takeName(_ what: String, among names: [String]) throws(Diagnostic)
        -> Token
    {
        let token = try take(what, expected: nameList(names, what), candidates: names)
        guard token.kind == .word else { throw unexpected(token, expected: nameList(names, what)) }
        return token
    }

    /// `m`, `m[2]` or `m[2..5]`, and where the indices stand.
    func operand(
        _ token: Token
    ) throws(Diagnostic) -> (name: Token, range: (pages: ClosedRange<Int>, token: Token)?) {
        guard token.kind == .word else { throw unexpected(token, expected: "a name") }
        let bytes = Array(token.text.utf8)
        guard let open = bytes.firstIndex(of: UInt8(ascii: "[")) else { return (token, nil) }
        guard open > 0, bytes.last == UInt8(ascii: "]") else {
            throw error(
                "invalid operand \(quoted(token.text))", at: token,
                expected: "a name, or pages as in m[2] or m[2..5]")
        }
        let inside = token.part(open + 1..<bytes.count - 1)
        let dots = bytes.indices.dropLast().first {
            $0 > open && bytes[$0] == UInt8(ascii: ".") && bytes[$0 + 1] == UInt8(ascii: ".")
        }
        let pages: ClosedRange<Int>
        if let dots {
            let first = try pageIndex(token.part(open + 1..<dots))
            let last = try pageIndex(token.part(dots + 2..<bytes.count - 1))
            guard first <= last else {
                throw error(
                    "the range \(quoted(inside.text)) is empty", at: inside,
                    expected: "the lower page first")
            }
            pages = first...last
        } else {
            let index = try pageIndex(inside)
            pages = index...index
        }
        return (token.part(0..<open), (pages, inside))
    }

    private func pageIndex(_ token: Token) throws(Diagnostic) -> Int {
        try number(token, "page", 0...Limits.pages - 1)
    }
}
