import Glibc
import HostKernel
import LiveModel

/// Events of tracepoints, out of the ring that BPF programs fill.
final class EventReader {
    private var events = host_events()
    let obstacle: String?
    private var waiting: [host_event] = []
    private var buffer = [host_event](repeating: host_event(), count: 4096)
    private var watched: [UInt32: Range<UInt64>] = [:]
    private var files: Set<LiveFile> = []
    private var lostSeen = 0
    private var isNarrow = false

    /// How many events wait at most for the next sample; the rest counts as lost.
    private static let mostWaiting = 1 << 18
    private(set) var lost = 0

    /// Attaches, unless there is a reason not to.
    init(unless reason: String?) {
        if let reason {
            obstacle = reason
            return
        }
        var why: UnsafePointer<CChar>?
        let error = host_events_open(&events, &why)
        obstacle = error == 0 ? nil : Obstacle.text(error, why)
    }

    deinit { if obstacle == nil { host_events_close(&events) } }

    var canRead: Bool { obstacle == nil }

    /// Tells the programs whom to look at. `span` holds the watched mappings: where events got lost,
    /// faults outside of it are no longer told.
    func watch(_ tgid: UInt32, span: Range<UInt64>?) {
        guard canRead else { return }
        let range = isNarrow ? span ?? 0..<0 : 0..<UInt64(1) << 47
        if watched[tgid] == range { return }
        watched[tgid] = range
        _ = host_events_watch(&events, tgid, range.lowerBound, range.upperBound)
    }

    func unwatch(_ tgid: UInt32) {
        if canRead, watched.removeValue(forKey: tgid) != nil { _ = host_events_unwatch(&events, tgid) }
    }

    func watch(_ file: LiveFile) {
        guard canRead, file.inode != 0, files.insert(file).inserted else { return }
        _ = host_events_watch_file(&events, file.inode, file.device)
    }

    /// Empties the ring, which is small. Returns whether mappings may be others now.
    @discardableResult
    func drain() -> Bool {
        guard canRead else { return false }
        var hasMappings = false
        while true {
            let count = Int(host_events_take(&events, &buffer, Int32(buffer.count)))
            hasMappings = hasMappings || buffer[..<count].contains(where: \.isMapping)
            let room = Self.mostWaiting - waiting.count
            waiting.append(contentsOf: buffer[..<min(count, max(room, 0))])
            if count > room { lost += count - max(room, 0) }
            if count < buffer.count { break }
        }
        let now = Int(host_events_lost(&events))
        if now > lostSeen {
            lost += now - lostSeen
            lostSeen = now
            isNarrow = true
        }
        return hasMappings
    }

    /// Everything since the last call, by time.
    func take() -> [host_event] {
        drain()
        defer { waiting = [] }
        return waiting.sorted { $0.time < $1.time }
    }
}

extension host_event {
    /// mmap has returned, or another program began.
    fileprivate var isMapping: Bool {
        kind == HOST_EVENT_EXEC.rawValue
            || kind == HOST_EVENT_RETURN.rawValue && Int64(bitPattern: values.0) == host_nr_mmap
    }

    /// What it says, in the model's words. `time` is when the watching began.
    func liveEvent(since start: UInt64, process: Int32) -> LiveEvent? {
        let kind: LiveEvent.Kind
        switch self.kind {
        case HOST_EVENT_FAULT.rawValue:
            kind = .fault(fault, address: values.0, instruction: values.2)
        case HOST_EVENT_DIRTIED.rawValue:
            kind = .dirtied(file, page: values.2, pages: Int(clamping: min(values.3, 1 << 18)))
        case HOST_EVENT_WRITTEN.rawValue:
            kind = .written(file, page: values.2, pages: Int(clamping: (values.3 + 4095) >> 12))
        case HOST_EVENT_CALL.rawValue:
            kind = .call(name, [values.1, values.2, values.3])
        case HOST_EVENT_RETURN.rawValue:
            kind = .returned(name, Int64(bitPattern: values.1))
        case HOST_EVENT_FORK.rawValue where values.0 == values.1:
            kind = .fork(child: Int32(truncatingIfNeeded: values.0))
        case HOST_EVENT_EXEC.rawValue: kind = .exec
        case HOST_EVENT_EXIT.rawValue where values.0 == values.1: kind = .exit
        default: return nil  // threads come and go
        }
        return LiveEvent(
            time: time >= start ? time - start : 0, process: process, thread: Int32(truncatingIfNeeded: tid),
            kind: kind)
    }

    private var file: LiveFile { LiveFile(device: UInt32(truncatingIfNeeded: values.1), inode: values.0) }
    private var name: String { String(cString: host_call_name(Int64(bitPattern: values.0))) }

    /// By x86's error code: bit 0 the page is there, bit 1 it was a store.
    private var fault: LiveEvent.Fault {
        switch values.1 & 3 {
        case 0: .absentLoad
        case 2: .absentStore
        case 3: .writeProtect
        default: .refused
        }
    }
}
