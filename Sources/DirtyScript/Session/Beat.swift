/// A place in a scenario where a talk stops: one press of a presenter's key leads from each to the
/// next. There is one at the beginning, behind every caption, at every pause that waits for a key,
/// before a chapter if something has happened since the last, and at the end.
public struct Beat: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case opening, caption, pause
        /// What a chapter had to show has been shown; the next press begins another one.
        case chapterEnd = "end of the chapter"
        case end
    }

    public let kind: Kind
    /// It is reached as soon as so many statements have ended.
    public let cursor: Int
    /// The caption that is on the screen there.
    public let caption: String
    /// The chapter it belongs to, and its number from 1; 0 before the first.
    public let chapter: String
    public let chapterNumber: Int
    /// What the speaker wants to be reminded of there.
    public internal(set) var notes: [String] = []

    /// All beats of a script, in order. There is one at least.
    ///
    /// A `note` belongs to the beat that it stands behind; behind a chapter's line, or behind
    /// commands, to the beat that those lead to.
    public static func all(in statements: [Statement]) -> [Beat] {
        var finder = BeatFinder()
        for (index, statement) in statements.enumerated() { finder.consume(statement, at: index) }
        return finder.finish()
    }
}

extension Session {
    /// The beats of the script as it is now, lines typed later included.
    public var beats: [Beat] { Beat.all(in: statements) }

    /// The last beat that has been reached.
    public func beatIndex(in beats: [Beat]) -> Int {
        max(0, (beats.lastIndex { $0.cursor <= progress.cursor }) ?? 0)
    }

    /// The first position, of those that lie behind, at which so many statements had ended.
    public func position(ofCursor cursor: Int) -> Int? {
        guard progress.cursor >= cursor else { return nil }
        if let index = window.checkpoints.firstIndex(where: { $0.progress.cursor >= cursor }),
            index > 0 || window.start == 0
        {
            return window.checkpoints[index].move
        }
        // Longer ago than anything is kept: a copy goes there.
        var past = self
        past.go(to: past.position(before: cursor))
        while past.progress.cursor < cursor, case .moved = past.advance() {}
        return past.position
    }
}

private struct BeatFinder {
    private var beats = [Beat(kind: .opening, cursor: 0, caption: "", chapter: "", chapterNumber: 0)]
    private var caption = ""
    private var chapter = ""
    private var chapterNumber = 0
    /// Behind the last command since the last beat; nil if there was none.
    private var moved: Int?
    /// Notes for the beat that is to come.
    private var notes: [String] = []
    private var isAtChapterLine = false

    mutating func consume(_ statement: Statement, at index: Int) {
        switch statement.command {
        case .say(let text):
            caption = text
            add(.caption, index + 1)
        case .pause(nil):
            if moved != nil { add(.pause, index + 1) }
        case .chapter(let title):
            if let moved { add(.chapterEnd, moved) }
            (chapter, caption) = (title, "")
            chapterNumber += 1
            isAtChapterLine = true
        case .note(let text):
            if moved == nil, !isAtChapterLine {
                beats[beats.count - 1].notes.append(text)
            } else {
                notes.append(text)
            }
        default:
            if !statement.ridesAlong { moved = index + 1 }
        }
    }

    private mutating func add(_ kind: Beat.Kind, _ cursor: Int) {
        beats.append(
            Beat(
                kind: kind, cursor: cursor, caption: caption, chapter: chapter, chapterNumber: chapterNumber,
                notes: notes))
        notes = []
        moved = nil
        isAtChapterLine = false
    }

    mutating func finish() -> [Beat] {
        if let moved { add(.end, moved) }
        beats[beats.count - 1].notes += notes
        return beats
    }
}
