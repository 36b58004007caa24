import DirtyMachine

extension Session {
    /// Checks one invariant by number or name, or all of them.
    func checkInvariants(_ name: String?) -> ExpectationResult {
        if let name, Invariant.named(name) == nil {
            return ExpectationResult(passed: false, found: "no invariant is called \(name)")
        }
        let violations =
            name.flatMap(Invariant.named).map(machine.violations(of:)) ?? machine.violations()
        guard let first = violations.first else {
            return ExpectationResult(
                passed: true, found: name.map { "\($0) holds" } ?? "all invariants hold")
        }
        let more = violations.count > 1 ? " and \(violations.count - 1) more" : ""
        return ExpectationResult(
            passed: false,
            found: "\(first.invariant.id) \(first.invariant.name) broken: \(first.subject): "
                + first.text + more)
    }
}
