import DirtyExplore
import DirtyMachine
import DirtyScript

/// What a player knows of searches from its states.
struct Exploring: Sendable {
    /// The search that goes on, and what is asked of it.
    var search: BackgroundSearch?
    var inquiry: Inquiry?
    /// How far it had come when somebody looked.
    var status = BackgroundSearch.Status()
    var bounds = Bounds()
    /// What the latest search has found that asked for everything.
    var findings: Findings?
    /// Whether a write can be lost, by the fingerprints of the states that were asked about.
    var answers: [Int: LossAnswer] = [:]
    /// The schedule that the present course goes along.
    var schedule: Schedule?
    /// The courses that were left for schedules, the latest at the end.
    var left: [Course] = []

    /// What a search is asked, and where.
    struct Inquiry: Sendable {
        let session: Session
        let fingerprint: Int
        let asksForLostWrites: Bool
    }

    /// When a search gives up.
    struct Bounds: Hashable, Sendable {
        var states = 5_000_000
        /// In bytes.
        var memory = 1 << 30
        var workers = 1
    }

    /// What a search has found from a state.
    struct Findings: Sendable {
        let exploration: Exploration
        let inquiry: Inquiry

        /// What can be gone through: what decided the verdict, and what is only noted.
        var breaches: [Breach] { (exploration.breach.map { [$0] } ?? []) + exploration.notes }
    }

    /// A course of the session, with what belongs to it.
    struct Course: Sendable {
        let session: Session
        let schedule: Schedule?
    }

    /// A schedule that the session goes along.
    struct Schedule: Hashable, Sendable {
        let title: String
        /// Lines of the language that fail where it ends.
        let expectations: [String]
        let captions: [Retrace.Caption]

        /// The latest move at a position; nil before the first.
        func index(at position: Int) -> Int? { captions.lastIndex { $0.position <= position } }

        func caption(at position: Int) -> Retrace.Caption? {
            index(at: position).map { captions[$0] }.flatMap { $0.position == position ? $0 : nil }
        }
    }
}

/// Whether a state can still lose a write.
enum LossAnswer: Hashable, Sendable {
    case lost
    case possible
    /// In none of so many states.
    case impossible(states: Int)
    /// The search has ended before it knew.
    case unknown(states: Int, limit: SearchLimit?)

    var text: String {
        switch self {
        case .lost: "a write is lost already"
        case .possible: "a write can still be lost from here"
        case .impossible(let states): "no write can be lost from here (\(grouped(states)) states, all of them)"
        case .unknown(let states, let limit):
            "not known: the search ended at \(grouped(states)) states"
                + (limit.flatMap(\.more).map { "; :can-lose \($0) allows more" } ?? "")
        }
    }

    init(_ exploration: Exploration) {
        let states = exploration.result.states
        switch exploration.verdict {
        case .holds: self = .impossible(states: states)
        case .violated, .deadlock: self = exploration.breach?.schedule.isEmpty == true ? .lost : .possible
        case .limit: self = .unknown(states: states, limit: exploration.limit)
        }
    }
}

extension SearchLimit {
    /// The option that allows more; nil where somebody has ended it.
    var more: String? {
        switch self {
        case .states: "--max-states N"
        case .memory: "--max-memory 4G"
        case .time, .interrupted: nil
        }
    }
}

extension Session {
    /// Tells states of a session apart in which the same can still happen.
    var stateFingerprint: Int {
        var hasher = Hasher()
        hasher.combine(machine.state)
        hasher.combine(progress.race)
        hasher.combine(progress.cursor)
        hasher.combine(statements)
        return hasher.finalize()
    }
}

/// `1,234,567`
func grouped(_ number: Int) -> String { ExplorationText.grouped(number) }
