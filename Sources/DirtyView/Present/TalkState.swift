import DirtyScript

/// Where a talk stands: all that a speaker's second screen needs to know of the first one.
public struct TalkState: Hashable, Sendable {
    public var title = ""
    /// Number of the beat, from 1, and how many there are.
    public var beat = 1
    public var beats = 1
    public var chapter = ""
    public var chapterNumber = 0
    public var chapters = 0
    /// What the audience reads now.
    public var caption = ""
    /// What the next press leads to; nil at the end.
    public var next: String?
    public var notes: [String] = []
    public var nextNotes: [String] = []
    public var step = 0
    public var steps = 0
    /// A word: `stopped`, `playing`, `automatic`, `blank`, `question`.
    public var mode = ""

    public init() {}
}

extension Player {
    /// Where the talk stands; nil while none is given.
    public var talkState: TalkState? {
        guard let talk = presenter else { return nil }
        let here = beat
        let current = talk.beats[here]
        var state = TalkState()
        state.title = session.title
        (state.beat, state.beats) = (here + 1, talk.beats.count)
        state.chapter = session.progress.chapter
        (state.chapterNumber, state.chapters) = (session.progress.chapterNumber, outline.chapters.count)
        state.caption = session.progress.caption
        if here + 1 < talk.beats.count {
            let next = talk.beats[here + 1]
            func text(_ beat: Beat) -> String {
                let chapter = beat.chapterNumber != current.chapterNumber ? "[\(beat.chapter)] " : ""
                return chapter + (beat.kind == .caption ? beat.caption : "(\(beat.kind.rawValue))")
            }
            state.next = text(next)
            state.nextNotes = next.notes
            // A stop without words is over soon: what is said behind it is what a speaker has to know.
            if next.kind != .caption, let words = talk.beats[(here + 2)...].first(where: { $0.kind == .caption }) {
                state.next = text(next) + ", then " + text(words)
            }
        }
        state.notes = current.notes
        (state.step, state.steps) = (session.position, outline.total)
        state.mode =
            talk.isBlank
            ? "blank"
            : question != nil
                ? "question" : talk.play != nil ? "playing" : talk.isAutomatic && isPlaying ? "automatic" : "stopped"
        return state
    }
}

// MARK: As text

extension TalkState {
    private static let head = "dirtyscope talk 1"

    /// A line for each fact, `key text`; and a last line, so that half of it is no whole.
    public var text: String {
        var lines = [Self.head]
        func add(_ key: String, _ value: String) { lines.append(key + " " + Self.escaped(value)) }
        add("title", title)
        add("beat", "\(beat)")
        add("beats", "\(beats)")
        add("chapter", chapter)
        add("chapter-number", "\(chapterNumber)")
        add("chapters", "\(chapters)")
        add("caption", caption)
        if let next { add("next", next) }
        for note in notes { add("note", note) }
        for note in nextNotes { add("next-note", note) }
        add("step", "\(step)")
        add("steps", "\(steps)")
        add("mode", mode)
        lines.append("end")
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads it back; nil if it is something else or not whole. What it does not know it passes over.
    public init?(text: String) {
        let lines = text.split(separator: "\n")
        guard lines.first == Self.head[...], lines.last == "end" else { return nil }
        for line in lines.dropFirst().dropLast() {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? Self.unescaped(parts[1]) : ""
            let number = Int(value) ?? 0
            switch parts[0] {
            case "title": title = value
            case "beat": beat = number
            case "beats": beats = number
            case "chapter": chapter = value
            case "chapter-number": chapterNumber = number
            case "chapters": chapters = number
            case "caption": caption = value
            case "next": next = value
            case "note": notes.append(value)
            case "next-note": nextNotes.append(value)
            case "step": step = number
            case "steps": steps = number
            case "mode": mode = value
            default: continue
            }
        }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\n", "\r\n": result += "\\n"
            default: result.append(character)
            }
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        var (result, isEscaped) = ("", false)
        for character in text {
            if isEscaped {
                result.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
