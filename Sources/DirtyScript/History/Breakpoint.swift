import DirtyMachine

/// A place at which a run stops, going forward and going backward.
public struct Breakpoint: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A task is about to run a kernel function.
        case function(KernelFunction)
        /// What an `expect` asks has become so.
        case condition(Expectation)
        /// An invariant has become broken; nil: any of them.
        case broken(Invariant?)
        /// Something about an item has changed.
        case item(Item)
        /// The statement of a source line comes next.
        case line(Int)
    }

    /// Counts from 1; never given twice.
    public let number: Int
    public let kind: Kind
    public internal(set) var isEnabled = true

    /// The command that sets it: `break nr_dirty > 3`, `watch db[0]`.
    public let text: String
}

/// The break points of a player. A value, so that taking back a command is keeping the old one.
public struct BreakpointList: Hashable, Sendable {
    public private(set) var all: [Breakpoint] = []
    private var next = 1

    public init() {}

    public var isEmpty: Bool { all.isEmpty }

    /// Sets a break point, or finds the one of that kind that there is.
    @discardableResult
    public mutating func add(_ kind: Breakpoint.Kind, _ text: String) -> Breakpoint {
        if let known = all.firstIndex(where: { $0.kind == kind }) {
            all[known].isEnabled = true
            return all[known]
        }
        let breakpoint = Breakpoint(number: next, kind: kind, text: text)
        next += 1
        all.append(breakpoint)
        return breakpoint
    }

    /// Takes one out by its number. False if there is none.
    @discardableResult
    public mutating func remove(_ number: Int) -> Bool {
        let count = all.count
        all.removeAll { $0.number == number }
        return all.count < count
    }

    public mutating func removeAll() { all = [] }

    public mutating func toggle(_ number: Int) {
        guard let index = all.firstIndex(where: { $0.number == number }) else { return }
        all[index].isEnabled.toggle()
    }

    public func breakpoint(_ kind: Breakpoint.Kind) -> Breakpoint? { all.first { $0.kind == kind } }
}

/// A break point that a move has run into, and why in a sentence.
public struct BreakpointHit: Hashable, Sendable {
    public let breakpoint: Breakpoint
    public let reason: String

    /// `2 break nr_dirty > 3: nr_dirty == 4`
    public var text: String { "\(breakpoint.number) \(breakpoint.text): \(reason)" }
}

/// Tells for each move of a session which break points it runs into. Conditions count where they
/// become true, so a run that goes on from a stop does not stop at the same thing again; backward
/// it stops at exactly the same positions.
public struct BreakpointWatch: Sendable {
    /// What has to be known of two neighbouring positions.
    private struct Look {
        /// For each break point, whether its condition holds.
        var holds: [Bool] = []
        var found: [String] = []
        /// The kernel functions that each task is in, by slot.
        var stacks: [Int: [StackFrame]] = [:]
        var cursor = 0
    }

    private let breakpoints: [Breakpoint]
    private let needsStacks: Bool
    private var look = Look()

    /// Begins at the present position of a session.
    public init(_ list: BreakpointList, _ session: Session) {
        breakpoints = list.all.filter(\.isEnabled)
        needsStacks = breakpoints.contains { if case .function = $0.kind { true } else { false } }
        look = look(at: session)
    }

    /// The break points that the latest move of the session has run into.
    public mutating func hits(after session: Session) -> [BreakpointHit] {
        if breakpoints.isEmpty { return [] }
        let before = look
        look = look(at: session)
        return hits(from: before, to: look, session.moves.last, session, touched: touches(session))
    }

    /// Takes a move back, and tells which break points it had run into.
    public mutating func stepBack(_ session: inout Session) -> [BreakpointHit] {
        guard let move = session.moves.last else { return [] }
        let (after, touched) = (look, touches(session))
        let ready = ready(after, move, session)
        session.stepBack()
        look = look(at: session)
        return hits(from: look, to: after, move, session, touched: touched, ready: ready)
    }

    private func look(at session: Session) -> Look {
        var look = Look()
        look.cursor = session.progress.cursor
        for breakpoint in breakpoints {
            let (holds, found) = Self.condition(breakpoint, session)
            look.holds.append(holds)
            look.found.append(found)
        }
        if needsStacks {
            for task in session.machine.state.tasks {
                look.stacks[session.machine.slot(of: task)] = session.machine.state.stack(of: task)
            }
        }
        return look
    }

    private static func condition(_ breakpoint: Breakpoint, _ session: Session) -> (Bool, String) {
        switch breakpoint.kind {
        case .condition(let expectation):
            let result = session.check(expectation)
            return (result.passed, result.found)
        case .broken(let invariant):
            let violations = invariant.map(session.machine.violations(of:)) ?? session.machine.violations()
            let first = violations.first.map { "\($0.invariant.id) \($0.invariant.name) broken: \($0.subject): \($0.text)" }
            return (!violations.isEmpty, first ?? "")
        case .function, .item, .line: return (false, "")
        }
    }

    private func touches(_ session: Session) -> [[Touch]?] {
        breakpoints.map { breakpoint in
            guard case .item(let item) = breakpoint.kind else { return nil }
            return session.latestTouch(of: item)
        }
    }

    /// Of each function that is watched, whether the task that moved last is about to run it.
    private func ready(_ look: Look, _ move: Move?, _ session: Session) -> [Bool] {
        guard let move, move.slot != 0, needsStacks else { return breakpoints.map { _ in false } }
        let task = session.machine.task(inSlot: move.slot)
        return breakpoints.map { breakpoint in
            guard case .function(let function) = breakpoint.kind, task.exists else { return false }
            return session.machine.isAboutToRun(function, task)
        }
    }

    private func hits(
        from before: Look, to after: Look, _ move: Move?, _ session: Session, touched: [[Touch]?],
        ready: [Bool]? = nil
    ) -> [BreakpointHit] {
        let ready = ready ?? self.ready(after, move, session)
        return breakpoints.indices.compactMap { index in
            let breakpoint = breakpoints[index]
            let reason: String?
            switch breakpoint.kind {
            case .condition, .broken:
                reason = after.holds[index] && !before.holds[index] ? after.found[index] : nil
            case .item:
                reason = touched[index].map { Self.sentence($0) }
            case .line(let line):
                let at = session.statements.firstIndex { $0.location.line == line }
                reason = at.flatMap { before.cursor < $0 && after.cursor >= $0 ? "it is next" : nil }
            case .function(let function):
                let isThere = ready[index] || Self.hasEntered(function, move, before, after)
                reason = isThere ? move.map { session.mover(of: $0) + " is about to run it" } : nil
            }
            return reason.map { BreakpointHit(breakpoint: breakpoint, reason: $0) }
        }
    }

    /// A function without atomic steps of its own is never next; the move has entered it all the same.
    private static func hasEntered(_ function: KernelFunction, _ move: Move?, _ before: Look, _ after: Look) -> Bool {
        guard let slot = move?.slot, slot != 0, let now = after.stacks[slot] else { return false }
        let old = before.stacks[slot] ?? []
        return now.enumerated().contains { level, frame in
            frame.function == function && (level >= old.count || old[level].function != function)
        }
    }

    /// What changed, as far as one line has room for.
    private static func sentence(_ touches: [Touch]) -> String {
        guard !touches.isEmpty else { return "it takes a step" }
        let more = touches.count > 3 ? " and \(touches.count - 3) more" : ""
        return touches.prefix(3).map(\.text).joined(separator: ", ") + more
    }
}

// MARK: Typed break points

extension Session {
    /// What somebody has typed after `break`: a function, a condition as after `expect`, an
    /// invariant, a line of the script.
    /// `nr_dirty>3` is `nr_dirty > 3`, and an `if` before a condition says nothing more.
    public func breakpoint(_ text: String) -> Result<Breakpoint.Kind, Complaint> {
        var words = Self.spaced(text).split(separator: " ").map(String.init)
        if words.count > 1, words[0] == "if" { words.removeFirst() }
        let text = words.joined(separator: " ")
        guard let first = words.first else {
            return .failure(
                Complaint("break where? A function, a condition such as nr_dirty > 3 or db[0] dirty, invariant I2, or line 12"))
        }
        switch first {
        case "line": return line(words)
        case "invariants" where words.count == 1: return .success(.broken(nil))
        case "invariant", "!invariant":
            let known = Invariant.allCases.flatMap { [$0.id, $0.name] }
            guard words.count == 2 else { return .failure(Complaint("break invariant NAME; I1 to I20, or a name such as tracking")) }
            guard let invariant = Invariant.named(words[1]) else {
                return .failure(Complaint(unknown: "invariant", words[1], among: known))
            }
            return .success(.broken(invariant))
        default: break
        }
        if words.count == 1, let function = KernelFunction.named(first) { return .success(.function(function)) }
        return condition(text, isOneWord: words.count == 1)
    }

    /// A comparison as a word of its own.
    private static func spaced(_ text: String) -> String {
        var (result, rest) = ("", Substring(text))
        while let first = rest.first {
            if let sign = ["==", "!=", "<=", ">=", "<", ">"].first(where: { rest.hasPrefix($0) }) {
                result += " " + sign + " "
                rest = rest.dropFirst(sign.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    private func line(_ words: [String]) -> Result<Breakpoint.Kind, Complaint> {
        guard words.count == 2, let number = Int(words[1]), number > 0 else {
            return .failure(Complaint("break line N: a line of the script"))
        }
        guard !typing.lines.contains(number), statements.contains(where: { $0.location.line == number }) else {
            return .failure(Complaint("line \(number) of the script has no command"))
        }
        return .success(.line(number))
    }

    private func condition(_ text: String, isOneWord: Bool) -> Result<Breakpoint.Kind, Complaint> {
        // A race that is being typed has no place for an `expect`, but a break point is none of its lines.
        var declarations = declarations
        declarations.race = nil
        switch declarations.parseLine("expect " + text, number: lastLine + 1) {
        case .success(let statement?):
            if case .expect(let expectation) = statement.command {
                if case .invariant(let name) = expectation { return .success(.broken(name.flatMap(Invariant.named))) }
                return .success(.condition(expectation))
            }
            return .failure(Complaint("'\(printable(text))' is no condition"))
        case .success(nil): return .failure(Complaint("break where?"))
        case .failure(let diagnostics):
            let functions = Self.functionNames
            if isOneWord, let guess = Suggestion.nearest(to: text, among: functions) {
                return .failure(Complaint("no kernel function is called '\(printable(text))'; did you mean '\(guess)'?"))
            }
            guard let first = diagnostics.list.first else { return .failure(Complaint("break where?")) }
            let hint = first.suggestion.map { "; did you mean '\($0)'?" } ?? first.expected.map { "; expected \($0)" } ?? ""
            return .failure(
                Complaint(isOneWord ? "'\(printable(text))' is no kernel function and no condition" : first.message + hint))
        }
    }

    /// Both names of every kernel function, for completion.
    public static let functionNames: [String] = {
        var names: Set<String> = []
        for function in KernelFunction.allCases where ![.none, .scenario, .device].contains(function) {
            names.formUnion([function.names.classic, function.names.modern])
        }
        return names.sorted()
    }()
}
