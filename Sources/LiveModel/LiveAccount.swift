/// What a mapping has cost and done since the watching began.
public struct LiveAccount: Hashable, Sendable {
    public var absentLoads = 0
    public var absentStores = 0
    public var writeProtects = 0
    public var refused = 0
    /// Pages that became dirty, and pages that were sent to the device.
    public var dirtied = 0
    public var written = 0
    /// Pages that became dirty and were written later, how long that took together, and at most.
    public var cleaned = 0
    public var dirtyTime: UInt64 = 0
    public var longestDirty: UInt64 = 0

    public init() {}

    public subscript(fault: LiveEvent.Fault) -> Int {
        get {
            switch fault {
            case .absentLoad: absentLoads
            case .absentStore: absentStores
            case .writeProtect: writeProtects
            case .refused: refused
            }
        }
        set {
            switch fault {
            case .absentLoad: absentLoads = newValue
            case .absentStore: absentStores = newValue
            case .writeProtect: writeProtects = newValue
            case .refused: refused = newValue
            }
        }
    }

    /// Mean time from dirty to written, in nanoseconds.
    public var meanDirty: UInt64? { cleaned > 0 ? dirtyTime / UInt64(cleaned) : nil }
}

/// Median times of faults on this machine, in nanoseconds, measured on a file of its own.
public struct FaultTimes: Hashable, Sendable {
    public var absentLoad: UInt64
    public var absentStore: UInt64
    public var writeProtect: UInt64

    public init(absentLoad: UInt64, absentStore: UInt64, writeProtect: UInt64) {
        self.absentLoad = absentLoad
        self.absentStore = absentStore
        self.writeProtect = writeProtect
    }
}

/// Counts events by mapping: faults, pages made dirty, pages written, and how long they stayed dirty.
public struct LiveLedger: Sendable {
    public private(set) var accounts: [MappingKey: LiveAccount] = [:]
    /// When each dirty page became so.
    private var dirtySince: [FilePage: UInt64] = [:]
    /// Beyond so many dirty pages at a time, times are those of the ones known.
    private static let mostDirty = 1 << 20

    private struct FilePage: Hashable {
        let file: LiveFile
        let page: UInt64
    }

    public init() {}

    /// `mappings` finds the mappings that show a page of a file; each of them gets its share.
    public mutating func note(
        _ event: LiveEvent, mappings: (_ file: LiveFile, _ page: UInt64) -> [MappingKey]
    ) {
        switch event.kind {
        case .fault(let fault, _, _):
            if let key = event.mapping { accounts[key, default: LiveAccount()][fault] += 1 }
        case .dirtied(let file, let first, let pages):
            for page in first..<first + UInt64(pages) {
                if dirtySince.count < Self.mostDirty { dirtySince[FilePage(file: file, page: page)] = event.time }
            }
            for key in mappings(file, first) { accounts[key, default: LiveAccount()].dirtied += pages }
        case .written(let file, let first, let pages):
            let keys = mappings(file, first)
            for key in keys { accounts[key, default: LiveAccount()].written += pages }
            for page in first..<first + UInt64(pages) {
                guard let since = dirtySince.removeValue(forKey: FilePage(file: file, page: page))
                else { continue }
                let time = event.time > since ? event.time - since : 0
                for key in keys {
                    accounts[key]!.cleaned += 1
                    accounts[key]!.dirtyTime += time
                    accounts[key]!.longestDirty = max(accounts[key]!.longestDirty, time)
                }
            }
        default: break
        }
    }
}
