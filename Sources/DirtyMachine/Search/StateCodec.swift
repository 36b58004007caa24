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
/// The fingerprint is a sum over the words, kept up to date from the changes of each step. What counts by
/// name, and the young records with it, is gone through anew only where it is not, by its addresses, what
/// was gone through lately.
public struct StateCodec: Sendable {
    /// The words of the base, then zeros.
    var base: Words
    /// The bits of each word that count. All of them, where it is young.
    private var counting = Words()
    private let roles: WordRoles
    /// What each word of the base is: a number among `oldRoles`; the first of these does not count by
    /// name. A record that was in use there keeps its kind.
    private var oldRoleNumbers = Run<UInt8>()
    private var oldRoles = Run<WordRole>()
    /// Records from here on are young.
    private let youngest: UInt64
    /// Values that count by name: the serial numbers of stores to come.
    private let firstValue: UInt64
    private let valueCount: UInt64

    // The state that was loaded: the sum of all words by their addresses, and that of those among them that
    // count by name; the sum of these by their names; their old places, and all places that differ from
    // the base.
    var addressSum: UInt64 = 0
    var namedAddressSum: UInt64 = 0
    var namedSum: UInt64 = 0
    var special = Run<UInt32>()
    var touched = Run<UInt32>()
    var values = Words()
    /// For each word of the arena, where in `touched` and `values` it is, if it is there.
    var slots = Run<UInt32>()
    // The state after a step from there.
    var nextAddressSum: UInt64 = 0
    var nextNamedAddressSum: UInt64 = 0
    var nextNamedSum: UInt64 = 0
    /// As `special`, where the step has changed what counts by name.
    var nextSpecial = Run<UInt32>()
    /// Sums by addresses and sums by names of what was gone through lately, as far as there is room.
    private var known = Run<(addresses: UInt64, names: UInt64)>()
    private var young = Run<UInt32>()
    private var named = Words()
    // Reused from step to step: places of an image that the loaded one does not have, and the numbers of
    // those that are as in the base again.
    var fresh = Run<UInt32>()
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
        known.grow(to: 1 << 12, (1, 0))
        growTables(to: base.count)
        noteOldRoles(machine)
    }

    /// Room for what is known of each word.
    @inline(__always)
    mutating func growTables(to size: Int) {
        if size <= slots.count { return }
        base.grow(to: size)
        counting.grow(to: size, ~0)
        slots.grow(to: size, 0)
    }

    private mutating func noteOldRoles(_ machine: borrowing Machine) {
        var numbers: [WordRole: UInt8] = [:]
        oldRoles.append(WordRole())
        oldRoleNumbers.grow(to: base.count, 0)
        var at = Int(State.system.raw)
        while at < base.count {
            let kind = machine.state.kind(at: UInt32(at))
            let size = max(1, (kind.words + State.alignment - 1) / State.alignment) * State.alignment
            for place in at..<min(at + size, base.count) {
                let role = role(of: at, kind, place - at, machine.state.words)
                counting[place] = ~role.ignored
                guard role.isNamed else { continue }
                if numbers[role] == nil {
                    numbers[role] = UInt8(oldRoles.count)
                    oldRoles.append(role)
                }
                oldRoleNumbers[place] = numbers[role]!
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

    /// What a word of the base is that may count by name; nil for others.
    @inline(__always)
    private func namedRole(_ place: Int) -> WordRole? {
        let number = oldRoleNumbers[place]
        return number == 0 ? nil : oldRoles[Int(number)]
    }

    /// The fingerprint of a machine that has gone on from the loaded state by the changes in its
    /// log.
    public mutating func fingerprint(_ machine: inout Machine) -> UInt64 {
        _ = addressFingerprint(&machine)
        return fingerprint(taken: &machine)
    }

    /// A fingerprint that tells more states apart than need be, for much less: young records count by
    /// where they are. Machines that agree in it have the same fingerprint.
    public mutating func addressFingerprint(_ machine: inout Machine) -> UInt64 {
        growTables(to: machine.state.wordCount)
        var sum = addressSum
        let (changes, counting) = (machine.log.elements, counting.elements)
        for index in 0..<machine.log.count {
            let change = changes[index]
            let place = Int(change.ref) &+ Int(change.offset)
            let (old, new) = (change.old & counting[place], change.new & counting[place])
            if old != new {
                sum = sum &- StateCodec.mix(UInt64(place), old) &+ StateCodec.mix(UInt64(place), new)
            }
        }
        nextAddressSum = sum
        return sum
    }

    /// The fingerprint of the machine whose `addressFingerprint` was asked for last.
    public mutating func fingerprint(taken machine: inout Machine) -> UInt64 {
        takeNamedChanges(&machine)
        if nextNamedAddressSum == namedAddressSum { nextNamedSum = namedSum } else { findNamedSum(&machine) }
        return nextAddressSum &- nextNamedAddressSum &+ nextNamedSum
    }

    /// What counts by name has changed since the loaded state.
    var namesChanged: Bool { nextNamedAddressSum != namedAddressSum }

    private mutating func findNamedSum(_ machine: inout Machine) {
        collectSpecial(&machine)
        let slot = Int(truncatingIfNeeded: nextNamedAddressSum) & (known.count - 1)
        if known[slot].addresses != nextNamedAddressSum {
            known[slot] = (nextNamedAddressSum, nextSpecial.count == 0 ? 0 : sumOfNamed(&machine))
        }
        nextNamedSum = known[slot].names
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

    /// The sum by addresses of what counts by name, after the changes.
    @inline(__always)
    private mutating func takeNamedChanges(_ machine: inout Machine) {
        var sum = namedAddressSum
        let (changes, counting) = (machine.log.elements, counting.elements)
        for index in 0..<machine.log.count {
            let change = changes[index]
            let place = Int(change.ref) &+ Int(change.offset)
            let (old, new) = (change.old & counting[place], change.new & counting[place])
            if old == new { continue }
            let (wasNamed, isNowNamed): (Bool, Bool)
            if UInt64(change.ref) >= youngest {
                (wasNamed, isNowNamed) = (true, true)
            } else if let role = namedRole(place) {
                (wasNamed, isNowNamed) = (isSpecial(old, role), isSpecial(new, role))
            } else {
                continue
            }
            if wasNamed { sum &-= StateCodec.mix(UInt64(place), old) }
            if isNowNamed { sum &+= StateCodec.mix(UInt64(place), new) }
        }
        nextNamedAddressSum = sum
    }

    /// The places of old words that count by name once the changes were made.
    @inline(__always)
    private mutating func collectSpecial(_ machine: inout Machine) {
        nextSpecial.replace(with: special)
        for index in 0..<machine.log.count {
            let change = machine.log[index]
            if UInt64(change.ref) >= youngest { continue }
            let at = Int(change.ref) &+ Int(change.offset)
            guard let role = namedRole(at) else { continue }
            let place = UInt32(at)
            let isNowSpecial = isSpecial(machine.state.words[at] & counting[at], role)
            let index = nextSpecial.firstIndex(of: place)
            if isNowSpecial {
                if index == nil {
                    nextSpecial.reserve(nextSpecial.count + 1)
                    nextSpecial.append(place)
                }
            } else if let index {
                nextSpecial[index] = nextSpecial[nextSpecial.count - 1]
                nextSpecial.shrink(to: nextSpecial.count - 1)
            }
        }
    }

    // MARK: Young records

    /// The sum of what refers to young records, and of these: they are named in the order in which
    /// a walk from the old ones comes to them.
    private mutating func sumOfNamed(_ machine: inout Machine) -> UInt64 {
        nextSpecial.sort()
        young.own()
        young.shrink(to: 0)
        named.own()
        named.shrink(to: 0)
        var total: UInt64 = 0
        for index in 0..<nextSpecial.count {
            let place = Int(nextSpecial[index])
            total &+= StateCodec.mix(UInt64(place), named(machine.state.words[place], namedRole(place)!))
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
