import DirtyMachine

/// A session as a scenario that leads to the same state when it is run: what was typed stands in its
/// place, and where somebody chose who moves, operations become labelled tasks that are stepped.
///
/// What is written is played before it is handed out, so that it does lead there.
public struct SavedSession {
    /// Why a session cannot be written as a scenario.
    public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// The text of the scenario, with a line end after the last line.
    public static func text(of session: Session) throws(Problem) -> String {
        var reason = "it does not lead to the same state"
        for way in Way.all {
            var writer = SavedSession(session, way)
            let text = writer.write()
            guard case .success(let scenario) = ScenarioParser.parse(text, name: "saved", rules: .machine),
                var again = try? Session(scenario, kernel: nil, rules: [])
            else {
                reason = "the steps of the device or of a TLB have no place in a scenario"
                continue
            }
            guard again.run(keepsHistory: false, report: { _, _ in }) == .finished else { continue }
            if isSame(session, again) { return text }
        }
        throw Problem(description: "this session cannot be written as a scenario: \(reason)")
    }

    /// Whether two sessions stand in the same state, as far as anybody can see or step it.
    static func isSame(_ first: Session, _ second: Session) -> Bool {
        // Who began first makes no difference.
        func stacks(_ machine: Machine) -> [[StackFrame]: Int] {
            let running = machine.state.tasks.filter { !machine.isDone($0) }
            return Dictionary(running.map { (machine.state.stack(of: $0), 1) }, uniquingKeysWith: +)
        }
        return StateText.lines(first.machine) == StateText.lines(second.machine)
            && stacks(first.machine) == stacks(second.machine)
            && first.machine.lostStores.map(\.value) == second.machine.lostStores.map(\.value)
            && first.machine.violations().map(\.subject) == second.machine.violations().map(\.subject)
    }

    /// What one way of writing cannot say exactly, another may.
    private struct Way {
        /// The device's steps behind an operation are told one by one; else they are the operation's.
        let stepsDevice: Bool
        let begins: Beginning

        /// The lines of a race take their serial numbers in the written order. So they all begin at
        /// once, or a store has the number that the race gave it; often neither is needed.
        enum Beginning: CaseIterable { case whenTheyMove, atOnce, withValues }

        static let all = Beginning.allCases.flatMap { begins in
            [false, true].map { Way(stepsDevice: $0, begins: begins) }
        }
    }

    private let session: Session
    private let way: Way
    /// The place in the script of each line, be it one of a race.
    private let places: [Int: Int]
    private var lines: [String] = []
    /// The statements that have been written.
    private var written = 0
    private var used: Set<String>
    /// The operations by their lines.
    private var tracks: [Int: Track] = [:]

    private init(_ session: Session, _ way: Way) {
        self.session = session
        self.way = way
        places = Dictionary(
            session.statements.enumerated().flatMap { index, statement -> [(Int, Int)] in
                var lines = [statement.location.line]
                if case .race(let inner) = statement.command { lines += inner.map(\.location.line) }
                return lines.map { ($0, index) }
            }, uniquingKeysWith: { first, _ in first })
        used = Set(
            session.statements.flatMap(ScenarioPrinter.lines).flatMap {
                $0.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }.map(String.init)
            })
    }

    // MARK: Segments

    /// An operation: its statement, and which moves were its own.
    private struct Track {
        let statement: Statement
        /// The statement of the script that it belongs to: itself, or the race around it.
        let index: Int
        /// The name by which it is stepped; nil while nobody gets in between.
        var label: String?
        var segments = 0
        var seen = 0
        var hasBegun = false
        var hasEnded = false
    }

    /// Neighbouring moves of one operation, or of nobody's, that one statement drives.
    private struct Segment {
        var track: Int?
        let driver: Int
        let choice: Choice
        var moves: Range<Int>
        var isDrain: Bool
    }

    private func segments() -> [Segment] {
        var segments: [Segment] = []
        for (number, move) in session.moves.enumerated() {
            let track = track(of: move)
            let isDrain = track != nil && move.slot == 0 && (move.frame == nil || move.frame?.function == .device)
            if let last = segments.last, track != nil, last.track == track, last.driver == move.line,
                last.isDrain == isDrain || !way.stepsDevice
            {
                segments[segments.count - 1].moves = last.moves.lowerBound..<number + 1
            } else {
                segments.append(
                    Segment(track: track, driver: move.line, choice: move.choice, moves: number..<number + 1, isDrain: isDrain))
            }
        }
        return segments
    }

    /// The line of the operation that a move belongs to.
    private func track(of move: Move) -> Int? {
        switch move.choice {
        case .device, .write, .eviction: return nil
        case .script, .task, .actor, .interleaved: break
        }
        guard let statement = session.statement(atLine: move.line) else { return nil }
        if case .operation = statement.command {
            // Of an operation that could not begin nothing is left.
            let wasPassedOver = move.frame == nil && move.slot == 0 && !isRace(index(ofLine: move.line))
            return wasPassedOver ? nil : move.line
        }
        guard let label = statement.drivenLabel else { return nil }
        return session.statements[..<min(index(ofLine: move.line), session.statements.count)]
            .last { $0.label == label }?.location.line
    }

    private func index(ofLine line: Int) -> Int { places[line] ?? session.statements.count }

    private func isRace(_ index: Int) -> Bool {
        if session.statements.indices.contains(index), case .race = session.statements[index].command { return true }
        return false
    }

    // MARK: Writing

    private mutating func write() -> String {
        lines.append("# A session of dirtyscope, as it stood after \(session.position) steps.")
        lines.append("kernel \(session.profile.rawValue)")
        writeRules()
        let segments = segments()
        prepare(segments)
        for number in segments.indices { write(segments[number], number, segments) }
        writeUpTo(session.progress.cursor)
        return lines.map { $0 + "\n" }.joined()
    }

    private mutating func writeRules() {
        var rules = session.profile.rules
        for case .rule(let name, let value) in session.statements.map(\.command)
        where rules.set(name, value, in: session.profile) == .accepted { lines.append("rule \(name) \(value)") }
        for rule in session.overrides { lines.append("rule \(rule.name) \(rule.value)") }
    }

    /// Finds out which operations others got in between.
    private mutating func prepare(_ segments: [Segment]) {
        for segment in segments {
            guard let line = segment.track, let statement = session.statement(atLine: line) else { continue }
            let fresh = Track(statement: statement, index: index(ofLine: line), label: statement.label)
            tracks[line, default: fresh].segments += 1
        }
        let ended = tracks.filter { hasEnded($0.key, $0.value) }.keys
        for line in ended { tracks[line]?.hasEnded = true }
        // A race in the written order stays one; otherwise each of its lines is a task of its own.
        let broken = Set(tracks.values.filter { isRace($0.index) && !isWritten($0.index, segments) }.map(\.index))
        for (line, track) in tracks.sorted(by: { $0.key < $1.key }) where track.label == nil {
            if isRace(track.index) ? broken.contains(track.index) : track.segments > 1 || !track.hasEnded {
                let label = freshLabel(track.statement)
                tracks[line]?.label = label
            }
        }
    }

    private func hasEnded(_ line: Int, _ track: Track) -> Bool {
        let progress = session.progress
        if let label = track.statement.label {
            return progress.labels[label].map { session.machine.line(of: $0) != line } ?? true
        }
        if track.index < progress.cursor { return true }
        guard let race = progress.race, let place = race.lines.firstIndex(where: { $0.location.line == line })
        else { return false }
        return race.ended.contains(place)
    }

    /// Whether a race that has ended went as it is written.
    private func isWritten(_ index: Int, _ segments: [Segment]) -> Bool {
        guard index < session.progress.cursor else { return false }
        let own = segments.indices.filter { segments[$0].track.map { tracks[$0]?.index == index } ?? false }
        guard let first = own.first, let last = own.last, last - first + 1 == own.count else { return false }
        return own.allSatisfy { number in
            segments[number].moves.allSatisfy { session.moves[$0].choice == .script }
        }
    }

    private mutating func freshLabel(_ statement: Statement) -> String {
        var stem = "K"
        if case .operation(let operation) = statement.command, let actor = operation.actor { stem = String(actor.prefix(20)) }
        var number = 1
        while used.contains("\(stem)-\(number)") { number += 1 }
        used.insert("\(stem)-\(number)")
        return "\(stem)-\(number)"
    }

    /// The statements before a place, as they stand: set-up, checks and what is shown.
    private mutating func writeUpTo(_ index: Int) {
        while written < min(index, session.statements.count) {
            let statement = session.statements[written]
            written += 1
            switch statement.command {
            case .kernel, .rule, .operation, .race, .finish, .step(_, .count): continue
            default: lines += ScenarioPrinter.lines(of: statement)
            }
        }
    }

    /// What rides along with the move before it.
    private mutating func writeTrailing() {
        var end = written
        scan: for index in written..<max(written, min(session.progress.cursor, session.statements.count)) {
            switch session.statements[index].command {
            case .pause, .expect: end = index + 1
            case .focus, .show, .hide, .note: continue
            default: break scan
            }
        }
        writeUpTo(end)
    }

    private mutating func write(_ segment: Segment, _ number: Int, _ segments: [Segment]) {
        switch segment.choice {
        case .device:
            lines.append("step device")
            return
        case .write(let page):
            lines.append("step device" + (page.hasSuffix("]") ? " \(page)" : ""))
            return
        case .eviction(_, let entry):
            let parts = session.machine.name(of: entry).split(separator: ".", maxSplits: 1)
            lines.append("step tlb \(parts.joined(separator: " "))")
            return
        case .script, .task, .actor, .interleaved: break
        }
        guard let line = segment.track, let track = tracks[line] else {
            // A caption, or checks that had no move of their own.
            let place = index(ofLine: segment.driver)
            guard place < session.statements.count else { return }
            switch session.statements[place].command {
            case .say, .step(_, .device), .step(_, .entry): writeUpTo(place + 1)
            default: writeUpTo(place)
            }
            return writeTrailing()
        }
        let owner = segment.driver == line ? track.index : index(ofLine: segment.driver)
        if segment.driver != line || track.seen == 0 { writeUpTo(owner) }
        if isRace(owner), track.seen == 0, way.begins == .atOnce { beginRace(owner) }
        tracks[line]?.seen += 1
        if segment.driver != line, segments.count(where: { $0.driver == segment.driver }) == 1, owner < session.progress.cursor {
            lines += ScenarioPrinter.lines(of: session.statements[owner])
        } else {
            write(segment, of: tracks[line]!)
        }
        if completes(owner, number, segments) {
            written = max(written, owner + 1)
            writeTrailing()
        }
    }

    /// Whether a statement of the script is through with a segment.
    private func completes(_ owner: Int, _ number: Int, _ segments: [Segment]) -> Bool {
        guard owner < session.progress.cursor else { return false }
        let segment = segments[number]
        guard let line = segment.track, let track = tracks[line] else { return false }
        if isRace(owner) {
            return !segments[(number + 1)...].contains { $0.track.map { tracks[$0]?.index == owner } ?? false }
        }
        if segment.driver != line { return !segments[(number + 1)...].contains { $0.driver == segment.driver } }
        return track.statement.label != nil ? track.seen == 1 : track.seen == track.segments
    }

    private mutating func write(_ segment: Segment, of track: Track) {
        guard track.label != nil else {
            if !isRace(track.index) {
                lines.append(ScenarioPrinter.text(of: track.statement))
            } else if written <= track.index {
                lines += ScenarioPrinter.lines(of: session.statements[track.index])
                written = track.index + 1
            }
            return
        }
        var count = segment.moves.count
        let label = begin(track)
        // A labelled line of the script begins without a step.
        if track.seen == 1, track.statement.label != nil { count -= 1 }
        if track.hasEnded, track.seen == track.segments, count > 0 {
            lines.append("finish \(label)")
        } else if segment.isDrain, way.stepsDevice {
            for _ in 0..<count { lines.append("step device") }
        } else if count > 0 {
            lines.append(count == 1 ? "step \(label)" : "step \(label) \(count)")
        }
    }

    /// Begins an operation as a task, unless it has begun. Returns its label.
    private mutating func begin(_ track: Track) -> String {
        let label = track.label ?? ""
        let line = track.statement.location.line
        if tracks[line]?.hasBegun == false {
            tracks[line]?.hasBegun = true
            lines.append("\(label): \(text(track.statement))")
        }
        return label
    }

    /// Begins the first line of everybody in a race.
    private mutating func beginRace(_ index: Int) {
        guard case .race(let raceLines) = session.statements[index].command else { return }
        var actors: Set<Int> = []
        for (line, actor) in zip(raceLines, RaceProgress.actors(of: raceLines)) where actors.insert(actor).inserted {
            if let track = tracks[line.location.line], track.label != nil { _ = begin(track) }
        }
    }

    /// The operation without its label; with the value that its store has been given, where wanted.
    private func text(_ statement: Statement) -> String {
        var plain = statement
        plain.label = nil
        guard way.begins == .withValues, case .operation(let operation) = statement.command,
            let serial = session.raceSerials[statement.location.line].map({ UInt32(truncatingIfNeeded: $0) })
        else { return ScenarioPrinter.text(of: plain) }
        switch operation {
        case .write(let p, let pages, nil): plain.command = .operation(.write(P: p, pages, value: serial))
        case .pwrite(let p, let pages, nil): plain.command = .operation(.pwrite(P: p, pages, value: serial))
        case .poke(let p, let q, let pages, nil): plain.command = .operation(.poke(P: p, Q: q, pages, value: serial))
        case .pinwrite(let p, let pages, nil): plain.command = .operation(.pinwrite(P: p, pages, value: serial))
        default: break
        }
        return ScenarioPrinter.text(of: plain)
    }
}

extension Statement {
    /// The label that a `step` or `finish` moves.
    fileprivate var drivenLabel: String? {
        switch command {
        case .step(let label, _), .finish(let label): label
        default: nil
        }
    }
}
