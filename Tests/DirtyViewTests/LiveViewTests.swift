import LiveModel
import SeededRandom
import Testing

@testable import DirtyView

/// A process as `attach` might have seen it: a database of eight pages and a log of two, eight samples.
enum LiveFixture {
    private static let database = LiveFile(device: 0xfe_00000, inode: 4711)
    private static let journal = LiveFile(device: 0xfe_00000, inode: 4712)
    static let base: UInt64 = 0x7f12_3456_0000

    private static func page(_ entry: LivePage.Entry, _ cache: LivePage.Cache, _ frame: UInt64) -> LivePage {
        var folio: LivePage.Folio = [.isKnown, .uptodate]
        if !entry.isEmpty { folio.insert(.mapped) }
        if cache.contains(.dirty) { folio.insert(.dirty) }
        if cache.contains(.writeback) { folio.insert(.writeback) }
        let isThere = entry.contains(.present)
        return LivePage(
            entry: entry, cache: cache.union([.isKnown, .hasTags, .cached]), folio: isThere ? folio : [],
            mapCount: isThere ? 1 : -1, frame: isThere ? frame : 0)
    }

    private static func area(_ start: UInt64, _ pages: [LivePage], _ file: LiveFile, _ path: String) -> LiveArea {
        var area = LiveArea(
            process: 1234, start: start, end: start + UInt64(pages.count) << 12, permissions: "rw-s", offset: 0,
            file: file, path: path)
        area.isWatched = true
        area.tables = [LiveArea.Table(first: 0, pages: pages)]
        return area
    }

    static let header: LiveHeader = {
        var header = LiveHeader(kernel: "Linux 6.18.0 x86_64", title: "process 1234", rate: 10)
        header.faultTimes = FaultTimes(absentLoad: 600, absentStore: 2100, writeProtect: 1500)
        header.sources = [
            LiveSource(name: "pte", means: "page tables, copied by a BPF program", obstacle: nil),
            LiveSource(name: "present", means: "the same", obstacle: nil),
            LiveSource(name: "folio", means: "/proc/kpageflags", obstacle: "not permitted"),
            LiveSource(name: "cache", means: "cachestat(2)", obstacle: nil),
            LiveSource(name: "events", means: "tracepoints, by BPF programs", obstacle: nil),
        ]
        return header
    }()

    static let samples: [LiveSample] = {
        let clean: LivePage.Entry = [.present, .user, .accessed]
        let written: LivePage.Entry = [.present, .user, .accessed, .write, .dirty]
        var result: [LiveSample] = []
        var ledger = LiveLedger()
        for number in 1...8 {
            var sample = LiveSample(number: number, time: UInt64(number - 1) * 300_000_000)
            (sample.cost, sample.rate) = (900_000, 10)
            sample.processes = [LiveProcess(id: 1234, name: "data\u{1b}base", startTime: 1)]
            var pages = (0..<8).map { page(clean, [], 0x1000 + UInt64($0)) }
            pages[7] = page([], [], 0)
            // Stores from the third sample on, a sync before the seventh.
            if (3...6).contains(number) {
                for index in 1...number - 2 { pages[index] = page(written, .dirty, 0x1000 + UInt64(index)) }
            }
            if number == 7 { for index in 1...4 { pages[index] = page(clean, .writeback, 0x1000 + UInt64(index)) } }
            let key = MappingKey(process: 1234, file: database, base: base)
            func event(_ offset: UInt64, _ kind: LiveEvent.Kind, _ mapping: MappingKey? = nil) {
                let event = LiveEvent(
                    time: sample.time - 100_000_000 + offset, process: 1234, thread: 1234, kind: kind, mapping: mapping)
                sample.events.append(event)
                ledger.note(event) { file, _ in file == database ? [key] : [] }
            }
            if (3...6).contains(number) {
                let index = UInt64(number - 2)
                event(10_000, .fault(.writeProtect, address: base + index << 12 + 8, instruction: 0x401000), key)
                event(13_000, .dirtied(database, page: index, pages: 1))
            }
            if number == 7 {
                event(5_000, .call("msync", [base, 0x8000, 4]))
                event(30_000, .written(database, page: 1, pages: 4))
            }
            if number == 8 { event(40_000, .returned("msync", 0)) }
            sample.accounts = ledger.accounts
            var heap = LiveArea(
                process: 1234, start: 0x55aa_0000_0000, end: 0x55aa_0002_1000, permissions: "rw-p", offset: 0,
                file: LiveFile(device: 0, inode: 0), path: "[heap]")
            heap.totals = LiveArea.Totals()
            sample.areas = [
                heap, area(base, pages, database, "/var/lib/\u{1b}[31mdata.mdb"),
                area(base + 0x10_0000, [page(clean, [], 0x2000), page([], [], 0)], journal, "/var/lib/lock.mdb"),
            ]
            result.append(sample)
        }
        return result
    }()

    static func player(_ keys: String = "", size: Size = Size(80, 24), isLive: Bool = true) -> LivePlayer {
        var player = LivePlayer(LiveHistory(header: header, limit: 100), isLive: isLive, glyphs: .letters)
        player.attach(size: size, glyphs: .letters)
        for sample in samples { player.append(sample, header: header) }
        for key in keys.unicodeScalars { player.press(Key(key)) }
        return player
    }
}

/// The screen of a real process.
@Suite struct LiveViewTests {
    private static let sizes = [Size(20, 5), Size(40, 12), Size(80, 24), Size(120, 40), Size(200, 60)]

    @Test(arguments: sizes)
    func `dirty pages, and what changed`(_ size: Size) {
        let player = LiveFixture.player("SS", size: size)
        Snapshot.check(player.frame(size: size), "live-\(size.columns)x\(size.rows)")
    }

    @Test func `every pane fits every size`() {
        for columns in stride(from: 1, through: 210, by: 19) {
            for rows in stride(from: 1, through: 61, by: 5) {
                let size = Size(columns, rows)
                for pane in "123456" {
                    let player = LiveFixture.player("\(pane)z", size: size)
                    #expect(player.frame(size: size).size == size)
                }
            }
        }
    }

    @Test func `steps go back and forward, and the newest is followed again`() {
        var player = LiveFixture.player()
        #expect(player.sample?.number == 8)
        for key in "SSS" { player.press(.character(key.unicodeScalars.first!)) }
        #expect(player.sample?.number == 5)
        #expect(!player.isFollowing)
        player.append(LiveSample(number: 9, time: 3_000_000_000), header: LiveFixture.header)
        #expect(player.sample?.number == 5, "what is held stays")
        player.press(.character("s"))
        #expect(player.sample?.number == 6)
        player.press(.character("G"))
        #expect(player.sample?.number == 9)
        #expect(player.isFollowing)
        player.press(.character("s"))
        let looks = [player.takesLook(), player.takesLook()]
        #expect(looks == [true, false])
    }

    @Test func `the selected page is followed through time`() {
        var player = LiveFixture.player("g:page 2\r")
        player.press(.character("}"))
        #expect(player.sample?.number == 4, "page 2 gets dirty")
        player.press(.character("}"))
        #expect(player.sample?.number == 7, "and is written")
        player.press(.character("{"))
        #expect(player.sample?.number == 4)
        player.press(.character("e"))
        #expect(player.sample?.number == 5)
        player.press(.character("c"))
        #expect(player.sample?.number == 6)
    }

    @Test func `the line below answers which mapping and how long`() {
        let player = LiveFixture.player()
        #expect(player.rates.first?.account.writeProtects == 4)
        #expect(
            player.answer
                == "?[31mdata.mdb: 4 write-protect faults, 2/s = less than 0.1% of a CPU; a page stays dirty 750 ms, at most 1.2 s")
    }

    @Test func `a bounded history forgets the oldest`() {
        var player = LivePlayer(LiveHistory(header: LiveFixture.header, limit: 3), isLive: true)
        for sample in LiveFixture.samples.prefix(3) { player.append(sample, header: LiveFixture.header) }
        player.press(.character("g"))
        for sample in LiveFixture.samples.dropFirst(3) { player.append(sample, header: LiveFixture.header) }
        #expect(player.history.samples.map(\.number) == [6, 7, 8])
        #expect(player.sample?.number == 6)
        player.press(.character("S"))
        #expect(player.frame(size: Size(80, 24)).text.contains("older samples are not kept"))
    }

    @Test func `names from outside never reach the terminal raw`() {
        for size in Self.sizes {
            for cell in LiveFixture.player("1", size: size).frame(size: size).cells {
                #expect(cell.scalar.value >= 0x20 && cell.scalar.value != 0x7f)
            }
        }
    }

    @Test func `any keys leave it standing`() {
        var random = SplitMix(seed: 7)
        func key() -> Key { Self.keys[Int(random.next() % UInt64(Self.keys.count))] }
        var player = LiveFixture.player()
        for round in 0..<2000 {
            player.press(key())
            if round % 50 == 0 { _ = player.frame(size: Size(80, 24)) }
        }
        var empty = LivePlayer(LiveHistory(header: LiveFixture.header, limit: 3), isLive: true)
        for _ in 0..<500 {
            empty.press(key())
            _ = empty.frame(size: Size(80, 24))
        }
    }

    private static let keys: [Key] =
        "sSnNeEcC{}[]gG +-=hjkl123456789za/:?q%0pae ".unicodeScalars.map { Key($0) } + [
            .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .tab, .backTab, .backspace,
        ]
}

/// The model beside a machine.
@Suite struct BesideViewTests {
    private typealias Side = BesideStep.Side

    private static func player(_ keys: String = "", kernel: String = "6.18.44 x86_64") -> BesidePlayer {
        let clean = Side(entry: "p-ua--", cache: "c--", word: "CLEAN")
        let aged = Side(entry: "p-u---", cache: "c--", word: "CLEAN")
        let dirty = Side(entry: "pwuad-", cache: "cd-", word: "DIRTY")
        let unseen = Side(entry: "p?????", cache: "???", word: "MAPPED,?")
        func step(_ line: Int, _ command: String, _ rows: [(Side, Side)], _ differences: [String] = []) -> BesideStep {
            BesideStep(
                line: line, command: command, modelOutcome: "ok  1+0 faults", hostOutcome: "ok  1+0 faults",
                rows: rows.enumerated().map { BesideStep.Row(place: "A m[\($0)]", model: $1.0, host: $1.1) },
                differences: differences)
        }
        var player = BesidePlayer(
            [
                step(4, "A read m[0]", [(clean, aged), (clean, unseen)]),
                step(5, "A write m[1]", [(clean, clean), (dirty, unseen)]),
                step(6, "A msync m sync", [(clean, clean), (dirty, clean)], ["ptes of A m[1]: model PWU.D-, kernel P-U.--"]),
            ], title: "first store", kernel: kernel, closing: "the sides differ", glyphs: .letters)
        player.attach(size: Size(80, 24), glyphs: .letters)
        for key in keys.unicodeScalars { player.press(Key(key)) }
        return player
    }

    @Test func `cells that differ are marked`() {
        Snapshot.check(Self.player("c").frame(size: Size(80, 24)), "beside-80x24")
    }

    @Test func `accessed bits and what is not revealed make no difference`() {
        let player = Self.player("c")
        #expect(player.steps.map(\.differs) == [false, false, true])
        #expect(player.position == 2)
        #expect(Self.player("cSS").position == 0)
        #expect(Self.player("css").frame(size: Size(80, 24)).text.contains("this is the end: the sides differ"))
        #expect(player.steps[2].lines.contains { $0.hasSuffix("*") && $0.contains("A m[1]") })
    }

    @Test func `it fits every size`() {
        for columns in stride(from: 1, through: 130, by: 3) {
            for rows in 1...30 {
                #expect(Self.player("c", kernel: "a\u{1b}[2J").frame(size: Size(columns, rows)).cells.allSatisfy { $0.scalar.value >= 0x20 })
            }
        }
    }
}
