import DirtyExplore
import DirtyMachine
import Testing

/// The move of a schedule behind which nothing goes well any more.
@Suite struct DoomTests {
    @Test(arguments: ShippedRace.all.filter { $0.verdict != "holds" })
    func `every shipped race has one`(_ race: ShippedRace) async throws {
        let breach = try #require(try await explore(race.text).breach)
        let doom = try #require(breach.doom)
        #expect(breach.schedule.indices.contains(doom))
        #expect(breach.doomText.hasPrefix("from here on every order of what is left "))
    }

    @Test(
        arguments: [
            ("b04-no-flush", 26, "the device reads the page", "the TLB of CPU 0 lets it store"),
            ("b06-fault-in-the-gap", 31, "the device reads the page", "db[0] is not dirty, but A.m.pte[0] is writable: a store to it takes no fault"),
            ("b08-mremap-late-flush", 37, "store through the TLB or the page table", "nothing on the way to the disk knows"),
            ("b18-fsync-overtakes", 11, "look up the next tagged page", "from here on every order of what is left breaks I2"),
            ("s16-nonatomic-update", 7, "store through the TLB or the page table", "breaks I1"),
            ("b10-mkwrite-unlocked", 26, "set PG_writeback, drop the tag DIRTY", "makes line"),
            ("deadlock-own-server", 2, "lock the page", "ends with nobody able to go on"),
        ])
    func `is where the last good order is left`(_ name: String, _ number: Int, _ step: String, _ reason: String) async throws {
        let race = try #require(ShippedRace.all.first { $0.name == name })
        let breach = try #require(try await explore(race.text).breach)
        let doom = try #require(breach.doom)
        #expect(doom + 1 == number)
        #expect(breach.schedule[doom].title.text == step)
        #expect(breach.doomText.contains(reason))
    }

    @Test func `a race that is bad in every order has none`() async throws {
        let text = oneStore + "race\n  A write m[0]\nend\nexpect disk db[0] 7\n"
        let found = try await explore(text)
        #expect(found.verdict == .violated)
        #expect(found.breach?.doom == nil)
    }

    @Test func `is the same with one worker and two`() async throws {
        let race = try #require(ShippedRace.all.first { $0.name == "b06-fault-in-the-gap" })
        var dooms: [Int?] = []
        for workers in [1, 2] {
            var options = Explorer.Options()
            options.search.workers = workers
            dooms.append(await (try Explorer(try parse(race.text), options: options)).run().breach?.doom)
        }
        #expect(dooms[0] == dooms[1])
    }
}
