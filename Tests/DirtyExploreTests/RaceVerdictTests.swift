import DirtyExplore
import DirtyMachine
import Testing

/// The table of verdicts, found by search: which kernel loses a store in which race. What one of
/// DirtyMachineTests plays as one schedule is here asked of every interleaving.
private struct RaceRow: CustomTestStringConvertible, Sendable {
    let name: String
    let setUp: String
    let race: [String]
    var tail = ["A munmap m", "A fsync db", "expect lost 0"]
    var rules: [String] = []
    /// The invariant that is asked for; nil asks for what counts in any case.
    var asked: Invariant?
    let broken: [Profile]
    let held: [Profile]

    var testDescription: String { name }

    func text(_ profile: Profile) -> String {
        let fileSystem = profile == .v6_18 ? "ext4" : "ext3"
        return """
            file db 1 \(fileSystem) cached
            process A cpu=0
            thread A2 of A cpu=1
            process B cpu=1
            A mmap m db rw shared
            \(setUp)
            race
            \(race.joined(separator: "\n"))
            end
            \(tail.joined(separator: "\n"))

            """
    }
}

private let stored = "A write m[0]"
private let zap = ["A write m[0]", "A2 munmap m", "writeback db[0]"]
private let synced = ["B fsync db", "expect lost 0"]

private let rows: [RaceRow] = [
    RaceRow(
        name: "B1 journal, store, writeback", setUp: stored,
        race: ["A write m[0]", "writeback db[0]", "journal db"],
        broken: [.asPosted, .v2_6_19], held: [.v2_6_18, .v2_6_20, .v6_18]),
    RaceRow(
        name: "B2 journal, store, strip of a mapped page", setUp: stored,
        race: ["A write m[0]", "strip db[0]", "journal db"],
        broken: [.asPosted, .v2_6_19], held: [.v2_6_18, .v2_6_20]),
    RaceRow(
        name: "B3 munmap and strip", setUp: stored + "\njournal db\nA write m[0]",
        race: ["A munmap m", "strip db[0]"], tail: synced,
        broken: [.asPosted, .v2_6_19], held: [.v2_6_18, .v2_6_20]),
    RaceRow(
        name: "B4 page_mkclean without a flush", setUp: stored, race: ["A write m[0]", "writeback db[0]"],
        rules: ["mkclean-flush=wrong"], broken: [.v2_6_19, .v2_6_20, .v6_18], held: []),
    RaceRow(
        name: "B4 page_mkclean with its flush", setUp: stored, race: ["A write m[0]", "writeback db[0]"],
        broken: [], held: [.v2_6_18, .v2_6_19, .v2_6_20, .v6_18]),
    RaceRow(
        name: "B5 store and truncation", setUp: "A read m[0]", race: ["A write m[0]", "B ftruncate db 0"],
        tail: ["expect nr_dirty == 0"],
        broken: [.asPosted, .v2_6_19, .v2_6_20], held: [.v2_6_18, .v6_18]),
    RaceRow(
        name: "B6 tracking", setUp: "A read m[0]\nA pwrite db[0]", race: ["A write m[0]", "writeback db[0]"],
        asked: .tracking, broken: [.v2_6_20], held: [.v2_6_19, .v6_18]),
    RaceRow(
        name: "B6 tracking, with the wait of 2007", setUp: "A read m[0]\nA pwrite db[0]",
        race: ["A write m[0]", "writeback db[0]"], rules: ["fault-waits-page-lock=right"],
        asked: .tracking, broken: [], held: [.v2_6_20]),
    RaceRow(
        name: "B6 durability", setUp: "A read m[0]\nA pwrite db[0]", race: ["A write m[0]", "B fsync db"],
        tail: ["A fsync db", "expect lost 0"], broken: [.v2_6_19, .v2_6_20], held: [.v6_18]),
    RaceRow(
        name: "B7 old order", setUp: stored, race: zap, tail: synced, rules: ["zap-flush=after-ptl"],
        broken: [.v2_6_18, .v2_6_19, .v2_6_20, .v6_18], held: []),
    RaceRow(
        name: "B7 order of 3.15", setUp: stored, race: zap, tail: synced, rules: ["zap-flush=before-ptl"],
        broken: [.v2_6_18, .v2_6_20, .v6_18], held: []),
    RaceRow(
        name: "B7 order of 6.2", setUp: stored, race: zap, tail: synced, rules: ["zap-flush=before-rmap"],
        broken: [.v2_6_18], held: [.v2_6_20, .v6_18]),
    RaceRow(
        name: "B18 fsync overtakes a fault", setUp: "",
        race: ["A write m[0]", "A2 write m[0] 42", "A2 fsync db"], tail: [],
        broken: [.asPosted, .v2_6_19, .v2_6_20], held: [.v6_18]),
    RaceRow(
        name: "S11 only VMAs that are writable now", setUp: stored,
        race: ["A mprotect m r", "A mprotect m rw", "writeback db[0]"], tail: [],
        rules: ["mkclean-filter=wrong"], asked: .tracking,
        broken: [.v2_6_19, .v2_6_20, .v6_18], held: []),
    RaceRow(
        name: "S12 flags read before ptl", setUp: stored,
        race: ["A mprotect m r", "A mprotect m rw", "writeback db[0]"], tail: [],
        rules: ["mkclean-protect-arg=wrong"], asked: .tracking,
        broken: [.v2_6_19, .v2_6_20, .v6_18], held: []),
    RaceRow(
        name: "S11 and S12: every VM_SHARED mapping, W and D", setUp: stored,
        race: ["A mprotect m r", "A mprotect m rw", "writeback db[0]"], tail: [], asked: .tracking,
        broken: [], held: [.v2_6_19, .v2_6_20, .v6_18]),
]

@Suite struct RaceVerdictTests {
    @Test(arguments: rows)
    fileprivate func `every interleaving`(row: RaceRow) async throws {
        for profile in row.broken + row.held {
            let found = try await explore(
                row.text(profile), kernel: profile, rules: row.rules, invariants: row.asked.map { [$0] } ?? [])
            #expect(
                found.verdict == (row.broken.contains(profile) ? .violated : .holds),
                "\(profile.rawValue): \(found.breach?.text ?? "")")
            if let asked = row.asked, row.broken.contains(profile) {
                #expect(found.breach?.invariant == asked, "\(profile.rawValue)")
            }
        }
    }
}
