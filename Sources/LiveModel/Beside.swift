/// One operation of a scenario, done by the model and by the machine, with what both show afterwards.
public struct BesideStep: Hashable, Sendable {
    /// A page as one side shows it.
    public struct Side: Hashable, Sendable {
        /// `pwuadx`, and `?` where the side does not reveal it.
        public var entry: String
        /// `cdw`.
        public var cache: String
        /// The simulator's word.
        public var word: String

        public init(entry: String, cache: String, word: String) {
            self.entry = entry
            self.cache = cache
            self.word = word
        }
    }

    /// A page of a mapping.
    public struct Row: Hashable, Sendable {
        /// `A m[3]`.
        public var place: String
        public var model: Side
        public var host: Side

        public init(place: String, model: Side, host: Side) {
            self.place = place
            self.model = model
            self.host = host
        }

        /// Whether the sides differ. The accessed bit does not count: reclaim clears it on a machine
        /// whenever it likes. What a side does not reveal does not count either.
        public var differs: Bool {
            func alike(_ a: String, _ b: String, except skipped: Int?) -> Bool {
                zip(a, b).enumerated().allSatisfy { place, pair in
                    place == skipped || pair.0 == pair.1 || pair.0 == "?" || pair.1 == "?"
                }
            }
            return !alike(model.entry, host.entry, except: 3) || !alike(model.cache, host.cache, except: nil)
        }
    }

    public var line: Int
    public var command: String
    /// Outcome and faults of the operation, on both sides, as text.
    public var modelOutcome: String
    public var hostOutcome: String
    public var rows: [Row]
    /// What `verify` found to be different, in words.
    public var differences: [String]

    public init(
        line: Int, command: String, modelOutcome: String, hostOutcome: String, rows: [Row], differences: [String]
    ) {
        self.line = line
        self.command = command
        self.modelOutcome = modelOutcome
        self.hostOutcome = hostOutcome
        self.rows = rows
        self.differences = differences
    }

    public var differs: Bool {
        modelOutcome != hostOutcome || !differences.isEmpty || rows.contains(where: \.differs)
    }

    /// The step as text: its line, then the pages, those that differ marked.
    public var lines: [String] {
        func cell(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.unicodeScalars.count))
        }
        func side(_ side: Side) -> String { cell(side.entry, 8) + cell(side.cache, 5) + cell(side.word, 13) }
        let result = "line \(line)  \(command)"
        let outcome = "  " + cell("", 16) + cell(modelOutcome, 26) + "| " + cell(hostOutcome, 26)
            + (modelOutcome == hostOutcome ? "" : "*")
        return [result, outcome]
            + rows.map { "  " + cell($0.place, 16) + side($0.model) + "| " + side($0.host) + ($0.differs ? "*" : "") }
            + differences.map { "  * " + $0 }
    }
}
