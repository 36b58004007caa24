import DirtyMachine
import Testing

@testable import DirtyScript

/// `device`, and rules as a scenario sets them.
@Suite struct DeviceTests {
    private func passed(_ text: String) throws -> [Bool] {
        try Played(text).expectations.map(\.passed)
    }

    @Test func `device memory is visible, and lost to a wrong decision`() throws {
        let common = """
            device fb 2 pfnmap
            process A
            process B
            A mmap m fb rw shared
            B mmap m fb rw shared
            A write m[1] 7
            B read m[1]

            """
        #expect(
            try passed(
                "kernel 2.6.20\n" + common
                    + "expect value 7\nexpect A m[1] present write dirty\nexpect invariants")
                == [true, true, true])
        let wrong = try passed(
            "kernel 2.6.20\nrule decide-before-mmap wrong\n" + common
                + "expect value 0\nexpect invariant I14")
        #expect(wrong == [true, false])
    }

    @Test func `an oops is an outcome`() throws {
        #expect(
            try passed(
                """
                kernel as-posted
                rule null-mapping wrong
                device fb 2 insertpage nomapping
                process A
                A mmap m fb rw shared
                expect OOPS
                A read m[0]
                expect ESRCH
                """) == [true, true])
    }

    @Test(arguments: [
        (
            "kernel 2.6.18\nrule mkclean-gate wrong\n",
            "rule 'mkclean-gate' has no meaning on 2.6.18: 2.6.18 has no page_mkclean()"
        ),
        (
            "rule exclude-insertpage wrong\n",
            "rule 'exclude-insertpage' has no meaning on 6.18: 6.18 has no VM_INSERTPAGE"
        ),
        ("rule prot-policy kep\n", "rule 'prot-policy' cannot be 'kep'"),
        ("device fb 2 pfnmap nomaping\n", "unknown option 'nomaping'"),
    ]) func `what cannot be set says why`(text: String, complaint: String) {
        let complaints = ScenarioParser.parse(text + "process A", name: "t", rules: .machine).complaints
        #expect(complaints.contains(complaint))
    }

    @Test func `rules that exclude each other are refused`() throws {
        let scenario = try ScenarioParser.parse(
            "rule fault-waits-page-lock wrong\nprocess A", name: "t", rules: .machine
        ).get()
        #expect(throws: Diagnostics.self) { try Session(scenario) }
        let together = try ScenarioParser.parse(
            "rule fault-waits-page-lock wrong\nrule mkwrite-returns-locked wrong\nprocess A",
            name: "t", rules: .machine
        ).get()
        _ = try Session(together)
    }
}
