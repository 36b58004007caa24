// States as images: the places that differ from the base, and the words there.
//
// An image is the sum of the old words, that of what counts by name, and that of all words by their
// addresses; how many places there are, how many of them count by name, and the size of the arena; the
// words, their places, two a word, and the places that count by name.

extension StateCodec {
    private static let header = 4
    /// A place that the loaded image has no word for.
    static let nowhere = UInt32.max

    /// Puts a machine into the state of an image. Its log is empty then.
    public mutating func load(_ image: UnsafeBufferPointer<UInt64>, into machine: inout Machine) {
        machine.log.removeAll(keepingCapacity: true)
        (sum, namedSum, addressSum) = (image[0], image[1], image[2])
        let count = Int(image[3] & 0xffff)
        let specials = Int(image[3] &>> 16 & 0xffff)
        let size = Int(image[3] &>> 32)
        forgetLoaded(in: &machine)
        setSize(of: &machine, size)
        let words = image.baseAddress! + StateCodec.header
        values.replace(with: words, count)
        StateCodec.read(words + count, count, into: &touched)
        StateCodec.read(words + count + (count + 1) / 2, specials, into: &special)
        for index in 0..<count {
            let place = Int(touched[index])
            machine.state.words[place] = values[index]
            slots[place] = UInt32(truncatingIfNeeded: index)
        }
    }

    private mutating func forgetLoaded(in machine: inout Machine) {
        machine.state.words.own()
        slots.own()
        for index in 0..<touched.count {
            let at = Int(touched[index])
            slots[at] = StateCodec.nowhere
            if at < machine.state.wordCount { machine.state.words[at] = at < base.count ? base[at] : 0 }
        }
    }

    /// The order of two places in a word is that of memory.
    private static func read(_ words: UnsafePointer<UInt64>, _ count: Int, into places: inout Run<UInt32>) {
        words.withMemoryRebound(to: UInt32.self, capacity: count) { places.replace(with: $0, count) }
    }

    /// What is young there is zeros by now, and so is what comes to it.
    private mutating func setSize(of machine: inout Machine, _ size: Int) {
        if size < machine.state.wordCount { machine.state.words.shrink(to: size) } else {
            machine.state.words.grow(to: size)
        }
        growSlots(to: size)
    }

    private mutating func growSlots(to size: Int) { slots.grow(to: size, StateCodec.nowhere) }

    /// Makes the image of the state whose fingerprint was asked for last: the loaded one, but for the
    /// changes since. Returns how many words it has.
    public mutating func prepareImage(_ machine: borrowing Machine) -> Int {
        growSlots(to: machine.state.wordCount)
        collectNew(machine)
        nextSize = machine.state.wordCount
        let specials = namesChanged ? nextSpecial.count : special.count
        return StateCodec.header + nextValues.count + (nextPlaces.count + 1) / 2 + (specials + 1) / 2
    }

    /// Writes the image that was made last.
    public mutating func writeImage(to image: UnsafeMutablePointer<UInt64>) {
        let specials = namesChanged ? nextSpecial.count : special.count
        let count = nextPlaces.count
        image[0] = nextSum
        image[1] = nextNamedSum
        image[2] = nextAddressSum
        image[3] = UInt64(count | specials << 16) | UInt64(nextSize) << 32
        let values = image + StateCodec.header
        nextValues.copy(to: values)
        StateCodec.write(nextPlaces, to: values + count)
        let last = values + count + (count + 1) / 2
        namesChanged ? StateCodec.write(nextSpecial, to: last) : StateCodec.write(special, to: last)
    }

    /// The image as an array.
    public mutating func image(of machine: borrowing Machine) -> [UInt64] {
        let count = prepareImage(machine)
        return Array(unsafeUninitializedCapacity: count) { words, size in
            if let first = words.baseAddress { writeImage(to: first) }
            size = count
        }
    }

    /// Two places a word.
    private static func write(_ places: borrowing Run<UInt32>, to image: UnsafeMutablePointer<UInt64>) {
        let count = places.count
        if count % 2 == 1 { image[count / 2] = 0 }
        image.withMemoryRebound(to: UInt32.self, capacity: count) { places.copy(to: $0) }
    }

    /// Every place that differs from the base, once, and the words there: those of the loaded state,
    /// and what the changes since have made of them.
    private mutating func collectNew(_ machine: borrowing Machine) {
        let known = touched.count
        nextPlaces.replace(with: touched)
        nextPlaces.reserve(known + machine.log.count)
        nextValues.replace(with: values)
        nextValues.reserve(known + machine.log.count)
        same.reserve(machine.log.count)
        same.shrink(to: 0)
        slots.own()
        for change in machine.log {
            let place = change.ref &+ UInt32(change.offset)
            let at = Int(place)
            let word = machine.state.words[at]
            var slot = Int(slots[at])
            if slots[at] == StateCodec.nowhere {
                slot = nextPlaces.count
                slots[at] = UInt32(truncatingIfNeeded: slot)
                nextPlaces.append(place)
                nextValues.append(word)
            } else {
                nextValues[slot] = word
            }
            if word == (at < base.count ? base[at] : 0), same.firstIndex(of: slot) == nil { same.append(slot) }
        }
        for index in known..<nextPlaces.count { slots[Int(nextPlaces[index])] = StateCodec.nowhere }
        // From behind, so that the last one, which takes a place, is one that stays.
        same.sort()
        for index in stride(from: same.count - 1, through: 0, by: -1) {
            let last = nextPlaces.count - 1
            nextPlaces[same[index]] = nextPlaces[last]
            nextValues[same[index]] = nextValues[last]
            nextPlaces.shrink(to: last)
            nextValues.shrink(to: last)
        }
    }
}
