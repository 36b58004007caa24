import DirtyMachine
import DirtyScript

/// A scenario's races as a transition system: every atomic step of a line, of the device, and, where
/// the scenario asks for that, every TLB eviction is a step of it. What stands behind a race is one
/// step more, as the script says.
struct RaceSystem: TransitionSystem {
    /// The first race, the machine with a record set aside for each line, and the session there.
    let first: RaceOutline
    let machine: Machine
    let session: Session
    /// Records for the tasks of a race's lines.
    let tasks: [Ref<Task>]
    let countsMatter: Bool
    let wasteMatters: Bool
    /// How far the first race has come already.
    let beginning: RacePosition
    /// Values that the races' stores write and nobody asks for.
    let values: Range<Int>
    /// Invariants are looked at only where a step has changed what they speak of.
    let inherits: Bool

    /// All races that somebody came to.
    let races = RaceTable()

    /// Numbers of properties, behind those of the invariants.
    enum Lacking {
        static func invariant(_ invariant: Invariant) -> Properties { invariants(InvariantSet(invariant)) }
        static func invariants(_ set: InvariantSet) -> Properties { Properties(rawValue: UInt64(set.rawValue)) }
        static let expectation = Properties(40)
        static let progress = Properties(41)
        /// A script that cannot go on behind a race.
        static let script = Properties(42)
        /// Not a lack: the end of a way on which nothing that a walker avoids was wrong.
        static let nothing = Properties(43)
    }

    func makeWalker() -> RaceWalker { RaceWalker(self) }
}

/// What can be done in a state, as a number that fits into a search's record of it.
enum RaceChoice: Hashable {
    /// The next step of an actor's present line.
    case actor(Int)
    /// A step of the device on the write at this place of its queue.
    case device(Int)
    /// The TLB entry at this place among those that can be dropped.
    case eviction(Int)
    /// What the script says behind the race.
    case script

    var isEviction: Bool { if case .eviction = self { true } else { false } }

    init(number: Int) {
        switch number {
        case 0..<100: self = .actor(number)
        case 100..<1000: self = .device(number - 100)
        case 1000..<60000: self = .eviction(number - 1000)
        default: self = .script
        }
    }

    var number: Int {
        switch self {
        case .actor(let actor): actor
        case .device(let place): 100 + place
        case .eviction(let place): 1000 + place
        case .script: 60000
        }
    }
}

/// How far the lines of the present race have come.
struct RacePosition: Hashable {
    /// Which race: how many lie behind.
    var race = 0
    /// Bits of lines.
    var begun: UInt64 = 0
    var ended: UInt64 = 0
    /// What the operation that ended last has come to, where somebody asks.
    var last: UInt64 = 0
    var lastLoaded: UInt64 = 0

    static let words = 5

    init() {}

    init(_ words: UnsafeBufferPointer<UInt64>) {
        race = Int(words[0] & 0xffff_ffff)
        begun = words[1]
        ended = words[2]
        last = words[3]
        lastLoaded = words[4]
    }

    func write(to image: UnsafeMutablePointer<UInt64>) {
        image[0] = UInt64(race)
        image[1] = begun
        image[2] = ended
        image[3] = last
        image[4] = lastLoaded
    }

    var fingerprint: UInt64 {
        func mix(_ x: UInt64, _ factor: UInt64) -> UInt64 {
            let product = (x ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: factor)
            return product.high ^ product.low
        }
        return mix(begun &<< 8 | UInt64(race), 0xa076_1d64_78bd_642f)
            &+ mix(ended, 0xe703_7ed1_a0b4_28db)
            &+ mix(last, 0x8ebc_6af0_9c88_c6e3) &+ mix(lastLoaded, 0x5899_65cc_7537_4cc3)
    }

    mutating func noteResult(_ result: TaskResult, isLoad: Bool) {
        last = 1 << 63 | UInt64(result.outcome.rawValue) | UInt64(result.minorFaults & 0xffff) << 8
            | UInt64(result.majorFaults & 0xffff) << 24
        if isLoad { lastLoaded = result.value.map { 1 << 32 | UInt64($0) } ?? 0 }
    }

    var lastResult: TaskResult? {
        guard last != 0 else { return nil }
        return TaskResult(
            outcome: Outcome(word: last & 0xff), value: nil, minorFaults: Int(last >> 8 & 0xffff),
            majorFaults: Int(last >> 24 & 0xffff))
    }
}
