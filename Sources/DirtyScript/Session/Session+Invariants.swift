import DirtyMachine

extension Session {
    func checkInvariants(_ name: String?) -> ExpectationResult {
        ExpectationResult(passed: false, found: "no invariants yet")
    }
}
