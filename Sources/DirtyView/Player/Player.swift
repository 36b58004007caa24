import DirtyMachine
import DirtyScript

/// A session on a screen: keys go in, frames come out. It knows no terminal.
public struct Player: Sendable {
    public internal(set) var session: Session
    var outline: Outline
    var health: Health
    /// Index of the first move whose changes are shown.
    var shownFrom = 0
    var direction = Direction.forward

    /// The long way that is being gone.
    var journey: Journey?
    /// Where to go, in hundredths of the whole, once its length is known.
    var awaitedPercent: Int?

    // Playing
    var isPlaying = false
    var speed = Speed()
    /// Seconds that the present position asks to stay on the screen.
    var dwell: Double?

    // Looking
    var size = Size(80, 24)
    var glyphs: GlyphSet
    public internal(set) var theme: Theme
    private let glyphsAreChosen: Bool
    /// Which key does what.
    public var keys = KeyMap.standard
    /// And in a talk.
    public var talkKeys = KeyMap.talking
    /// The latest key, which a line shows to those who look on; nil while none does.
    var pressed: KeyEcho?
    /// Whether it does.
    public var showsKeys = false
    /// Which panes stand where.
    public var panes = PaneSets()
    var focus = Pane.pages
    var isZoomed = false
    /// How often the map has been looked at closer.
    var mapZoom = 0
    /// What the user has selected; nil while the selection follows what happens.
    var chosen: Selection?
    var onlyChanged = false
    /// Searches from the present state, and what came of them.
    var exploring = Exploring()
    /// Break points, bookmarks and what they have led to.
    var insight = Insight()
    /// Cursors of the panes that have no selection of their own.
    var cursors: [Pane: Int] = [:]
    var view = View.main
    var command = LineEditor()
    var search = LineEditor()
    /// What the list of VMAs and files is filtered by.
    var areaFilter = LineEditor()
    var needle = ""
    var message: Message?
    public internal(set) var isFinished = false
    /// The talk, while one is given.
    var presenter: Presenter?
    /// Questions about what comes next, and the one that is asked now.
    public internal(set) var quiz: Quiz?
    var question: QuestionView?
    var isAsking = false
    private var bell = false
    /// What only somebody with files can do.
    var request: Request?

    enum Direction: Sendable { case forward, backward }

    /// What lies on top of the panes and takes the keys first.
    enum View: Hashable, Sendable {
        case main
        case help(filter: String, row: Int)
        /// The palette: everything that can be done, by name.
        case palette(filter: String, row: Int)
        /// The list of who could move, with the selected row.
        case chooser(row: Int)
        /// A list over the lower panes, with the selected row.
        case sheet(row: Int)
        /// The letter of a bookmark follows, to set it or to go there.
        case pendingMark(isGoing: Bool)
        case prompt
        case search
        /// What the list of VMAs is filtered by is being typed.
        case filter
    }

    /// What a player asks of whoever runs it.
    public enum Request: Hashable, Sendable {
        /// Write a text to a file; `replaces` allows one that is there.
        case save(String, path: String, replaces: Bool)
    }

    /// Takes what is asked for, so that it is done once.
    public mutating func takeRequest() -> Request? { request.take() }

    /// Tells what came of a request.
    public mutating func answer(_ text: String, isError: Bool) { isError ? complain(text) : say(text) }

    struct Message: Hashable, Sendable {
        var text: String
        var isError = false
    }

    /// `glyphs` is nil where the screen is to decide.
    public init(_ session: Session, glyphs: GlyphSet? = nil, theme: Theme = .fill, speed: Double = 1) {
        self.session = session
        self.glyphs = glyphs ?? .letters
        self.theme = theme
        glyphsAreChosen = glyphs != nil
        outline = Outline(session)
        outline.lookAhead(moves: Self.firstLook, for: &self.session)
        health = Health(session.machine)
        self.speed.set(speed)
        shownFrom = session.position
        if session.position == 0, session.currentStatement == nil {
            message = Message(text: "An empty sandbox: type : and a command, such as  file db 4 ext4 cached")
        }
    }

    /// What the screen can show, once that is known.
    public mutating func attach(size: Size, glyphs: GlyphSet) {
        self.size = size
        if !glyphsAreChosen { self.glyphs = glyphs }
        settleFocus()
    }

    public mutating func resize(_ size: Size) {
        self.size = size
        settleFocus()
    }

    /// The keyboard does not stay with a pane that is not on the screen.
    mutating func settleFocus() {
        if !isZoomed, !layout.reachablePanes.contains(focus) { focus = .pages }
    }

    /// Milliseconds between ticks; nil while nothing plays.
    public var tick: Int? {
        guard isPlaying else { return isSearching ? Self.searchLook : nil }
        if let dwell { return max(1, Int(dwell * 1000)) }
        if let play = presenter?.play { return play.pace }
        return speed.milliseconds
    }

    /// So often somebody looks how far a search has come.
    private static let searchLook = 100

    /// Whether the bell should ring now.
    public mutating func takeBell() -> Bool {
        defer { bell = false }
        return bell
    }

    // MARK: What is going on

    /// What somebody is told who is here for the first time.
    public mutating func greet() {
        func name(_ action: Action) -> String? { keys.bindings.first { $0.action == action }?.keys.first?.description }
        let hints = [(Action.step, "takes a step"), (.stepBack, "takes it back"), (.help, "lists the keys"), (.palette, "finds everything by name")]
        say("First time here? " + hints.compactMap { action, what in name(action).map { "\($0) \(what)" } }.joined(separator: ", "))
    }

    /// The key of an action, as the user has it.
    func keyName(_ action: Action) -> String { keys.name(of: action) }

    mutating func say(_ text: String) { message = Message(text: text) }

    mutating func complain(_ text: String) {
        message = Message(text: text, isError: true)
        bell = true
    }

    /// What has to be compared when the session has moved.
    struct Departure {
        let position: Int
        let statements: Int
        let focus: Operand?
        let focusProcess: String?
        let shownPanes: Set<String>
    }

    var departure: Departure {
        Departure(
            position: session.position, statements: session.statements.count,
            focus: session.progress.focus, focusProcess: session.progress.focusProcess,
            shownPanes: session.progress.shownPanes)
    }

    /// The session has moved. Everything that depends on it is made anew here: once a key,
    /// however many moves the key made.
    mutating func arrive(from departure: Departure, shownFrom: Int) {
        if session.position > outline.total { lookAhead() }
        // A key that leads nowhere changes nothing that is shown.
        guard session.position != departure.position || session.statements.count != departure.statements
        else { return }
        self.shownFrom = shownFrom
        insight.stoppedAt = []
        insight.runBegan = session.position > departure.position + 1 ? departure.position : nil
        health = Health(session.machine)
        cursors = [:]
        refreshSheet()
        let progress = session.progress
        if departure.focus != progress.focus || departure.focusProcess != progress.focusProcess {
            chosen = nil
        }
        // A scenario's `show` hands the keyboard to a pane that is there.
        for name in progress.shownPanes.subtracting(departure.shownPanes).sorted() {
            if let pane = Pane.named(name), layout.reachablePanes.contains(pane) { focus = pane }
        }
        if case .chooser(let row) = view {
            view = .chooser(row: max(0, min(row, session.candidates.count - 1)))
        }
        if message == nil, let caption = exploring.schedule?.caption(at: session.position) { say(printable(caption.text)) }
    }

    /// Moves looked ahead before a frame, so that a short scenario is known to its end at once, and
    /// at a time while nothing else happens.
    private static let (firstLook, laterLook) = (4096, 1024)

    /// The future is another one now.
    mutating func lookAhead() {
        outline = Outline(session)
        outline.lookAhead(moves: Self.firstLook, for: &self.session)
    }

    /// Whether there is work for idle moments: a long way is being gone, or the length of a long
    /// scenario is not known yet.
    public var hasWork: Bool { journey != nil || outline.isLookingAhead }

    /// Does a little of it.
    public mutating func work() {
        if journey != nil { return goOn() }
        outline.lookAhead(moves: Self.laterLook, for: &session)
        if !outline.isLookingAhead { arriveAtPercent() }
    }

    /// It moves by itself.
    var isUnderWay: Bool { isPlaying || journey != nil || awaitedPercent != nil }

    mutating func stop() {
        isPlaying = false
        dwell = nil
        awaitedPercent = nil
        presenter?.play = nil
        endJourney()
    }

    /// Ctrl-C: stops what goes on, and closes what is open.
    public mutating func interrupt() {
        if isUnderWay {
            stop()
            say("stopped at step \(session.position)")
        } else if isSearching {
            endSearch()
        } else if view != .main {
            view = .main
        } else {
            say("q leaves; Ctrl-C twice in a second as well")
        }
    }

    // MARK: Scene

    /// The selected page: what the user chose, what the script focuses, or what was touched last.
    var selection: Selection? {
        let machine = session.machine
        if let chosen, machine.pageCount(of: chosen.target) > 0 {
            return Selection(
                target: chosen.target, page: min(chosen.page, machine.pageCount(of: chosen.target) - 1))
        }
        return session.followedSelection
    }

    /// A run of changes longer than this is not worth showing as one step.
    private static let shownChangesLimit = 20_000

    var scene: Scene {
        var changes = session.changes(since: shownFrom)
        if changes.count > Self.shownChangesLimit || !session.keepsChanges(since: shownFrom) {
            changes = session.latestChanges
        }
        let machine = session.machine
        return Scene(
            session: session, now: machine, was: machine.before(changes),
            alterations: machine.alterations(changes),
            touched: Set(changes.lazy.flatMap { machine.places(of: $0) }), areas: areas,
            areaFilter: areaFilter.text,
            selection: selection, isFollowing: chosen == nil, onlyChanged: onlyChanged, glyphs: glyphs,
            health: health, outline: outline, candidates: session.candidates,
            generation: machine.rules.generation, cursors: cursors, focus: focus,
            hidesFuture: isAsking, showsEvents: insight.showsEvents)
    }

    var layout: Layout { layout(size) }

    func layout(_ size: Size) -> Layout {
        Layout(size, focus: focus, isZoomed: isZoomed, panes: panes, perspective: insight.perspective)
    }

    func listing(_ pane: Pane, _ scene: Scene, columns: Int, height: Int) -> Listing {
        switch pane {
        case .vmas: AreaPane(scene: scene, columns: columns).listing(height: height)
        case .pages: PagesPane(scene: scene, columns: columns).listing(height: height)
        case .calls: CallPane(scene: scene, columns: columns).listing(height: height)
        case .changes: ChangesPane(scene: scene, columns: columns).listing(height: height)
        case .counters: CounterPane(scene: scene, columns: columns).listing(height: height)
        case .narration: NarrationPane(scene: scene, columns: columns).listing(height: height)
        case .tasks: TaskPane(scene: scene, columns: columns, chosen: chooserRow).listing(height: height)
        case .tlb: TLBPane(scene: scene, columns: columns).listing(height: height)
        case .log: LogPane(scene: scene, columns: columns).listing(height: height)
        case .rmap: MapperPane(scene: scene, columns: columns).listing(height: height)
        case .file: FilePane(scene: scene, columns: columns).listing(height: height)
        case .history: HistoryPane(scene: scene, columns: columns).listing(height: height)
        case .script: ScriptPane(scene: scene, columns: columns).listing(height: height)
        case .invariants: InvariantPane(scene: scene, columns: columns).listing(height: height)
        case .map: MapPane(scene: scene, columns: columns, zoom: mapZoom).listing(height: height)
        case .course: CoursePane(scene: scene, columns: columns).listing(height: height)
        case .locks: LockPane(scene: scene, columns: columns).listing(height: height)
        }
    }

    var chooserRow: Int? {
        if case .chooser(let row) = view { return row }
        return nil
    }
}

/// How fast it plays.
struct Speed: Hashable, Sendable {
    private(set) var factor = 1.0

    private static let range = 0.125...64.0

    mutating func set(_ factor: Double) { self.factor = min(max(factor, Self.range.lowerBound), Self.range.upperBound) }
    mutating func double() { set(factor * 2) }
    mutating func halve() { set(factor / 2) }

    /// Two steps a second at normal speed.
    var milliseconds: Int { max(8, Int(500 / factor)) }

    /// `x1.0`, `x0.25`.
    var text: String {
        factor >= 1 || factor == 0.5 ? "x\(Double(Int(factor * 10)) / 10)" : "x\(factor)"
    }
}
