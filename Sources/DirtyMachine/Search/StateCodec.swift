/// Tells the states of one machine apart, and writes them down in few words.
///
/// A state is written as its difference from a *base*, the state in which a search begins. Records
/// that were in use there are *old* and known by their addresses; those allocated since are *young*
/// and count by what they hold and where they are referred to from, so that the order of
/// allocations makes no difference. So do freed records, serial numbers, and counters that only
/// tell history.
///
/// Values that nobody asks for count by where else they are: no kernel looks at what it writes, so
/// that states which differ only in who stored what go on alike.
///
/// The fingerprint of the old words is a sum over them, kept up to date from the changes of each
/// step. What counts by name, and the young records with it, is gone through anew only behind a step
/// that has changed some of it.
public struct StateCodec: Sendable {
    let base: Words
    private let roles: WordRoles
    /// What each word of the base is: a number among `oldRoles`. A record that was in use there keeps
    /// its kind.
    private var oldRoleNumbers = Run<UInt8>()
    private var oldRoles = Run<WordRole>()
    /// Records from here on are young.
    private let youngest: UInt64
    /// Values that count by name: the serial numbers of stores to come.
    private let firstValue: UInt64
    private let valueCount: UInt64

    // The state that was loaded: the sum of its old words that count as they are and that of what
    // counts by name, the old places of the latter, and all places that differ from the base.
    var sum: UInt64 = 0
    var namedSum: UInt64 = 0
    /// The sum of all words by their addresses, young ones too.
    var addressSum: UInt64 = 0
    var special = Run<UInt32>()
    var touched = Run<UInt32>()
    var values = Words()
    /// For each word of the arena, where in `touched` and `values` it is.
    var slots = Run<UInt32>()
    // The state after a step from there.
    var nextSum: UInt64 = 0
    var nextNamedSum: UInt64 = 0
    var nextAddressSum: UInt64 = 0
    /// As `special`, where the step has touched what counts by name.
    var nextSpecial = Run<UInt32>()
    var namesChanged = false
    private var young = Run<UInt32>()
    private var named = Words()
    // Reused from step to step.
    var nextPlaces = Run<UInt32>()
    var nextValues = Words()
    var nextSize = 0
    /// Of these, the ones that are as in the base again.
    var same = Run<Int>()

    /// `machine` is the base; nothing that is in use there is given to anybody else later. `values`
    /// are those that nobody asks for, and that are nowhere in the base.
    public init(
        _ machine: inout Machine, countsMatter: Bool = false, wasteMatters: Bool = false,
        values: Range<Int> = 0..<0
    ) {
        machine.oldRecords = UInt32(machine.state.words.count)
        // Of its own: what workers share they also count together.
        base = Words(machine.state.words.array)
        youngest = UInt64(base.count)
        firstValue = UInt64(values.lowerBound)
        valueCount = UInt64(values.count)
        roles = WordRoles(
            omitting: WordRoles.Omissions(
                counts: !countsMatter, waste: !wasteMatters,
                ratelimits: machine[State.system, .dirtyLimit] == 0))
        slots.grow(to: base.count, StateCodec.nowhere)
        noteOldRoles(machine)
    }

    private mutating func noteOldRoles(_ machine: borrowing Machine) {
        var known: [WordRole: UInt8] = [:]
        oldRoleNumbers.grow(to: base.count, 0)
        var at = Int(State.system.raw)
        while at < base.count {
            let kind = machine.state.kind(at: UInt32(at))
            let size = max(1, (kind.words + State.alignment - 1) / State.alignment) * State.alignment
            for offset in 0..<min(size, base.count - at) {
                let role = role(of: at, kind, offset, machine.state.words)
                let number = known[role] ?? UInt8(known.count)
                if known[role] == nil {
                    known[role] = number
                    oldRoles.append(role)
                }
                oldRoleNumbers[at + offset] = number
            }
            at += size
        }
    }

    /// What a word of a record is.
    private func role(of raw: Int, _ kind: RecordKind, _ offset: Int, _ words: borrowing Words) -> WordRole {
        kind == .node && offset >= Node.firstSlot ? slotRole(words[raw]) : roles[kind, offset]
    }

    /// What the slots of a node are, by its first word.
    @inline(__always)
    private func slotRole(_ head: UInt64) -> WordRole {
        roles.slot(
            Field<Node, TreeRole>.role.value(in: head), isLeaf: Field<Node, Int>.shift.value(in: head) == 0)
    }

    /// What a word of the base is.
    @inline(__always)
    private func oldRole(_ place: Int) -> WordRole { oldRoles[Int(oldRoleNumbers[place])] }

    /// The fingerprint of a machine that has gone on from the loaded state by the changes in its
    /// log.
    public mutating func fingerprint(_ machine: borrowing Machine) -> UInt64 {
        _ = addressFingerprint(machine)
        return fingerprint(taken: machine)
    }

    /// A fingerprint that tells more states apart than need be, for much less: young records count by
    /// where they are. Machines that agree in it have the same fingerprint.
    public mutating func addressFingerprint(_ machine: borrowing Machine) -> UInt64 {
        takeChanges(machine.log)
        return nextAddressSum
    }

    /// The fingerprint of the machine whose `addressFingerprint` was asked for last.
    public mutating func fingerprint(taken machine: borrowing Machine) -> UInt64 {
        if namesChanged {
            collectSpecial(machine)
            nextNamedSum = nextSpecial.count == 0 ? 0 : sumOfNamed(machine)
        } else {
            nextNamedSum = namedSum
        }
        return nextSum &+ nextNamedSum
    }

    // MARK: Words

    @inline(__always)
    static func mix(_ place: UInt64, _ value: UInt64) -> UInt64 {
        var x = value ^ (place &* 0x9e37_79b9_7f4a_7c15)
        x = (x ^ (x &>> 32)) &* 0xd6e8_feb8_6659_fd93
        x = (x ^ (x &>> 32)) &* 0xd6e8_feb8_6659_fd93
        return x ^ (x &>> 32)
    }

    @inline(__always)
    private func isRaceValue(_ half: UInt64) -> Bool { half &- firstValue < valueCount }

    /// It refers to something young, or holds a value that counts by name.
    @inline(__always)
    private func isSpecial(_ word: UInt64, _ role: WordRole) -> Bool {
        if role.lowValue, isRaceValue(word & WordRole.lowHalf) { return true }
        if role.highValue, isRaceValue(word &>> 32) { return true }
        if role.low, word & WordRole.lowHalf >= youngest { return true }
        if role.high, word &>> 32 >= youngest { return true }
        return role.isPTE && word &>> PTE.frameShift >= youngest && PTE(word: word).isMapped
    }

    /// Takes the changes of a step into account, from the loaded state on.
    @inline(__always)
    private mutating func takeChanges(_ changes: [Change]) {
        var sum = sum
        var addressSum = addressSum
        var namesChanged = false
        for change in changes {
            let place = UInt64(change.ref) &+ UInt64(change.offset)
            if UInt64(change.ref) >= youngest {
                namesChanged = true
                addressSum = addressSum &- StateCodec.mix(place, change.old) &+ StateCodec.mix(place, change.new)
                continue
            }
            let role = oldRole(Int(place))
            let (old, new) = (change.old & ~role.ignored, change.new & ~role.ignored)
            if old == new { continue }
            let (before, after) = (StateCodec.mix(place, old), StateCodec.mix(place, new))
            addressSum = addressSum &- before &+ after
            if role.isNamed {
                let (wasSpecial, isNowSpecial) = (isSpecial(old, role), isSpecial(new, role))
                if !wasSpecial { sum &-= before }
                if !isNowSpecial { sum &+= after }
                if wasSpecial || isNowSpecial { namesChanged = true }
            } else {
                sum = sum &- before &+ after
            }
        }
        nextSum = sum
        nextAddressSum = addressSum
        self.namesChanged = namesChanged
    }

    /// The places of old words that count by name once the changes were made.
    @inline(__always)
    private mutating func collectSpecial(_ machine: borrowing Machine) {
        nextSpecial.replace(with: special)
        for change in machine.log where UInt64(change.ref) < youngest {
            let at = Int(change.ref) &+ Int(change.offset)
            let role = oldRole(at)
            guard role.isNamed else { continue }
            let place = UInt32(at)
            let isNowSpecial = isSpecial(machine.state.words[at] & ~role.ignored, role)
            let known = nextSpecial.firstIndex(of: place)
            if isNowSpecial {
                if known == nil {
                    nextSpecial.reserve(nextSpecial.count + 1)
                    nextSpecial.append(place)
                }
            } else if let known {
                nextSpecial[known] = nextSpecial[nextSpecial.count - 1]
                nextSpecial.shrink(to: nextSpecial.count - 1)
            }
        }
    }

    // MARK: Young records

    /// The sum of what refers to young records, and of these: they are named in the order in which
    /// a walk from the old ones comes to them.
    private mutating func sumOfNamed(_ machine: borrowing Machine) -> UInt64 {
        nextSpecial.sort()
        young.own()
        young.shrink(to: 0)
        named.own()
        named.shrink(to: 0)
        var total: UInt64 = 0
        for index in 0..<nextSpecial.count {
            let place = Int(nextSpecial[index])
            total &+= StateCodec.mix(UInt64(place), named(machine.state.words[place], oldRole(place)))
        }
        var next = 0
        while next < young.count {
            total &+= sum(of: young[next], number: next, machine.state.words)
            next += 1
        }
        return total
    }

    private mutating func sum(
        of raw: UInt32, number: Int, _ words: borrowing Words
    ) -> UInt64 {
        let head = words[Int(raw)]
        let kind = RecordKind(rawValue: UInt8(truncatingIfNeeded: head)) ?? .free
        var sum: UInt64 = 0
        let header = kind == .node ? Node.firstSlot : kind.words
        for offset in 0..<header {
            let word = words[Int(raw) &+ offset]
            if word != 0 { sum &+= mixed(word, roles[kind, offset], number, offset) }
        }
        if kind != .node { return sum }
        let slots = slotRole(head)
        // Most slots are empty: eight are looked at together.
        for group in stride(from: header, to: Node.words, by: 8) {
            var some: UInt64 = 0
            for offset in group..<group &+ 8 { some |= words[Int(raw) &+ offset] }
            if some == 0 { continue }
            for offset in group..<group &+ 8 {
                let word = words[Int(raw) &+ offset]
                if word != 0 { sum &+= mixed(word, slots, number, offset) }
            }
        }
        return sum
    }

    /// What a word of a young record adds.
    @inline(__always)
    private mutating func mixed(_ word: UInt64, _ role: WordRole, _ number: Int, _ offset: Int) -> UInt64 {
        StateCodec.mix(1 << 40 | UInt64(number) << 8 | UInt64(offset), role.isPlain ? word : named(word, role))
    }

    /// A word with the names of young records in their references' place.
    @inline(__always)
    private mutating func named(_ word: UInt64, _ role: WordRole) -> UInt64 {
        var word = word & ~role.ignored
        if role.lowValue, isRaceValue(word & WordRole.lowHalf) {
            word = word & WordRole.highHalf | name(ofValue: word & WordRole.lowHalf)
        }
        if role.highValue, isRaceValue(word &>> 32) {
            word = word & WordRole.lowHalf | name(ofValue: word &>> 32) &<< 32
        }
        if role.low, word & WordRole.lowHalf >= youngest {
            word = word & WordRole.highHalf | name(UInt32(truncatingIfNeeded: word))
        }
        if role.high, word &>> 32 >= youngest {
            word = word & WordRole.lowHalf | name(UInt32(truncatingIfNeeded: word &>> 32)) &<< 32
        }
        if role.isPTE, word &>> PTE.frameShift >= youngest, PTE(word: word).isMapped {
            let frame = UInt32(truncatingIfNeeded: word &>> PTE.frameShift)
            word = word & ((1 << PTE.frameShift) - 1) | name(frame) &<< PTE.frameShift
        }
        return word
    }

    @inline(__always)
    private mutating func name(ofValue value: UInt64) -> UInt64 {
        let number = named.firstIndex(of: value) ?? named.count
        if number == named.count { named.append(value) }
        return 1 << 31 | UInt64(number)
    }

    @inline(__always)
    private mutating func name(_ raw: UInt32) -> UInt64 {
        let number = young.firstIndex(of: raw) ?? young.count
        if number == young.count { young.append(raw) }
        return 1 << 31 | UInt64(number)
    }
}
