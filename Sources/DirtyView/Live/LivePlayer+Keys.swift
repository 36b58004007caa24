import LiveModel

// What keys do to a live screen.

extension LivePlayer {
    public mutating func interrupt() {
        if help != nil || prompt != nil {
            (help, prompt) = (nil, nil)
        } else if isPlaying || isFollowing && isLive {
            hold()
        } else {
            message = Player.Message(text: "q leaves; Ctrl-C twice in a second as well")
        }
    }

    private mutating func hold() {
        (isFollowing, isPlaying) = (false, false)
        if isLive { message = Player.Message(text: "held: looking goes on, Space or G shows what is now") }
    }

    private mutating func complain(_ text: String) {
        message = Player.Message(text: text, isError: true)
        bell = true
    }

    public mutating func press(_ key: Key) {
        if help != nil { return pressInHelp(key) }
        if prompt != nil { return pressInPrompt(key) }
        if case .character(let digit) = key, let number = Int(String(digit)), let pane = LivePane(rawValue: number) {
            return show(pane)
        }
        guard let action = keys.action(for: key), LiveKeys.actions.contains(action) else {
            return complain("\(key.phrase) does nothing here; \(keys.name(of: .help)) lists the keys")
        }
        perform(action)
    }

    private mutating func show(_ pane: LivePane) {
        message = nil
        focus = pane
        let layout = LiveLayout(size, focus: focus, isZoomed: false)
        isZoomed = layout.placement(of: pane) == nil
    }

    private mutating func perform(_ action: Action) {
        message = nil
        switch action {
        case .step: stepForward()
        case .stepBack: stepBack()
        case .event: seek(1) { !$0.events.isEmpty }
        case .eventBack: seek(-1) { !$0.events.isEmpty }
        case .run: seek(1) { !$0.pagesDiffer(from: $1) }
        case .runBack: seek(-1) { !$0.pagesDiffer(from: $1) }
        case .touch: seekTouch(1)
        case .touchBack: seekTouch(-1)
        case .first: move(to: 0)
        case .last: follow()
        case .play: togglePlay()
        case .faster: changePace(faster: true)
        case .slower: changePace(faster: false)
        case .normalSpeed: (speed, wantedRate) = (Speed(), history.header.rate)
        default: look(action)
        }
    }

    private mutating func look(_ action: Action) {
        switch action {
        case .up: scroll(by: -1)
        case .down: scroll(by: 1)
        case .pageUp: scroll(by: -16)
        case .pageDown: scroll(by: 16)
        case .top: scroll(by: -.max / 4)
        case .bottom: scroll(by: .max / 4)
        case .left: selectArea(by: -1, amongAll: false)
        case .right: selectArea(by: 1, amongAll: false)
        case .nextPane: cycle(by: 1)
        case .previousPane: cycle(by: -1)
        case .open where focus == .areas: show(.pages)
        case .zoom, .open: isZoomed.toggle()
        case .onlyChanged: onlyChanged.toggle()
        case .back:
            if isZoomed { isZoomed = false } else if chosen != nil {
                chosen = nil
                message = Player.Message(text: "the selection follows what happens")
            }
            logOffset = 0
        case .prompt:
            prompt = LineEditor()
        case .help: help = Help()
        case .quit: if isZoomed { isZoomed = false } else { isFinished = true }
        default: break
        }
    }

    private mutating func scroll(by distance: Int) {
        switch focus {
        case .areas: selectArea(by: distance, amongAll: true)
        case .log:
            let all = history.samples.prefix(position + 1).reduce(0) { $0 + $1.events.count }
            logOffset = min(max(0, logOffset - distance), max(0, all - 1))
        default: select(by: distance)
        }
    }

    private mutating func cycle(by step: Int) {
        let panes = LiveLayout(size, focus: focus, isZoomed: false).reachablePanes
        guard let index = panes.firstIndex(of: focus) else { return show(panes.first ?? .pages) }
        show(panes[(index + step + panes.count) % panes.count])
    }

    // MARK: Time

    /// Shows the sample of a number, or the one nearest to it.
    public mutating func go(toSample number: Int) {
        let first = history.samples.first?.number ?? 1
        move(to: min(max(number, first), first + history.samples.count) - first)
    }

    mutating func move(to target: Int) {
        guard !history.samples.isEmpty else { return }
        position = min(max(0, target), history.samples.count - 1)
        isFollowing = false
        logOffset = 0
    }

    private mutating func stepForward() {
        isPlaying = false
        if position + 1 < history.samples.count { return move(to: position + 1) }
        guard isLive else { return complain("this is the end; S goes back") }
        follow()
        wantsLook = true
    }

    private mutating func stepBack() {
        isPlaying = false
        guard position > 0 else {
            return complain(history.samples.first?.number == 1 ? "this is the beginning" : "older samples are not kept")
        }
        move(to: position - 1)
    }

    private mutating func follow() {
        move(to: history.samples.count - 1)
        isFollowing = isLive
    }

    private mutating func togglePlay() {
        if isLive {
            if isFollowing { hold() } else { follow() }
        } else if isPlaying {
            isPlaying = false
        } else if position + 1 < history.samples.count {
            isPlaying = true
        } else {
            complain("this is the end; g goes to the beginning")
        }
    }

    private mutating func changePace(faster: Bool) {
        if isLive {
            wantedRate = min(max(1, faster ? wantedRate * 2 : wantedRate / 2), 60)
            message = Player.Message(text: "\(Int(wantedRate)) looks a second, as far as they cost no more than their share")
        } else {
            if faster { speed.double() } else { speed.halve() }
            message = Player.Message(text: "playing at \(speed.text)")
        }
    }

    /// Goes to the next sample, in one direction, of which something holds.
    private mutating func seek(_ step: Int, _ isIt: (LiveSample) -> Bool) {
        var at = position + step
        while history.samples.indices.contains(at), !isIt(history.samples[at]) { at += step }
        guard history.samples.indices.contains(at) else { return complain("no such sample is kept") }
        move(to: at)
    }

    /// The same of a sample and the one before it; `isSame` tells that nothing is different.
    private mutating func seek(_ step: Int, _ isSame: (LiveSample, LiveSample) -> Bool) {
        var at = position + step
        while at > 0, at < history.samples.count, isSame(history.samples[at], history.samples[at - 1]) { at += step }
        guard at > 0, at < history.samples.count else { return complain("no page is different in any sample there") }
        move(to: at)
    }

    private mutating func seekTouch(_ step: Int) {
        guard let selection else { return complain("no page is selected") }
        chosen = selection
        seek(step) { $0.page(selection.process, at: selection.address) == $1.page(selection.process, at: selection.address) }
    }

    // MARK: Typing

    private mutating func pressInPrompt(_ key: Key) {
        guard var editor = prompt else { return }
        switch key {
        case .escape: prompt = nil
        case .backspace where editor.text.isEmpty: prompt = nil
        case .enter:
            prompt = nil
            enter(editor.text)
        default:
            _ = editor.press(key)
            prompt = editor
        }
    }

    /// `12`, `+3`, `-3`, `50%`: a sample; `page 12`: a page of the mapping.
    private mutating func enter(_ text: String) {
        message = nil
        let words = text.split(separator: " ")
        let number = words.last.flatMap { Int($0) }
        let newest = history.samples.count - 1
        if words.count == 2, words[0] == "page", let number, let area, (0..<area.pageCount).contains(number) {
            chosen = LiveSelection(process: area.process, address: area.start + UInt64(number) << 12)
        } else if words.count == 1, !history.samples.isEmpty {
            if words[0].hasSuffix("%"), let share = Int(words[0].dropLast()), (0...100).contains(share) {
                move(to: newest * share / 100)
            } else if let number {
                if "+-".contains(words[0].prefix(1)) {
                    move(to: position + min(max(number, -newest), newest))
                } else {
                    go(toSample: number)
                }
            } else {
                complain("expected the number of a sample, +3, -3, 50%, or page 12")
            }
        } else {
            complain("expected the number of a sample, +3, -3, 50%, or page 12")
        }
    }

    private mutating func pressInHelp(_ key: Key) {
        guard var help else { return }
        let outcome = help.press(key) { LiveKeys.entries(keys, filter: $0) }
        self.help = outcome == .open ? help : nil
        if case .run(let action) = outcome { perform(action) }
    }
}
