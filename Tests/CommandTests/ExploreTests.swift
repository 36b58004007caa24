import Testing

/// `explore` as a shell and as programs see it.
@Suite struct ExploreTests {
    private let race = """
        kernel 6.18
        file db 1 ext4 cached
        process A
        process B
        A mmap m db rw shared
        race
          A write m[0]
          B fsync db
        end

        """

    @Test func `0 when all holds, 1 when an expectation breaks, 3 at a limit`() throws {
        let holds = try Dirtyscope.run(["explore", "-"], input: race)
        #expect(holds.status == 0)
        #expect(holds.text.hasPrefix("holds: no interleaving breaks it on 6.18\n"))
        let breaks = try Dirtyscope.run(["explore", "-"], input: race + "expect db[0] dirty\n")
        #expect(breaks.status == 1)
        #expect(breaks.text.contains("line 10: expect db[0] dirty: found db[0] cached !dirty"))
        let limit = try Dirtyscope.run(["explore", "-", "--max-states", "5"], input: race)
        #expect(limit.status == 3 || limit.text.hasPrefix("holds"))
    }

    @Test func `65 without a race, 64 for wrong usage`() throws {
        let none = try Dirtyscope.run(["explore", "-"], input: "process A\n")
        #expect(none.status == 65)
        #expect(none.errors.contains("there is nothing to explore"))
        #expect(try Dirtyscope.run(["explore"]).status == 64)
        #expect(try Dirtyscope.run(["explore", "-", "--max-memory", "much"], input: race).status == 64)
    }

    @Test func `one JSON object with the keys in their order`() throws {
        let run = try Dirtyscope.run(
            ["explore", "-", "--format", "json"], input: race + "expect db[0] dirty\n")
        #expect(run.status == 1)
        #expect(run.text.hasPrefix(#"{"verdict":"violated","invariant":null,"states":"#))
        let keys = ["transitions", "depth", "seconds", "schedule", "notes", "found"]
        var rest = run.text[...]
        for key in keys {
            let place = try #require(rest.range(of: "\"\(key)\":"))
            rest = rest[place.upperBound...]
        }
        #expect(run.text.contains(#"{"task":"A","function":"#))
    }

    @Test func `the counterexample is a scenario whose expectation fails`() throws {
        try Scratch.with { scratch in
            let out = scratch.path("bad.demo")
            let found = try Dirtyscope.run(
                ["explore", "-", "--counterexample", out], input: race + "expect db[0] dirty\n")
            #expect(found.status == 1)
            let run = try Dirtyscope.run(["run", out])
            #expect(run.status == 1)
            #expect(run.text.contains("FAIL  expect db[0] dirty"))
            #expect(run.text.contains("== The race:"))
        }
    }

    @Test func `shards of random races merge to what one run gives`() throws {
        try Scratch.with { scratch in
            let options = ["explore", "--random", "40", "--count", "4", "--max-states", "300"]
            let whole = try Dirtyscope.run(options)
            var parts: [String] = []
            for shard in ["2/2", "1/2"] {
                let part = try Dirtyscope.run(options + ["--shard", shard])
                parts.append(scratch.file("part-\(parts.count)", part.text))
            }
            let merged = try Dirtyscope.run(["explore", "merge"] + parts)
            #expect(merged.text == whole.text)
            #expect(merged.status == whole.status)
            #expect(whole.text.hasPrefix("4 races from seed 40 on 6.18, up to 300 states each\nrace 40 "))
        }
    }

    @Test func `shards of a table merge to what one run prints`() throws {
        try Scratch.with { scratch in
            let options = ["explore", "--rules", "Demos/races/b04-no-flush.demo"]
            let whole = try Dirtyscope.run(options)
            #expect(whole.status == 1)
            #expect(whole.text.contains("holds with: mkclean-flush=right\n"))
            let parts = try ["3/3", "1/3", "2/3"].map { try Dirtyscope.run(options + ["--shard", $0]).text }
            let merged = try Dirtyscope.run(
                ["explore", "merge"] + parts.enumerated().map { scratch.file("part-\($0)", $1) })
            #expect(merged.text == whole.text)
            #expect(merged.status == 1)
        }
    }

    @Test func `merging notices what is missing, doubled or of another kind`() throws {
        try Scratch.with { scratch in
            let options = ["explore", "--random", "40", "--count", "5", "--max-states", "300"]
            let parts = try ["1/3", "2/3", "3/3"].map { try Dirtyscope.run(options + ["--shard", $0]).text }
            let files = parts.enumerated().map { scratch.file("part-\($0)", $1) }
            let lines = parts[0].split(separator: "\n").map { String($0) + "\n" }
            func complaint(_ files: [String]) throws -> String {
                let run = try Dirtyscope.run(["explore", "merge"] + files)
                #expect(run.status == 65)
                #expect(run.text.isEmpty)
                return run.errors
            }
            #expect(try complaint([files[0], files[2]]).contains("shard 2/3 is missing"))
            #expect(try complaint([files[0], files[1]]).contains("shard 3/3 is missing"))
            #expect(try complaint(files + [files[1]]).contains("shard 2/3 is in"))
            let cut = scratch.file("cut", lines.dropLast().joined())
            #expect(try complaint([cut, files[1], files[2]]).contains("cut: the end of the output is missing"))
            let swapped = scratch.file("swapped", lines[0] + lines[2] + lines[1])
            #expect(try complaint([swapped, files[1], files[2]]).contains("this is not what a shard prints here"))
            let other = scratch.file("other", "hello\n")
            #expect(try complaint([other]).contains("other:1: this is not what"))
            let foreign = try Dirtyscope.run(options + ["--shard", "3/3", "--kernel", "2.6.20"]).text
            #expect(try complaint([files[0], files[1], scratch.file("foreign", foreign)]).contains("of different runs"))
        }
    }

    @Test func `tables of other scenarios and options are other runs`() throws {
        try Scratch.with { scratch in
            let other = scratch.file("other.demo", race.replacing("B fsync db", with: "A fsync db"))
            let same = scratch.file("same.demo", race)
            func shard(_ number: Int, _ arguments: [String]) throws -> String {
                let text = try Dirtyscope.run(["explore", "--all-kernels", "--shard", "\(number)/2"] + arguments).text
                return scratch.file("shard-\(arguments.count)-\(number)-\(arguments[0].hasSuffix("other.demo"))", text)
            }
            let first = try shard(1, [same])
            #expect(try Dirtyscope.run(["explore", "merge", first, try shard(2, [same])]).status == 0)
            for foreign in [[other], [same, "--invariant", "tracking"], [same, "--max-memory", "1G"]] {
                #expect(try Dirtyscope.run(["explore", "merge", first, try shard(2, foreign)]).status == 65)
            }
            let endless = scratch.file("endless", "99999999999999 races from seed 1 on 6.18, shard 1/1\n")
            #expect(try Dirtyscope.run(["explore", "merge", endless]).errors.contains("the end of the output is missing"))
        }
    }

    @Test func `random races are explored as they are told to, and the first that breaks can be kept`() throws {
        try Scratch.with { scratch in
            let plain = try Dirtyscope.run(["explore", "--random", "502", "--count", "1", "--kernel", "6.18"])
            #expect(plain.status == 0)
            let out = scratch.path("random.demo")
            let broken = try Dirtyscope.run(
                ["explore", "--random", "502", "--count", "1", "--kernel", "2.6.20", "--counterexample", out])
            #expect(broken.status == 1)
            #expect(try Dirtyscope.run(["explore", "--invariant", "tracking", out]).status == 1)
            let wrong = try Dirtyscope.run(["explore", "--random", "1", "--count", "1", "--rule", "mkclean-flsh=wrong"])
            #expect(wrong.status == 64)
            #expect(wrong.errors.contains("did you mean 'mkclean-flush'?"))
        }
    }

    @Test func `the counterexample is never the scenario, and a place that cannot be written is told first`() throws {
        try Scratch.with { scratch in
            let file = scratch.file("me.demo", race + "expect db[0] dirty\n")
            let itself = try Dirtyscope.run(["explore", file, "--counterexample", file])
            #expect(itself.status == 73)
            #expect(itself.text.isEmpty)
            #expect(try Dirtyscope.run(["explore", file, "--counterexample", scratch.path("no/where.demo")]).status == 73)
            let printed = try Dirtyscope.run(["explore", file, "--counterexample", "-"])
            #expect(printed.text.contains("\nchapter \"The race: "))
        }
    }

    @Test func `what does not go together is refused`() throws {
        for options in [
            ["--all-kernels", "--kernel", "6.18"], ["--count", "3"], ["--shard", "1/2"],
            ["--rules", "--shard", "1/2", "--format", "json"],
        ] {
            #expect(try Dirtyscope.run(["explore", "-"] + options, input: race).status == 64, "\(options)")
        }
    }

    @Test func `--max-states is kept to, and JSON says what ended the search`() throws {
        let run = try Dirtyscope.run(
            ["explore", "Demos/races/deadlock-own-server.demo", "--kernel", "2.6.20", "--max-states", "5000", "--format", "json"])
        #expect(run.status == 3)
        #expect(run.text.contains(#""limit":"states""#))
        let states = try #require(run.text.firstMatch(of: /"states":(\d+)/).flatMap { Int($0.1) })
        #expect(states > 5000 && states < 5100)
    }

    @Test func `a table and a run of random races end at their limits with 3`() throws {
        let random = try Dirtyscope.run(["explore", "--random", "1", "--count", "3", "--max-states", "20"])
        #expect(random.status == 3)
        #expect(random.text.contains("3 that reached a limit"))
        let table = try Dirtyscope.run(
            ["explore", "--all-kernels", "Demos/races/deadlock-own-server.demo", "--max-states", "20"])
        #expect(table.status == 3)
        #expect(table.text.hasSuffix("\nholds on: none\n"))
    }

    @Test func `an expectation that fails before the race is not passed over`() throws {
        try Scratch.with { scratch in
            let text = """
                file db 1 ext4 cached
                process A
                A mmap m db rw shared
                A write m[0]
                expect db[0] !dirty
                race
                A fsync db
                end
                """
            let run = try Dirtyscope.run(["explore", scratch.file("early.demo", text)])
            #expect(run.text.contains("note: line 5: 'expect db[0] !dirty' fails before the race begins"))
        }
    }
}
