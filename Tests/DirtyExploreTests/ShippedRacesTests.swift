import DirtyExplore
import DirtyMachine
import Foundation
import Testing

@Suite struct ShippedRacesTests {
    @Test func `the table has all of them`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: ShippedRace.folder.path())
            .filter { $0.hasSuffix(".demo") }.map { String($0.dropLast(".demo".count)) }
        #expect(files.sorted() == ShippedRace.all.map(\.name).sorted())
        #expect(ShippedRace.all.count > 20)
    }

    /// The states are at most those of the table: a search may learn to do with fewer.
    @Test(arguments: ShippedRace.all)
    func `is what the table says`(race: ShippedRace) async throws {
        let found = try await explore(race.text)
        #expect(found.result.states <= race.states)
        guard race.verdict != "holds" else {
            #expect(found.verdict == .holds)
            #expect(found.breach == nil)
            #expect(found.notes.isEmpty)
            return
        }
        let breach = try #require(found.breach)
        #expect(breach.schedule.count == race.steps)
        let (failures, end) = try replay(found)
        guard race.verdict != "deadlock" else {
            #expect(found.verdict == .deadlock)
            guard case .stuck = end else {
                Issue.record("the replay has to be stuck as well")
                return
            }
            return
        }
        #expect(found.verdict == .violated)
        #expect(breach.invariant?.id ?? "expect" == race.verdict)
        #expect(failures > 0)
        #expect(end == .finished)
    }

    @Test(arguments: ShippedRace.all)
    func `holds with what the table says`(race: ShippedRace) async throws {
        let header = try race.text.split(separator: "\n").first { $0.hasPrefix("# Holds with: ") }
        #expect(String(header?.dropFirst("# Holds with: ".count) ?? "") == race.remedies.joined(separator: "; "))
        for remedy in race.remedies {
            let options = ShippedRace.options(remedy)
            let found = await (try Explorer(try parse(race.text), options: options)).run()
            #expect(found.verdict == .holds, "\(remedy): \(found.breach?.text ?? "")")
        }
    }
}
