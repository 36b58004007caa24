import DirtyMachine
import DirtyScript
import Testing

@testable import DirtyView

/// Chains of causes: every link is a step that did what it says, and leads on to the one before.
@Suite struct WhyTests {
    private func session(_ text: String) throws -> Session {
        var session = try Fixture.session(text)
        _ = try session.run()
        return session
    }

    @Test(arguments: [
        ("disk db[0]", "value on disk"), ("db[0] disk", "value on disk"), ("disk", "value on disk"),
        ("is db[0] dirty?", "page dirty"), ("dirty", "pte dirty"), ("write A m[0]", "pte write"),
        ("m[0]", "pte write"), ("mem m[0]", "value in memory"), ("tag dirty db[0]", "tag dirty"),
        ("page writeback db[0]", "page writeback"),
    ])
    func aBitCanBeNamedAsPeopleDo(_ typed: String, _ label: String) throws {
        var player = try Fixture.player(Fixture.firstStore, "G")
        player.enter("why " + typed)
        guard case .why(let answer)? = player.insight.sheet else { Issue.record("no answer: \(player.lastRow)"); return }
        #expect(answer.questions[answer.asked].label == label)
    }

    @Test func whatCannotBeAskedSaysWhatCan() throws {
        var player = try Fixture.player(Fixture.firstStore, "G", size: Size(160, 40))
        player.enter("why dks db[0]")
        #expect(player.insight.sheet == nil)
        #expect(player.message?.text.hasSuffix("why takes db[0], A m[0], a counter, a task or lost, and a bit before it: disk db[0]") == true)
        player.type(":why dis")
        player.press(.tab)
        player.type("d")
        player.press(.tab)
        #expect(player.command.text == "why disk db ")
    }

    /// The whole of each cause is there, whatever the width.
    @Test(arguments: [Size(80, 24), Size(120, 40), Size(200, 60)])
    func noCauseIsCut(_ size: Size) throws {
        let player = try Fixture.player(Fixture.firstStore, "Gw", size: size)
        let rows = player.frame(size: size).text.split(separator: "\n").map(String.init)
        let sheet = rows.drop { !$0.contains("Why:") }
        #expect(!sheet.dropLast(4).contains { $0.contains("~") }, "\(sheet.joined(separator: "\n"))")
    }

    private func functions(_ causes: [Cause]) -> [KernelFunction?] { causes.map { $0.frame?.function } }

    /// The first store: counted, because the page was dirtied, because the fault made the PTE writable,
    /// because the store found it read-only, because a load had installed it so, because there was
    /// none, because of mmap.
    @Test func fromACounterToTheMapping() throws {
        var session = try Fixture.session(Fixture.firstStore)
        while session.machine.state.counter(.nr_dirty) == 0 { _ = session.advance() }
        let causes = session.why("nr_dirty")
        #expect(causes[0].touches.map(\.text) == ["nr_dirty 0 -> 1"])
        #expect(causes[1].touches.map(\.text) == ["db.folio[0].dirty 0 -> 1"])
        #expect(causes[2].touches.map(\.text).contains("A.m.pte[0].write 0 -> 1"))
        #expect(causes[2].stack.contains(.do_wp_page))
        #expect(causes[3].frame?.function == .user_store && causes[3].touches.isEmpty)
        #expect(causes[3].because == "the store found the PTE without its write bit")
        #expect(causes[4].touches.map(\.text).contains("A.m.pte[0].present 0 -> 1"))
        #expect(causes[4].command == "A read m[0]")
        #expect(causes[5].frame?.function == .user_load)
        #expect(causes[6].command == "A mmap m db rw shared")
        #expect(causes.map(\.position) == causes.map(\.position).sorted(by: >))
    }

    /// Write-protected again, because writeback cleans a dirty page, because of the store.
    @Test func whatWriteProtectsAPageAgain() throws {
        let session = try session(Fixture.firstStore)
        let causes = session.why("A.m.pte[0].write", value: "0")
        #expect(causes[0].stack.contains(.page_mkclean_one))
        #expect(causes[0].command == "A fsync db")
        #expect(causes[1].touches.map(\.text) == ["db.folio[0].dirty 0 -> 1"])
        #expect(causes[1].command == "A write m[0]")
    }

    @Test func theValueOnDiskComesFromTheStore() throws {
        let causes = try session(Fixture.firstStore).why("db.disk[0]")
        #expect(causes[0].touches.map(\.text) == ["db.disk[0] 0 -> 1"])
        let paths = causes.flatMap(\.touches).map(\.path)
        #expect(paths.contains("db.folio[0].writeback"))
        #expect(paths.contains("db.folio[0].dirty"))
        #expect(causes.last?.command == "A mmap m db rw shared" || causes.last?.position == 0)
    }

    /// The store of 2 is lost when the page goes; it could go because it was clean, and so on back.
    @Test func aLostStore() throws {
        let session = try session(Fixture.lost)
        let question = try #require(session.questions(about: .page(file: "db", index: 0)).first)
        #expect(question.lost?.value == 2)
        let causes = session.why(question)
        #expect(causes[0].command == "reclaim db[0]")
        let before = try #require(session.machine.lostStores.first)
        var copy = session
        copy.go(to: causes[0].position)
        #expect(copy.machine.lostStores == [before])
        copy.stepBack()
        #expect(copy.machine.lostStores.isEmpty)
    }

    /// Every link of every chain names a step that did change what it says to what it says.
    @Test(arguments: [Fixture.firstStore, Fixture.lost, Fixture.race, PerspectiveTests.waiting])
    func noLinkIsInvented(text: String) throws {
        let session = try session(text)
        for index in 0..<1 {
            for item in [Item.page(file: "db", index: index), .mapped(process: "A", mapping: "m", index: index)] {
                for question in session.questions(about: item) {
                    var last = session.position + 1
                    for cause in session.why(question) {
                        #expect(cause.position < last || cause.position == 0)
                        last = cause.position
                        var then = session
                        then.go(to: cause.position)
                        let made = cause.position == 0 ? [] : then.latestAlterations.map { "\($0.path) \($0.old) -> \($0.new)" }
                        for touch in cause.touches { #expect(made.contains(touch.text)) }
                    }
                }
            }
        }
    }

    /// The call path has a cursor of its own; b and w there are about the function under it.
    @Test func theCallPathIsAboutFunctions() throws {
        var player = try Fixture.player(Fixture.firstStore, "]]]", size: Size(120, 40))
        player.enter("break do_wp_page")
        player.type("cs3")
        player.enter("delete all")
        func row(_ mark: Character) -> String? {
            player.frame(size: Size(120, 40)).text.split(separator: "\n").map { $0.split { "|+".contains($0) }.last ?? "" }
                .first { $0.first == mark }.map(String.init)
        }
        // At first on the function that runs, on another after moving.
        #expect(row(">")?.contains("do_wp_page") == true)
        player.press(.up)
        let caller = try #require(row(">"))
        #expect(!caller.contains("do_wp_page"))
        player.press(.down)
        player.type("b")
        #expect(player.insight.breakpoints.all.map(\.text) == ["break do_wp_page"])
        player.type("w")
        let text = player.frame(size: Size(120, 40)).text
        #expect(text.contains("Why: do_wp_page runs"))
        #expect(text.contains("the store found the PTE without its write bit"))
        let causes = player.session.why(try #require(player.session.questions(about: .do_wp_page).first))
        #expect(causes[0].note.contains("calls do_wp_page"))
        #expect(causes.contains { $0.note == "the store cannot go through: the CPU enters do_page_fault" })
        #expect(causes.map(\.position) == causes.map(\.position).sorted(by: >))
        // Where nobody is in the kernel no other pane's page is taken instead.
        player.press(.escape)
        player.type("gb")
        #expect(player.lastRow.hasPrefix("! no function is selected"))
    }

    // MARK: The sheet

    @Test func eachLineIsAJump() throws {
        var player = try Fixture.player(Fixture.firstStore, "G", size: Size(120, 40))
        let end = player.session.position
        player.enter("why A.m.pte[0].write")
        #expect(player.frame(size: Size(120, 40)).text.contains("Why: A.m.pte[0].write"))
        player.press(.down)
        player.press(.enter)
        let here = player.session.position
        #expect(here < end)
        #expect(player.session.latestAlterations.contains { $0.path == "db.folio[0].dirty" && $0.new == "1" })
        // The chain stays open, and '' goes back.
        #expect(player.frame(size: Size(120, 40)).text.contains("Why: A.m.pte[0].write"))
        player.press(.escape)
        player.type("''")
        #expect(player.session.position == end)
    }

    @Test func leftAndRightAskAboutOtherBits() throws {
        var player = try Fixture.player(Fixture.firstStore, "G")
        player.type("w")
        var titles: Set<String> = []
        for _ in 0..<20 {
            let text = player.frame(size: Size(80, 24)).text
            titles.formUnion(text.split(separator: "\n").filter { $0.contains("Why: ") }.map(String.init))
            player.press(.right)
        }
        #expect(titles.count > 6)
    }

    @Test(arguments: [
        ("why lost", "no store is lost"), ("why nonsense", "! unknown thing to watch"),
    ])
    func whatCannotBeAsked(command: String, answer: String) throws {
        var player = try Fixture.player(Fixture.firstStore, "G")
        player.enter(command)
        #expect(player.lastRow.hasPrefix(answer))
    }

    @Test(arguments: [Size(80, 24), Size(120, 40), Size(200, 60)])
    func theChain(_ size: Size) throws {
        var player = try Fixture.player(Fixture.lost, "G", size: size)
        player.type("w")
        player.press(.down)
        Snapshot.check(player.frame(size: size), "why-\(size.columns)x\(size.rows)")
    }
}

/// Bookmarks, and what differs between two moments.
@Suite struct MomentTests {
    @Test func aMarkIsFoundAgain() throws {
        var player = try Fixture.player(Fixture.firstStore, "ssssma")
        player.type("G'a")
        #expect(player.session.position == 4)
        player.type("''")
        #expect(player.session.isAtEnd)
        player.type("'q")
        #expect(player.lastRow == "! no mark q; there are a")
    }

    @Test func aMarkOnAnotherWayIsTold() throws {
        var player = try Fixture.player(Fixture.race, "c")
        player.type("t222")
        player.press(.escape)
        player.type("maSSSt111")
        player.press(.escape)
        player.type("'a")
        #expect(player.lastRow.contains("another way was gone"))
    }

    /// The differences are those of the two states, whatever happened in between.
    @Test func whatDiffersIsTheNet() throws {
        var session = try Fixture.session(Fixture.firstStore)
        _ = try session.run()
        for (first, last) in [(0, session.position), (10, 40), (30, session.position - 5)] {
            var (then, now) = (session, session)
            then.go(to: first)
            now.go(to: last)
            let differences = try #require(session.differences(from: first, to: last))
            #expect(!differences.isEmpty)
            for difference in differences {
                #expect(difference.old != difference.new)
                let step = try #require(difference.position)
                #expect((first + 1...last).contains(step))
                var made = session
                made.go(to: step)
                #expect(made.latestAlterations.contains { $0.path == difference.path })
            }
            let dirty = differences.first { $0.path == "nr_dirty" }
            #expect((dirty != nil) == (then.machine.state.counter(.nr_dirty) != now.machine.state.counter(.nr_dirty)))
        }
    }

    /// A caption is no command; a run is compared with its beginning, a step with that of its command.
    @Test func withoutAMarkItIsTheLatestRunOrCommand() throws {
        var player = try Fixture.player(Fixture.firstStore, "]]]e", size: Size(120, 40))
        let begin = player.session.positionBefore("A write m[0]")
        func title() -> String {
            player.frame(size: Size(120, 40)).text.split(separator: "\n").first { $0.contains("Differences ") }.map(String.init) ?? ""
        }
        player.type("d")
        #expect(title().contains("Differences by the latest run  steps \(begin) to \(player.session.position)"))
        #expect(player.frame(size: Size(120, 40)).text.contains("nr_dirty"))
        player.press(.right)
        #expect(title().contains("Differences by A write m[0]  steps \(begin) to \(player.session.position)"))
        player.press(.escape)
        player.type("Sd")
        #expect(title().contains("Differences by A write m[0]  steps \(begin) to \(player.session.position)"))
        player.press(.escape)
        // The fsync is compared as a whole at the end, where nothing but a check has come after it.
        player.type("GSssd")
        #expect(title().contains("Differences by A fsync db"))
    }

    /// A key that leads nowhere leaves the marks of what changed as they are.
    @Test func atTheEndNothingChanges() throws {
        var player = try Fixture.player(Fixture.firstStore, "]]]eee")
        player.message = nil
        let frame = player.frame(size: Size(80, 24)).text
        player.type("e")
        #expect(player.lastRow.hasPrefix("! the script is at its end"))
        player.message = nil
        #expect(player.frame(size: Size(80, 24)).text == frame)
    }

    @Test func theSheetFollowsTheSession() throws {
        var player = try Fixture.player(Fixture.firstStore, "]]]ma", size: Size(120, 40))
        player.type("d")
        #expect(player.frame(size: Size(120, 40)).text.contains("this is that moment"))
        player.type("e")
        #expect(player.frame(size: Size(120, 40)).text.contains("nr_dirty"))
    }

    @Test(arguments: [Size(80, 24), Size(120, 40), Size(200, 60)])
    func theDifferences(_ size: Size) throws {
        var player = try Fixture.player(Fixture.firstStore, "]]ma", size: size)
        player.type("]ed")
        player.press(.down)
        Snapshot.check(player.frame(size: size), "differences-\(size.columns)x\(size.rows)")
    }
}

extension Session {
    /// Where a command begins.
    fileprivate func positionBefore(_ command: String) -> Int {
        var copy = self
        while copy.position > 0, copy.latestCommand.text != command { copy.stepBack() }
        return copy.latestCommand.position
    }
}
