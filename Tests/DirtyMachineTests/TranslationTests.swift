import Testing

@testable import DirtyMachine

/// I3': a TLB that lets its CPU store where the page table does not.
@Suite struct TranslationTests {
    /// At every step of an operation: does I3' hold?
    private func isKept(
        _ profile: Profile, _ change: (inout Rules) -> Void = { _ in },
        during request: (SwitchScene) -> Request
    ) -> Bool {
        var scene = SwitchScene(profile)
        var rules = scene.bench.m.rules
        change(&rules)
        scene.bench.m.rules = rules
        _ = scene.store()
        #expect(!scene.breaks(.translations))
        let task = scene.bench.m.begin(request(scene))
        var isKept = true
        while !scene.bench.m.isDone(task) {
            if case .blocked = scene.bench.m.step(task), let bio = scene.bench.m.pendingBios.first {
                scene.bench.m.stepDevice(bio)
            }
            if scene.breaks(.translations) { isKept = false }
        }
        return isKept
    }

    static let tracking: [Profile] = [.asPosted, .v2_6_19, .v2_6_20, .v6_18]

    @Test("page_mkclean() flushes under ptl", arguments: tracking, [true, false])
    func writeback(profile: Profile, flushes: Bool) {
        #expect(
            isKept(profile, { $0.mkcleanFlushes = flushes }) {
                .writeback($0.file, indices: 0...0, start: false)
            } == flushes)
    }

    @Test("So does reclaim", arguments: tracking)
    func reclaim(profile: Profile) {
        #expect(isKept(profile) { .reclaim($0.file, indices: 0...0) })
    }

    @Test("mprotect flushes late, but page_mkclean() would notice", arguments: tracking)
    func mprotect(profile: Profile) {
        #expect(isKept(profile) { .mprotect($0.u, pages: $0.page, .read) })
    }

    @Test("B7: a zap may flush too late", arguments: tracking, [Rules.ZapFlush.afterPTL, .beforePTL, .beforeRmap])
    func zap(profile: Profile, order: Rules.ZapFlush) {
        #expect(
            isKept(profile, { $0.zapFlush = order }) { .munmap($0.u, pages: $0.page) }
                == (order == .beforeRmap))
    }

    /// A mapping of one page has to move to grow: there is no room above it.
    @Test("B8: so may mremap", arguments: tracking, [true, false])
    func mremap(profile: Profile, flushes: Bool) {
        #expect(
            isKept(profile, { $0.mremapFlushesUnderPTL = flushes }) {
                .mremap($0.u, $0.bench.m.state.mappings(of: $0.u)[0], pages: 2)
            } == flushes)
    }

    @Test("2.6.18 tracks nothing, so it says nothing")
    func before() {
        #expect(isKept(.v2_6_18) { .munmap($0.u, pages: $0.page) })
    }
}
