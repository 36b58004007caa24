/// What a long run of changes came to in the end: for each word that is another one now, what it
/// was and what it is. Most words of a run change many times, so this is far less than the run,
/// and it leads from its beginning to its end and back without any of the steps between.
public struct NetChange: Sendable {
    private var places: [UInt32] = []
    private var old: [UInt64] = []
    private var new: [UInt64] = []
    /// Words of the arena before and after, where records were added.
    private var sizes: (before: Int, after: Int)?

    /// `changes` in the order in which they were made.
    public init(_ changes: ArraySlice<Change>) {
        // Where a word's entry is: an open hash table of indices, as the run may be long and this
        // is paid for while somebody waits.
        let slots = max(16, (changes.count * 2).nextPowerOfTwo)
        var table = [Int32](repeating: -1, count: slots)
        for change in changes {
            let place = change.ref &+ UInt32(change.offset)
            var slot = Int(truncatingIfNeeded: place &* 0x9e37_79b1) & (slots - 1)
            while table[slot] >= 0, places[Int(table[slot])] != place { slot = (slot + 1) & (slots - 1) }
            if table[slot] >= 0 {
                new[Int(table[slot])] = change.new
            } else {
                table[slot] = Int32(places.count)
                places.append(place)
                old.append(change.old)
                new.append(change.new)
            }
        }
        let top = State.system.raw + UInt32(Field<System, Int>.top.offset)
        if let index = places.firstIndex(of: top) { sizes = (Int(old[index]), Int(new[index])) }
        dropWhatIsAsItWas()
    }

    private mutating func dropWhatIsAsItWas() {
        var kept = 0
        for index in places.indices where old[index] != new[index] {
            (places[kept], old[kept], new[kept]) = (places[index], old[index], new[index])
            kept += 1
        }
        // Fresh arrays, as large as need be: these are kept for long.
        places = Array(places[..<kept])
        old = Array(old[..<kept])
        new = Array(new[..<kept])
    }

    /// Memory that it occupies, in bytes.
    public var byteCount: Int { places.count * (4 + 8 + 8) }

    fileprivate func apply(to words: inout Words) {
        words.own()
        if let sizes { words.grow(to: sizes.after) }
        for index in places.indices { words[Int(places[index])] = new[index] }
    }

    fileprivate func revert(in words: inout Words) {
        words.own()
        for index in places.indices { words[Int(places[index])] = old[index] }
        if let sizes { words.shrink(to: sizes.before) }
    }
}

extension Machine {
    /// Leaps over a run of changes, forward: the machine is as it was before them, and has no log.
    public mutating func apply(_ net: NetChange) {
        precondition(log.isEmpty, "a leap has no log")
        net.apply(to: &state.words)
    }

    /// Leaps over a run of changes, backward.
    public mutating func revert(_ net: NetChange) {
        precondition(log.isEmpty, "a leap has no log")
        net.revert(in: &state.words)
    }

    /// Knows every name that the other one knows. Both were copies of one machine once, and name
    /// numbers are given out in the order of what happens: so one table begins as the other does.
    public mutating func adoptNames(of other: Machine) {
        if other.names.count > names.count { names = other.names }
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
