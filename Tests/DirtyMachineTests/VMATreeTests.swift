import Testing

@testable import DirtyMachine

/// The two trees of VMAs against plain lists.
@Suite struct VMATreeTests {
    private struct Model {
        var vma: Ref<VMA>
        var pages: Range<Int>
        var pgoff: Int
        var serial: Int
        var fileRange: Range<Int> { pgoff..<pgoff + pages.count }
    }

    @Test(arguments: Array<UInt64>(1...5))
    func behavesLikeALinearSearch(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var m = Machine()
        let file = m.addFile("db", pages: 100, .ext4)
        let mm = m[m.addProcess("A"), .mm]
        var model: [Model] = []
        for step in 0..<1500 {
            let comment = Comment(rawValue: "seed \(seed), step \(step)")
            if random.chance(model.count < 40 ? 60 : 40) {
                let pages = random.number(1...6)
                let start: Int? =
                    random.chance(50)
                    ? m.state.unmappedArea(mm, pages: pages) : gap(&random, model, pages)
                guard let start else { continue }
                model.append(insert(start..<start + pages, random.number(0...30), file, mm, &m))
            } else if let index = model.indices.randomElement(using: &random) {
                m.unlinkAddress(model[index].vma)
                m.unlinkFile(model[index].vma)
                m.free(model[index].vma)
                model.remove(at: index)
            }
            let at = State.topPage - random.number(0...300)
            let above = model.filter { $0.pages.upperBound > at }
                .min { $0.pages.lowerBound < $1.pages.lowerBound }
            #expect(m.state.findVMA(mm, at) == above?.vma ?? .none, comment)
            let covering = model.first { $0.pages.contains(at) }
            #expect(m.state.vma(mm, covering: at) == covering?.vma ?? .none, comment)
            let below = model.filter { $0.pages.upperBound <= at }
                .max { $0.pages.upperBound < $1.pages.upperBound }
            #expect(m.state.vma(mm, before: at) == below?.vma ?? .none, comment)
            let wanted = random.number(1...8)
            #expect(m.state.unmappedArea(mm, pages: wanted) == firstFit(model, wanted), comment)
            checkFileOrder(m, file, model, first: random.number(0...36), random.number(0...4), comment)
            #expect(m[mm, .vmaCount] == model.count, comment)
        }
    }

    private func insert(
        _ pages: Range<Int>, _ pgoff: Int, _ file: Ref<File>, _ mm: Ref<MM>, _ m: inout Machine
    ) -> Model {
        let vma = m.allocate(VMA.self)
        m[vma, .start] = pages.lowerBound
        m[vma, .end] = pages.upperBound
        m[vma, .pgoff] = pgoff
        m[vma, .file] = file
        m.link(vma, mm)
        return Model(vma: vma, pages: pages, pgoff: pgoff, serial: m[vma, .serial])
    }

    /// A random free range, or none at the first try.
    private func gap(_ random: inout SeededGenerator, _ model: [Model], _ pages: Int) -> Int? {
        let start = State.topPage - random.number(pages...300)
        return model.contains { $0.pages.overlaps(start..<start + pages) } ? nil : start
    }

    /// The highest hole that is large enough.
    private func firstFit(_ model: [Model], _ pages: Int) -> Int {
        var end = State.topPage
        for piece in model.map(\.pages).sorted(by: { $0.lowerBound > $1.lowerBound }) {
            if end - piece.upperBound >= pages { return end - pages }
            end = piece.lowerBound
        }
        return end - pages
    }

    private func checkFileOrder(
        _ m: Machine, _ file: Ref<File>, _ model: [Model], first: Int, _ more: Int, _ comment: Comment
    ) {
        let range = first...first + more
        let expected = model.filter { $0.fileRange.overlaps(Range(range)) }
            .sorted { ($0.pgoff, $0.serial) < ($1.pgoff, $1.serial) }.map(\.vma)
        var found: [Ref<VMA>] = []
        var cursor: (Int, Int)?
        while found.count <= model.count {
            let vma = m.state.nextMapping(of: file, pages: range, after: cursor)
            guard vma.exists else { break }
            found.append(vma)
            cursor = (m[vma, .pgoff], m[vma, .serial])
        }
        #expect(found == expected, comment)
    }

    @Test func fullAddressSpace() {
        var m = Machine()
        let mm = m[m.addProcess("A"), .mm]
        let all = State.topPage - State.lowestPage
        #expect(m.state.unmappedArea(mm, pages: all) == State.lowestPage)
        #expect(m.state.unmappedArea(mm, pages: all + 1) == nil)
        _ = insert(State.lowestPage + 5..<State.topPage, 0, m.addFile("db", pages: 1, .ext4), mm, &m)
        #expect(m.state.unmappedArea(mm, pages: 5) == State.lowestPage)
        #expect(m.state.unmappedArea(mm, pages: 6) == nil)
    }

    @Test func childStandsRightAfterItsParent() {
        var bench = Bench(.v2_6_20)
        let file = bench.m.addFile("db", pages: 4, .ext3, cached: true)
        let a = bench.m.addProcess("A")
        for _ in 0..<3 { _ = bench.mmap(a, file, 0...3, shared: false) }
        let child = bench.fork(a)
        var order: [Ref<MM>] = []
        var cursor: (Int, Int)?
        while true {
            let vma = bench.m.state.nextMapping(of: file, page: 0, after: cursor)
            guard vma.exists else { break }
            order.append(bench.m[vma, .mm])
            cursor = (bench.m[vma, .pgoff], bench.m[vma, .serial])
        }
        let (parentMM, childMM) = (bench.m[a, .mm], bench.m[child, .mm])
        #expect(order.count == 6)
        #expect(order.lastIndex(of: parentMM)! < order.firstIndex(of: childMM)!)
    }
}
