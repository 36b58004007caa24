// States as images: the places that differ from the base, and the words there.
//
// An image is the sum of the old words; how many places there are, and how many of them refer to
// young records; the places, two a word, those first; the words.

extension StateCodec {
    /// Puts a machine into the state of an image. Its log is empty then.
    public mutating func load(_ image: UnsafeBufferPointer<UInt64>, into machine: inout Machine) {
        machine.log.removeAll(keepingCapacity: true)
        for place in touched where Int(place) < base.count {
            machine.state.words[Int(place)] = base[Int(place)]
        }
        let count = Int(image[1] & WordRole.lowHalf)
        let specials = Int(image[1] &>> 32)
        let valuesStart = 2 + (count + 1) / 2
        touched.removeAll(keepingCapacity: true)
        for index in 0..<count {
            touched.append(UInt32(truncatingIfNeeded: image[2 + index / 2] &>> (index & 1 == 0 ? 0 : 32)))
        }
        sum = image[0]
        special.removeAll(keepingCapacity: true)
        special.append(contentsOf: touched[..<specials])
        setSize(of: &machine, count, image, valuesStart)
        for index in 0..<count {
            machine.state.words[Int(touched[index])] = image[valuesStart + index]
        }
    }

    /// The arena ends where the image says that it does; what is young there begins as zeros.
    private func setSize(
        of machine: inout Machine, _ count: Int, _ image: UnsafeBufferPointer<UInt64>, _ values: Int
    ) {
        let topPlace = State.system.raw + UInt32(Field<System, Int>.top.offset)
        let size = touched.firstIndex(of: topPlace).map { Int(image[values + $0]) } ?? base.count
        machine.state.words.removeLast(machine.state.words.count - base.count)
        if size > base.count {
            machine.state.words.append(contentsOf: repeatElement(0, count: size - base.count))
        }
    }

    /// Writes down the state whose fingerprint was asked for last, behind what `image` has.
    public mutating func write(_ machine: borrowing Machine, to image: inout [UInt64]) {
        mark &+= 1
        let size = machine.state.words.count
        if marks.count < size { marks.append(contentsOf: repeatElement(0, count: size - marks.count)) }
        places.removeAll(keepingCapacity: true)
        for place in nextSpecial { note(place, machine) }
        let specials = places.count
        for place in touched where Int(place) < size { note(place, machine) }
        for change in machine.log {
            let place = change.ref &+ UInt32(change.offset)
            if Int(place) < size { note(place, machine) }
        }
        image.append(nextSum)
        image.append(UInt64(specials) << 32 | UInt64(places.count))
        var index = 0
        while index < places.count {
            let second = index + 1 < places.count ? UInt64(places[index + 1]) : 0
            image.append(second << 32 | UInt64(places[index]))
            index += 2
        }
        for place in places { image.append(machine.state.words[Int(place)]) }
    }

    /// Every place once, and only where the word differs.
    @inline(__always)
    private mutating func note(_ place: UInt32, _ machine: borrowing Machine) {
        let at = Int(place)
        guard marks[at] != mark else { return }
        marks[at] = mark
        if machine.state.words[at] != (at < base.count ? base[at] : 0) { places.append(place) }
    }
}
