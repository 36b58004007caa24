import DirtyExplore
import DirtyMachine
import DirtyScript
import Testing

@Suite struct RandomRaceTests {
    @Test func `the same number gives the same race`() {
        #expect(RandomRace(number: 7, kernel: .v2_6_19) == RandomRace(number: 7, kernel: .v2_6_19))
        #expect(RandomRace(number: 7, kernel: .v2_6_19) != RandomRace(number: 8, kernel: .v2_6_19))
    }

    @Test(arguments: [Profile.v2_6_19, .v6_18])
    func `every race parses and comes to its race`(_ kernel: Profile) throws {
        for number in 0..<100 as Range<UInt64> {
            let race = RandomRace(number: number, kernel: kernel)
            #expect(throws: Never.self, "\(number)") { _ = try Explorer(try parse(race.text)) }
        }
    }

    @Test func `a finding is a line, and can be read back`() {
        let finding = RandomFinding(
            number: 3, verdict: "violated", what: "I4'", steps: 12, race: "file db 1 ext3 | A write m[0]")
        #expect(finding.line == "race 3 violated I4' 12: file db 1 ext3 | A write m[0]")
        #expect(RandomFinding(line: finding.line) == finding)
        #expect(RandomFinding(line: "100 races: 3 hold") == nil)
    }

    /// As far as the first states of each go; docs/explore.md tells of longer runs.
    @Test(arguments: 0..<24 as Range<UInt64>)
    func `no store is lost on 6.18`(_ number: UInt64) async throws {
        var bounds = RandomRace.Bounds()
        bounds.states = 1500
        let finding = try #require(await RandomRace(number: number, kernel: .v6_18).finding(bounds))
        #expect(["holds", "limit"].contains(finding.verdict), "\(finding.line)")
    }

    @Test func `a search that is called off has no finding`() async {
        let race = RandomRace(number: 15, kernel: .v2_6_19)
        #expect(await race.finding(RandomRace.Bounds()) { _ in .interrupted } == nil)
        let line = RandomFinding(number: 3, verdict: "limit", what: "-", steps: 0, race: "a \"b\"")
        #expect(line.json == #"{"race":"3","verdict":"limit","what":null,"steps":0,"lines":"a \"b\""}"#)
    }

    @Test func `a violation is cut down to lines that are all needed`() async throws {
        var bounds = RandomRace.Bounds()
        bounds.states = 20_000
        bounds.workers = 1
        let finding = try #require(await RandomRace(number: 15, kernel: .v2_6_19).finding(bounds))
        #expect(finding.verdict == "violated")
        #expect(finding.what == "I2")
        #expect(finding.race.split(separator: "|")[1].split(separator: ";").count == 3)
    }
}
