import DirtyExplore
import DirtyMachine
import DirtyScript

// Every interleaving from the present state, in the background; what it finds becomes a course of the
// session. And for the scheduler: whether a write can still be lost, without saying how.

extension Player {
    /// How many threads a search uses.
    public mutating func useSearchWorkers(_ count: Int) { exploring.bounds.workers = max(1, count) }

    /// Something is being searched.
    public var isSearching: Bool { exploring.search != nil }

    /// Its ticks are only there to look how far a search has come.
    public var isOnlyLooking: Bool { isSearching && !isPlaying }

    /// The key: begins a search, ends the one that goes on, or shows again what is known.
    mutating func explore() {
        if isSearching { return endSearch() }
        if let findings = exploring.findings, findings.exploration.verdict != .limit,
            findings.inquiry.fingerprint == session.stateFingerprint
        { return openSheet(.findings(findings)) }
        search(asksForLostWrites: false)
    }

    /// Whether the present state can still lose a write.
    mutating func askForLostWrites() {
        if isSearching { return endSearch() }
        let fingerprint = session.stateFingerprint
        if let known = exploring.answers[fingerprint] { return say(known.text) }
        if !health.lost.isEmpty { return say(LossAnswer.lost.text) }
        search(asksForLostWrites: true)
    }

    private mutating func search(asksForLostWrites: Bool) {
        stop()
        var options = Explorer.Options()
        options.asksForLostWrites = asksForLostWrites
        options.findsDoom = !asksForLostWrites
        options.search.workers = exploring.bounds.workers
        options.search.maximumStates = exploring.bounds.states
        options.search.maximumMemory = exploring.bounds.memory
        exploring.status = BackgroundSearch.Status()
        exploring.inquiry = Exploring.Inquiry(
            session: session, fingerprint: session.stateFingerprint, asksForLostWrites: asksForLostWrites)
        exploring.search = BackgroundSearch(from: session, options: options)
    }

    /// Ends it with what it knows.
    mutating func endSearch() {
        exploring.search?.cancel()
        say("the search ends")
    }

    /// Looks how far a search has come. True when it has come to its end.
    public mutating func noticeSearch() -> Bool {
        guard let search = exploring.search, let inquiry = exploring.inquiry else { return false }
        exploring.status = search.status
        guard let outcome = search.outcome else { return false }
        (exploring.search, exploring.inquiry) = (nil, nil)
        switch outcome {
        case .failure(let diagnostics): cannotExplore(diagnostics, inquiry)
        case .success(let exploration):
            inquiry.asksForLostWrites ? answer(exploration, inquiry) : show(exploration, inquiry)
        }
        return true
    }

    /// Waits for the end of a search.
    public mutating func awaitSearch() {
        exploring.search?.wait()
        _ = noticeSearch()
    }

    private mutating func cannotExplore(_ diagnostics: Diagnostics, _ inquiry: Exploring.Inquiry) {
        if !health.lost.isEmpty { return say(LossAnswer.lost.text) }
        let race = inquiry.session.hasRaceAhead
        let problem = diagnostics.list.first
        complain(
            race
                ? (problem?.sentence ?? "")
                : "no race lies ahead and nobody is under way: begin some, as with :w1: A write m[0]")
    }

    private mutating func answer(_ exploration: Exploration, _ inquiry: Exploring.Inquiry) {
        let answer = LossAnswer(exploration)
        // Where more was allowed another time, more may be known.
        if exploration.verdict != .limit { exploring.answers[inquiry.fingerprint] = answer }
        let here = session.stateFingerprint == inquiry.fingerprint
        say((here ? "" : "step \(inquiry.session.position): ") + answer.text)
    }

    private mutating func show(_ exploration: Exploration, _ inquiry: Exploring.Inquiry) {
        let findings = Exploring.Findings(exploration: exploration, inquiry: inquiry)
        exploring.findings = findings
        if exploration.verdict == .limit {
            let size = "\(grouped(exploration.result.states)) states, depth \(exploration.result.depth)"
            let more = exploration.limit.flatMap(\.more).map { "; :explore \($0) allows more" } ?? ""
            return say("\(ExplorationText.verdict(exploration)) (\(size))\(more)")
        }
        if view == .main, presenter == nil, question == nil {
            openSheet(.findings(findings))
        } else {
            say("explored from step \(inquiry.session.position): \(exploration.verdict.rawValue); \(keys.name(of: .explore)) there shows it")
        }
    }

    // MARK: A schedule as a course

    mutating func pressInFindings(_ findings: Exploring.Findings, _ key: Key, _ row: Int) -> Bool {
        guard key == .enter else { return false }
        guard findings.breaches.indices.contains(row) else {
            view = .main
            return true
        }
        follow(findings.breaches[row], findings)
        return true
    }

    /// Goes along a schedule, from the state that was explored.
    private mutating func follow(_ breach: Breach, _ findings: Exploring.Findings) {
        let start = findings.inquiry.session
        let retrace = Retrace(breach, of: findings.exploration, in: start)
        guard retrace.isThere else { return complain("the session cannot go this schedule; explore --counterexample writes it") }
        var course = retrace.session
        course.go(to: start.position)
        exploring.left.append(Exploring.Course(session: session, schedule: exploring.schedule))
        take(course)
        let schedule = Exploring.Schedule(
            title: ExplorationText.finding(breach), expectations: breach.expectations, captions: retrace.captions)
        exploring.schedule = schedule
        openSheet(.schedule)
        refreshSheet()
        let count = schedule.captions.count
        say("a schedule of \(count) step\(count == 1 ? "" : "s"): \(keys.name(of: .step)) goes on, \(keys.name(of: .stepBack)) back, Enter to a step; \(keys.name(of: .leaveSchedule)) comes back to where you were")
    }

    /// Back to where a schedule was left for.
    mutating func leaveSchedule() {
        guard let course = exploring.left.popLast() else {
            return complain("this is the session's own course; \(keys.name(of: .explore)) finds schedules to go along")
        }
        take(course.session)
        exploring.schedule = course.schedule
        view = .main
        say("back at step \(session.position), as it was")
    }

    private mutating func take(_ course: Session) {
        stop()
        question = nil
        direction = .forward
        session = course
        shownFrom = max(0, session.position - 1)
        insight.stoppedAt = []
        insight.runBegan = nil
        cursors = [:]
        lookAhead()
        health = Health(session.machine)
    }

    mutating func showSchedule() {
        guard exploring.schedule != nil else { return complain("this is no schedule's course; \(keys.name(of: .explore)) finds schedules") }
        openSheet(.schedule)
        refreshSheet()
    }

    mutating func pressInSchedule(_ key: Key, _ row: Int) -> Bool {
        guard key == .enter, let captions = exploring.schedule?.captions, captions.indices.contains(row) else { return false }
        jump(to: captions[row].position)
        refreshSheet()
        return true
    }

    // MARK: Typed

    static let exploringWords = ["can-lose", "explore", "leave-schedule", "schedule"]

    /// `explore --max-states 100000 --max-memory 4G`
    mutating func explore(_ words: [String]) {
        guard setBounds(Array(words.dropFirst())) else {
            return complain("\(words[0]) --max-states N --max-memory 800M; the bounds stay until you change them")
        }
        switch words[0] {
        case "explore": words.count == 1 ? explore() : exploreAnew(asksForLostWrites: false)
        case "can-lose": words.count == 1 ? askForLostWrites() : exploreAnew(asksForLostWrites: true)
        case "schedule": showSchedule()
        default: leaveSchedule()
        }
    }

    private mutating func exploreAnew(asksForLostWrites: Bool) {
        if isSearching { return endSearch() }
        search(asksForLostWrites: asksForLostWrites)
    }

    private mutating func setBounds(_ words: [String]) -> Bool {
        var bounds = exploring.bounds
        var rest = words[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst(), let number = Self.number(value), number > 0 else { return false }
            switch option {
            case "--max-states": bounds.states = number
            case "--max-memory": bounds.memory = number
            default: return false
            }
        }
        exploring.bounds = bounds
        return true
    }

    /// A number, perhaps with K, M or G.
    private static func number(_ text: String) -> Int? {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = text.last.flatMap { units[Character($0.uppercased())] }
        guard let number = Int(unit == nil ? text : String(text.dropLast())) else { return nil }
        let (product, overflows) = number.multipliedReportingOverflow(by: unit ?? 1)
        return overflows ? nil : product
    }
}
