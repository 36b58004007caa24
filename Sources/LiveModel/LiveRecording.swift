/// Reads recordings line by line: what `LiveJSON` wrote, on this machine or another.
public struct LiveRecording {
    public let header: LiveHeader
    private var last: LiveSample?
    private var line = 1

    /// What is wrong with a recording, and in which line.
    public struct Failure: Error, Hashable, Sendable {
        public let line: Int
        public let text: String
    }

    /// Whether a file begins like a recording.
    public static func isRecording(_ start: some StringProtocol) -> Bool {
        start.hasPrefix("{\"dirtyscope\":\"live\"")
    }

    public init(header text: some StringProtocol) throws(Failure) {
        guard let json = JSONValue(text), json["dirtyscope"].text == "live" else {
            throw Failure(line: 1, text: "no recording of live samples")
        }
        guard json["format"].whole(Int.self) == LiveJSON.format else {
            throw Failure(line: 1, text: "a recording of another format than \(LiveJSON.format)")
        }
        var header = LiveHeader(
            kernel: json["kernel"].text ?? "?", title: json["title"].text ?? "?",
            rate: Double(json["rate"].whole(Int.self) ?? 0))
        let times = json["faultTimes"]
        if let load: UInt64 = times["absentLoad"].whole(), let store: UInt64 = times["absentStore"].whole(),
            let protect: UInt64 = times["writeProtect"].whole()
        {
            header.faultTimes = FaultTimes(absentLoad: load, absentStore: store, writeProtect: protect)
        }
        header.sources = (json["sources"].elements ?? []).map {
            LiveSource(
                name: $0["name"].text ?? "?", means: $0["means"].text ?? "?", obstacle: $0["obstacle"].text)
        }
        self.header = header
    }

    /// The sample that a line holds.
    public mutating func sample(_ text: some StringProtocol) throws(Failure) -> LiveSample {
        line += 1
        guard let json = JSONValue(text) else { throw Failure(line: line, text: "not JSON") }
        guard let number: Int = json["sample"].whole(), let time: UInt64 = json["time"].whole(),
            let areas = json["areas"].elements
        else { throw Failure(line: line, text: "not a sample: 'sample', 'time' and 'areas' are expected") }
        var sample = LiveSample(number: number, time: time)
        sample.cost = json["cost"].whole() ?? 0
        sample.rate = Double(json["rateTenths"].whole(Int.self) ?? 0) / 10
        sample.lostEvents = json["lostEvents"].whole() ?? 0
        sample.notes = (json["notes"].elements ?? []).compactMap(\.text)
        sample.processes = (json["processes"].elements ?? []).compactMap(process)
        if json["others"].elements == nil { sample.areas = last?.areas.filter { !$0.isWatched } ?? [] }
        for json in areas + (json["others"].elements ?? []) {
            guard let area = area(json) else { throw Failure(line: line, text: "an area that makes no sense") }
            sample.areas.append(area)
        }
        sample.areas.sort { ($0.process, $0.start) < ($1.process, $1.start) }
        sample.events = (json["events"].elements ?? []).compactMap(event)
        for json in json["accounts"].elements ?? [] {
            if let key = mapping(json["mapping"]) { sample.accounts[key] = account(json) }
        }
        last = sample
        return sample
    }

    private func process(_ json: JSONValue) -> LiveProcess? {
        guard let id: Int32 = json["pid"].whole() else { return nil }
        var process = LiveProcess(
            id: id, name: json["name"].text ?? "?", startTime: json["startTime"].whole() ?? 0)
        process.execs = json["execs"].whole() ?? 0
        process.hasEnded = json["ended"].truth ?? false
        return process
    }

    private func area(_ json: JSONValue) -> LiveArea? {
        guard let process: Int32 = json["pid"].whole(), let start = json["start"].address,
            let end = json["end"].address, start < end, end <= 1 << 57, start % 4096 == 0, end % 4096 == 0,
            let device: UInt32 = json["device"].whole(), let inode: UInt64 = json["inode"].whole()
        else { return nil }
        var area = LiveArea(
            process: process, start: start, end: end, permissions: json["perm"].text ?? "----",
            offset: json["offset"].whole() ?? 0, file: LiveFile(device: device, inode: inode),
            path: json["path"].text ?? "")
        if case .object = json["smaps"] {
            var totals = LiveArea.Totals()
            totals.rss = json["smaps"]["rss"].whole() ?? 0
            totals.sharedDirty = json["smaps"]["sharedDirty"].whole() ?? 0
            totals.privateDirty = json["smaps"]["privateDirty"].whole() ?? 0
            totals.flags = json["smaps"]["flags"].text?.split(separator: " ").map(String.init) ?? []
            area.totals = totals
        }
        guard let runs = json["pages"].elements else { return area }
        area.isWatched = true
        if let old = last?.areas.first(where: { $0.process == process && $0.start == start && $0.isWatched }) {
            area.tables = old.tables.filter { $0.first < area.pageCount }
            if let last = area.tables.indices.last {
                let room = area.pageCount - area.tables[last].first
                if area.tables[last].pages.count > room {
                    area.tables[last].pages.removeLast(area.tables[last].pages.count - room)
                }
            }
        }
        for run in runs {
            guard let first: Int = run["page"].whole(), let count: Int = run["count"].whole(), first >= 0,
                count > 0, count <= 1 << 23, first <= area.pageCount - count
            else { return nil }
            let page = page(run)
            for index in 0..<count {
                var page = page
                if page.frame != 0 { page.frame += UInt64(index) }
                set(first + index, page, in: &area)
            }
        }
        area.tables.removeAll { $0.pages.allSatisfy { $0 == .nothing } }
        return area
    }

    private func page(_ json: JSONValue) -> LivePage {
        LivePage(
            entry: LivePage.Entry(rawValue: json["pteBits"].whole() ?? 0),
            cache: LivePage.Cache(rawValue: json["cacheBits"].whole() ?? 0),
            folio: LivePage.Folio(rawValue: json["folioBits"].whole() ?? 0),
            mapCount: json["maps"].whole() ?? -1, frame: min(json["pfn"].whole() ?? 0, 1 << 52))
    }

    /// Puts a page into its table, which is made where there is none: tables are cut as page tables are.
    private func set(_ index: Int, _ page: LivePage, in area: inout LiveArea) {
        if let table = area.table(of: index) {
            area.tables[table].pages[index - area.tables[table].first] = page
            return
        }
        guard page != .nothing else { return }
        let head = Int(area.start >> 12 & 511)
        let first = max(0, (index + head) / 512 * 512 - head)
        let end = min(area.pageCount, (index + head) / 512 * 512 + 512 - head)
        if let short = area.tables.firstIndex(where: { $0.first == first }) {
            // The area has grown since the sample before.
            let missing = end - first - area.tables[short].pages.count
            area.tables[short].pages += Array(repeating: .nothing, count: missing)
            area.tables[short].pages[index - first] = page
            return
        }
        var table = LiveArea.Table(first: first, pages: Array(repeating: .nothing, count: end - first))
        table.pages[index - first] = page
        let place = area.tables.firstIndex { $0.first > first } ?? area.tables.count
        area.tables.insert(table, at: place)
    }

    private func mapping(_ json: JSONValue) -> MappingKey? {
        guard let process: Int32 = json["pid"].whole(), let device: UInt32 = json["device"].whole(),
            let inode: UInt64 = json["inode"].whole(), let base = json["base"].address
        else { return nil }
        return MappingKey(process: process, file: LiveFile(device: device, inode: inode), base: base)
    }

    private func account(_ json: JSONValue) -> LiveAccount {
        var account = LiveAccount()
        account.absentLoads = json["absentLoads"].whole() ?? 0
        account.absentStores = json["absentStores"].whole() ?? 0
        account.writeProtects = json["writeProtects"].whole() ?? 0
        account.refused = json["refused"].whole() ?? 0
        account.dirtied = json["dirtied"].whole() ?? 0
        account.written = json["written"].whole() ?? 0
        account.cleaned = json["cleaned"].whole() ?? 0
        account.dirtyTime = json["dirtyTime"].whole() ?? 0
        account.longestDirty = json["longestDirty"].whole() ?? 0
        return account
    }

    private func event(_ json: JSONValue) -> LiveEvent? {
        guard let time: UInt64 = json["time"].whole(), let process: Int32 = json["pid"].whole(),
            let kind = kind(json)
        else { return nil }
        return LiveEvent(
            time: time, process: process, thread: json["tid"].whole() ?? 0, kind: kind,
            mapping: mapping(json["mapping"]))
    }

    private func kind(_ json: JSONValue) -> LiveEvent.Kind? {
        func pages(_ make: (LiveFile, UInt64, Int) -> LiveEvent.Kind) -> LiveEvent.Kind? {
            guard let device: UInt32 = json["device"].whole(), let inode: UInt64 = json["inode"].whole(),
                let page: UInt64 = json["page"].whole(), page < 1 << 52, let count: Int = json["count"].whole(),
                (1...1 << 24).contains(count)
            else { return nil }
            return make(LiveFile(device: device, inode: inode), page, count)
        }
        switch json["event"].text {
        case "fault":
            guard let fault = json["kind"].text.flatMap(LiveEvent.Fault.init), let address = json["address"].address
            else { return nil }
            return .fault(fault, address: address, instruction: json["ip"].address ?? 0)
        case "dirtied": return pages { .dirtied($0, page: $1, pages: $2) }
        case "written": return pages { .written($0, page: $1, pages: $2) }
        case "call":
            return .call(json["name"].text ?? "?", (json["arguments"].elements ?? []).compactMap { $0.whole() })
        case "return": return json["result"].whole().map { .returned(json["name"].text ?? "?", $0) }
        case "fork": return json["child"].whole().map { .fork(child: $0) }
        case "exec": return .exec
        case "exit": return .exit
        default: return nil
        }
    }
}
