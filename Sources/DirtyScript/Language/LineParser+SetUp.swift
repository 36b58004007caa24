/// Set-up and presentation commands.
extension LineParser {
    mutating func setUp(_ command: Token) throws(Diagnostic) -> Command {
        if let end = declarations.setUpEnd, Vocabulary.setUp.contains(command.text) {
            // Its names are declared all the same, so that this is the only complaint.
            let lateBefore = late
            _ = try? setUpCommand(command)
            late = lateBefore
            throw error(
                "'\(command.text)' belongs to the set-up, before the first operation (line \(end))",
                at: command)
        }
        return try setUpCommand(command)
    }

    private mutating func setUpCommand(_ command: Token) throws(Diagnostic) -> Command {
        switch command.text {
        case "title":
            try once(command)
            return .title(try string())
        case "kernel":
            try once(command)
            let kernel = try choose("kernel", from: Vocabulary.kernels, .kernel).text
            declarations.kernel = kernel
            late += declarations.settle(setUpIsOver: false)
            return .kernel(kernel)
        case "rule":
            return try rule()
        case "cpus":
            try once(command)
            let cpus = try number("number of CPUs", 1...Limits.cpus)
            declarations.cpus = cpus
            late += declarations.settle(setUpIsOver: false)
            return .cpus(cpus)
        case "frames":
            try once(command)
            return .frames(try number("number of frames", 1...Limits.frames))
        case "dirty":
            try once(command)
            return try dirtyThresholds()
        case "file":
            return .file(try fileDeclaration())
        case "device":
            return try device()
        case "process":
            let name = try newName("process")
            try declareProcess(name)
            return .process(name: name.text, cpu: try cpu())
        case "thread":
            return try thread()
        default:
            preconditionFailure("\(command.text) is in the vocabulary of set-up commands")
        }
    }

    /// Refuses the second of a command of which only one could hold.
    private mutating func once(_ command: Token) throws(Diagnostic) {
        if let before = declarations.given[command.text] {
            throw error("'\(command.text)' was given already, on line \(before)", at: command)
        }
        declarations.given[command.text] = line.number
    }

    private mutating func rule() throws(Diagnostic) -> Command {
        let kernel = declarations.kernel ?? Vocabulary.defaultKernel
        // Asking about no rule at all is how the names of all of them are learnt.
        var known: [String] = []
        if case .unknown(let candidates) = declarations.rules.check("", "", kernel) {
            known = candidates
        }
        let name = try take("rule", candidates: known)
        guard name.kind == .word, !name.text.isEmpty else {
            throw unknown("rule", name, expected: nil, candidates: known)
        }
        let value = try take("value of the rule")
        guard value.kind == .word else { throw unexpected(value, expected: "a word") }
        switch declarations.rules.check(name.text, value.text, kernel) {
        case .unknown(let candidates):
            throw unknown("rule", name, expected: nil, candidates: candidates)
        case .badValue(let expected, let candidates):
            throw error(
                "rule \(quoted(name.text)) cannot be \(quoted(value.text))", at: value,
                expected: printable(expected), candidates: candidates)
        case .valid, .meaningless:
            guard !value.text.isEmpty else {
                throw unknown("value", value, expected: nil, candidates: [])
            }
        }
        // The kernel may still be named below, and with it what has a meaning.
        declarations.pending.append(
            Declarations.Pending(
                subject: .rule(name: name.text, value: value.text), source: line,
                location: name.location))
        late += declarations.settle(setUpIsOver: false)
        return .rule(name: name.text, value: value.text)
    }

    private mutating func dirtyThresholds() throws(Diagnostic) -> Command {
        var background: Int?
        var limit: Int?
        var place: Token?
        try options(["background=", "limit="]) { parser, key, value throws(Diagnostic) in
            let pages = try parser.number(value, "number of pages", 1...Limits.pages)
            guard key == "limit=" else {
                background = pages
                place = value
                return
            }
            limit = pages
            parser.declarations.dirtyLimit = pages
            let folio = parser.declarations.largestFolio
            if pages < folio { throw parser.limitBelowFolio(pages, folio, at: value) }
        }
        guard let background, let limit else {
            throw line.diagnostic(
                "a threshold is missing", at: tokens[tokens.count - 1].end,
                expected: "background=N and limit=N")
        }
        if background > limit, let place {
            throw error(
                "a background threshold of \(background) pages is above the limit of \(limit)", at: place,
                expected: "\(limit) at most: the flusher starts before writers have to wait")
        }
        return .dirty(background: background, limit: limit)
    }

    private mutating func fileDeclaration() throws(Diagnostic) -> FileDeclaration {
        let name = try newName("file")
        try declare(name, as: .file(pages: nil))
        let pages = try number("number of pages", 0...Limits.pages)
        let fileSystem = try choose("file system", from: Vocabulary.fileSystems, .fileSystem).text
        var file = FileDeclaration(name: name.text, pages: pages, fileSystem: fileSystem)
        var folio: Token?
        var buffers: Token?
        var data: Token?
        let modes = FileDeclaration.DataMode.allCases
        try options(["cached", "buffers=", "mkwrite"] + modes.map { "data=\($0.rawValue)" } + ["folio="]) {
            parser, key, value throws(Diagnostic) in
            switch key {
            case "cached": file.cached = true
            case "mkwrite": file.mkwrite = true
            case "buffers=":
                file.buffers = try parser.number(
                    value, "number of buffers", 1...Limits.buffersPerPage)
                buffers = value
            case "folio=":
                let pages = try parser.number(value, "number of pages of a folio", 1...512)
                guard pages & (pages - 1) == 0 else {
                    throw parser.error(
                        "a folio cannot have \(pages) pages", at: value,
                        expected: "a power of two from 1 to 512")
                }
                file.folio = pages
                folio = value
            default:
                guard let mode = FileDeclaration.DataMode(rawValue: value.text) else {
                    let words = modes.map(\.rawValue)
                    throw parser.unknown(
                        "data mode", value, expected: alternatives(words), candidates: words)
                }
                file.data = mode
                data = value
            }
        }
        declarations.names[name.text]?.thing = .file(pages: pages)
        if let buffers { try checkBuffers(file, buffers) }
        if let data, !Vocabulary.journalFileSystems.contains(file.fileSystem) {
            throw error(
                "\(file.fileSystem) has no data mode", at: data,
                expected: "no 'data=', or a file on " + alternatives(Vocabulary.journalFileSystems))
        }
        if let folio, file.folio > 1 { try checkLargeFolio(file, folio) }
        return file
    }

    /// Whether this file's pages can have buffer heads. `kernel` may still stand below.
    private mutating func checkBuffers(_ file: FileDeclaration, _ buffers: Token) throws(Diagnostic) {
        let fileSystems = Vocabulary.bufferFileSystems
        guard fileSystems.contains(file.fileSystem) else {
            throw error(
                "pages on \(file.fileSystem) have no buffers", at: buffers,
                expected: "no 'buffers=', or a file on " + alternatives(fileSystems))
        }
        guard file.fileSystem == "xfs" else { return }
        declarations.pending.append(
            Declarations.Pending(subject: .xfsBuffers, source: line, location: buffers.location))
        late += declarations.settle(setUpIsOver: false)
    }

    /// Whether this file can have folios of more than one page. `kernel` may still stand below.
    private mutating func checkLargeFolio(_ file: FileDeclaration, _ pages: Token) throws(Diagnostic) {
        let fileSystems = Vocabulary.largeFolioFileSystems
        guard fileSystems.contains(file.fileSystem) else {
            throw error(
                "a file on \(file.fileSystem) has single pages only", at: pages,
                expected: "'folio=1', or a file on " + alternatives(fileSystems))
        }
        guard file.data != .journal else {
            throw error(
                "a file with data=journal has single pages only", at: pages,
                expected: "'folio=1', data=ordered or data=writeback")
        }
        if let limit = declarations.dirtyLimit, limit < file.folio {
            throw limitBelowFolio(limit, file.folio, at: pages)
        }
        declarations.largestFolio = max(declarations.largestFolio, file.folio)
        declarations.pending.append(
            Declarations.Pending(
                subject: .folio(file.folio), source: line, location: pages.location))
        late += declarations.settle(setUpIsOver: false)
    }

    /// One store would go beyond the limit, and its writing not come below it.
    private func limitBelowFolio(_ limit: Int, _ folio: Int, at token: Token) -> Diagnostic {
        error(
            "a dirty limit of \(limit) pages is less than a folio of \(folio), which becomes dirty as one",
            at: token, expected: "folios that the limit has room for")
    }

    private mutating func device() throws(Diagnostic) -> Command {
        let name = try newName("device")
        try declare(name, as: .device(pages: nil))
        let pages = try number("number of pages", 1...Limits.pages)
        let kind = try choose("kind of device", from: Vocabulary.deviceKinds).text
        declarations.names[name.text]?.thing = .device(pages: pages)
        var device = DeviceDeclaration(name: name.text, pages: pages, kind: kind)
        try options(["mkwrite", "nomapping"]) { _, key, _ throws(Diagnostic) in
            if key == "mkwrite" { device.mkwrite = true } else { device.hasMapping = false }
        }
        return .device(device)
    }

    // MARK: Processes and threads

    /// A process with an address space of its own, which begins with these mappings.
    mutating func declareProcess(
        _ name: Token, mappings: [String: Declarations.Mapping] = [:]
    ) throws(Diagnostic) {
        try declare(name, as: .process(space: declarations.spaces.count))
        declarations.spaces.append(mappings)
    }

    private mutating func thread() throws(Diagnostic) -> Command {
        let name = try newName("thread")
        try take(word: "of")
        let owner = try task()
        guard let space = declarations.space(of: owner) else {
            preconditionFailure("\(owner) is a task")
        }
        try declare(name, as: .thread(space: space))
        return .thread(name: name.text, of: owner, cpu: try cpu())
    }

    /// `[cpu=N]`
    mutating func cpu() throws(Diagnostic) -> Int? {
        var cpu: Int?
        var place: SourceLocation?
        try options(["cpu="]) { parser, _, value throws(Diagnostic) in
            cpu = try parser.number(value, "CPU", 0...Limits.cpus - 1)
            place = value.location
        }
        if let cpu, let place {
            // `cpus` may still stand below.
            declarations.pending.append(
                Declarations.Pending(subject: .cpu(cpu), source: line, location: place))
            late += declarations.settle(setUpIsOver: !declarations.setUpIsOpen)
        }
        return cpu
    }

    // MARK: Presentation

    mutating func presentation(_ command: Token) throws(Diagnostic) -> Command {
        switch command.text {
        case "say": return .say(try string())
        case "chapter": return .chapter(try string())
        case "pause":
            return .pause(
                seconds: try takeIfAny().map { (token) throws(Diagnostic) in try seconds(token) })
        case "focus": return try focus()
        case "show": return .show(try pane())
        case "hide": return .hide(try pane())
        case "note": return .note(try string())
        case "predict": return try prediction()
        default: preconditionFailure("\(command.text) is in the vocabulary of presentation")
        }
    }

    private mutating func pane() throws(Diagnostic) -> String {
        try newName("pane").text
    }

    /// `1.5s`, to the millisecond.
    private func seconds(_ token: Token) throws(Diagnostic) -> Double {
        let parts = token.text.utf8.dropLast().split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isWellFormed =
            token.kind == .word && token.text.utf8.last == UInt8(ascii: "s") && parts.count <= 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
            && (parts.count < 2 || parts[1].count <= 3)
        guard isWellFormed, let seconds = Double(token.text.dropLast()),
            seconds <= Double(Limits.pauseSeconds)
        else {
            throw error(
                "invalid time \(quoted(token.text))", at: token,
                expected: "seconds as in 2s or 1.5s, up to \(Limits.pauseSeconds)s")
        }
        return seconds
    }

    private mutating func focus() throws(Diagnostic) -> Command {
        if position < tokens.count, declarations.space(of: tokens[position].text) != nil {
            let task = try task()
            return .focus(process: task, try mapping(of: task))
        }
        let names = tasks + declarations.files + declarations.devices
        let token = try take(
            "thing to look at", expected: nameList(names, "process or file"), candidates: names)
        let name = try operand(token).name
        switch declarations.names[name.text]?.thing {
        case .file, .device:
            position -= 1
            return .focus(process: nil, try fileOperand(devices: true))
        default:
            throw unknown("process or file", name, among: names)
        }
    }
}
