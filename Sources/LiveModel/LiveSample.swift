/// Everything that one look at the watched processes showed.
public struct LiveSample: Hashable, Sendable {
    /// From 1 on.
    public var number: Int
    /// Nanoseconds since the watching began, when the look began.
    public var time: UInt64
    /// Nanoseconds that the look took.
    public var cost: UInt64 = 0
    /// Looks a second that are made now; fewer than asked for where they cost too much.
    public var rate: Double = 0
    public var processes: [LiveProcess] = []
    /// By process, then by address.
    public var areas: [LiveArea] = []
    /// What happened since the look before, by time.
    public var events: [LiveEvent] = []
    /// Events that found no place, since the beginning.
    public var lostEvents = 0
    /// By mapping, since the beginning.
    public var accounts: [MappingKey: LiveAccount] = [:]
    /// What this look could not see, in words.
    public var notes: [String] = []

    public init(number: Int, time: UInt64) {
        self.number = number
        self.time = time
    }

    public func process(_ id: Int32) -> LiveProcess? { processes.first { $0.id == id } }

    /// The area at an address of a process.
    public func area(_ process: Int32, at address: UInt64) -> LiveArea? {
        areas.first { $0.process == process && $0.contains(address) }
    }

    /// The page at an address of a process, as it was looked at; nil where that is not watched.
    public func page(_ process: Int32, at address: UInt64) -> LivePage? {
        guard let area = area(process, at: address), area.isWatched else { return nil }
        return area.page(Int((address - area.start) >> 12))
    }

    public var isOver: Bool { !processes.isEmpty && processes.allSatisfy(\.hasEnded) }
}

/// What can be seen here, and by whom: one line for each way of asking the kernel.
public struct LiveSource: Hashable, Sendable {
    public var name: String
    /// How it is asked.
    public var means: String
    /// Why it is not; nil where it works.
    public var obstacle: String?

    public init(name: String, means: String, obstacle: String?) {
        self.name = name
        self.means = means
        self.obstacle = obstacle
    }
}

/// What does not change while processes are watched.
public struct LiveHeader: Hashable, Sendable {
    /// Release and architecture of the kernel.
    public var kernel: String
    /// What is watched, in words.
    public var title: String
    /// Looks a second that were asked for.
    public var rate: Double
    public var sources: [LiveSource] = []
    public var faultTimes: FaultTimes?

    public init(kernel: String, title: String, rate: Double) {
        self.kernel = kernel
        self.title = title
        self.rate = rate
    }
}

/// The samples that are kept: the newest ones, as many as were asked for.
public struct LiveHistory: Sendable {
    public var header: LiveHeader
    public private(set) var samples: [LiveSample] = []
    /// How many samples are kept.
    public let limit: Int

    public init(header: LiveHeader, limit: Int) {
        self.header = header
        self.limit = max(2, limit)
    }

    /// Returns whether the oldest one had to go.
    @discardableResult
    public mutating func append(_ sample: LiveSample) -> Bool {
        samples.append(sample)
        guard samples.count > limit else { return false }
        samples.removeFirst()
        return true
    }
}
