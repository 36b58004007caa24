import Testing

@testable import DirtyMachine

/// The radix tree against a dictionary and sets.
@Suite struct RadixTests {
    /// Keys that crowd in one leaf, spread over leaves, and lie far apart.
    private func key(_ random: inout SeededGenerator) -> Int {
        switch random.number(0...3) {
        case 0: random.number(0...70)
        case 1: random.number(0...5000)
        case 2: 1 << random.number(0...40)
        default: 0x7fff_f7ff_f - random.number(0...100)
        }
    }

    @Test(arguments: Array<UInt64>(1...6))
    func behavesLikeADictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var m = Machine()
        var root = Ref<Node>.none
        var model: [Int: UInt64] = [:]
        var tags: [Set<Int>] = [[], [], []]
        for step in 0..<3000 {
            let key = self.key(&random)
            switch random.number(0...9) {
            case 0...3:
                let value = random.next() | 1
                root = m.radixStore(root, key, value, .pageCache, owner: 0)
                model[key] = value
            case 4:
                let victim = model.keys.min { abs($0 - key) < abs($1 - key) } ?? key
                for tag in Tag.allCases {
                    m.radixSetTag(root, victim, tag, false)
                    tags[Int(tag.rawValue)].remove(victim)
                }
                root = m.radixStore(root, victim, 0, .pageCache, owner: 0)
                model[victim] = nil
            case 5, 6:
                guard let near = model.keys.filter({ $0 >= key }).min() else { continue }
                let (tag, on) = (random.pick(Tag.allCases), random.chance(60))
                m.radixSetTag(root, near, tag, on)
                if on {
                    tags[Int(tag.rawValue)].insert(near)
                } else {
                    tags[Int(tag.rawValue)].remove(near)
                }
            default: break
            }
            #expect(m.state.radixValue(root, key) == model[key] ?? 0, "seed \(seed), step \(step)")
            let range = key...key + random.pick([0, 3, 100, 1 << 30])
            let first = model.keys.filter(range.contains).min()
            let found = m.state.radixFirst(root, in: range)
            #expect(found?.key == first, "seed \(seed), step \(step), \(range)")
            #expect(found?.value == first.flatMap { model[$0] })
            for tag in Tag.allCases {
                let tagged = tags[Int(tag.rawValue)]
                #expect(
                    m.state.radixFirst(root, tagged: tag, in: range)
                        == tagged.filter(range.contains).min(),
                    "seed \(seed), step \(step), \(tag) in \(range)")
                #expect(m.state.radixTag(root, key, tag) == tagged.contains(key))
            }
        }
    }

    @Test func sparseTreesAreSmall() {
        var m = Machine()
        var root = Ref<Node>.none
        let before = m.state.byteCount
        for index in 0..<10 { root = m.radixStore(root, index << 25, 1, .disk, owner: 0) }
        #expect(m.state.byteCount - before < 64 * 1024)
    }

    @Test func freedTreesAreReused() {
        var m = Machine()
        var root = Ref<Node>.none
        for key in stride(from: 0, to: 100_000, by: 977) {
            root = m.radixStore(root, key, 1, .pageTable, owner: 0)
        }
        let size = m.state.byteCount
        m.radixFree(root)
        root = .none
        for key in stride(from: 0, to: 100_000, by: 977) {
            root = m.radixStore(root, key, 1, .pageTable, owner: 0)
        }
        #expect(m.state.byteCount == size)
    }
}
