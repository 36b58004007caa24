import Testing

@testable import DirtyMachine

/// A map shows the worst page of each run, and a leap over changes leads where the changes lead.
@Suite struct PageSurveyTests {
    private func worst(_ words: [PageWord]) -> PageWord { words.max { $0.severity < $1.severity }! }

    @Test(arguments: Profile.allCases, Array<UInt64>(1...6))
    func `a run is as bad as its worst page`(profile: Profile, seed: UInt64) throws {
        var walk = RandomWalk(seed: seed, profile)
        for step in 0..<400 {
            guard walk.move() else { break }
            guard step % 40 == 39 else { continue }
            let m = walk.m
            for length in [1, 2, 3, 7] {
                for file in m.state.files where m.size(of: file) > 0 {
                    let pages = 0..<m.size(of: file)
                    let runs = stride(from: 0, to: pages.count, by: length).map { start in
                        worst((start..<min(start + length, pages.count)).map { m.word(for: m.page($0, of: file)) })
                    }
                    try #require(m.worstWords(of: file, pages: pages, run: length) == runs, "\(walk.description)")
                }
                for process in m.state.processes {
                    for mapping in m.state.mappings(of: process) {
                        guard let (_, count) = m.extent(of: mapping), count > 0,
                            m.mapping(named: m.name(of: mapping), of: process) == mapping,
                            (0..<count).allSatisfy({ m.page($0, of: mapping, in: process).pte != nil })
                        else { continue }
                        let runs = stride(from: 0, to: count, by: length).map { start in
                            worst(
                                (start..<min(start + length, count)).map {
                                    m.word(for: m.page($0, of: mapping, in: process))
                                })
                        }
                        try #require(
                            m.worstWords(of: mapping, in: process, pages: 0..<count, run: length) == runs,
                            "\(walk.description)")
                    }
                }
            }
        }
    }

    @Test(arguments: Profile.allCases, Array<UInt64>(20...25))
    func `a net change leads there and back`(profile: Profile, seed: UInt64) throws {
        var walk = RandomWalk(seed: seed, profile)
        walk.m.forgetHistory()
        let start = walk.m
        for _ in 0..<300 { guard walk.move() else { break } }
        let net = NetChange(walk.m.log[0...])
        var leaper = start
        leaper.apply(net)
        try #require(leaper.state == walk.m.state, "\(walk.description)")
        leaper.revert(net)
        try #require(leaper.state == start.state, "\(walk.description)")
        #expect(net.byteCount < walk.m.log.count * MemoryLayout<Change>.stride)
    }
}
