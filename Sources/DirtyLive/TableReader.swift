import Glibc
import HostKernel
import LiveModel

/// The hardware's page tables of any process, read by a BPF program.
final class TableReader {
    private var tables = host_tables()
    let obstacle: String?

    init() {
        var why: UnsafePointer<CChar>?
        let error = host_tables_open(&tables, &why)
        obstacle = error == 0 ? nil : Obstacle.text(error, why)
    }

    deinit { if obstacle == nil { host_tables_close(&tables) } }

    var canRead: Bool { obstacle == nil }

    /// A process's number outside of all pid namespaces, and its address space; nil when it has ended.
    func identity(_ pidfd: Descriptor) -> (tgid: UInt32, addressSpace: UInt64)? {
        var (tgid, space): (UInt32, UInt64) = (0, 0)
        guard host_tables_process(&tables, pidfd.number, &tgid, &space) == 0 else { return nil }
        return (tgid, space)
    }

    /// Calls `found` for each table, or huge entry, that maps something of a range: where it begins,
    /// the bytes that each entry maps, and the entries. False when the process was lost on the way or
    /// `found` had enough.
    func walk(
        _ pidfd: Descriptor, from start: UInt64, to end: UInt64,
        found: (_ start: UInt64, _ bytes: UInt64, _ entries: UnsafeBufferPointer<UInt64>) -> Bool
    ) -> Bool {
        var walk = host_walk()
        var address = start
        var entries = [UInt64](repeating: 0, count: Int(HOST_TABLE))
        while true {
            var at: UInt64 = 0
            let result = entries.withUnsafeMutableBufferPointer {
                host_walk_next(&tables, &walk, pidfd.number, &address, end, &at, $0.baseAddress)
            }
            let (bytes, count): (UInt64, Int)
            switch result {
            case HOST_WALK_TABLE: (bytes, count) = (1 << 12, Int(HOST_TABLE))
            case HOST_WALK_HUGE: (bytes, count) = (1 << 21, 1)
            case HOST_WALK_GIGANTIC: (bytes, count) = (1 << 30, 1)
            case HOST_WALK_END: return true
            default: return false
            }
            let goesOn = entries.withUnsafeBufferPointer {
                found(at, bytes, UnsafeBufferPointer(rebasing: $0[..<count]))
            }
            if !goesOn { return false }
        }
    }
}

/// Why a way of asking the kernel is closed, so that a reader knows what to do about it.
enum Obstacle {
    static func text(_ error: Int32, _ why: UnsafePointer<CChar>?) -> String {
        let step = why.map { String(cString: $0) } ?? ""
        switch -error {
        case EPERM, EACCES:
            if let lockdown = lockdown() { return "\(step): kernel lockdown (\(lockdown))" }
            return "\(step): not permitted (root, or CAP_BPF and CAP_PERFMON)"
        case ENOSYS: return "\(step): kernel too old, or built without BPF"
        case ENOENT where step.hasPrefix("no BTF"): return step
        case EINVAL, ENOENT: return "\(step): \(errorText(error)) (kernel too old?)"
        default: return "\(step): \(errorText(error))"
        }
    }

    /// The mode that is on, where the kernel is locked down.
    private static func lockdown() -> String? {
        guard let text = Descriptor("/sys/kernel/security/lockdown")?.text(),
            let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]"), open < close
        else { return nil }
        let mode = text[text.index(after: open)..<close]
        return mode == "none" ? nil : String(mode)
    }
}
