import Testing

@testable import DirtyScript

/// Set-up that is well formed and could not mean anything: said, not ignored.
@Suite struct SenselessSetUpTests {
    @Test(arguments: [
        ("file n 4 nfs cached buffers=4", "1:29", "pages on nfs have no buffers"),
        ("file c 4 tmpfs cached buffers=4 mkwrite", "1:31", "pages on tmpfs have no buffers"),
        ("file c 4 ramfs buffers=1", "1:24", "pages on ramfs have no buffers"),
        ("kernel 6.18\nfile x 4 xfs buffers=2", "2:22", "pages on xfs have no buffers on 6.18"),
        ("file x 4 xfs buffers=2\nprocess A\nA exit", "1:22", "pages on xfs have no buffers on 6.18"),
        ("file x 4 xfs data=journal", "1:19", "xfs has no data mode"),
        ("file x 4 tmpfs data=ordered", "1:21", "tmpfs has no data mode"),
        (
            "dirty background=10 limit=2", "1:18",
            "a background threshold of 10 pages is above the limit of 2"
        ),
        ("dirty limit=2 background=3", "1:26", "a background threshold of 3 pages is above the limit of 2"),
    ]) func `what cannot be is refused with its place`(text: String, place: String, complaint: String) {
        let complaints = ScenarioParser.parse(text, name: "t", rules: .machine).complaints
        #expect(complaints.hasPrefix("t:\(place): error: \(complaint); expected "), "\(complaints)")
    }

    @Test(arguments: [
        "file x 4 xfs buffers=2\nkernel 2.6.20", "kernel as-posted\nfile x 4 xfs buffers=4",
        "file x 4 ext4 buffers=4 data=writeback", "file c 4 tmpfs cached mkwrite",
        "dirty background=2 limit=2",
    ]) func `what can be is taken`(text: String) {
        #expect(ScenarioParser.parse(text, name: "t", rules: .machine).complaints == "")
    }
}
