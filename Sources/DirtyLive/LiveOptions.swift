import LiveModel

/// Whom to watch, and how.
public struct LiveOptions: Sendable {
    /// Which mappings' pages are looked at. VMAs are listed in any case.
    public enum Choice: Hashable, Sendable {
        /// Shared mappings of files: those whose dirty pages the kernel tracks.
        case shared
        /// Every mapping of a file.
        case files
        /// Every mapping.
        case everything
        /// Mappings whose path contains one of these words.
        case named([String])
    }

    public var choice = Choice.shared
    /// Looks a second.
    public var rate = 10.0
    /// The share of one CPU that looking may take; beyond it there are fewer looks.
    public var share = 0.1
    /// Watch the children that are forked, too.
    public var followsForks = false
    /// Why there is no attaching to tracepoints, and how there would be; nil where there is.
    public var whyNoEvents: String?
    /// Folder for the file on which faults are timed; nil times none.
    public var timingFolder: String? = "/var/tmp"

    public init() {}

    func wants(_ area: LiveArea) -> Bool {
        switch choice {
        // VM_SHARED is missing where the file was opened for reading: nothing can get dirty there.
        case .shared: area.isShared && area.isFile && area.totals?.flags.contains("sh") ?? true
        case .files: area.isFile
        case .everything: !area.path.hasPrefix("[vv")
        case .named(let words): words.contains { area.path.contains($0) }
        }
    }
}

/// Decides when to look again: as often as was asked for, but never so often that looking takes more
/// than its share of a CPU.
public struct RateKeeper: Sendable {
    private var wanted: UInt64
    private let share: Double
    /// Nanoseconds that a look takes, averaged over the latest ones.
    public private(set) var cost: Double = 0

    public init(rate: Double, share: Double) {
        wanted = UInt64(1e9 / max(rate, 0.01))
        self.share = share
    }

    public mutating func want(rate: Double) { wanted = UInt64(1e9 / max(rate, 0.01)) }

    public mutating func note(cost latest: UInt64) {
        cost = cost == 0 ? Double(latest) : cost * 0.75 + Double(latest) * 0.25
    }

    /// Nanoseconds from the beginning of one look to that of the next.
    public var interval: UInt64 { max(wanted, UInt64(cost / share)) }
    /// Looks a second.
    public var rate: Double { 1e9 / Double(interval) }
    public var isLowered: Bool { interval > wanted }
}
