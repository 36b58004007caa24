import DirtyMachine

/// A scenario being played: the machine, where the script stands, and the way back.
///
/// A session moves in *moves*. A move is one atomic step of one task or of the device, or one
/// caption. Checks ride along with the move that stands before them, so that what fails is told
/// where it happened; chapters and set-up ride along with the move that follows. Every move can be
/// taken back exactly, because the machine's changes are reversible and what the session itself
/// knows is one small value.
public struct Session: Sendable {
    /// The scenario's name and title.
    public let name: String
    public let title: String
    public let profile: Profile
    /// Rules that were given beside the scenario.
    let overrides: [RuleOverride]
    /// The first serial number of each line of the races that have begun, by line.
    var raceSerials: [Int: Int] = [:]
    /// The script, lines typed later included.
    public internal(set) var statements: [Statement]
    public internal(set) var machine: Machine
    /// What the session knows beside the machine.
    public internal(set) var progress = Progress()
    /// The course that it takes, also as far as it was gone before and taken back: so that going
    /// forward again repeats the user's own choices.
    var history: History
    /// The latest moves, which the machine's log can take back.
    var window = Window()
    /// What was typed, and what the parser knows since then.
    var typing = Typing()

    /// Prepares a scenario: the machine is made, and everything that comes before the first
    /// operation or caption is set up.
    ///
    /// `kernel` and `rules` override what the scenario says. Fails with the place of a rule or
    /// size that this machine cannot take.
    public init(
        _ scenario: Scenario, kernel: Profile? = nil, rules: [RuleOverride] = []
    ) throws(Diagnostics) {
        name = scenario.name
        title = scenario.title
        statements = scenario.statements
        overrides = rules
        let plan = try MachinePlan(scenario, kernel: kernel, overrides: rules)
        profile = plan.profile
        machine = plan.makeMachine()
        history = History(progress)
        try setUp()
        begin()
    }

    /// Sets up what stands before the first operation or caption, outside history.
    private mutating func setUp() throws(Diagnostics) {
        while let statement = nextStatement, statement.isSetUp {
            if let problem = perform(setUp: statement) {
                throw Diagnostics([statement.diagnostic(in: name, problem)])
            }
            progress.cursor += 1
        }
        machine.forgetHistory()
    }

    var nextStatement: Statement? {
        progress.cursor < statements.count ? statements[progress.cursor] : nil
    }

    /// The statement that runs now, or the next one to run.
    public var currentStatement: Statement? { nextStatement }

    /// Nothing is left to do: the script is at its end and no unlabelled operation is under way.
    public var isAtEnd: Bool {
        progress.running == nil && progress.race == nil && progress.cursor >= statements.count
            && !progress.isDraining
    }
}

/// One move of a session.
public struct Move: Hashable, Sendable {
    /// Who was chosen to move.
    public let choice: Choice
    /// The task that moved, by slot; 0 for the device, a caption or a check.
    public internal(set) var slot = 0
    /// The function and position whose atomic step this was.
    public internal(set) var frame: StackFrame?
    /// Source line that the move belongs to.
    public internal(set) var line = 0
    /// Changes of the machine before it, while it is being made.
    var changesBefore = 0
}

/// Who moves next.
public enum Choice: Hashable, Sendable {
    /// As the script says.
    case script
    /// The task in this slot, at the user's wish.
    case task(slot: Int)
    /// In a race: the actor of this number, which has no task yet.
    case actor(Int)
    case device
    /// A TLB drops an entry; only where the rule `tlb-eviction` is on.
    case eviction(cpu: Int, TLBEntry)
    /// In a race: the actor of this number, as a search has it move. Its operation ends with its own
    /// last step, and the race when the device is idle, too.
    case interleaved(actor: Int)
    /// A step of the device on the write of this page.
    case write(page: String)
}

/// Everything that a session knows beside the machine. Small, because it is kept for each command.
public struct Progress: Hashable, Sendable {
    /// Index of the statement that runs or comes next.
    public internal(set) var cursor = 0
    /// The operation without a label that is under way.
    public internal(set) var running: Ref<Task>?
    /// The operation has ended and the device still has its pages.
    public internal(set) var isDraining = false
    /// How many changes of the machine came before those of the command under way.
    public internal(set) var commandLogStart = 0
    /// Atomic steps that a `step` has taken so far.
    var stepsTaken = 0
    /// The race that is under way.
    public internal(set) var race: RaceProgress?
    /// Labelled tasks that have begun and not been finished.
    public internal(set) var labels: [String: Ref<Task>] = [:]
    /// How the last operation ended, for `expect`.
    public internal(set) var last: TaskResult?
    /// What the last load returned; nil also when it failed or read past the end.
    public internal(set) var lastLoaded: UInt32?
    /// The last operation as text, with its line.
    public internal(set) var lastCommand: (text: String, line: Int)? {
        get { lastText.map { ($0, lastLine) } }
        set {
            lastText = newValue?.text
            lastLine = newValue?.line ?? 0
        }
    }
    private var lastText: String?
    private var lastLine = 0
    public internal(set) var caption = ""
    public internal(set) var chapter = ""
    public internal(set) var chapterNumber = 0
    public internal(set) var focusProcess: String?
    public internal(set) var focus: Operand?
    public internal(set) var hiddenPanes: Set<String> = []
    public internal(set) var shownPanes: Set<String> = []
    /// How many expectations have failed so far, and how many were checked.
    public internal(set) var failures = 0
    public internal(set) var checks = 0
    /// The expectations that failed with the latest move, in the order of their lines.
    public internal(set) var newFailures: [FailedExpectation] = []
    /// Why the line that came with the latest move could not be done, in a session that has left
    /// the script's own course; nil where nothing was wrong.
    public internal(set) var passedOver: Diagnostic?
    /// Somebody has typed a line that ran, or chosen who moves: the script's own lines may not fit
    /// any more.
    public internal(set) var hasLeftScript = false
    /// A `pause` stands right behind the latest move: until a key (nil seconds) or for a time.
    public internal(set) var pause: Pause?

    public struct Pause: Hashable, Sendable {
        public let seconds: Double?
    }

    /// Nothing here belongs to the latest move alone.
    var hasNoNews: Bool { pause == nil && newFailures.isEmpty && passedOver == nil }

    /// What belongs to one move alone, and ends with the next.
    mutating func beginMove() {
        pause = nil
        newFailures = []
        passedOver = nil
    }
}

/// A race: which of its lines have been begun and ended, and by whom.
public struct RaceProgress: Hashable, Sendable {
    let lines: [Statement]
    /// The first serial number of each line's stores: given out in the order of the lines, before
    /// anybody moves.
    let serials: [Int]
    /// For each line, the actor it belongs to.
    public let actors: [Int]
    /// The number of the move that began the race.
    let firstMove: Int
    /// The task of each line that is under way.
    public internal(set) var tasks: [Int: Ref<Task>] = [:]
    var ended: Set<Int> = []
    /// Lines end without waiting for the device, and the race ends when that is idle.
    var isInterleaved = false

    /// The line that an actor is at, or nil when it is through.
    func line(of actor: Int) -> Int? {
        actors.indices.first { actors[$0] == actor && !ended.contains($0) }
    }

    public var actorCount: Int { (actors.max() ?? -1) + 1 }
}
