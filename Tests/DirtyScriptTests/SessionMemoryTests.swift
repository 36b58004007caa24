import DirtyMachine
import Testing

@testable import DirtyScript

/// remap, thresholds and file systems as a scenario writes them.
@Suite struct SessionMemoryTests {
    private let nonlinear = """
        file db 4 ext3 cached
        file other 4 ext3 cached
        process A
        A mmap m db rw shared
        A remap m[0] db[2]
        A write m[0] 1
        A msync m[0] sync
        expect disk db[2] 1
        A write m[0] 2
        A msync m[0] sync

        """

    @Test(arguments: Profile.allCases)
    func `the second store to a remapped page`(kernel: Profile) throws {
        let isWritten = kernel == .v2_6_18 || kernel == .v6_18
        let played = try Played(
            nonlinear + "expect disk db[2] \(isWritten ? 2 : 1)", kernel: kernel)
        #expect(played.expectations.map(\.passed) == [true, true])
    }

    @Test func `a rule makes it right`() throws {
        for rule in ["msync-walk", "nonlinear-visible"] {
            let played = try Played(
                session(
                    nonlinear + "expect disk db[2] 2", kernel: .v2_6_20,
                    rules: [RuleOverride(name: rule, value: "right")]))
            #expect(played.expectations.map(\.passed) == [true, true], "\(rule)")
        }
    }

    @Test func `the file has to be the one that is mapped`() throws {
        let played = try Played(nonlinear + "A remap m[1] other[0]")
        guard case .stuck(let diagnostic) = played.end else {
            Issue.record("\(played.end)")
            return
        }
        #expect(diagnostic.location == SourceLocation(line: 11, column: 14, length: 5))
        #expect(diagnostic.message == "'m' does not map 'other'")
    }

    @Test(arguments: [("2.6.20", "limit"), ("as-posted", "none")])
    func `thresholds throttle stores`(kernel: String, kind: String) throws {
        let played = try Played("""
            kernel \(kernel)
            frames 64
            cpus 1
            dirty background=2 limit=4
            file db 40 ext3
            process A
            A mmap m db rw shared
            A write m
            expect nr_dirty <= 20
            expect invariant throttle
            """)
        #expect(played.expectations.map(\.passed) == (kind == "limit" ? [true, true] : [false, false]))
    }

    @Test(arguments: ["xfs", "nfs", "ext3 data=journal", "ext4 data=writeback"])
    func `file systems`(fileSystem: String) throws {
        for kernel in Profile.allCases {
            let played = try Played("""
                file f 2 \(fileSystem) cached
                process A
                A mmap m f rw shared
                A write m[0] 7
                A msync m sync
                expect disk f[0] 7
                expect lost 0
                """, kernel: kernel)
            #expect(played.expectations.map(\.passed) == [true, true], "\(kernel)")
        }
    }
}
