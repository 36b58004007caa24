import DirtyScript

/// A way forward through a comparison. A long one is gone a stretch at a time, so that the screen
/// shows where it is and somebody can stop it.
struct ComparisonWay: Sendable {
    enum Goal: Sendable {
        case step
        /// Every side is through with the command.
        case command
        case chapter
        case end
        /// Something else differs than at the start.
        case difference
        /// After so many steps.
        case position(Int)
    }

    /// What tells two moments of a comparison apart.
    struct Moment: Hashable, Sendable {
        let pace: Int
        let chapter: Int
    }

    let goal: Goal
    let start: Moment
    let differences: [Difference]
    let obstacles: [String?]
    /// What it looks out for on the way, for each side; nil where break points do not count.
    var watch: [BreakpointWatch]?
    var hasMoved = false
}

extension ComparisonPlayer {
    /// Steps made at once, so that a short way is gone before the next frame, and at a time after it.
    private static let (firstStretch, laterStretch) = (2048, 512)

    public var hasWork: Bool { way != nil }

    public mutating func work() { goOn(steps: Self.laterStretch) }

    mutating func forward(to goal: ComparisonWay.Goal, stopsAtBreakpoints: Bool = false) {
        way = ComparisonWay(
            goal: goal, start: moment, differences: goal.isDifference ? comparison.differences : [],
            obstacles: comparison.obstacles, watch: stopsAtBreakpoints ? watch() : nil)
        direction = .forward
        goOn(steps: Self.firstStretch)
        if way != nil { message = Player.Message(text: "on the way; Ctrl-C or Esc stops") }
    }

    private mutating func goOn(steps: Int) {
        guard var way = way.take() else { return }
        for _ in 0..<steps {
            let before = comparison.sides.map(\.position)
            guard comparison.step() else { return arrive(way, isAtEnd: true) }
            way.hasMoved = true
            shownFrom = before
            var hits: [String] = []
            if var watch = way.watch.take() {
                hits = hitTexts(&watch)
                way.watch = watch
            }
            if isThere(way) || !hits.isEmpty {
                arrive(way, isAtEnd: false)
                return tell(hits)
            }
        }
        self.way = way
    }

    private func isThere(_ way: ComparisonWay) -> Bool {
        switch way.goal {
        case .step: true
        case .command: moment.pace != way.start.pace
        case .chapter: moment.chapter != way.start.chapter
        case .end: false
        case .difference: comparison.differences != way.differences
        case .position(let position): comparison.position >= position
        }
    }

    private mutating func arrive(_ way: ComparisonWay, isAtEnd: Bool) {
        message = nil
        guard way.hasMoved, !(isAtEnd && way.goal.isDifference) else { return complain("this is the end; S goes back") }
        for (side, obstacle) in comparison.obstacles.enumerated() where way.obstacles[side] == nil {
            guard let obstacle else { continue }
            complain("\(comparison.kernels[side].name) cannot go on: \(obstacle)")
        }
    }

    /// Stays where it has come to. False if nothing was under way.
    mutating func stopOnTheWay() -> Bool {
        guard way.take() != nil else { return false }
        message = Player.Message(text: "stopped at step \(comparison.position)")
        return true
    }
}

extension ComparisonWay.Goal {
    fileprivate var isDifference: Bool { if case .difference = self { true } else { false } }
}
