// States as images: the places that differ from the base, and the words there.
//
// An image is the sum of all words by their addresses, that of what counts by name, and the latter by its
// names; how many places there are, how many of them count by name, and the size of the arena; the
// words, their places, two a word, and the places that count by name.
//
// Machines come as `inout`, though none is changed: a copy would be made of one that is lent, which costs
// as much as what is asked of it.

extension StateCodec {
    private static let header = 4

    /// Puts a machine that is in the state of the image that was loaded before, or in the base, into the
    /// state of another one. Its log is empty then.
    public mutating func load(_ image: UnsafeBufferPointer<UInt64>, into machine: inout Machine) {
        machine.log.removeAll()
        (addressSum, namedAddressSum, namedSum) = (image[0], image[1], image[2])
        let count = Int(image[3] & 0xffff)
        let specials = Int(image[3] &>> 16 & 0xffff)
        let size = Int(image[3] &>> 32)
        let words = image.baseAddress! + StateCodec.header
        let places = UnsafeRawPointer(words + count).assumingMemoryBound(to: UInt32.self)
        let names = UnsafeRawPointer(words + count + (count + 1) / 2).assumingMemoryBound(to: UInt32.self)
        machine.state.words.own()
        forgetLoaded(in: machine.state.words.elements)
        setSize(of: &machine, size)
        values.replace(with: words, count)
        touched.replace(with: places, count)
        special.replace(with: names, specials)
        takeLoaded(in: machine.state.words.elements)
    }

    private func forgetLoaded(in words: UnsafeMutablePointer<UInt64>) {
        let (places, base) = (touched.elements, base.elements)
        for index in 0..<touched.count {
            let place = Int(places[index])
            words[place] = base[place]
        }
    }

    private mutating func takeLoaded(in words: UnsafeMutablePointer<UInt64>) {
        slots.own()
        let (places, values, slots) = (touched.elements, values.elements, slots.elements)
        for index in 0..<touched.count {
            let place = Int(places[index])
            words[place] = values[index]
            slots[place] = UInt32(truncatingIfNeeded: index)
        }
    }

    /// What is young there is zeros by now, and so is what comes to it.
    @inline(__always)
    private mutating func setSize(of machine: inout Machine, _ size: Int) {
        if size < machine.state.wordCount { machine.state.words.shrink(to: size) } else {
            machine.state.words.grow(to: size)
        }
        growTables(to: size)
    }

    /// How many words the image may have of a machine that has gone on from the loaded state.
    public mutating func mostWords(_ machine: inout Machine) -> Int {
        let places = touched.count + machine.log.count
        let specials = special.count + machine.log.count
        return StateCodec.header + places + (places + 1) / 2 + (specials + 1) / 2
    }

    /// Writes the image of the state whose fingerprint was asked for last: the loaded one, but for the
    /// changes since. Returns how many words it has.
    public mutating func writeImage(_ machine: inout Machine, to image: UnsafeMutablePointer<UInt64>) -> Int {
        let words = image + StateCodec.header
        let total = writeWords(&machine, to: words)
        let count = drop(same, from: words, total)
        // The order of two places in a word is that of memory.
        (words + count).withMemoryRebound(to: UInt32.self, capacity: total) { places in
            touched.copy(to: places)
            fresh.copy(to: places + touched.count)
            _ = drop(same, from: places, total)
            if count % 2 == 1 { places[count] = 0 }
        }
        let end = words + count + (count + 1) / 2
        let specials = namesChanged ? nextSpecial.count : special.count
        if specials % 2 == 1 { end[specials / 2] = 0 }
        end.withMemoryRebound(to: UInt32.self, capacity: specials) {
            namesChanged ? nextSpecial.copy(to: $0) : special.copy(to: $0)
        }
        image[0] = nextAddressSum
        image[1] = nextNamedAddressSum
        image[2] = nextNamedSum
        image[3] = UInt64(count | specials << 16) | UInt64(machine.state.wordCount) << 32
        return StateCodec.header + count + (count + 1) / 2 + (specials + 1) / 2
    }

    /// The image as an array.
    public mutating func image(of machine: inout Machine) -> [UInt64] {
        Array(unsafeUninitializedCapacity: mostWords(&machine)) { words, size in
            size = writeImage(&machine, to: words.baseAddress!)
        }
    }

    /// The words of every place that differs from the base, once: those of the loaded state and what the
    /// changes since have made of them, then those of places that are `fresh`. Some may be the `same` as in
    /// the base again. Returns how many there are.
    private mutating func writeWords(_ machine: inout Machine, to words: UnsafeMutablePointer<UInt64>) -> Int {
        fresh.reserve(machine.log.count)
        fresh.shrink(to: 0)
        same.reserve(machine.log.count)
        same.shrink(to: 0)
        values.copy(to: words)
        for index in 0..<machine.log.count {
            let place = machine.log[index].ref &+ UInt32(machine.log[index].offset)
            let word = machine.state.words[Int(place)]
            let slot = slot(of: place)
            words[slot] = word
            if word == base[Int(place)], same.firstIndex(of: slot) == nil { same.append(slot) }
        }
        same.sort()
        return touched.count + fresh.count
    }

    /// Where a place is in the image, `fresh` ones behind the others.
    @inline(__always)
    private mutating func slot(of place: UInt32) -> Int {
        let slot = Int(slots[Int(place)])
        if slot < touched.count, touched[slot] == place { return slot }
        if let index = fresh.firstIndex(of: place) { return touched.count + index }
        fresh.append(place)
        return touched.count + fresh.count - 1
    }

    /// Drops elements of a row, whose numbers are in order; the last ones take their places.
    private func drop<Element>(
        _ numbers: borrowing Run<Int>, from row: UnsafeMutablePointer<Element>, _ count: Int
    ) -> Int {
        var count = count
        // From behind, so that the last one is one that stays.
        for index in stride(from: numbers.count - 1, through: 0, by: -1) {
            count -= 1
            row[numbers[index]] = row[count]
        }
        return count
    }
}
