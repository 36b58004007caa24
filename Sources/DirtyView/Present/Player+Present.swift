import DirtyMachine
import DirtyScript

// A talk: keys of a remote, and beats that are played.

extension Player {
    /// Shows the stage.
    public mutating func present() {
        stop()
        message = nil
        view = .main
        let echo = presenter?.echo
        presenter = presenter ?? Presenter(session)
        presenter?.isBlank = false
        presenter?.showsHelp = false
        presenter?.echo = echo
    }

    public var isPresenting: Bool { presenter != nil }

    /// The number of the beat that has been reached, from 0.
    var beat: Int { session.beatIndex(in: presenter?.beats ?? session.beats) }

    // MARK: Keys

    mutating func pressInTalk(_ key: Key) {
        guard var talk = presenter else { return }
        if talk.isBlank || talk.showsHelp {
            (talk.isBlank, talk.showsHelp) = (false, false)
            presenter = talk
            return
        }
        if case .character(let scalar) = key, ("0"..."9").contains(scalar) {
            if talk.digits.count < 6 { presenter?.digits += String(scalar) }
            return say("beat \(presenter?.digits ?? "") of \(talk.beats.count): Enter goes there")
        }
        let digits = talk.digits
        presenter?.digits = ""
        if !digits.isEmpty {
            message = nil
            if key == .enter { return go(toBeat: (Int(digits) ?? 1) - 1) }
            if key == .escape { return }
        }
        guard let action = talkKeys.action(for: key), let binding = talkKeys.binding(of: action) else { return explain(key) }
        presenter?.echo = .following(talk.echo, key, binding.name)
        perform(action)
    }

    /// Somebody who types a letter that means something in the player is told where that is. What a remote
    /// can send, and no talk has, is passed over, and no bell rings.
    private mutating func explain(_ key: Key) {
        guard case .character = key, let binding = keys.bindings.first(where: { $0.keys.contains(key) }) else { return }
        say("\(key)  \(binding.name): not in a talk; \(talkKeys.name(of: .leaveTalk)) leaves it, \(keyName(.present)) comes back")
    }

    /// The actions of a talk. False if it is none of them.
    mutating func performInTalk(_ action: Action) -> Bool {
        switch action {
        case .present:
            present()
            return true
        case .nextBeat: nextBeat()
        case .previousBeat: previousBeat()
        case .firstBeat: go(toBeat: 0)
        case .lastBeat: go(toBeat: Int.max)
        case .blank:
            stop()
            presenter?.isBlank = true
        case .automatic: toggleAutomatic()
        case .stage:
            let all = Presenter.Stage.allCases
            let next = (all.firstIndex { $0 == presenter?.stage } ?? 0) + 1
            presenter?.stage = all[next % all.count]
        case .keyLine: presenter?.showsKeys.toggle()
        case .help where presenter != nil: presenter?.showsHelp = true
        case .leaveTalk:
            stop()
            presenter = nil
            say("the player; \(keyName(.present)) goes on with the talk")
        default: return false
        }
        return true
    }

    // MARK: Beats

    /// Moves of a beat that are played one by one; what is longer is gone at once.
    private static let playedMoves = 400
    /// Milliseconds for a step of a beat at normal speed, and for all of them together.
    private static let (pace, wholePace) = (160, 4000)

    mutating func nextBeat() {
        guard let talk = presenter else { return }
        presenter?.isAutomatic = false
        message = nil
        if let play = talk.play { return finishBeat(play.goal) }
        let next = beat + 1
        guard next < talk.beats.count else { return say("this is the end; \(talkKeys.name(of: .previousBeat)) goes back, \(talkKeys.name(of: .leaveTalk)) leaves the talk") }
        begin(beat: next)
    }

    private mutating func begin(beat number: Int) {
        guard let goal = presenter?.beats[number].cursor else { return }
        stop()
        guard !asks() else { return }
        var scout = session
        var moves = 0
        while moves <= Self.playedMoves, scout.progress.cursor < goal, case .moved = scout.advance() { moves += 1 }
        guard moves > 1, moves <= Self.playedMoves else { return finishBeat(goal) }
        let pace = Double(min(Self.pace, Self.wholePace / moves)) / speed.factor
        presenter?.play = (goal, max(8, Int(pace)))
        direction = .forward
        isPlaying = true
    }

    private mutating func finishBeat(_ goal: Int) {
        stop()
        travel(to: .statement(goal))
        if journey == nil { showBeat() }
    }

    /// The screen shows what has changed since the beat before.
    private mutating func showBeat() {
        guard let talk = presenter, beat > 0, session.progress.cursor >= talk.beats[beat].cursor else { return }
        let start = session.position(ofCursor: talk.beats[beat - 1].cursor) ?? session.position
        shownFrom = max(0, min(start, session.position - 1))
    }

    mutating func previousBeat() {
        guard let talk = presenter else { return }
        presenter?.isAutomatic = false
        stop()
        let here = session.position(ofCursor: talk.beats[beat].cursor) ?? 0
        go(toBeat: session.position > here ? beat : beat - 1)
    }

    mutating func go(toBeat number: Int) {
        guard let talk = presenter else { return }
        presenter?.isAutomatic = false
        let goal = talk.beats[min(max(0, number), talk.beats.count - 1)].cursor
        if goal > session.progress.cursor {
            finishBeat(goal)
        } else {
            let target = session.position(ofCursor: goal) ?? 0
            if target < session.position { back(to: target) }
            showBeat()
        }
    }

    // MARK: Playing

    private mutating func toggleAutomatic() {
        guard let talk = presenter else { return }
        let goesOn = !(talk.isAutomatic && isPlaying)
        stop()
        presenter?.isAutomatic = goesOn
        guard goesOn else { return say("stopped; \(talkKeys.name(of: .automatic)) goes on by itself") }
        begin(beat: min(beat + 1, talk.beats.count - 1))
        if presenter?.play == nil { rest() }
    }

    /// Time to read what is on the screen, if the talk goes on by itself.
    private mutating func rest() {
        guard let talk = presenter, talk.isAutomatic, question == nil else { return }
        guard beat < talk.beats.count - 1 else {
            presenter?.isAutomatic = false
            return
        }
        isPlaying = true
        dwell = min(10, 2 + Double(session.progress.caption.count) / 18) / speed.factor
    }

    /// Time has passed in a talk: a step of the beat, or the end of a rest.
    mutating func passTimeInTalk() {
        guard let talk = presenter else { return }
        guard let play = talk.play else {
            begin(beat: min(beat + 1, talk.beats.count - 1))
            if presenter?.play == nil { rest() }
            return
        }
        step()
        guard message == nil, question == nil, !session.isAtEnd, session.progress.cursor < play.goal else {
            showBeat()
            return rest()
        }
        presenter?.play = play
        isPlaying = true
    }
}
