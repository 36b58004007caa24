import DirtyMachine
import DirtyScript
import LiveModel

/// A scenario done by the model and by this machine's kernel, one beside the other, stepped back and
/// forward. Keys mean what they mean in the player; a step is an operation.
public struct BesidePlayer: Sendable {
    public let title: String
    public let kernel: String
    public let steps: [BesideStep]
    /// How it ended, in words.
    public let closing: String
    private(set) var position = 0
    private(set) var top = 0
    private(set) var isPlaying = false
    private(set) var message = ""
    public private(set) var isFinished = false
    private var bell = false
    private var size = Size(80, 24)
    private var glyphs: GlyphSet
    public let theme: Theme
    private let glyphsAreChosen: Bool
    public var keys = KeyMap.standard

    public init(
        _ steps: [BesideStep], title: String, kernel: String, closing: String, glyphs: GlyphSet? = nil,
        theme: Theme = .fill
    ) {
        self.steps = steps
        self.title = title
        self.kernel = kernel
        self.closing = closing
        self.glyphs = glyphs ?? .letters
        self.theme = theme
        glyphsAreChosen = glyphs != nil
    }

    public mutating func attach(size: Size, glyphs: GlyphSet) {
        self.size = size
        if !glyphsAreChosen { self.glyphs = glyphs }
    }

    public mutating func resize(_ size: Size) { self.size = size }
    public var tick: Int? { isPlaying ? 500 : nil }
    public mutating func passTime() {
        if isPlaying { move(by: 1) }
        isPlaying = isPlaying && position + 1 < steps.count
    }
    public mutating func interrupt() {
        if !isPlaying { message = "q leaves; Ctrl-C twice in a second as well" }
        isPlaying = false
    }
    public mutating func takeBell() -> Bool {
        defer { bell = false }
        return bell
    }

    public mutating func press(_ key: Key) {
        message = ""
        let action = keys.action(for: key)
        if action != .play { isPlaying = false }
        switch action {
        case .step, .over, .finish, .event: move(by: 1)
        case .stepBack, .overBack, .finishBack, .eventBack: move(by: -1)
        case .run, .touch: seek(1)
        case .runBack, .touchBack: seek(-1)
        case .first: position = 0
        case .last: position = max(0, steps.count - 1)
        case .play: isPlaying.toggle()
        case .up: top = max(0, top - 1)
        case .down: top += 1
        case .pageUp: top = max(0, top - 16)
        case .pageDown: top += 16
        case .top: top = 0
        case .quit: isFinished = true
        default: message = "s S step, c C to the next difference, g G first and last, j k scroll, Space plays, q leaves"
        }
        let rows = steps.indices.contains(position) ? steps[position].rows.count : 0
        top = min(top, max(0, rows - 1))
    }

    private mutating func move(by distance: Int) {
        let target = position + distance
        guard steps.indices.contains(target) else {
            message = distance > 0 ? "this is the end: \(closing)" : "this is the beginning"
            bell = true
            return
        }
        position = target
    }

    private mutating func seek(_ direction: Int) {
        var at = position + direction
        while steps.indices.contains(at), !steps[at].differs { at += direction }
        guard steps.indices.contains(at) else {
            message = "no step there in which the sides differ"
            return
        }
        position = at
    }

    // MARK: The screen

    public func frame(size: Size) -> Grid {
        var grid = Grid(size)
        let (width, rows) = (size.columns, size.rows)
        guard width > 0, rows > 0 else { return grid }
        let half = max(1, (width - 1) / 2)
        let status = "dirtyscope  \(printable(title))  operation \(min(position + 1, steps.count))/\(steps.count)  \(printable(closing))"
        grid.put(Line(status, Style(.status)), at: 0, 0, limit: width)
        guard steps.indices.contains(position), rows >= 6 else { return grid }
        let step = steps[position]
        let before = position > 0 ? steps[position - 1] : nil
        for row in 1..<max(2, rows - 4) { grid.put(String(glyphs[.vertical]), at: half, row, Style(.chrome)) }
        for column in 0..<width { grid.put(String(glyphs[.horizontal]), at: column, 1, Style(.chrome)) }
        grid.put(Line(" model: 6.18 ", Style(.title)), at: 1, 1, limit: half - 2)
        grid.put(Line(" machine: \(printable(kernel)) ", Style(.title)), at: half + 2, 1, limit: width - half - 3)
        let header = Line("  page          pte    cache state", Style(.plain, .dim))
        grid.put(header, at: 0, 2, limit: half)
        grid.put(header, at: half + 1, 2, limit: width - half - 1)
        let old = Dictionary((before?.rows ?? []).map { ($0.place, $0) }, uniquingKeysWith: { $1 })
        for (offset, row) in step.rows.dropFirst(top).prefix(max(0, rows - 7)).enumerated() {
            let was = old[row.place]
            let model = line(row, row.model, was?.model, row.host)
            let host = line(row, row.host, was?.host, row.model)
            grid.put(model, at: 0, 3 + offset, limit: half)
            grid.put(host, at: half + 1, 3 + offset, limit: width - half - 1)
        }
        let differs = step.modelOutcome != step.hostOutcome
        grid.put(Line("  \(step.modelOutcome)", Style(.narration)), at: 0, rows - 4, limit: half)
        grid.put(Line("  \(step.hostOutcome)" + (differs ? " *" : ""), Style(differs ? .violation : .narration)), at: half + 1, rows - 4, limit: width - half - 1)
        grid.put(timeline(width), at: 0, rows - 3, limit: width)
        grid.put(
            Line("done  line \(step.line)  \(printable(step.command))", Style(.narration)), at: 0, rows - 2, limit: width)
        let below = message.isEmpty ? step.differences.first.map { "* " + printable($0) } ?? "s next  S back  c difference  Space play  q quit" : message
        grid.put(Line(below, Style(step.differences.isEmpty || !message.isEmpty ? .chrome : .violation)), at: 0, rows - 1, limit: width)
        return grid
    }

    /// A page of one side: what is new since the step before is marked, and what the other side has
    /// otherwise.
    private func line(_ row: BesideStep.Row, _ side: BesideStep.Side, _ was: BesideStep.Side?, _ other: BesideStep.Side) -> Line {
        var line = Line()
        line.add(row.differs ? "*" : " ", Style(row.differs ? .violation : .plain, .bold))
        line.add(was != nil && was != side ? glyphs[.changed] : " ", Style(.plain, .bold))
        line.column(printable(row.place), 13, Style(.plain))
        line.add(" ")
        func letters(_ text: String, _ old: String?, _ otherText: String, width: Int) {
            let before = old.map { Array($0.unicodeScalars) }
            let beside = Array(otherText.unicodeScalars)
            for (place, scalar) in text.unicodeScalars.enumerated() {
                let isChanged = before.map { place >= $0.count || $0[place] != scalar } ?? false
                let isOther = row.differs && place < beside.count && beside[place] != scalar
                line.add(scalar, Style(isOther ? .violation : .plain, isChanged ? .changed : []))
            }
            line.pad(width: line.width + max(0, width - text.unicodeScalars.count))
        }
        letters(side.entry, was?.entry, other.entry, width: 7)
        letters(side.cache, was?.cache, other.cache, width: 6)
        line.add(side.word, Style(PageWord(rawValue: side.word)?.role ?? .plain, was.map { $0.word != side.word } == true ? .bold : []))
        return line
    }

    private func timeline(_ width: Int) -> Line {
        let room = max(1, width - 2)
        let last = max(1, steps.count - 1)
        func place(_ index: Int) -> Int { min(room - 1, index * (room - 1) / last) }
        let marks = Set(steps.indices.filter { steps[$0].differs }.map(place))
        var line = Line("|", Style(.chrome))
        for column in 0..<room {
            if column == place(position) {
                line.add(glyphs[.timelineNow], Style(.plain, .bold))
            } else if marks.contains(column) {
                line.add("!", Style(.violation, .bold))
            } else {
                line.add(column < place(position) ? "=" : glyphs[.horizontal], Style(.chrome))
            }
        }
        line.add("|", Style(.chrome))
        return line
    }
}
