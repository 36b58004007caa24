import DirtyMachine
import Testing

@testable import LiveModel

/// Samples survive being written and read again.
@Suite struct RecordingTests {
    static let header: LiveHeader = {
        var header = LiveHeader(kernel: "Linux 6.18.0 x86_64", title: "a \"program\"\u{1b}[2J", rate: 10)
        header.faultTimes = FaultTimes(absentLoad: 500, absentStore: 2000, writeProtect: 1500)
        header.sources = [
            LiveSource(name: "pte", means: "page tables", obstacle: nil),
            LiveSource(name: "cache", means: "cachestat(2)", obstacle: "kernel older than 6.5"),
        ]
        return header
    }()
    static let file = LiveFile(device: 0xfe_00000, inode: 1_015_844)

    /// Samples of a file of four pages below a private VMA.
    static func samples() -> [LiveSample] {
        var area = LiveArea(
            process: 77, start: 0x7f00_0000_1000, end: 0x7f00_0000_5000, permissions: "rw-s", offset: 0x2000,
            file: file, path: "/tmp/a\u{7}b.db")
        area.isWatched = true
        var totals = LiveArea.Totals()
        totals.rss = 16
        totals.flags = ["rd", "wr", "sh"]
        area.totals = totals
        let clean = LivePage(
            entry: [.present, .user, .accessed], cache: [.isKnown, .hasTags, .cached],
            folio: [.isKnown, .uptodate, .mapped], mapCount: 1, frame: 0x1f4d1b)
        var dirty = clean
        dirty.entry.formUnion([.write, .dirty])
        dirty.cache.insert(.dirty)
        dirty.folio.insert(.dirty)
        var second = clean
        second.frame += 1
        area.tables = [LiveArea.Table(first: 0, pages: [clean, second, clean, .nothing])]
        let other = LiveArea(
            process: 77, start: 0x1000, end: 0x2000, permissions: "rw-p", offset: 0,
            file: LiveFile(device: 0, inode: 0), path: "[heap]")
        var first = LiveSample(number: 1, time: 0)
        first.cost = 1234
        first.rate = 9.5
        first.processes = [LiveProcess(id: 77, name: "evil\nname", startTime: 148_037)]
        first.areas = [other, area]

        var next = first
        (next.number, next.time) = (2, 100_000_000)
        next.areas[1].tables[0].pages[1] = dirty
        let key = area.key
        next.events = [
            LiveEvent(
                time: 5, process: 77, thread: 78,
                kind: .fault(.writeProtect, address: 0x7f00_0000_2000, instruction: 0x401000), mapping: key),
            LiveEvent(time: 6, process: 77, thread: 78, kind: .dirtied(file, page: 3, pages: 1)),
            LiveEvent(time: 7, process: 77, thread: 78, kind: .call("msync", [0x7f00_0000_1000, 4096, 4])),
            LiveEvent(time: 8, process: 77, thread: 78, kind: .written(file, page: 3, pages: 1)),
            LiveEvent(time: 9, process: 77, thread: 78, kind: .returned("msync", -5)),
            LiveEvent(time: 10, process: 77, thread: 77, kind: .fork(child: 80)),
        ]
        var account = LiveAccount()
        account.writeProtects = 1
        account.dirtied = 1
        next.accounts = [key: account]
        next.notes = ["something is missing"]

        // mprotect cuts the mapping in two, then one half goes.
        var cut = next
        (cut.number, cut.events) = (3, [])
        var tail = next.areas[1]
        tail.start = 0x7f00_0000_3000
        tail.offset += 0x2000
        tail.tables = [LiveArea.Table(first: 0, pages: [clean, .nothing])]
        cut.areas[1].end = 0x7f00_0000_3000
        cut.areas[1].tables = [LiveArea.Table(first: 0, pages: [clean, dirty])]
        cut.areas.append(tail)
        var over = cut
        over.number = 4
        over.areas = [other, tail]
        over.processes[0].hasEnded = true
        return [first, next, cut, over]
    }

    @Test func `what was written is read again`() throws {
        var json = LiveJSON()
        let lines = [LiveJSON.line(Self.header)] + Self.samples().map { json.line($0) }
        #expect(LiveRecording.isRecording(lines[0]))
        for line in lines { #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 }) }
        var recording = try LiveRecording(header: lines[0])
        #expect(recording.header == Self.header)
        for (line, sample) in zip(lines.dropFirst(), Self.samples()) {
            #expect(try recording.sample(line) == sample)
        }
    }

    @Test func `only what is different is written`() {
        var json = LiveJSON()
        let lines = Self.samples().map { json.line($0) }
        #expect(lines[0].contains(#""page":0,"count":2"#), "pages that differ in rising frames are one run")
        #expect(!lines[1].contains(#""page":0,"#))
        #expect(lines[1].contains(#""page":1,"count":1,"state":"DIRTY","pte":"pwuad-""#))
        #expect(lines[1].contains(#""others":null"#))
    }

    @Test func `bad recordings are refused with their line`() throws {
        #expect(throws: LiveRecording.Failure.self) { try LiveRecording(header: "{}") }
        #expect(throws: LiveRecording.Failure(line: 1, text: "a recording of another format than 1")) {
            try LiveRecording(header: #"{"dirtyscope":"live","format":2}"#)
        }
        let bad = [
            "", "nonsense", "[]", "{\"sample\":1}", String(repeating: "[", count: 100_000),
            #"{"sample":1,"time":0,"areas":[{}]}"#,
            #"{"sample":1,"time":0,"areas":[{"pid":1,"start":"0x2000","end":"0x1000","device":0,"inode":0}]}"#,
            #"{"sample":1,"time":0,"areas":[{"pid":1,"start":"0x1000","end":"0x2000","device":0,"inode":0,"pages":[{"page":0,"count":999999}]}]}"#,
            #"{"sample":1.5,"time":0,"areas":[]}"#, #"{"sample":1,"time":0,"areas":[]} x"#,
        ]
        for line in bad {
            var recording = try LiveRecording(header: LiveJSON.line(Self.header))
            #expect { _ = try recording.sample(line) } throws: { ($0 as? LiveRecording.Failure)?.line == 2 }
        }
    }

    @Test func `letters tell what is known and what is not`() {
        #expect(LivePage.nothing.entryLetters == "......")
        #expect(LivePage(x86: 0x8000_0001_2345_6067, isHuge: false).entryLetters == "pwuad-")
        #expect(LivePage(x86: 0x8000_0001_2345_6067, isHuge: false).frame == 0x123456)
        #expect(LivePage(x86: 1 << 58 | 5, isHuge: false).entryLetters == "p-u-dx", "D kept in bit 58")
        #expect(LivePage(x86: 0x7c00_0000_0000_0400, isHuge: false).entryLetters == "swap..")
        #expect(LivePage(pagemap: 1 << 63 | 1 << 61 | 5).entryLetters == "p?????")
        #expect(LivePage(pagemap: 1 << 63 | 1 << 61 | 5).folioLetters == "????????")
        #expect(LivePage(pagemap: 1 << 63).word == .anonymous)
        #expect(LivePage.nothing.cacheLetters == "???")
        #expect(LivePage(cache: [.isKnown, .cached]).cacheLetters == "c??")
    }
}
