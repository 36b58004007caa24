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
        let places = StateCodec.header + count
        values.removeAll(keepingCapacity: true)
        values.append(contentsOf: image[StateCodec.header..<places])
        StateCodec.read(image, from: places, count, into: &touched)
        StateCodec.read(image, from: places + (count + 1) / 2, specials, into: &special)
        machine.state.words.withUnsafeMutableBufferPointer { words in
            slots.withUnsafeMutableBufferPointer { slots in
                touched.withUnsafeBufferPointer { touched in
                    for index in 0..<count {
                        let place = Int(touched[index])
                        words[place] = image[StateCodec.header &+ index]
                        slots[place] = UInt32(truncatingIfNeeded: index)
                    }
                }
            }
        }
    }

    private mutating func forgetLoaded(in machine: inout Machine) {
        machine.state.words.withUnsafeMutableBufferPointer { words in
            base.withUnsafeBufferPointer { base in
                slots.withUnsafeMutableBufferPointer { slots in
                    for place in touched {
                        let at = Int(place)
                        slots[at] = StateCodec.nowhere
                        if at < base.count { words[at] = base[at] }
                    }
                }
            }
        }
    }

    /// The order of two places in a word is that of memory.
    private static func read(
        _ image: UnsafeBufferPointer<UInt64>, from start: Int, _ count: Int, into places: inout [UInt32]
    ) {
        places.removeAll(keepingCapacity: true)
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(image)[(start * 8)...])
            .withMemoryRebound(to: UInt32.self) { places.append(contentsOf: $0.prefix(count)) }
    }

    /// What is young there begins as zeros.
    private mutating func setSize(of machine: inout Machine, _ size: Int) {
        machine.state.words.shrink(to: base.count)
        machine.state.words.grow(to: size)
        growSlots(to: size)
    }

    private mutating func growSlots(to size: Int) {
        if slots.count < size {
            slots.append(contentsOf: repeatElement(StateCodec.nowhere, count: size - slots.count))
        }
    }

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
    public func writeImage(to image: UnsafeMutablePointer<UInt64>) {
        let specials = namesChanged ? nextSpecial : special
        let count = nextPlaces.count
        image[0] = nextSum
        image[1] = nextNamedSum
        image[2] = nextAddressSum
        image[3] = UInt64(count | specials.count << 16) | UInt64(nextSize) << 32
        let values = image + StateCodec.header
        for index in 0..<count { values[index] = nextValues[index] }
        StateCodec.write(nextPlaces, to: values + count)
        StateCodec.write(specials, to: values + count + (count + 1) / 2)
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
    private static func write(_ places: [UInt32], to image: UnsafeMutablePointer<UInt64>) {
        if places.count % 2 == 1 { image[places.count / 2] = 0 }
        places.withUnsafeBytes { bytes in
            if let first = bytes.baseAddress { UnsafeMutableRawPointer(image).copyMemory(from: first, byteCount: bytes.count) }
        }
    }

    /// Every place that differs from the base, once, and the words there: those of the loaded state,
    /// and what the changes since have made of them.
    private mutating func collectNew(_ machine: borrowing Machine) {
        nextPlaces.removeAll(keepingCapacity: true)
        nextPlaces.append(contentsOf: touched)
        nextValues.removeAll(keepingCapacity: true)
        nextValues.append(contentsOf: values)
        same.removeAll(keepingCapacity: true)
        let known = nextPlaces.count
        for change in machine.log {
            let place = change.ref &+ UInt32(change.offset)
            let at = Int(place)
            let word = machine.state.words[at]
            var slot = Int(slots[at])
            if slots[at] == StateCodec.nowhere {
                slot = nextPlaces.count
                slots[at] = UInt32(slot)
                nextPlaces.append(place)
                nextValues.append(word)
            } else {
                nextValues[slot] = word
            }
            if word == (at < base.count ? base[at] : 0), !same.contains(slot) { same.append(slot) }
        }
        for place in nextPlaces[known...] { slots[Int(place)] = StateCodec.nowhere }
        // From behind, so that the last one, which takes a place, is one that stays.
        if same.count > 1 { same.sort(by: >) }
        for slot in same {
            nextPlaces.swapAt(slot, nextPlaces.count - 1)
            nextValues.swapAt(slot, nextValues.count - 1)
            nextPlaces.removeLast()
            nextValues.removeLast()
        }
    }
}
