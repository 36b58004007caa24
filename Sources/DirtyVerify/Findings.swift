/// What is compared after an operation.
public enum Observable: String, CaseIterable, Sendable {
    case outcome, value, faults, size, cached, dirty, writeback, disk, vmas, present, frames, ptes

    /// How the running kernel is asked.
    public var how: String {
        switch self {
        case .outcome: "signal from wait4(2), error number of the call"
        case .value: "what the load, read(2) or ptrace(2) returned"
        case .faults: "getrusage(2) of the process around exactly the operation"
        case .size: "fstat(2)"
        case .cached: "cachestat(2), page by page"
        case .dirty: "cachestat(2); on tmpfs the folio's flag in /proc/kpageflags"
        case .writeback: "cachestat(2), page by page"
        case .disk: "O_DIRECT reads of pages that are not dirty"
        case .vmas: "bounds, protection and file in /proc/PID/maps"
        case .present: "/proc/PID/pagemap"
        case .frames: "frame numbers in /proc/PID/pagemap: who shares a page with whom"
        case .ptes: "the hardware's entries, read by a BPF program in the process"
        }
    }
}

/// Where model and kernel do not agree.
public struct Difference: Hashable, Sendable {
    public let line: Int
    public let command: String
    public let observable: Observable
    public let place: String
    public let model: String
    public let host: String
}

/// How often each observable was compared, and what differed.
public struct Findings: Sendable {
    public internal(set) var counts: [Observable: Int] = [:]
    public internal(set) var differences: [Difference] = []
    /// Why an observable, or a part of it, was not compared.
    public internal(set) var omissions: [Observable: Set<String>] = [:]

    public init() {}

    public var total: Int { counts.values.reduce(0, +) }

    mutating func add(_ other: Findings) {
        counts.merge(other.counts, uniquingKeysWith: +)
        differences += other.differences
        omissions.merge(other.omissions) { $0.union($1) }
    }
}

/// Compares one step; every comparison goes through `check`.
struct StepComparison {
    let line: Int
    let command: String
    var result = Findings()

    init(line: Int, command: String) {
        self.line = line
        self.command = command
    }

    mutating func check<T: Equatable>(
        _ observable: Observable, _ place: @autoclosure () -> String, model: T, host: T,
        _ text: (T) -> String = { "\($0)" }
    ) {
        result.counts[observable, default: 0] += 1
        guard model != host else { return }
        result.differences.append(
            Difference(
                line: line, command: command, observable: observable, place: place(),
                model: text(model), host: text(host)))
    }

    mutating func omit(_ observable: Observable, _ reason: String) {
        result.omissions[observable, default: []].insert(reason)
    }
}
