/// What a key can do in the player.
enum Action: Hashable, Sendable {
    // Time
    case step, stepBack
    case over, overBack
    case finish, finishBack
    case event, eventBack
    case run, runBack
    case touch, touchBack
    case violation, violationBack
    case chapter, chapterBack
    case first, last
    case play, faster, slower, normalSpeed
    // Panes
    case nextPane, previousPane, pane(Pane)
    case up, down, left, right, pageUp, pageDown, top, bottom
    case open, back, zoom, onlyChanged
    case closer, wider
    // Understanding
    case breakpoint, breakpoints, why, difference, mark, goToMark, otherPanes
    // What can still happen
    case explore, canLose, leaveSchedule
    // The rest
    case choose, undoTyped, find, findNext, findPrevious, filter
    case prompt, palette, help, quit
    /// A line as if typed at the prompt: an entry of the palette.
    case submit(String)
    // A talk, and its questions
    case present, leaveTalk, nextBeat, previousBeat, firstBeat, lastBeat, blank, automatic, stage, keyLine
    case quiz
    /// The terminal's own keys, which never come to the player; the help lists them all the same.
    case terminal
    /// Nothing: an entry of the help that explains what is on the screen.
    case none
}

/// A key, what it does, and what the help says about it. The player, the help, the line of hints,
/// the manual and the user's own bindings read the same table, so that none of them can be wrong.
struct Binding: Hashable, Sendable {
    var keys: [Key]
    let action: Action
    /// Its name, for the help and for searching there.
    var name: String
    /// One sentence.
    var help: String
    /// A word or two for the line of hints; empty for those that stand only in the help.
    var hint = ""
    /// The panes that it is about; empty for all.
    var panes: Set<Pane> = []

    /// What stands in place of keys where the entry explains what is on the screen.
    var sign = ""

    /// What configuration files call it: `step-back`.
    var command: String { String(name.map { $0 == " " ? "-" : $0 }) }

    /// The keys as a reader sees them.
    var keyText: String { keys.isEmpty ? sign : keys.map(\.description).joined(separator: " ") }
}

enum KeyTable {
    /// Characters of the help's search: a paste is not a search, and each is looked for.
    static let longestFilter = 40

    private static func key(_ scalar: Unicode.Scalar) -> Key { .character(scalar) }

    /// All keys, in the order in which the help lists them.
    static let bindings: [Binding] =
        time + [
            Binding(
                keys: [key("t")], action: .choose, name: "choose who runs",
                help: "List who could move next; a digit or Enter makes that one take a step.",
                hint: "who", panes: [.tasks, .calls])
        ] + exploring + understanding + panes + others

    private static let time = [
        Binding(
            keys: [key("s"), key(".")], action: .step, name: "step",
            help: "Take one atomic step.", hint: "step"),
        Binding(
            keys: [key("S"), key(","), .backspace], action: .stepBack, name: "step back",
            help: "Take the latest step back, exactly.", hint: "back"),
        Binding(
            keys: [key("n")], action: .over, name: "step over",
            help: "Step until the acting task is back where it was called from.", hint: "over"),
        Binding(keys: [key("N")], action: .overBack, name: "back over", help: "Step over, backward."),
        Binding(
            keys: [key("f")], action: .finish, name: "finish function",
            help: "Go on until the current kernel function has returned.", hint: "finish"),
        Binding(
            keys: [key("F")], action: .finishBack, name: "back to the call",
            help: "Go back to where the current kernel function was called."),
        Binding(
            keys: [key("e")], action: .event, name: "next command",
            help: "Go on to the end of a command of the script.", hint: "command"),
        Binding(
            keys: [key("E")], action: .eventBack, name: "previous command",
            help: "Go back to the end of the command before."),
        Binding(
            keys: [key("c"), .function(5)], action: .run, name: "run",
            help: "Go on to the next break point, chapter, pause or failed expectation, or to the end.", hint: "run"),
        Binding(
            keys: [key("C")], action: .runBack, name: "run back",
            help: "Go back to the last break point, chapter, pause or failed expectation, or to the start."),
        Binding(
            keys: [key("}")], action: .touch, name: "next touch",
            help: "Go on to the next step that changes something about what is selected: page, VMA, lock, task, counter …",
            hint: "next touch", panes: [.pages]),
        Binding(
            keys: [key("{")], action: .touchBack, name: "previous touch",
            help: "Go back to the step that last changed something about what is selected.",
            hint: "last touch", panes: [.pages]),
        Binding(
            keys: [key("v")], action: .violation, name: "next breach",
            help: "Go on to the next step that breaks an invariant."),
        Binding(
            keys: [key("V")], action: .violationBack, name: "previous breach",
            help: "Go back to the step before this one that broke an invariant."),
        Binding(
            keys: [key("]")], action: .chapter, name: "next chapter", help: "Go on to the next chapter.",
            hint: "chapter"),
        Binding(
            keys: [key("[")], action: .chapterBack, name: "previous chapter",
            help: "Go back to the beginning of this chapter, or of the one before."),
        Binding(keys: [key("g")], action: .first, name: "first", help: "Go to the very beginning."),
        Binding(keys: [key("G")], action: .last, name: "last", help: "Go to the end of the script."),
        Binding(
            keys: [key(" ")], action: .play, name: "play or pause",
            help: "Let it play, or stop it.", hint: "play"),
        Binding(
            keys: [key("+")], action: .faster, name: "faster", help: "Play at twice the speed."),
        Binding(keys: [key("-")], action: .slower, name: "slower", help: "Play at half the speed."),
        Binding(keys: [key("=")], action: .normalSpeed, name: "normal speed", help: "Play at normal speed."),
    ]

    private static let panes: [Binding] = [
        Binding(
            keys: [.tab], action: .nextPane, name: "next pane", help: "Give the keyboard to the next pane.",
            hint: "pane"),
        Binding(
            keys: [.backTab], action: .previousPane, name: "previous pane",
            help: "Give the keyboard to the pane before."),
    ]
        + Pane.allCases.compactMap { pane in
            pane.digit.map { digit in
                Binding(
                    keys: [key(Unicode.Scalar(UInt8(48 + digit)))], action: .pane(pane),
                    name: "pane \(digit)", help: "Give the keyboard to the pane \(pane.fullName).")
            }
        } + [
            Binding(keys: [.up, key("k")], action: .up, name: "up", help: "Move up in the pane."),
            Binding(keys: [.down, key("j")], action: .down, name: "down", help: "Move down in the pane."),
            Binding(
                keys: [.left, key("h")], action: .left, name: "left",
                help: "Select the mapping or file before."),
            Binding(
                keys: [.right, key("l")], action: .right, name: "right",
                help: "Select the next mapping or file."),
            Binding(
                keys: [.pageUp, .control("U")], action: .pageUp, name: "page up",
                help: "Move up by a screenful."),
            Binding(
                keys: [.pageDown, .control("D")], action: .pageDown, name: "page down",
                help: "Move down by a screenful."),
            Binding(keys: [.home], action: .top, name: "top", help: "Move to the first row."),
            Binding(keys: [.end], action: .bottom, name: "bottom", help: "Move to the last row."),
            Binding(
                keys: [.enter], action: .open, name: "open",
                help: "VMAs: show its pages. Log and script: go to that step. Time strips: steps or changes. Else: zoom.", hint: "open",
                panes: [.vmas, .log, .script, .tasks]),
            Binding(
                keys: [.escape], action: .back, name: "back",
                help: "Close the top view; else let the selection follow what happens."),
            Binding(
                keys: [key("z")], action: .zoom, name: "zoom", help: "Let the pane fill the screen, or return."),
            Binding(
                keys: [key("a")], action: .onlyChanged, name: "only changed",
                help: "Show all pages, or only those that the latest step changed.",
                hint: "changed", panes: [.pages]),
            Binding(
                keys: [key("M")], action: .pane(.map), name: "map",
                help: "Show all pages of the mapping or file as a map: a cell looks like the worst of its pages."),
            Binding(
                keys: [key(")")], action: .closer, name: "look closer",
                help: "Map: a cell stands for fewer pages; Enter does the same, and lists a single page.",
                hint: "closer", panes: [.map]),
            Binding(
                keys: [key("(")], action: .wider, name: "show more",
                help: "Map: a cell stands for more pages.", hint: "more", panes: [.map]),
            Binding(
                keys: [key("O")], action: .pane(.course), name: "over time",
                help: "Show dirty pages, writeback and faults over the whole course, with the dirty limits."),
        ]

    private static let others = [
        Binding(
            keys: [key("/")], action: .find, name: "find",
            help: "Find text in the pane; on the map a state, such as dirty, or a page by its number.", hint: "find"),
        Binding(
            keys: [key(">")], action: .findNext, name: "find next",
            help: "Go to the next match; on the map, before anything was searched for, to the next page in another state.",
            hint: "next state", panes: [.map]),
        Binding(
            keys: [key("<")], action: .findPrevious, name: "find previous", help: "Go to the match before."),
        Binding(
            keys: [key("\\")], action: .filter, name: "filter",
            help: "List only VMAs and files in which each of the words that are typed occurs; Esc there lists all again.",
            hint: "filter", panes: [.vmas]),
        Binding(
            keys: [key(":")], action: .prompt, name: "command",
            help: "Type a command of the scenario language, or one of the player's own.", hint: "command"),
        Binding(
            keys: [key("u")], action: .undoTyped, name: "undo typing",
            help: "Take back the latest change of the break points, or the line typed last as long as it lies ahead; so does :undo."),
        Binding(
            keys: [.control("P")], action: .palette, name: "palette",
            help: "Find a command, a chapter, a pane or a setting by its name; Enter does it.", hint: "find a command"),
        Binding(
            keys: [key("p")], action: .present, name: "present",
            help: "Give a talk: large words, and one press of a remote for each beat; Esc comes back."),
        Binding(
            keys: [key("Q")], action: .quiz, name: "ask me",
            help: "Ask what the next command does: a, b, c or d answers; Q again asks no more."),
        Binding(
            keys: [key("?"), .function(1)], action: .help, name: "help",
            help: "List the keys; type to search, Enter runs one.", hint: "help"),
        Binding(
            keys: [key("q")], action: .quit, name: "quit", help: "Close the top view, or leave.", hint: "quit"),
        Binding(
            keys: [.control("C")], action: .terminal, name: "stop",
            help: "Stop playing, or close what is open; twice in a second leaves."),
        Binding(keys: [.control("L")], action: .terminal, name: "repaint", help: "Draw the screen anew."),
        Binding(
            keys: [.control("Z")], action: .terminal, name: "suspend",
            help: "Go back to the shell; fg comes back here."),
    ]
}

extension Pane {
    var fullName: String {
        switch self {
        case .vmas: "VMAs and files"
        case .pages: "pages"
        case .calls: "call path"
        case .changes: "what changed"
        case .counters: "dirty accounting"
        case .narration: "narration"
        case .tasks: "who can move"
        case .tlb: "TLB"
        case .log: "log of moves"
        case .rmap: "who maps it"
        case .file: "memory against disk"
        case .history: "time strips of the page"
        case .script: "script"
        case .invariants: "invariants"
        case .map: "map of the pages"
        case .course: "dirty pages over time"
        case .locks: "locks"
        }
    }
}
