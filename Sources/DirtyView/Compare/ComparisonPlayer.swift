import DirtyMachine
import DirtyScript

/// One scenario under several kernels on one screen, stepped in lock-step. Keys mean what they
/// mean in the player.
public struct ComparisonPlayer: Sendable {
    public internal(set) var comparison: LockStep
    /// For each side, the index of the first move whose changes are shown.
    var shownFrom: [Int]
    var direction = Player.Direction.forward
    var size = Size(80, 24)
    var glyphs: GlyphSet
    public let theme: Theme
    private let glyphsAreChosen: Bool
    /// Which key does what.
    public var keys = KeyMap.standard
    private(set) var isPlaying = false
    /// The long way that is being gone.
    var way: ComparisonWay?
    private(set) var speed = Speed()
    /// The page that the user has selected; nil while the selection follows what happens.
    private var chosen: Selection?
    /// Text that the help is filtered by, and its selected row; nil while it is closed.
    var help: Help?
    /// The first kernel that is shown, where not all of them fit.
    private(set) var firstSide = 0
    var breakpoints = BreakpointList()
    /// What is being typed behind a colon.
    var prompt: LineEditor?
    var message: Player.Message?
    public internal(set) var isFinished = false
    private var bell = false

    /// `glyphs` is nil where the screen is to decide.
    public init(_ comparison: LockStep, glyphs: GlyphSet? = nil, theme: Theme = .fill) {
        self.comparison = comparison
        self.glyphs = glyphs ?? .letters
        self.theme = theme
        glyphsAreChosen = glyphs != nil
        shownFrom = comparison.sides.map(\.position)
    }

    /// What the screen can show, once that is known.
    public mutating func attach(size: Size, glyphs: GlyphSet) {
        self.size = size
        if !glyphsAreChosen { self.glyphs = glyphs }
    }

    public mutating func resize(_ size: Size) { self.size = size }

    /// Milliseconds between ticks; nil while nothing plays.
    public var tick: Int? { isPlaying ? speed.milliseconds : nil }

    public mutating func passTime() {
        guard isPlaying else { return }
        forward(to: .step)
        isPlaying = !comparison.isAtEnd && message == nil
    }

    /// Whether the bell should ring now.
    public mutating func takeBell() -> Bool {
        defer { bell = false }
        return bell
    }

    public mutating func interrupt() {
        if stopOnTheWay() { return }
        if isPlaying {
            isPlaying = false
        } else if help != nil || prompt != nil {
            (help, prompt) = (nil, nil)
        } else {
            message = Player.Message(text: "q leaves; Ctrl-C twice in a second as well")
        }
    }

    mutating func complain(_ text: String) {
        message = Player.Message(text: text, isError: true)
        bell = true
    }

    /// The selected page: what the user chose, or what matters to the side that moved last.
    var selection: Selection? {
        let leader = comparison.moved.last ?? comparison.movers.first ?? 0
        return chosen ?? comparison.sides[leader].followedSelection
    }

    // MARK: Keys

    public mutating func press(_ key: Key) {
        if help != nil { return pressInHelp(key) }
        if prompt != nil { return pressInPrompt(key) }
        guard let action = keys.action(for: key), ComparisonKeys.actions.contains(action) else {
            let known = keys.action(for: key) == .why
                ? "asks about one kernel: 'dirtyscope play' has it" : "does nothing in a comparison"
            return complain("\(key.phrase) \(known); \(keys.name(of: .help)) lists the keys")
        }
        perform(action)
    }

    private mutating func perform(_ action: Action) {
        if stopOnTheWay(), action == .back { return }
        message = nil
        if action != .play { isPlaying = false }
        switch action {
        case .step: forward(to: .step)
        case .stepBack: backward { _, _ in true }
        case .event: forward(to: .command, stopsAtBreakpoints: true)
        case .eventBack: backward(stopsAtBreakpoints: true) { $0.pace != $1.pace }
        case .run: forward(to: .chapter, stopsAtBreakpoints: true)
        case .chapter: forward(to: .chapter)
        case .runBack: backward(stopsAtBreakpoints: true) { $0.chapter != $1.chapter }
        case .chapterBack: backward { $0.chapter != $1.chapter }
        case .touch: forward(to: .difference)
        case .touchBack: toPreviousDifference()
        case .first: backward { _, _ in false }
        case .last: forward(to: .end)
        case .play:
            if !isPlaying, comparison.isAtEnd { return complain("this is the end; g goes to the beginning") }
            isPlaying.toggle()
        case .faster: speed.double()
        case .slower: speed.halve()
        case .normalSpeed: speed.set(1)
        default: look(action)
        }
    }

    /// Does what a key does, by its name in the table, if a comparison has it.
    mutating func perform(named name: String) -> Bool {
        guard let action = keys.bindings.first(where: { $0.command == name })?.action,
            action != .terminal, ComparisonKeys.actions.contains(action)
        else { return false }
        perform(action)
        return true
    }

    /// Goes back to a step.
    mutating func back(to position: Int) {
        guard position < comparison.position else { return }
        while comparison.position > position { comparison.stepBack() }
        showLatestStep()
    }

    private mutating func look(_ action: Action) {
        switch action {
        case .up: select(by: -1)
        case .down: select(by: 1)
        case .pageUp: select(by: -16)
        case .pageDown: select(by: 16)
        case .top: select(by: -.max / 2)
        case .bottom: select(by: .max / 2)
        case .left: selectArea(by: -1)
        case .right: selectArea(by: 1)
        case .back:
            if chosen != nil { message = Player.Message(text: "the selection follows what happens") }
            chosen = nil
        case .nextPane: showSides(from: firstSide + 1)
        case .previousPane: showSides(from: firstSide - 1)
        case .breakpoint: toggleBreakpoint()
        case .prompt: prompt = LineEditor()
        case .help: help = Help()
        case .quit: isFinished = true
        default: break
        }
    }

    /// Where not all kernels fit, the window over them moves by one, and round.
    private mutating func showSides(from side: Int) {
        let hidden = comparison.sides.count - ComparisonLayout(size, sides: comparison.sides.count).columns.count
        guard hidden > 0 else { return complain("all \(comparison.sides.count) kernels are on the screen") }
        firstSide = side > hidden ? 0 : side < 0 ? hidden : side
    }

    /// The number of pages of the selected mapping or file, on the side where it has most.
    var pageCount: Int {
        guard let target = selection?.target else { return 0 }
        return comparison.sides.map { $0.machine.pageCount(of: target) }.max() ?? 0
    }

    private mutating func select(by distance: Int) {
        guard var selection else { return }
        selection.page = min(max(0, selection.page + distance), max(0, pageCount - 1))
        chosen = selection
    }

    private mutating func selectArea(by step: Int) {
        guard let machine = comparison.sides.first?.machine else { return }
        let areas = machine.areas
        guard !areas.isEmpty else { return }
        let at = selection.flatMap { machine.index(of: $0, in: areas) }.map { $0 + step } ?? 0
        chosen = machine.selection(of: areas[min(max(0, at), areas.count - 1)])
    }

    // MARK: Time

    var moment: ComparisonWay.Moment {
        ComparisonWay.Moment(
            pace: comparison.pace,
            chapter: comparison.sides.map(\.progress.chapterNumber).max() ?? 0)
    }

    /// Goes back until two neighbouring moments differ, and stands behind the later step of the two.
    private mutating func backward(
        stopsAtBreakpoints: Bool = false, until isBoundary: (ComparisonWay.Moment, ComparisonWay.Moment) -> Bool
    ) {
        guard comparison.position > 0 else { return complain("this is the beginning") }
        comparison.stepBack()
        var hits: [String] = []
        while comparison.position > 0 {
            let after = moment
            comparison.stepBack()
            let isThere = isBoundary(moment, after)
            let watch = stopsAtBreakpoints ? watch() : nil
            guard isThere || watch != nil else { continue }
            // What a step runs into is known by making it again.
            comparison.step()
            hits = watch.map { hitTexts($0) } ?? []
            if isThere || !hits.isEmpty { break }
            comparison.stepBack()
        }
        showLatestStep()
        tell(hits)
    }

    private mutating func showLatestStep() {
        direction = .backward
        shownFrom = comparison.sides.indices.map { side in
            let position = comparison.sides[side].position
            return comparison.moved.contains(side) ? position - 1 : position
        }
    }

    private mutating func toPreviousDifference() {
        let differences = comparison.differences
        guard comparison.position > 0 else { return complain("this is the beginning") }
        while comparison.position > 0, comparison.differences == differences { comparison.stepBack() }
        showLatestStep()
    }

    // MARK: Help

    private mutating func pressInHelp(_ key: Key) {
        guard var help else { return }
        let outcome = help.press(key) { ComparisonKeys.entries(keys, filter: $0) }
        self.help = outcome == .open ? help : nil
        if case .run(let action) = outcome { perform(action) }
    }
}

/// The player's keys that a comparison has, with what they do here where that is something else.
enum ComparisonKeys {
    private static let sentences: [Action: String] = [
        .step: "Every kernel that is at the earliest command takes one atomic step; the others wait.",
        .stepBack: "Take the latest step back, exactly.",
        .event: "Go on until every kernel is through with the command.",
        .eventBack: "Go back to the end of the command before.",
        .run: "Go on to the next chapter, or to the end.",
        .runBack: "Go back to the chapter before, or to the beginning.",
        .chapter: "Go on to the next chapter.",
        .chapterBack: "Go back to the chapter before.",
        .touch: "Go on to the next step after which something else differs.",
        .touchBack: "Go back to where something else differed.",
        .first: "Go to the beginning.", .last: "Go to the end.",
        .play: "Play on, or stop.", .faster: "Play twice as fast.", .slower: "Play half as fast.",
        .normalSpeed: "Play at normal speed.",
        .up: "Select the page before, in all kernels.", .down: "Select the page behind, in all kernels.",
        .pageUp: "Select a page further up.", .pageDown: "Select a page further down.",
        .top: "Select the first page.", .bottom: "Select the last page.",
        .nextPane: "Where not all kernels fit: show the next one.", .previousPane: "Where not all kernels fit: show the one before.",
        .breakpoint: "Stop where the selected page changes under any kernel, or no more; e c E C stop at break points.",
        .prompt: "Type a step, 12 or +3, or break WHAT, watch WHAT, delete N or delete all, as in the player; breaks lists them.",
        .left: "The mapping or file before.", .right: "The next mapping or file.",
        .back: "Let the selection follow what happens.",
        .help: "This list.", .quit: "Leave.", .terminal: "",
    ]

    static let actions = Set(sentences.keys)

    static func entries(_ keys: KeyMap, filter: String) -> [Binding] {
        let words = filter.lowercased().split(separator: " ")
        return keys.bindings.compactMap { binding -> Binding? in
            guard let sentence = sentences[binding.action] else { return nil }
            var entry = binding
            if !sentence.isEmpty { entry.help = sentence }
            switch binding.action {
            case .touch: (entry.name, entry.hint) = ("next difference", "next difference")
            case .touchBack: (entry.name, entry.hint) = ("last difference", "")
            case .nextPane: (entry.name, entry.hint) = ("next kernel", "")
            case .previousPane: (entry.name, entry.hint) = ("kernel before", "")
            default: break
            }
            return entry
        }.filter { entry in
            let text = "\(entry.keyText) \(entry.name) \(entry.help)".lowercased()
            return words.allSatisfy { text.contains($0) }
        }
    }
}
