import DirtyMachine
import DirtyScript

/// What came of trying every interleaving.
public struct Exploration: Sendable {
    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        case holds, violated, deadlock, limit
    }

    public let result: SearchResult
    let explorer: Explorer
    /// What decided the verdict.
    public internal(set) var breach: Breach?
    /// Invariants that do not decide it, each with its shortest schedule.
    public internal(set) var notes: [Breach] = []

    public var verdict: Verdict {
        switch result.end {
        case .exhausted: .holds
        case .limit: .limit
        case .found: breach?.isDeadlock == true ? .deadlock : .violated
        }
    }

    /// What ended the search before there was a verdict; nil where there is one.
    public var limit: SearchLimit? { if case .limit(let limit) = result.end { limit } else { nil } }

    public var profile: Profile { explorer.profile }
    /// Where the search began.
    public var beginning: Explorer.Beginning { explorer.beginning }
    public var title: String { explorer.scenario.title }
    /// Expectations that fail on the way to the race, whatever its order: no verdict is about them.
    public var failedBefore: [Statement] { explorer.failedBefore }
}

/// A state that lacks something, and a shortest schedule that leads there.
public struct Breach: Sendable {
    /// The invariant that is broken; nil for an expectation, a deadlock, or a script that cannot go on.
    public let invariant: Invariant?
    public let isDeadlock: Bool
    /// One plain sentence: what is wrong, and where.
    public let text: String
    /// The moves of the races, in order.
    public let schedule: [ScheduledMove]
    /// Index of the move behind which no order of what is left goes well; nil where that is not known.
    public var doom: Int? { doomed?.move }
    /// What that move means, in a sentence.
    public var doomText: String { doomed?.text ?? "" }
    var doomed: Doom?
    /// The operations of the script behind the last race of the schedule, until the breach shows
    /// there; nil where it shows in the race.
    public let behind: [Statement]?
    /// Lines of the language that fail where the schedule ends; none where only its own `expect` does.
    public var expectations: [String] {
        invariant.map { ["expect invariant \($0.name)"] } ?? waits.compactMap(\.expectation)
    }
    var isBehindRace: Bool { behind != nil }
    /// For each line of the first race that was begun and has not ended: what it waits for.
    let waits: [RaceWalker.Wait]

    init(_ finding: Finding, _ replay: inout Replay) {
        let property = Properties(finding.property)
        var invariant: Invariant?
        for candidate in Invariant.allCases where RaceSystem.Lacking.invariant(candidate) == property {
            invariant = candidate
        }
        let judgement = replay.judge(property, invariant)
        self.invariant = invariant
        isDeadlock = property == RaceSystem.Lacking.progress || property == RaceSystem.Lacking.script
        text = judgement.text
        behind = judgement.behind
        waits = property == RaceSystem.Lacking.progress ? replay.waits : []
        schedule = replay.schedule
    }
}

/// One move of a schedule, as a person would tell it.
public struct ScheduledMove: Hashable, Sendable {
    /// Which race it belongs to, from 0.
    public let race: Int
    let choice: RaceChoice
    /// Who moves: a process, `kernel`, `device`, `TLB`, or `script` behind a race.
    public let task: String
    public let cpu: Int?
    /// The function that acts, in the kernel's words of the time.
    public let function: String
    /// What the step does: its label in the literature, and a few words.
    public let title: StepTitle
    /// Source line of the operation, and what it says.
    public let line: Int
    public let command: String
    /// Index of the line in its race; nil for the device and TLBs.
    let raceLine: Int?
    public let begins: Bool
    public let ends: Bool
    /// Whom people see: a process, or the kernel's work by its name, `writeback`.
    public var who: String { task == "kernel" ? String(command.prefix { $0 != " " }) : task }
    /// What it changed.
    public let alterations: [Alteration]
    /// The page that the device writes, or the entry that a TLB drops.
    let page: String
    /// The process and page of a dropped entry, for the language.
    let entry: (process: String, page: String)?

    public static func == (a: ScheduledMove, b: ScheduledMove) -> Bool {
        a.race == b.race && a.choice == b.choice && a.function == b.function && a.title == b.title
    }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(race)
        hasher.combine(choice)
    }
}
