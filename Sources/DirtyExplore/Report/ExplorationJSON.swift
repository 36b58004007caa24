import DirtyMachine
import DirtyScript

/// What a search has found, for programs: one object.
public enum ExplorationJSON {
    public static func text(_ exploration: Exploration, milliseconds: Int) -> String {
        var writer = JSONWriter()
        writer.object([
            ("verdict", { $0.string(exploration.verdict.rawValue) }),
            ("invariant", { invariant(exploration.breach, &$0) }),
            ("states", { $0.number(exploration.result.states) }),
            ("transitions", { $0.number(exploration.result.transitions) }),
            ("depth", { $0.number(exploration.result.depth) }),
            ("seconds", { $0.decimal(thousandths: milliseconds) }),
            ("schedule", { schedule(exploration.breach, &$0) }),
            (
                "notes",
                { writer in
                    writer.array(exploration.notes) { note($1, &$0) }
                }
            ),
            ("failedBefore", { $0.array(exploration.failedBefore) { failure($1, &$0) } }),
            ("limit", { text(exploration.limit?.rawValue, &$0) }),
            ("found", { text(exploration.breach?.text, &$0) }),
            ("kernel", { $0.string(exploration.profile.rawValue) }),
            ("bytes", { $0.number(exploration.result.bytes) }),
        ])
        return writer.text
    }

    private static func text(_ text: String?, _ writer: inout JSONWriter) {
        if let text { writer.string(text) } else { writer.null() }
    }

    private static func invariant(_ breach: Breach?, _ writer: inout JSONWriter) {
        text(breach?.invariant?.id, &writer)
    }

    private static func schedule(_ breach: Breach?, _ writer: inout JSONWriter) {
        writer.array(Array((breach?.schedule ?? []).enumerated())) { writer, move in
            var members: [(String, (inout JSONWriter) -> Void)] = [
                ("task", { $0.string(move.element.task) }),
                ("function", { $0.string(move.element.function) }),
                ("line", { $0.number(move.element.line) }),
                ("step", { $0.string(move.element.title.label) }),
            ]
            if breach?.doom == move.offset { members += [("dooms", { $0.bool(true) }), ("why", { $0.string(breach!.doomText) })] }
            writer.object(members)
        }
    }

    private static func failure(_ statement: Statement, _ writer: inout JSONWriter) {
        writer.object([
            ("line", { $0.number(statement.location.line) }),
            ("text", { $0.string(statement.text) }),
        ])
    }

    private static func note(_ note: Breach, _ writer: inout JSONWriter) {
        writer.object([
            ("invariant", { invariant(note, &$0) }),
            ("found", { $0.string(note.text) }),
            ("schedule", { schedule(note, &$0) }),
        ])
    }
}
