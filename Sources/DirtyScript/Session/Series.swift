import DirtyMachine

/// Dirty pages, pages under writeback and faults over the course of a session, as far as it is
/// known. However long it is, there are at most so many samples: each then stands for more moves.
public struct Series: Sendable {
    public struct Sample: Hashable, Sendable {
        /// The most pages at any one time.
        public var dirty = 0
        public var writeback = 0
        /// Faults in these moves.
        public var faults = 0

        /// Without values, nothing at all.
        public init(dirty: Int = 0, writeback: Int = 0, faults: Int = 0) {
            (self.dirty, self.writeback, self.faults) = (dirty, writeback, faults)
        }

        fileprivate mutating func add(_ other: Sample) {
            dirty = max(dirty, other.dirty)
            writeback = max(writeback, other.writeback)
            faults += other.faults
        }
    }

    /// Each of `span` moves, the first from the beginning on.
    public private(set) var samples: [Sample] = []
    public private(set) var span = 1
    /// What has not come to a whole span yet.
    private var open = Sample()
    private var moves = 0

    public static let mostSamples = 1024

    /// Notes the next move: the counters behind it, and the faults that it brought.
    mutating func note(_ state: State, faults: Int) {
        open.add(
            Sample(
                dirty: state.counter(.nr_dirty), writeback: state.counter(.nr_writeback), faults: faults))
        moves += 1
        guard moves % span == 0 else { return }
        samples.append(open)
        open = Sample()
        guard samples.count == Self.mostSamples else { return }
        for pair in 0..<samples.count / 2 {
            var sum = samples[2 * pair]
            sum.add(samples[2 * pair + 1])
            samples[pair] = sum
        }
        samples.removeLast(samples.count / 2)
        span *= 2
    }

    /// Forgets what comes after so many moves, and of the latest span what cannot be told apart.
    mutating func truncate(to position: Int) {
        guard position < moves else { return }
        moves = position
        samples.removeLast(max(0, samples.count - position / span))
        open = Sample()
    }

    /// The samples of the moves from `first` up to `last`, and the one that is not full yet.
    public func sample(of moves: Range<Int>) -> Sample {
        var sum = Sample()
        guard !moves.isEmpty else { return sum }
        for index in moves.lowerBound / span...(moves.upperBound - 1) / span {
            if index < samples.count { sum.add(samples[index]) } else { sum.add(open) }
            if index >= samples.count { break }
        }
        return sum
    }
}
