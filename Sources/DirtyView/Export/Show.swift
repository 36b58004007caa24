import DirtyScript

/// A scenario as it is played from where a player stands to its end: what is on the screen, and
/// when. There is no clock in it; the times are those that playing would take.
public struct Show: Sequence, IteratorProtocol {
    public enum Pace: String, Sendable, CaseIterable {
        /// A screen for each atomic step.
        case step
        /// A screen for each command and caption of the script.
        case command
    }

    /// One screen of it.
    public struct Shot {
        public let grid: Grid
        /// When it comes, counted from the beginning.
        public let milliseconds: Int
        /// Moves that lie behind it.
        public let position: Int
        /// The title of the chapter that begins here.
        public let newChapter: String?
        /// What the scenario says.
        public let caption: String
        public let isCaptionNew: Bool
        /// The script waits here for a key, or for a time.
        public let isPause: Bool
        /// What has happened, in sentences.
        public let spoken: [String]
    }

    private var player: Player
    private let pace: Pace
    private let size: Size
    private var previous: Shot?
    private var chapter = 0
    private var milliseconds = 0
    private var memory = Spoken.Memory()

    /// How long a pause without an end of its own lasts.
    private static let pause = 2000

    public init(_ player: Player, size: Size, pace: Pace = .step) {
        self.player = player
        self.size = size
        self.pace = pace
        // The length of the whole stands on every screen.
        while self.player.hasWork { self.player.work() }
        chapter = player.session.progress.chapterNumber
    }

    /// The number of moves in the whole scenario.
    public var total: Int { player.outline.total }

    public mutating func next() -> Shot? {
        guard let previous else { return shoot() }
        let stay = player.secondsToStay(since: previous.isCaptionNew ? nil : previous.caption)
        let position = player.session.position
        switch pace {
        case .step: player.perform(.step)
        case .command: player.perform(.event)
        }
        while player.journey != nil { player.work() }
        guard player.session.position > position else { return nil }
        milliseconds += previous.isPause && stay == nil ? Self.pause : stay.map { Int($0 * 1000) } ?? player.speed.milliseconds
        return shoot()
    }

    private mutating func shoot() -> Shot {
        let progress = player.session.progress
        let isNewChapter = progress.chapterNumber > chapter
        chapter = progress.chapterNumber
        let shot = Shot(
            grid: player.picture(size: size), milliseconds: milliseconds, position: player.session.position,
            newChapter: isNewChapter ? progress.chapter : nil, caption: progress.caption,
            isCaptionNew: progress.caption != (previous?.caption ?? ""), isPause: progress.pause != nil,
            spoken: Spoken(player).lines(&memory))
        previous = shot
        return shot
    }
}
