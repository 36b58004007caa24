import DirtyMachine
import DirtyScript
import LiveModel

/// Samples of real processes on a screen: the newest one as it comes, or any that is kept. Keys mean
/// what they mean in the player; a step is from one sample to the next.
public struct LivePlayer: Sendable {
    public internal(set) var history: LiveHistory
    /// Index of the sample that is shown.
    var position = 0
    /// Whether the screen goes along with what comes.
    var isFollowing: Bool
    /// Whether samples may still come; a recording is complete.
    public internal(set) var isLive: Bool
    var isPlaying = false
    var speed = Speed()
    /// Looks a second that the user wants now.
    public internal(set) var wantedRate: Double
    /// Whether the user wants a look at once.
    var wantsLook = false

    /// The page that the user has selected; nil while the selection follows what happens.
    var chosen: LiveSelection?
    var focus = LivePane.pages
    var isZoomed = false
    var onlyChanged = false
    /// How far the log is scrolled up, in events.
    var logOffset = 0
    var help: Help?
    /// The line being typed, while there is one.
    var prompt: LineEditor?
    var message: Player.Message?
    public internal(set) var isFinished = false
    var bell = false
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

    mutating func select(by distance: Int) {
        guard let area, let selection, let list = pageList, list.count > 0 else { return }
        let page = Int((selection.address - area.start) >> 12)
        let row = min(max(0, list.row(of: page) + distance), list.count - 1)
        chosen = LiveSelection(process: area.process, address: area.start + UInt64(list.page(at: row)) << 12)
    }

    mutating func selectArea(by step: Int, amongAll: Bool) {
        let areas = sample?.areas.filter { amongAll || $0.isWatched } ?? []
        guard !areas.isEmpty else { return }
        let here = areas.firstIndex { $0.process == selection?.process && $0.contains(selection?.address ?? 0) }
        let index = min(max(0, (here ?? -step) + step), areas.count - 1)
        chosen = LiveSelection(process: areas[index].process, address: areas[index].start)
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
