import DirtyScript

/// A talk: the script in beats, one press of a remote for each. What the audience sees is the stage.
struct Presenter: Sendable {
    /// How much the audience sees, in the order in which one key goes through them.
    enum Stage: String, CaseIterable, Sendable {
        /// The words, and below them the pages and the call path.
        case split
        /// The words alone, as large as they can be.
        case words
        /// Every pane.
        case panes
    }

    var beats: [Beat]
    var stage = Stage.split
    /// The screen is black, so that people look at the speaker.
    var isBlank = false
    /// It goes on by itself, with time to read between the beats.
    var isAutomatic = false
    /// The beat that is being played: how many statements have to end, and milliseconds a step.
    var play: (goal: Int, pace: Int)?
    /// The number of a beat, as far as it is typed.
    var digits = ""
    var showsHelp = false
    /// The latest key, for the audience.
    var echo: KeyEcho?
    var showsKeys = true

    init(_ session: Session) { beats = session.beats }
}

/// A key that was pressed, what it does, and how many times in a row.
struct KeyEcho: Hashable, Sendable {
    let key: String
    let name: String
    var count = 1

    /// `PgDn  next beat`, `s x3  step`
    var text: String { key + (count > 1 ? " x\(count)" : "") + (name.isEmpty ? "" : "  " + name) }

    var line: Line {
        var line = Line(" \(key)\(count > 1 ? " x\(count)" : "") ", Style(.focusedTitle))
        line.add(name.isEmpty ? "" : "  " + name, Style(.plain))
        return line
    }

    /// The same key again counts; another one starts anew.
    static func following(_ last: KeyEcho?, _ key: Key, _ name: String) -> KeyEcho {
        var echo = KeyEcho(key: key.description, name: name)
        if let last, last.key == echo.key, last.name == name { echo.count = last.count + 1 }
        return echo
    }
}

extension KeyTable {
    private static func key(_ scalar: Unicode.Scalar) -> Key { .character(scalar) }

    /// The keys of a talk: those that remotes send, and a few that a hand cannot hit by mistake.
    /// All others do nothing there. The user's own are in the player's `talkKeys`.
    static let presenting: [Binding] = [
        Binding(
            keys: [.pageDown, .right, .down, key(" "), .enter, key("n")], action: .nextBeat, name: "next beat",
            help: "Play on to the next stop; pressed again while it plays: be there at once."),
        Binding(
            keys: [.pageUp, .left, .up, .backspace, key("p")], action: .previousBeat, name: "previous beat",
            help: "Go back to the stop before."),
        Binding(keys: [.home, key("g")], action: .firstBeat, name: "first beat", help: "Go to the title."),
        Binding(keys: [.end, key("G")], action: .lastBeat, name: "last beat", help: "Go to the end."),
        Binding(
            keys: [key("]")], action: .chapter, name: "next chapter", help: "Go on to the next chapter."),
        Binding(
            keys: [key("[")], action: .chapterBack, name: "previous chapter",
            help: "Go back to the beginning of this chapter, or of the one before."),
        Binding(
            keys: [key("b"), key("."), key(",")], action: .blank, name: "blank",
            help: "Make the screen black; any key brings it back."),
        Binding(
            keys: [key("a")], action: .automatic, name: "play or pause",
            help: "Let the talk go on by itself, with time to read, or stop it."),
        Binding(keys: [key("+")], action: .faster, name: "faster", help: "Play at twice the speed."),
        Binding(keys: [key("-")], action: .slower, name: "slower", help: "Play at half the speed."),
        Binding(keys: [key("=")], action: .normalSpeed, name: "normal speed", help: "Play at normal speed."),
        Binding(keys: [key("s")], action: .step, name: "step", help: "Take one atomic step."),
        Binding(
            keys: [key("S")], action: .stepBack, name: "step back", help: "Take the latest step back, exactly."),
        Binding(
            keys: [key("v")], action: .stage, name: "stage",
            help: "Show the words with a picture, the words alone, or all panes."),
        Binding(keys: [key("k")], action: .keyLine, name: "key line", help: "Show the latest key at the bottom, or not."),
        Binding(keys: [key("Q")], action: .quiz, name: "ask", help: "Ask the audience what comes next."),
        Binding(keys: [key("?"), .function(1)], action: .help, name: "help", help: "List these keys."),
        Binding(
            keys: [.escape, key("q")], action: .leaveTalk, name: "leave",
            help: "Go back to the player; there, present comes back to the talk."),
    ]
}
