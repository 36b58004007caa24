// States as images: the places that differ from the base, and the words there.
//
// An image is the sum of the old words and that of what counts by name; how many places there are,
// and how many of them count by name; the latter's places, then all, two a word; the words.

extension StateCodec {
    private static let header = 3

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
        let (count, specials) = (Int(image[2] & WordRole.lowHalf), Int(image[2] &>> 32))
        (sum, namedSum) = (image[0], image[1])
        StateCodec.read(image, from: StateCodec.header, specials, into: &special)
        let placesStart = StateCodec.header + (specials + 1) / 2
        StateCodec.read(image, from: placesStart, count, into: &touched)
        let values = placesStart + (count + 1) / 2
        setSize(of: &machine, image, values)
        mark &+= 1
        growMarks(to: machine.state.words.count)
        machine.state.words.withUnsafeMutableBufferPointer { words in
            marks.withUnsafeMutableBufferPointer { marks in
                touched.withUnsafeBufferPointer { touched in
                    for index in 0..<count {
                        let place = Int(touched[index])
                        words[place] = image[values &+ index]
                        marks[place] = mark
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
        image.append(nextNamedSum)
        let specials = namesChanged ? nextSpecial : special
        image.append(UInt64(specials.count) << 32 | UInt64(places.count))
        StateCodec.write(specials, to: &image)
        StateCodec.write(places, to: &image)
        let start = image.count
        image.append(contentsOf: repeatElement(0, count: places.count))
        machine.state.words.withUnsafeBufferPointer { words in
            image.withUnsafeMutableBufferPointer { image in
                places.withUnsafeBufferPointer { places in
                    for index in 0..<places.count { image[start &+ index] = words[Int(places[index])] }
                }
            }
        }
    }

    private static func write(_ places: [UInt32], to image: inout [UInt64]) {
        let start = image.count
        image.append(contentsOf: repeatElement(0, count: (places.count + 1) / 2))
        image.withUnsafeMutableBytes { image in
            places.withUnsafeBytes { image[(start * 8)...].copyBytes(from: $0) }
        }
    }

    /// Every place that differs from the base, once: those of the loaded state, which are marked, and
    /// those of the changes since.
    private mutating func collectPlaces(_ machine: borrowing Machine) {
        let size = machine.state.words.count
        let most = touched.count + machine.log.count
        if places.count < most { places.append(contentsOf: repeatElement(0, count: most - places.count)) }
        var count = 0
        machine.state.words.withUnsafeBufferPointer { words in
            base.withUnsafeBufferPointer { base in
                places.withUnsafeMutableBufferPointer { places in
                    for place in touched {
                        let at = Int(place)
                        guard at < size, words[at] != (at < base.count ? base[at] : 0) else { continue }
                        places[count] = place
                        count &+= 1
                    }
                    let known = count
                    for change in machine.log {
                        let place = change.ref &+ UInt32(change.offset)
                        let at = Int(place)
                        guard at < size, at >= marks.count || marks[at] != mark,
                            words[at] != (at < base.count ? base[at] : 0)
                        else { continue }
                        var earlier = known
                        while earlier < count, places[earlier] != place { earlier &+= 1 }
                        if earlier < count { continue }
                        places[count] = place
                        count &+= 1
                    }
                }
            }
        }
        places.removeLast(places.count - count)
    }
}
