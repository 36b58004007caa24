import DirtyMachine
import DirtyScript
import LiveModel

/// Samples of real processes on a screen: the newest one as it comes, or any that is kept. Keys mean
/// what they mean in the player; a step is from one sample to the next.
public struct LivePlayer: Sendable {
    public private(set) var history: LiveHistory
    /// Index of the sample that is shown.
    private(set) var position = 0
    /// Whether the screen goes along with what comes.
    private(set) var isFollowing: Bool
    /// Whether samples may still come; a recording is complete.
    public private(set) var isLive: Bool
    private(set) var isPlaying = false
    private(set) var speed = Speed()
    /// Looks a second that the user wants now.
    public private(set) var wantedRate: Double
    /// Whether the user wants a look at once.
    private var wantsLook = false

    /// The page that the user has selected; nil while the selection follows what happens.
    private(set) var chosen: LiveSelection?
    private(set) var focus = LivePane.pages
    private(set) var isZoomed = false
    private(set) var onlyChanged = false
    /// How far the log is scrolled up, in events.
    private(set) var logOffset = 0
    private(set) var help: Help?
    /// The line being typed, while there is one.
    private(set) var prompt: LineEditor?
    private(set) var message: Player.Message?
    public private(set) var isFinished = false
    private var bell = false
    var size = Size(80, 24)
    var glyphs: GlyphSet
    public let theme: Theme
    private let glyphsAreChosen: Bool
    public var keys = KeyMap.standard

    /// `glyphs` is nil where the screen is to decide.
    public init(_ history: LiveHistory, isLive: Bool, glyphs: GlyphSet? = nil, theme: Theme = .fill) {
        self.history = history
        self.isLive = isLive
        isFollowing = isLive
        wantedRate = history.header.rate
        self.glyphs = glyphs ?? .letters
        self.theme = theme
        glyphsAreChosen = glyphs != nil
    }

    public mutating func attach(size: Size, glyphs: GlyphSet) {
        self.size = size
        if !glyphsAreChosen { self.glyphs = glyphs }
    }

    public mutating func resize(_ size: Size) { self.size = size }

    public mutating func takeBell() -> Bool {
        defer { bell = false }
        return bell
    }

    // MARK: Samples

    /// A new sample; the sources may have changed with it.
    public mutating func append(_ sample: LiveSample, header: LiveHeader) {
        history.header = header
        let dropped = history.append(sample)
        if isFollowing {
            position = history.samples.count - 1
        } else if dropped {
            position = max(0, position - 1)
        }
        if sample.isOver, isLive {
            isLive = false
            message = Player.Message(text: "the process has ended; S goes back, q leaves")
        }
    }

    var sample: LiveSample? { history.samples.indices.contains(position) ? history.samples[position] : nil }
    /// The sample before the one that is shown: what is different is marked.
    var previous: LiveSample? { position > 0 ? history.samples[position - 1] : nil }

    /// Whether a look is wanted at once. Asked once.
    public mutating func takesLook() -> Bool {
        defer { wantsLook = false }
        return wantsLook
    }

    /// Milliseconds until the next sample of a recording that plays; nil while none does.
    public var tick: Int? {
        guard isPlaying, let sample, history.samples.indices.contains(position + 1) else { return nil }
        let gap = Double(history.samples[position + 1].time &- sample.time) / 1e6 / speed.factor
        return min(max(16, Int(gap)), 2000)
    }

    public mutating func passTime() {
        guard isPlaying else { return }
        move(to: position + 1)
        isPlaying = position + 1 < history.samples.count
    }

    // MARK: Selection

    /// The selected page: what the user chose, or where something happened last.
    var selection: LiveSelection? { chosen ?? followed }

    /// Where the latest event was, as far back as is worth a look; else the first page of a mapping that
    /// is watched.
    private var followed: LiveSelection? {
        for sample in history.samples[..<min(position + 1, history.samples.count)].suffix(50).reversed() {
            for event in sample.events.reversed() {
                guard case .fault(_, let address, _) = event.kind, event.mapping != nil,
                    self.sample?.area(event.process, at: address)?.isWatched == true
                else { continue }
                return LiveSelection(process: event.process, address: (address >> 12) << 12)
            }
        }
        let watched = sample?.areas.filter(\.isWatched) ?? []
        guard let area = watched.first(where: { $0.process == 0 }) ?? watched.first(where: \.isWritable) ?? watched.first
        else { return nil }
        return LiveSelection(process: area.process, address: area.start)
    }

    /// The area of the selected page; the nearest one of that process where it has been unmapped.
    var area: LiveArea? {
        guard let selection, let sample else { return nil }
        return sample.area(selection.process, at: selection.address)
    }

    /// The pages that the page pane lists.
    var pageList: LivePageList? {
        guard let area else { return nil }
        return LivePageList(area, before: previous, onlyChanged: onlyChanged)
    }

    private mutating func select(by distance: Int) {
        guard let area, let selection, let list = pageList, list.count > 0 else { return }
        let page = Int((selection.address - area.start) >> 12)
        let row = min(max(0, list.row(of: page) + distance), list.count - 1)
        chosen = LiveSelection(process: area.process, address: area.start + UInt64(list.page(at: row)) << 12)
    }

    private mutating func selectArea(by step: Int, amongAll: Bool) {
        let areas = sample?.areas.filter { amongAll || $0.isWatched } ?? []
        guard !areas.isEmpty else { return }
        let here = areas.firstIndex { $0.process == selection?.process && $0.contains(selection?.address ?? 0) }
        let index = min(max(0, (here ?? -step) + step), areas.count - 1)
        chosen = LiveSelection(process: areas[index].process, address: areas[index].start)
    }

    // MARK: Keys

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
            return complain("\(key == .other ? "this key" : key.description) does nothing here; ? lists the keys")
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

    private mutating func move(to target: Int) {
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

/// A page of a process.
struct LiveSelection: Hashable, Sendable {
    var process: Int32
    var address: UInt64
}

extension LiveSample {
    /// Whether any page that both show, or the VMAs, are different.
    func pagesDiffer(from other: LiveSample) -> Bool {
        let (mine, theirs) = (areas.filter(\.isWatched), other.areas.filter(\.isWatched))
        guard mine.count == theirs.count else { return true }
        return zip(mine, theirs).contains { $0.start != $1.start || $0.end != $1.end || $0.permissions != $1.permissions || $0.tables != $1.tables }
    }
}
