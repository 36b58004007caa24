import Testing

@testable import DirtyTerminal

struct TimingTests {
    let start = ContinuousClock.now

    /// The answers of a ticker that is asked at some milliseconds after the start.
    private func timeouts(_ asked: [(tick: Int?, at: Double)]) -> [Int?] {
        var ticker = Ticker()
        return asked.map { ticker.timeout(tick: $0.tick, now: start + .milliseconds($0.at)) }
    }

    @Test func keepsTheTimeOfATickWhileKeysCome() {
        #expect(timeouts([(100, 0), (100, 30), (100, 130)]) == [100, 70, 0])
    }

    @Test func startsTheNextTickWhenItIsAskedFor() {
        var ticker = Ticker()
        _ = ticker.timeout(tick: 100, now: start)
        ticker.restart()
        let next = ticker.timeout(tick: 100, now: start + .milliseconds(130))
        #expect(next == 100)
    }

    @Test func startsAnewWithAnotherTick() {
        #expect(timeouts([(nil, 0), (50, 9000), (20, 9000), (nil, 9000)]) == [nil, 50, 20, nil])
    }

    @Test func roundsUp() {
        #expect(timeouts([(10, 0), (10, 9.9)]) == [10, 1])
    }

    @Test func tellsTwoInterruptsFromOneAndOne() {
        var pair = InterruptPair()
        let seconds = [0, 1500, 2400].map { pair.isSecond(at: start + .milliseconds($0)) }
        #expect(seconds == [false, false, true])
    }
}
