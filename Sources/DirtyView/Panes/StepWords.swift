import DirtyMachine
import DirtyScript

extension StepTitle {
    /// What a step does in plain words, with its number in the kernel model behind them.
    var words: String { label.isEmpty ? text : "\(text) (\(label))" }

    /// The same in so many columns: the number goes before a word of the text does.
    func words(columns: Int) -> String {
        words.unicodeScalars.count <= columns ? words : text
    }
}

/// The step that a task takes next, in words.
func words(of frame: StackFrame, _ generation: Rules.Generation) -> String {
    title(of: frame, generation: generation).words
}

/// What a move did, in a few words.
func moveText(_ move: Move, in scene: Scene, columns: Int = .max) -> String {
    guard let frame = move.frame else {
        if case .eviction(let cpu, let entry) = move.choice {
            return "the TLB of CPU\(cpu) drops its entry of \(scene.now.name(of: entry))"
        }
        guard move.slot == 0 else {
            return (scene.session.statement(atLine: move.line)?.labelledText ?? "an operation") + " begins"
        }
        guard case .say(let text) = scene.session.statement(atLine: move.line)?.command else { return "checks" }
        return "says: " + printable(text)
    }
    if frame.function == .device { return "the device writes: one step of its I/O" }
    return title(of: frame, generation: scene.generation).words(columns: columns)
}
