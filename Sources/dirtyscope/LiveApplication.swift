import DirtyLive
import DirtyTerminal
import DirtyView
import Glibc
import LiveModel

/// A live screen on a terminal: looks at the processes when that is due, and shows what it saw.
struct LiveApplication: Shown {
    var player: LivePlayer
    let sampler: LiveSampler
    let recorder: LiveRecorder?
    /// What went wrong with the recording, to be told when the screen is gone.
    private(set) var failure: (any Error)?
    private var latest: LiveSample?

    init(player: LivePlayer, sampler: LiveSampler, recorder: LiveRecorder?) {
        self.player = player
        self.sampler = sampler
        self.recorder = recorder
    }

    mutating func attach(to screen: ScreenTraits) {
        player.attach(size: screen.size, glyphs: screen.glyphs)
        look()
    }

    mutating func handle(_ event: Event) {
        switch event {
        case .key(let key):
            player.press(key)
            sampler.rate = player.wantedRate
            if player.takesLook() { look() }
        case .resize(let size): player.resize(size)
        case .interrupt: player.interrupt()
        case .timeout:
            sampler.drain()
            if player.isLive, let latest, sampler.untilDue(after: latest) < 2_000_000 { look() }
        case .mouse, .terminate, .hangup, .resumed: break
        }
    }

    private mutating func look() {
        guard player.isLive else { return }
        let sample = sampler.sample()
        latest = sample
        player.append(sample, header: sampler.header)
        do {
            try recorder?.write(sample, sampler.header)
        } catch {
            failure = error
        }
    }

    mutating func leave(_ reason: ExitReason) {}
    func frame(size: Size) -> Grid { player.frame(size: size) }

    /// The ring of events is small, so it is emptied at least five times a second.
    var tick: Int? {
        guard player.isLive, let latest else { return nil }
        return min(200, max(1, Int(sampler.untilDue(after: latest) / 1_000_000)))
    }

    var isFinished: Bool { player.isFinished || failure != nil }
    var theme: Theme { player.theme }
    mutating func takeBell() -> Bool { player.takeBell() }
}
