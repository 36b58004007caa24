/// Keeps the time of the next tick while other events come and go.
struct Ticker {
    private var tick: Int?
    private var due: ContinuousClock.Instant?

    /// Milliseconds to wait, or nil for no end. Another length of the tick starts it anew.
    mutating func timeout(tick: Int?, now: ContinuousClock.Instant) -> Int? {
        if tick != self.tick || due == nil {
            self.tick = tick
            due = tick.map { now + .milliseconds($0) }
        }
        guard let due else { return nil }
        let left = max(due - now, .zero)
        // Rounded up, so that a wait never ends just before the time it waits for.
        return Int((left + .microseconds(999)) / .milliseconds(1))
    }

    /// A tick has passed; the next one starts when it is asked for.
    mutating func restart() {
        due = nil
    }
}

/// Two interrupts within a second mean that the user wants to leave at any price.
struct InterruptPair {
    private var last: ContinuousClock.Instant?

    mutating func isSecond(at now: ContinuousClock.Instant) -> Bool {
        defer { last = now }
        return last.map { now - $0 < .seconds(1) } ?? false
    }
}
