import DirtyScript

/// Samples as JSON Lines: a header, then one object a sample. Of pages only those are written that are
/// different from the sample before; the first sample is complete.
public struct LiveJSON {
    private var last: LiveSample?

    public static let format = 1

    public init() {}

    /// The first line.
    public static func line(_ header: LiveHeader) -> String {
        var json = JSONWriter()
        json.object([
            ("dirtyscope", { $0.string("live") }),
            ("format", { $0.number(format) }),
            ("kernel", { $0.string(header.kernel) }),
            ("title", { $0.string(header.title) }),
            ("rate", { $0.number(Int(header.rate)) }),
            (
                "faultTimes",
                { json in
                    guard let times = header.faultTimes else { return json.null() }
                    json.object([
                        ("absentLoad", { $0.number(times.absentLoad) }),
                        ("absentStore", { $0.number(times.absentStore) }),
                        ("writeProtect", { $0.number(times.writeProtect) }),
                    ])
                }
            ),
            (
                "sources",
                { json in
                    json.array(header.sources) { json, source in
                        json.object([
                            ("name", { $0.string(source.name) }),
                            ("means", { $0.string(source.means) }),
                            ("obstacle", { if let why = source.obstacle { $0.string(why) } else { $0.null() } }),
                        ])
                    }
                }
            ),
        ])
        return json.text
    }

    /// The next line.
    public mutating func line(_ sample: LiveSample) -> String {
        let old = last
        last = sample
        var json = JSONWriter()
        json.object([
            ("sample", { $0.number(sample.number) }),
            ("time", { $0.number(sample.time) }),
            ("cost", { $0.number(sample.cost) }),
            // Tenths: the writer knows whole numbers only.
            ("rateTenths", { $0.number(Int((sample.rate * 10).rounded())) }),
            ("lostEvents", { $0.number(sample.lostEvents) }),
            ("processes", { $0.array(sample.processes, Self.process) }),
            ("areas", { $0.array(sample.areas.filter(\.isWatched)) { Self.area(&$0, $1, old) } }),
            // VMAs that are not watched, or null where they are as before.
            (
                "others",
                { json in
                    let others = sample.areas.filter { !$0.isWatched }
                    if let old, old.areas.filter({ !$0.isWatched }) == others { return json.null() }
                    json.array(others) { Self.area(&$0, $1, nil) }
                }
            ),
            ("events", { $0.array(sample.events, Self.event) }),
            (
                "accounts",
                { json in
                    json.array(sample.accounts.sorted { $0.key < $1.key }) {
                        Self.account(&$0, key: $1.key, $1.value)
                    }
                }
            ),
            ("notes", { $0.array(sample.notes) { $0.string($1) } }),
        ])
        return json.text
    }

    private static func process(_ json: inout JSONWriter, _ process: LiveProcess) {
        json.object([
            ("pid", { $0.number(process.id) }),
            ("name", { $0.string(process.name) }),
            ("startTime", { $0.number(process.startTime) }),
            ("execs", { $0.number(process.execs) }),
            ("ended", { $0.bool(process.hasEnded) }),
        ])
    }

    private static func area(_ json: inout JSONWriter, _ area: LiveArea, _ last: LiveSample?) {
        var members: [(String, (inout JSONWriter) -> Void)] = [
            ("pid", { $0.number(area.process) }),
            ("start", { $0.string(hex(area.start)) }),
            ("end", { $0.string(hex(area.end)) }),
            ("perm", { $0.string(area.permissions) }),
            ("offset", { $0.number(area.offset) }),
            ("device", { $0.number(area.file.device) }),
            ("inode", { $0.number(area.file.inode) }),
            ("path", { $0.string(area.path) }),
        ]
        if let totals = area.totals {
            members.append(
                (
                    "smaps",
                    {
                        $0.object([
                            ("rss", { $0.number(totals.rss) }),
                            ("sharedDirty", { $0.number(totals.sharedDirty) }),
                            ("privateDirty", { $0.number(totals.privateDirty) }),
                            ("flags", { $0.string(totals.flags.joined(separator: " ")) }),
                        ])
                    }
                ))
        }
        if area.isWatched {
            let old = last?.areas.first { $0.process == area.process && $0.start == area.start && $0.isWatched }
            members.append(("pages", { $0.array(runs(area, since: old), run) }))
        }
        json.object(members)
    }

    /// Neighbouring pages that are alike but for their frames, which rise by one.
    private struct Run {
        var first: Int
        var count: Int
        var page: LivePage
    }

    private static func runs(_ area: LiveArea, since old: LiveArea?) -> [Run] {
        var result: [Run] = []
        func add(_ index: Int, _ page: LivePage) {
            if let last = result.last, last.first + last.count == index {
                var expected = last.page
                if expected.frame != 0 { expected.frame += UInt64(last.count) }
                if expected == page {
                    result[result.count - 1].count += 1
                    return
                }
            }
            result.append(Run(first: index, count: 1, page: page))
        }
        var firsts = Set(area.tables.map(\.first))
        if let old { firsts.formUnion(old.tables.map(\.first)) }
        for first in firsts.sorted() {
            let new = area.table(of: first).map { area.tables[$0] }
            let was = old.flatMap { old in old.table(of: first).map { old.tables[$0] } }
            if new == was { continue }
            let count = min(max(new?.pages.count ?? 0, was?.pages.count ?? 0), area.pageCount - first)
            for index in first..<max(first, first + count) {
                let page = area.page(index)
                if old == nil || old!.page(index) != page { add(index, page) }
            }
        }
        return result
    }

    private static func run(_ json: inout JSONWriter, _ run: Run) {
        let page = run.page
        json.object([
            ("page", { $0.number(run.first) }),
            ("count", { $0.number(run.count) }),
            ("state", { $0.string(page.stateText) }),
            ("pte", { $0.string(page.entryLetters) }),
            ("pteBits", { $0.number(page.entry.rawValue) }),
            ("cache", { $0.string(page.cacheLetters) }),
            ("cacheBits", { $0.number(page.cache.rawValue) }),
            ("folio", { $0.string(page.folioLetters) }),
            ("folioBits", { $0.number(page.folio.rawValue) }),
            ("maps", { if page.mapCount >= 0 { $0.number(page.mapCount) } else { $0.null() } }),
            ("pfn", { if page.frame != 0 { $0.number(page.frame) } else { $0.null() } }),
        ])
    }

    private static func event(_ json: inout JSONWriter, _ event: LiveEvent) {
        var members: [(String, (inout JSONWriter) -> Void)] = [
            ("time", { $0.number(event.time) }), ("pid", { $0.number(event.process) }),
            ("tid", { $0.number(event.thread) }),
        ]
        func add(_ kind: String, _ more: [(String, (inout JSONWriter) -> Void)]) {
            members.append(("event", { $0.string(kind) }))
            members += more
        }
        func pages(_ file: LiveFile, _ page: UInt64, _ count: Int) -> [(String, (inout JSONWriter) -> Void)] {
            [
                ("device", { $0.number(file.device) }), ("inode", { $0.number(file.inode) }),
                ("page", { $0.number(page) }), ("count", { $0.number(count) }),
            ]
        }
        switch event.kind {
        case .fault(let fault, let address, let instruction):
            add("fault", [
                ("kind", { $0.string(fault.rawValue) }), ("address", { $0.string(hex(address)) }),
                ("ip", { $0.string(hex(instruction)) }),
            ])
        case .dirtied(let file, let page, let count): add("dirtied", pages(file, page, count))
        case .written(let file, let page, let count): add("written", pages(file, page, count))
        case .call(let name, let arguments):
            add("call", [
                ("name", { $0.string(name) }),
                ("arguments", { $0.array(arguments) { $0.number($1) } }),
            ])
        case .returned(let name, let result):
            add("return", [("name", { $0.string(name) }), ("result", { $0.number(result) })])
        case .fork(let child): add("fork", [("child", { $0.number(child) })])
        case .exec: add("exec", [])
        case .exit: add("exit", [])
        }
        if let key = event.mapping { members.append(("mapping", { mapping(&$0, key) })) }
        json.object(members)
    }

    private static func mapping(_ json: inout JSONWriter, _ key: MappingKey) {
        json.object([
            ("pid", { $0.number(key.process) }), ("device", { $0.number(key.file.device) }),
            ("inode", { $0.number(key.file.inode) }), ("base", { $0.string(hex(key.base)) }),
        ])
    }

    private static func account(_ json: inout JSONWriter, key: MappingKey, _ account: LiveAccount) {
        json.object([
            ("mapping", { mapping(&$0, key) }),
            ("absentLoads", { $0.number(account.absentLoads) }),
            ("absentStores", { $0.number(account.absentStores) }),
            ("writeProtects", { $0.number(account.writeProtects) }),
            ("refused", { $0.number(account.refused) }),
            ("dirtied", { $0.number(account.dirtied) }),
            ("written", { $0.number(account.written) }),
            ("cleaned", { $0.number(account.cleaned) }),
            ("dirtyTime", { $0.number(account.dirtyTime) }),
            ("longestDirty", { $0.number(account.longestDirty) }),
        ])
    }

    static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}
