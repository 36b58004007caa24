// States as images: the places that differ from the base, and the words there.
//
// An image is the sum of the old words; how many places there are, and how many of them count by
// name; the latter's places, then all, two a word; the words.

extension StateCodec {
    /// Puts a machine into the state of an image. Its log is empty then.
    public mutating func load(_ image: UnsafeBufferPointer<UInt64>, into machine: inout Machine) {
        machine.log.removeAll(keepingCapacity: true)
        machine.state.words.withUnsafeMutableBufferPointer { words in
            base.withUnsafeBufferPointer { base in
                for place in touched where Int(place) < base.count {
                    words[Int(place)] = base[Int(place)]
                }
            }
        }
        let (count, specials) = (Int(image[1] & WordRole.lowHalf), Int(image[1] &>> 32))
        sum = image[0]
        StateCodec.read(image, from: 2, specials, into: &special)
        let placesStart = 2 + (specials + 1) / 2
        StateCodec.read(image, from: placesStart, count, into: &touched)
        let values = placesStart + (count + 1) / 2
        setSize(of: &machine, image, values)
        mark &+= 1
        growMarks(to: machine.state.words.count)
        machine.state.words.withUnsafeMutableBufferPointer { words in
            marks.withUnsafeMutableBufferPointer { marks in
                for index in 0..<count {
                    let place = Int(touched[index])
                    words[place] = image[values &+ index]
                    marks[place] = mark
                }
            }
        }
    }

    private static func read(
        _ image: UnsafeBufferPointer<UInt64>, from start: Int, _ count: Int, into places: inout [UInt32]
    ) {
        places.removeAll(keepingCapacity: true)
        for index in 0..<count {
            places.append(
                UInt32(truncatingIfNeeded: image[start &+ index / 2] &>> (index & 1 == 0 ? 0 : 32)))
        }
    }

    /// The arena ends where the image says that it does; what is young there begins as zeros.
    private func setSize(
        of machine: inout Machine, _ image: UnsafeBufferPointer<UInt64>, _ values: Int
    ) {
        let topPlace = State.system.raw + UInt32(Field<System, Int>.top.offset)
        let size = touched.firstIndex(of: topPlace).map { Int(image[values + $0]) } ?? base.count
        machine.state.words.shrink(to: base.count)
        machine.state.words.grow(to: size)
    }

    private mutating func growMarks(to size: Int) {
        if marks.count < size { marks.append(contentsOf: repeatElement(0, count: size - marks.count)) }
    }

    /// Writes down the state whose fingerprint was asked for last, behind what `image` has.
    public mutating func write(_ machine: borrowing Machine, to image: inout [UInt64]) {
        collectPlaces(machine)
        image.append(nextSum)
        image.append(UInt64(nextSpecial.count) << 32 | UInt64(places.count))
        StateCodec.write(nextSpecial, to: &image)
        StateCodec.write(places, to: &image)
        machine.state.words.withUnsafeBufferPointer { words in
            for place in places { image.append(words[Int(place)]) }
        }
    }

    private static func write(_ places: [UInt32], to image: inout [UInt64]) {
        var index = 0
        while index < places.count {
            let second = index + 1 < places.count ? UInt64(places[index + 1]) : 0
            image.append(second << 32 | UInt64(places[index]))
            index += 2
        }
    }

    /// Every place that differs from the base, once: those of the loaded state, which are marked, and
    /// those of the changes since.
    private mutating func collectPlaces(_ machine: borrowing Machine) {
        let size = machine.state.words.count
        places.removeAll(keepingCapacity: true)
        machine.state.words.withUnsafeBufferPointer { words in
            base.withUnsafeBufferPointer { base in
                for place in touched {
                    let at = Int(place)
                    if at < size, words[at] != (at < base.count ? base[at] : 0) { places.append(place) }
                }
                let known = places.count
                for change in machine.log {
                    let place = change.ref &+ UInt32(change.offset)
                    let at = Int(place)
                    guard at < size, at >= marks.count || marks[at] != mark,
                        words[at] != (at < base.count ? base[at] : 0),
                        !places[known...].contains(place)
                    else { continue }
                    places.append(place)
                }
            }
        }
    }
}
