import DirtyMachine
import SeededRandom
import Testing

@testable import DirtyScript

/// Sessions as scenarios that lead to the same state.
@Suite struct SavedSessionTests {
    private func session(_ text: String, kernel: Profile? = nil, rules: [RuleOverride] = []) throws -> Session {
        let scenario = try ScenarioParser.parse(text, name: "test.demo", rules: .machine).get()
        return try Session(scenario, kernel: kernel, rules: rules)
    }

    private func finish(_ session: inout Session) {
        while case .moved = session.advance() {}
    }

    /// What is written leads to the same state; that is checked here anew, on the whole text.
    @discardableResult
    private func saved(_ session: Session) throws -> [String] {
        let text = try SavedSession.text(of: session)
        var again = try self.session(text)
        finish(&again)
        #expect(SavedSession.isSame(session, again), "\(text)")
        return text.split(separator: "\n").map(String.init)
    }

    private static let script = """
        title "Two writers"
        kernel 2.6.19
        file db 4 ext3 cached
        process A cpu=0
        process B cpu=1
        say "Both map the file."
        A mmap m db rw shared
        B mmap m db rw shared
        expect A m absent
        A write m[0]
        """

    private static let race = script + """

        chapter "The race"
        race
          A write m[0]
          B write m[1]
          writeback db[0]
        end
        expect lost 0
        A fsync db
        """

    @Test func aWholeScriptIsItself() throws {
        var session = try session(Self.script)
        finish(&session)
        #expect(
            try saved(session).dropFirst() == [
                "kernel 2.6.19", "title \"Two writers\"", "file db 4 ext3 cached", "process A cpu=0", "process B cpu=1",
                "say \"Both map the file.\"", "A mmap m db rw shared", "B mmap m db rw shared", "expect A m absent",
                "A write m[0]",
            ])
    }

    @Test func whatIsUnderWayIsATask() throws {
        var session = try session(Self.script)
        while session.currentStatement?.text != "A write m[0]" { _ = session.advance() }
        for _ in 0..<5 { _ = session.advance() }
        #expect(try saved(session).suffix(2) == ["A-1: A write m[0]", "step A-1 5"])
    }

    @Test func whatWasTypedStandsInItsPlace() throws {
        var session = try session(Self.script)
        for _ in 0..<2 { _ = session.advance() }
        _ = try session.type("B mmap n db[0..1] r shared").get()
        _ = try session.type("process C").get()
        _ = try session.type("C mmap m db rw shared").get()
        finish(&session)
        let lines = try saved(session)
        #expect(lines.contains("process C") && lines.contains("B mmap n db[0..1] r shared"))
    }

    @Test func aScheduleIsWrittenAsSteps() throws {
        var session = try session(Self.race)
        while session.upcomingRace == nil { _ = session.advance() }
        for _ in 0..<3 { _ = session.advance(.actor(1)) }
        for _ in 0..<4 { _ = session.advance(.actor(0)) }
        while session.progress.race?.line(of: 1) != nil { _ = session.advance(.actor(1)) }
        let lines = try saved(session)
        #expect(
            lines.suffix(6) == [
                "chapter \"The race\"", "A-1: A write m[0]", "B-1: B write m[1]", "step B-1 3", "finish A-1", "finish B-1",
            ])
        #expect(!lines.contains("race"))
        finish(&session)
        let all = try saved(session)
        #expect(all.last == "A fsync db" && all.contains("expect lost 0"))
    }

    @Test func aRaceInTheWrittenOrderStaysOne() throws {
        var session = try session(Self.race)
        finish(&session)
        #expect(try saved(session).filter { $0 == "race" || $0 == "end" }.count == 2)
    }

    @Test func aKernelFromTheCommandLineIsTheScenarios() throws {
        var session = try session(Self.script, kernel: .v2_6_20, rules: [RuleOverride(name: "mkclean-flush", value: "wrong")])
        finish(&session)
        let lines = try saved(session)
        #expect(lines.contains("kernel 2.6.20") && lines.contains("rule mkclean-flush wrong"))
        #expect(!lines.contains("kernel 2.6.19"))
    }

    @Test func labelsOfTheScriptStay() throws {
        var session = try session(Self.script + "\nW: writeback db[0]\nstep W until page_mkclean\nA write m[0]\nfinish W\n")
        while session.currentStatement?.text != "finish W" { _ = session.advance() }
        #expect(try saved(session).suffix(3) == ["W: writeback db[0]", "step W until page_mkclean", "A write m[0]"])
        let slot = session.machine.slot(of: try #require(session.progress.labels["W"]))
        _ = session.advance(.task(slot: slot))
        _ = session.advance(.task(slot: slot))
        #expect(try saved(session).last == "step W 2")
        finish(&session)
        #expect(try saved(session).last == "finish W")
    }

    /// Everybody moves, the device and the TLBs among them: nothing of it is lost.
    @Test(arguments: 0..<12) func schedulesOfTheDeviceAndTLBs(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var session = try session(Self.race, rules: [RuleOverride(name: "tlb-eviction", value: "on")])
        for _ in 0..<160 {
            let choices = session.candidates.filter { $0.blocked == nil && !$0.hasEnded }.map(\.choice)
            let rare = choices.filter {
                switch $0 {
                case .device, .eviction, .write: true
                default: false
                }
            }
            switch random.number(0...9) {
            case 0: session.stepBack()
            case 1...3 where !rare.isEmpty: _ = session.advance(rare.randomElement(using: &random)!)
            case 4...7 where !choices.isEmpty: _ = session.advance(choices.randomElement(using: &random)!)
            default: _ = session.advance()
            }
            if random.chance(15) { try saved(session) }
        }
        try saved(session)
    }

    /// Random walks: whoever moves, what can be written leads to the same state.
    @Test(arguments: 0..<12) func randomSchedules(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var session = try session(Self.race)
        var count = 0
        for _ in 0..<120 {
            let choices = session.candidates.filter { $0.blocked == nil && !$0.hasEnded }.map(\.choice)
                .filter { if case .device = $0 { false } else { true } }
            switch random.number(0...9) {
            case 0: session.stepBack()
            case 1...5 where !choices.isEmpty: _ = session.advance(choices.randomElement(using: &random)!)
            default: _ = session.advance()
            }
            guard random.chance(15) else { continue }
            do throws(SavedSession.Problem) {
                _ = try SavedSession.text(of: session)
                count += 1
            } catch {
                // Only the device's steps in between have no words of their own.
                #expect(session.moves.contains { $0.slot == 0 }, "\(error)")
            }
        }
        #expect(count > 0)
    }
}
