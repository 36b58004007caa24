import Testing

@testable import DirtyScript

/// Every row of the language's tables, as the statement that it means.
@Suite struct GrammarTests {
    @Test(
        arguments: [
            (#"title "Two writers""#, .title("Two writers")),
            ("kernel 2.6.18", .kernel("2.6.18")),
            ("kernel as-posted", .kernel("as-posted")),
            ("kernel 6.18", .kernel("6.18")),
            ("rule mkclean-flush wrong", .rule(name: "mkclean-flush", value: "wrong")),
            ("rule fault-around 1", .rule(name: "fault-around", value: "1")),
            ("cpus 8", .cpus(8)),
            ("frames 4194304", .frames(1 << 22)),
            ("dirty background=10 limit=20", .dirty(background: 10, limit: 20)),
            ("dirty limit=20 background=10", .dirty(background: 10, limit: 20)),
            ("device fb 16 pfnmap", .device(DeviceDeclaration(name: "fb", pages: 16, kind: "pfnmap"))),
            ("device fb 16 custom-prot", .device(DeviceDeclaration(name: "fb", pages: 16, kind: "custom-prot"))),
            ("process A", .process(name: "A", cpu: nil)),
            ("process A cpu=1", .process(name: "A", cpu: 1)),
        ] as [(String, Command)])
    func `a set-up command alone`(line: String, command: Command) throws {
        #expect(try parseAll(line).get().statements.map(\.command) == [command])
    }

    @Test func `a file has its defaults`() throws {
        let file = FileDeclaration(name: "db", pages: 4, fileSystem: "ext3")
        #expect(try parseAll("file db 4 ext3").get().statements.first?.command == .file(file))
    }

    @Test func `a file has its options, in any order`() throws {
        var file = FileDeclaration(name: "db", pages: 0, fileSystem: "ext3")
        file.cached = true
        file.buffers = 4
        file.mkwrite = true
        file.data = .journal
        let text = "file db 0 ext3 data=journal mkwrite buffers=4 cached"
        #expect(try parseAll(text).get().statements.first?.command == .file(file))
    }

    @Test(arguments: Vocabulary.fileSystems) func `every file system is known`(name: String) throws
    {
        let file = FileDeclaration(name: "f", pages: 1, fileSystem: name)
        #expect(try parseAll("file f 1 \(name)").get().statements.first?.command == .file(file))
    }

    static let m0 = Operand(name: "m", range: 0...0)
    static let m01 = Operand(name: "m", range: 0...1)
    static let m = Operand(name: "m")
    static let db0 = Operand(name: "db", range: 0...0)

    static func mapping(
        _ name: String, _ source: Operation.MappingSource, _ protection: Protection,
        shared: Bool,
        populate: Bool = false, readOnly: Bool = false
    ) -> Operation {
        .mmap(
            P: "A", name: name, source: source, protection: protection, shared: shared,
            populate: populate,
            readOnlyDescriptor: readOnly)
    }

    @Test(
        arguments: [
            (
                "A mmap n db[0..3] rw shared",
                mapping(
                    "n", .file(Operand(name: "db", range: 0...3)), [.read, .write], shared: true)
            ),
            (
                "A mmap n db rx private",
                mapping("n", .file(Operand(name: "db")), [.read, .execute], shared: false)
            ),
            (
                "A mmap n db[9] none shared rdonly",
                mapping(
                    "n", .file(Operand(name: "db", range: 9...9)), [], shared: true, readOnly: true)
            ),
            (
                "A mmap n db wr shared rdonly populate",
                mapping(
                    "n", .file(Operand(name: "db")), [.read, .write], shared: true, populate: true,
                    readOnly: true)
            ),
            (
                "A mmap n anon[4] rwx private populate",
                mapping(
                    "n", .anonymous(pages: 4), [.read, .write, .execute], shared: false,
                    populate: true)
            ),
            ("A munmap m[0..1]", .munmap(P: "A", m01)),
            ("A munmap m", .munmap(P: "A", m)),
            ("A mprotect m[0..1] r", .mprotect(P: "A", m01, .read)),
            ("A madvise m[0] dontneed", .madviseDontneed(P: "A", m0)),
            ("A mremap m 8", .mremap(P: "A", name: "m", pages: 8)),
            (
                "A remap m[0..1] db[2..3]",
                .remapFilePages(P: "A", m01, file: Operand(name: "db", range: 2...3))
            ),
            ("A msync m sync", .msync(P: "A", m, .sync)),
            ("A msync m async", .msync(P: "A", m, .async)),
            ("A msync m[0] invalidate", .msync(P: "A", m0, .invalidate)),
            ("A read m[0]", .read(P: "A", m0)),
            ("A write m[0]", .write(P: "A", m0, value: nil)),
            ("T write m[0] 4294967295", .write(P: "T", m0, value: .max)),
            ("A pread db[0]", .pread(P: "A", db0)),
            ("A pwrite db[0]", .pwrite(P: "A", db0, value: nil)),
            ("A pwrite db[70] 7", .pwrite(P: "A", Operand(name: "db", range: 70...70), value: 7)),
            ("A fsync db", .fsync(P: "A", file: "db")),
            ("A ftruncate db 0", .ftruncate(P: "A", file: "db", pages: 0)),
            ("B poke A m[0]", .poke(P: "B", Q: "A", m0, value: nil)),
            ("B poke A m[0] 7", .poke(P: "B", Q: "A", m0, value: 7)),
            ("B peek A m[0]", .peek(P: "B", Q: "A", m0)),
            ("A pin m[0] write", .pin(P: "A", m0, .write)),
            ("A pin m[0] read", .pin(P: "A", m0, .read)),
            ("A unpin m[0]", .unpin(P: "A", m0)),
            ("A pinwrite m[0]", .pinwrite(P: "A", m0, value: nil)),
            ("A pinwrite m[0] 7", .pinwrite(P: "A", m0, value: 7)),
            ("A fork Q", .fork(P: "A", child: "Q", cpu: nil)),
            ("A fork Q cpu=1", .fork(P: "A", child: "Q", cpu: 1)),
            ("A exit", .exit(P: "A")),
            ("writeback db[0..3]", .writeback(Operand(name: "db", range: 0...3), start: false)),
            ("writeback db[0] start", .writeback(db0, start: true)),
            ("complete db[0]", .complete(db0)),
            ("reclaim db[0]", .reclaim(db0)),
            ("evict db[0]", .evict(db0)),
            ("journal db", .journal(file: "db")),
            ("strip db[0]", .strip(db0)),
            ("crash", .crash),
        ] as [(String, Operation)])
    func `an operation`(line: String, operation: Operation) throws {
        let scenario = try parseAll(setUp + "thread T of A cpu=1\n" + line).get()
        #expect(scenario.statements.last?.command == .operation(operation))
        #expect(scenario.statements.last?.text == line)
    }

    @Test(
        arguments: [
            ("step W", .step(label: "W", .count(1))),
            ("step W 3", .step(label: "W", .count(3))),
            ("step W until set_page_dirty", .step(label: "W", .until(function: "set_page_dirty"))),
            (
                "step W until __set_page_dirty",
                .step(label: "W", .until(function: "__set_page_dirty"))
            ),
            ("finish W", .finish(label: "W")),
            ("thread T of A", .thread(name: "T", of: "A", cpu: nil)),
            ("process Z cpu=0", .process(name: "Z", cpu: 0)),
            ("expect ok", .expect(.outcome("ok"))),
            ("expect SIGBUS", .expect(.outcome("SIGBUS"))),
            ("expect EACCES", .expect(.outcome("EACCES"))),
            ("expect ESRCH", .expect(.outcome("ESRCH"))),
            ("expect value 3", .expect(.value(3))),
            ("expect value null", .expect(.value(nil))),
            ("expect faults minor=1 major=0", .expect(.faults(minor: 1, major: 0))),
            ("expect faults major=2", .expect(.faults(minor: nil, major: 2))),
            (
                "expect db[0] dirty !writeback cached",
                .expect(
                    .page(
                        db0,
                        [
                            FlagTest(name: "dirty", expected: true),
                            FlagTest(name: "writeback", expected: false),
                            FlagTest(name: "cached", expected: true),
                        ]))
            ),
            (
                "expect db !mapped",
                .expect(.page(Operand(name: "db"), [FlagTest(name: "mapped", expected: false)]))
            ),
            ("expect disk db[0] 3", .expect(.disk(db0, 3))),
            (
                "expect A m[0] present !write dirty",
                .expect(
                    .pte(
                        process: "A", m0,
                        [
                            FlagTest(name: "present", expected: true),
                            FlagTest(name: "write", expected: false),
                            FlagTest(name: "dirty", expected: true),
                        ]))
            ),
            (
                "expect A m[0] soft-dirty",
                .expect(.pte(process: "A", m0, [FlagTest(name: "soft-dirty", expected: true)]))
            ),
            (
                "expect A m absent",
                .expect(.pte(process: "A", m, [FlagTest(name: "absent", expected: true)]))
            ),
            ("expect nr_dirty == 1", .expect(.counter("nr_dirty", .equal, 1))),
            ("expect nr_dirty == -1", .expect(.counter("nr_dirty", .equal, -1))),
            ("expect tlb_flush >= 0", .expect(.counter("tlb_flush", .greaterOrEqual, 0))),
            ("expect lost 0", .expect(.lost(0))),
            ("expect invariant I1", .expect(.invariant("I1"))),
            ("expect !invariant I3", .expect(.brokenInvariant("I3"))),
            ("expect invariants", .expect(.invariant(nil))),
            (
                #"say "so \"it\" goes:\n\\ on # not a comment""#,
                .say("so \"it\" goes:\n\\ on # not a comment")
            ),
            (#"chapter "Räume""#, .chapter("Räume")),
            ("pause", .pause(seconds: nil)),
            ("pause 1.5s", .pause(seconds: 1.5)),
            ("pause 2s", .pause(seconds: 2)),
            ("focus A m[0]", .focus(process: "A", m0)),
            ("focus db[0]", .focus(process: nil, db0)),
            ("show tlb", .show("tlb")),
            ("hide page-table", .hide("page-table")),
            (#"note "two minutes left""#, .note("two minutes left")),
        ] as [(String, Command)])
    func `any other command`(line: String, command: Command) throws {
        let scenario = try parseAll(setUp + "W: A write m[0]\n" + line).get()
        #expect(scenario.statements.last?.command == command)
    }

    @Test(
        arguments: [
            ("next", .next), ("faults", .faults), ("outcome", .outcome), ("value", .value), ("writes", .writes),
            ("disk db[0]", .disk(db0)), ("survives db[0]", .survives(db0)), ("db[0]", .page(db0)),
            ("A m[0]", .pte(process: "A", m0)), ("nr_dirty", .counter("nr_dirty")),
        ] as [(String, Prediction)])
    func `every prediction, with a question of its own or not`(words: String, prediction: Prediction) throws {
        let scenario = try parseAll(setUp + "predict \(words)\npredict \(words) \"And then?\"").get()
        #expect(
            scenario.statements.suffix(2).map(\.command) == [
                .predict(prediction, question: nil), .predict(prediction, question: "And then?"),
            ])
    }

    @Test(arguments: Comparison.allCases) func `every comparison`(comparison: Comparison) throws {
        let scenario = try parseAll("expect pgfault \(comparison.rawValue) 5").get()
        #expect(scenario.statements.last?.command == .expect(.counter("pgfault", comparison, 5)))
    }

    @Test func `a label stands before an operation and may come again`() throws {
        let scenario = try parseAll(setUp + "W: A write m[0] # begins\nfinish W\n  W :B exit").get()
        let labelled = scenario.statements.filter { $0.label == "W" }
        #expect(labelled.map(\.text) == ["A write m[0]", "B exit"])
        #expect(
            labelled.map(\.location) == [
                SourceLocation(line: 5, column: 4, length: 12),
                SourceLocation(line: 7, column: 6, length: 6),
            ])
    }

    @Test func `a race holds its lines`() throws {
        let scenario = try parseAll(
            setUp + "race # open\n  A write m[0]\n\n  writeback db[0]\nend\nexpect lost 0"
        ).get()
        let race = try #require(scenario.statements.dropLast().last)
        #expect(race.location == SourceLocation(line: 5, column: 1, length: 4))
        guard case .race(let lines) = race.command else {
            Issue.record("no race")
            return
        }
        #expect(lines.map(\.text) == ["A write m[0]", "writeback db[0]"])
        #expect(lines.map(\.location.line) == [6, 8])
    }
}
