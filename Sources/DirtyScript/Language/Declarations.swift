/// What the lines of a scenario have said so far, and so what the next line can mean: the names,
/// whether set-up is still open, and the race being written. A value: keep a copy to go back.
///
/// A label may be given to another operation again at any point; whether the task before it has
/// ended by then is known only when the scenario runs.
public struct Declarations: Sendable {
    /// What a name stands for. A size is nil where the declaration itself was in error.
    enum Thing: Hashable, Sendable {
        case file(pages: Int?)
        case device(pages: Int?)
        /// `space` is an index into `spaces`: threads share their process's.
        case process(space: Int)
        case thread(space: Int)
        case label

        var kind: String {
            switch self {
            case .file: "a file"
            case .device: "a device"
            case .process: "a process"
            case .thread: "a thread"
            case .label: "a label"
            }
        }
    }

    /// The pages of a mapping; nil where only the run can tell.
    struct Mapping: Hashable, Sendable {
        var pages: Int?
        var line: Int
    }

    struct Name: Sendable {
        var thing: Thing
        var line: Int
    }

    /// A race whose `end` has not come yet.
    struct OpenRace: Sendable {
        var source: SourceLine
        var location: SourceLocation
        var text: String
        var statements: [Statement] = []
    }

    /// A check that has to wait for a later line of the set-up.
    struct Pending: Sendable {
        enum Subject: Sendable {
            case rule(name: String, value: String)
            case cpu(Int)
            /// Pages of a folio, more than one.
            case folio(Int)
            /// Buffer heads on xfs.
            case xfsBuffers
        }
        var subject: Subject
        var source: SourceLine
        var location: SourceLocation
    }

    /// The scenario's name, for messages.
    public let name: String
    let rules: RuleChecker
    let unsupported: Set<Unsupported.Feature>

    var names: [String: Name] = [:]
    var spaces: [[String: Mapping]] = []
    /// Where each name of a mapping was first used, by whatever process.
    var mappingLines: [String: Int] = [:]
    var race: OpenRace?
    /// The line of the first operation.
    var setUpEnd: Int?
    var kernel: String?
    var cpus: Int?
    /// Set-up commands that stand once at most, with their lines.
    var given: [String: Int] = [:]
    var pending: [Pending] = []
    /// The dirty limit in pages, and the pages of the largest folio so far.
    var dirtyLimit: Int?
    var largestFolio = 1
    /// Files whose size an operation may have changed.
    var resized: Set<String> = []

    /// Before the first line. `name` is shown in messages.
    public init(name: String, rules: RuleChecker = .permissive) {
        self.init(name: name, rules: rules, unsupported: Unsupported.all)
    }

    init(name: String, rules: RuleChecker, unsupported: Set<Unsupported.Feature>) {
        self.name = name
        self.rules = rules
        self.unsupported = unsupported
    }

    /// After these statements of a scenario that parsed, for a line typed behind them.
    public init(
        name: String, rules: RuleChecker = .permissive, after statements: some Sequence<Statement>
    ) {
        self.init(name: name, rules: rules)
        for statement in statements {
            for line in ScenarioPrinter.lines(of: statement) {
                let scalars = Array(line.unicodeScalars)
                _ = consume(
                    SourceLine(file: name, number: statement.location.line, scalars: scalars))
            }
        }
    }

    /// Parses one line. nil: the line says nothing by itself (blank, a comment, a line inside a
    /// race, whose `end` gives the whole race). A line in error changes nothing.
    public mutating func parseLine(_ text: String, number: Int) -> Result<Statement?, Diagnostics> {
        var next = self
        let (statement, diagnostics) = next.consume(
            SourceLine(file: name, number: number, scalars: Array(text.unicodeScalars)))
        guard diagnostics.isEmpty else { return .failure(Diagnostics(diagnostics)) }
        self = next
        return .success(statement)
    }

    /// Whether set-up commands may still come.
    public var setUpIsOpen: Bool { setUpEnd == nil }
    /// Whether the lines now belong to a race.
    public var raceIsOpen: Bool { race != nil }

    public var files: [String] { sorted { if case .file = $0 { true } else { false } } }
    public var devices: [String] { sorted { if case .device = $0 { true } else { false } } }
    public var processes: [String] { sorted { if case .process = $0 { true } else { false } } }
    public var threads: [String] { sorted { if case .thread = $0 { true } else { false } } }
    public var labels: [String] { sorted { $0 == .label } }

    /// The mappings of a process or thread, by name.
    public func mappings(of task: String) -> [String] {
        space(of: task).map { spaces[$0].keys.sorted() } ?? []
    }

    func space(of task: String) -> Int? {
        switch names[task]?.thing {
        case .process(let space), .thread(let space): space
        default: nil
        }
    }

    private func sorted(_ isWanted: (Thing) -> Bool) -> [String] {
        names.filter { isWanted($0.value.thing) }.map(\.key).sorted()
    }
}

extension Declarations {
    /// Parses one line and keeps what it declared, also where the line is in error: a name that
    /// was declared badly is still declared, so that one mistake is reported once.
    mutating func consume(_ line: SourceLine) -> (statement: Statement?, diagnostics: [Diagnostic])
    {
        do throws(Diagnostic) {
            let tokens = try Lexer.tokens(of: line)
            guard !tokens.isEmpty else { return (nil, []) }
            var parser = LineParser(line: line, tokens: tokens, declarations: self)
            // The parser alone holds them meanwhile: a second holder would make every change a copy.
            self = Declarations(name: "", rules: .permissive, unsupported: [])
            defer { self = parser.declarations }
            do throws(Diagnostic) {
                let statement = try parser.statement()
                let diagnostics = parser.late + parser.unsupported
                return (diagnostics.isEmpty ? statement : nil, diagnostics)
            } catch {
                return (nil, parser.late + [error])
            }
        } catch {
            return (nil, [error])
        }
    }

    /// What is still wrong when no line follows.
    mutating func finish() -> [Diagnostic] {
        var diagnostics = settle(setUpIsOver: true)
        if let race {
            diagnostics.append(race.source.diagnostic("this race has no 'end'", at: race.location))
        }
        return diagnostics
    }

    /// Makes the waiting checks whose facts are settled by now.
    mutating func settle(setUpIsOver: Bool) -> [Diagnostic] {
        guard setUpIsOver || kernel != nil || cpus != nil else { return [] }
        var diagnostics: [Diagnostic] = []
        var waiting: [Pending] = []
        for check in pending {
            switch check.subject {
            case .rule(let rule, let value):
                if kernel == nil, !setUpIsOver {
                    waiting.append(check)
                    continue
                }
                let kernel = kernel ?? Vocabulary.defaultKernel
                guard case .meaningless(let why) = rules.check(rule, value, kernel) else { continue }
                let complaint = "has no meaning on \(kernel): \(printable(why))"
                diagnostics.append(
                    check.source.diagnostic(
                        "rule \(quoted(rule)) \(complaint)", at: check.location))
            case .folio(let pages):
                if kernel == nil, !setUpIsOver {
                    waiting.append(check)
                    continue
                }
                let kernel = kernel ?? Vocabulary.defaultKernel
                guard !Vocabulary.largeFolioKernels.contains(kernel) else { continue }
                diagnostics.append(
                    check.source.diagnostic(
                        "a folio of \(pages) pages has no meaning on \(kernel)", at: check.location,
                        expected: "'kernel \(alternatives(Vocabulary.largeFolioKernels))': "
                            + "2.6 has single pages only"))
            case .xfsBuffers:
                if kernel == nil, !setUpIsOver {
                    waiting.append(check)
                    continue
                }
                let kernel = kernel ?? Vocabulary.defaultKernel
                guard Vocabulary.kernelsWithoutXFSBuffers.contains(kernel) else { continue }
                diagnostics.append(
                    check.source.diagnostic(
                        "pages on xfs have no buffers on \(kernel)", at: check.location,
                        expected: "no 'buffers=', or a kernel of 2.6"))
            case .cpu(let cpu):
                if cpus == nil, !setUpIsOver {
                    waiting.append(check)
                    continue
                }
                let cpus = cpus ?? Vocabulary.defaultCPUs
                if cpu >= cpus {
                    diagnostics.append(
                        check.source.diagnostic(
                            "there is no CPU \(cpu)", at: check.location,
                            expected: cpus == 1
                                ? "0, the only one"
                                : "0 to \(cpus - 1), or 'cpus' with more of them"))
                }
            }
        }
        pending = waiting
        return diagnostics
    }
}
